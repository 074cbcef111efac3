import { useEffect, useReducer, useMemo } from "react";

const enum Phase { Work, Break }

const LENGTH = { [Phase.Work]: 25 * 60, [Phase.Break]: 5 * 60 };

interface Timer { phase: Phase; left: number; running: boolean; finished: number }

type Event = "tick" | "toggle" | "reset" | "skip";

function next(timer: Timer, event: Event): Timer {
  if (event === "toggle") return { ...timer, running: !timer.running };
  if (event === "reset") return { ...timer, left: LENGTH[timer.phase], running: false };

  const over = event === "skip" || timer.left <= 1;
  if (!over) return { ...timer, left: timer.left - 1 };

  const phase = timer.phase === Phase.Work ? Phase.Break : Phase.Work;
  return {
    phase,
    left: LENGTH[phase],
    running: event === "tick" ? timer.running : false,
    finished: timer.finished + (timer.phase === Phase.Work ? 1 : 0),
  };
}

/** A ring whose `value` goes from 0 to 1. */
function Ring({ value, children, color }: { value: number; children: React.ReactNode; color: string }) {
  const r = 90;
  const length = 2 * Math.PI * r;
  return (
    <div className="relative grid place-items-center">
      <svg width="220" height="220" viewBox="0 0 220 220" className="-rotate-90">
        <circle cx="110" cy="110" r={r} strokeWidth="12" className="fill-none stroke-black/10" />
        <circle
          cx="110"
          cy="110"
          r={r}
          strokeWidth="12"
          strokeLinecap="round"
          className="fill-none transition-all duration-1000"
          stroke={color}
          strokeDasharray={length.toFixed(1)}
          strokeDashoffset={(length * (1 - value)).toFixed(1)}
        />
      </svg>
      <div className="absolute text-center">{children}</div>
    </div>
  );
}

export default function PomodoroTimer() {
  const [timer, send] = useReducer(next, { phase: Phase.Work, left: LENGTH[Phase.Work], running: false, finished: 2 });
  const working = timer.phase === Phase.Work;

  useEffect(() => {
    if (!timer.running) return undefined;
    const handle = window.setInterval(() => send("tick"), 1000);
    return () => window.clearInterval(handle);
  }, [timer.running]);

  const text = useMemo(() => {
    const m = Math.floor(timer.left / 60);
    const s = timer.left - m * 60;
    return `${m < 10 ? "0" : ""}${m}:${s < 10 ? "0" : ""}${s}`;
  }, [timer.left]);

  return (
    <div className={`flex flex-col items-center gap-8 rounded-3xl p-12 transition-colors ${working ? "bg-red-50" : "bg-green-50"}`}>
      <Ring value={timer.left / LENGTH[timer.phase]} color={working ? "#dc2626" : "#16a34a"}>
        <p className="text-5xl font-semibold tabular-nums">{text}</p>
        <p className="mt-1 text-sm text-black/50">{working ? "Focus" : "Breathe"}</p>
      </Ring>
      <div className="flex gap-3">
        <button onClick={() => send("toggle")} className="rounded-full bg-black px-8 py-3 text-white">{timer.running ? "Pause" : "Start"}</button>
        <button onClick={() => send("reset")} className="rounded-full px-4 py-3">Reset</button>
        <button onClick={() => send("skip")} className="rounded-full px-4 py-3">Skip &raquo;</button>
      </div>
      <div className="flex gap-2" aria-label={`${timer.finished} finished`}>
        {[...Array(4).keys()].map((i) => (
          <span key={i} className={`h-3 w-3 rounded-full ${i < timer.finished % 4 ? "bg-red-600" : "bg-black/10"}`} />
        ))}
      </div>
    </div>
  );
}
