/**
 * Stand-ins for names that the text has not defined yet (or never will). A soft value survives the ways in which
 * values are used while a page is drawn: call, member, iteration, text and number.
 */

const softValues = new WeakSet();
const placeholders = new WeakSet();

/** The properties that React and the language read from a value to find out its kind. */
const ABSENT = new Set([
  "prototype",
  "$$typeof",
  "type",
  "render",
  "compare",
  "contextType",
  "contextTypes",
  "childContextTypes",
  "defaultProps",
  "propTypes",
  "displayName",
  "getDerivedStateFromProps",
  "_payload",
  "_init",
  "_context",
  "_owner",
  "_store",
  "then",
  "toJSON",
  "nodeType",
  "ref",
  "key",
  "props",
  "__esModule",
]);

const EMPTY_LISTS = new Set([
  "map",
  "filter",
  "slice",
  "sort",
  "flatMap",
  "flat",
  "concat",
  "reverse",
  "toSorted",
]);
const EMPTY_TEXTS = new Set([
  "toString",
  "toLocaleString",
  "join",
  "toFixed",
  "toUpperCase",
  "toLowerCase",
  "trim",
]);
const NUMBERS = new Set(["length", "size"]);

/** Whether a value came from {@link softValue}. */
export function isSoft(value) {
  return typeof value === "function" && softValues.has(value);
}

/** Return a value that may be called, read, iterated and shown, and that shows nothing. */
export function softValue(name = "") {
  const members = new Map();
  const soft = new Proxy(function () {}, {
    get: (_, key) => (members.has(key) ? members.get(key) : memberOf(key, members, name)),
    set: (_, key, value) => {
      members.set(key, value);
      return true;
    },
    has: (_, key) => key === "prototype" || members.has(key),
    ownKeys: () => ["prototype"],
    apply: () => soft,
    construct: () => soft,
  });
  softValues.add(soft);
  return soft;
}

function memberOf(key, members, name) {
  if (typeof key === "symbol") return symbolOf(key, members, name);
  if (ABSENT.has(key)) return undefined;
  if (NUMBERS.has(key)) return 0;
  if (key === "name") return name;
  if (EMPTY_LISTS.has(key)) return () => [];
  if (EMPTY_TEXTS.has(key)) return () => "";
  if (key === "valueOf") return () => 0;
  if (key === "forEach") return () => undefined;
  if (key === "reduce") return (_, initial) => initial ?? 0;
  const member = softValue(key);
  members.set(key, member);
  return member;
}

function symbolOf(key, members, name) {
  if (key === Symbol.toPrimitive) return (hint) => (hint === "number" ? 0 : "");
  if (key !== Symbol.iterator) return undefined;
  // Two items, as `const [value, setValue] = useSomething()` expects.
  return function* () {
    for (const index of [0, 1]) {
      const item = `item ${index}`;
      if (!members.has(item)) members.set(item, softValue(name));
      yield members.get(item);
    }
  };
}

/** Return `make(name)`, made once for each name. */
export function memoized(make) {
  const made = new Map();
  return (name) => {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name);
  };
}

/** Whether a name is one of a component: `Card`, and not `card`, `PLANS` or `MAX_ITEMS`. */
export function isComponentName(name) {
  return /^\p{Lu}/u.test(name) && !/^[\p{Lu}\d_]{2,}$/u.test(name);
}

/**
 * Return a component that shows only its children, with every member a component of the same kind, as in
 * `<Unknown.Part>`.
 */
export function placeholder(name) {
  const show = (props) => props?.children ?? null;
  const member = memoized((key) => placeholder(`${name}.${key}`));
  const component = new Proxy(show, {
    get: (target, key) => {
      if (typeof key === "symbol" || ABSENT.has(key) || key in target) return Reflect.get(target, key);
      return member(key);
    },
  });
  placeholders.add(component);
  return component;
}

/** Whether a value came from {@link placeholder}. */
export function isStandIn(value) {
  return placeholders.has(value);
}
