/** Icons by name: those of lucide, and a square for every name that it does not know. */

import { memoized } from "./soft.js";

/** Names that pages use in their own `Icons` object, or that lucide has renamed. */
const ALIASES = {
  Spinner: "LoaderCircle",
  Loader2: "LoaderCircle",
  Logo: "Box",
  Close: "X",
  Hamburger: "Menu",
  Arrow: "ArrowRight",
  Dashboard: "LayoutDashboard",
  Email: "Mail",
  Location: "MapPin",
  Cart: "ShoppingCart",
  Lightning: "Zap",
  Warning: "TriangleAlert",
  Success: "CircleCheck",
  Error: "CircleX",
  Profile: "User",
  Twitter: "AtSign",
  Github: "GitBranch",
  GitHub: "GitBranch",
  Gitlab: "GitBranch",
  Linkedin: "Briefcase",
  LinkedIn: "Briefcase",
  Facebook: "ThumbsUp",
  Instagram: "Camera",
  Youtube: "Play",
  YouTube: "Play",
  Google: "Globe",
  Apple: "Apple",
};

const ICON_PROPS = new Set(
  (
    "className style size color fill stroke strokeWidth absoluteStrokeWidth width height title role ref " +
    "id"
  ).split(" "),
);

function isIconProp(name) {
  return ICON_PROPS.has(name) || /^(?:aria-|data-|on[A-Z])/.test(name);
}

export function createIcons(React, lucide = {}) {
  const square = memoized((name) => createSquare(React, name));
  const known = (name) => {
    for (const key of [
      name,
      `${name}Icon`,
      name.replace(/Icon$/, ""),
      ALIASES[name],
      ALIASES[name.replace(/Icon$/, "")],
    ]) {
      if (isIcon(lucide[key])) return lucide[key];
    }
    return undefined;
  };
  const any = (key) => {
    const name = pascal(key);
    return known(name) ?? square(name);
  };
  /** Every name is an icon, also `Icons.menu`. */
  const Icons = new Proxy(
    {},
    { get: (_, key) => (typeof key === "string" && key !== "then" ? any(key) : undefined) },
  );
  const bare = memoized((name) => bareIcon(React, known(name)));
  return {
    Icons,
    module: moduleOf(lucide, Icons),
    /** The icon that a bare name means, if there is one. */
    lookup: (name) => (/^\p{Lu}/u.test(name) && known(name) !== undefined ? bare(name) : undefined),
  };
}

/** A name without import may also mean a component that is still to come; icons have no children or other props. */
function bareIcon(React, icon) {
  return function Icon(props) {
    const isIconLike = Object.keys(props).every(isIconProp);
    return isIconLike ? React.createElement(icon, props) : (props.children ?? null);
  };
}

function moduleOf(lucide, Icons) {
  const helpers = new Set(["icons", "createLucideIcon", "default", "__esModule"]);
  return new Proxy(lucide, {
    get: (target, key) => {
      if (typeof key === "symbol") return undefined;
      if (key === "icons") return Icons;
      return target[key] ?? (helpers.has(key) || key === "then" ? undefined : Icons[key]);
    },
  });
}

function isIcon(value) {
  return (
    typeof value === "function" ||
    (typeof value === "object" && value !== null && value.$$typeof !== undefined)
  );
}

function pascal(key) {
  return key.replace(/(?:^|[-_ ])(\w)/g, (_, letter) => letter.toUpperCase());
}

function createSquare(React, name) {
  return function Icon({ size = 24, color = "currentColor", strokeWidth = 2, className, ...rest }) {
    const frame = { viewBox: "0 0 24 24", fill: "none", stroke: color, strokeWidth, "aria-hidden": true };
    const classes = ["lucide", className].filter(Boolean).join(" ");
    return React.createElement(
      "svg",
      { width: size, height: size, ...frame, className: classes, "data-icon": name, ...rest },
      React.createElement("rect", { x: 4, y: 4, width: 16, height: 16, rx: 3 }),
    );
  };
}
