import { useState } from "react";

const WEEKDAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const MONTHS = "January February March April May June July August September October November December".split(" ");

interface CalendarEvent {
  day: number;
  title: string;
  color?: string;
}

const events: CalendarEvent[] = [
  { day: 3, title: "Dentist" },
  { day: 12, title: "Release 1.4", color: "bg-rose-500" },
  { day: 12, title: "Pizza", color: "bg-orange-500" },
  { day: 24, title: "Train to Oslo", color: "bg-blue-500" },
];

/** Weeks of a month, Monday first; days outside the month are null. */
function weeksOf(year: number, month: number): (number | null)[][] {
  const first = (new Date(year, month, 1).getDay() + 6) % 7;
  const days = new Date(year, month + 1, 0).getDate();
  const cells: (number | null)[] = [];
  for (let i = 0; i < first; i++) cells.push(null);
  for (let day = 1; day <= days; day++) cells.push(day);
  while (cells.length % 7 !== 0) cells.push(null);
  const weeks: (number | null)[][] = [];
  for (let i = 0; i < cells.length; i += 7) weeks.push(cells.slice(i, i + 7));
  return weeks;
}

export default function CalendarMonth() {
  const [{ year, month }, setView] = useState({ year: 2026, month: 4 });
  const [selected, setSelected] = useState(12);

  const go = (step: -1 | 1) =>
    setView(({ year, month }) => {
      const next = new Date(year, month + step, 1);
      return { year: next.getFullYear(), month: next.getMonth() };
    });

  const today = events.filter((e) => e.day === selected);

  return (
    <div className="mx-auto w-full max-w-md rounded-2xl bg-white p-6 shadow">
      <div className="flex items-center justify-between">
        <button onClick={() => go(-1)} aria-label="Previous month" className="rounded p-2 hover:bg-gray-100">&lsaquo;</button>
        <h2 className="font-semibold">
          {MONTHS[month]} {year}
        </h2>
        <button onClick={() => go(1)} aria-label="Next month" className="rounded p-2 hover:bg-gray-100">&rsaquo;</button>
      </div>
      <table className="mt-4 w-full table-fixed text-center text-sm">
        <thead>
          <tr>
            {WEEKDAYS.map((day) => (
              <th key={day} className="pb-2 text-xs font-medium text-gray-400">{day}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeksOf(year, month).map((week, w) => (
            <tr key={w}>
              {week.map((day, d) => (
                <td key={d} className="p-0.5">
                  {day !== null && (
                    <button
                      onClick={() => setSelected(day)}
                      className={`relative h-10 w-10 rounded-full ${
                        day === selected ? "bg-gray-900 text-white" : d > 4 ? "text-gray-400" : "hover:bg-gray-100"
                      }`}
                    >
                      {day}
                      <span className="absolute inset-x-0 bottom-1 flex justify-center gap-0.5">
                        {events
                          .filter((event) => event.day === day)
                          .map((event) => (
                            <i key={event.title} className={`h-1 w-1 rounded-full ${event.color ?? "bg-gray-400"}`} />
                          ))}
                      </span>
                    </button>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div className="mt-6 border-t pt-4">
        <h3 className="text-sm font-semibold">{`${MONTHS[month]} ${selected}`}</h3>
        {today.length ? (
          <ul className="mt-2 space-y-1 text-sm">
            {today.map((event) => (
              <li key={event.title}>{event.title}</li>
            ))}
          </ul>
        ) : (
          <p className="mt-2 text-sm text-gray-500">Nothing planned. Lucky you!</p>
        )}
      </div>
    </div>
  );
}
