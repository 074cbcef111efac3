// Uses of the client that its types allow, and uses that they forbid; compiled by tsc --strict, never run.
import * as React from "react";
import {
  type Block, BlockStore, type Event, EventReader, type Generation, type Snapshot, WireError, createHooks, forget,
  generate, kept, restore, resume,
} from "componentstream";

const generation: Generation = generate("/api/generate", { prompt: "x" });
generate(new URL("https://example.com/"), new FormData(), {
  store: new BlockStore(),
  headers: async ({ refresh }) => ({ Authorization: refresh ? "a" : "b" }),
  method: "GET",
  transport: "eventsource",
  idempotencyKey: null,
  keep: "answer",
  retry: { maxTries: 3, restarts: 0 },
  stallTimeout: 10_000,
  credentials: "include",
  signal: AbortSignal.timeout(1000),
});
generate("/", "text", { headers: [["a", "b"]], retry: false });
generate("/", {}, { headers: () => new Headers() });
resume("/api/generate", generation.streamId, { lastEventId: generation.lastEventId });
const restored: Generation | null = restore("answer", { stallTimeout: 0 });
const found = kept("answer");
if (found !== null) resume(found.url, found.streamId);
forget("answer");
restored?.leave();
generation.stop();
const last: Promise<Snapshot> = generation.done;

const reader = new EventReader({ lastEventId: "7" });
const events: Event[] = reader.feed(new Uint8Array());
generation.store.apply(events);
for (const { event, id } of reader.read(new Uint8Array())) {
  if (event.type === "content_block_start" && event.content_block.type === "component") {
    const name: string = event.content_block.name;
    console.log(name, id?.length);
  }
  if (event.type === "error") console.log(event.error.retryable, event.error.recovered);
}
const block: Block | undefined = generation.store.getBlock(0);
const snapshot: Snapshot = generation.store.getSnapshot();
const text: string = snapshot.reasoning + (block?.text ?? "") + (snapshot.usage?.output_tokens ?? 0);
console.log(last, text, new WireError("x").message, snapshot.status === "reconnecting");

const { useGeneration, useBlock } = createHooks(React);

export function Page(): React.ReactNode {
  const { status, blocks, store, generate: begin, stop } = useGeneration("/api/generate", { keep: "answer" });
  const first = useBlock(store, 0);
  return React.createElement("button", { onClick: () => (status === "idle" ? begin({ prompt: "x" }) : stop()) }, [
    first?.name,
    ...blocks.map(({ index, text: source }) => React.createElement("pre", { key: index }, source)),
  ]);
}

// @ts-expect-error: there is no such option
generate("/", {}, { header: {} });
// @ts-expect-error: only two methods
generate("/", {}, { method: "PUT" });
// @ts-expect-error: a snapshot cannot be changed
snapshot.status = "idle";
// @ts-expect-error: a block cannot be changed
snapshot.blocks[0].text = "";
// @ts-expect-error: the id is needed
resume("/");
// @ts-expect-error: no headers are an answer, but not nothing
generate("/", {}, { headers: () => undefined });
