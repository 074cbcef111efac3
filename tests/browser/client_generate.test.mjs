// Generations over one connection: what is sent, read and stopped. Run by node --test; CLIENT names the module.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ANSWER, CountingStore, QUICK, SSE, STREAM, ask, client, delta, end, error, errorOf, frame, frames, refuse, serving,
  start, stop, streams,
} from "./client_helpers.mjs";

const { EventReader, generate, resume } = client;
const once = { retry: false };

test("a generation is requested by POST and read to its end, however long the connection stays", async () => {
  const answer = streams(SSE, frame(start(0, "Hero")) + frame(delta(0, "ä")) + frame(stop(0)) + frame(end()));
  const { status, blocks, seen, generation } = await ask(answer, { headers: { Authorization: "Bearer t" } });
  const [{ method, headers, body }] = seen;
  assert.deepEqual(
    [method, headers["content-type"], headers.accept, headers.authorization, body],
    ["POST", "application/json", "text/event-stream", "Bearer t", '{"prompt":"x"}'],
  );
  assert.match(headers["idempotency-key"], /^[0-9a-f]{32}$/);
  assert.deepEqual([status, blocks.length, blocks[0].text], ["complete", 1, "ä"]);
  assert.deepEqual([generation.streamId, generation.lastEventId], ["", ""]);
});

for (const [what, request, type, sent] of [
  ["text", "a prompt", "text/plain;charset=UTF-8", "a prompt"],
  ["a form", new URLSearchParams({ a: "1" }), "application/x-www-form-urlencoded;charset=UTF-8", "a=1"],
  ["bytes", new TextEncoder().encode("bytes"), undefined, "bytes"],
  ["a file", new Blob(["file"], { type: "text/csv" }), "text/csv", "file"],
  ["a list", [1, null], "application/json", "[1,null]"],
]) {
  test(`${what} is sent as it is`, async () => {
    await serving([streams(SSE, frame(end()))], async (url, seen) => {
      await generate(url, request).done;
      assert.deepEqual([seen[0].headers["content-type"], seen[0].body], [type, sent]);
    });
  });
}

test("form data are sent as a multipart form", async () => {
  const form = new FormData();
  form.set("prompt", "x");
  form.set("file", new Blob(["content"]), "a.txt");
  await serving([streams(SSE, frame(end()))], async (url, seen) => {
    await generate(url, form).done;
    assert.match(seen[0].headers["content-type"], /^multipart\/form-data; boundary=/);
    assert.match(seen[0].body, /filename="a\.txt"/);
  });
});

test("with GET the request is the query, and there is no key", async () => {
  await serving([streams(SSE, frame(end()))], async (url, seen) => {
    const asked = (request, given = "") => generate(url + given, request, { method: "GET" }).done;
    await asked({ projectId: "a b", versionId: 2, other: null }, "?debug=1");
    await asked("projectId=c");
    await asked(new URLSearchParams({ projectId: "d" }));
    await asked(null);
    assert.deepEqual(
      seen.map(({ method, url: path, headers }) => [method, path, headers["idempotency-key"]]),
      [
        ["GET", "/api/generate?debug=1&projectId=a+b&versionId=2", undefined],
        ["GET", "/api/generate?projectId=c", undefined],
        ["GET", "/api/generate?projectId=d", undefined],
        ["GET", "/api/generate", undefined],
      ],
    );
  });
});

test("the page may give the key, or send none", async () => {
  await serving([streams(SSE, frame(end()))], async (url, seen) => {
    await generate(url, {}, { idempotencyKey: "mine" }).done;
    await generate(url, {}, { idempotencyKey: null }).done;
    assert.deepEqual(seen.map(({ headers }) => headers["idempotency-key"]), ["mine", undefined]);
  });
});

test("mistakes in the call are thrown at once", () => {
  const url = "http://127.0.0.1:9/";
  for (const [call, message] of [
    [() => generate("/relative", {}), /Invalid URL/],
    [() => generate(url, undefined), /The request has no JSON; pass an object, a string or FormData\./],
    [() => generate(url, new ReadableStream()), /A ReadableStream cannot be sent again/],
    [() => generate(url, new FormData(), { method: "GET" }), /With method GET the request must be an object/],
    [() => generate(url, {}, { method: "PUT" }), /The option method must be one of POST, GET, not PUT\./],
    [() => generate(url, {}, { transport: "websocket" }), /The option transport must be one of fetch, eventsource/],
    [() => generate(url, {}, { header: {} }), /Unknown option header; there are store, headers, /],
    [() => generate(url, {}, { headers: { "a b": "c" } }), /a b/],
    [() => generate(url, {}, { retry: { tries: 3 } }), /Unknown option retry\.tries; there are maxTries, /],
    [() => generate(url, {}, { retry: { maxTries: -1 } }), /The option retry\.maxTries must be a number >= 0, not -1\./],
    [() => generate(url, {}, { stallTimeout: "5" }), /The option stallTimeout must be a number >= 0, not 5\./],
    [() => resume(url, "s", { lastEventId: 7 }), /lastEventId must be the id of an event, a string without line ends, not 7\./],
    [() => new EventReader({ lastEventId: "a\n" }), /lastEventId must be the id of an event/],
    [() => resume(url, ""), /resume: streamId must be the id of a stream/],
    [() => resume(url, null), /resume: streamId must be the id of a stream/],
  ]) {
    assert.throws(call, { name: /TypeError/, message });
  }
});

test("stop aborts the request", async () => {
  const left = Promise.withResolvers();
  const { status, errors } = await ask(
    (request, response) => {
      response.on("close", left.resolve);
      streams(SSE, frame(start(0, "Hero")))(request, response);
    },
    {},
    ({ store, stop: leave }) => {
      store.subscribe(() => store.getSnapshot().blocks.length && leave());
    },
  );
  assert.deepEqual([status, errors], ["cancelled", []]);
  await left.promise;
});

test("stop asks the server to end a stream that would go on, once, with fresh headers", async () => {
  const deleted = Promise.withResolvers();
  let tokens = 0;
  const { status, seen } = await ask(
    [
      streams(STREAM, frame(start(0, "Hero"), 1)),
      (request, response) => {
        response.writeHead(204).end();
        deleted.resolve();
      },
    ],
    { headers: async () => ({ Authorization: `Bearer ${(tokens += 1)}` }) },
    async ({ store, stop: leave }) => {
      store.subscribe(() => store.getSnapshot().blocks.length && leave());
      await deleted.promise;
      leave();
    },
  );
  assert.equal(status, "cancelled");
  assert.deepEqual(
    seen.map(({ method, url, headers }) => [method, url, headers.authorization]),
    [["POST", "/api/generate", "Bearer 1"], ["DELETE", "/api/streams/s-1", "Bearer 2"]],
  );
});

test("a stop before the response is told at once, and ends the stream as soon as the response names it", async () => {
  const deleted = Promise.withResolvers();
  const asked = Promise.withResolvers();
  let answer;
  const { status, errors, blocks } = await ask(
    [
      (request, response) => {
        answer = () => streams(STREAM, frame(start(0, "Hero"), 1))(request, response);
        asked.resolve();
      },
      (request, response) => {
        response.writeHead(204).end();
        deleted.resolve(request.method + request.url);
      },
    ],
    {},
    async ({ stop: leave, done }) => {
      await asked.promise;
      leave();
      assert.equal((await done).status, "cancelled");
      answer();
      assert.equal(await deleted.promise, "DELETE/api/streams/s-1");
    },
  );
  assert.deepEqual([status, errors, blocks], ["cancelled", [], []]);
});

test("nothing is sent after a stop that came while the headers were read", async () => {
  let answer;
  const { status, seen } = await ask(
    streams(STREAM, frames(1)),
    { headers: () => new Promise((resolve) => (answer = resolve)) },
    async ({ stop: leave, done }) => {
      leave();
      answer({ Authorization: "late" });
      await done;
      await new Promise((resolve) => setTimeout(resolve, 50));
    },
  );
  assert.deepEqual([status, seen], ["cancelled", []]);
});

test("without a key a stop before the response aborts the request, and the server ends the generation", async () => {
  const left = Promise.withResolvers();
  const asked = Promise.withResolvers();
  const { status } = await ask(
    (request, response) => {
      response.on("close", left.resolve);
      asked.resolve();
    },
    { idempotencyKey: null },
    async ({ stop: leave }) => {
      await asked.promise;
      leave();
    },
  );
  assert.equal(status, "cancelled");
  await left.promise;
});

test("a signal stops the generation, before it begins too", async () => {
  const controller = new AbortController();
  const { status } = await ask(streams(SSE, frame(start(0, "Hero"))), { signal: controller.signal }, ({ store }) => {
    store.subscribe(() => controller.abort());
  });
  assert.equal(status, "cancelled");
  const { status: again, seen } = await ask(() => {}, { signal: controller.signal });
  assert.deepEqual([again, seen], ["cancelled", []]);
});

test("a redirect to another origin gets no further request", async () => {
  let elsewhere;
  await serving([streams(STREAM, frames(1, 2), "break")], async (other, there) => {
    elsewhere = other;
    const { seen } = await ask(
      [
        (request, response) => response.writeHead(307, { Location: elsewhere }).end(),
        streams(STREAM, frames(3)),
      ],
      { headers: { Authorization: "Bearer t" } },
    );
    assert.deepEqual(there.map(({ method, headers }) => [method, headers.authorization]), [["POST", undefined]]);
    assert.deepEqual(seen.map(({ method, url }) => method + url), ["POST/api/generate", "GET/api/streams/s-1"]);
  });
});

test("leave closes the connection and lets the stream go on", async () => {
  const left = Promise.withResolvers();
  const { status, seen } = await ask(
    (request, response) => {
      response.on("close", left.resolve);
      streams(STREAM, frame(start(0, "Hero"), 1))(request, response);
    },
    {},
    ({ store, leave }) => {
      store.subscribe(() => store.getSnapshot().blocks.length && leave());
    },
  );
  await left.promise;
  assert.deepEqual([status, seen.length], ["streaming", 1]);
});

test("a store follows another generation as soon as one was stopped", async () => {
  let second;
  const { seen } = await ask(
    [(request, response) => response.destroy(), streams(SSE, frame(start(0, "Hero")) + frame(end()), "end")],
    once,
    ({ store, stop: leave }, url) => {
      leave();
      second = generate(url, { prompt: "again" }, { store });
      return second.done;
    },
  );
  const { status, blocks, errors } = await second.done;
  assert.deepEqual([status, blocks.length, errors], ["complete", 1, []]);
  assert.equal(seen.at(-1).body, '{"prompt":"again"}');
});

test("a generation leaves a store that follows a later one", async () => {
  let more;
  let last;
  await ask(
    [
      (request, response) => {
        streams(SSE, frame(start(0, "Old")))(request, response);
        more = () => response.write(frame(delta(0, "old")));
      },
      streams(SSE, frame(start(0, "New")) + frame(end())),
    ],
    {},
    async ({ store }, url) => {
      await new Promise((resolve) => {
        store.subscribe(() => store.getSnapshot().blocks.length && resolve());
      });
      const later = generate(url, {}, { store });
      more();
      last = await later.done;
    },
  );
  const { status, blocks } = last;
  assert.deepEqual([status, blocks.map(({ name, text }) => [name, text])], ["complete", [["New", ""]]]);
});

test("the server's own error is kept as it is", async () => {
  const { status, errors } = await ask((request, response) => refuse(response, 400, "invalid_request"));
  assert.deepEqual([status, errors], ["failed", [errorOf("invalid_request", { fatal: true })]]);
});

for (const [code, body, retryable] of [
  [502, "<h1>Bad gateway</h1>", true],
  [429, '{"error":{"type":3}}', true],
  [404, "null", false],
  [200, "no stream", false],
  [204, undefined, false],
]) {
  test(`a response ${code} of another server is an error with its status`, async () => {
    const { errors } = await ask((request, response) => {
      response.writeHead(code, { "Content-Type": code === 204 ? "text/event-stream" : "text/html" });
      response.end(body);
    }, once);
    const message = `The server responded with status ${code} instead of a stream.`;
    assert.deepEqual(errors, [errorOf("http_error", { message, fatal: true, retryable })]);
  });
}

for (const type of ["Text/Event-Stream", "text/event-stream ; charset=UTF-8", "TEXT/EVENT-STREAM;x=y"]) {
  test(`${type} is a stream`, async () => {
    const { status } = await ask(streams({ "Content-Type": type }, frame(end())));
    assert.equal(status, "complete");
  });
}

for (const then of ["end", "break"]) {
  test(`a response without a stream that stops at a ${then} is lost, and not requested again`, async () => {
    const { status, blocks, errors, seen } = await ask(streams(SSE, frame(start(0, "Hero")), then));
    assert.deepEqual([status, blocks[0].reason, seen.length], ["failed", "aborted", 1]);
    assert.deepEqual(errors.map(({ type, retryable }) => [type, retryable]), [["connection_lost", true]]);
  });
}

test("malformed data ends the generation at once, after the events before it", async () => {
  const { status, blocks, errors } = await ask(streams(STREAM, `${frame(start(0, "Hero"), 1)}data: {no\n\n`));
  assert.deepEqual([status, blocks.length, errors[0].type], ["failed", 1, "invalid_event"]);
  assert.equal(errors[0].message, "An event must be a JSON object, not {no");
});

test("a fatal error is the only one, with and without the end of the stream behind it", async () => {
  const lost = error("source_failed", { fatal: true, retryable: false });
  const { status, errors } = await ask(streams(SSE, frame(start(0, "Hero")) + frame(lost), "end"));
  assert.deepEqual([status, errors], ["failed", [lost.error]]);
  const timeout = error("chunk_timeout", { fatal: true, retryable: true });
  const whole = await ask(streams(SSE, frame(timeout) + frame(end("timeout")), "end"));
  assert.deepEqual([whole.status, whole.errors], ["timeout", [timeout.error]]);
});

test("last words of the server without an id are its answer, and no reason to come back", async () => {
  for (const type of ["stream_unknown", "events_trimmed"]) {
    const last = error(type, { fatal: true });
    const { errors, seen } = await ask(streams(STREAM, frames(1, 2) + frame(last), "end"));
    assert.deepEqual([errors, seen.length], [[last.error], 1]);
  }
});

test("an error in the page's own listener changes nothing", async () => {
  const reported = [];
  globalThis.reportError = (problem) => reported.push(problem.message);
  const { status, blocks, seen } = await ask(streams(STREAM, frames(1)), {}, ({ store }) => {
    store.subscribe(() => {
      throw new Error("a bug");
    });
  });
  delete globalThis.reportError;
  assert.deepEqual([status, blocks[0].text, seen.length], ["complete", "one two three", 1]);
  assert.ok(reported.length > 0);
});

test("an error in the page's own store is reported, and is no lost connection", async () => {
  const reported = [];
  globalThis.reportError = (problem) => reported.push(problem.message);
  class Broken extends CountingStore {
    apply() {
      throw new Error("a bug");
    }
  }
  const { status, errors } = await ask(streams(STREAM, frames(1)), { store: new Broken() });
  delete globalThis.reportError;
  assert.deepEqual([status, errors[0].type, errors[0].retryable], ["failed", "client_failed", false]);
  assert.deepEqual(reported, ["a bug"]);
});

test("a server that is not there is a lost connection", async () => {
  const { status, errors } = await generate("http://127.0.0.1:9/", { prompt: "x" }, once).done;
  assert.deepEqual([status, errors[0].type, errors[0].retryable], ["failed", "connection_lost", true]);
});

test("a stream is followed from its beginning or behind an event", async () => {
  await serving([streams(STREAM, frames(1)), streams(STREAM, frames(3))], async (url, seen) => {
    const first = new CountingStore();
    await resume(url, "s-1", { store: first, headers: { Authorization: "Bearer t" } }).done;
    const second = new CountingStore();
    const generation = resume(url, "s-1", { store: second, lastEventId: "2" });
    await generation.done;
    assert.deepEqual([first.applied, second.applied], [ANSWER, ANSWER.slice(2)]);
    assert.equal(generation.lastEventId, String(ANSWER.length));
    assert.deepEqual(
      seen.map(({ method, url: path, headers }) => [method, path, headers["last-event-id"], headers.authorization]),
      [["GET", "/api/streams/s-1", undefined, "Bearer t"], ["GET", "/api/streams/s-1", "2", undefined]],
    );
  });
});

test("a stream of which there is nothing more is complete", async () => {
  await serving([(request, response) => response.writeHead(204).end()], async (url) => {
    const { status, errors } = await resume(url, "s-1", { lastEventId: "6", retry: QUICK }).done;
    assert.deepEqual([status, errors], ["complete", []]);
  });
});

for (const [status, own, type] of [
  [404, "stream_unknown", "stream_unknown"],
  [404, null, "stream_unknown"],
  [410, "events_trimmed", "events_trimmed"],
  [410, null, "events_trimmed"],
  [401, null, "unauthorized"],
]) {
  test(`a stream refused with ${status} is ${type}${own === null ? ", without a body too" : ""}`, async () => {
    const answer = (request, response) =>
      own === null ? response.writeHead(status).end() : refuse(response, status, own);
    await serving([answer], async (url, seen) => {
      const { errors } = await resume(url, "s-1", { retry: QUICK }).done;
      assert.deepEqual([errors.map((problem) => [problem.type, problem.retryable]), seen.length], [[[type, false]], 1]);
    });
  });
}
