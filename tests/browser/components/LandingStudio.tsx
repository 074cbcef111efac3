// One page, several sections, helpers at the bottom.

export default function LandingStudio() {
  return (
    <div className="bg-[#0a0a0a] text-neutral-200 antialiased">
      <Nav />
      <main>
        <Hero />
        <Marquee words={["ceramics", "paper", "light", "wood", "sound"]} />
        <Section id="work" kicker="Work" title="Things we made on purpose">
          <div className="grid gap-px overflow-hidden rounded-2xl bg-neutral-800 sm:grid-cols-2">
            {work.map((piece) => (
              <Piece key={piece.name} {...piece} />
            ))}
          </div>
        </Section>
        <Section id="contact" kicker="Contact" title="Say hello">
          <p className="max-w-prose text-lg text-neutral-400">
            We read letters first, mail second, and everything else never. The address is
            <br />
            <strong className="font-medium text-white">Verkstedveien 1, 0277 Oslo</strong>
          </p>
        </Section>
      </main>
    </div>
  );
}

const work = [
  { name: "Lamp No. 4", year: "2024", material: "birch, brass", tall: true },
  { name: "A box for rain", year: "2023", material: "cedar" },
  { name: "Quiet chime", year: "2023", material: "steel" },
  { name: "Forty bowls", year: "2022", material: "stoneware" },
];

function Nav() {
  return (
    <nav className="sticky top-0 flex justify-between border-b border-neutral-800 bg-[#0a0a0a]/80 px-8 py-5 backdrop-blur">
      <span className="font-semibold text-white">studio/ost</span>
      <ul className="flex gap-8 text-sm">
        <li><a href="#work">Work</a></li>
        <li><a href="#contact">Contact</a></li>
      </ul>
    </nav>
  );
}

function Hero() {
  return (
    <header className="px-8 py-40">
      <h1 className="max-w-4xl text-6xl font-medium leading-[0.95] tracking-tighter text-white md:text-8xl">
        Objects for people who <span className="text-orange-500">sit still</span>.
      </h1>
      <p className="mt-8 max-w-md text-neutral-500">A workshop of four. Since 2009. Closed on sunny days.</p>
    </header>
  );
}

function Marquee({ words }: { words: string[] }) {
  return (
    <div className="flex gap-12 overflow-hidden border-y border-neutral-800 py-6 text-2xl text-neutral-700">
      {[...words, ...words].map((word, i) => (
        <span key={i}>{word} &#10022;</span>
      ))}
    </div>
  );
}

function Section({ id, kicker, title, children }: { id: string; kicker: string; title: string; children: React.ReactNode }) {
  return (
    <section id={id} className="px-8 py-32">
      <p className="text-sm uppercase tracking-widest text-orange-500">{kicker}</p>
      <h2 className="mb-16 mt-4 text-4xl text-white">{title}</h2>
      {children}
    </section>
  );
}

function Piece({ name, year, material, tall = false }: { name: string; year: string; material: string; tall?: boolean }) {
  return (
    <article className={`flex flex-col justify-end bg-[#0a0a0a] p-8 ${tall ? "row-span-2 min-h-[24rem]" : "min-h-[12rem]"}`}>
      <h3 className="text-xl text-white">{name}</h3>
      <p className="text-sm text-neutral-500">
        {material}, {year}
      </p>
    </article>
  );
}
