// The store and the client of the browser, under node: node --test client.test.mjs, CLIENT names the module.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { BlockStore, generate } = await import(pathToFileURL(process.env.CLIENT));

const start = (index, name, parent = null) => ({
  type: "content_block_start",
  index,
  content_block: { type: "component", name, position: "main", attributes: { tone: "warm" }, parent },
});
const text = (index) => ({ type: "content_block_start", index, content_block: { type: "text", text: "" } });
const delta = (index, added) => ({
  type: "content_block_delta",
  index,
  delta: { type: "text_delta", text: added },
});
const stop = (index, reason = "end", trimmed = 0) => ({
  type: "content_block_stop",
  index,
  reason,
  chars: 0,
  trimmed,
});
const end = (reason = "complete") => ({ type: "message_stop", reason, stats: { chunks: 3 } });
const wrong = { type: "invalid_name", message: "No.", fatal: false, retryable: false, line: 4, index: null };

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
});

test("errors, status and the end are kept", () => {
  const store = new BlockStore();
  const status = { type: "status", phase: "progress", elapsed: 1, components_started: 2, components_completed: 1, chars: 9 };
  store.apply([status, { type: "error", error: wrong }, end("timeout")]);
  const { status: how, errors, progress, stats } = store.getSnapshot();
  assert.deepEqual({ how, errors, progress, stats }, {
    how: "timeout", errors: [wrong], progress: status, stats: { chunks: 3 },
  });
  assert.equal(store.ended, true);
});

test("what is unknown, said twice or too late changes nothing", () => {
  const store = new BlockStore();
  store.apply([start(0, "Hero"), start(0, "Other"), delta(5, "lost"), stop(6), { type: "ping" }, { type: "debug", state: {} }]);
  store.apply([{ ...delta(0, "x"), delta: { type: "image_delta" } }]);
  assert.equal(store.getSnapshot().blocks.length, 1);
  assert.equal(store.getSnapshot().blocks[0].name, "Hero");
  assert.equal(store.getSnapshot().blocks[0].text, "");
  store.apply([end()]);
  const last = store.getSnapshot();
  store.apply([delta(0, "late")]);
  store.fail(wrong);
  store.cancel();
  assert.equal(store.getSnapshot(), last);
});

test("a snapshot never changes, and is another only when something happened", () => {
  const store = new BlockStore();
  store.apply([start(0, "Hero"), start(1, "Menu")]);
  const before = store.getSnapshot();
  store.apply([]);
  assert.equal(store.getSnapshot(), before);
  store.apply([delta(0, "x")]);
  const after = store.getSnapshot();
  assert.notEqual(after, before);
  assert.equal(before.blocks[0].text, "");
  assert.equal(after.blocks[1], before.blocks[1]);
  for (const value of [after, after.blocks, after.blocks[0], after.blocks[0].attributes, after.errors]) {
    assert.ok(Object.isFrozen(value));
  }
});

test("listeners are told once a batch, until they leave", () => {
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
  assert.equal(count, 101);
  store.apply([delta(0, "y")]);
  assert.equal(count, 102);
  leave();
  store.apply([delta(0, "z")]);
  assert.equal(count, 102);
});

test("a stop of ours aborts what is open", () => {
  const store = new BlockStore();
  store.apply([start(0, "Hero"), stop(0), start(1, "Menu")]);
  store.cancel();
  const { status, blocks } = store.getSnapshot();
  assert.equal(status, "cancelled");
  assert.deepEqual(blocks.map(({ open, reason }) => [open, reason]), [[false, "end"], [false, "aborted"]]);
  store.connect();
  assert.deepEqual(store.getSnapshot().blocks, []);
  store.apply([start(1, "Again")]);
  assert.equal(store.getSnapshot().blocks[0].name, "Again");
});

const SSE = { "Content-Type": "text/event-stream; charset=utf-8" };
const frame = (event) => `data: ${JSON.stringify(event)}\n\n`;

/** Answer one generation with `answer(request, response, body)`; returns its last snapshot and the rest. */
async function ask(answer, { during = () => {}, headers } = {}) {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    answer(request, response, body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const generation = generate(`http://127.0.0.1:${server.address().port}/`, { prompt: "x" }, { headers });
    await during(generation, server);
    return await generation.done;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a generation is asked for by POST and read to its end, however long the connection stays", async () => {
  let seen;
  const { status, blocks } = await ask(
    (request, response, body) => {
      seen = [request.method, request.headers["content-type"], request.headers.accept, request.headers.authorization, body];
      response.writeHead(200, SSE);
      response.write(frame(start(0, "Hero")) + frame(delta(0, "ä")) + frame(stop(0)) + frame(end()));
    },
    { headers: { Authorization: "Bearer t" } },
  );
  assert.deepEqual(seen, ["POST", "application/json", "text/event-stream", "Bearer t", '{"prompt":"x"}']);
  assert.deepEqual([status, blocks.length, blocks[0].text], ["complete", 1, "ä"]);
});

test("stop aborts the request", async () => {
  const left = Promise.withResolvers();
  const { status, errors } = await ask(
    (request, response) => {
      response.on("close", left.resolve);
      response.writeHead(200, SSE);
      response.write(frame(start(0, "Hero")));
    },
    { during: ({ store, stop: leave }) => {
        store.subscribe(() => store.getSnapshot().blocks.length && leave());
      },
    },
  );
  assert.deepEqual([status, errors], ["cancelled", []]);
  await left.promise;
});

test("stop asks the server to end a stream that would go on, once", async () => {
  const asked = [];
  const deleted = Promise.withResolvers();
  const { status } = await ask(
    (request, response) => {
      asked.push([request.method, request.url, request.headers.authorization]);
      if (request.method === "DELETE") {
        response.writeHead(204).end();
        deleted.resolve();
        return;
      }
      response.writeHead(200, { ...SSE, "Stream-Id": "s-1" });
      response.write(frame(start(0, "Hero")));
    },
    {
      headers: { Authorization: "Bearer t" },
      during: async ({ store, stop: leave }) => {
        store.subscribe(() => store.getSnapshot().blocks.length && leave());
        await deleted.promise;
        leave();
      },
    },
  );
  assert.equal(status, "cancelled");
  assert.deepEqual(asked, [
    ["POST", "/", "Bearer t"],
    ["DELETE", "/streams/s-1", "Bearer t"],
  ]);
});

test("a stop before the answer begins is no error either", async () => {
  const { status, errors } = await ask(() => {}, { during: ({ stop: leave }) => leave() });
  assert.deepEqual([status, errors], ["cancelled", []]);
});

test("a store follows another generation as soon as one was stopped", async () => {
  const asked = [];
  let second;
  await ask(
    (request, response, body) => {
      asked.push(body);
      response.writeHead(200, SSE);
      response.write(frame(start(0, "Hero")));
      response.end(frame(end()));
    },
    {
      during: ({ store, stop: leave }, server) => {
        leave();
        second = generate(`http://127.0.0.1:${server.address().port}/`, { prompt: "again" }, { store });
        return second.done;
      },
    },
  );
  const { status, blocks, errors } = await second.done;
  assert.deepEqual([status, blocks.length, errors], ["complete", 1, []]);
  assert.deepEqual(asked, ['{"prompt":"again"}']);
});

test("the server's own error is kept as it is", async () => {
  const error = { ...wrong, fatal: true };
  const { status, errors } = await ask((request, response) => {
    response.writeHead(400, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ type: "error", error }));
  });
  assert.deepEqual([status, errors], ["failed", [error]]);
});

for (const [code, body, retryable] of [
  [502, "<h1>Bad gateway</h1>", true],
  [429, '{"error":{"type":3}}', true],
  [404, "null", false],
  [200, "no stream", false],
]) {
  test(`an answer ${code} of somebody else is an error with its status`, async () => {
    const { errors } = await ask((request, response) => {
      response.writeHead(code, { "Content-Type": "text/html" });
      response.end(body);
    });
    const message = `The server responded with status ${code} instead of a stream.`;
    assert.deepEqual(errors, [{ type: "http_error", message, fatal: true, retryable, line: null, index: null }]);
  });
}

for (const [how, leave] of [
  ["ends", (response) => response.end()],
  ["breaks", (response) => setTimeout(() => response.destroy(), 20)],
]) {
  test(`a stream that ${how} before its end is lost`, async () => {
    const { status, blocks, errors } = await ask((request, response) => {
      response.writeHead(200, SSE);
      response.write(frame(start(0, "Hero")));
      leave(response);
    });
    assert.deepEqual([status, blocks[0].reason], ["failed", "aborted"]);
    assert.deepEqual(errors.map(({ type, retryable }) => [type, retryable]), [["connection_lost", true]]);
  });
}

test("what is no event ends the generation, after the events before it", async () => {
  const { status, blocks, errors } = await ask((request, response) => {
    response.writeHead(200, SSE);
    response.write(`${frame(start(0, "Hero"))}data: {no\n\n`);
    setTimeout(() => response.write(": keep-alive\n"), 20);
  });
  assert.deepEqual([status, blocks.length, errors[0].type], ["failed", 1, "invalid_event"]);
  assert.equal(errors[0].message, "An event must be a JSON object, not {no");
});

test("a server that is not there is a lost connection", async () => {
  const { done } = generate("http://127.0.0.1:9/", { prompt: "x" });
  const { status, errors } = await done;
  assert.deepEqual([status, errors[0].type], ["failed", "connection_lost"]);
});
