import React, { useState } from 'react';

interface Category {
  id: string;
  name: string;
  description: string;
  locked?: true;
}

const CATEGORIES = [
  { id: 'necessary', name: 'Necessary', description: 'Keeps you signed in.', locked: true },
  { id: 'stats', name: 'Statistics', description: 'Counts visits, not visitors.' },
  { id: 'ads', name: 'Advertising', description: "We don't have any, but the lawyers like this box." },
] as const satisfies readonly Category[];

type CategoryId = (typeof CATEGORIES)[number]['id'];

function CookieBanner() {
  const [open, setOpen] = useState(true);
  const [details, setDetails] = useState(true);
  const [allowed, setAllowed] = useState<Record<CategoryId, boolean>>({ necessary: true, stats: false, ads: false });

  if (!open) {
    return (
      <div className="p-6">
        <button className="text-sm underline" onClick={() => setOpen(true)}>
          Cookie settings
        </button>
      </div>
    );
  }

  const acceptAll = () => {
    setAllowed({ necessary: true, stats: true, ads: true });
    setOpen(false);
  };

  return (
    <aside
      role="dialog"
      aria-labelledby="cookies-title"
      style={{ boxShadow: '0 -8px 40px rgba(0, 0, 0, 0.12)', borderTop: '3px solid #92400e' }}
      className="fixed inset-x-0 bottom-0 bg-[#fffaf0] p-6"
    >
      <div className="mx-auto flex max-w-5xl flex-col gap-6 md:flex-row md:items-center">
        <div className="flex-1">
          <h2 id="cookies-title" className="font-serif text-xl">
            🍪 We use cookies
          </h2>
          <p className="mt-1 text-sm text-stone-600">
            You know the drill. <button className="underline" onClick={() => setDetails((d) => !d)}>{details ? 'Hide' : 'Show'} details</button>
          </p>
          {details && (
            <ul className="mt-4 grid gap-3 sm:grid-cols-3">
              {CATEGORIES.map((category) => (
                <li key={category.id} className="rounded-lg border border-stone-200 p-3">
                  <label className="flex items-center gap-2 text-sm font-medium">
                    <input
                      type="checkbox"
                      checked={allowed[category.id]}
                      disabled={'locked' in category}
                      onChange={(e) => setAllowed((old) => ({ ...old, [category.id]: e.target.checked }))}
                    />
                    {category.name}
                  </label>
                  <p className="mt-1 text-xs text-stone-500">{category.description}</p>
                </li>
              ))}
            </ul>
          )}
        </div>
        <div className="flex gap-3">
          <button onClick={() => setOpen(false)} className="rounded-md border border-stone-400 px-4 py-2 text-sm">
            Save choice
          </button>
          <button onClick={acceptAll} className="rounded-md bg-amber-800 px-4 py-2 text-sm text-white">
            Accept all
          </button>
        </div>
      </div>
    </aside>
  );
}

export default CookieBanner;
