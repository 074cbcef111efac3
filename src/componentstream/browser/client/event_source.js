import { TYPES, parseEvent } from "./events.js";
import { lost } from "./failures.js";

// `EventSource` dispatches `error` itself, so errors of the stream have another name.
const NAMES = ["message", "stream_error", ...TYPES.filter((type) => type !== "error")];

/**
 * Read a stream by `EventSource` until `onEntry`, which gets each event with its id, returns false. It would
 * reconnect by itself, but with a ticket that is used up: it is closed at its first error, and this is rejected.
 */
export function readEventSource(url, { signal, withCredentials }, onOpen, onEntry) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(url, { withCredentials });
    const end = (settle, value) => {
      source.close();
      settle(value);
    };
    let last = "";
    const onMessage = ({ data, lastEventId }) => {
      if (signal.aborted) return;
      const id = lastEventId === last ? null : lastEventId;
      last = lastEventId;
      try {
        const event = parseEvent(data);
        if (event !== null && !onEntry({ event, id })) end(resolve);
      } catch (problem) {
        end(reject, problem);
      }
    };
    for (const name of NAMES) source.addEventListener(name, onMessage);
    source.addEventListener("open", onOpen);
    source.addEventListener("error", () => end(reject, lost("The connection to the server was lost.")));
    signal.addEventListener("abort", () => end(reject, lost("The connection was closed.")));
  });
}
