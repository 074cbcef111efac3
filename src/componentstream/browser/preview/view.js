/**
 * The part that the page draws around the frame: a border, a label, and the blocks that are held. The types are
 * in `view.d.ts`.
 */

/** The elements of one preview. */
export class View {
  #held = document.createElement("div");
  #body = document.createElement("div");
  #frame = null;
  #run;

  constructor(parent, run) {
    this.#run = run;
    this.element = document.createElement("section");
    this.element.className = "componentstream-preview";
    this.element.setAttribute("aria-label", "Generated preview");
    const label = document.createElement("p");
    label.className = "componentstream-preview-label";
    label.textContent = "generated preview";
    this.#held.className = "componentstream-preview-held";
    this.#held.setAttribute("aria-live", "polite");
    // Set one by one: a style attribute would need 'unsafe-inline' in the policy of the page.
    Object.assign(this.element.style, {
      border: "1px solid GrayText", borderRadius: "6px", overflow: "hidden", background: "Canvas", color: "CanvasText",
    }); // prettier-ignore
    Object.assign(label.style, {
      margin: "0", padding: "4px 10px", font: "12px/1.4 system-ui, sans-serif", borderBottom: "1px solid GrayText",
    }); // prettier-ignore
    this.#held.style.font = "13px/1.5 system-ui, sans-serif";
    this.element.append(label, this.#held, this.#body);
    parent.append(this.element);
  }

  addFrame(src, height) {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.title = "Generated preview";
    frame.referrerPolicy = "no-referrer";
    frame.src = src;
    Object.assign(frame.style, { display: "block", border: "0", width: "100%", height: `${height}px` });
    this.#frame = frame;
    this.#body.append(frame);
    return frame;
  }

  setHeight(height) {
    if (this.#frame !== null) this.#frame.style.height = `${height}px`;
  }

  setDark(isDark) {
    this.element.style.colorScheme = isDark ? "dark" : "light";
  }

  /** Show the blocks that froze, each with a button to run it again. */
  showHeld(blocks) {
    const rows = blocks.map(([index, name]) => {
      const row = document.createElement("p");
      const button = document.createElement("button");
      row.style.margin = "6px 10px";
      button.type = "button";
      button.textContent = `Run ${name} again`;
      button.addEventListener("click", () => this.#run(index));
      row.append(`${name} froze the preview and was stopped. `, button);
      return row;
    });
    this.#held.replaceChildren(...rows);
  }

  remove() {
    this.element.remove();
  }
}
