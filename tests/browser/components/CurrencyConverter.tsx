import { useMemo, useState } from "react";

const RATES = { EUR: 1, USD: 1.08, NOK: 11.62, JPY: 169.4, GBP: 0.855 } as const;
type Code = keyof typeof RATES;
const codes = Object.keys(RATES) as Code[];

function useConversion(amount: number, from: Code, to: Code) {
  return useMemo(() => {
    if (!Number.isFinite(amount)) return null;
    return (amount / RATES[from]) * RATES[to];
  }, [amount, from, to]);
}

const Picker = ({ value, onChange, label }: { value: Code; onChange: (code: Code) => void; label: string }) => (
  <label className="flex flex-col gap-1 text-sm">
    <span className="text-teal-900/60">{label}</span>
    <select value={value} onChange={(e) => onChange(e.target.value as Code)} className="rounded-lg border border-teal-900/20 bg-white px-3 py-2">
      {codes.map((code) => (
        <option key={code} value={code}>
          {code}
        </option>
      ))}
    </select>
  </label>
);

export default function CurrencyConverter() {
  const [input, setInput] = useState("100");
  const [from, setFrom] = useState<Code>("EUR");
  const [to, setTo] = useState<Code>("NOK");

  const amount = Number(input.replace(",", "."));
  const result = useConversion(amount, from, to);

  const swap = () => {
    setFrom(to);
    setTo(from);
  };

  return (
    <div className="mx-auto max-w-md rounded-3xl bg-teal-50 p-8 shadow-inner">
      <h2 className="text-lg font-semibold text-teal-950">Currency converter</h2>
      <input
        inputMode="decimal"
        value={input}
        onChange={(e) => setInput(e.target.value)}
        aria-invalid={result === null}
        className={`mt-6 w-full rounded-lg border bg-white px-4 py-3 text-2xl ${result === null ? "border-red-500" : "border-teal-900/20"}`}
      />
      <div className="mt-4 grid grid-cols-[1fr_auto_1fr] items-end gap-3">
        <Picker label="From" value={from} onChange={setFrom} />
        <button onClick={swap} aria-label="Swap" className="rounded-full bg-teal-900 p-2 text-white">
          <svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2">
            <path d="m16 3 4 4-4 4M20 7H4M8 21l-4-4 4-4M4 17h16" />
          </svg>
        </button>
        <Picker label="To" value={to} onChange={setTo} />
      </div>
      <output className="mt-8 block border-t border-teal-900/10 pt-6 text-center">
        {result === null ? (
          <span className="text-red-600">That isn't a number.</span>
        ) : (
          <>
            <span className="text-4xl font-bold text-teal-950">{result.toFixed(2)}</span> <span className="text-teal-900/60">{to}</span>
            <p className="mt-2 text-xs text-teal-900/60">
              1 {from} = {(RATES[to] / RATES[from]).toFixed(4)} {to}
            </p>
          </>
        )}
      </output>
    </div>
  );
}
