import React, { Fragment } from 'react';

type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'code'; language: string; lines: string[] }
  | { kind: 'list'; items: string[]; ordered?: boolean }
  | { kind: 'quote'; text: string; by?: string };

const post: { title: string; date: string; tags: string[]; blocks: Block[] } = {
  title: 'What a queue taught me about kitchens',
  date: '2026-02-11',
  tags: ['queues', 'cooking'],
  blocks: [
    { kind: 'text', text: 'Every kitchen is a distributed system with worse logging.' },
    { kind: 'heading', text: 'Backpressure is a raised hand' },
    { kind: 'text', text: "When the pass is full, the chef doesn't cook faster. She says: stop." },
    { kind: 'code', language: 'ts', lines: ['while (pass.full) {', '  await hand.raised();', '}', 'pass.put(plate); // <- hot!'] },
    { kind: 'list', items: ['Take fewer orders', 'Cook smaller things', 'Hire, slowly'], ordered: true },
    { kind: 'quote', text: 'A burnt sauce is a dropped message.', by: 'my aunt' },
  ],
};

function renderBlock(block: Block, index: number) {
  switch (block.kind) {
    case 'heading':
      return (
        <h2 key={index} className="mt-10 text-2xl font-bold">
          {block.text}
        </h2>
      );
    case 'code':
      return (
        <pre key={index} className="mt-4 overflow-x-auto rounded-md bg-gray-900 p-4 text-sm text-gray-100" data-language={block.language}>
          <code>
            {block.lines.map((line, n) => (
              <Fragment key={n}>
                <span className="mr-4 select-none text-gray-600">{n + 1}</span>
                {line}
                {'\n'}
              </Fragment>
            ))}
          </code>
        </pre>
      );
    case 'list': {
      const Tag = block.ordered ? 'ol' : 'ul';
      return (
        <Tag key={index} className={`mt-4 pl-6 ${block.ordered ? 'list-decimal' : 'list-disc'}`}>
          {block.items.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </Tag>
      );
    }
    case 'quote':
      return (
        <blockquote key={index} className="mt-6 border-l-4 border-orange-400 pl-4 italic">
          <p>{block.text}</p>
          {block.by ? <cite className="text-sm not-italic text-gray-500">&mdash; {block.by}</cite> : null}
        </blockquote>
      );
    default:
      return <p key={index} className="mt-4 leading-7 text-gray-800">{block.text}</p>;
  }
}

export default function BlogPost() {
  const words = post.blocks.reduce((sum, block) => sum + ('text' in block ? block.text.split(/\s+/).length : 0), 0);

  return (
    <>
      <div className="h-2 bg-orange-400" />
      <article className="mx-auto max-w-prose px-4 py-16">
        <p className="text-sm text-gray-500">
          <time dateTime={post.date}>{post.date.split('-').reverse().join('.')}</time> · {Math.max(1, Math.round(words / 20))} min read
        </p>
        <h1 className="mt-2 text-4xl font-black tracking-tight">{post.title}</h1>
        {post.blocks.map(renderBlock)}
        <footer className="mt-12 flex gap-2 border-t pt-6">
          {post.tags.map((tag) => (
            <a key={tag} href={'#' + tag} className="text-sm text-orange-700">
              #{tag}
            </a>
          ))}
        </footer>
      </article>
    </>
  );
}
