type Person = {
  name: string;
  title: string;
  reports?: Person[];
};

const ceo: Person = {
  name: 'Ingrid',
  title: 'Captain',
  reports: [
    {
      name: 'Bo',
      title: 'First mate',
      reports: [
        { name: 'Lise', title: 'Deck' },
        { name: 'Omar', title: 'Deck' },
      ],
    },
    { name: 'Pia', title: 'Engineer', reports: [{ name: 'Rune', title: 'Oiler' }] },
    { name: 'Kofi', title: 'Cook' },
  ],
};

const depth = (person: Person): number => 1 + Math.max(0, ...(person.reports ?? []).map(depth));

const size = (person: Person): number => (person.reports ?? []).reduce((n, p) => n + size(p), 1);

const palette = ['bg-indigo-700 text-white', 'bg-indigo-200 text-indigo-950', 'bg-indigo-50 text-indigo-900'];

function renderPerson(person: Person, level = 0): JSX.Element {
  return (
    <li key={person.name} className="relative flex flex-col items-center px-2 pt-6 first:before:left-1/2 last:before:right-1/2 before:absolute before:inset-x-0 before:top-0 before:border-t">
      <div className={`min-w-[7rem] rounded-lg px-4 py-2 text-center shadow-sm ${palette[Math.min(level, palette.length - 1)]}`}>
        <div className="font-semibold">{person.name}</div>
        <div className="text-xs opacity-75">{person.title}</div>
        {person.reports?.length ? <div className="mt-1 text-[10px] uppercase">{size(person) - 1} below</div> : null}
      </div>
      {person.reports && <ul className="flex justify-center pt-2">{person.reports.map((report) => renderPerson(report, level + 1))}</ul>}
    </li>
  );
}

export default function OrgChart() {
  return (
    <section className="overflow-x-auto bg-white p-10">
      <header className="mb-8 text-center">
        <h2 className="text-2xl font-bold">The crew</h2>
        <p className="text-gray-500">
          {size(ceo)} people on {depth(ceo)} levels
        </p>
      </header>
      <ul className="flex justify-center">{renderPerson(ceo)}</ul>
      <p className="mt-10 text-center text-xs text-gray-400">
        {/* The cat is not on the payroll. Don't ask { why }. */}
        Not shown: one cat.
      </p>
    </section>
  );
}
