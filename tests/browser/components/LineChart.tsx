import React, { useMemo, useState } from "react";

interface Point { x: number; y: number; label: string }

const WIDTH = 640, HEIGHT = 240, PAD = { top: 16, right: 16, bottom: 28, left: 40 };

const temperatures = [3.1, 3.4, 6.8, 10.9, 15.2, 18.6, 20.4, 20.1, 16.3, 11.5, 6.7, 3.9];
const names = ["J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D"];

/** Maps a value from one range into another. */
const scale = (from: [number, number], to: [number, number]) => (value: number) =>
  to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);

// Catmull-Rom to Bézier, so that the line looks soft.
function smooth(points: Point[]): string {
  if (points.length < 2) return "";
  let d = `M ${points[0].x} ${points[0].y}`;
  for (let i = 0; i < points.length - 1; i++) {
    const p0 = points[i - 1] ?? points[i];
    const p1 = points[i];
    const p2 = points[i + 1];
    const p3 = points[i + 2] || p2;
    const c1 = [p1.x + (p2.x - p0.x) / 6, p1.y + (p2.y - p0.y) / 6];
    const c2 = [p2.x - (p3.x - p1.x) / 6, p2.y - (p3.y - p1.y) / 6];
    d += ` C ${c1.map((n) => n.toFixed(1)).join(" ")}, ${c2.map((n) => n.toFixed(1)).join(" ")}, ${p2.x} ${p2.y}`;
  }
  return d;
}

const LineChart: React.FunctionComponent = () => {
  const [hovered, setHovered] = useState<number | undefined>();

  const { points, ticks, y } = useMemo(() => {
    const x = scale([0, temperatures.length - 1], [PAD.left, WIDTH - PAD.right]);
    const y = scale([0, 25], [HEIGHT - PAD.bottom, PAD.top]);
    return {
      points: temperatures.map((t, i) => ({ x: Math.round(x(i)), y: Math.round(y(t)), label: `${t.toFixed(1)} °C` })),
      ticks: [0, 5, 10, 15, 20, 25],
      y,
    };
  }, []);

  return (
    <figure className="mx-auto max-w-3xl rounded-xl border bg-white p-6">
      <figcaption className="mb-4 flex justify-between text-sm">
        <strong>Mean temperature</strong>
        <span className="text-gray-500">{hovered === undefined ? "Hover a point" : points[hovered]?.label}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="w-full" onMouseLeave={() => setHovered(undefined)}>
        <defs>
          <linearGradient id="area" x1="0" y1="0" x2="0" y2="1">
            <stop offset="0%" stopColor="#f97316" stopOpacity={0.35} />
            <stop offset="100%" stopColor="#f97316" stopOpacity={0} />
          </linearGradient>
        </defs>
        {ticks.map((tick) => (
          <g key={tick} className="text-[10px] text-gray-400">
            <line x1={PAD.left} x2={WIDTH - PAD.right} y1={y(tick)} y2={y(tick)} stroke="currentColor" strokeDasharray={tick === 0 ? undefined : "2 4"} />
            <text x={PAD.left - 8} y={y(tick) + 3} textAnchor="end" fill="currentColor">{tick}°</text>
          </g>
        ))}
        <path d={`${smooth(points)} L ${points[points.length - 1].x} ${y(0)} L ${points[0].x} ${y(0)} Z`} fill="url(#area)" />
        <path d={smooth(points)} fill="none" stroke="#f97316" strokeWidth="2.5" />
        {points.map((point, i) => (
          <React.Fragment key={i}>
            <circle cx={point.x} cy={point.y} r={hovered === i ? 6 : 3} fill="white" stroke="#f97316" strokeWidth={2} onMouseEnter={() => setHovered(i)} />
            <text x={point.x} y={HEIGHT - 8} textAnchor="middle" className="fill-gray-500 text-[11px]">{names[i]}</text>
          </React.Fragment>
        ))}
      </svg>
    </figure>
  );
};

export default LineChart;
