import { useMemo, useState, Fragment } from "react"
import { Clock, Mic, Coffee } from "lucide-react"

type Slot =
  | { kind: "talk"; start: string; end: string; title: string; speaker: string; track: 0 | 1; level?: "intro" | "deep" }
  | { kind: "break"; start: string; end: string; title: string }

const tracks = ["Main hall", "Attic"] as const

const schedule: Slot[] = [
  { kind: "talk", start: "09:00", end: "09:45", title: "Small programs that lived long", speaker: "D. Achebe", track: 0 },
  { kind: "talk", start: "09:00", end: "09:30", title: "Fonts & feelings", speaker: "M. Lefèvre", track: 1, level: "intro" },
  { kind: "break", start: "09:45", end: "10:15", title: "Coffee (and real buns)" },
  { kind: "talk", start: "10:15", end: "11:00", title: "What's < and > got to do with it? A history of angle brackets", speaker: "R. Quist", track: 0, level: "deep" },
  { kind: "talk", start: "10:15", end: "11:00", title: "Undo is a feature", speaker: "P. Okonkwo", track: 1 },
]

const minutes = (time: string) => {
  const [h, m] = time.split(":").map(Number)
  return h * 60 + m
}

const byStart = (slots: Slot[]) =>
  slots.reduce((map, slot) => map.set(slot.start, [...(map.get(slot.start) ?? []), slot]), new Map<string, Slot[]>())

function Talk({ slot, starred, onStar }: { slot: Extract<Slot, { kind: "talk" }>; starred: boolean; onStar(): void }) {
  return (
    <article className={`flex h-full flex-col rounded-xl border p-4 ${starred ? "border-fuchsia-600 bg-fuchsia-50" : "border-slate-200"}`}>
      <div className="flex items-start justify-between gap-2">
        <h3 className="font-semibold leading-snug">{slot.title}</h3>
        <button onClick={onStar} aria-pressed={starred} aria-label={`Star "${slot.title}"`}>
          {starred ? "★" : "☆"}
        </button>
      </div>
      <p className="mt-auto flex items-center gap-2 pt-4 text-sm text-slate-600">
        <Mic className="h-3.5 w-3.5" />
        {slot.speaker}
        {slot.level === undefined ? null : (
          <span className={`ml-auto rounded px-1.5 text-xs ${slot.level === "deep" ? "bg-slate-900 text-white" : "bg-slate-100"}`}>{slot.level}</span>
        )}
      </p>
    </article>
  )
}

export default function ConferenceSchedule() {
  const [starred, setStarred] = useState<string[]>(["Undo is a feature"])
  const [onlyMine, setOnlyMine] = useState(false)

  const rows = useMemo(
    () => byStart(schedule.filter((slot) => !onlyMine || slot.kind === "break" || starred.includes(slot.title))),
    [onlyMine, starred],
  )

  const star = (title: string) => () =>
    setStarred((list) => (list.includes(title) ? list.filter((t) => t !== title) : [...list, title]))

  return (
    <section className="mx-auto max-w-4xl p-6 text-slate-900">
      <header className="mb-8 flex items-center justify-between">
        <h1 className="text-3xl font-black">Saturday</h1>
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={onlyMine} onChange={(e) => setOnlyMine(e.target.checked)} />
          My schedule ({starred.length})
        </label>
      </header>
      <div className="grid grid-cols-[5rem_1fr_1fr] gap-4">
        <span />
        {tracks.map((track) => (
          <h2 key={track} className="text-sm font-semibold uppercase text-slate-500">
            {track}
          </h2>
        ))}
        {[...rows].map(([start, slots]) => (
          <Fragment key={start}>
            <time className="flex items-center gap-1 self-start pt-4 text-sm text-slate-500">
              <Clock className="h-3 w-3" /> {start}
            </time>
            {slots[0].kind === "break" ? (
              <div className="col-span-2 flex items-center gap-3 rounded-xl bg-amber-100 px-4 py-3 text-amber-900">
                <Coffee className="h-4 w-4" /> {slots[0].title}
                <span className="ml-auto text-sm">{minutes(slots[0].end) - minutes(slots[0].start)} min</span>
              </div>
            ) : (
              tracks.map((_, track) => {
                const slot = slots.find((s) => s.kind === "talk" && s.track === track)
                return slot && slot.kind === "talk" ? (
                  <Talk key={track} slot={slot} starred={starred.includes(slot.title)} onStar={star(slot.title)} />
                ) : (
                  <div key={track} className="rounded-xl border border-dashed border-slate-200" />
                )
              })
            )}
          </Fragment>
        ))}
      </div>
    </section>
  )
}
