/** Failures of requests, and whether another request may succeed. */

import { checkError, clientError } from "./events.js";

const HTTP = { noContent: 204, unauthorized: 401, notFound: 404, gone: 410, serverError: 500 };
const TRANSIENT = new Set([408, 429, 503]);
const TRANSIENT_OF_PROXIES = new Set([408, 425, 429, 502, 503, 504]);
const SECOND = 1000;

/** Codes of a generation that died with its server process: only a new one can be complete. */
export const RESTARTABLE = new Set(["producer_lost", "server_stopping"]);

/**
 * The end of one try. `again` says that the same may succeed later, `wait` how many milliseconds later at the
 * earliest; `refused` that the server has not started a generation; `restart` that this generation cannot be
 * completed and another one can.
 */
export class Failure extends Error {
  constructor(error, { again = false, wait = 0, refused = false, restart = false, cause } = {}) {
    super(error.message, { cause });
    Object.assign(this, { error, again, wait, refused, restart });
  }
}

/** Return the failure of a connection that was lost in the middle. */
export function lost(message) {
  return new Failure(clientError("connection_lost", message, true), { again: true });
}

/** Whether a response is a stream of events. */
export function isStream(response) {
  if (!response.ok || response.status === HTTP.noContent) return false;
  const [type] = (response.headers.get("content-type") ?? "").split(";");
  return type.trim().toLowerCase() === "text/event-stream";
}

/** Return the failure that a response means, which is not a stream; `ofStream` if a stream was requested. */
export async function failureOf(response, ofStream = false) {
  const own = await ownError(response);
  const error = own ?? errorOfStatus(response.status, ofStream);
  const transient = own === null ? TRANSIENT_OF_PROXIES : TRANSIENT;
  return new Failure(error, {
    again: error.retryable && transient.has(response.status) && error.type !== "producer_lost",
    wait: retryAfter(response.headers.get("retry-after")),
    refused: TRANSIENT.has(response.status),
    restart: error.type === "producer_lost",
  });
}

/** Return the milliseconds that a `Retry-After` header asks for, which has seconds or a date. */
export function retryAfter(value, now = Date.now()) {
  if (value === null) return 0;
  const wait = /^\s*[0-9]+\s*$/.test(value) ? Number(value) * SECOND : Date.parse(value) - now;
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}

async function ownError(response) {
  try {
    const { error } = await response.json();
    return { ...checkError(error), fatal: true };
  } catch {
    // Not a response of this server, perhaps of a proxy; only its status is known.
    return null;
  }
}

function errorOfStatus(status, ofStream) {
  if (status === HTTP.unauthorized) {
    return clientError("unauthorized", "The server did not accept the credentials of this request.", false);
  }
  if (ofStream && status === HTTP.notFound) {
    return clientError("stream_unknown", "The server does not have this stream.", false);
  }
  if (ofStream && status === HTTP.gone) {
    return clientError("events_trimmed", "The server no longer has the next events of this stream.", false);
  }
  const retryable = TRANSIENT_OF_PROXIES.has(status) || status >= HTTP.serverError;
  const message = `The server responded with status ${status} instead of a stream.`;
  return clientError("http_error", message, retryable);
}
