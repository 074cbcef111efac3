import { useState } from "react";

type Hsl = { h: number; s: number; l: number };

const toCss = ({ h, s, l }: Hsl) => `hsl(${h}, ${s}%, ${l}%)`;

function toHex({ h, s, l }: Hsl): string {
  const a = (s / 100) * Math.min(l / 100, 1 - l / 100);
  const channel = (n: number) => {
    const k = (n + h / 30) % 12;
    const value = l / 100 - a * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value).toString(16).padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

const SCHEMES: Record<string, (base: Hsl) => Hsl[]> = {
  Shades: (c) => [90, 75, 60, 45, 30].map((l) => ({ ...c, l })),
  Complement: (c) => [c, { ...c, l: c.l + 20 }, { ...c, h: (c.h + 180) % 360 }, { ...c, h: (c.h + 180) % 360, l: 30 }],
  Triad: (c) => [0, 120, 240].map((turn) => ({ ...c, h: (c.h + turn) % 360 })),
};

export default function ColorPalette() {
  const [base, setBase] = useState<Hsl>({ h: 172, s: 55, l: 45 });
  const [copied, setCopied] = useState("");

  async function copy(hex: string) {
    try {
      await navigator.clipboard?.writeText(hex);
    } catch {
      // Not allowed in a sandbox, and that's fine.
    }
    setCopied(hex);
    setTimeout(() => setCopied((current) => (current === hex ? "" : current)), 1200);
  }

  return (
    <div className="mx-auto max-w-2xl space-y-8 p-8">
      <style>{`
        .swatch { transition: flex-grow .2s ease; }
        .swatch:hover { flex-grow: 2; }
      `}</style>
      <div className="grid grid-cols-3 gap-6">
        {(["h", "s", "l"] as const).map((key) => (
          <label key={key} className="text-sm">
            <span className="flex justify-between">
              <span>{{ h: "Hue", s: "Saturation", l: "Lightness" }[key]}</span>
              <span className="tabular-nums text-gray-500">
                {base[key]}
                {key === "h" ? "°" : "%"}
              </span>
            </span>
            <input
              type="range"
              min={0}
              max={key === "h" ? 359 : 100}
              value={base[key]}
              onChange={(e) => setBase({ ...base, [key]: Number(e.target.value) })}
              className="w-full"
              style={{ accentColor: toCss(base) }}
            />
          </label>
        ))}
      </div>
      {Object.entries(SCHEMES).map(([name, make]) => (
        <section key={name}>
          <h2 className="mb-2 text-sm font-semibold text-gray-600">{name}</h2>
          <div className="flex h-24 overflow-hidden rounded-xl">
            {make(base).map((color, i) => {
              const hex = toHex(color);
              return (
                <button
                  key={hex + i}
                  className="swatch flex flex-1 items-end justify-center pb-2 font-mono text-xs"
                  style={{ backgroundColor: hex, color: color.l > 60 ? "#000" : "#fff" }}
                  onClick={() => void copy(hex)}
                >
                  {copied === hex ? "copied!" : hex}
                </button>
              );
            })}
          </div>
        </section>
      ))}
    </div>
  );
}
