// Reads streams with the browser's reader: on standard input a list of streams, each a list of pieces in
// base64; on standard output what came of each.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { EventReader } = await import(pathToFileURL(process.argv[2]));

function outcome(pieces) {
  const reader = new EventReader();
  const events = [];
  let failure = null;
  try {
    for (const piece of [...pieces, ""]) events.push(...reader.feed(Buffer.from(piece, "base64")));
  } catch (problem) {
    failure = problem.name;
  }
  return { events, id: reader.lastEventId, failure };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(outcome)));
