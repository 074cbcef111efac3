// Generations followed through a proxy, and read once more without it: node follow.mjs CLIENT. Each line of standard
// input is a JSON object with `url`, `direct` and `prompt`; the answer to each is a line on standard output.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { BlockStore, generate, resume } = await import(pathToFileURL(process.argv[2]));
const retry = { maxTries: 20, maxTime: 50_000, minDelay: 5, maxDelay: 100 };

class CountingStore extends BlockStore {
  applied = [];

  restart() {
    this.applied = [];
    super.restart();
  }

  apply(events) {
    this.applied.push(...events);
    super.apply(events);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { url, direct, prompt, token } = JSON.parse(line);
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const store = new CountingStore();
  const generation = generate(url, { prompt }, { store, headers, retry });
  const { status, blocks, errors } = await generation.done;
  if (generation.streamId === "") {
    process.stdout.write(`${JSON.stringify({ status, errors })}\n`);
    continue;
  }
  const undisturbed = new CountingStore();
  const whole = await resume(direct, generation.streamId, { store: undisturbed, headers, retry }).done;
  const outcome = {
    status,
    blocks,
    errors,
    applied: store.applied.length,
    once: JSON.stringify(store.applied) === JSON.stringify(undisturbed.applied),
    equal: JSON.stringify({ ...store.getSnapshot() }) === JSON.stringify({ ...whole }),
  };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
