/**
 * Gives the focus back to the page when a frame took it by itself. A click or Tab into the frame is the user's
 * wish and left alone. The types are in `focus.d.ts`.
 */

const TAB = 500;
/** Milliseconds for which browsers call a user active after an input. */
const ACTIVATION = 5000;
/** Milliseconds after which an input in the page says little about the next one in the frame. */
const RECENT = 1000;

/** Watches the frames that are in `element`. */
export class FocusGuard {
  #element;
  #restored;
  #listeners = new AbortController();
  #focused = null;
  #inside = null;
  #tab = -Infinity;
  #input = -Infinity;
  #entered = -Infinity;
  #isOver = false;
  #byTouch = false;

  /** `restored` is called each time the focus was given back. */
  constructor(element, restored = () => {}) {
    this.#element = element;
    this.#restored = restored;
    this.#focused = document.activeElement;
    const page = { capture: true, passive: true, signal: this.#listeners.signal };
    window.addEventListener("blur", this.#check, page);
    document.addEventListener("focusin", this.#check, page);
    for (const type of ["keydown", "pointerdown"]) document.addEventListener(type, this.#noteInput, page);
    const own = { passive: true, signal: this.#listeners.signal };
    element.addEventListener("pointerover", this.#noteOver, own);
    element.addEventListener("pointerleave", this.#noteLeave, own);
  }

  stop() {
    this.#listeners.abort();
  }

  #holds(target) {
    return target instanceof HTMLIFrameElement && this.#element.contains(target);
  }

  #noteInput = (event) => {
    if (!event.isTrusted) return;
    this.#input = performance.now();
    this.#byTouch = event.pointerType === "touch";
    if (event.key === "Tab") this.#tab = this.#input;
  };

  #noteOver = (event) => {
    this.#isOver = this.#holds(event.target);
    if (this.#isOver) this.#entered = performance.now();
  };

  #noteLeave = () => {
    this.#isOver = false;
  };

  #check = (event) => {
    const target = document.activeElement;
    if (!this.#holds(target)) {
      this.#inside = null;
      // While the focus is on its way into a frame, the active element is the body.
      if (event.type === "focusin") this.#focused = target;
    } else if (this.#inside !== target) {
      if (this.#isWanted()) this.#inside = target;
      // The browser is in the middle of moving the focus, and would overrule a change made here.
      else setTimeout(() => this.#restore(target));
    }
  };

  /** Whether the user, and not code in the frame, has moved the focus there. */
  #isWanted() {
    const now = performance.now();
    if (now - this.#tab < TAB) return true;
    // An input in the frame makes the user active in the page too, though the page does not see the event.
    const isActive = navigator.userActivation?.isActive ?? true;
    if (!isActive) return false;
    const quiet = now - this.#input;
    if (quiet > ACTIVATION && navigator.userActivation !== undefined) return true;
    // The page had an input itself, which may have made the user active. Where the user is about to type there,
    // only a pointer over the frame tells that a click into the frame was meant.
    if (this.#isOver) return quiet > RECENT || this.#entered > this.#input;
    return isEditable(this.#focused) ? this.#byTouch && quiet > RECENT : true;
  }

  #restore(frame) {
    if (document.activeElement !== frame || this.#listeners.signal.aborted) return;
    const isElement = this.#focused?.isConnected && this.#focused !== document.body;
    // A frame keeps the focus when it is blurred: only another element can take it from there.
    const target = isElement ? this.#focused : this.#element;
    if (!isElement) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    if (!isElement) {
      target.blur();
      target.removeAttribute("tabindex");
    }
    this.#restored();
  }
}

function isEditable(element) {
  return element?.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element?.tagName);
}
