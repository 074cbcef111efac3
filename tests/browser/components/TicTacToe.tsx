import { useState } from "react";

type Mark = "X" | "O";
type Cell = Mark | null;

const LINES = [
  [0, 1, 2], [3, 4, 5], [6, 7, 8],
  [0, 3, 6], [1, 4, 7], [2, 5, 8],
  [0, 4, 8], [2, 4, 6],
];

function winner(cells: Cell[]): { mark: Mark; line: number[] } | null {
  for (const line of LINES) {
    const [a, b, c] = line;
    if (cells[a] && cells[a] === cells[b] && cells[a] === cells[c]) {
      return { mark: cells[a]!, line };
    }
  }
  return null;
}

function Square({ value, highlight, onClick }: { value: Cell; highlight: boolean; onClick: () => void }) {
  return (
    <button
      onClick={onClick}
      className={`h-20 w-20 border border-slate-300 text-4xl font-bold ${highlight ? "bg-lime-200" : "bg-white hover:bg-slate-50"} ${
        value === "X" ? "text-sky-600" : "text-rose-600"
      }`}
    >
      {value}
    </button>
  );
}

export default function TicTacToe() {
  const [history, setHistory] = useState<Cell[][]>([Array(9).fill(null)]);
  const [move, setMove] = useState(0);

  const cells = history[move];
  const next: Mark = move % 2 === 0 ? "X" : "O";
  const result = winner(cells);
  const full = cells.every(Boolean);

  const play = (i: number) => {
    if (cells[i] || result) return;
    const copy = [...cells];
    copy[i] = next;
    setHistory([...history.slice(0, move + 1), copy]);
    setMove(move + 1);
  };

  let status: string;
  if (result) {
    status = `${result.mark} wins!`;
  } else if (full) {
    status = "A draw. Again?";
  } else {
    status = `${next}'s turn`;
  }

  return (
    <div className="flex flex-wrap items-start gap-10 bg-slate-100 p-10">
      <div>
        <h1 className="mb-4 text-2xl font-semibold text-slate-800">{status}</h1>
        <div className="grid w-max grid-cols-3 overflow-hidden rounded-xl shadow">
          {cells.map((cell, i) => (
            <Square key={i} value={cell} highlight={result?.line.includes(i) ?? false} onClick={() => play(i)} />
          ))}
        </div>
      </div>
      <nav>
        <h2 className="mb-2 text-sm uppercase text-slate-500">History</h2>
        <ol className="space-y-1 text-sm">
          {history.map((_, m) => (
            <li key={m}>
              <button onClick={() => setMove(m)} disabled={m === move} className="text-sky-700 disabled:text-slate-400">
                {m === 0 ? "Go to start" : `Go to move ${m}`}
              </button>
            </li>
          ))}
        </ol>
      </nav>
    </div>
  );
}
