import { Button } from "@/components/ui/button";

export default function EmptyState() {
  return (
    <div className="flex flex-col items-center justify-center rounded-2xl border-2 border-dashed border-gray-300 bg-gray-50 px-8 py-20 text-center">
      <svg className="h-40 w-40 text-gray-300" viewBox="0 0 200 200" fill="none" xmlns="http://www.w3.org/2000/svg" aria-hidden="true">
        <ellipse cx="100" cy="176" rx="70" ry="10" fill="currentColor" opacity="0.4" />
        <path
          d="M44 92c0-6.6 5.4-12 12-12h26l10 12h52c6.6 0 12 5.4 12 12v56c0 6.6-5.4 12-12 12H56c-6.6 0-12-5.4-12-12V92zm12-4c-2.2 0-4 1.8-4 4v12h96c0-2.2-1.8-4-4-4H88.2a8 8 0 0 1-6.1-2.9L74.4 88H56zm92 24H52v48c0 2.2 1.8 4 4 4h88c2.2 0 4-1.8 4-4v-48z"
          fill="currentColor"
        />
        <path d="M100 20v28M72 30l12 20M128 30l-12 20M54 54l20 10M146 54l-20 10" stroke="currentColor" strokeWidth="6" strokeLinecap="round" />
        <g fill="#9ca3af">
          <circle cx="84" cy="130" r="5" />
          <circle cx="116" cy="130" r="5" />
          <path d="M86 150c4-6 24-6 28 0" stroke="#9ca3af" strokeWidth="4" strokeLinecap="round" fill="none" />
        </g>
      </svg>
      <h2 className="mt-6 text-xl font-semibold text-gray-900">Nothing in this folder</h2>
      <p className="mt-2 max-w-sm text-sm text-gray-500">
        Drop a file here, paste a link, or press{" "}
        <kbd className="rounded border border-gray-300 bg-white px-1.5 py-0.5 font-mono text-xs shadow-sm">⌘</kbd>
        {" + "}
        <kbd className="rounded border border-gray-300 bg-white px-1.5 py-0.5 font-mono text-xs shadow-sm">N</kbd> to start
        something new.
      </p>
      <div className="mt-8 flex gap-3">
        <Button>New document</Button>
        <Button variant="outline">Import&hellip;</Button>
      </div>
      <p className="mt-10 text-xs text-gray-400">
        Looking for something you deleted? It&apos;s in the <a className="underline" href="#bin">bin</a> for 30 days &gt; then it&apos;s gone.
      </p>
    </div>
  );
}
