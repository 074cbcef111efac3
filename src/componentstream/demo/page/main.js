/** The demo page: puts its parts together. All output of the model is inserted as text, or runs in the preview. */

import { BlockStore, generate, kept, restore } from "../componentstream/componentstream.js";
import { Announcer } from "./announcer.js";
import { BlockList, isAtTheEnd } from "./blocks.js";
import { dropConnection } from "./connection.js";
import { Controls } from "./controls.js";
import { part } from "./dom.js";
import { download, zip } from "./files.js";
import { PreviewPanel } from "./preview.js";
import { Progress, isBusy } from "./progress.js";
import { EventRecord, Notes } from "./records.js";
import { Server } from "./server.js";
import { watchTheme } from "./theme.js";

const KEPT = "demo";

/** A store whose events are written down as they come. */
class RecordedStore extends BlockStore {
  apply(events) {
    record.add(events);
    super.apply(events);
  }

  // The server process has died, and the answer is generated anew.
  restart() {
    super.restart();
    clear();
    record.tell("the server lost the answer; a new one is generated");
  }
}

const announcer = new Announcer(part("announcements"));
const record = new EventRecord(part("events"));
const store = new RecordedStore();
const server = new Server(() => part("token").value.trim());
const controls = new Controls();
const progress = new Progress();
const notes = new Notes(part("notes"), part("no-notes"));
const theme = watchTheme(document.querySelectorAll("[name=theme]"), (chosen) => preview.setTheme(chosen));
const preview = new PreviewPanel({
  store,
  server,
  theme,
  onStatus: (index, status, message) => {
    list.setRendering(index, status, message);
    if (status === "frozen") announcer.say("A component froze the preview and was stopped.");
  },
});
const list = new BlockList(part("blocks"), {
  onRun: (index) => preview.run(index),
  say: (sentence) => announcer.say(sentence),
});

let generation = null;
let recordings = [];
let lastStatus = "idle";
let reconnects = 0;
let complete = 0;
let lostAt = "";

part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  start(controls.request);
});
part("stop").addEventListener("click", () => generation.stop());
part("drop").addEventListener("click", () => {
  record.tell("dropped by you");
  dropConnection();
});
part("reconnect").addEventListener("click", () => {
  // The client waits longer after each try; it does not wait when the browser says that it is online.
  if (lastStatus === "reconnecting") window.dispatchEvent(new Event("online"));
  else reload();
});
part("again").addEventListener("click", () => {
  part("generate").focus();
  start(controls.request);
});
part("download-all").addEventListener("click", () => download("components.zip", zip(list.files), "application/zip"));
store.subscribe(draw);
open();

/** Ask the server for its offer; continue a stream that a reload interrupted, or play the first recording. */
async function open() {
  try {
    const facts = await server.load();
    ({ recordings } = facts);
    controls.offer(facts);
    preview.show(facts.preview);
  } catch (problem) {
    controls.hint(problem.message);
    return;
  }
  if (kept(KEPT) === null) {
    if (recordings.length > 0) start(controls.request);
    return;
  }
  const { blocks } = await reload();
  // After a restart the server no longer has the stream; a recording costs nothing to be played anew.
  if (blocks.length === 0 && recordings.length > 0) start(controls.request);
}

function start(request) {
  return follow(request, (options) => generate(server.generateUrl, request, { ...options, keep: KEPT }));
}

/** Read the stream that was kept, from its first event. */
function reload() {
  const { request } = kept(KEPT);
  if (request) controls.choose(request);
  return follow(request, (options) => restore(KEPT, options));
}

function follow(request, begin) {
  const recording = recordings.find(({ name }) => name === request?.project);
  clear();
  record.clear();
  reconnects = 0;
  lastStatus = "idle";
  progress.begin(recording?.chars ?? null);
  preview.begin();
  generation = begin({ store, headers: server.headers });
  return generation.done;
}

function clear() {
  list.clear();
  notes.clear();
  announcer.clear();
  complete = 0;
}

function draw() {
  const snapshot = store.getSnapshot();
  const scroller = part("sources");
  const follows = isAtTheEnd(scroller);
  list.draw(snapshot.blocks);
  notes.draw(snapshot);
  changeStatus(snapshot);
  progress.draw(snapshot, list.chars, reconnects);
  drawButtons(snapshot);
  announceBlocks(snapshot.blocks);
  part("empty").hidden = snapshot.blocks.length > 0;
  preview.drawEmpty(snapshot.blocks.length === 0);
  if (follows && isBusy(snapshot.status)) scroller.scrollTop = scroller.scrollHeight;
}

function changeStatus({ status, errors }) {
  if (status === lastStatus) return;
  if (status === "reconnecting") {
    lostAt = generation.lastEventId;
    record.tell("lost; reconnecting");
  }
  if (lastStatus === "reconnecting" && isBusy(status)) {
    reconnects += 1;
    record.tell(lostAt ? `resumed after event ${lostAt}` : "connected");
  }
  lastStatus = status;
  if (isBusy(status)) return;
  preview.end();
  const fatal = errors.findLast((error) => error.fatal);
  if (fatal) announcer.say(fatal.message);
}

function drawButtons({ status, errors, blocks }) {
  const busy = isBusy(status);
  const focused = document.activeElement;
  part("stop").disabled = !busy;
  part("generate").disabled = busy;
  part("drop").disabled = status !== "streaming";
  const canReconnect = status === "reconnecting" || (status === "failed" && kept(KEPT) !== null);
  part("reconnect").hidden = !canReconnect;
  part("drop").hidden = canReconnect;
  part("download-all").disabled = !blocks.some((block) => block.type === "component");
  // A button that is disabled loses the focus, and a keyboard user their place.
  if (focused === part("generate") && busy) part("stop").focus();
  if (focused === part("stop") && !busy) part("generate").focus();
  if (focused === part("drop") && canReconnect) part("reconnect").focus();
  if (focused === part("reconnect") && !canReconnect) part("drop").focus();
  const fatal = busy ? undefined : errors.findLast((error) => error.fatal);
  part("failure").hidden = fatal === undefined;
  part("failure-text").textContent = fatal?.message ?? "";
}

function announceBlocks(blocks) {
  const components = blocks.filter((block) => block.type === "component");
  const done = components.filter((block) => !block.open);
  if (done.length <= complete) return;
  const names = done.slice(complete).map((block) => block.name);
  complete = done.length;
  announcer.say(`${names.join(", ")} complete, ${complete} of ${components.length}.`);
}
