/** Small helpers for the elements of the page. */

/** Return the element with an id. */
export const part = (id) => document.getElementById(id);

/** Return a new element. Text of a model is only ever set as text. */
export function make(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Return a button with a visible text and, if that is not enough alone, a name for screen readers. */
export function button(text, label, onClick) {
  const element = make("button", "small", text);
  element.type = "button";
  if (label) element.setAttribute("aria-label", label);
  element.addEventListener("click", onClick);
  return element;
}

/** Set a text unless it is set already: screen readers announce each change of a live region. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Return the length of a text in code points, as the server counts it. */
export function lengthOf(text) {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** Return a number for people: 12,345. */
export const count = (number) => number.toLocaleString("en");

/** Return a number with its noun: "1 character", "2 characters". */
export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
