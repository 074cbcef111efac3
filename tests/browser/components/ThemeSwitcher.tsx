import { createContext, useContext, useState, type ReactNode } from "react";
import { Moon, Sun, Monitor } from "lucide-react";

type Theme = "light" | "dark" | "system";

interface ThemeContextValue {
  theme: Theme;
  setTheme: (theme: Theme) => void;
}

const ThemeContext = createContext<ThemeContextValue | null>(null);

function useTheme(): ThemeContextValue {
  const value = useContext(ThemeContext);
  if (!value) {
    throw new Error("useTheme must be used inside <ThemeProvider>");
  }
  return value;
}

function ThemeProvider({ children }: { children: ReactNode }) {
  const [theme, setTheme] = useState<Theme>("light");
  return <ThemeContext.Provider value={{ theme, setTheme }}>{children}</ThemeContext.Provider>;
}

const options = [
  { value: "light", label: "Light", Icon: Sun },
  { value: "dark", label: "Dark", Icon: Moon },
  { value: "system", label: "System", Icon: Monitor },
] as const;

function Toggle() {
  const { theme, setTheme } = useTheme();

  return (
    <div role="radiogroup" aria-label="Theme" className="inline-flex rounded-full border p-1">
      {options.map(({ value, label, Icon }) => (
        <button
          key={value}
          role="radio"
          aria-checked={theme === value}
          title={label}
          onClick={() => setTheme(value)}
          className={["rounded-full p-2", theme === value && "bg-neutral-900 text-white"].filter(Boolean).join(" ")}
        >
          <Icon className="h-4 w-4" />
          <span className="sr-only">{label}</span>
        </button>
      ))}
    </div>
  );
}

function Preview() {
  const { theme } = useTheme();
  const dark = theme === "dark";

  return (
    <article className={dark ? "rounded-xl bg-neutral-900 p-6 text-neutral-100" : "rounded-xl bg-neutral-100 p-6 text-neutral-900"}>
      <h3 className="text-lg font-semibold">How it looks</h3>
      <p className="mt-2 text-sm opacity-80">
        The current theme is <strong>{theme}</strong>. {dark ? "Easy on the eyes." : "Bright & early."}
      </p>
    </article>
  );
}

export default function ThemeSwitcher() {
  return (
    <ThemeProvider>
      <section className="mx-auto max-w-sm space-y-6 p-8">
        <header className="flex items-center justify-between">
          <h2 className="text-xl font-bold">Appearance</h2>
          <Toggle />
        </header>
        <Preview />
      </section>
    </ThemeProvider>
  );
}
