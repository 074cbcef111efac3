import { useEffect, useRef, useState } from "react";
import { Play, Pause, SkipBack, SkipForward, Shuffle, Repeat, Heart, Volume2 } from "lucide-react";

const tracks = [
  { title: "Salt Roads", artist: "The Long Quay", seconds: 214 },
  { title: "Paper Lanterns", artist: "Mio & the Meadow", seconds: 187 },
  { title: "Half a Moon (Live)", artist: "The Long Quay", seconds: 402 },
];

const clock = (s: number) => `${Math.floor(s / 60)}:${(s % 60).toString().padStart(2, "0")}`;

function usePlayback(length: number, onEnd: () => void) {
  const [playing, setPlaying] = useState(false);
  const [position, setPosition] = useState(0);
  const ended = useRef(onEnd);
  ended.current = onEnd;

  useEffect(() => {
    if (!playing) return;
    const id = setInterval(() => {
      setPosition((now) => {
        if (now + 1 < length) return now + 1;
        ended.current();
        return 0;
      });
    }, 1000);
    return () => clearInterval(id);
  }, [playing, length]);

  return { playing, position, setPosition, toggle: () => setPlaying((p) => !p) };
}

export default function MusicPlayer() {
  const [index, setIndex] = useState(0);
  const [liked, setLiked] = useState<Set<number>>(() => new Set([1]));
  const track = tracks[index];
  const step = (by: number) => setIndex((i) => (i + by + tracks.length) % tracks.length);
  const { playing, position, setPosition, toggle } = usePlayback(track.seconds, () => step(1));

  const like = (i: number) =>
    setLiked((old) => {
      const next = new Set(old);
      next.has(i) ? next.delete(i) : next.add(i);
      return next;
    });

  return (
    <section aria-label="Player" className="mx-auto w-full max-w-sm rounded-[2rem] bg-neutral-900 p-6 text-neutral-100">
      <div className="aspect-square rounded-2xl bg-[conic-gradient(at_30%_30%,#f97316,#db2777,#7c3aed,#f97316)]" />
      <div className="mt-6 flex items-center justify-between">
        <div>
          <h2 className="text-xl font-bold">{track.title}</h2>
          <p className="text-neutral-400">{track.artist}</p>
        </div>
        <button onClick={() => like(index)} aria-pressed={liked.has(index)} aria-label="Like">
          <Heart className={liked.has(index) ? "fill-pink-500 text-pink-500" : "text-neutral-500"} />
        </button>
      </div>
      <input
        type="range"
        min={0}
        max={track.seconds}
        value={position}
        onChange={(e) => setPosition(+e.target.value)}
        className="mt-6 w-full accent-orange-500"
        aria-label="Position"
      />
      <div className="flex justify-between text-xs tabular-nums text-neutral-400">
        <span>{clock(position)}</span>
        <span>-{clock(track.seconds - position)}</span>
      </div>
      <div className="mt-4 flex items-center justify-center gap-6">
        <Shuffle className="h-4 w-4 text-neutral-500" />
        <button onClick={() => step(-1)} aria-label="Previous"><SkipBack /></button>
        <button onClick={toggle} aria-label={playing ? "Pause" : "Play"} className="rounded-full bg-white p-4 text-neutral-900">
          {playing ? <Pause /> : <Play />}
        </button>
        <button onClick={() => step(1)} aria-label="Next"><SkipForward /></button>
        <Repeat className="h-4 w-4 text-neutral-500" />
      </div>
      <ol className="mt-8 space-y-1 border-t border-neutral-800 pt-4 text-sm">
        {tracks.map((t, i) => (
          <li key={t.title} onClick={() => setIndex(i)} className={`flex cursor-pointer justify-between rounded px-3 py-2 ${i === index ? "bg-neutral-800" : ""}`}>
            <span>{i + 1}. {t.title}</span>
            <span className="flex items-center gap-2 text-neutral-500">
              {i === index && playing && <Volume2 size={14} />} {clock(t.seconds)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
