/** How far a generation is: its status, a bar, and figures. */

import { count, part, setText } from "./dom.js";

const STATUS = {
  idle: "Ready",
  connecting: "Connecting",
  streaming: "Streaming",
  reconnecting: "Reconnecting",
  complete: "Complete",
  failed: "Failed",
  timeout: "Timed out",
  cancelled: "Stopped",
};
const BUSY = new Set(["connecting", "streaming", "reconnecting"]);
const TICK = 100;

export const isBusy = (status) => BUSY.has(status);

export class Progress {
  #began = 0;
  #timer = 0;
  #expected = null;

  /** Begin anew; `expected` is the number of characters, null if unknown. */
  begin(expected) {
    this.#expected = expected;
    this.#began = performance.now();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#drawClock(), TICK);
    setText(part("reconnects"), "0");
  }

  draw({ status, blocks }, chars, reconnects) {
    const components = blocks.filter((block) => block.type === "component");
    const complete = components.filter((block) => block.reason === "end").length;
    const label = part("status");
    setText(label, STATUS[status] ?? status);
    label.dataset.status = status;
    setText(part("components"), components.length ? `${complete} of ${components.length}` : "0");
    setText(part("characters"), count(chars));
    setText(part("reconnects"), String(reconnects));
    this.#drawBar(status, chars);
    if (!isBusy(status) && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = 0;
      this.#drawClock();
    }
  }

  #drawBar(status, chars) {
    const bar = part("progress");
    if (status === "complete") bar.value = 1;
    else if (this.#expected !== null) bar.value = Math.min(chars / this.#expected, 1);
    else if (isBusy(status)) bar.removeAttribute("value");
    else bar.value = 0;
  }

  #drawClock() {
    part("seconds").textContent = ((performance.now() - this.#began) / 1000).toFixed(1);
  }
}
