'use client';

import { useState, useMemo, memo, forwardRef } from 'react';
import { Play, Clock, Filter } from 'lucide-react';

type Video = { id: string; title: string; seconds: number; topic: Topic; views: number };
type Topic = 'knots' | 'sails' | 'weather';

const videos: Video[] = [
  { id: 'a1', title: 'The bowline, five ways', seconds: 312, topic: 'knots', views: 18244 },
  { id: 'b7', title: 'Reading a mackerel sky', seconds: 905, topic: 'weather', views: 5210 },
  { id: 'c3', title: 'Reef early, reef often', seconds: 1284, topic: 'sails', views: 990 },
  { id: 'd4', title: 'Splicing without tears', seconds: 740, topic: 'knots', views: 20411 },
];

const duration = (seconds: number) => {
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = seconds % 60;
  return [h > 0 ? h : null, m, s]
    .filter((part) => part !== null)
    .map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0')))
    .join(':');
};

const views = (n: number) => (n >= 1000 ? `${(n / 1000).toFixed(1).replace(/\.0$/, '')}k` : n) + ' views';

const Thumb = memo(function Thumb({ video, active }: { video: Video; active: boolean }) {
  return (
    <div className={`relative grid aspect-video place-items-center rounded-lg ${active ? 'bg-sky-700' : 'bg-sky-200'}`}>
      <Play className={active ? 'text-white' : 'text-sky-700'} />
      <span className="absolute bottom-2 right-2 flex items-center gap-1 rounded bg-black/70 px-1.5 text-xs text-white">
        <Clock size={10} /> {duration(video.seconds)}
      </span>
    </div>
  );
});

const Chip = forwardRef<HTMLButtonElement, React.ComponentProps<'button'> & { on?: boolean }>(({ on, ...props }, ref) => (
  <button
    ref={ref}
    aria-pressed={on}
    className={`rounded-full px-3 py-1 text-sm ${on ? 'bg-sky-700 text-white' : 'bg-sky-100 text-sky-900'}`}
    {...props}
  />
));
Chip.displayName = 'Chip';

export default function VideoGallery() {
  const [topic, setTopic] = useState<Topic | 'all'>('all');
  const [playing, setPlaying] = useState<string>(videos[0].id);

  const shown = useMemo(() => videos.filter((v) => topic === 'all' || v.topic === topic).sort((a, b) => b.views - a.views), [topic]);
  const current = videos.find((v) => v.id === playing)!;

  return (
    <div className="mx-auto max-w-5xl p-6">
      <div className="mb-6 overflow-hidden rounded-2xl bg-sky-950 p-10 text-sky-50">
        <p className="text-sm uppercase opacity-60">Now playing</p>
        <h1 className="mt-1 text-3xl font-bold">{current.title}</h1>
        <p className="mt-2 text-sm opacity-80">
          {duration(current.seconds)} · {views(current.views)}
        </p>
      </div>
      <div className="mb-4 flex items-center gap-2">
        <Filter size={16} className="text-sky-700" />
        {(['all', 'knots', 'sails', 'weather'] as const).map((name) => (
          <Chip key={name} on={topic === name} onClick={() => setTopic(name)}>
            {name}
          </Chip>
        ))}
      </div>
      <div className="grid grid-cols-2 gap-6 lg:grid-cols-4">
        {shown.map((video) => (
          <button key={video.id} onClick={() => setPlaying(video.id)} className="text-left">
            <Thumb video={video} active={video.id === playing} />
            <h3 className="mt-2 text-sm font-medium">{video.title}</h3>
            <p className="text-xs text-gray-500">{views(video.views)}</p>
          </button>
        ))}
      </div>
    </div>
  );
}
