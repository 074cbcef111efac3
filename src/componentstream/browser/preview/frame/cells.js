/**
 * A cell is the stable identity of a component while its code grows. Elements are made of the component of the
 * cell, whose implementation is exchanged: state, focus and DOM nodes are kept. It also keeps the last
 * implementation that rendered, for the moments in which the new one throws or shows less.
 */

import { isSoft } from "./soft.js";

/** Numbers of React's production errors about a changed order or number of hooks. */
const HOOK_ERRORS =
  /(?:Minified React error #|errors\/)(?:300|310|311|467)\b|(?:more|fewer) hooks|Update hook called/;
/** Thrown where a render is held back in an instance that cannot go back by itself. */
const HELD = new Error("The new render shows less than the one before.");
const HOOK_CALL = /\buse(?:[A-Z]\w*)?(?=\()/g;

export class Cell {
  impl = null;
  /** The last implementation that was committed, with the newest that the text gives. */
  good = null;
  newest = null;
  version = 0;
  reads = new Map();
  isBehind = false;
  isShown = false;
  problem = null;
  #listeners = new Set();
  #signature = null;
  #class = null;

  constructor(block, name, component) {
    this.block = block;
    this.name = name;
    this.component = component(this);
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Take a new implementation; `refresh` renders it. */
  set(impl) {
    this.newest = impl;
    this.#use(impl);
    this.isBehind = false;
    this.problem = null;
  }

  /** Go back to the implementation before; returns false if there is none. */
  revert(problem) {
    this.isBehind = true;
    this.problem = problem === HELD ? null : problem;
    if (this.good === null || this.good === this.impl) return false;
    this.#use(this.good);
    return true;
  }

  /** Note that an implementation has been committed. */
  settle(impl) {
    this.good = impl;
    if (impl !== this.newest) return;
    this.isBehind = false;
    this.problem = null;
  }

  #use(impl) {
    this.impl = impl;
    this.#signature = null;
  }

  refresh() {
    this.version += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Return a class that stays the same while its methods change, so that instances keep their state. */
  classOf(impl) {
    this.#class ??= class extends impl {};
    if (Object.getPrototypeOf(this.#class) !== impl) {
      Object.setPrototypeOf(this.#class, impl);
      Object.setPrototypeOf(this.#class.prototype, impl.prototype);
    }
    return this.#class;
  }

  get takesChildren() {
    return /\bchildren\b/.test(sourceOf(this.impl));
  }

  /** The hooks that the implementation calls, in order: React needs a new instance when they change. */
  get signature() {
    this.#signature ??= (sourceOf(this.impl).match(HOOK_CALL) ?? []).join(" ");
    return this.#signature;
  }
}

function sourceOf(impl) {
  const inner = unwrapped(impl);
  return typeof inner === "function" && !isSoft(inner) ? Function.prototype.toString.call(inner) : "";
}

/** Return the function inside `memo` and `forwardRef`. */
function unwrapped(impl) {
  let inner = impl;
  while (inner !== null && typeof inner === "object" && inner.$$typeof !== undefined) {
    const next = inner.type ?? inner.render;
    if (next === undefined || next === inner) break;
    inner = next;
  }
  return inner;
}

function isForwardRef(impl) {
  let inner = impl;
  while (typeof inner === "object" && inner !== null && inner.type !== undefined) inner = inner.type;
  return typeof inner === "object" && inner !== null && typeof inner.render === "function";
}

export function isHookError(problem) {
  return HOOK_ERRORS.test(problem?.message ?? "");
}

function isSuspension(problem) {
  return (
    typeof problem?.then === "function" ||
    /#460\b|errors\/460\b|Suspense Exception/.test(problem?.message ?? "")
  );
}

/** Count the elements and characters that an implementation has returned, without rendering them. */
export function sizeOf(tree) {
  const size = { elements: 0, characters: 0 };
  const walk = (node) => {
    if (typeof node === "string" || typeof node === "number") size.characters += String(node).length;
    else if (Array.isArray(node)) node.forEach(walk);
    else if (typeof node === "object" && node !== null && node.props !== undefined) {
      size.elements += 1;
      if (node.props.children !== undefined) walk(node.props.children);
    }
  };
  walk(tree);
  return size;
}

function isLess(size, before) {
  if (size.elements !== before.elements) return size.elements < before.elements;
  return size.characters < before.characters;
}

export function isEmpty(size) {
  return size.elements === 0 && size.characters === 0;
}

/** Return a function that makes the component of a cell. */
export function createComponents({ React, tracked, onCommit, decorate }) {
  const Live = createLive({ React, tracked, onCommit, decorate });

  class Boundary extends React.Component {
    static isCell = true;
    state = { problem: null };
    memory = { impl: null, tree: null, size: null };
    epoch = 0;
    remounted = -1;
    /** The version and the props with which nothing could be rendered. */
    stuck = { version: -1, props: null };

    static getDerivedStateFromError(problem) {
      return { problem };
    }

    componentDidMount() {
      const { cell } = this.constructor;
      this.leave = cell.subscribe(() => this.setState({ problem: null }));
    }

    componentWillUnmount() {
      this.leave();
    }

    componentDidCatch() {
      if (this.state.problem !== null) this.setState({ problem: null });
    }

    render() {
      const { cell } = this.constructor;
      if (cell.impl === null) return null;
      const { problem } = this.state;
      if (problem !== null && !this.#isStuck(cell)) this.#recover(cell, problem);
      if (this.#isStuck(cell)) return this.memory.tree;
      return React.createElement(Live, {
        key: `${this.epoch} ${cell.signature}`,
        cell,
        values: this.props,
        memory: this.memory,
      });
    }

    #isStuck(cell) {
      return this.stuck.version === cell.version && this.stuck.props === this.props;
    }

    /**
     * After an error: a new instance once per version, then the implementation before, and at last the elements
     * that it has returned.
     */
    #recover(cell, problem) {
      this.epoch += 1;
      if (isHookError(problem) && this.remounted !== cell.version) {
        this.remounted = cell.version;
      } else if (!cell.revert(problem)) {
        this.stuck = { version: cell.version, props: this.props };
        onCommit(cell);
      }
    }
  }

  return (cell) => {
    const component = class extends Boundary {};
    component.cell = cell;
    component.displayName = cell.name;
    return component;
  };
}

/** The component that calls the implementation of the moment, so that its hooks belong to one stable place. */
function createLive({ React, tracked, onCommit, decorate }) {
  return function Live({ cell, values, memory }) {
    const [, renderAgain] = React.useState(0);
    const isMounted = React.useRef(false);
    const outcome = { impl: null, tree: null, size: null };
    React.useLayoutEffect(() => {
      isMounted.current = true;
      Object.assign(memory, outcome);
      cell.settle(outcome.impl);
      onCommit(cell, outcome);
    });
    const { impl } = cell;
    /** React runs this component again, before it compares the hooks, because its state has changed. */
    const goBack = (problem) => {
      if (!isMounted.current || !cell.revert(problem)) throw problem;
      renderAgain((count) => count + 1);
      return null;
    };
    let tree;
    try {
      tree = tracked(cell, () => called(React, cell, impl, values));
    } catch (problem) {
      if (isSuspension(problem) || isHookError(problem)) throw problem;
      return goBack(problem);
    }
    if (lacksChildren(cell, values, tree)) tree = values.children;
    const size = sizeOf(tree);
    const isNewer = memory.impl !== null && memory.impl !== impl && !cell.block.isComplete;
    if (isNewer && isLess(size, memory.size) && cell.good !== impl && cell.good !== null) return goBack(HELD);
    Object.assign(outcome, { impl, tree, size });
    return decorate(cell, shown(tree), size);
  };
}

/** A component that is still being written shows its children bare until it has a place for them. */
function lacksChildren(cell, { children }, tree) {
  const mayCome = children !== undefined && cell !== cell.block.root && cell.block.isWriting(cell.name);
  return mayCome && !holds(tree, children);
}

function holds(tree, children) {
  if (tree === children) return true;
  if (Array.isArray(tree)) return tree.some((node) => holds(node, children));
  return (
    typeof tree === "object" &&
    tree !== null &&
    tree.props !== undefined &&
    holds(tree.props.children, children)
  );
}

function called(React, cell, impl, values) {
  const inner = unwrapped(impl);
  const { forwardedRef, ...props } = values;
  if (isForwardRef(impl)) return inner(props, forwardedRef ?? null);
  const all = forwardedRef === undefined ? props : { ...props, ref: forwardedRef };
  if (typeof inner !== "function") return React.createElement(inner, all);
  return inner.prototype?.isReactComponent ? React.createElement(cell.classOf(inner), all) : inner(all);
}

/** Functions and stand-ins are not shown; a component that returns nothing yet is an empty one. */
function shown(tree) {
  return tree === undefined || typeof tree === "function" ? null : tree;
}
