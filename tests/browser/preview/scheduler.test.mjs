/** When the frame renders, by the clock of the test. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Scheduler } from "../../../src/componentstream/browser/preview/frame/scheduler.js";

/** A runtime with blocks that are due, a render that takes `cost` ms, and a log of what happens. */
function scene({ cost = 1 } = {}) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const state = { now: 0, due: new Set(), log: [], cost };
  const scheduler = new Scheduler({
    runtime: { pending: () => [...state.due] },
    render: (index) => {
      state.log.push(`render ${index} at ${state.now}`);
      state.due.delete(index);
      state.now += state.cost;
    },
    announce: (index) => state.log.push(`announce ${index}`),
    clock: { now: () => state.now },
  });
  const pass = (ms) => {
    for (let step = 0; step < ms; step += 1) {
      state.now += 1;
      mock.timers.tick(1);
    }
  };
  const ask = (index) => {
    state.due.add(index);
    scheduler.wake();
  };
  return { state, scheduler, pass, ask };
}

test("the first block is announced at once and rendered in the next task", (t) => {
  t.after(() => mock.timers.reset());
  const { state, ask, pass } = scene();
  ask(3);
  assert.deepEqual(state.log, ["announce 3"]);
  pass(1);
  assert.equal(state.log.length, 2);
  assert.match(state.log[1], /^render 3/);
});

test("each block of a batch has a task of its own", (t) => {
  t.after(() => mock.timers.reset());
  const { state, ask, pass } = scene();
  state.due.add(1);
  state.due.add(2);
  ask(3);
  pass(5);
  const order = state.log.map((line) => line.replace(/ at .*/, ""));
  assert.deepEqual(order, ["announce 1", "render 1", "announce 2", "render 2", "announce 3", "render 3"]);
});

for (const [cost, gap] of [
  [1, 60],
  [100, 400],
]) {
  test(`a render of ${cost} ms is followed by a gap of ${gap} ms`, (t) => {
    t.after(() => mock.timers.reset());
    const { state, ask, pass } = scene({ cost });
    ask(0);
    pass(1);
    const end = state.now;
    ask(0);
    pass(gap - 2);
    assert.equal(state.log.filter((line) => line.startsWith("render")).length, 1);
    pass(5);
    const times = state.log
      .filter((line) => line.startsWith("render"))
      .map((line) => Number(line.split(" ").at(-1)));
    assert.equal(times.length, 2);
    assert.ok(times[1] - end >= gap);
  });
}

test("what arrives during the gap is rendered at its end without another call", (t) => {
  t.after(() => mock.timers.reset());
  const { state, ask, pass } = scene();
  ask(0);
  pass(10);
  ask(1);
  ask(2);
  pass(80);
  assert.equal(state.due.size, 0);
});
