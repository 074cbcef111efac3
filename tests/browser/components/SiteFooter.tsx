import Link from "next/link";

const columns = {
  Product: ["Features", "Pricing", "Changelog", "Roadmap"],
  Company: ["About", "Careers", "Press kit"],
  Legal: ["Terms", "Privacy", "Imprint"],
} as const;

type Column = keyof typeof columns;

const slug = (text: string) => "/" + text.toLowerCase().replace(/[^a-z0-9]+/g, "-");

export function SiteFooter() {
  const year = 2026;

  return (
    <footer className="border-t border-zinc-800 bg-zinc-950 text-zinc-400">
      <div className="mx-auto grid max-w-6xl gap-10 px-6 py-16 md:grid-cols-[2fr_3fr]">
        <div>
          <div className="flex items-center gap-3 text-white">
            <svg width="28" height="28" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round">
              <path d="M12 22V8M5 12H2a10 10 0 0 0 20 0h-3" />
              <circle cx="12" cy="5" r="3" />
            </svg>
            <span className="text-lg font-semibold">Harbor</span>
          </div>
          <p className="mt-4 max-w-xs text-sm">A quiet place for software to live.</p>
          <div className="mt-6 flex gap-4">
            <a href="#github" aria-label="GitHub" className="hover:text-white">
              <svg viewBox="0 0 24 24" className="h-5 w-5" fill="currentColor">
                <path d="M12 .5a11.5 11.5 0 0 0-3.64 22.41c.58.1.79-.25.79-.56v-2.17c-3.2.7-3.88-1.37-3.88-1.37-.53-1.34-1.3-1.7-1.3-1.7-1.05-.72.08-.7.08-.7 1.17.08 1.78 1.2 1.78 1.2 1.04 1.78 2.73 1.27 3.4.97.1-.76.4-1.27.74-1.56-2.56-.3-5.25-1.28-5.25-5.7 0-1.26.45-2.3 1.19-3.1-.12-.3-.52-1.47.11-3.06 0 0 .97-.31 3.18 1.18a11 11 0 0 1 5.78 0c2.2-1.5 3.17-1.18 3.17-1.18.63 1.6.23 2.76.11 3.05.74.81 1.19 1.85 1.19 3.11 0 4.43-2.7 5.4-5.27 5.69.42.36.78 1.06.78 2.14v3.17c0 .31.21.67.8.56A11.5 11.5 0 0 0 12 .5z" />
              </svg>
            </a>
            <a href="#mastodon" aria-label="Mastodon" className="hover:text-white">
              <svg viewBox="0 0 24 24" className="h-5 w-5" fill="currentColor">
                <path d="M21.3 8.6c0-4.3-2.8-5.6-2.8-5.6C17 2.3 14.6 2 12 2s-5 .3-6.5 1c0 0-2.8 1.3-2.8 5.6 0 5.2-.3 11.6 4.7 12.9 1.8.5 3.4.6 4.6.5 2.3-.1 3.5-.8 3.5-.8l-.1-1.7s-1.6.5-3.4.5c-1.8-.1-3.6-.2-3.9-2.4l-.1-.6c3.8.9 7 .4 7.9.3 2.5-.3 4.6-1.8 4.9-3.2.4-2.2.5-5.5.5-5.5z" />
              </svg>
            </a>
          </div>
        </div>
        <nav className="grid grid-cols-2 gap-8 sm:grid-cols-3" aria-label="Footer">
          {(Object.keys(columns) as Column[]).map((heading) => (
            <div key={heading}>
              <h3 className="text-sm font-semibold text-white">{heading}</h3>
              <ul className="mt-4 space-y-2 text-sm">
                {columns[heading].map((entry) => (
                  <li key={entry}>
                    <Link href={slug(entry)} className="hover:text-white">
                      {entry}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </nav>
      </div>
      <div className="border-t border-zinc-800 py-6 text-center text-xs">
        &copy; {year} Harbor &middot; Made with too much coffee &amp; not enough sleep
      </div>
    </footer>
  );
}

export default SiteFooter;
