import { useMemo, useState } from "react";
import { Card, CardContent, CardHeader, CardTitle } from "@/components/ui/card";
import { TrendingUp, TrendingDown } from "lucide-react";

type Series = readonly number[];

interface Metric {
  id: string;
  label: string;
  unit: "" | "%" | "ms" | "€";
  series: Series;
  lowerIsBetter?: boolean;
}

const METRICS: Metric[] = [
  { id: "visits", label: "Visits", unit: "", series: [120, 132, 101, 134, 190, 230, 210, 242] },
  { id: "conv", label: "Conversion", unit: "%", series: [2.1, 2.3, 2.2, 2.6, 2.4, 2.9, 3.1, 3.0] },
  { id: "latency", label: "Latency (p95)", unit: "ms", series: [310, 290, 305, 280, 240, 236, 221, 198], lowerIsBetter: true },
  { id: "revenue", label: "Revenue", unit: "€", series: [800, 932, 901, 934, 1290, 1330, 1320, 1411] },
];

function Sparkline({ points, positive }: { points: Series; positive: boolean }) {
  const path = useMemo(() => {
    const min = Math.min(...points);
    const max = Math.max(...points);
    const span = max - min || 1;
    return points
      .map((value, i) => {
        const x = (i / (points.length - 1)) * 100;
        const y = 30 - ((value - min) / span) * 28;
        return `${i === 0 ? "M" : "L"}${x.toFixed(1)},${y.toFixed(1)}`;
      })
      .join(" ");
  }, [points]);

  return (
    <svg viewBox="0 0 100 32" className="h-10 w-full" preserveAspectRatio="none">
      <path d={path} fill="none" stroke={positive ? "#10b981" : "#ef4444"} strokeWidth={2} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

export default function StatsDashboard() {
  const [range, setRange] = useState<4 | 8>(8);
  const totals = useMemo(() => METRICS.map((m) => m.series.slice(-range)), [range]);

  return (
    <main className="min-h-screen bg-muted/40 p-6">
      <div className="mb-6 flex items-center justify-between">
        <h1 className="text-2xl font-semibold">Good morning, Robin</h1>
        <select
          value={range}
          onChange={(e) => setRange(Number(e.target.value) as 4 | 8)}
          className="rounded-md border px-3 py-2 text-sm"
        >
          <option value={4}>Last 4 weeks</option>
          <option value={8}>Last 8 weeks</option>
        </select>
      </div>

      <div className="grid gap-4 md:grid-cols-2 xl:grid-cols-4">
        {METRICS.map((metric, i) => {
          const series = totals[i];
          const first = series[0];
          const last = series[series.length - 1];
          const change = ((last - first) / first) * 100;
          const positive = metric.lowerIsBetter ? change < 0 : change >= 0;

          return (
            <Card key={metric.id}>
              <CardHeader className="pb-2">
                <CardTitle className="text-sm font-medium text-muted-foreground">{metric.label}</CardTitle>
              </CardHeader>
              <CardContent>
                <div className="text-2xl font-bold">
                  {metric.unit === "€" ? `€${last.toLocaleString("en-US")}` : `${last}${metric.unit}`}
                </div>
                <p className={`flex items-center gap-1 text-xs ${positive ? "text-emerald-600" : "text-red-600"}`}>
                  {change >= 0 ? <TrendingUp size={14} /> : <TrendingDown size={14} />}
                  {change.toFixed(1)}% vs. start
                </p>
                <Sparkline points={series} positive={positive} />
              </CardContent>
            </Card>
          );
        })}
      </div>
    </main>
  );
}
