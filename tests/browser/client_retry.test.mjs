// Lost connections, refusals and restarts. Run by node --test; CLIENT names the module.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import {
  ANSWER, CountingStore, QUICK, SSE, STREAM, ask, client, delta, end, error, errorOf, frame, frames, refuse, serving,
  start, stop, streams,
} from "./client_helpers.mjs";

const { EventReader, resume } = client;
const { backOff } = await import(new URL("client/tries.js", pathToFileURL(process.env.CLIENT)));
const { retryAfter } = await import(new URL("client/failures.js", pathToFileURL(process.env.CLIENT)));

const WHOLE = { status: "complete", text: "one two three" };
const summary = ({ status, blocks }) => ({ status, text: blocks[0]?.text });
const requests = (seen) => seen.map(({ method, url, headers }) => [method, url, headers["last-event-id"]]);
const gap = (seen, place) => seen[place].at - seen[place - 1].at;

for (const then of ["break", "end"]) {
  test(`a stream is resumed after its last event when its connection stops at a ${then}`, async () => {
    const outcome = await ask([
      streams(STREAM, frames(1, 2) + "data: {\"type\":\"content_bl", then),
      streams(STREAM, frames(3, 3), then),
      streams(STREAM, frames(4)),
    ]);
    assert.deepEqual(summary(outcome), WHOLE);
    assert.deepEqual(outcome.errors, []);
    assert.deepEqual(outcome.store.applied, ANSWER);
    assert.deepEqual(outcome.store.statuses, ["connecting", "streaming", "reconnecting", "streaming", "reconnecting", "streaming", "complete"]);
    assert.deepEqual(requests(outcome.seen), [
      ["POST", "/api/generate", undefined],
      ["GET", "/api/streams/s-1", "2"],
      ["GET", "/api/streams/s-1", "3"],
    ]);
  });
}

test("a stream that broke before its first event is read from its beginning", async () => {
  const outcome = await ask([streams(STREAM, ": keep-alive\n", "break"), streams(STREAM, frames(1))]);
  assert.deepEqual([summary(outcome), outcome.store.applied], [WHOLE, ANSWER]);
  assert.deepEqual(requests(outcome.seen)[1], ["GET", "/api/streams/s-1", undefined]);
});

test("a request that got no response is sent again with the same key", async () => {
  const outcome = await ask([
    (request, response) => response.destroy(),
    (request, response) => response.socket.end("HTTP/1.1 200 OK\r\nStream-"),
    streams(STREAM, frames(1)),
  ]);
  assert.deepEqual([summary(outcome), outcome.store.applied], [WHOLE, ANSWER]);
  const keys = outcome.seen.map(({ headers }) => headers["idempotency-key"]);
  assert.deepEqual([keys.length, new Set(keys).size], [3, 1]);
});

test("without a key such a request is not sent again, by GET it is", async () => {
  const answers = [(request, response) => response.destroy(), streams(STREAM, frames(1))];
  const outcome = await ask(answers, { idempotencyKey: null });
  assert.deepEqual([outcome.status, outcome.errors[0].type, outcome.seen.length], ["failed", "connection_lost", 1]);
  const other = await ask(answers, { method: "GET" });
  assert.deepEqual([summary(other), other.seen.length], [WHOLE, 2]);
});

test("events that a server sends again are applied once", async () => {
  const outcome = await ask([streams(STREAM, frames(1, 4), "break"), streams(STREAM, frames(1))]);
  assert.deepEqual([summary(outcome), outcome.store.applied], [WHOLE, ANSWER]);
});

test("ids need not be numbers", async () => {
  const send = (from, to, then) =>
    streams(STREAM, ANSWER.slice(from, to).map((event, place) => frame(event, `e-${from + place}`)).join(""), then);
  const outcome = await ask([send(0, 3, "break"), send(2, 6)]);
  assert.deepEqual([summary(outcome), outcome.store.applied], [WHOLE, ANSWER]);
  assert.equal(outcome.seen[1].headers["last-event-id"], "e-2");
});

test("a resume that breaks before its first id continues where it began", async () => {
  const outcome = await ask([
    streams(STREAM, frames(1, 3), "break"),
    streams(STREAM, ": keep-alive\n", "break"),
    streams(STREAM, "", "break"),
    streams(STREAM, frames(4)),
  ]);
  assert.deepEqual(outcome.store.applied, ANSWER);
  assert.deepEqual(outcome.seen.slice(1).map(({ headers }) => headers["last-event-id"]), ["3", "3", "3"]);
});

test("events that the server's log does not have cannot be resumed after", async () => {
  const lines = frames(1, 2) + frame(error("not_resumable")) + frame(delta(0, "unlogged"));
  const { status, errors, seen } = await ask(streams(STREAM, lines, "break"));
  assert.deepEqual([status, errors.map(({ type }) => type), seen.length], ["failed", ["not_resumable", "connection_lost"], 1]);
});

test("the tries are bounded in number", async () => {
  const outcome = await ask([streams(STREAM, frames(1, 2), "break"), (request, response) => response.destroy()], {
    retry: { ...QUICK, maxTries: 3 },
  });
  assert.deepEqual([outcome.status, outcome.seen.length, outcome.blocks[0].reason], ["failed", 4, "aborted"]);
  assert.deepEqual(outcome.errors.map(({ type, retryable }) => [type, retryable]), [["connection_lost", true]]);
});

test("the tries are bounded in time", async () => {
  const began = performance.now();
  const { status, seen } = await ask(streams(STREAM, ": keep-alive\n", "break"), {
    retry: { maxTries: 1000, minDelay: 40, maxDelay: 40, maxTime: 300 },
  });
  assert.equal(status, "failed");
  assert.ok(performance.now() - began < 5000);
  assert.ok(seen.length > 1 && seen.length < 15, String(seen.length));
});

test("each event that arrives begins the bounds anew", async () => {
  const answers = ANSWER.map((event, place) => streams(STREAM, frame(event, place + 1), "break"));
  const outcome = await ask(answers, { retry: { ...QUICK, maxTries: 1 } });
  assert.deepEqual([summary(outcome), outcome.store.applied], [WHOLE, ANSWER]);
});

test("a connection that has lasted begins the bounds anew, with heartbeats alone", async () => {
  const thinking = (request, response) => {
    streams(STREAM, ": keep-alive\n")(request, response);
    setTimeout(() => response.write(": keep-alive\n"), 80);
    setTimeout(() => response.destroy(), 300);
  };
  const outcome = await ask([thinking, thinking, thinking, thinking, streams(STREAM, frames(1))], {
    retry: { ...QUICK, maxTries: 1 },
  });
  assert.deepEqual([summary(outcome), outcome.seen.length], [WHOLE, 5]);
});

test("retry: false is one try", async () => {
  const { status, seen } = await ask(streams(STREAM, frames(1, 2), "break"), { retry: false });
  assert.deepEqual([status, seen.length], ["failed", 1]);
});

test("delays double up to the longest, the second half of each at random", () => {
  const given = { minDelay: 100, maxDelay: 1000 };
  assert.deepEqual([0, 1, 2, 3, 4, 50].map((count) => backOff(given, count, 1)), [100, 200, 400, 800, 1000, 1000]);
  assert.deepEqual([0, 4].map((count) => backOff(given, count, 0)), [50, 500]);
  const delays = new Set(Array.from({ length: 20 }, () => backOff(given, 2)));
  assert.ok(delays.size > 10);
  assert.ok([...delays].every((delay) => delay >= 200 && delay < 400));
});

test("Retry-After has seconds or a date", () => {
  const now = Date.parse("2026-11-28T10:00:00Z");
  const waits = ["5", " 0 ", "Sat, 28 Nov 2026 10:00:30 GMT", "Sat, 28 Nov 2026 09:00:00 GMT", "soon", "-1", null];
  assert.deepEqual(waits.map((value) => retryAfter(value, now)), [5000, 0, 30_000, 0, 0, 0, 0]);
});

test("Retry-After in seconds and as a date is obeyed, by the first request and by a resume", async () => {
  const date = new Date(Date.now() + 3000).toUTCString();
  const outcome = await ask([
    (request, response) => refuse(response, 429, "rate_limited", { retryable: true, headers: { "Retry-After": "1" } }),
    streams(STREAM, frames(1, 2), "break"),
    (request, response) => response.writeHead(503, { "Retry-After": date }).end("busy"),
    streams(STREAM, frames(3)),
  ]);
  assert.deepEqual([summary(outcome), outcome.errors], [WHOLE, []]);
  assert.ok(gap(outcome.seen, 1) > 900, "it came back too early");
  assert.ok(Date.now() >= Date.parse(date), "it came back before the date");
});

test("a Retry-After beyond the bounds ends it at once with the server's error", async () => {
  const { errors, seen } = await ask((request, response) =>
    refuse(response, 429, "too_many_generations", { retryable: true, headers: { "Retry-After": "3600" } }),
  );
  assert.deepEqual([errors.map(({ type, retryable }) => [type, retryable]), seen.length], [[["too_many_generations", true]], 1]);
});

test("the pause that a server asks for in its stream is the shortest one", async () => {
  const outcome = await ask([streams(STREAM, `retry: 600\n${frames(1, 2)}`, "break"), streams(STREAM, frames(3))]);
  assert.deepEqual(summary(outcome), WHOLE);
  assert.ok(gap(outcome.seen, 1) > 550);
});

test("a refusal that will not change is not asked for again", async () => {
  for (const [status, type, retryable] of [
    [503, "refused", false],
    [502, "source_failed", true],
    [504, "chunk_timeout", true],
    [500, "internal_error", false],
    [422, "idempotency_key_reused", false],
  ]) {
    const { errors, seen } = await ask((request, response) => refuse(response, status, type, { retryable }));
    assert.deepEqual([errors, seen.length], [[errorOf(type, { fatal: true, retryable })], 1]);
  }
});

test("a proxy without its server is asked again", async () => {
  for (const status of [502, 503, 504]) {
    const answers = [(request, response) => response.writeHead(status).end("<h1>No</h1>"), streams(STREAM, frames(1))];
    assert.deepEqual(summary(await ask(answers)), WHOLE);
  }
});

test("a log that cannot be read ends the response and not the stream", async () => {
  const unavailable = error("log_unavailable", { fatal: true, retryable: true });
  const outcome = await ask([
    streams(STREAM, frames(1, 2) + frame(unavailable), "end"),
    (request, response) => refuse(response, 503, "log_unavailable", { retryable: true }),
    streams(STREAM, frames(3)),
  ]);
  assert.deepEqual([summary(outcome), outcome.errors, outcome.store.applied], [WHOLE, [], ANSWER]);
  const without = await ask(streams(STREAM, frames(1, 2) + frame(unavailable), "end"), { retry: false });
  assert.deepEqual([without.status, without.errors], ["failed", [unavailable.error]]);
});

test("the rest of a stream after a fatal error in its log is read too", async () => {
  const events = [start(0, "Hero"), error("chunk_timeout", { fatal: true, retryable: true }), stop(0, "aborted"), end("timeout")];
  const send = (from, to, then) =>
    streams(STREAM, events.slice(from, to).map((event, place) => frame(event, from + place + 1)).join(""), then);
  const { status, errors, store } = await ask([send(0, 2, "break"), send(2, 4)]);
  assert.deepEqual([status, errors.length, store.applied], ["timeout", 1, events]);
});

const died = (type) => [
  frame(error(type, { fatal: true, retryable: true }), 3) + frame(stop(0, "aborted"), 4) + frame(end("failed"), 5),
];

for (const type of ["producer_lost", "server_stopping"]) {
  test(`after ${type} the generation is requested anew, and its answer replaces the part that there is`, async () => {
    const outcome = await ask([streams(STREAM, frames(1, 2) + died(type)), streams(STREAM, frames(1))]);
    assert.deepEqual([summary(outcome), outcome.errors], [WHOLE, []]);
    assert.deepEqual(outcome.store.statuses, ["connecting", "streaming", "reconnecting", "streaming", "complete"]);
    const [first, second] = outcome.seen;
    assert.deepEqual([second.method, second.body], ["POST", first.body]);
    assert.notEqual(second.headers["idempotency-key"], first.headers["idempotency-key"]);
  });
}

test("the part stays until the new answer begins", async () => {
  let answer;
  const asked = Promise.withResolvers();
  const outcome = await ask(
    [
      streams(STREAM, frames(1, 2) + died("producer_lost")),
      (request, response) => {
        answer = () => streams(STREAM, frames(1))(request, response);
        asked.resolve();
      },
    ],
    {},
    async ({ store }) => {
      await asked.promise;
      assert.deepEqual(summary(store.getSnapshot()), { status: "reconnecting", text: "one " });
      answer();
    },
  );
  assert.deepEqual(summary(outcome), WHOLE);
});

test("a generation is restarted once, and then told as the server tells it", async () => {
  const { status, blocks, errors, seen } = await ask(streams(STREAM, frames(1, 2) + died("producer_lost")));
  assert.deepEqual([status, blocks[0].text, seen.length], ["failed", "one ", 2]);
  assert.deepEqual(errors.map(({ type, retryable }) => [type, retryable]), [["producer_lost", true]]);
});

test("a generation is not restarted with the page's own key, after resume, or if the page does not want it", async () => {
  const answer = streams(STREAM, frames(1, 2) + died("producer_lost"));
  for (const options of [{ idempotencyKey: "mine" }, { retry: { ...QUICK, restarts: 0 } }, { retry: false }]) {
    const { errors, seen } = await ask(answer, options);
    assert.deepEqual([errors.map(({ type }) => type), seen.length], [["producer_lost"], 1]);
  }
  await serving([answer], async (url, seen) => {
    const { errors } = await resume(url, "s-1", { retry: QUICK }).done;
    assert.deepEqual([errors.map(({ type }) => type), seen.length], [["producer_lost"], 1]);
  });
});

test("a generation that died before its first event is restarted too", async () => {
  const lost = (request, response) => refuse(response, 503, "producer_lost", { retryable: true, headers: { "Retry-After": "0" } });
  const outcome = await ask([lost, streams(STREAM, frames(1))]);
  assert.deepEqual(summary(outcome), WHOLE);
  const { errors, seen } = await ask(lost, { retry: { ...QUICK, restarts: 0 } });
  assert.deepEqual([errors.map(({ type }) => type), seen.length], [["producer_lost"], 1]);
});

test("the token is read anew for each try, and once more after 401", async () => {
  const asked = [];
  const headers = async (context) => {
    asked.push(context.refresh);
    return { Authorization: `Bearer ${asked.length}` };
  };
  const refused = (request, response) => refuse(response, 401, "unauthorized");
  const outcome = await ask(
    [streams(STREAM, frames(1, 2), "break"), refused, streams(STREAM, frames(3, 3), "break"), streams(STREAM, frames(4))],
    { headers },
  );
  assert.deepEqual([summary(outcome), outcome.store.applied], [WHOLE, ANSWER]);
  assert.deepEqual(asked, [false, false, true, false]);
  assert.deepEqual(outcome.seen.map(({ headers: sent }) => sent.authorization), ["Bearer 1", "Bearer 2", "Bearer 3", "Bearer 4"]);
});

test("a fresh token that is rejected is unauthorized, and keeps the blocks", async () => {
  const refused = (request, response) => refuse(response, 401, "unauthorized");
  const { status, errors, blocks, seen } = await ask([streams(STREAM, frames(1, 2), "break"), refused], {
    headers: () => new Headers({ Authorization: "Bearer x" }),
  });
  assert.deepEqual([status, errors.map(({ type }) => type), blocks[0].text, seen.length], ["failed", ["unauthorized"], "one ", 3]);
});

test("headers that never change are not sent again after 401", async () => {
  const { errors, seen } = await ask((request, response) => response.writeHead(401).end(), { headers: { Authorization: "x" } });
  assert.deepEqual([errors.map(({ type, retryable }) => [type, retryable]), seen.length], [[["unauthorized", false]], 1]);
});

test("headers that cannot be read now are read again", async () => {
  let calls = 0;
  const headers = () => {
    calls += 1;
    if (calls === 2) throw new Error("offline");
    return {};
  };
  const outcome = await ask([streams(STREAM, frames(1, 2), "break"), streams(STREAM, frames(3))], { headers });
  assert.deepEqual([summary(outcome), calls], [WHOLE, 3]);
});

test("headers that can never be read are told and reported, and nothing is sent", async () => {
  const reported = [];
  globalThis.reportError = (problem) => reported.push(problem.message);
  const { errors, seen } = await ask(() => {}, {
    headers: () => Promise.reject(new Error("no session")),
    retry: { ...QUICK, maxTries: 2 },
  });
  delete globalThis.reportError;
  assert.deepEqual([errors[0].type, errors[0].retryable, seen.length], ["headers_failed", true, 0]);
  assert.equal(errors[0].message, "The function that was given as headers failed: no session");
  assert.deepEqual(reported, ["no session"]);
});

test("a silent connection is given up and resumed, and a heartbeat is a sign of life", async () => {
  const outcome = await ask(
    [
      (request, response) => {
        streams(STREAM, frames(1, 2))(request, response);
        let beats = 0;
        const timer = setInterval(() => {
          beats += 1;
          response.write(": keep-alive\n");
          if (beats === 12) clearInterval(timer);
        }, 100);
      },
      streams(STREAM, frames(3)),
    ],
    { stallTimeout: 800 },
  );
  assert.deepEqual([summary(outcome), outcome.store.applied], [WHOLE, ANSWER]);
  assert.ok(gap(outcome.seen, 1) > 1700, "it did not wait for the heartbeats");
});

test("silence before the response is given up too, and told with its time", async () => {
  const { errors, seen } = await ask(() => {}, { stallTimeout: 100, retry: { ...QUICK, maxTries: 1 } });
  assert.deepEqual([errors[0].type, errors[0].message, seen.length], ["connection_lost", "The server has sent nothing for 0.1 seconds.", 2]);
});

test("a stall timeout of 0 or Infinity waits", async () => {
  for (const stallTimeout of [0, Infinity]) {
    const slow = (request, response) => {
      streams(STREAM, frames(1, 2))(request, response);
      setTimeout(() => response.write(frames(3)), 200);
    };
    const { seen } = await ask(slow, { stallTimeout });
    assert.equal(seen.length, 1);
  }
});

test("stop ends a pause at once", async () => {
  const began = performance.now();
  const deleted = Promise.withResolvers();
  const { status, seen } = await ask(
    [streams(STREAM, frames(1, 2), "break"), (request, response) => response.writeHead(204).end(deleted.resolve)],
    { retry: { minDelay: 60_000, maxDelay: 60_000, maxTime: 1e6 } },
    async ({ store, stop: leave }) => {
      await new Promise((resolve) => {
        store.subscribe(() => store.getSnapshot().status === "reconnecting" && resolve());
      });
      leave();
      await deleted.promise;
    },
  );
  assert.equal(status, "cancelled");
  assert.ok(performance.now() - began < 5000);
  assert.deepEqual(seen.map(({ method }) => method), ["POST", "DELETE"]);
});

test("a pause ends when the browser is online again, unless the server has asked for it", async () => {
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
  const online = ({ store }) => {
    store.subscribe(() => store.getSnapshot().status === "reconnecting" && page.dispatchEvent(new Event("online")));
  };
  const retry = { ...QUICK, minDelay: 2000, maxDelay: 2000 };
  const answers = [streams(STREAM, frames(1, 2), "break"), streams(STREAM, frames(3))];
  const { seen } = await ask(answers, { retry }, online);
  const busy = (request, response) => response.writeHead(503, { "Retry-After": "1" }).end();
  const { seen: asked } = await ask([busy, streams(STREAM, frames(1))], { retry: QUICK }, online);
  delete globalThis.addEventListener;
  delete globalThis.removeEventListener;
  assert.ok(gap(seen, 1) < 900);
  assert.ok(gap(asked, 1) > 900);
});

test("a response that promises a stream is followed by that stream", async () => {
  const outcome = await ask([
    (request, response) => response.writeHead(202, { "Stream-Id": "s-1" }).end('{"stream":"s-1"}'),
    streams(STREAM, frames(1)),
  ]);
  assert.deepEqual([summary(outcome), outcome.store.applied], [WHOLE, ANSWER]);
});

test("a reader begins behind the id that it is given", () => {
  const reader = new EventReader({ lastEventId: "7" });
  assert.equal(reader.lastEventId, "7");
  const bytes = (value) => new TextEncoder().encode(value);
  assert.deepEqual(reader.feed(bytes(frame(delta(0, "x")))), [delta(0, "x")]);
  assert.equal(reader.lastEventId, "7");
  reader.feed(bytes("id: 8\n\nretry: 1500\nretry: soon\nretry: 9999999999999999\n"));
  assert.deepEqual([reader.lastEventId, reader.retry], ["8", 1500]);
  assert.deepEqual(reader.read(bytes(frame(delta(0, "y"), 9) + frame(delta(0, "z")))), [
    { event: delta(0, "y"), id: "9" },
    { event: delta(0, "z"), id: null },
  ]);
});
