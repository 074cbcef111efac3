import React, { useMemo, useState } from 'react';
import { Briefcase, MapPin, Banknote } from 'lucide-react';

// #region data
interface Job {
  id: string;
  title: string;
  company: string;
  place?: string;
  remote: boolean;
  salary?: [low: number, high: number];
  tags: string[];
}

const jobs: Job[] = [
  { id: 'j-101', title: 'Lighthouse keeper (backend)', company: 'Fyr AS', place: 'Ona', remote: false, salary: [54, 68], tags: ['go', 'postgres'] },
  { id: 'j-102', title: 'Frontend engineer', company: 'Tern', remote: true, salary: [60, 75], tags: ['react', 'a11y'] },
  { id: 'j-103', title: 'Data person', company: 'Kelp & Co.', place: 'Galway', remote: true, tags: ['python', 'sql', 'maps'] },
];
// #endregion

const salary = (range: Job['salary']) => (range ? `€${range[0]}k – €${range[1]}k` : 'by arrangement');

export default function JobBoard() {
  const [query, setQuery] = useState('');
  const [remoteOnly, setRemoteOnly] = useState(false);
  const [saved, setSaved] = useState<Record<string, boolean>>({ 'j-102': true });

  const found = useMemo(() => {
    const needle = query.trim().toLowerCase();
    return jobs
      .filter((job) => !remoteOnly || job.remote)
      .filter((job) => needle === '' || [job.title, job.company, ...job.tags].some((text) => text.toLowerCase().includes(needle)));
  }, [query, remoteOnly]);

  return (
    <div className="mx-auto max-w-3xl p-6">
      <div className="mb-6 flex flex-wrap items-center gap-4">
        <h1 className="text-2xl font-bold">Open positions</h1>
        <input type="search" value={query} onChange={(e) => setQuery(e.target.value)} placeholder="react, python…" className="ml-auto rounded-md border px-3 py-1.5" />
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={remoteOnly} onChange={() => setRemoteOnly((on) => !on)} /> Remote
        </label>
      </div>

      {found.length === 0 ? (
        <p className="rounded-lg bg-gray-100 p-10 text-center text-gray-600">
          No jobs match {query ? <>&ldquo;{query}&rdquo;</> : 'your filter'}.
        </p>
      ) : (
        found.map(({ id, title, company, place, remote, salary: range, tags }) => (
          <article key={id} id={id} className="mb-4 rounded-xl border p-5 transition hover:border-gray-400">
            <div className="flex items-start gap-4">
              <div aria-hidden className="grid h-12 w-12 place-items-center rounded-lg bg-gray-900 text-lg font-bold text-white">
                {company[0]}
              </div>
              <div className="min-w-0 flex-1">
                <h2 className="truncate text-lg font-semibold">{title}</h2>
                <p className="text-sm text-gray-600">{company}</p>
              </div>
              <button
                aria-pressed={!!saved[id]}
                onClick={() => setSaved({ ...saved, [id]: !saved[id] })}
                className={saved[id] ? 'text-amber-500' : 'text-gray-300'}
              >
                {saved[id] ? '★' : '☆'}
              </button>
            </div>
            <dl className="mt-4 flex flex-wrap gap-x-6 gap-y-2 text-sm text-gray-600">
              <div className="flex items-center gap-1.5">
                <dt><MapPin className="h-4 w-4" /></dt>
                <dd>{place ? (remote ? `${place} or remote` : place) : remote ? 'Remote' : 'Unknown'}</dd>
              </div>
              <div className="flex items-center gap-1.5">
                <dt><Banknote className="h-4 w-4" /></dt>
                <dd>{salary(range)}</dd>
              </div>
              <div className="flex items-center gap-1.5">
                <dt><Briefcase className="h-4 w-4" /></dt>
                <dd>Full time</dd>
              </div>
            </dl>
            <div className="mt-4 flex gap-2">
              {tags.map((tag) => (
                <button key={tag} onClick={() => setQuery(tag)} className="rounded bg-gray-100 px-2 py-0.5 font-mono text-xs">{tag}</button>
              ))}
            </div>
          </article>
        ))
      )}
    </div>
  );
}
