/**
 * The modules that generated code may import, and the names that it uses without importing them. Everything here
 * is bundled or a stand-in; nothing is loaded.
 */

import { createIcons } from "./icons.js";
import { createMotion } from "./motion.js";
import { memoized, placeholder, softValue } from "./soft.js";

/** Names of React that code without imports may mean; `Activity` and the like are rather icons. */
const REACT_NAMES =
  /^(?:React|use[A-Z]?\w*|createContext|createElement|cloneElement|createRef|isValidElement)$/;
const REACT_COMPONENTS =
  /^(?:memo|forwardRef|lazy|Fragment|Suspense|StrictMode|Profiler|Component|PureComponent|Children|startTransition)$/;
const UI = /(?:^|\/)components\/ui(?:\/|$)|^@radix-ui\/|^@headlessui\/react$|^@shadcn\/ui/;
const UTILS = /(?:^|\/)lib\/utils(?:\.\w+)?$|(?:^|\/)utils\/cn$/;
const RECHARTS =
  /^(?:(?:Line|Bar|Area|Pie|Radar|RadialBar|Composed|Scatter|Funnel)Chart|ResponsiveContainer|CartesianGrid|[XY]Axis)$/;

export function createModules({ React, kit, modules }) {
  const icons = createIcons(React, modules["lucide-react"]);
  const utilities = createUtilities(modules);
  const motion = modules["framer-motion"] ?? createMotion(React);
  const recharts = modules.recharts ?? createCharts(React);
  const next = createNext(React, kit);
  const jsx = { jsx: elementOfProps(React), jsxs: elementOfProps(React), Fragment: React.Fragment };
  const table = new Map([
    ["react", React],
    ["react/jsx-runtime", jsx],
    ["react/jsx-dev-runtime", { ...jsx, jsxDEV: jsx.jsx }],
    [
      "react-dom",
      { createPortal: (children) => children, flushSync: (run) => run(), default: softValue("ReactDOM") },
    ],
    ["lucide-react", icons.module],
    ["clsx", withDefault(utilities.clsx, { clsx: utilities.clsx })],
    ["classnames", withDefault(utilities.clsx, {})],
    ["tailwind-merge", withDefault(utilities.twMerge, utilities)],
    ["class-variance-authority", { ...utilities }],
    ["framer-motion", motion],
    ["motion/react", motion],
    ["motion", motion],
    ["recharts", recharts],
    ...Object.entries(next),
  ]);
  const owned = ownedBy([
    React,
    icons.module,
    motion,
    recharts,
    utilities,
    ...Object.values(next),
    kit.components,
  ]);
  const free = (name) => freeName(name, { React, utilities, motion, recharts, next, icons });
  return {
    get: (from) => moduleNamed(from, { table, icons, kit, utilities }),
    free,
    owns: (value) => owned.has(value),
  };
}

function moduleNamed(from, { table, icons, kit, utilities }) {
  if (table.has(from)) return table.get(from);
  if (/^(?:react-icons|@heroicons|@tabler\/icons|@radix-ui\/react-icons|@phosphor-icons)/.test(from))
    return icons.module;
  if (UTILS.test(from)) return undefinedWhereMissing(utilities);
  if (/\.(?:css|scss|sass|less)$/.test(from)) return withDefault(softValue("styles"), {});
  return UI.test(from) && !from.startsWith(".") && !from.startsWith("@/") ? kit.module : undefined;
}

function undefinedWhereMissing(object) {
  return { ...object };
}

function freeName(name, { React, utilities, motion, recharts, next, icons }) {
  if (REACT_NAMES.test(name) || REACT_COMPONENTS.test(name)) {
    if (name === "React") return React;
    if (React[name] !== undefined) return React[name];
  }
  if (Object.hasOwn(utilities, name)) return utilities[name];
  if (name === "motion" || name === "AnimatePresence") return motion[name];
  if (RECHARTS.test(name)) return recharts[name];
  if (name === "useRouter" || name === "usePathname") return next["next/navigation"][name];
  return icons.lookup(name);
}

function elementOfProps(React) {
  return (type, props, key) => React.createElement(type, key === undefined ? props : { ...props, key });
}

function withDefault(value, module) {
  return { ...module, default: value };
}

function ownedBy(modules) {
  const owned = new WeakSet();
  for (const module of modules) {
    for (const key of Object.keys(module)) {
      const value = module[key];
      if (typeof value === "function" || (typeof value === "object" && value !== null)) owned.add(value);
    }
  }
  return owned;
}

function createUtilities(modules) {
  const clsx = modules.clsx ?? joined;
  const twMerge = modules["tailwind-merge"] ?? joined;
  const cn = (...values) => twMerge(clsx(values));
  return {
    clsx,
    twMerge,
    twJoin: clsx,
    cn,
    cx: clsx,
    cva: modules["class-variance-authority"] ?? plainVariants,
  };
}

function joined(...values) {
  const words = [];
  const add = (value) => {
    if (typeof value === "string" || typeof value === "number") words.push(value);
    else if (Array.isArray(value)) value.forEach(add);
    else if (typeof value === "object" && value !== null) {
      for (const [word, isOn] of Object.entries(value)) if (isOn) words.push(word);
    }
  };
  add(values);
  return words.filter(Boolean).join(" ");
}

/** The part of class-variance-authority that pages use. */
function plainVariants(base, { variants = {}, defaultVariants = {} } = {}) {
  return (props = {}) => {
    const chosen = Object.entries(variants).map(
      ([name, values]) => values[props?.[name] ?? defaultVariants[name]],
    );
    return joined(base, chosen, props?.class, props?.className);
  };
}

function createNext(React, kit) {
  const router = {
    push() {},
    replace() {},
    back() {},
    forward() {},
    refresh() {},
    prefetch() {},
    query: {},
    pathname: "/",
  };
  const font = new Proxy(() => {}, { get: (_, key) => (key === "then" ? undefined : () => FONT) });
  const { Link, Image } = kit.components;
  const nothing = () => null;
  return {
    "next/link": withDefault(Link, { Link }),
    "next/image": withDefault(Image, { Image }),
    "next/head": withDefault(nothing, {}),
    "next/script": withDefault(nothing, {}),
    "next/dynamic": withDefault(() => placeholder("Dynamic"), {}),
    "next/router": { useRouter: () => router },
    "next/navigation": {
      useRouter: () => router,
      usePathname: () => "/",
      useSearchParams: () => new URLSearchParams(),
      useParams: () => ({}),
      redirect() {},
      notFound() {},
    },
    "next/font/google": font,
    "next/font/local": withDefault(() => FONT, {}),
    "react-router-dom": {
      Link,
      NavLink: Link,
      useNavigate: () => () => {},
      useLocation: () => ({ pathname: "/", search: "", hash: "" }),
      useParams: () => ({}),
    },
  };
}

/** Fonts are not loaded: the classes of a page lead to the system's. */
const FONT = Object.freeze({
  className: "",
  variable: "",
  style: Object.freeze({ fontFamily: "system-ui, sans-serif" }),
});

/** Charts without the pack: a labeled box. */
function createCharts(React) {
  const box = memoized((name) => {
    const isFrame = /Chart$/.test(name);
    const Chart = ({ children }) =>
      isFrame
        ? React.createElement("div", { className: "cs-box", role: "img", "aria-label": name }, name)
        : children;
    return name === "ResponsiveContainer" || isFrame ? Chart : () => null;
  });
  return new Proxy(
    {},
    { get: (_, key) => (typeof key === "string" && /^[A-Z]/.test(key) ? box(key) : undefined) },
  );
}
