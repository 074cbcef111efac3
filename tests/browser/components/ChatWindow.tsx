'use client';

import { useEffect, useRef, useState } from 'react';
import { Send, Bot, User } from 'lucide-react';
import { cn } from '@/lib/utils';

type Message = { id: number; from: 'me' | 'bot'; text: string; seen?: boolean };

const opening: Message[] = [
  { id: 1, from: 'bot', text: 'Hi! Ask me about tides.' },
  { id: 2, from: 'me', text: 'When is high water at Husum?', seen: true },
  { id: 3, from: 'bot', text: 'At 14:52, about 3.4 m above chart datum.\nBring boots.' },
];

export default function ChatWindow() {
  const [messages, setMessages] = useState<Message[]>(opening);
  const [text, setText] = useState('');
  const [typing, setTyping] = useState(false);
  const endRef = useRef<HTMLDivElement>(null);

  useEffect(() => {
    endRef.current?.scrollIntoView?.({ behavior: 'smooth' });
  }, [messages]);

  const send = () => {
    const body = text.trim();
    if (!body || typing) return;
    setMessages((old) => [...old, { id: old.length + 1, from: 'me', text: body }]);
    setText('');
    setTyping(true);
    setTimeout(() => {
      setMessages((old) => [...old, { id: old.length + 1, from: 'bot', text: `You said “${body}”.` }]);
      setTyping(false);
    }, 900);
  };

  return (
    <div className="flex h-[560px] w-full max-w-md flex-col overflow-hidden rounded-2xl border bg-white shadow-xl">
      <header className="flex items-center gap-3 border-b bg-cyan-700 px-4 py-3 text-white">
        <div className="rounded-full bg-white/20 p-2">
          <Bot size={18} />
        </div>
        <div className="leading-tight">
          <p className="font-semibold">Tide Assistant</p>
          <p className="text-xs text-cyan-100">{typing ? 'typing…' : 'online'}</p>
        </div>
      </header>

      <div className="flex-1 space-y-4 overflow-y-auto p-4">
        {messages.map((message) => {
          const mine = message.from === 'me';
          return (
            <div key={message.id} className={cn('flex items-end gap-2', mine && 'flex-row-reverse')}>
              <span className="grid h-8 w-8 place-items-center rounded-full bg-slate-100 text-slate-600">
                {mine ? <User size={16} /> : <Bot size={16} />}
              </span>
              <p
                className={cn(
                  'max-w-[75%] whitespace-pre-line rounded-2xl px-4 py-2 text-sm',
                  mine ? 'rounded-br-none bg-cyan-700 text-white' : 'rounded-bl-none bg-slate-100 text-slate-800',
                )}
              >
                {message.text}
              </p>
              {mine && message.seen && <small className="text-slate-400">✓✓</small>}
            </div>
          );
        })}
        <div ref={endRef} />
      </div>

      <div className="flex gap-2 border-t p-3">
        <input
          className="flex-1 rounded-full bg-slate-100 px-4 py-2 text-sm outline-none focus:ring-2 focus:ring-cyan-600"
          value={text}
          placeholder="Type a message"
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => {
            if (e.key === 'Enter' && !e.shiftKey) {
              e.preventDefault();
              send();
            }
          }}
        />
        <button onClick={send} disabled={!text.trim()} aria-label="Send" className="rounded-full bg-cyan-700 p-2 text-white disabled:opacity-40">
          <Send size={18} />
        </button>
      </div>
    </div>
  );
}
