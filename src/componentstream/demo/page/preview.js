/** The live preview, or a notice that says how to get it. */

import { make, part, setText } from "./dom.js";

const POLL = 1000;
const FOLLOW_MARGIN = 120;

const FRAME = { loading: "Loading", ready: "", replaced: "Loading again", unavailable: "Not available" };

export class PreviewPanel {
  #store;
  #server;
  #onStatus;
  #theme;
  #preview = null;
  #follows = true;

  /** `onStatus(index, status, message)` is called with the status of a block. */
  constructor({ store, server, theme, onStatus }) {
    this.#store = store;
    this.#server = server;
    this.#theme = theme;
    this.#onStatus = onStatus;
    const scroller = part("preview");
    // Only a person scrolls up; the page itself only follows its growing end.
    scroller.addEventListener("wheel", this.#look, { passive: true });
    scroller.addEventListener("keydown", this.#look);
    scroller.addEventListener("pointerdown", this.#look);
    new ResizeObserver(() => this.#follow()).observe(part("preview-mount"));
  }

  /** Show the preview in the state that the server has told. */
  async show({ status, src, message }) {
    if (this.#preview !== null) return;
    part("preview-notice").hidden = status === "ready";
    if (status === "ready") await this.#mount(src);
    else this.#notice(status, message);
    if (status === "building") setTimeout(() => this.#ask(), POLL);
  }

  setTheme(theme) {
    this.#theme = theme;
    this.#preview?.setTheme(theme);
  }

  /** A generation begins: follow it from its beginning. */
  begin() {
    this.#follows = true;
  }

  /** A generation has ended: show the page from its top, unless the person is looking at a place. */
  end() {
    if (this.#follows) part("preview").scrollTo({ top: 0, behavior: "smooth" });
    this.#follows = false;
  }

  run(index) {
    this.#preview?.run(index);
  }

  drawEmpty(isEmpty) {
    part("preview-empty").hidden = !isEmpty || this.#preview === null;
  }

  async #ask() {
    try {
      const { preview } = await this.#server.load();
      await this.show(preview);
    } catch {
      setTimeout(() => this.#ask(), POLL); // the server may be restarting
    }
  }

  async #mount(src) {
    const { mountPreview } = await import("../componentstream/preview/host.js");
    this.#preview = mountPreview(part("preview-mount"), {
      src,
      theme: this.#theme,
      onStatus: ({ index, status, message }) => {
        if (index === null) setText(part("preview-status"), FRAME[status] ?? status);
        else this.#onStatus(index, status, message);
      },
    });
    this.#preview.follow(this.#store);
  }

  #notice(status, message) {
    const [text, command] = NOTICES[status] ?? NOTICES.missing;
    const parts = [make("p", "", text), command && make("code", "", command), message && make("p", "hint", message)];
    part("preview-notice").replaceChildren(...parts.filter(Boolean));
  }

  #look = () => {
    const { scrollTop, clientHeight, scrollHeight } = part("preview");
    this.#follows = scrollTop + clientHeight > scrollHeight - FOLLOW_MARGIN;
  };

  #follow() {
    if (this.#follows && !this.#store.ended) part("preview").scrollTop = part("preview").scrollHeight;
  }
}

const NOTICES = {
  building: ["The live preview is being built. This is needed once and takes less than a minute; the source is shown meanwhile."],
  missing: ["The live preview is not built yet. Build it once, then reload this page:", "python -m componentstream.browser.preview"],
  failed: ["The live preview could not be built; the source is shown without it. To try again:", "python -m componentstream.browser.preview"],
  off: ["The live preview is off. Start the demo without --no-preview to see the components rendered."],
};
