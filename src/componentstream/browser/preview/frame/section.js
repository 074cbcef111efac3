/**
 * A section of the page and its host element. A place that shows the section claims it with an anchor element; the
 * host moves to the most important claim.
 */

const PRIORITY = { use: 2, rest: 1, region: 0 };

/** Something that components can subscribe to. */
export class Signal {
  version = 0;
  #listeners = new Set();

  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getVersion = () => this.version;

  bump() {
    this.version += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A block that is shown as a section of the page. */
export class Section extends Signal {
  props = {};
  contexts = null;
  #claims = [];
  #current = null;

  /** `parking` is where the host waits, connected, between two places. */
  constructor(block, document, parking) {
    super();
    this.block = block;
    this.host = document.createElement("div");
    this.host.className = "cs-host";
    this.parking = parking;
  }

  get isUsed() {
    return this.#claims.some((claim) => claim.kind === "use");
  }

  claim(anchor, kind) {
    const claim = { anchor, kind };
    this.#claims.push(claim);
    this.#settle();
    return claim;
  }

  release(claim) {
    this.#claims = this.#claims.filter((one) => one !== claim);
    if (claim.kind === "use" && !this.isUsed) this.pass({}, null);
    this.#settle();
  }

  /** Give the component the props and contexts of the element that uses it. */
  pass(props, contexts) {
    if (isShallowEqual(this.props, props) && isSameMap(this.contexts, contexts)) return;
    this.props = props;
    this.contexts = contexts;
    this.bump();
  }

  /** Move the host to the most important place, and the newest of those. */
  #settle() {
    let best = null;
    for (const claim of this.#claims) {
      if (best === null || PRIORITY[claim.kind] >= PRIORITY[best.kind]) best = claim;
    }
    if (best === this.#current) return;
    this.#current = best;
    const place = best === null ? this.parking.current : best.anchor;
    if (place !== null) moveInto(place, this.host);
  }
}

/** Move an element so that it keeps the focus, where it has it. */
function moveInto(parent, element) {
  const isAttached = element.isConnected && parent.isConnected;
  if (isAttached && typeof parent.moveBefore === "function") {
    parent.moveBefore(element, null);
    return;
  }
  const { activeElement } = element.ownerDocument;
  const hadFocus = element.contains(activeElement);
  const selection = hadFocus ? [activeElement.selectionStart, activeElement.selectionEnd] : null;
  parent.appendChild(element);
  if (!hadFocus) return;
  activeElement.focus({ preventScroll: true });
  if (typeof selection[0] === "number") activeElement.setSelectionRange(...selection);
}

function isShallowEqual(a, b) {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]));
}

function isSameMap(a, b) {
  if (a === b) return true;
  if (a === null || b === null || a.size !== b.size) return false;
  return [...a].every(([key, value]) => Object.is(b.get(key), value));
}
