/**
 * Stand-ins for the window, the document and the location in generated code, so that setting the location scrolls
 * or does nothing: the real `location` cannot be changed, and each entry that it adds to the history of the frame
 * is one more in the way of the Back button of the host.
 */

const WINDOW_NAMES = ["window", "self", "globalThis", "frames"];
const NAVIGATIONS = ["assign", "replace", "reload"];

/** Return the stand-ins by name; `scrollTo` is called with a hash. */
export function createGuards(window, scrollTo) {
  const location = guardedLocation(window.location, scrollTo);
  const own = new Map([["location", location]]);
  const document = guarded(window.document, own);
  const guardedWindow = guarded(window, new Map([...own, ["document", document]]));
  own.set("defaultView", guardedWindow);
  return new Map([...own, ["document", document], ...WINDOW_NAMES.map((name) => [name, guardedWindow])]);
}

function guardedLocation(location, scrollTo) {
  return new Proxy(Object.create(null), {
    get: (_, key) => {
      if (NAVIGATIONS.includes(key)) return () => {};
      const value = location[key];
      return typeof value === "function" ? value.bind(location) : value;
    },
    set: (_, key, value) => {
      const text = String(value);
      if (key === "hash") scrollTo(text.startsWith("#") ? text : `#${text}`);
      else if (key === "href" && text.startsWith("#")) scrollTo(text);
      return true;
    },
  });
}

/** Return an object that reads and writes another one, except for some of its members. */
function guarded(object, own) {
  const bound = new Map();
  return new Proxy(Object.create(null), {
    get: (_, key) => {
      if (own.has(key)) return own.get(key);
      const value = object[key];
      if (value === object) return own.get("defaultView") ?? value;
      if (typeof value !== "function" || /^[A-Z]/.test(String(key))) return value;
      if (bound.get(key)?.value !== value) bound.set(key, { value, call: value.bind(object) });
      return bound.get(key).call;
    },
    set: (_, key, value) => {
      if (key === "location") own.get("location").href = value;
      else object[key] = value;
      return true;
    },
    has: (_, key) => key in object,
    deleteProperty: (_, key) => delete object[key],
    getPrototypeOf: () => Object.getPrototypeOf(object),
  });
}
