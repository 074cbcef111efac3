import { ArrowRight, PlayCircle } from "lucide-react";

export default function HeroSection() {
  const badges = ["No credit card", "14-day trial", "Cancel anytime"];

  return (
    <section className="relative overflow-hidden bg-gradient-to-b from-slate-950 via-slate-900 to-slate-950 text-white">
      {/* Soft glow behind the headline */}
      <div
        aria-hidden="true"
        className="pointer-events-none absolute left-1/2 top-0 h-[480px] w-[900px] -translate-x-1/2 rounded-full bg-indigo-500/20 blur-3xl"
      />
      <div className="relative mx-auto flex max-w-5xl flex-col items-center px-6 py-28 text-center">
        <span className="inline-flex items-center gap-2 rounded-full border border-white/10 bg-white/5 px-4 py-1 text-xs font-medium tracking-wide text-indigo-200">
          New &mdash; Harbor 2.0 is here
        </span>
        <h1 className="mt-8 text-5xl font-semibold leading-tight tracking-tight sm:text-6xl">
          Ship your side project
          <span className="block bg-gradient-to-r from-indigo-300 to-fuchsia-300 bg-clip-text text-transparent">
            before the weekend ends
          </span>
        </h1>
        <p className="mt-6 max-w-2xl text-lg text-slate-300">
          Harbor turns a folder into a running app. Push once, get a URL, invite your friends. It&apos;s
          deployment for people who&apos;d rather be building.
        </p>
        <div className="mt-10 flex flex-col gap-4 sm:flex-row">
          <a
            href="#start"
            className="inline-flex items-center justify-center gap-2 rounded-xl bg-indigo-500 px-6 py-3 font-medium shadow-lg shadow-indigo-500/30 transition hover:bg-indigo-400 focus-visible:outline focus-visible:outline-2"
          >
            Start for free
            <ArrowRight className="h-4 w-4" />
          </a>
          <button
            type="button"
            className="inline-flex items-center justify-center gap-2 rounded-xl border border-white/15 px-6 py-3 font-medium text-slate-200 hover:bg-white/5"
          >
            <PlayCircle className="h-4 w-4" /> Watch the tour
          </button>
        </div>
        <ul className="mt-8 flex flex-wrap justify-center gap-x-6 gap-y-2 text-sm text-slate-400">
          {badges.map((badge) => (
            <li key={badge} className="before:mr-2 before:text-emerald-400 before:content-['✓']">
              {badge}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
