// The hooks in real React, and the session storage of a page, both in jsdom. Run by node --test; CLIENT names the
// module, and the packages are those of this folder.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><div id=root></div>", { url: "https://example.com/app/" });
Object.assign(globalThis, { window, document: window.document, sessionStorage: window.sessionStorage });

const React = (await import("react")).default;
const { createRoot } = await import("react-dom/client");
const { renderToString } = await import("react-dom/server");
const { ANSWER, QUICK, STREAM, client, delta, frames, refuse, serving, start, streams } = await import("./client_helpers.mjs");

const { BlockStore, createHooks, forget, generate, kept, restore, resume } = client;
const { useBlock, useGeneration } = createHooks(React);
const h = React.createElement;
const TEXT = "one two three";

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Render an element; call `use(controls)` with a way to wait for a text and to unmount. */
async function rendering(element, use) {
  const container = window.document.createElement("div");
  const root = createRoot(container);
  root.render(element);
  const until = async (expected) => {
    const end = performance.now() + 20_000;
    while (!container.textContent.includes(expected)) {
      assert.ok(performance.now() < end, `${container.textContent} does not become ${expected}`);
      await pause();
    }
  };
  const unmount = () => root.unmount();
  try {
    await use({ container, until, unmount });
  } finally {
    unmount();
  }
}

const waitFor = async (condition) => {
  while (!condition()) await pause();
};

/** The functions and the snapshot that the page has seen last, once its effects have run. */
const seenByPage = {};

function Page({ url, options = {} }) {
  const generation = useGeneration(url, { retry: QUICK, ...options });
  const [isReady, setReady] = React.useState(false);
  React.useEffect(() => setReady(true), []);
  Object.assign(seenByPage, generation);
  if (!isReady) return h("p", null, "not ready");
  return h("p", null, `${generation.status}: ${generation.blocks.map(({ text }) => text).join()}`);
}

test("a component shows a generation, and its functions stay the same", async () => {
  await serving([streams(STREAM, frames(1))], async (url, seen) => {
    await rendering(h(React.StrictMode, null, h(Page, { url })), async ({ until }) => {
      await until("idle: ");
      const { generate: begin, resume: follow, stop } = seenByPage;
      await begin({ prompt: "x" }).done;
      await until(`complete: ${TEXT}`);
      await seenByPage.resume("s-1").done;
      await until(`complete: ${TEXT}`);
      assert.deepEqual([seenByPage.generate, seenByPage.resume, seenByPage.stop], [begin, follow, stop]);
      assert.deepEqual(seen.map(({ method }) => method), ["POST", "GET"]);
    });
  });
});

test("another generation stops the one before, and so does leaving the page", async () => {
  const gone = (request, response) => response.writeHead(204).end();
  const held = streams(STREAM, frames(1, 2));
  const answer = (request, ...rest) => (request.method === "DELETE" ? gone : held)(request, ...rest);
  await serving([answer], async (url, seen) => {
    await rendering(h(Page, { url }), async ({ until, unmount }) => {
      await until("idle: ");
      seenByPage.generate({});
      await until("streaming: one ");
      seenByPage.generate({});
      await waitFor(() => seen.length === 3);
      await until("streaming: one ");
      unmount();
      await waitFor(() => seen.length === 4);
      assert.deepEqual(seen.map(({ method }) => method).toSorted(), ["DELETE", "DELETE", "POST", "POST"]);
    });
  });
});

test("stop ends the generation, with the latest options", async () => {
  await serving([streams(STREAM, frames(1, 2)), (request, response) => response.writeHead(204).end()], async (url, seen) => {
    await rendering(h(Page, { url, options: { headers: { Authorization: "x" } } }), async ({ until }) => {
      await until("idle: ");
      seenByPage.generate({});
      await until("streaming: one ");
      seenByPage.stop();
      await until("cancelled: one ");
      assert.equal(seen[0].headers.authorization, "x");
    });
  });
});

test("a page that keeps its generation continues it when it is mounted again", async () => {
  await serving([streams(STREAM, frames(1, 2)), streams(STREAM, frames(1))], async (url, seen) => {
    const page = h(Page, { url, options: { keep: "hooks" } });
    await rendering(page, async ({ until }) => {
      await until("idle: ");
      seenByPage.generate({ prompt: "x" });
      await until("streaming: one ");
    });
    await rendering(page, async ({ until }) => until(`complete: ${TEXT}`));
    await rendering(h(React.StrictMode, null, page), async ({ until }) => until(`complete: ${TEXT}`));
    assert.deepEqual(new Set(seen.slice(1).map(({ method, url: path }) => method + path)), new Set(["GET/api/streams/s-1"]));
    forget("hooks");
  });
});

test("the server renders the page before it begins", () => {
  assert.equal(renderToString(h(Page, { url: "/api" })), "<p>not ready</p>");
});

test("useBlock renders only when its block changes", async () => {
  const store = new BlockStore();
  const renders = [0, 0];
  const View = ({ index }) => {
    renders[index] += 1;
    return `${useBlock(store, index)?.text ?? "-"} `;
  };
  await rendering([h(View, { key: 0, index: 0 }), h(View, { key: 1, index: 1 })], async ({ until }) => {
    await until("- - ");
    store.apply([start(0, "A"), start(1, "B"), delta(0, "a")]);
    await until("a  ");
    const before = [...renders];
    store.apply([delta(1, "b")]);
    await until("a b ");
    assert.deepEqual(renders, [before[0], before[1] + 1]);
  });
});

const settled = (generation) => generation.done.then(({ status, blocks }) => [status, blocks[0]?.text]);

test("the stream and the last event of a generation are kept, and restored from its first event", async () => {
  await serving([streams(STREAM, frames(1, 3)), streams(STREAM, frames(1))], async (url, seen) => {
    const { store, leave } = generate(url, { prompt: "x" }, { keep: "a", retry: QUICK });
    await new Promise((resolve) => {
      store.subscribe(() => store.getBlock(0)?.text === "one two " && resolve());
    });
    leave();
    const { idempotencyKey, base, ...found } = kept("a");
    assert.deepEqual(found, { url, method: "POST", request: { prompt: "x" }, streamId: "s-1", lastEventId: "3" });
    assert.equal(idempotencyKey, seen[0].headers["idempotency-key"]);
    assert.equal(base, url);
    assert.deepEqual(await settled(restore("a")), ["complete", TEXT]);
    assert.equal(kept("a").lastEventId, String(ANSWER.length));
    assert.equal(seen[1].headers["last-event-id"], undefined);
    await resume(url, "s-1", { keep: "b", lastEventId: "3" }).done;
    assert.deepEqual(kept("b").streamId, "s-1");
    forget("a");
    forget("b");
    assert.deepEqual([kept("a"), restore("a"), sessionStorage.length], [null, null, 0]);
  });
});

test("a generation whose response had not come is requested again with its key", async () => {
  await serving([() => {}, streams(STREAM, frames(1))], async (url, seen) => {
    const first = generate(url, { prompt: "x" }, { keep: "a" });
    await waitFor(() => seen.length === 1);
    first.leave();
    assert.deepEqual(await settled(restore("a")), ["complete", TEXT]);
    assert.deepEqual([seen[1].method, seen[1].body], ["POST", seen[0].body]);
    assert.equal(seen[1].headers["idempotency-key"], seen[0].headers["idempotency-key"]);
    forget("a");
  });
});

test("a GET is restored with its query, once", async () => {
  await serving([() => {}, streams(STREAM, frames(1))], async (url, seen) => {
    const first = generate(url, { prompt: "x" }, { keep: "a", method: "GET" });
    await waitFor(() => seen.length === 1);
    first.leave();
    await restore("a").done;
    assert.deepEqual(seen.map(({ method, url: path }) => method + path), ["GET/api/generate?prompt=x", "GET/api/generate?prompt=x"]);
    forget("a");
  });
});

test("a restored generation whose worker died is requested anew", async () => {
  const lost = (request, response) => refuse(response, 503, "producer_lost", { retryable: true });
  await serving([streams(STREAM, frames(1, 2)), lost, streams(STREAM, frames(1))], async (url, seen) => {
    const { store, leave } = generate(url, { prompt: "x" }, { keep: "a" });
    await new Promise((resolve) => {
      store.subscribe(() => store.getBlock(0) && resolve());
    });
    leave();
    assert.deepEqual(await settled(restore("a", { retry: QUICK })), ["complete", TEXT]);
    assert.deepEqual(seen.map(({ method }) => method), ["POST", "GET", "POST"]);
    assert.equal(kept("a").idempotencyKey, seen[2].headers["idempotency-key"]);
    forget("a");
  });
});

test("nothing is kept that cannot be continued", async () => {
  const endings = [
    ["a stop", streams(STREAM, frames(1, 2)), ({ stop }) => stop()],
    ["a stream that the server does not have", (request, response) => refuse(response, 404, "stream_unknown")],
    ["a refusal", (request, response) => refuse(response, 400, "invalid_request")],
    ["a response without a stream", streams({ "Content-Type": "text/event-stream" }, frames(1))],
  ];
  for (const [what, answer, end = () => {}] of endings) {
    await serving([answer, (request, response) => response.writeHead(204).end()], async (url) => {
      const generation = generate(url, { prompt: "x" }, { keep: "a", retry: false });
      end(generation);
      await generation.done;
      assert.equal(kept("a"), null, what);
    });
  }
});

test("a form cannot be kept, its stream can", async () => {
  await serving([() => {}, streams(STREAM, frames(1)), streams(STREAM, frames(1))], async (url, seen) => {
    const form = new FormData();
    form.set("a", "1");
    const first = generate(url, form, { keep: "a" });
    await waitFor(() => seen.length === 1);
    first.leave();
    assert.deepEqual([restore("a"), kept("a")], [null, null]);
    await generate(url, form, { keep: "a" }).done;
    assert.deepEqual(await settled(restore("a")), ["complete", TEXT]);
    forget("a");
  });
});

test("a storage that is broken, full or missing is no obstacle", async () => {
  for (const value of ["{", "null", "{}", '{"url":5}']) {
    sessionStorage.setItem("componentstream:a", value);
    assert.equal(kept("a"), null);
  }
  forget("a");
  const storage = globalThis.sessionStorage;
  delete globalThis.sessionStorage;
  await serving([streams(STREAM, frames(1))], async (url) => {
    assert.deepEqual(await settled(generate(url, {}, { keep: "a" })), ["complete", TEXT]);
    assert.equal(restore("a"), null);
  });
  globalThis.sessionStorage = storage;
});
