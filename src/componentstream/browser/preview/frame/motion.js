/** A stand-in of framer-motion: the same elements without animation. */

import { memoized, softValue } from "./soft.js";

const NAMES = /^(?:initial|animate|exit|transition|variants|custom|inherit|viewport)$/;
const PREFIXES = /^(?:layout|while[A-Z]|drag)/;
const EVENTS = /^on(?:Animation|Drag|Pan|Tap|Hover|Viewport|Layout|Update|BeforeLayout)/;
const ABSENT = new Set(["default", "then", "__esModule"]);
/** These begin like the above and are events of the DOM. */
const DOM_EVENTS = new Set(["onDragEnter", "onDragLeave", "onDragOver", "onAnimationIteration"]);

export function createMotion(React) {
  const element = memoized((tag) => createElement(React, tag));
  const target = (tag) => (typeof tag === "string" ? element(tag) : createElement(React, tag));
  const motion = new Proxy(target, {
    get: (_, key) => {
      if (typeof key === "symbol" || key === "prototype") return undefined;
      return key === "create" ? target : element(key);
    },
  });
  const Children = ({ children }) => children ?? null;
  const value = (initial) => ({ get: () => initial, set() {}, on: () => () => {}, onChange: () => () => {} });
  const hooks = {
    useAnimation: () => ({ start: () => Promise.resolve(), stop() {}, set() {} }),
    useInView: () => true,
    useReducedMotion: () => true,
    useMotionValue: value,
    useTransform: () => value(0),
    useSpring: () => value(0),
    useScroll: () => ({
      scrollX: value(0),
      scrollY: value(0),
      scrollXProgress: value(0),
      scrollYProgress: value(0),
    }),
    useAnimate: () => [React.useRef(null), () => Promise.resolve()],
  };
  hooks.useAnimationControls = hooks.useAnimation;
  const parts = { ...hooks, motion, m: motion };
  for (const name of ["AnimatePresence", "LayoutGroup", "LazyMotion", "MotionConfig"]) parts[name] = Children;
  parts.Reorder = { Group: element("ul"), Item: element("li") };
  const other = memoized(softValue);
  const isUnknown = (key) => typeof key === "string" && !ABSENT.has(key);
  return new Proxy(parts, { get: (_, key) => parts[key] ?? (isUnknown(key) ? other(key) : undefined) });
}

function createElement(React, tag) {
  return function Motion({ children, ...props }) {
    const kept = Object.entries(props).filter(([name]) => !isOfMotion(name));
    return React.createElement(tag, Object.fromEntries(kept), children);
  };
}

function isOfMotion(name) {
  return NAMES.test(name) || PREFIXES.test(name) || (EVENTS.test(name) && !DOM_EVENTS.has(name));
}
