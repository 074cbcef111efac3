/** Requests, with headers that are read anew for each of them. */

import { clientError } from "./events.js";
import { Failure, lost } from "./failures.js";

const UNAUTHORIZED = 401;
const KEY_BYTES = 16;

/** Return the URL as an absolute one; in Node it must be absolute already. */
export function absolute(url) {
  return new URL(url, globalThis.document?.baseURI);
}

/** Return the URL, method, headers and body that a request for a generation is sent with, again and again. */
export function describeRequest(url, request, method) {
  const target = absolute(url);
  if (method === "GET") {
    addQuery(target, request);
    return { url: target, method, headers: {}, body: undefined };
  }
  if (isSentAsItIs(request)) return { url: target, method, headers: {}, body: request };
  const body = JSON.stringify(request);
  if (body === undefined) {
    throw new TypeError("The request has no JSON; pass an object, a string or FormData.");
  }
  return { url: target, method, headers: { "Content-Type": "application/json" }, body };
}

function addQuery(target, request) {
  if (request === null || request === undefined) return;
  const isText = typeof request === "string" || request instanceof URLSearchParams;
  if (!isText && Object.getPrototypeOf(request) !== Object.prototype) {
    throw new TypeError("With method GET the request must be an object of strings, a query string, or null.");
  }
  for (const [name, value] of isText ? new URLSearchParams(request) : Object.entries(request)) {
    if (value !== null && value !== undefined) target.searchParams.append(name, String(value));
  }
}

function isSentAsItIs(request) {
  if (typeof ReadableStream === "function" && request instanceof ReadableStream) {
    throw new TypeError("A ReadableStream cannot be sent again after a lost connection; pass a Blob.");
  }
  return (
    typeof request === "string" ||
    request instanceof FormData ||
    request instanceof URLSearchParams ||
    request instanceof Blob ||
    request instanceof ArrayBuffer ||
    ArrayBuffer.isView(request)
  );
}

/** Return a new random idempotency key. */
export function newKey() {
  // Not `randomUUID`, which pages without TLS do not have.
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Sends requests with the headers of the page. The headers are read anew for each request, because a token
 * may have expired since the last one, and once more when the server rejects them with 401.
 */
export class Sender {
  #headers;
  #credentials;

  constructor({ headers, credentials }) {
    this.#headers = headers;
    this.#credentials = credentials;
  }

  /**
   * Return the response; `onSend` is called when the headers are there and the request leaves.
   * @throws {Failure} The server has not responded.
   */
  async send(url, init, signal, onSend = () => {}) {
    const response = await this.#once(url, init, signal, false, onSend);
    if (response.status !== UNAUTHORIZED || typeof this.#headers !== "function") return response;
    response.body?.cancel().catch(() => {});
    return this.#once(url, init, signal, true, onSend);
  }

  async #once(url, init, signal, refresh, onSend) {
    const headers = new Headers(init.headers);
    for (const [name, value] of await this.#read(refresh)) headers.set(name, value);
    onSend();
    try {
      const credentials = this.#credentials;
      return await fetch(url, { cache: "no-store", credentials, ...init, headers, signal });
    } catch {
      throw lost("The server cannot be reached.");
    }
  }

  async #read(refresh) {
    if (typeof this.#headers !== "function") return new Headers(this.#headers);
    try {
      return new Headers(await this.#headers({ refresh }));
    } catch (problem) {
      // A token that cannot be fetched is mostly the same outage.
      const message = `The function that was given as headers failed: ${problem?.message ?? problem}`;
      throw new Failure(clientError("headers_failed", message, true), { again: true, cause: problem });
    }
  }
}
