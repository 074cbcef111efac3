import { useCallback, useEffect, useState } from 'react';

interface Picture {
  src: string;
  alt: string;
  width: number;
  height: number;
  credit?: string;
}

const pictures: ReadonlyArray<Picture> = [
  { src: '/img/fog.jpg', alt: 'Fog over a pier', width: 1600, height: 1067, credit: 'K. Vik' },
  { src: '/img/rope.jpg', alt: 'Coiled rope', width: 1067, height: 1600 },
  { src: '/img/gulls.jpg', alt: 'Gulls, arguing', width: 1600, height: 900, credit: 'A. Moe' },
  { src: '/img/lamp.jpg', alt: 'A lamp in a window', width: 1200, height: 1200 },
];

function useKeys(handlers: Record<string, () => void>, active: boolean) {
  useEffect(() => {
    if (!active) return;
    const listen = (event: KeyboardEvent) => handlers[event.key]?.();
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [handlers, active]);
}

const Thumbnail = ({ picture, onOpen, priority }: { picture: Picture; onOpen: VoidFunction; priority?: boolean }) => {
  const { src, alt, width, height } = picture;
  const portrait = height > width;
  return (
    <button
      type="button"
      onClick={onOpen}
      className={`overflow-hidden rounded-lg bg-gray-200 focus:outline-none focus-visible:ring-4 ${portrait ? 'row-span-2' : width / height > 1.6 ? 'col-span-2' : ''}`}
    >
      <img src={src} alt={alt} width={width} height={height} loading={priority ? 'eager' : 'lazy'} className="h-full w-full object-cover transition hover:scale-105" />
    </button>
  );
};

export default function GalleryLightbox() {
  const [current, setCurrent] = useState<number | null>(null);
  const isOpen = current !== null;

  const step = useCallback(
    (by: number) => setCurrent((i) => (i === null ? i : (i + by + pictures.length) % pictures.length)),
    [],
  );
  const close = useCallback(() => setCurrent(null), []);

  useKeys({ Escape: close, ArrowLeft: () => step(-1), ArrowRight: () => step(+1) }, isOpen);

  const picture = isOpen ? pictures[current] : undefined;

  return (
    <div className="mx-auto max-w-4xl p-6">
      <h1 className="mb-1 font-serif text-3xl">The north quay, one winter</h1>
      <p className="mb-6 text-gray-500">
        {pictures.length} pictures by {[...new Set(pictures.map((p) => p.credit).filter(Boolean))].join(' and ')}
      </p>
      <div className="grid auto-rows-[10rem] grid-cols-2 gap-3 md:grid-cols-4">
        {pictures.map((p, i) => (
          <Thumbnail key={p.src} picture={p} priority={i < 2} onOpen={() => setCurrent(i)} />
        ))}
      </div>
      {picture && (
        <div role="dialog" aria-modal="true" aria-label={picture.alt} className="fixed inset-0 z-50 flex flex-col bg-black/90 p-6 text-white">
          <button onClick={close} className="self-end text-3xl leading-none" aria-label="Close">
            &times;
          </button>
          <figure className="flex flex-1 flex-col items-center justify-center gap-4">
            <img src={picture.src} alt={picture.alt} className="max-h-[75vh] max-w-full" />
            <figcaption className="text-sm text-white/70">
              {picture.alt}
              {picture.credit ? <> &mdash; photo: {picture.credit}</> : null}
              <span className="ml-4">
                {current! + 1}/{pictures.length}
              </span>
            </figcaption>
          </figure>
          <div className="flex justify-between">
            <button onClick={() => step(-1)}>&larr; Back</button>
            <button onClick={() => step(1)}>Next &rarr;</button>
          </div>
        </div>
      )}
    </div>
  );
}
