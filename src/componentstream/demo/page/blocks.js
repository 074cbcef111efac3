/** The blocks of an answer: their source, their status in the preview, and buttons to copy, download and expand them. */

import { button, count, counted, lengthOf, make, setText } from "./dom.js";
import { copy, download, filesOf } from "./files.js";
import { Highlighter } from "./highlight.js";

const REASON = {
  end: "complete",
  implied: "closed by another marker",
  truncated: "cut off",
  aborted: "aborted",
  blocked: "blocked",
};
const RENDERING = {
  waiting: "Waiting",
  live: "Live",
  behind: "Behind",
  failed: "Failed",
  frozen: "Frozen",
};
const NEAR_THE_END = 80;
const FEEDBACK = 1500;

export class BlockList {
  #element;
  #onRun;
  #say;
  #views = new Map();
  #rendering = new Map();

  /** `onRun(index)` renders a block once more; `say(sentence)` announces something. */
  constructor(element, { onRun, say }) {
    this.#element = element;
    this.#onRun = onRun;
    this.#say = say;
  }

  /** Characters of all blocks. */
  get chars() {
    let sum = 0;
    for (const view of this.#views.values()) sum += view.chars;
    return sum;
  }

  get files() {
    return filesOf([...this.#views.values()].map((view) => view.block));
  }

  clear() {
    this.#views.clear();
    this.#rendering.clear();
    this.#element.replaceChildren();
  }

  /** Draw the blocks of a snapshot; an unchanged block costs nothing. */
  draw(blocks) {
    for (const block of blocks) {
      const view = this.#views.get(block.index) ?? this.#add(block);
      if (view.block !== block) this.#update(view, block);
    }
  }

  /** Show the status of a block in the preview. It may be known before the block is drawn. */
  setRendering(index, status, message) {
    this.#rendering.set(index, { status, message });
    const view = this.#views.get(index);
    if (view) this.#drawRendering(view);
  }

  #add(block) {
    const view = block.type === "component" ? this.#componentView(block) : textView();
    view.index = block.index;
    this.#views.set(block.index, view);
    this.#element.append(view.element);
    this.#drawRendering(view);
    return view;
  }

  #update(view, block) {
    const { scroller } = view;
    const follows = scroller !== null && isAtTheEnd(scroller);
    const added = block.text.slice(view.block?.text.length ?? 0);
    view.show(added, block.text);
    view.chars += lengthOf(added);
    view.block = block;
    view.element.dataset.state = block.open ? "open" : block.reason;
    if (view.state !== null) view.state.textContent = stateOf(block, view.chars);
    // A complete block is read from its beginning.
    if (follows) scroller.scrollTop = block.open ? scroller.scrollHeight : 0;
  }

  #componentView(block) {
    const view = { block: null, chars: 0, index: block.index };
    view.state = make("p", "state");
    view.rendering = make("p", "rendering");
    view.trouble = make("div", "trouble");
    view.trouble.hidden = true;
    view.scroller = make("pre", "source");
    view.scroller.tabIndex = 0;
    view.scroller.setAttribute("role", "region");
    view.scroller.setAttribute("aria-label", `Source of ${block.name}`);
    const highlighter = new Highlighter(view.scroller.appendChild(make("code")));
    view.show = (added) => highlighter.append(added);
    view.element = make("article", "block");
    view.element.setAttribute("aria-label", block.name);
    view.element.style.setProperty("--depth", String(this.#depthOf(block)));
    const head = make("header");
    const names = head.appendChild(make("div", "row"));
    const title = make("h3", "", block.name);
    names.append(title, make("p", "position", block.position), ...attributesOf(block), view.rendering);
    head.appendChild(make("div", "row")).append(view.state, this.#tools(view, block.name));
    view.element.append(head, view.trouble, view.scroller);
    return view;
  }

  #tools(view, name) {
    const tools = make("div", "tools");
    const copier = button("Copy", `Copy ${name}`, async () => {
      const isCopied = await copy(view.block.text);
      this.#say(isCopied ? `${name} copied.` : `${name} could not be copied.`);
      copier.textContent = isCopied ? "Copied" : "Not copied";
      setTimeout(() => {
        copier.textContent = "Copy";
      }, FEEDBACK);
    });
    const saver = button("Download", `Download ${name}`, () => {
      const [file] = filesOf([view.block]);
      download(...file);
    });
    const expander = button("Expand", `Expand ${name}`, () => {
      const isExpanded = view.element.classList.toggle("expanded");
      expander.textContent = isExpanded ? "Collapse" : "Expand";
      expander.setAttribute("aria-label", `${expander.textContent} ${name}`);
      expander.setAttribute("aria-expanded", String(isExpanded));
    });
    expander.setAttribute("aria-expanded", "false");
    tools.append(copier, saver, expander);
    return tools;
  }

  #drawRendering(view) {
    const rendering = this.#rendering.get(view.index);
    if (!view.rendering || !rendering) return;
    const { status, message } = rendering;
    view.rendering.dataset.rendering = status;
    setText(view.rendering, RENDERING[status] ?? status);
    const isStopped = status === "frozen" || status === "failed";
    view.trouble.hidden = !isStopped;
    view.trouble.replaceChildren();
    if (!isStopped) return;
    view.trouble.append(make("p", "", message || "The preview could not render this component."));
    if (status === "frozen") {
      const { name } = view.block ?? {};
      view.trouble.append(button("Run again", name && `Run ${name} again`, () => this.#onRun(view.index)));
    }
  }

  #depthOf(block) {
    let depth = 0;
    for (let { parent } = block; this.#views.has(parent); { parent } = this.#views.get(parent).block) depth += 1;
    return depth;
  }
}

function textView() {
  const element = make("article", "prose");
  element.setAttribute("aria-label", "Text of the answer");
  const text = element.appendChild(make("p"));
  // Blank lines before the next component are layout of the stream, not of the text.
  const show = (_added, all) => {
    text.textContent = all.trimEnd();
  };
  return { element, show, block: null, chars: 0, state: null, scroller: null };
}

function attributesOf(block) {
  return Object.entries(block.attributes).map(([key, value]) => make("p", "attribute", `${key}=${value}`));
}

function stateOf(block, chars) {
  const size = counted(chars, "character");
  const dropped = block.trimmed > 0 ? `, ${count(block.trimmed)} dropped` : "";
  return block.open ? `writing, ${size}` : `${REASON[block.reason] ?? block.reason}, ${size}${dropped}`;
}

/** Whether the end of a scrolled element is in sight, or nearly. */
export function isAtTheEnd({ scrollTop, clientHeight, scrollHeight }) {
  return scrollTop + clientHeight > scrollHeight - NEAR_THE_END;
}
