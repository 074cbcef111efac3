import React, { useState } from "react"

type Project = {
  slug: string
  title: string
  year: number
  kind: "print" | "web" | "sign"
  wide?: boolean
  art: () => JSX.Element
}

const projects: Project[] = [
  {
    slug: "almanac",
    title: "An almanac of small storms",
    year: 2025,
    kind: "print",
    wide: true,
    art: () => (
      <svg viewBox="0 0 400 200" className="h-full w-full">
        <rect width="400" height="200" fill="#0f172a" />
        {Array.from({ length: 24 }).map((_, i) => (
          <line key={i} x1={i * 18} y1="0" x2={i * 18 - 60} y2="200" stroke="#38bdf8" strokeWidth={i % 5 === 0 ? 3 : 1} opacity={0.2 + (i % 4) * 0.2} />
        ))}
      </svg>
    ),
  },
  {
    slug: "bakery",
    title: "Signs for a bakery",
    year: 2024,
    kind: "sign",
    art: () => (
      <svg viewBox="0 0 200 200" className="h-full w-full">
        <rect width="200" height="200" fill="#fde68a" />
        <circle cx="100" cy="100" r="60" fill="#b45309" />
        <path d="M60 100q40-50 80 0" stroke="#fde68a" strokeWidth="8" fill="none" />
        <path d="M60 120q40-50 80 0" stroke="#fde68a" strokeWidth="8" fill="none" />
      </svg>
    ),
  },
  {
    slug: "tides",
    title: "tides.example",
    year: 2023,
    kind: "web",
    art: () => <div className="grid h-full place-items-center bg-gradient-to-t from-teal-800 to-teal-300 text-6xl text-white">≈</div>,
  },
]

const kinds = ["all", ...new Set(projects.map((p) => p.kind))]

export default function PortfolioPage() {
  const [kind, setKind] = useState("all")
  const [hover, setHover] = useState<string>()

  const shown = projects.filter((project) => kind === "all" || project.kind === kind)

  return (
    <div className="min-h-screen bg-[#fafaf9] px-8 py-12 text-stone-900 md:px-16">
      <header className="mb-16 flex flex-wrap items-baseline justify-between gap-6">
        <h1 className="text-2xl font-medium">
          Marit Sund<span className="text-orange-600">.</span>
        </h1>
        <nav className="flex gap-6 text-sm">
          {kinds.map((name) => (
            <button key={name} onClick={() => setKind(name)} className={name === kind ? "underline decoration-orange-600 underline-offset-8" : "text-stone-500"}>
              {name}
            </button>
          ))}
          <a href="mailto:marit@example.com">contact</a>
        </nav>
      </header>
      <p className="mb-16 max-w-2xl text-4xl font-light leading-snug">
        I draw letters, signs and the occasional website. <span className="text-stone-400">Mostly in the rain.</span>
      </p>
      <div className="grid auto-rows-[18rem] grid-cols-1 gap-6 md:grid-cols-3">
        {shown.map(({ slug, title, year, wide, art: Art }) => (
          <a
            key={slug}
            href={`#work/${slug}`}
            onMouseEnter={() => setHover(slug)}
            onMouseLeave={() => setHover(undefined)}
            className={`group relative overflow-hidden rounded-sm ${wide ? "md:col-span-2" : ""}`}
          >
            <Art />
            <div className={`absolute inset-x-0 bottom-0 flex justify-between bg-white p-4 transition ${hover === slug ? "translate-y-0" : "md:translate-y-full"}`}>
              <span>{title}</span>
              <span className="text-stone-400">{year}</span>
            </div>
          </a>
        ))}
      </div>
    </div>
  )
}
