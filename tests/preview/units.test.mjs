/** The parts of the preview's host that need no browser, on Node: message table, watchdog, log of events. */

import assert from "node:assert/strict";
import test from "node:test";

const folder = process.env.PREVIEW;
const { FLOOD, MAX_RATE, RateLimit, readMessage } = await import(`${folder}/messages.js`);
const { INTERVAL, SILENCE, Watchdog } = await import(`${folder}/watchdog.js`);
const { EventLog, changes } = await import(`${folder}/eventlog.js`);

test("messages of the table are copied with their fields alone", () => {
  for (const message of [
    { type: "ready" },
    { type: "pong", n: 7 },
    { type: "height", height: 12 },
    { type: "rendering", index: 0 },
    { type: "status", index: 3, status: "live", message: null },
  ]) {
    const read = readMessage(message);
    assert.deepEqual(read, message);
    assert.notEqual(read, message);
  }
  assert.equal(readMessage({ type: "status", index: 3, status: "live" }).message, null);
});

test("everything else is dropped", () => {
  const wrong = [
    undefined, null, 0, "ready", [], ["ready"], {}, { type: 1 }, { type: "toString" }, { type: "__proto__" },
    { type: "ready", extra: 1 }, { type: "pong" }, { type: "pong", n: -1 }, { type: "pong", n: 2 ** 53 },
    { type: "height", height: "9" }, { type: "height", height: NaN }, { type: "height", height: -1 },
    { type: "rendering", index: 1.5 }, { type: "rendering", index: 1e9 }, { type: "rendering", index: 1n },
    { type: "status", index: 0, status: "frozen" }, { type: "status", index: 0, status: ["live"] },
    { type: "status", index: 0, status: "live", message: 5 }, { type: "status", index: 0, status: "live", url: "x" },
  ]; // prettier-ignore
  for (const message of wrong) assert.equal(readMessage(message), null, JSON.stringify(message?.type));
});

test("numbers and texts are clamped", () => {
  assert.equal(readMessage({ type: "height", height: 1e300 }).height, 1_000_000);
  assert.equal(readMessage({ type: "height", height: 10.2 }).height, 11);
  assert.equal(readMessage({ type: "status", index: 0, status: "failed", message: "x".repeat(9999) }).message.length, 500);
});

test("messages are counted per second", () => {
  const rate = new RateLimit();
  for (let i = 0; i < MAX_RATE; i++) assert.equal(rate.count(0), "read");
  for (let i = MAX_RATE; i < FLOOD; i++) assert.equal(rate.count(999), "drop");
  assert.equal(rate.count(999), "flood");
  assert.equal(rate.count(1000), "read");
});

/** Ping a frame for a time; `delay` gives the delay of the pong to a ping sent at a time, null for none. */
function watch(delay, seconds, { step = INTERVAL } = {}) {
  const watchdog = new Watchdog(0);
  watchdog.rendering(4, 0);
  const due = [];
  for (let now = 0; now <= 1000 * seconds; now += 5) {
    while (due.length > 0 && due[0].at <= now) watchdog.pong(due.shift().n, now);
    if (now % step === 0) {
      const verdict = watchdog.judge(now);
      if (verdict !== "alive") return { verdict, now, guilty: watchdog.guilty() };
      watchdog.sent(now, now);
      const wait = delay(now);
      if (wait !== null) due.push({ n: now, at: now + wait });
    }
  }
  return { verdict: "alive" };
}

test("a frame that answers is alive", () => {
  assert.equal(watch(() => 5, 60).verdict, "alive");
  assert.equal(watch(() => 90, 60).verdict, "alive");
});

test("a frame that falls silent is found after two seconds", () => {
  const { verdict, now, guilty } = watch((at) => (at < 5000 ? 5 : null), 20);
  assert.equal(verdict, "silent");
  assert.equal(guilty, 4);
  assert.ok(now - 5000 <= SILENCE + INTERVAL, `after ${now - 5000} ms`);
});

test("a frame in a loop of long tasks is found within two and a half seconds", () => {
  for (const task of [350, 400, 600]) {
    const { verdict, now } = watch((at) => task - (at % task), 20);
    assert.equal(verdict, "busy", `tasks of ${task} ms`);
    assert.ok(now <= 2500 + task, `tasks of ${task} ms after ${now} ms`);
  }
  assert.equal(watch((at) => 1500 - (at % 1500), 20).verdict, "busy");
});

test("one long task, and long tasks with pauses, are left alone", () => {
  assert.equal(watch((at) => (at >= 1000 && at < 2800 ? 2800 - at : 5), 20).verdict, "alive");
  assert.equal(watch((at) => (at % 1500 < 300 ? 300 - (at % 1500) : 5), 60).verdict, "alive");
});

test("time in which the page itself stood still is not silence", () => {
  const watchdog = new Watchdog(0);
  watchdog.sent(1, 0);
  assert.equal(watchdog.judge(60_000), "alive");
});

test("a pong that answers no ping changes nothing", () => {
  const watchdog = new Watchdog(0);
  watchdog.sent(17, 0);
  for (let now = 0; now <= 2500; now += 125) {
    assert.equal(watchdog.pong(18, now), null);
    if (watchdog.judge(now) === "silent") return;
  }
  assert.fail("not found");
});

test("the block that was rendered before the trouble is guilty, not one that came later", () => {
  const watchdog = new Watchdog(0);
  assert.equal(watchdog.guilty(), null);
  watchdog.rendering(1, 100);
  watchdog.rendering(2, 200);
  assert.equal(watchdog.guilty(), 2);
  assert.equal(watchdog.renewed(300).guilty(), 2);
  for (let i = 0; i < 200; i++) watchdog.rendering(3, 300 + i);
  assert.equal(watchdog.guilty(), 3);
});

const start = (index, name = `Block${index}`) => ({
  type: "content_block_start",
  index,
  content_block: { type: "component", name, position: "main", attributes: {}, parent: null },
});
const delta = (index, text) => ({ type: "content_block_delta", index, delta: { type: "text_delta", text } });
const stop = (index) => ({ type: "content_block_stop", index, reason: "end", trimmed: 0 });

test("deltas are joined for sending, and blocks for a replay", () => {
  const log = new EventLog();
  for (const event of [start(0), delta(0, "a"), delta(0, "b"), start(1), delta(1, "c"), delta(0, "d"), stop(1)]) {
    log.add(event);
  }
  assert.ok(log.waits);
  assert.deepEqual(log.take(), [start(0), delta(0, "ab"), start(1), delta(1, "c"), delta(0, "d"), stop(1)]);
  assert.ok(!log.waits);
  assert.deepEqual(log.take(), []);
  log.add({ type: "message_stop", reason: "complete" });
  assert.deepEqual(log.groups(), [
    [start(0), delta(0, "abd")],
    [start(1), delta(1, "c")],
    [stop(1), { type: "message_stop", reason: "complete" }],
  ]);
  assert.ok(!log.waits);
});

test("events without a block, repeated starts and stops, and unknown types are left out", () => {
  const log = new EventLog();
  for (const event of [delta(0, "x"), stop(0), { type: "status" }, start(0), start(0), stop(0), stop(0)]) log.add(event);
  log.add({ type: "content_block_delta", index: 0, delta: { type: "other" } });
  assert.deepEqual(log.take(), [start(0), stop(0)]);
  assert.deepEqual(log.components(), [0]);
  assert.equal(log.nameOf(0), "Block0");
  assert.equal(log.nameOf(5), null);
  assert.ok(log.has(0) && !log.has(5));
});

test("ten thousand deltas cost as little as their length", () => {
  const log = new EventLog();
  log.add(start(0));
  const began = process.cpuUsage().user;
  for (let i = 0; i < 10_000; i++) {
    log.add(delta(0, "twenty characters ..."));
    if (i % 10 === 9) log.take();
  }
  assert.ok(process.cpuUsage().user - began < 1_000_000, "a second of processor time");
  assert.equal(log.groups()[0][1].delta.text.length, 210_000);
});

const block = (index, text, more = {}) => ({
  index, type: "component", name: `Block${index}`, position: "main", attributes: {}, parent: null, text, open: true,
  reason: null, trimmed: 0, ...more,
}); // prettier-ignore
const snapshot = (status, ...blocks) => ({ status, blocks });

test("a snapshot is told as events, and only its changes", () => {
  const first = snapshot("streaming", block(0, "ab"), block(1, ""));
  const none = snapshot("connecting");
  assert.deepEqual(changes(none, first).map(({ type }) => type), [
    "content_block_start", "content_block_delta", "content_block_start",
  ]); // prettier-ignore
  assert.deepEqual(changes(first, first), []);
  const second = snapshot("complete", block(0, "abc", { open: false, reason: "end" }), first.blocks[1]);
  assert.deepEqual(changes(first, second), [
    delta(0, "c"),
    { ...stop(0), chars: 3 },
    { type: "message_stop", reason: "complete" },
  ]);
  assert.deepEqual(changes(none, snapshot("streaming", { ...block(0, "x"), type: "text", name: null })), [
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    delta(0, "x"),
  ]);
});

test("another generation is recognized", () => {
  const before = snapshot("streaming", block(0, "abc"));
  for (const after of [
    snapshot("connecting"),
    snapshot("streaming", block(0, "ab")),
    snapshot("streaming", block(0, "xbcd")),
    snapshot("streaming", block(0, "abcd", { name: "Other" })),
    snapshot("streaming", block(0, "abcd", { parent: 1 })),
    snapshot("streaming", block(1, "abcd")),
  ]) {
    assert.equal(changes(before, after), null);
  }
  const closed = snapshot("complete", block(0, "abc", { open: false }));
  assert.equal(changes(closed, snapshot("streaming", block(0, "abc"))), null);
  assert.equal(changes(closed, { ...closed, status: "streaming" }), null);
  assert.deepEqual(changes(snapshot("reconnecting", ...before.blocks), before), []);
});
