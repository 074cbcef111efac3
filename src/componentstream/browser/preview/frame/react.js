/**
 * The React that generated code sees: `createElement` puts the stable component of a name in the place of the
 * function of the moment and repairs the props of half-written code; contexts reach sections that are rendered
 * elsewhere in the tree.
 */

import { isSoft, memoized, placeholder } from "./soft.js";

/** Elements that only work outside the page body, load something, or open a document of their own. */
const TAGS = new Map([
  ["html", "div"],
  ["body", "div"],
  ["head", null],
  ["title", null],
  ["meta", null],
  ["link", null],
  ["base", null],
  ["script", null],
  ["noscript", null],
  ["iframe", "div"],
  ["frame", "div"],
  ["object", "div"],
  ["embed", "div"],
  ["portal", "div"],
  ["fencedframe", "div"],
]);
const DOCUMENT_PROPS = ["src", "srcDoc", "data", "type", "sandbox", "allow", "loading"];
const EMPTY = new Set(["area", "br", "col", "hr", "img", "input", "source", "track", "wbr"]);
const MEDIA = new Set(["img", "video", "audio", "source", "track", "image"]);
const LOADING_PROPS = ["src", "srcSet", "srcset", "poster", "href", "xlinkHref"];
const FIELDS = new Set(["range", "color"]);
const NONE = Symbol("no value");
const GRAY = "#e2e8f0";
const DARK_GRAY = "#64748b";

/** Return the module `react` for generated code, and the element function of a block. */
export function createReact({ React, cellOf, elementTypeOf, nativeStandIn }) {
  const Bridge = React.createContext(null);
  const contexts = createContexts(React, Bridge);
  const plain = memoized((name) => placeholder(name));

  function typeOf(type, block) {
    if (typeof type === "string") return TAGS.has(type) ? TAGS.get(type) : type;
    if (type === null || type === undefined || isSoft(type)) return plain("");
    const cell = cellOf(type);
    if (cell !== undefined) return elementTypeOf(cell, block);
    if (typeof type === "function") return nativeStandIn(type) ?? type;
    if (typeof type !== "object" || type.$$typeof !== undefined) return type;
    return typeof type.default === "function" ? typeOf(type.default, block) : plain("");
  }

  function elementFor(block) {
    return (type, props, ...children) => {
      const known = typeOf(type, block);
      if (known === null) return null;
      if (typeof known !== "string")
        return React.createElement(known, componentProps(props, known), ...children);
      const repaired = hostProps(known, props, type, block);
      const dropsChildren = EMPTY.has(known) || repaired?.dangerouslySetInnerHTML !== undefined;
      if (dropsChildren) return React.createElement(known, withoutChildren(repaired));
      return React.createElement(known, repaired, ...children.map(asChild));
    };
  }

  const own = { ...contexts.api, memo: (type, compare) => React.memo(stable(type), compare) };
  const stable = (type) => cellOf(type)?.component ?? type;
  const moduleFor = (createElement) => {
    const module = { ...React, ...own, createElement };
    return Object.assign(module, { default: module });
  };
  return { elementFor, moduleFor, Bridge, readContexts: contexts.read };
}

/** A class component would take the `ref` for itself; the function behind a cell gets it as a prop. */
function componentProps(props, type) {
  if (props === null || props === undefined || !type.isCell || props.ref === undefined) return props;
  const { ref, ...rest } = props;
  return { ...rest, forwardedRef: ref };
}

/** These show a value of their own as long as they have none, which the page may never have. */
function isFieldWithoutValue(tag, props, block) {
  if (tag !== "input" || !block || block.isComplete) return false;
  return FIELDS.has(props.type) && props.value === undefined && props.defaultValue === undefined;
}

function withoutChildren(props) {
  if (props === null || props === undefined || !("children" in props)) return props;
  const { children, ...rest } = props;
  return rest;
}

/** An object that cannot be rendered is left out, where React would throw. */
function asChild(child) {
  if (typeof child !== "object" || child === null || child.$$typeof !== undefined) return child;
  if (Array.isArray(child)) return child.map(asChild);
  return typeof child[Symbol.iterator] === "function" || typeof child.then === "function" ? child : null;
}

function hostProps(tag, props, original, block) {
  if (props === null || props === undefined) return props;
  let repaired = props;
  if (props.style !== undefined && (typeof props.style !== "object" || props.style === null)) {
    repaired = { ...repaired, style: undefined };
  }
  const html = props.dangerouslySetInnerHTML;
  if (html !== undefined && typeof html?.__html !== "string") {
    repaired = { ...repaired, dangerouslySetInnerHTML: undefined };
  }
  if (isFieldWithoutValue(tag, props, block)) repaired = { ...repaired, type: undefined };
  if (props.children !== undefined) repaired = { ...repaired, children: asChild(props.children) };
  if (MEDIA.has(tag)) return mediaProps(tag, repaired, block);
  return tag === original || tag !== "div" ? repaired : without(repaired, DOCUMENT_PROPS);
}

function without(props, names) {
  if (!names.some((name) => name in props)) return props;
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
}

/** Nothing is loaded: an image becomes a gray box that carries its text. */
function mediaProps(tag, props, block) {
  const isData = (value) => typeof value === "string" && value.startsWith("data:");
  const rest = Object.fromEntries(
    Object.entries(props).filter(([name, value]) => !LOADING_PROPS.includes(name) || isData(value)),
  );
  if (tag !== "img" || props.src === undefined || isData(props.src)) return rest;
  // Until the tag may be complete, the text is not known, and an attribute must not show a value it will lose.
  if (props.alt === undefined && !block?.isComplete) return rest;
  return { ...rest, src: grayImage(props.alt) };
}

/** Return the address of a gray image with a text. */
export function grayImage(text) {
  const label =
    typeof text === "string" ? text.slice(0, 80).replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`) : "";
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="400" viewBox="0 0 640 400">` +
    `<rect width="640" height="400" fill="${GRAY}"/>` +
    `<text x="320" y="208" fill="${DARK_GRAY}" font-family="system-ui,sans-serif" font-size="22" ` +
    `text-anchor="middle">${label}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/**
 * Contexts of generated code. A section that the root has taken over is still rendered where it began, so that
 * it keeps its state; the values of the providers around its new place reach it over the bridge.
 */
function createContexts(React, Bridge) {
  const defaults = new Map();
  const bridged = (context, value) => {
    if (value !== NONE) return value;
    const bridge = React.useContext(Bridge);
    return bridge !== null && bridge.has(context) ? bridge.get(context) : defaults.get(context);
  };
  const useContext = (context) => {
    if (context === null || context === undefined || isSoft(context)) return context;
    return bridged(context, React.useContext(context));
  };
  const createContext = (value) => {
    const context = React.createContext(NONE);
    defaults.set(context, value);
    const Consumer = ({ children }) =>
      typeof children === "function" ? children(useContext(context)) : null;
    Object.defineProperty(context, "Consumer", { value: Consumer });
    return context;
  };
  const use = (usable) => (defaults.has(usable) ? useContext(usable) : React.use(usable));
  /** Return the values of all contexts at this place of the tree. */
  const read = () => {
    const values = new Map();
    for (const context of defaults.keys()) {
      const value = React.useContext(context);
      if (value !== NONE) values.set(context, value);
    }
    return values;
  };
  return { api: { createContext, useContext, use }, read };
}
