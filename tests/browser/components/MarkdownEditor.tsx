import { Fragment, useDeferredValue, useState } from "react";

const SAMPLE = `# Trip notes

We left at *dawn*. The **engine** coughed twice.

- two thermoses
- one chart (wet)

Depth at the bar: \`1.8 m\`, see [tide table](#tides).`;

type Inline = { type: "text" | "bold" | "em" | "code"; value: string } | { type: "link"; value: string; href: string };

// One regular expression for everything between the words.
const INLINE = /\*\*([^*]+)\*\*|\*([^*]+)\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)/g;

function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index! > last) parts.push({ type: "text", value: text.slice(last, match.index) });
    const [whole, bold, em, code, label, href] = match;
    if (bold) parts.push({ type: "bold", value: bold });
    else if (em) parts.push({ type: "em", value: em });
    else if (code) parts.push({ type: "code", value: code });
    else parts.push({ type: "link", value: label, href });
    last = match.index! + whole.length;
  }
  if (last < text.length) parts.push({ type: "text", value: text.slice(last) });
  return parts;
}

function Line({ text }: { text: string }) {
  return (
    <>
      {parseInline(text).map((part, i) => {
        switch (part.type) {
          case "bold":
            return <strong key={i}>{part.value}</strong>;
          case "em":
            return <em key={i}>{part.value}</em>;
          case "code":
            return <code key={i} className="rounded bg-gray-100 px-1 text-pink-700">{part.value}</code>;
          case "link":
            return <a key={i} href={part.href} className="text-blue-700 underline">{part.value}</a>;
          default:
            return <Fragment key={i}>{part.value}</Fragment>;
        }
      })}
    </>
  );
}

const Preview = ({ source }: { source: string }) => (
  <div className="space-y-3">
    {source.split(/\n{2,}/).map((block, i) => {
      const heading = /^(#{1,3})\s+(.*)$/.exec(block);
      if (heading) {
        const Tag = `h${heading[1].length}` as "h1" | "h2" | "h3";
        return <Tag key={i} className="text-2xl font-bold"><Line text={heading[2]} /></Tag>;
      }
      if (/^- /m.test(block)) {
        return (
          <ul key={i} className="list-disc pl-6">
            {block.split("\n").map((item) => <li key={item}><Line text={item.replace(/^- /, "")} /></li>)}
          </ul>
        );
      }
      return <p key={i}><Line text={block} /></p>;
    })}
  </div>
);

export default function MarkdownEditor() {
  const [source, setSource] = useState(SAMPLE);
  const deferred = useDeferredValue(source);
  const words = source.trim() ? source.trim().split(/\s+/).length : 0;

  return (
    <div className="grid h-96 grid-cols-2 divide-x overflow-hidden rounded-lg border font-sans">
      <div className="flex flex-col">
        <label htmlFor="markdown" className="border-b bg-gray-50 px-4 py-2 text-xs font-semibold text-gray-500">
          {"</>"} Markdown
        </label>
        <textarea id="markdown" spellCheck={false} value={source} onChange={(e) => setSource(e.target.value)} className="flex-1 resize-none p-4 font-mono text-sm outline-none" />
        <p className="border-t px-4 py-1 text-right text-xs text-gray-400">{words} words</p>
      </div>
      <div className="overflow-y-auto p-6">
        <Preview source={deferred} />
      </div>
    </div>
  );
}
