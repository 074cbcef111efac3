/**
 * The page: sections in their regions, until a component in position `root` becomes the page. A section is
 * rendered once and for all into a host element of its own, and only this element moves when another component
 * takes the section over; so its state, its DOM nodes and the focus are kept.
 */

import { Section, Signal } from "./section.js";

const REGION_OF = new Map([
  ["header", "header"],
  ["nav", "header"],
  ["sidebar", "sidebar"],
  ["footer", "footer"],
]);
const SPACED = /(?:^|\s|:)-?(?:space-[xy]|divide-[xy])/;

/**
 * Return the components of the page. Without a `portal` (no DOM) sections are rendered in place, and lose their
 * state when they change it.
 */
export function createLayout({ React, blocks, portal }) {
  const shared = {
    h: React.createElement,
    React,
    portal,
    signal: new Signal(),
    sections: new Map(),
    parking: { current: null },
    /** Set by the runtime: the React of the generated code needs the cells, which need the layout. */
    contexts: null,
    useSignal: (signal) => React.useSyncExternalStore(signal.subscribe, signal.getVersion, signal.getVersion),
  };
  const Slot = createSlot(shared);
  const choose = createChoice(blocks, shared);
  const { Rest, Page } = createPage(shared, choose, Slot);
  return {
    Page,
    bump: () => shared.signal.bump(),
    connect: (contexts) => {
      shared.contexts = contexts;
    },
    useOf: (cell) => (portal === null ? cell.component : createUse(cell, shared)),
    complete: (cell, tree) => completed(React, cell, tree, Rest),
  };
}

/** The place of a section that the page itself shows. */
function createSlot({ React, h, portal, sections, signal, parking }) {
  return function Slot({ block, kind }) {
    const anchor = React.useRef(null);
    React.useLayoutEffect(() => {
      if (portal === null) return undefined;
      if (!sections.has(block)) {
        sections.set(block, new Section(block, portal.document, parking));
        signal.bump();
      }
      const section = sections.get(block);
      const claim = section.claim(anchor.current, kind);
      adaptSpacing(anchor.current);
      return () => section.release(claim);
    }, [block, kind]);
    if (portal === null) return suspended(React, h(block.root.component));
    return h("div", { className: "cs-slot", ref: anchor });
  };
}

/** A lazy component without a boundary of its own must not suspend the page. */
function suspended(React, element, key) {
  return React.createElement(React.Suspense, { key, fallback: null }, element);
}

/** Utilities such as `space-y-8` give margins to children, which an element without a box would lose. */
function adaptSpacing(anchor) {
  if (SPACED.test(anchor.parentElement?.getAttribute("class") ?? "")) anchor.className = "cs-slot-spaced";
}

/** The element of a section inside another component: it takes the section over, unless another has done so. */
function createUse(cell, { React, h, sections, signal, contexts }) {
  return function Use(props) {
    const [adopts, setAdopts] = React.useState(() => sections.has(cell.block));
    const values = contexts.read();
    const anchor = React.useRef(null);
    const claim = React.useRef(null);
    React.useLayoutEffect(() => {
      const section = adopts ? sections.get(cell.block) : undefined;
      if (section === undefined) return undefined;
      if (section.isUsed) {
        setAdopts(false);
        return undefined;
      }
      claim.current = section.claim(anchor.current, "use");
      adaptSpacing(anchor.current);
      signal.bump();
      return () => {
        section.release(claim.current);
        claim.current = null;
        signal.bump();
      };
    }, [adopts]);
    React.useLayoutEffect(() => {
      if (claim.current !== null) sections.get(cell.block).pass(props, values);
    });
    return adopts ? h("div", { className: "cs-slot", ref: anchor }) : h(cell.component, props);
  };
}

/** Return the functions that choose the sections which the page shows by itself. */
function createChoice(blocks, { sections, portal }) {
  const isUsed = (block) => sections.get(block)?.isUsed ?? false;
  /** Whether another component shows the block, or will: it must not be on the page twice. */
  function isLeftToOthers(block) {
    if (isUsed(block)) return true;
    const wasPlaced = portal !== null && sections.has(block);
    for (const other of blocks.values()) {
      if (other === block || !other.root.isShown || !other.mentions.has(block.name)) continue;
      if (!wasPlaced || other.isComplete) return true;
    }
    return false;
  }
  return {
    root: () =>
      [...blocks.values()].findLast((block) => block.position === "root" && block.root.impl !== null),
    sections(root) {
      const isSection = (block) => block !== root && block.root.impl !== null && !isLeftToOthers(block);
      return [...blocks.values()].filter(isSection);
    },
    region(block) {
      let top = block;
      while (top.parent !== null && blocks.has(top.parent)) top = blocks.get(top.parent);
      return REGION_OF.get(top.position) ?? "main";
    },
  };
}

function createPage(shared, choose, Slot) {
  const { React, h, portal, signal, sections, parking, useSignal } = shared;
  const slots = (list, kind) => list.map((block) => h(Slot, { key: block.index, block, kind }));

  /** The sections that a root component does not use (yet). */
  function Rest() {
    useSignal(signal);
    return slots(choose.sections(choose.root()), "rest");
  }

  function Regions({ root }) {
    const list = choose.sections(root);
    const region = (name) => {
      const inside = list.filter((block) => choose.region(block) === name);
      return inside.length > 0 && h("div", { key: name, "data-region": name }, slots(inside, "region"));
    };
    const [sidebar, main] = [region("sidebar"), region("main")];
    const middle = h(
      "div",
      { key: "middle", className: sidebar ? "cs-page-sides" : undefined },
      sidebar,
      main,
    );
    return [region("header"), (sidebar || main) && middle, region("footer")];
  }

  function Host({ section }) {
    useSignal(section);
    const content = suspended(React, h(section.block.root.component, section.props));
    const bridge = h(shared.contexts.Bridge.Provider, { value: section.contexts }, content);
    return portal.createPortal(bridge, section.host);
  }

  function Page() {
    useSignal(signal);
    const root = choose.root();
    const hosts = [...sections.values()].map((section) => h(Host, { key: section.block.index, section }));
    return [
      root !== undefined &&
        suspended(React, h(root.root.component, rootProps(root.root, Rest, h)), `root ${root.index}`),
      !root?.root.isShown && h(Regions, { key: "regions", root }),
      portal !== null && h("div", { key: "parking", hidden: true, ref: parking }),
      ...hosts,
    ];
  }
  return { Rest, Page };
}

/** A root that has a place for children gets the sections that it does not use there. */
function rootProps(cell, Rest, h) {
  return cell.takesChildren ? { children: h(Rest) } : {};
}

/**
 * Return the tree of a root component with the sections that it does not use (yet) at the end of its outermost
 * element, so that nothing jumps when the root gets to them.
 */
function completed(React, cell, tree, Rest) {
  if (cell.takesChildren || !React.isValidElement(tree)) return tree;
  const rest = React.createElement(Rest, { key: "rest" });
  const { type, props } = tree;
  const isOpen =
    (typeof type === "string" || type === React.Fragment) && props.dangerouslySetInnerHTML === undefined;
  if (!isOpen) return React.createElement(React.Fragment, null, tree, rest);
  // As one more child in place, so that the elements before it keep their identity.
  const { children = [] } = props;
  return React.cloneElement(tree, undefined, ...(Array.isArray(children) ? children : [children]), rest);
}
