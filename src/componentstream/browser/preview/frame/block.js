/**
 * One block of the stream as a module: its healed text, the statements of that text, and the values that they
 * declare. A statement runs again only if its text or a value that it has read has changed, so that everything
 * else (contexts, memoized components, stores) keeps its identity while the text grows.
 */

import { Healer } from "../../heal.js";
import { createCompiler } from "./compile.js";

/** Rounds of evaluation after a change; more are needed only by declarations that depend on each other. */
const MAX_ROUNDS = 4;

export class Block {
  constructor(event, runtime) {
    const { name, position, attributes, parent } = event.content_block;
    this.index = event.index;
    this.name = name;
    this.position = position ?? "main";
    this.attributes = attributes ?? {};
    this.parent = parent ?? null;
    this.isComplete = false;
    this.isHeld = false;
    this.isDirty = true;
    this.shown = 0;
    this.problem = null;
    this.cells = new Map();
    this.imports = new Map();
    this.values = new Map();
    this.mentions = new Set();
    this.rootNames = [];
    /** Whether the component to show has an element yet; before that it would only start its hooks. */
    this.isReady = false;
    /** Whether the last statement is not complete. */
    this.isCut = false;
    this.code = null;
    this.runtime = runtime;
    this.root = runtime.rootCell(this);
    this.scope = runtime.scope.objectFor(this);
    this.require = (from) => runtime.scope.required(this, from);
    this.createElement = runtime.elementFor(this);
    this.healer = new Healer({ root: name });
    this.compiler = createCompiler(runtime.transform, runtime.counts);
    this.units = [];
  }

  feed(text) {
    this.healer.feed(text);
    this.isDirty = true;
  }

  stop() {
    this.healer.end();
    this.isComplete = true;
    this.isDirty = true;
  }

  /** Forget all values, so that every statement runs again. */
  restart() {
    this.isDirty = true;
    this.code = null;
    this.units = [];
    this.values.clear();
  }

  /** Heal and compile the text; returns whether a statement has changed. */
  read() {
    this.isDirty = false;
    const healed = this.healer.heal();
    this.shown = healed.shown;
    this.isReady = healed.name !== null;
    if (healed.code === this.code) return false;
    this.code = healed.code;
    const before = this.units;
    const statements = this.healer.statements();
    this.units = this.#unitsOf(statements.map(({ start, end }) => this.code.slice(start, end)));
    this.isCut = statements.at(-1)?.complete === false;
    this.compiler.keepOnly(this.units.map((unit) => unit.text));
    this.mentions = mentionsOf(this.code);
    this.#keepLastGood(before);
    this.#bindImports();
    this.rootNames = this.#namesOfRoot(healed.name);
    return true;
  }

  #unitsOf(texts) {
    const old = new Map();
    for (const unit of this.units) old.set(unit.text, [...(old.get(unit.text) ?? []), unit]);
    return texts.map((text) => {
      const known = old.get(text)?.shift();
      return (
        known ?? { text, statement: this.compiler.compile(text), exports: {}, reads: null, problem: null }
      );
    });
  }

  /** Keep the declarations of the statement before, where the new one does not compile. */
  #keepLastGood(before) {
    this.units.forEach((unit, place) => {
      if (unit.statement.problem === null || unit.reads !== null) return;
      unit.problem = unit.statement.problem;
      unit.exports = before[place]?.exports ?? {};
      unit.reads = new Map();
    });
  }

  #bindImports() {
    this.imports.clear();
    for (const { statement } of this.units) {
      for (const binding of statement.imports ?? []) this.imports.set(binding.local, binding);
    }
  }

  #namesOfRoot(healedName) {
    const last = this.name.split(".").at(-1);
    const defaults = this.units.map((unit) => unit.statement.defaultName).filter((name) => name !== null);
    return [this.name, this.name.replaceAll(".", ""), last, ...defaults.reverse(), healedName].filter(
      Boolean,
    );
  }

  /** Return the name under which the component of the block is declared, or null. */
  get componentName() {
    return this.rootNames.find((name) => this.values.has(name)) ?? null;
  }

  /** Run the statements that have not run or that have read a value which is now another one. */
  evaluate() {
    let changed = false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stale = this.units.filter((unit) => this.#isStale(unit));
      if (stale.length === 0 && round > 0) break;
      stale.sort((a, b) => Number(b.statement.isHoisted) - Number(a.statement.isHoisted));
      for (const unit of stale) this.#run(unit);
      changed = stale.length > 0 || changed;
      this.#collect();
    }
    return changed;
  }

  #isStale(unit) {
    if (unit.statement.run === null) return false;
    if (unit.reads === null) return true;
    for (const [name, value] of unit.reads) {
      if (!this.runtime.isSame(value, this.runtime.scope.resolve(this, name))) return true;
    }
    return false;
  }

  #run(unit) {
    const { runtime } = this;
    const exports = {};
    unit.reads = new Map();
    try {
      runtime.counts.evaluated += 1;
      runtime.scope.tracked(unit.reads, exports, () =>
        unit.statement.run(this.scope)(
          exports,
          this.require,
          { exports },
          this.createElement,
          runtime.Fragment,
        ),
      );
      unit.exports = exports;
      unit.problem = null;
    } catch (problem) {
      unit.problem = problem;
      if (Object.keys(unit.exports).length === 0) unit.exports = exports;
    }
    // At once, not after the round: the next statement may wrap or extend these values.
    for (const [name, value] of Object.entries(unit.exports)) this.#declare(name, value);
  }

  /** Whether the declaration of a component is still being written. */
  isWriting(name) {
    return !this.isComplete && this.isCut && name.split(".")[0] in (this.units.at(-1)?.exports ?? {});
  }

  /** Assign to a name that the block declares, from code outside its statement. */
  assign(name, value) {
    const unit = this.units.find((one) => name in one.exports);
    if (unit !== undefined) unit.exports[name] = value;
    this.#declare(name, value);
  }

  #declare(name, value) {
    this.values.set(name, value);
    this.runtime.register(this, name, value);
  }

  #collect() {
    const names = new Set();
    for (const unit of this.units) {
      for (const [name, value] of Object.entries(unit.exports)) {
        names.add(name);
        this.values.set(name, value);
      }
    }
    for (const name of this.values.keys()) if (!names.has(name)) this.values.delete(name);
    this.problem = this.units.find((unit) => unit.problem !== null)?.problem ?? null;
  }
}

/** Return the component names that a text uses as JSX tags. */
function mentionsOf(code) {
  return new Set(Array.from(code.matchAll(/<(\p{Lu}[\w$]*(?:\.[\w$]+)*)/gu), (match) => match[1]));
}
