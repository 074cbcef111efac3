/**
 * The runtime of the preview: takes the events of a stream and gives a React element of the page as it is so far.
 * It touches no DOM by itself, so it also runs in Node.
 *
 *     const runtime = createRuntime({ React, transform, portal: { createPortal, document } });
 *     runtime.apply(event);
 *     root.render(runtime.element());
 *
 * `transform` is that of sucrase. `modules` maps module names to the bundled modules; everything else is a
 * stand-in. Without `portal` the sections lose their state when the root component takes them over. Render in
 * one go with the call of `element`, because it also updates the components that are mounted.
 */

import { Block } from "./block.js";
import { Cell, createComponents, isEmpty } from "./cells.js";
import { createKit } from "./kit.js";
import { createLayout } from "./layout.js";
import { createModules } from "./modules.js";
import { createReact } from "./react.js";
import { Scope } from "./scope.js";
import { isSoft, isStandIn } from "./soft.js";

/** Rounds of evaluation over all blocks after a change in one of them. */
const MAX_ROUNDS = 4;
const COMPONENT_KINDS = new Set(
  ["react.memo", "react.forward_ref", "react.lazy"].map((name) => Symbol.for(name)),
);
const MAX_MEMBERS = 200;

export function createRuntime(options) {
  return new Runtime(options);
}

class Runtime {
  /** How much has been compiled and evaluated, in statements. */
  counts = { compiled: 0, evaluated: 0 };
  #blocks = new Map();
  #cells = new WeakMap();
  #changed = new Set();
  #held = new Set();
  #statuses = new Map();
  #onStatus;
  #react;
  #layout;
  #createComponent;
  #uses = new WeakMap();
  #page;

  constructor({
    React,
    transform,
    modules = {},
    kit = null,
    portal = null,
    onStatus = () => {},
    globals,
    guards,
  }) {
    this.#onStatus = onStatus;
    this.transform = transform;
    this.Fragment = React.Fragment;
    this.React = React;
    this.#layout = createLayout({ React, blocks: this.#blocks, portal });
    this.#react = createReact({
      React,
      cellOf: (value) => this.#cellOf(value),
      elementTypeOf: (cell, block) => this.#elementTypeOf(cell, block),
      nativeStandIn: (type) => this.#nativeStandIn(type),
    });
    this.#layout.connect({ Bridge: this.#react.Bridge, read: this.#react.readContexts });
    const react = this.#react.moduleFor(this.#react.elementFor(null));
    this.kit = kit ?? createKit({ React, icons: modules["lucide-react"] });
    this.modules = createModules({ React: react, kit: this.kit, modules });
    this.scope = new Scope({ blocks: this.#blocks, modules: this.modules, kit: this.kit, globals, guards });
    this.#createComponent = createComponents({
      React,
      tracked: (cell, run) => this.#trackedRender(cell, run),
      onCommit: (cell, outcome) => this.#committed(cell, outcome),
      decorate: (cell, tree, size) => this.#decorated(cell, tree, size),
    });
    this.#page = React.createElement(this.#layout.Page);
  }

  /** Take an event of the stream; unknown types and kinds of blocks are ignored. */
  apply(event) {
    if (event.type === "content_block_start") this.#start(event);
    else if (event.type === "content_block_delta") this.#feed(event);
    else if (event.type === "content_block_stop") this.#blocks.get(event.index)?.stop();
    else if (event.type === "message_stop") for (const block of this.#blocks.values()) this.#end(block);
  }

  #start(event) {
    if (event.content_block?.type !== "component" || this.#blocks.has(event.index)) return;
    const block = new Block(event, this);
    block.isHeld = this.#held.has(event.index);
    this.#blocks.set(event.index, block);
    if (block.isHeld) this.#freeze(block);
    this.#report(block);
  }

  #feed({ index, delta }) {
    if (delta?.type === "text_delta") this.#blocks.get(index)?.feed(delta.text);
  }

  #end(block) {
    if (!block.isComplete) block.stop();
  }

  /** Return the indexes of the blocks that have changed since they were last rendered. */
  pending() {
    return [...this.#blocks.values()]
      .filter((block) => block.isDirty && !block.isHeld)
      .map((block) => block.index);
  }

  /**
   * Bring the page up to date, or only one block of it, and return its element, which is always the same. Code
   * of a model runs here, and while the element is rendered.
   */
  element(index = null) {
    const dirty = this.pending().filter((one) => index === null || one === index);
    if (dirty.length > 0) this.#update(dirty.map((one) => this.#blocks.get(one)));
    return this.#page;
  }

  #update(dirty) {
    for (const block of dirty) {
      block.read();
      if (block.isComplete) this.#release(block);
    }
    const running = [...this.#blocks.values()].filter((block) => !block.isHeld);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const changed = running.filter((block) => block.evaluate());
      changed.forEach((block) => this.#registerMembers(block));
      if (changed.length === 0) break;
    }
    for (const block of dirty) this.#show(block);
    this.#refresh();
    this.#layout.bump();
    for (const block of dirty) this.#report(block);
  }

  /** A component that has ended is shown as it is, also if that is less than before. */
  #release(block) {
    for (const cell of [block.root, ...block.cells.values()]) {
      if (!cell.isBehind || cell.problem !== null) continue;
      cell.set(cell.newest);
      this.#changed.add(cell);
    }
  }

  /** Give the root cell of a block its component, as soon as there is something to show. */
  #show(block) {
    const name = block.componentName;
    if (name === null || !(block.isReady || block.isComplete)) return;
    const value = block.values.get(name);
    if (!isComponent(value) || block.root.newest === value) return;
    this.#cells.set(value, block.root);
    this.#set(block.root, value);
  }

  /** Render the components that have changed, and those that have read something that has. */
  #refresh() {
    for (const block of this.#blocks.values()) {
      for (const cell of [block.root, ...block.cells.values()]) {
        if (this.#changed.has(cell) || this.#hasReadOther(block, cell)) cell.refresh();
      }
    }
    this.#changed.clear();
  }

  #hasReadOther(block, cell) {
    for (const [name, value] of cell.reads) {
      if (!this.isSame(value, this.scope.resolve(block, name))) return true;
    }
    return false;
  }

  /** Whether two values are the same for code that has read one: a component is, with old or new code. */
  isSame(a, b) {
    if (Object.is(a, b)) return true;
    const cell = this.#cellOf(a);
    return cell !== undefined && cell === this.#cellOf(b);
  }

  #cellOf(value) {
    const isKey = (typeof value === "object" && value !== null) || typeof value === "function";
    return isKey ? this.#cells.get(value) : undefined;
  }

  rootCell(block) {
    return new Cell(block, block.name, this.#createComponent);
  }

  elementFor(block) {
    return this.#react.elementFor(block);
  }

  /** Make a component that a block declares known, so that its elements have a stable type. */
  register(block, name, value) {
    if (!isComponent(value) || !isNamedLikeComponent(name) || this.modules.owns(value)) return;
    if (name === block.componentName) {
      this.#cells.set(value, block.root);
      return;
    }
    const known = this.#cellOf(value);
    if (known !== undefined && known !== block.cells.get(name)) return;
    if (!block.cells.has(name)) block.cells.set(name, new Cell(block, name, this.#createComponent));
    const cell = block.cells.get(name);
    this.#cells.set(value, cell);
    if (cell.newest !== value) this.#set(cell, value);
  }

  #set(cell, value) {
    cell.set(value);
    this.#changed.add(cell);
  }

  /** Components may also be members: `Card.Header = ...`, `const Icons = { logo: ... }`, a block `Menu.Item`. */
  #registerMembers(block) {
    this.#attach(block);
    for (const [name, value] of [...block.values]) {
      const isHolder = isPlainObject(value) || (isComponent(value) && typeof value === "function");
      if (!isHolder || this.modules.owns(value)) continue;
      for (const [key, member] of Object.entries(value).slice(0, MAX_MEMBERS)) {
        if (isComponent(member)) this.register(block, `${name}.${key}`, member);
      }
    }
  }

  #attach(block) {
    const dot = block.name.lastIndexOf(".");
    const value = block.values.get(block.componentName);
    if (dot < 0 || !isComponent(value)) return;
    const owner = this.scope.shared(block, block.name.slice(0, dot));
    if (typeof owner === "function" && !isSoft(owner)) owner[block.name.slice(dot + 1)] = value;
  }

  #elementTypeOf(cell, block) {
    if (cell !== cell.block.root || block === cell.block || block === null) return cell.component;
    if (!this.#uses.has(cell)) this.#uses.set(cell, this.#layout.useOf(cell));
    return this.#uses.get(cell);
  }

  /** `<Map />` and `<Image />` mean the icon or the component of this name, not the constructor of the window. */
  #nativeStandIn(type) {
    if (this.modules.owns(type) || globalThis[type.name] !== type) return undefined;
    return this.kit.lookup(type.name) ?? this.modules.free(type.name);
  }

  #trackedRender(cell, run) {
    cell.reads = new Map();
    return this.scope.tracked(cell.reads, null, run);
  }

  #decorated(cell, tree, size) {
    const { block } = cell;
    if (cell !== block.root || block.position !== "root" || isEmpty(size)) return tree;
    return this.#layout.complete(cell, tree);
  }

  #committed(cell, outcome) {
    const { block } = cell;
    if (cell === block.root && outcome !== undefined && !cell.isShown && !isEmpty(outcome.size)) {
      cell.isShown = true;
      this.#layout.bump();
    }
    this.#report(block);
  }

  /** Return the state of every block. */
  blocks() {
    return [...this.#blocks.values()].map((block) => ({
      index: block.index,
      name: block.name,
      status: statusOf(block),
      shown: block.shown,
      error: problemOf(block),
    }));
  }

  #report(block) {
    const status = statusOf(block);
    const message = problemOf(block);
    const told = `${status} ${message ?? ""}`;
    if (this.#statuses.get(block.index) === told) return;
    this.#statuses.set(block.index, told);
    this.#onStatus(block.index, status, message ?? undefined);
  }

  /** Stop rendering a block, also one that has not started. */
  hold(index) {
    this.#held.add(index);
    const block = this.#blocks.get(index);
    if (block === undefined || block.isHeld) return;
    block.isHeld = true;
    this.#freeze(block);
    this.#report(block);
  }

  /** Render a block again that was held. */
  run(index) {
    this.#held.delete(index);
    const block = this.#blocks.get(index);
    if (block === undefined || !block.isHeld) return;
    block.isHeld = false;
    block.restart();
    this.#report(block);
  }

  #freeze(block) {
    const note = this.React.createElement(
      "div",
      { className: "cs-note", role: "note" },
      `${block.name} is paused.`,
    );
    for (const cell of [block.root, ...block.cells.values()]) {
      cell.set(cell === block.root ? () => note : () => null);
      cell.refresh();
    }
    this.#layout.bump();
  }
}

function statusOf(block) {
  if (block.isHeld) return "frozen";
  const { root } = block;
  const hasProblem = block.problem !== null || root.problem !== null;
  if (root.isShown) return root.isBehind || hasProblem ? "behind" : "live";
  if (!block.isComplete) return "waiting";
  return hasProblem ? "failed" : "live";
}

function problemOf(block) {
  const problem = block.root.problem ?? block.problem;
  return problem === null ? null : String(problem?.message ?? problem).slice(0, 300);
}

function isComponent(value) {
  if (typeof value === "function") return !isSoft(value) && !isStandIn(value);
  return typeof value === "object" && value !== null && COMPONENT_KINDS.has(value.$$typeof);
}

function isNamedLikeComponent(name) {
  return name === "default" || name.includes(".") || /^\p{Lu}/u.test(name);
}

function isPlainObject(value) {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
