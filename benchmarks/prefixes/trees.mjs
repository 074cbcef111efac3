/** Compares the page of a half-written component with that of the finished one. */

/** Ids that React makes up differ between two mounts. */
const MADE_UP = /_r_[0-9a-z]+_/gi;

/** Return an element as `{ tag, attributes, children, mark }`; the children are trees and runs of text. */
export function treeOf(element) {
  const attributes = new Map();
  let mark = null;
  for (const { name, value } of element.attributes) {
    if (name === "data-mark") mark = value;
    else attributes.set(name, value.replace(MADE_UP, "_r_"));
  }
  if (element.localName === "input") readField(element, attributes);
  if (element.localName === "option") attributes.delete("selected");
  return { tag: element.localName, attributes, children: childrenOf(element), mark };
}

/** Whether a box is checked counts, and not how it began; an empty text is as good as none. */
function readField({ checked }, attributes) {
  if (attributes.get("value") === "") attributes.delete("value");
  if (checked) attributes.set("checked", "");
  else attributes.delete("checked");
}

export function childrenOf(element) {
  const children = [];
  for (const node of element.childNodes) {
    if (node.nodeType === 1) children.push(treeOf(node));
    else if (node.nodeType === 3 && node.data !== "") {
      if (typeof children.at(-1) === "string") children.push(children.pop() + node.data);
      else children.push(node.data);
    }
  }
  return children;
}

/**
 * Return why children are no part of the finished ones, or null. Elements and attributes may be missing, and a
 * text may be the beginning of the finished one; nothing may differ from it. `pairs` gets the elements by their
 * finished counterparts.
 */
export function mismatch(partial, finished, pairs) {
  let at = 0;
  for (const child of partial) {
    let why = null;
    let found = false;
    for (let next = at; next < finished.length && !found; next += 1) {
      const mine = new Map();
      const problem = mismatchOfOne(child, finished[next], mine);
      if (problem === null) {
        for (const [key, value] of mine) pairs.set(key, value);
        at = next + 1;
        found = true;
      } else if (why === null || problem.depth > why.depth) why = problem;
    }
    if (!found) return why ?? { depth: 0, kind: "tree", text: `${shortOf(child)} has no counterpart` };
  }
  return null;
}

function mismatchOfOne(partial, finished, pairs) {
  if (typeof partial === "string" || typeof finished === "string") {
    if (typeof partial !== typeof finished)
      return { depth: 0, kind: "tree", text: `${shortOf(partial)} is out of place` };
    if (finished.startsWith(partial)) return null;
    return { depth: 1, kind: "text", text: `${shortOf(partial)} is no beginning of ${shortOf(finished)}` };
  }
  if (partial.tag !== finished.tag)
    return { depth: 0, kind: "tree", text: `<${partial.tag}> is no <${finished.tag}>` };
  for (const [name, value] of partial.attributes) {
    if (finished.attributes.get(name) === value) continue;
    const other = finished.attributes.get(name);
    return {
      depth: 1,
      kind: "attribute",
      text: `<${partial.tag}> has ${name}=${quoted(value)}, not ${quoted(other)}`,
    };
  }
  pairs.set(finished, partial);
  const problem = mismatch(partial.children, finished.children, pairs);
  return problem === null ? null : { ...problem, depth: problem.depth + 1 };
}

/** Whether nothing in the children is foreign to the finished page, wherever it is. */
export function consistsOf(partial, finished) {
  const known = new Set();
  let text = "";
  walk(finished, (node) => {
    if (typeof node === "string") text += `${node}\n`;
    else for (const [name, value] of node.attributes) known.add(`${node.tag} ${name} ${value}`);
  });
  let isKnown = true;
  walk(partial, (node) => {
    if (typeof node === "string") isKnown &&= text.includes(node);
    else for (const [name, value] of node.attributes) isKnown &&= known.has(`${node.tag} ${name} ${value}`);
  });
  return isKnown;
}

export function walk(children, visit) {
  for (const child of children) {
    visit(child);
    if (typeof child !== "string") walk(child.children, visit);
  }
}

export function isSame(a, b) {
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (a.tag !== b.tag || a.attributes.size !== b.attributes.size || a.children.length !== b.children.length)
    return false;
  for (const [name, value] of a.attributes) if (b.attributes.get(name) !== value) return false;
  return a.children.every((child, index) => isSame(child, b.children[index]));
}

/** Return how many characters of text and how many elements there are. */
export function sizeOf(children) {
  const size = { characters: 0, elements: 0 };
  walk(children, (node) => {
    if (typeof node === "string") size.characters += node.length;
    else size.elements += 1;
  });
  return size;
}

function shortOf(node) {
  return typeof node === "string"
    ? quoted(node)
    : `<${node.tag} class=${quoted(node.attributes.get("class"))}>`;
}

function quoted(value) {
  return value === undefined ? "none" : JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
