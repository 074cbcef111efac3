/**
 * The live preview: mounts a sandboxed frame, feeds it the events of a generation, and watches it. The types
 * are in `host.d.ts`, the frame's page is built by `python -m componentstream.browser.preview`.
 *
 *     const preview = mountPreview(element, { src: "/preview/frame.html" });
 *     preview.follow(generation.store);
 *
 * The page that mounts a preview must be served with `Content-Security-Policy: frame-src` and the exact URL
 * of the frame: otherwise generated code can leave the frame's page and take data with it.
 */

import { EventLog, changes } from "./eventlog.js";
import { FocusGuard } from "./focus.js";
import { HistoryGuard } from "./history.js";
import { RateLimit, readMessage } from "./messages.js";
import { View } from "./view.js";
import { INTERVAL, Watchdog } from "./watchdog.js";

const NOTHING = { status: "idle", blocks: [] };
const START = 15_000;
const HIDDEN_FLUSH = 250;
const MIN_HEIGHT = 120;
const MAX_HEIGHT = 2400;
/** Frames of one preview that may be replaced in a minute; after that it stops until `run` or `replay`. */
const MAX_REPLACEMENTS = 6;
const MINUTE = 60_000;
/** Pause between two blocks of a careful replay, in which a block that loops by a timer gives itself away. */
const STEP = 300;
const PROMPT = 100;
const PATIENCE = 3000;
/** Between a theft of the focus and its return keys reach the frame: a frame may not repeat it endlessly. */
const MAX_THEFTS = 5;
const THEFT_WINDOW = 5000;

/** Why a frame was replaced, for people. */
const REASONS = {
  silent: "stopped answering",
  busy: "kept the preview busy",
  flood: "sent too many messages",
  left: "tried to leave its page",
  theft: "kept taking the focus",
  history: "filled the history of the page",
};

/** Mount a preview into an element, which it fills. See `host.d.ts` for the options. */
export function mountPreview(element, options) {
  return new Preview(element, options);
}

class Preview {
  #options;
  #theme;
  #log = new EventLog();
  #held = new Set();
  /** The block that was held by the frame's own account, which may blame another one. */
  #presumed = null;
  #careful = false;
  #step = null;
  #statuses = new Map();
  #changed = new Map();
  #unfollow = null;
  #destroyed = false;
  #timers = new Map();
  #listeners = new AbortController();
  #replaced = [];

  #view;
  #guard;
  #history = new HistoryGuard();
  /** Whether the page has to go back in the history, which a frame that is gone has filled. */
  #isAstray = false;
  #scheme = matchMedia("(prefers-color-scheme: dark)");

  // Those of the current frame; all of them are new when it is replaced.
  #frame = null;
  #ready = false;
  #loaded = false;
  #watchdog = null;
  #rate = null;
  #height = null;
  #thefts = [];

  constructor(element, { src, theme = "auto", onStatus = () => {}, ...size }) {
    if (!(element instanceof Element)) throw new TypeError("mountPreview needs an element to mount into.");
    if (typeof src !== "string" || src === "") throw new TypeError("mountPreview needs src, the frame's URL.");
    this.#options = { src, onStatus, minHeight: MIN_HEIGHT, maxHeight: MAX_HEIGHT, ...size };
    this.#view = new View(element, (index) => this.run(index));
    this.#guard = new FocusGuard(this.#view.element, this.#noteTheft);
    const { signal } = this.#listeners;
    window.addEventListener("message", this.#receive, { signal });
    document.addEventListener("visibilitychange", this.#seen, { signal });
    this.#scheme.addEventListener("change", () => this.#sendTheme(), { signal });
    this.setTheme(theme);
    this.#open();
  }

  /** Add a wire event. It reaches the frame with the others of the same animation frame. */
  apply(event) {
    if (this.#destroyed) return;
    this.#log.add(event);
    if (this.#log.waits) this.#schedule();
  }

  /** Show the generations of a `BlockStore`, each in a new frame; returns a function that ends it. */
  follow(store) {
    this.#unfollow?.();
    this.#clear();
    let before = NOTHING;
    const advance = () => {
      const after = store.getSnapshot();
      let events = changes(before, after);
      if (events === null) {
        this.#clear();
        events = changes(NOTHING, after) ?? [];
      }
      before = after;
      for (const event of events) this.apply(event);
    };
    const unsubscribe = store.subscribe(advance);
    this.#unfollow = () => {
      unsubscribe();
      this.#unfollow = null;
    };
    advance();
    return this.#unfollow;
  }

  /** Show everything again, from the beginning, in a new frame. Blocks that froze stay held. */
  replay() {
    if (this.#destroyed) return;
    this.#replaced = [];
    this.#close();
    this.#open();
  }

  /** Render a block that froze once more. */
  run(index) {
    if (this.#destroyed || !this.#held.delete(index)) return;
    this.#replaced = [];
    this.#view.showHeld(this.#heldNames());
    this.#report(index, "waiting", null);
    if (this.#frame === null) this.#open();
    else this.#send({ type: "run", index });
  }

  setTheme(theme) {
    this.#theme = theme;
    this.#sendTheme();
  }

  destroy() {
    this.#destroyed = true;
    this.#unfollow?.();
    this.#listeners.abort();
    this.#guard.stop();
    this.#history.stop();
    this.#close();
    this.#view.remove();
  }

  #clear() {
    const isUsed = !this.#log.isEmpty;
    this.#log = new EventLog();
    this.#held.clear();
    this.#presumed = null;
    this.#careful = false;
    this.#statuses.clear();
    this.#changed.clear();
    this.#view.showHeld([]);
    if (isUsed) this.replay();
  }

  // The frame

  #open() {
    this.#ready = this.#loaded = false;
    this.#watchdog = null;
    this.#rate = new RateLimit();
    this.#height = null;
    this.#thefts = [];
    const frame = this.#view.addFrame(this.#options.src, this.#options.height ?? this.#options.minHeight);
    this.#frame = frame;
    frame.addEventListener("load", () => {
      // A frame loads once. A second time, code in it has navigated it: to its own URL with a query, or, where
      // the page has no frame-src, anywhere.
      if (this.#frame === frame && this.#loaded) this.#replace("left");
      this.#loaded = true;
    });
    this.#after("start", START, () => {
      this.#reportFrame("unavailable", `The frame ${this.#options.src} did not start.`);
    });
    this.#reportFrame("loading", null);
  }

  #close() {
    for (const name of [...this.#timers.keys()]) this.#stop(name);
    this.#changed.clear();
    this.#step = null;
    this.#frame?.remove();
    this.#frame = null;
    this.#ready = false;
  }

  /** Remove the frame, hold the block that is to blame, and show the others in a new frame. */
  #replace(why) {
    if (this.#frame === null) return;
    const guilty = this.#step?.suspect ?? this.#watchdog?.guilty() ?? null;
    this.#close();
    this.#isAstray ||= why === "history";
    this.#hold(guilty, why);
    const now = performance.now();
    this.#replaced = this.#replaced.filter((at) => now - at < MINUTE);
    this.#replaced.push(now);
    this.#reportFrame("replaced", `A component ${REASONS[why]}; the preview was started again.`);
    // The old frame's process must be gone first: the browser would put the new frame into the same one.
    if (this.#replaced.length <= MAX_REPLACEMENTS) this.#after("open", 0, () => this.#open());
    else this.#reportFrame("unavailable", "The preview was stopped: its components keep freezing it.");
  }

  /**
   * The first time, the block that was rendered last is held and all others are shown at once. Where the frame
   * has not told which one that is, or freezes again, it was perhaps another: then the blocks are sent one by
   * one, and nothing is held but blocks that freeze the frame there.
   */
  #hold(guilty, why) {
    const isKnown = guilty !== null && this.#log.has(guilty) && !this.#held.has(guilty);
    if (!this.#careful && (!isKnown || this.#presumed !== null)) {
      this.#careful = true;
      if (this.#presumed !== null && this.#held.delete(this.#presumed)) this.#report(this.#presumed, "waiting", null);
    } else {
      this.#presumed ??= guilty;
      for (const index of isKnown ? [guilty] : this.#log.components()) {
        if (this.#held.has(index)) continue;
        this.#held.add(index);
        this.#report(index, "frozen", `The component ${REASONS[why]}.`);
      }
    }
    this.#view.showHeld(this.#heldNames());
  }

  #heldNames() {
    return [...this.#held].map((index) => [index, this.#log.nameOf(index)]);
  }

  #send(message) {
    if (this.#ready) this.#frame.contentWindow.postMessage(message, "*");
  }

  #sendTheme() {
    const isDark = this.#theme === "dark" || (this.#theme === "auto" && this.#scheme.matches);
    this.#view.setDark(isDark);
    this.#send({ type: "theme", theme: isDark ? "dark" : "light" });
  }

  // Messages of the frame. Nothing in them is believed.

  #receive = (event) => {
    if (this.#frame === null || event.source !== this.#frame.contentWindow || event.origin !== "null") return;
    const verdict = this.#rate.count(performance.now());
    if (verdict === "flood") this.#replace("flood");
    if (verdict !== "read") return;
    const message = readMessage(event.data);
    if (message === null) return;
    if (message.type === "ready") this.#begin();
    else if (this.#ready) this.#accept(message);
  };

  #begin() {
    if (this.#ready) return;
    this.#ready = true;
    this.#stop("start");
    // Not before: a frame that is still loading would cancel the way back.
    if (this.#isAstray) this.#history.rewind();
    this.#isAstray = false;
    this.#watchdog = new Watchdog(performance.now());
    this.#sendTheme();
    for (const index of this.#held) this.#send({ type: "hold", index });
    const groups = this.#log.groups();
    if (this.#careful) this.#sendSteps(groups);
    else if (groups.length > 0) this.#send({ type: "events", events: groups.flat() });
    this.#ping();
    this.#reportFrame("ready", null);
  }

  /**
   * Send one block after the other, the next when the frame answers at once: if it freezes, the last one is to
   * blame, without the frame's own word.
   */
  #sendSteps([events, ...rest]) {
    if (events === undefined) {
      this.#step = null;
      this.#flush();
      return;
    }
    const { index } = events[0];
    const isEvaluated = this.#log.nameOf(index) !== null && !this.#held.has(index);
    this.#step = { rest, suspect: isEvaluated ? index : null, began: performance.now(), ping: null };
    this.#send({ type: "events", events });
    if (isEvaluated) this.#after("step", STEP, () => (this.#step.ping = this.#sendPing()));
    else this.#sendSteps(rest);
  }

  #advanceStep(delay, now) {
    // A slow machine answers late all the time, so that this cannot be waited for without a limit.
    if (delay < PROMPT || now - this.#step.began > PATIENCE) this.#sendSteps(this.#step.rest);
    else this.#step.ping = this.#sendPing();
  }

  #noteTheft = () => {
    const now = performance.now();
    this.#thefts = [...this.#thefts.filter((at) => now - at < THEFT_WINDOW), now];
    if (this.#thefts.length >= MAX_THEFTS) this.#replace("theft");
  };

  #acceptPong(n, now) {
    const delay = this.#watchdog.pong(n, now);
    if (delay !== null && n === this.#step?.ping) this.#advanceStep(delay, now);
  }

  #accept(message) {
    const now = performance.now();
    switch (message.type) {
      case "pong":
        this.#acceptPong(message.n, now);
        break;
      case "rendering":
        if (this.#log.has(message.index)) this.#watchdog.rendering(message.index, now);
        break;
      case "height":
        this.#height = message.height;
        this.#schedule();
        break;
      case "status":
        if (this.#log.nameOf(message.index) === null || this.#held.has(message.index)) break;
        this.#changed.set(message.index, message);
        this.#schedule();
        break;
    }
  }

  // Timers

  #ping() {
    this.#after("judge", INTERVAL / 2, () => this.#judge());
    this.#after("ping", INTERVAL, () => this.#judge() && this.#ping());
    // Timers of a hidden page stop for seconds, in the frame too.
    if (!document.hidden) this.#sendPing();
  }

  #sendPing() {
    // Not a counter: code in the frame must not be able to answer pings that it has not received.
    const [n] = crypto.getRandomValues(new Uint32Array(1));
    this.#watchdog.sent(n, performance.now());
    this.#send({ type: "ping", n });
    return n;
  }

  /** Replace a frame that does not answer; return whether it is alive. */
  #judge() {
    const isFlooded = this.#history.isFlooded(performance.now());
    const verdict = isFlooded ? "history" : document.hidden ? "alive" : this.#watchdog.judge(performance.now());
    if (verdict !== "alive") this.#replace(verdict);
    return verdict === "alive";
  }

  #seen = () => {
    if (!document.hidden && this.#ready) this.#watchdog = this.#watchdog.renewed(performance.now());
    if (this.#timers.has("flush")) this.#flush();
  };

  #schedule() {
    if (this.#timers.has("flush")) return;
    if (document.hidden) {
      this.#after("flush", HIDDEN_FLUSH, () => this.#flush());
      return;
    }
    const request = requestAnimationFrame(() => this.#flush());
    this.#timers.set("flush", () => cancelAnimationFrame(request));
  }

  #flush() {
    this.#stop("flush");
    if (this.#ready && this.#log.waits && this.#step === null) this.#send({ type: "events", events: this.#log.take() });
    for (const { index, status, message } of this.#changed.values()) this.#report(index, status, message);
    this.#changed.clear();
    const { height, minHeight, maxHeight } = this.#options;
    if (this.#height !== null && height === undefined) {
      this.#view.setHeight(Math.max(minHeight, Math.min(this.#height, maxHeight)));
    }
    this.#height = null;
  }

  #after(name, delay, act) {
    this.#stop(name);
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      act();
    }, delay);
    this.#timers.set(name, () => clearTimeout(timer));
  }

  #stop(name) {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  // Reports

  #report(index, status, message) {
    const known = this.#statuses.get(index);
    if (known?.status === status && known.message === message) return;
    this.#statuses.set(index, { status, message });
    this.#tell({ index, name: this.#log.nameOf(index), status, message });
  }

  #reportFrame(status, message) {
    this.#tell({ index: null, name: null, status, message });
  }

  #tell(report) {
    try {
      this.#options.onStatus(report);
    } catch (problem) {
      reportError(problem);
    }
  }
}

/** Return a React component that shows a store; `React` is the application's own. */
export function createPreview({ createElement, useEffect, useRef }) {
  return function Preview({ store, src, theme = "auto", onStatus, handle, ...size }) {
    const place = useRef(null);
    const preview = useRef(null);
    const report = useRef(onStatus);
    useEffect(() => {
      report.current = onStatus;
    });
    useEffect(() => {
      const mounted = mountPreview(place.current, {
        ...size,
        src,
        theme,
        onStatus: (status) => report.current?.(status),
      });
      mounted.follow(store);
      preview.current = mounted;
      if (handle) handle.current = mounted;
      return () => {
        mounted.destroy();
        preview.current = null;
        if (handle) handle.current = null;
      };
    }, [store, src]);
    useEffect(() => preview.current?.setTheme(theme), [theme]);
    return createElement("div", { ref: place });
  };
}
