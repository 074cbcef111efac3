// The store of the client: events in, snapshots out. Run by node --test; CLIENT names the module.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { client, delta, end, error, errorOf, start, stop, text } from "./client_helpers.mjs";

const { BlockStore } = client;

test("events make blocks", () => {
  const store = new BlockStore();
  store.connect();
  assert.equal(store.getSnapshot().status, "connecting");
  store.apply([text(0), delta(0, "Hi"), stop(0), start(1, "Hero"), delta(1, "<h1>"), start(2, "Title", 1)]);
  assert.equal(store.getSnapshot().status, "streaming");
  store.apply([delta(2, "x"), stop(2), delta(1, "</h1>"), stop(1, "truncated", 7)]);
  assert.deepEqual(store.getSnapshot().blocks, [
    {
      index: 0, type: "text", name: null, position: null, attributes: {}, parent: null,
      text: "Hi", open: false, reason: "end", trimmed: 0,
    },
    {
      index: 1, type: "component", name: "Hero", position: "main", attributes: { tone: "warm" }, parent: null,
      text: "<h1></h1>", open: false, reason: "truncated", trimmed: 7,
    },
    {
      index: 2, type: "component", name: "Title", position: "main", attributes: { tone: "warm" }, parent: 1,
      text: "x", open: false, reason: "end", trimmed: 0,
    },
  ]);
  assert.equal(store.getBlock(2), store.getSnapshot().blocks[2]);
  assert.equal(store.getBlock(7), undefined);
});

test("errors, status, reasoning, usage, findings and the end are kept", () => {
  const store = new BlockStore();
  const status = {
    type: "status", phase: "progress", elapsed: 1, components_started: 2, components_completed: 1, chars: 9,
  };
  const usage = { type: "usage", input_tokens: 8, output_tokens: 9, reasoning_tokens: null, cached_tokens: null };
  const finding = {
    rule: "near-miss", severity: "info", message: "m", action: "none", index: 3, line: 12, span: [410, 433],
  };
  store.apply([status, error("invalid_name", { line: 4 }), { type: "reasoning", text: "Let me " }]);
  store.apply([{ type: "reasoning", text: "see." }, usage, { type: "finding", finding }, end("timeout")]);
  assert.deepEqual(store.getSnapshot(), {
    status: "timeout",
    blocks: [],
    errors: [errorOf("invalid_name", { line: 4 })],
    findings: [finding],
    progress: status,
    reasoning: "Let me see.",
    usage,
    stats: { chunks: 3 },
  });
  assert.equal(store.ended, true);
});

test("unknown, repeated and late events change nothing", () => {
  const store = new BlockStore();
  store.apply([start(0, "Hero"), start(0, "Other"), delta(5, "lost"), stop(6), { type: "ping" }, { type: "debug", state: {} }]);
  store.apply([{ ...delta(0, "x"), delta: { type: "image_delta" } }]);
  store.apply([{ ...start(1, "x"), content_block: { type: "image" } }]);
  assert.equal(store.getSnapshot().blocks.length, 1);
  assert.equal(store.getSnapshot().blocks[0].name, "Hero");
  assert.equal(store.getSnapshot().blocks[0].text, "");
  store.apply([stop(0), delta(0, "after its stop")]);
  assert.equal(store.getSnapshot().blocks[0].text, "");
  store.apply([end()]);
  const last = store.getSnapshot();
  store.apply([delta(0, "late")]);
  store.fail(errorOf("late"));
  store.cancel();
  store.interrupt();
  store.proceed();
  store.restart();
  store.finish();
  assert.equal(store.getSnapshot(), last);
});

test("fields that a server may omit have their defaults", () => {
  const store = new BlockStore();
  store.apply([
    { type: "content_block_start", index: 0, content_block: { type: "component", name: "A", position: "main" } },
    { type: "content_block_stop", index: 0, reason: "end", chars: 0 },
    { type: "error", error: { type: "mine", message: "m", more: 1 } },
    { type: "usage", input_tokens: 3 },
    { type: "finding", finding: { rule: "r", severity: "info", message: "m" } },
    { type: "message_stop", reason: "complete" },
  ]);
  const { blocks, errors, usage, findings, stats } = store.getSnapshot();
  assert.deepEqual([blocks[0].attributes, blocks[0].parent, blocks[0].trimmed], [{}, null, 0]);
  assert.deepEqual(errors, [errorOf("mine", { message: "m", more: 1 })]);
  assert.deepEqual([usage.output_tokens, stats], [null, {}]);
  assert.deepEqual(findings, [{ rule: "r", severity: "info", message: "m", action: "none", index: null, line: null, span: null }]);
});

for (const [event, problem] of [
  [{ type: "content_block_delta", index: 0 }, "A content_block_delta event has a missing or wrong field: delta must be of type object, not missing."],
  [{ ...delta(0), delta: { type: "text_delta" } }, "A content_block_delta event has a missing or wrong field: text must be of type string, not missing."],
  [delta(0.5, "x"), "A content_block_delta event has a missing or wrong field: index must be of type integer, not 0.5."],
  [{ type: "error" }, "A error event has a missing or wrong field: error must be of type object, not missing."],
  [{ type: "error", error: { type: "x" } }, "A error event has a missing or wrong field: message must be of type string, not missing."],
  [error("x", { retryable: "no" }), 'A error event has a missing or wrong field: retryable must be of type boolean, not "no".'],
  [{ type: "message_stop" }, "A message_stop event has a missing or wrong field: reason must be of type string, not missing."],
  [{ type: "message_stop", reason: "complete", stats: [] }, "A message_stop event has a missing or wrong field: stats must be of type object, not []."],
  [{ type: "content_block_start", index: 0 }, "A content_block_start event has a missing or wrong field: content_block must be of type object, not missing."],
  [{ ...start(0, 5) }, "A content_block_start event has a missing or wrong field: name must be of type string, not 5."],
  [{ type: "content_block_stop", index: 0, reason: "end" }, "A content_block_stop event has a missing or wrong field: chars must be of type integer, not missing."],
  [{ type: "status", phase: "x", elapsed: "1" }, 'A status event has a missing or wrong field: elapsed must be of type number, not "1".'],
  [{ type: "reasoning" }, "A reasoning event has a missing or wrong field: text must be of type string, not missing."],
  [{ type: "usage", input_tokens: "8" }, 'A usage event has a missing or wrong field: input_tokens must be of type integer, not "8".'],
  [{ type: "finding", finding: { rule: "r", severity: "i", message: "m", span: [1] } }, "A finding event has a missing or wrong field: span must be of type span, not [1]."],
  [{ type: "debug" }, "A debug event has a missing or wrong field: state must be of type object, not missing."],
  [null, "An event must be a JSON object, not null."],
  [[], "An event must be a JSON object, not []."],
]) {
  test(`a wrong event ends the generation: ${problem}`, () => {
    const store = new BlockStore();
    store.apply([start(0, "Hero"), delta(0, "x"), event, delta(0, "y")]);
    const { status, blocks, errors } = store.getSnapshot();
    assert.deepEqual([status, blocks.length, blocks[0].text, blocks[0].reason], ["failed", 1, "x", "aborted"]);
    assert.deepEqual(errors, [errorOf("invalid_event", { message: problem, fatal: true })]);
  });
}

test("after a fatal error of the server there is no other one, and the first keeps its flags", () => {
  const store = new BlockStore();
  store.apply([start(0, "Hero"), error("stream_unknown", { fatal: true })]);
  assert.equal(store.ended, false);
  assert.deepEqual(store.fatal, errorOf("stream_unknown", { fatal: true }));
  store.fail(errorOf("connection_lost", { fatal: true, retryable: true }));
  const { status, errors, blocks } = store.getSnapshot();
  assert.deepEqual([status, errors, blocks[0].reason], ["failed", [errorOf("stream_unknown", { fatal: true })], "aborted"]);
});

test("a generation that the server has nothing more of is complete, or failed after a fatal error", () => {
  for (const [events, expected] of [
    [[start(0, "Hero")], "complete"],
    [[error("chunk_timeout", { fatal: true })], "failed"],
  ]) {
    const store = new BlockStore();
    store.apply(events);
    store.finish();
    assert.equal(store.getSnapshot().status, expected);
  }
});

test("a snapshot never changes, and is another only when something happened", () => {
  const store = new BlockStore();
  store.apply([start(0, "Hero"), start(1, "Menu"), error("x"), end()]);
  store.connect();
  assert.deepEqual(store.getSnapshot().errors, []);
  store.apply([start(0, "Hero"), start(1, "Menu"), error("x")]);
  const before = store.getSnapshot();
  store.apply([]);
  assert.equal(store.getSnapshot(), before);
  store.apply([delta(0, "x")]);
  const after = store.getSnapshot();
  assert.notEqual(after, before);
  assert.equal(before.blocks[0].text, "");
  assert.equal(after.blocks[1], before.blocks[1]);
  assert.equal(after.errors, before.errors);
  for (const value of [after, after.blocks, after.blocks[0], after.blocks[0].attributes, after.errors, after.errors[0]]) {
    assert.ok(Object.isFrozen(value));
  }
});

test("listeners are told once for all changes of a turn, until they leave", async () => {
  const store = new BlockStore();
  let count = 0;
  const leave = store.subscribe(() => {
    count += 1;
    leaveOther();
  });
  const leaveOther = store.subscribe(() => {
    count += 100;
  });
  store.apply([start(0, "Hero"), delta(0, "x")]);
  store.apply([delta(0, "y")]);
  assert.equal(count, 0);
  await store.published();
  assert.equal(count, 1);
  store.apply([delta(0, "z")]);
  await store.published();
  assert.equal(count, 2);
  leave();
  store.apply([delta(0, "z")]);
  await store.published();
  assert.equal(count, 2);
  await store.published();
});

test("a listener that throws is reported, and the others are called", async () => {
  const reported = [];
  globalThis.reportError = (problem) => reported.push(problem.message);
  const store = new BlockStore();
  let count = 0;
  store.subscribe(() => {
    throw new Error("a bug of the page");
  });
  store.subscribe(() => {
    count += 1;
  });
  for (const added of ["x", "y"]) {
    store.apply([start(0, "Hero"), delta(0, added)]);
    await store.published();
  }
  delete globalThis.reportError;
  assert.deepEqual([count, reported], [2, ["a bug of the page", "a bug of the page"]]);
  assert.equal(store.getSnapshot().blocks[0].text, "xy");
});

test("where there is no reportError, the error of a listener is uncaught", () => {
  const program = `
    const { BlockStore } = await import(process.env.CLIENT_URL);
    const store = new BlockStore();
    store.subscribe(() => { throw new Error("another bug"); });
    store.connect();
    await store.published();`;
  const done = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    env: { ...process.env, CLIENT_URL: pathToFileURL(process.env.CLIENT).href },
    encoding: "utf-8",
  });
  assert.equal(done.status, 1);
  assert.match(done.stderr, /Error: another bug/);
});

test("the user's stop aborts the open blocks", () => {
  const store = new BlockStore();
  store.apply([start(0, "Hero"), stop(0), start(1, "Menu")]);
  store.cancel();
  const { status, blocks } = store.getSnapshot();
  assert.equal(status, "cancelled");
  assert.deepEqual(blocks.map(({ open, reason }) => [open, reason]), [[false, "end"], [false, "aborted"]]);
  const generation = store.generation;
  assert.equal(store.connect(), generation + 1);
  assert.deepEqual(store.getSnapshot().blocks, []);
  store.apply([start(1, "Again")]);
  assert.equal(store.getSnapshot().blocks[0].name, "Again");
});

test("a lost connection keeps the blocks, a restart discards them", () => {
  const store = new BlockStore();
  store.connect();
  store.interrupt();
  store.proceed();
  assert.equal(store.getSnapshot().status, "connecting");
  store.apply([start(0, "Hero")]);
  store.interrupt();
  assert.deepEqual([store.getSnapshot().status, store.getSnapshot().blocks.length], ["reconnecting", 1]);
  store.proceed();
  assert.equal(store.getSnapshot().status, "streaming");
  store.restart();
  assert.deepEqual([store.getSnapshot().status, store.getSnapshot().blocks.length], ["connecting", 0]);
});

test("a delta costs what its text costs, however many blocks there are and however long they are", () => {
  const cost = (blocks, chars) => {
    const store = new BlockStore();
    for (let index = 0; index < blocks; index += 1) store.apply([start(index, "A"), delta(index, "x".repeat(chars))]);
    store.getSnapshot();
    const began = performance.now();
    for (let turn = 0; turn < 20_000; turn += 1) store.apply([delta(turn % blocks, "0123456789")]);
    const took = performance.now() - began;
    assert.equal(store.getSnapshot().blocks[0].text.length, chars + (20_000 / blocks) * 10);
    return took;
  };
  cost(10, 10);
  const [small, large] = [1, 2, 3].reduce(
    ([a, b]) => [Math.min(a, cost(10, 10)), Math.min(b, cost(1000, 10_000))],
    [Infinity, Infinity],
  );
  assert.ok(large < 10 * small + 20, `${small} ms and ${large} ms`);
});
