import { useEffect, useMemo, useState } from "react";

interface Expense {
  id: number;
  what: string;
  cents: number;
  category: Category;
  date: string;
}

const CATEGORIES = ["food", "home", "travel", "fun"] as const;
type Category = (typeof CATEGORIES)[number];

const COLORS: { [K in Category]: string } = { food: "#f59e0b", home: "#3b82f6", travel: "#10b981", fun: "#ec4899" };

const KEY = "expenses-v2";

const seed: Expense[] = [
  { id: 1, what: "Groceries", cents: 5420, category: "food", date: "2026-05-02" },
  { id: 2, what: "Rent", cents: 84000, category: "home", date: "2026-05-01" },
  { id: 3, what: "Night train", cents: 7900, category: "travel", date: "2026-05-09" },
  { id: 4, what: "Cinema", cents: 2400, category: "fun", date: "2026-05-10" },
];

/** State that survives a reload, where the browser lets it. */
function useStored<T>(key: string, initial: T): readonly [T, (value: T | ((old: T) => T)) => void] {
  const [value, setValue] = useState<T>(() => {
    try {
      const text = window.localStorage.getItem(key);
      return text === null ? initial : (JSON.parse(text) as T);
    } catch {
      return initial;
    }
  });

  useEffect(() => {
    try {
      window.localStorage.setItem(key, JSON.stringify(value));
    } catch {
      /* private mode */
    }
  }, [key, value]);

  return [value, setValue];
}

const euros = (cents: number) => `${(cents / 100).toFixed(2)} €`;

export default function ExpenseTracker() {
  const [expenses, setExpenses] = useStored(KEY, seed);
  const [form, setForm] = useState({ what: "", amount: "", category: "food" as Category });

  const byCategory = useMemo(() => {
    const sums = new Map<Category, number>(CATEGORIES.map((c) => [c, 0]));
    for (const { category, cents } of expenses) sums.set(category, sums.get(category)! + cents);
    return [...sums.entries()].filter(([, sum]) => sum > 0).sort(([, a], [, b]) => b - a);
  }, [expenses]);

  const total = byCategory.reduce((sum, [, cents]) => sum + cents, 0);

  return (
    <div className="mx-auto grid max-w-4xl gap-8 p-8 md:grid-cols-[2fr_3fr]">
      <aside>
        <h1 className="text-3xl font-bold">{euros(total)}</h1>
        <p className="text-sm text-gray-500">spent in May</p>
        <div className="mt-6 flex h-3 overflow-hidden rounded-full">
          {byCategory.map(([category, cents]) => (
            <div key={category} title={category} style={{ width: `${((cents / total) * 100).toFixed(2)}%`, background: COLORS[category] }} />
          ))}
        </div>
        <ul className="mt-4 space-y-2 text-sm">
          {byCategory.map(([category, cents]) => (
            <li key={category} className="flex items-center gap-2">
              <i className="h-3 w-3 rounded-sm" style={{ background: COLORS[category] }} />
              {category}
              <b className="ml-auto font-normal tabular-nums">{euros(cents)}</b>
            </li>
          ))}
        </ul>
      </aside>
      <main>
        <form
          className="flex gap-2"
          onSubmit={(e) => {
            e.preventDefault();
            const cents = Math.round(parseFloat(form.amount) * 100);
            if (!form.what || !(cents > 0)) return;
            setExpenses((old) => [{ id: Date.now(), what: form.what, cents, category: form.category, date: new Date().toISOString().slice(0, 10) }, ...old]);
            setForm({ ...form, what: "", amount: "" });
          }}
        >
          <input placeholder="What?" value={form.what} onChange={(e) => setForm({ ...form, what: e.target.value })} className="min-w-0 flex-1 rounded border px-3 py-2" />
          <input placeholder="0.00" value={form.amount} onChange={(e) => setForm({ ...form, amount: e.target.value })} className="w-24 rounded border px-3 py-2 text-right" />
          <select value={form.category} onChange={(e) => setForm({ ...form, category: e.target.value as Category })} className="rounded border px-2">
            {CATEGORIES.map((c) => <option key={c}>{c}</option>)}
          </select>
          <button className="rounded bg-gray-900 px-4 text-white">+</button>
        </form>
        <table className="mt-6 w-full text-sm">
          <tbody>
            {expenses.map((e) => (
              <tr key={e.id} className="border-b">
                <td className="py-3 text-gray-400">{e.date.slice(5)}</td>
                <td>{e.what}</td>
                <td className="text-right tabular-nums">{euros(e.cents)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </main>
    </div>
  );
}
