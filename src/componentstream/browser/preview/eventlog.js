/**
 * The events of one generation: those that a frame has not been sent yet, and all of them for a new frame.
 * Adding a delta costs the length of the delta. The types are in `eventlog.d.ts`.
 */

const RUNNING = new Set(["idle", "connecting", "reconnecting", "streaming"]);

/** Keeps wire events, joined per block. */
export class EventLog {
  #blocks = new Map();
  #stops = [];
  #pending = [];

  /** Add a wire event; types that a preview does not show are ignored. */
  add(event) {
    const block = this.#blocks.get(event.index);
    switch (event.type) {
      case "content_block_start":
        if (block === undefined) this.#start(event);
        break;
      case "content_block_delta":
        if (block !== undefined && event.delta.type === "text_delta") this.#delta(block, event);
        break;
      case "content_block_stop":
        if (block !== undefined && !block.stopped) {
          block.stopped = true;
          this.#stop({ type: event.type, index: event.index, reason: event.reason, trimmed: event.trimmed ?? 0 });
        }
        break;
      case "message_stop":
        this.#stop({ type: event.type, reason: event.reason });
        break;
    }
  }

  /** Return the events added since the last call. */
  take() {
    const events = this.#pending.map(joined);
    this.#pending = [];
    return events;
  }

  /** Return all, as few events as possible, in groups: each block with its whole text, then the stops. */
  groups() {
    this.#pending = [];
    const groups = [];
    for (const [index, { start, parts }] of this.#blocks) {
      const text = parts.length > 0 ? [joined({ type: "content_block_delta", index, parts })] : [];
      groups.push([start, ...text]);
    }
    if (this.#stops.length > 0) groups.push([...this.#stops]);
    return groups;
  }

  /** Whether events wait to be taken. */
  get waits() {
    return this.#pending.length > 0;
  }

  /** Whether it has not seen any block yet. */
  get isEmpty() {
    return this.#blocks.size === 0;
  }

  has(index) {
    return this.#blocks.has(index);
  }

  /** Return the name of a block, null for text and for an unknown block. */
  nameOf(index) {
    return this.#blocks.get(index)?.start.content_block.name ?? null;
  }

  /** Return the indexes of all components. */
  components() {
    return [...this.#blocks.keys()].filter((index) => this.nameOf(index) !== null);
  }

  #start({ type, index, content_block }) {
    const start = { type, index, content_block };
    this.#blocks.set(index, { start, parts: [], stopped: false });
    this.#pending.push(start);
  }

  #delta(block, { type, index, delta: { text } }) {
    block.parts.push(text);
    const last = this.#pending.at(-1);
    if (last?.type === type && last.index === index) last.parts.push(text);
    else this.#pending.push({ type, index, parts: [text] });
  }

  #stop(event) {
    this.#stops.push(event);
    this.#pending.push(event);
  }
}

function joined(event) {
  if (event.parts === undefined) return event;
  const { type, index, parts } = event;
  return { type, index, delta: { type: "text_delta", text: parts.join("") } };
}

/**
 * Return the events that lead from one snapshot of a `BlockStore` to the next, or null if they belong to two
 * generations.
 */
export function changes(before, after) {
  const events = [];
  if (after.blocks.length < before.blocks.length) return null;
  for (const [place, block] of after.blocks.entries()) {
    const old = before.blocks[place];
    if (block === old) continue;
    if (old !== undefined && !grown(old, block)) return null;
    addChanges(events, old, block);
  }
  const wasRunning = RUNNING.has(before.status);
  if (!wasRunning && RUNNING.has(after.status)) return null;
  if (wasRunning && !RUNNING.has(after.status)) events.push({ type: "message_stop", reason: after.status });
  return events;
}

function grown(old, block) {
  return (
    old.index === block.index &&
    old.name === block.name &&
    old.parent === block.parent &&
    (old.open || !block.open) &&
    block.text.startsWith(old.text)
  );
}

function addChanges(events, old, block) {
  const { index, type, name, position, attributes, parent, text, open, reason, trimmed } = block;
  if (old === undefined) {
    const content = type === "text" ? { type, text: "" } : { type, name, position, attributes, parent };
    events.push({ type: "content_block_start", index, content_block: content });
  }
  const added = text.slice(old?.text.length ?? 0);
  if (added !== "") {
    events.push({ type: "content_block_delta", index, delta: { type: "text_delta", text: added } });
  }
  if (!open && (old === undefined || old.open)) {
    events.push({ type: "content_block_stop", index, reason, chars: text.length, trimmed });
  }
}
