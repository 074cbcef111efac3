import { useState } from "react";

const layers = [
  { id: "depth", name: "Depth contours", color: "#1e40af", swatch: "line" },
  { id: "wrecks", name: "Wrecks", color: "#991b1b", swatch: "cross" },
  { id: "reserves", name: "Nature reserves", color: "#166534", swatch: "fill" },
  { id: "cables", name: "Cables & pipes", color: "#a21caf", swatch: "dash" },
] as const;

type Layer = (typeof layers)[number];
type LayerId = Layer["id"];

function Swatch({ layer: { swatch, color } }: { layer: Layer }) {
  switch (swatch) {
    case "line":
      return <svg viewBox="0 0 24 12" className="h-3 w-6"><path d="M1 6c4-6 7 6 11 0s7 6 11 0" fill="none" stroke={color} strokeWidth="1.5" /></svg>;
    case "dash":
      return <svg viewBox="0 0 24 12" className="h-3 w-6"><line x1="1" y1="6" x2="23" y2="6" stroke={color} strokeWidth="2" strokeDasharray="4 2" /></svg>;
    case "cross":
      return <svg viewBox="0 0 24 12" className="h-3 w-6"><path d="m8 2 8 8m0-8-8 8" stroke={color} strokeWidth="2" /></svg>;
    case "fill":
      return <svg viewBox="0 0 24 12" className="h-3 w-6"><rect x="1" y="1" width="22" height="10" rx="2" fill={color} fillOpacity=".3" stroke={color} /></svg>;
  }
}

export default function MapLegend() {
  const [on, setOn] = useState<ReadonlySet<LayerId>>(new Set<LayerId>(["depth", "reserves"]));
  const [zoom, setZoom] = useState(9);

  const flip = (id: LayerId) => {
    const copy = new Set(on);
    if (!copy.delete(id)) copy.add(id);
    setOn(copy);
  };

  return (
    <div className="relative h-[480px] overflow-hidden rounded-xl bg-[#cfe8f3]">
      <svg viewBox="0 0 600 480" className="absolute inset-0 h-full w-full" preserveAspectRatio="xMidYMid slice" style={{ transform: `scale(${zoom / 9})` }}>
        <path d="M0 380C60 350 90 300 160 310s90 60 150 30 70-120 140-130 90 40 150 20v250H0z" fill="#f3ead3" stroke="#c9b98f" strokeWidth="2" />
        <path d="M380 90c20-14 52-10 60 8s-8 36-34 36-46-30-26-44z" fill="#f3ead3" stroke="#c9b98f" strokeWidth="2" />
        {on.has("reserves") && <path d="M360 70c40-30 100-16 106 22s-40 66-84 58-62-50-22-80z" fill="#166534" fillOpacity="0.2" stroke="#166534" />}
        {on.has("depth") && (
          <g fill="none" stroke="#1e40af" strokeOpacity="0.5">
            <path d="M0 330C70 290 110 260 180 270s90 40 130 20 80-120 150-130 80 20 140 10" />
            <path d="M0 280C80 230 120 210 200 220s80 30 120 10 70-100 130-110 80 10 150-10" />
            <path d="M0 220c90-60 140-50 220-50s80 10 110-10" />
          </g>
        )}
        {on.has("cables") && <path d="M40 480 220 60 600 20" fill="none" stroke="#a21caf" strokeWidth="2" strokeDasharray="8 4" />}
        {on.has("wrecks") && [[120, 140], [260, 200], [520, 120]].map(([x, y]) => <path key={`${x}/${y}`} d={`M${x} ${y}l12 12m0-12l-12 12`} stroke="#991b1b" strokeWidth="3" />)}
      </svg>
      <div className="absolute right-4 top-4 flex flex-col overflow-hidden rounded-lg bg-white shadow">
        <button disabled={zoom >= 14} onClick={() => setZoom(zoom + 1)} className="px-3 py-2 hover:bg-gray-100">+</button>
        <button disabled={zoom <= 7} onClick={() => setZoom(zoom - 1)} className="border-t px-3 py-2 hover:bg-gray-100">&ndash;</button>
      </div>
      <fieldset className="absolute bottom-4 left-4 w-56 rounded-lg bg-white/90 p-4 text-sm shadow backdrop-blur">
        <legend className="sr-only">Layers</legend>
        {layers.map((layer) => (
          <label key={layer.id} className="flex items-center gap-3 py-1">
            <input type="checkbox" checked={on.has(layer.id)} onChange={() => flip(layer.id)} />
            <Swatch layer={layer} />
            {layer.name}
          </label>
        ))}
      </fieldset>
    </div>
  );
}
