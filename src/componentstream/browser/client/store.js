import { WireError, checkEvent, clientError } from "./events.js";
import { report, schedule } from "./schedule.js";

const RUNNING = new Set(["idle", "connecting", "streaming", "reconnecting"]);

const IDLE = Object.freeze({
  status: "idle",
  blocks: Object.freeze([]),
  errors: Object.freeze([]),
  findings: Object.freeze([]),
  progress: null,
  reasoning: "",
  usage: null,
  stats: null,
});

/**
 * Builds the blocks of one generation from its events. Snapshots are immutable, and the snapshot is the same
 * object until the next change, as React's `useSyncExternalStore` requires of `subscribe` and `getSnapshot`.
 *
 * The cost of an event is that of its text: blocks are kept in a form that can grow, and a snapshot copies
 * those that changed, when it is asked for. Listeners are called at most once for each frame of the browser.
 */
export class BlockStore {
  #snapshot = IDLE;
  #state = { ...IDLE };
  #blocks = [];
  #places = new Map();
  #changed = new Set();
  #errors = [];
  #findings = [];
  #fatal = null;
  #begun = false;
  #dirty = false;
  #pending = false;
  #listeners = new Set();
  #waiting = [];
  #generation = 0;

  getSnapshot = () => {
    if (this.#dirty) this.#snapshot = this.#build();
    return this.#snapshot;
  };

  /** Call `listener` after changes; returns a function that unsubscribes it. */
  subscribe = (listener) => {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  };

  /** Return the block with this index in the current snapshot, undefined if there is none. */
  getBlock = (index) => {
    const place = this.#places.get(index);
    return place === undefined ? undefined : this.getSnapshot().blocks[place];
  };

  /** Whether the generation has ended, for any reason. */
  get ended() {
    return !RUNNING.has(this.#state.status);
  }

  /** The fatal error that the server has sent, null if none. Only the end of the generation can follow it. */
  get fatal() {
    return this.#fatal;
  }

  /** Number of generations that this store has followed; the latest is the one to apply events of. */
  get generation() {
    return this.#generation;
  }

  /** Fulfilled once the listeners have been told of the current snapshot. */
  published() {
    if (!this.#pending) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Discard everything and wait for the first event; returns the number of the new generation. */
  connect() {
    this.#reset();
    this.#generation += 1;
    this.#set("connecting");
    return this.#generation;
  }

  /** The connection is lost, and the client will try to continue. */
  interrupt() {
    if (!this.ended) this.#set("reconnecting");
  }

  /** The connection is there again. */
  proceed() {
    if (!this.ended) this.#set(this.#begun ? "streaming" : "connecting");
  }

  /** Discard the blocks of an answer that cannot be completed, before the events of another are applied. */
  restart() {
    if (this.ended) return;
    this.#reset();
    this.#set("connecting");
  }

  /**
   * Apply events. Ignores unknown types, and all events after the end. An event with a missing or wrong field
   * ends the generation with the error `invalid_event`.
   */
  apply(events) {
    for (const event of events) {
      if (this.ended) return;
      this.#begun = true;
      if (this.#state.status !== "streaming") this.#set("streaming");
      try {
        this.#reduce(checkEvent(event));
      } catch (problem) {
        if (!(problem instanceof WireError)) throw problem;
        this.fail(clientError("invalid_event", problem.message, false));
      }
    }
  }

  /** End the generation with an error of the client, unless the server has sent a fatal one. */
  fail(error) {
    if (this.ended) return;
    if (this.#fatal === null) this.#errors.push(error);
    this.#close("failed");
  }

  /** End the generation because the user has cancelled it. */
  cancel() {
    if (!this.ended) this.#close("cancelled");
  }

  /** End the generation because the server has nothing more of it. */
  finish() {
    if (!this.ended) this.#close(this.#fatal === null ? "complete" : "failed");
  }

  #reset() {
    this.#state = { ...IDLE };
    this.#snapshot = IDLE;
    this.#blocks = [];
    this.#places.clear();
    this.#changed.clear();
    this.#errors = [];
    this.#findings = [];
    this.#fatal = null;
    this.#begun = false;
  }

  #set(status) {
    this.#state.status = status;
    this.#change();
  }

  #close(status) {
    for (const block of this.#blocks) {
      if (block.open) this.#stop(block, "aborted", block.trimmed);
    }
    this.#set(status);
  }

  #reduce(event) {
    switch (event?.type) {
      case "content_block_start":
        this.#start(event.index, event.content_block);
        break;
      case "content_block_delta":
        this.#update(event.index, (block) => {
          block.text += event.delta.text;
        });
        break;
      case "content_block_stop":
        this.#update(event.index, (block) => this.#stop(block, event.reason, event.trimmed));
        break;
      case "error":
        this.#errors.push(Object.freeze(event.error));
        if (event.error.fatal) this.#fatal = event.error;
        break;
      case "finding":
        this.#findings.push(Object.freeze(event.finding));
        break;
      case "status":
        this.#state.progress = event;
        break;
      case "reasoning":
        this.#state.reasoning += event.text;
        break;
      case "usage":
        this.#state.usage = event;
        break;
      case "message_stop":
        this.#state.stats = event.stats;
        this.#close(event.reason);
        break;
      default:
        return;
    }
    this.#change();
  }

  #start(index, block) {
    if (this.#places.has(index)) return;
    this.#places.set(index, this.#blocks.length);
    this.#blocks.push({
      index,
      type: block.type,
      name: block.name ?? null,
      position: block.position ?? null,
      attributes: Object.freeze({ ...block.attributes }),
      parent: block.parent ?? null,
      text: "",
      open: true,
      reason: null,
      trimmed: 0,
    });
    this.#changed.add(index);
  }

  #update(index, change) {
    const block = this.#blocks[this.#places.get(index)];
    if (!block?.open) return;
    change(block);
    this.#changed.add(index);
  }

  #stop(block, reason, trimmed) {
    Object.assign(block, { open: false, reason, trimmed });
    this.#changed.add(block.index);
  }

  #change() {
    this.#dirty = true;
    if (this.#pending) return;
    this.#pending = true;
    schedule(this.#publish);
  }

  #publish = () => {
    this.#pending = false;
    for (const entry of [...this.#listeners]) {
      // An earlier listener may have unsubscribed this one.
      if (!this.#listeners.has(entry)) continue;
      try {
        entry.listener();
      } catch (problem) {
        report(problem);
      }
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  };

  #build() {
    this.#dirty = false;
    const { errors, findings } = this.#snapshot;
    return Object.freeze({
      ...this.#state,
      blocks: this.#copyBlocks(),
      errors: errors.length === this.#errors.length ? errors : Object.freeze([...this.#errors]),
      findings: findings.length === this.#findings.length ? findings : Object.freeze([...this.#findings]),
    });
  }

  #copyBlocks() {
    if (this.#changed.size === 0) return this.#snapshot.blocks;
    const blocks = [...this.#snapshot.blocks];
    for (const index of this.#changed) {
      const place = this.#places.get(index);
      blocks[place] = Object.freeze({ ...this.#blocks[place] });
    }
    this.#changed.clear();
    return Object.freeze(blocks);
  }
}
