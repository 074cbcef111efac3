import { useState } from 'react';

type Condition = 'sun' | 'cloud' | 'rain' | 'snow';

interface Day {
  name: string;
  high: number;
  low: number;
  condition: Condition;
}

const week: Day[] = [
  { name: 'Mon', high: 21, low: 12, condition: 'sun' },
  { name: 'Tue', high: 18, low: 11, condition: 'cloud' },
  { name: 'Wed', high: 15, low: 9, condition: 'rain' },
  { name: 'Thu', high: 16, low: 8, condition: 'rain' },
  { name: 'Fri', high: 19, low: 10, condition: 'cloud' },
];

// Objects of JSX: one drawing for each condition.
const drawings: Record<Condition, JSX.Element> = {
  sun: (
    <svg viewBox="0 0 24 24" className="h-8 w-8 text-yellow-300" fill="none" stroke="currentColor" strokeWidth={1.5}>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 2v2m0 16v2M4.93 4.93l1.41 1.41m11.32 11.32 1.41 1.41M2 12h2m16 0h2M4.93 19.07l1.41-1.41M17.66 6.34l1.41-1.41" />
    </svg>
  ),
  cloud: (
    <svg viewBox="0 0 24 24" className="h-8 w-8 text-white" fill="none" stroke="currentColor" strokeWidth={1.5}>
      <path d="M17.5 19H9a7 7 0 1 1 6.71-9h1.79a4.5 4.5 0 1 1 0 9Z" />
    </svg>
  ),
  rain: (
    <svg viewBox="0 0 24 24" className="h-8 w-8 text-sky-200" fill="none" stroke="currentColor" strokeWidth={1.5}>
      <path d="M4 14.9A7 7 0 1 1 15.71 8h1.79a4.5 4.5 0 0 1 2.5 8.24" />
      <path d="M16 14v6M8 14v6M12 16v6" />
    </svg>
  ),
  snow: <span className="text-2xl">❄</span>,
};

const toFahrenheit = (c: number) => Math.round((c * 9) / 5 + 32);

export default function WeatherWidget() {
  const [unit, setUnit] = useState<'C' | 'F'>('C');
  const [today, ...rest] = week;

  const show = (celsius: number) => `${unit === 'C' ? celsius : toFahrenheit(celsius)}°`;

  return (
    <div className="mx-auto max-w-sm overflow-hidden rounded-3xl bg-gradient-to-b from-sky-500 to-indigo-600 p-6 text-white shadow-2xl">
      <div className="flex items-start justify-between">
        <div>
          <h2 className="text-lg font-medium">Bergen</h2>
          <p className="text-sm text-white/70">Light rain by the evening</p>
        </div>
        <button onClick={() => setUnit(unit === 'C' ? 'F' : 'C')} className="rounded-full bg-white/20 px-3 py-1 text-xs">
          °{unit === 'C' ? 'F' : 'C'}
        </button>
      </div>
      <div className="my-8 flex items-center gap-6">
        {drawings[today.condition]}
        <span className="text-7xl font-thin">{show(today.high)}</span>
        <div className="text-sm text-white/80">
          <div>H: {show(today.high)}</div>
          <div>L: {show(today.low)}</div>
        </div>
      </div>
      <ul className="grid grid-cols-4 gap-2 border-t border-white/20 pt-4 text-center">
        {rest.map((day) => (
          <li key={day.name} className="flex flex-col items-center gap-2">
            <span className="text-xs text-white/70">{day.name}</span>
            {drawings[day.condition]}
            <span className="text-sm">
              {show(day.high)} <span className="text-white/60">{show(day.low)}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
