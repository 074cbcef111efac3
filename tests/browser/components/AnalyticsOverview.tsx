import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card"
import { Badge } from "@/components/ui/badge"
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs"

const sources = [
  { name: "Search", visits: 4210, share: 0.46 },
  { name: "Newsletter", visits: 2377, share: 0.26 },
  { name: "Direct", visits: 1554, share: 0.17 },
  { name: "Podcasts", visits: 1003, share: 0.11 },
]

const hours = [3, 2, 1, 1, 2, 5, 9, 14, 22, 31, 34, 33, 38, 41, 37, 30, 28, 33, 40, 44, 36, 21, 12, 6]

function Bars({ values }: { values: number[] }) {
  const top = Math.max(...values)
  const width = 100 / values.length

  return (
    <svg viewBox="0 0 100 40" role="img" aria-label="Visits per hour" className="h-40 w-full">
      {values.map((value, hour) => {
        const height = (value / top) * 36
        return (
          <rect
            key={hour}
            x={hour * width + 0.4}
            y={40 - height}
            width={width - 0.8}
            height={height}
            rx={0.6}
            className={hour >= 9 && hour < 18 ? "fill-primary" : "fill-primary/30"}
          >
            <title>{`${hour}:00 – ${value} visits`}</title>
          </rect>
        )
      })}
    </svg>
  )
}

export default function AnalyticsOverview() {
  return (
    <div className="flex flex-col gap-6 p-8">
      <div className="flex items-end justify-between">
        <div>
          <h1 className="text-3xl font-bold tracking-tight">Analytics</h1>
          <p className="text-muted-foreground">Tuesday, all times in UTC</p>
        </div>
        <Badge variant="secondary">Live</Badge>
      </div>
      <Tabs defaultValue="traffic">
        <TabsList>
          <TabsTrigger value="traffic">Traffic</TabsTrigger>
          <TabsTrigger value="sources">Sources</TabsTrigger>
        </TabsList>
        <TabsContent value="traffic">
          <Card>
            <CardHeader>
              <CardTitle>Visits per hour</CardTitle>
              <CardDescription>Working hours are darker.</CardDescription>
            </CardHeader>
            <CardContent>
              <Bars values={hours} />
            </CardContent>
          </Card>
        </TabsContent>
        <TabsContent value="sources">
          <Card>
            <CardContent className="space-y-4 pt-6">
              {sources.map(({ name, visits, share }) => (
                <div key={name} className="grid grid-cols-[8rem_1fr_4rem] items-center gap-4 text-sm">
                  <span>{name}</span>
                  <div className="h-2 rounded bg-muted">
                    <div className="h-2 rounded bg-primary" style={{ width: `${Math.round(share * 100)}%` }} />
                  </div>
                  <span className="text-right tabular-nums">{visits.toLocaleString("en-US")}</span>
                </div>
              ))}
            </CardContent>
          </Card>
        </TabsContent>
      </Tabs>
    </div>
  )
}
