import { useState } from "react";

type Status = "free" | "taken" | "mine";

const ROWS = 6;
const SEATS_PER_ROW = 10;
const TAKEN = new Set(["A4", "A5", "B1", "C7", "C8", "D3", "F10"]);
const PRICE = [24, 24, 18, 18, 18, 12];

export const SeatMap = function () {
  const [mine, setMine] = useState<string[]>(["D5"]);

  const statusOf = (seat: string): Status => (mine.includes(seat) ? "mine" : TAKEN.has(seat) ? "taken" : "free");

  const toggle = (seat: string) => {
    if (TAKEN.has(seat)) return;
    setMine((seats) => (seats.includes(seat) ? seats.filter((s) => s !== seat) : [...seats, seat].sort()));
  };

  // Rows are built with plain loops: some people never got used to map().
  const rows: React.ReactNode[] = [];
  for (let r = 0; r < ROWS; r++) {
    const letter = String.fromCharCode(65 + r);
    const seats: React.ReactNode[] = [];
    for (let n = 1; n <= SEATS_PER_ROW; n++) {
      const seat = `${letter}${n}`;
      const status = statusOf(seat);
      seats.push(
        <button
          key={seat}
          title={status === "taken" ? "Taken" : `${seat}: €${PRICE[r]}`}
          disabled={status === "taken"}
          onClick={() => toggle(seat)}
          className={[
            "h-8 w-8 rounded-t-lg text-xs",
            status === "mine" ? "bg-amber-400 text-black" : status === "taken" ? "bg-zinc-700 text-zinc-600" : "bg-zinc-500 hover:bg-zinc-400",
            n === 5 ? "mr-6" : "",
          ].join(" ")}
        >
          {n}
        </button>,
      );
    }
    rows.push(
      <div key={letter} className="flex items-center gap-1.5">
        <span className="w-6 text-sm text-zinc-500">{letter}</span>
        {seats}
      </div>,
    );
  }

  const total = mine.reduce((sum, seat) => sum + PRICE[seat.charCodeAt(0) - 65], 0);

  return (
    <div className="mx-auto w-max rounded-2xl bg-zinc-900 p-10 text-zinc-100">
      <div className="mx-auto mb-10 h-2 w-3/4 rounded-full bg-zinc-100 shadow-[0_0_40px_10px_rgba(255,255,255,0.25)]" />
      <div className="space-y-2">{rows}</div>
      <div className="mt-10 flex items-center justify-between border-t border-zinc-700 pt-6">
        <p className="text-sm text-zinc-400">
          {mine.length === 0 ? (
            "Pick a seat."
          ) : (
            <>
              {mine.length} {mine.length === 1 ? "seat" : "seats"}: <b className="text-zinc-100">{mine.join(", ")}</b>
            </>
          )}
        </p>
        <button disabled={!mine.length} className="rounded-full bg-amber-400 px-6 py-2 font-semibold text-black disabled:opacity-30">
          Pay €{total}
        </button>
      </div>
    </div>
  );
};

export default SeatMap;
