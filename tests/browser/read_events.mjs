// Reads streams with the browser's reader: on standard input a list of streams, each with its pieces in base64 and
// the id that its reader begins with; on standard output the outcome of each.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { EventReader } = await import(pathToFileURL(process.argv[2]));

function outcome({ pieces, last_event_id: lastEventId }) {
  const reader = new EventReader({ lastEventId });
  const events = [];
  let failure = null;
  try {
    for (const piece of [...pieces, ""]) events.push(...reader.feed(Buffer.from(piece, "base64")));
  } catch (problem) {
    failure = problem.name;
  }
  return { events, id: reader.lastEventId, failure, retry: reader.retry };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(outcome)));
