import { useMemo, useState } from 'react';

interface Props {
  weeks?: number;
  seed?: number;
}

// A small deterministic generator, so that the picture is always the same.
function* random(seed: number): Generator<number> {
  let state = seed >>> 0;
  while (true) {
    state = (state * 1664525 + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const LEVELS = ['bg-stone-100', 'bg-lime-200', 'bg-lime-400', 'bg-lime-600', 'bg-lime-800'] as const;

const level = (minutes: number) =>
  minutes === 0 ? 0 : minutes < 15 ? 1 : minutes < 30 ? 2 : minutes < 60 ? 3 : 4;

function HabitHeatmap({ weeks = 20, seed = 7 }: Props) {
  const [goal, setGoal] = useState(30);

  const days = useMemo(() => {
    const numbers = random(seed);
    return Array.from({ length: weeks * 7 }, () => {
      const roll = numbers.next().value as number;
      return roll < 0.3 ? 0 : Math.round(roll * 80);
    });
  }, [weeks, seed]);

  const reached = days.filter((minutes) => minutes >= goal).length;

  let streak = 0;
  let longest = 0;
  for (const minutes of days) {
    streak = minutes > 0 ? streak + 1 : 0;
    if (streak > longest) longest = streak;
  }

  if (days.length < 7) return <p>Come back in a week.</p>;

  return (
    <section className="mx-auto w-max max-w-full rounded-2xl border border-stone-200 bg-white p-8">
      <div className="flex items-end justify-between gap-16">
        <div>
          <h2 className="text-xl font-semibold text-stone-800">Piano</h2>
          <p className="text-sm text-stone-500">
            {reached} of {days.length} days &ge; {goal} min
          </p>
        </div>
        <label className="text-sm text-stone-500">
          Goal{' '}
          <input type="number" min={5} step={5} value={goal} onChange={(e) => setGoal(e.target.valueAsNumber || 5)} className="w-16 rounded border px-2 py-1" />
        </label>
      </div>
      <div className="mt-6 flex gap-1 overflow-x-auto">
        {Array.from({ length: weeks }, (_, week) => (
          <div key={week} className="flex flex-col gap-1">
            {days.slice(week * 7, week * 7 + 7).map((minutes, day) => (
              <div
                key={day}
                title={minutes ? `${minutes} min` : 'rest'}
                className={`h-4 w-4 rounded-sm ${LEVELS[level(minutes)]}${minutes >= goal ? ' ring-1 ring-lime-900' : ''}`}
              />
            ))}
          </div>
        ))}
      </div>
      <footer className="mt-6 flex items-center justify-between text-xs text-stone-500">
        <span>Longest streak: {longest} {longest === 1 ? 'day' : 'days'}</span>
        <span className="flex items-center gap-1">
          Less
          {LEVELS.map((color) => (
            <i key={color} className={`h-3 w-3 rounded-sm ${color}`} />
          ))}
          More
        </span>
      </footer>
    </section>
  );
}

export default HabitHeatmap;
