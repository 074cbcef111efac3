import { Zap, ShieldCheck, Globe2, Sparkles, GitBranch, Bell } from "lucide-react";
import type { LucideIcon } from "lucide-react";

interface Feature {
  icon: LucideIcon;
  title: string;
  text: string;
  href?: string;
}

const features: Feature[] = [
  { icon: Zap, title: "Instant builds", text: "Warm caches mean most builds finish in under four seconds.", href: "#builds" },
  { icon: ShieldCheck, title: "Safe by default", text: "Secrets are sealed at rest and never leave the region you choose." },
  { icon: Globe2, title: "Edge everywhere", text: "31 regions. One `deploy` command. Zero maps to colour in.", href: "#edge" },
  { icon: Sparkles, title: "Smart defaults", text: "We read your package.json so you don't have to write YAML." },
  { icon: GitBranch, title: "A preview per branch", text: "Every push gets a URL that your designer can open on a phone.", href: "#previews" },
  { icon: Bell, title: "Quiet alerts", text: "We only page you when users would notice." },
];

export default function FeatureGrid() {
  return (
    <section id="features" className="bg-slate-50 py-20">
      <div className="container mx-auto px-4">
        <div className="max-w-2xl">
          <p className="text-sm font-semibold uppercase tracking-widest text-teal-600">Why Harbor</p>
          <h2 className="mt-2 text-3xl font-bold text-slate-900">Everything you&rsquo;d build yourself, if you had a year</h2>
        </div>
        <dl className="mt-12 grid grid-cols-1 gap-8 sm:grid-cols-2 lg:grid-cols-3">
          {features.map(({ icon: Icon, title, text, href }) => (
            <div key={title} className="group rounded-2xl bg-white p-6 shadow-sm ring-1 ring-slate-200 transition hover:-translate-y-1 hover:shadow-lg">
              <dt className="flex items-center gap-3 font-semibold text-slate-900">
                <span className="grid h-10 w-10 place-items-center rounded-lg bg-teal-100 text-teal-700">
                  <Icon className="h-5 w-5" strokeWidth={1.75} />
                </span>
                {title}
              </dt>
              <dd className="mt-4 text-sm leading-6 text-slate-600">
                {text}
                {href ? (
                  <>
                    {" "}
                    <a href={href} className="font-medium text-teal-700 hover:underline">
                      Learn more &rarr;
                    </a>
                  </>
                ) : null}
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}
