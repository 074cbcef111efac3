/**
 * Where a name leads. Blocks share one scope: a name that a block does not declare or import is looked up in the
 * other blocks, then among the globals, the kit and the icons; and a name that is known nowhere has a stand-in, so
 * that half-written code can run.
 */

import { isComponentName, memoized, placeholder, softValue } from "./soft.js";

/** Names that only look like globals: pages mean something else by them, or must not reach them. */
const NOT_GLOBAL = new Set([
  "name",
  "status",
  "event",
  "external",
  "module",
  "exports",
  "require",
  "parent",
  "top",
]);

/** Modules of packages, and not of the page's own files. */
const PACKAGE = /^(?:@[\w-]+\/)?[\w-]/;

export class Scope {
  #blocks;
  #modules;
  #kit;
  #globals;
  #guards;
  #assigned = new Map();
  #standIn = memoized((name) => (isComponentName(name) ? placeholder(name) : softValue(name)));
  #bound = new Map();
  #reads = null;
  #exports = null;

  constructor({ blocks, modules, kit, globals = globalThis, guards = new Map() }) {
    this.#blocks = blocks;
    this.#modules = modules;
    this.#kit = kit;
    this.#guards = guards;
    // Taken before the page has elements with an id, because those become properties of the window.
    this.#globals = { object: globals, names: namesOf(globals) };
  }

  /** Run a function and note in `reads` the value of each name, and in `exports` the assignments. */
  tracked(reads, exports, run) {
    const before = [this.#reads, this.#exports];
    this.#reads = reads;
    this.#exports = exports;
    try {
      return run();
    } finally {
      [this.#reads, this.#exports] = before;
    }
  }

  /** Return the object that `with` puts around the statements of a block. */
  objectFor(block) {
    return new Proxy(Object.create(null), {
      has: (_, key) => typeof key === "string",
      get: (_, key) => (typeof key === "string" ? this.#read(block, key) : undefined),
      set: (_, key, value) => {
        this.#assign(block, key, value);
        return true;
      },
    });
  }

  #read(block, name) {
    const value = this.resolve(block, name);
    this.#reads?.set(name, value);
    return value;
  }

  #assign(block, name, value) {
    if (this.#exports !== null) this.#exports[name] = value;
    const owner = [block, ...this.#blocks.values()].find((one) => one.values.has(name));
    if (owner !== undefined) owner.assign(name, value);
    else if (name === "location" && this.#guards.has(name)) this.#guards.get(name).href = value;
    else this.#assigned.set(name, value);
  }

  resolve(block, name) {
    if (block.values.has(name)) return block.values.get(name);
    const binding = block.imports.get(name);
    if (binding !== undefined) return this.imported(block, binding);
    const shared = this.shared(block, name);
    if (shared !== undefined) return shared;
    if (this.#assigned.has(name)) return this.#assigned.get(name);
    if (this.#guards.has(name)) return this.#guards.get(name);
    if (this.#isGlobal(name)) return this.#global(name);
    return this.#free(block, name) ?? this.#standIn(name);
  }

  /**
   * Return the part of the kit, the icon or the helper that a bare name means. A block with imports would have
   * imported it: there the name is rather of a component that is still to come, until the block has ended.
   */
  #free(block, name) {
    if (block.imports.size > 0 && !block.isComplete && isComponentName(name)) return undefined;
    return this.#kit.lookup(name) ?? this.#modules.free(name);
  }

  /** Return the declaration of another block by this name: its component first, then others in order. */
  shared(block, name) {
    let found;
    for (const other of this.#blocks.values()) {
      if (other === block) continue;
      if (other.name === name && other.componentName !== null) found = other.values.get(other.componentName);
    }
    if (found !== undefined) return found;
    for (const other of this.#blocks.values()) {
      if (other !== block && other.values.has(name)) return other.values.get(name);
    }
    return undefined;
  }

  /** Return the value of an import: a part of a bundled module, of another block, of the kit, or a stand-in. */
  imported(block, { imported, local, from }) {
    const module = this.#modules.get(from);
    if (module !== undefined)
      return partOf(module, imported) ?? this.#standIn(imported === "*" ? local : imported);
    const name = imported === "default" || imported === "*" ? local : imported;
    const known = this.shared(block, name) ?? this.#kit.lookup(name) ?? this.#modules.free(name);
    if (known !== undefined) return known;
    return PACKAGE.test(from) && isComponentName(name) ? this.#kit.standIn(name) : this.#standIn(name);
  }

  /** Return the value of `require(from)`: an object whose members are looked up when they are read. */
  required(block, from) {
    const binding = (imported) => ({ imported, local: lastPart(from), from });
    return new Proxy(
      { __esModule: true },
      {
        get: (target, key) => {
          if (typeof key === "symbol" || key in target) return target[key];
          return key === "then" ? undefined : this.imported(block, binding(key));
        },
      },
    );
  }

  #isGlobal(name) {
    return this.#globals.names.has(name) && !NOT_GLOBAL.has(name);
  }

  /** Functions of the window refuse the scope as their `this`, which `with` passes to them. */
  #global(name) {
    const value = this.#globals.object[name];
    if (typeof value !== "function" || /^[A-Z]/.test(name)) return value;
    const known = this.#bound.get(name);
    if (known?.value === value) return known.bound;
    const bound = value.bind(this.#globals.object);
    this.#bound.set(name, { value, bound });
    return bound;
  }
}

function partOf(module, imported) {
  if (imported === "*") return module;
  if (imported === "default") return module.default ?? module;
  return module[imported];
}

function lastPart(from) {
  const file = from
    .split("/")
    .at(-1)
    .replace(/\.\w+$/, "");
  return file.replace(/(?:^|[-_])(\w)/g, (_, letter) => letter.toUpperCase());
}

function namesOf(object) {
  const names = new Set();
  for (let at = object; at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  for (const name of Object.getOwnPropertyNames(Object.prototype)) names.delete(name);
  names.delete("undefined");
  return names.add("undefined");
}
