import { useEffect, useState } from "react";

type Level = "ok" | "slow" | "down";

interface Service {
  name: string;
  level: Level;
  uptime: number;
  history: Level[];
}

const pattern = (text: string): Level[] => [...text].map((c) => (c === "." ? "ok" : c === "~" ? "slow" : "down"));

const services: Service[] = [
  { name: "API", level: "ok", uptime: 99.98, history: pattern("......................~.......") },
  { name: "Uploads", level: "slow", uptime: 99.4, history: pattern("....~~...............x......~~") },
  { name: "Mail", level: "ok", uptime: 100, history: pattern("..............................") },
];

const worst = services.some((s) => s.level === "down") ? "down" : services.some((s) => s.level === "slow") ? "slow" : "ok";

const headline = {
  ok: "All systems normal",
  slow: "Some things are slow",
  down: "We have a problem",
}[worst];

export default function ServerStatus() {
  const [seconds, setSeconds] = useState(0);

  useEffect(() => {
    const timer = setInterval(() => setSeconds((s) => s + 1), 1000);
    return () => clearInterval(timer);
  }, []);

  return (
    <div className="mx-auto max-w-3xl px-4 py-12 font-mono text-sm">
      <div
        className={`rounded-lg p-6 text-lg text-white ${(() => {
          switch (worst) {
            case "ok":
              return "bg-emerald-600";
            case "slow":
              return "bg-amber-600";
            default:
              return "bg-red-600";
          }
        })()}`}
      >
        {headline}
        <p className="text-xs opacity-80">updated {seconds === 0 ? "just now" : `${seconds}s ago`}</p>
      </div>
      <div className="mt-8 space-y-6">
        {services.map(({ name, level, uptime, history }) => (
          <section key={name} className="rounded-lg border p-4">
            <div className="flex justify-between">
              <h2 className="font-bold">{name}</h2>
              {level !== "ok" ? <span className={level === "down" ? "text-red-600" : "text-amber-600"}>● {level}</span> : <span className="text-emerald-600">● ok</span>}
            </div>
            <div className="mt-3 flex gap-0.5" role="img" aria-label={`${uptime}% in the last ${history.length} days`}>
              {history.map((day, i) => (
                <span
                  key={i}
                  title={`${history.length - i} days ago: ${day}`}
                  className={`h-8 flex-1 rounded-sm ${day === "ok" ? "bg-emerald-400" : day === "slow" ? "bg-amber-400" : "bg-red-500"}`}
                />
              ))}
            </div>
            <div className="mt-2 flex justify-between text-xs text-gray-500">
              <span>{history.length} days ago</span>
              <span>{uptime.toFixed(2)}&nbsp;% uptime</span>
              <span>today</span>
            </div>
          </section>
        ))}
      </div>
      {(() => {
        const incidents = services.flatMap((s) => s.history.filter((d) => d === "down").map((_, i) => `${s.name} #${i + 1}`));
        if (incidents.length === 0) return <p className="mt-8">No incidents.</p>;
        return (
          <p className="mt-8 text-gray-500">
            {incidents.length} incident{incidents.length > 1 ? "s" : ""}: {incidents.join(", ")}
          </p>
        );
      })()}
    </div>
  );
}
