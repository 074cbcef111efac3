// Events, and servers that answer as a test says, for the tests of the client on Node.
import { once } from "node:events";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

export const client = await import(pathToFileURL(process.env.CLIENT));

export const start = (index, name, parent = null) => ({
  type: "content_block_start",
  index,
  content_block: { type: "component", name, position: "main", attributes: { tone: "warm" }, parent },
});
export const text = (index) => ({ type: "content_block_start", index, content_block: { type: "text", text: "" } });
export const delta = (index, added) => ({
  type: "content_block_delta",
  index,
  delta: { type: "text_delta", text: added },
});
export const stop = (index, reason = "end", trimmed = 0) => ({
  type: "content_block_stop",
  index,
  reason,
  chars: 0,
  trimmed,
});
export const end = (reason = "complete") => ({ type: "message_stop", reason, stats: { chunks: 3 } });
export const errorOf = (type, given = {}) => ({
  type,
  message: "No.",
  fatal: false,
  retryable: false,
  recovered: false,
  line: null,
  index: null,
  ...given,
});
export const error = (type, given) => ({ type: "error", error: errorOf(type, given) });

/** The events of a whole answer; each is sent with its number as the id. */
export const ANSWER = [start(0, "Hero"), delta(0, "one "), delta(0, "two "), delta(0, "three"), stop(0), end()];

export const SSE = { "Content-Type": "text/event-stream; charset=utf-8" };
export const STREAM = { ...SSE, "Stream-Id": "s-1" };
export const frame = (event, id = null) =>
  `data: ${JSON.stringify(event)}\n${id === null ? "" : `id: ${id}\n`}\n`;

/** Return the bytes of these events of `ANSWER`, numbered from 1. */
export const frames = (from, to = ANSWER.length) =>
  ANSWER.slice(from - 1, to).map((event, place) => frame(event, from + place)).join("");

export const refuse = (response, status, type, { retryable = false, headers = {} } = {}) => {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify({ type: "error", error: errorOf(type, { fatal: true, retryable }) }));
};

/** Delays that a test can wait for. */
export const QUICK = { maxTries: 5, maxTime: 20_000, minDelay: 10, maxDelay: 40, restarts: 1 };

/** A store that counts the events that it is given. */
export class CountingStore extends client.BlockStore {
  applied = [];
  statuses = [];

  constructor() {
    super();
    this.subscribe(() => {
      const { status } = this.getSnapshot();
      if (this.statuses.at(-1) !== status) this.statuses.push(status);
    });
  }

  apply(events) {
    this.applied.push(...events);
    super.apply(events);
  }
}

/**
 * Serve requests by `answers`, one function of (request, response, body) for each in turn, the last one for all
 * that follow; call `use(url, seen)`, where `seen` are the requests, and return what it returns.
 */
export async function serving(answers, use) {
  const seen = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push({ method: request.method, url: request.url, headers: request.headers, body, at: performance.now() });
    answer(request, response, body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await use(`http://127.0.0.1:${server.address().port}/api/generate`, seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Serve one generation; return its last snapshot, the requests and the store. */
export function ask(answers, options = {}, during = () => {}) {
  return serving(Array.isArray(answers) ? answers : [answers], async (url, seen) => {
    const store = options.store ?? new CountingStore();
    const generation = client.generate(url, { prompt: "x" }, { retry: QUICK, ...options, store });
    await during(generation, url);
    const snapshot = await generation.done;
    return { ...snapshot, snapshot, seen, store, generation };
  });
}

/** An answer that streams bytes and then breaks, ends or waits. */
export const streams = (headers, bytes, then = "wait") => (request, response) => {
  response.writeHead(200, headers);
  response.write(bytes);
  if (then === "end") response.end();
  // Later, so that the bytes are sent before the connection is reset.
  if (then === "break") setTimeout(() => response.destroy(), 20);
};
