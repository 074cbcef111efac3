/** The beginnings and ends of statements. */

import { pushBlock } from "./open.js";

/** The words that begin a statement, and the frame of each. */
const STARTS = {
  function: (machine) => open(machine, "function", "", "name"),
  class: (machine) => open(machine, "class", "", "name"),
  import: (machine) => open(machine, "import", "", "start"),
  export: (machine) => open(machine, "export", "", "start"),
  enum: (machine) => open(machine, "enum", null, ""),
  async: maybe,
  type: maybe,
  interface: maybe,
  namespace: maybe,
  module: maybe,
  global: maybe,
  declare: maybe,
  abstract: maybe,
  if: (machine) => open(machine, "if"),
  for: (machine) => open(machine, "for"),
  with: (machine) => open(machine, "for"),
  while: (machine) => open(machine, "while", null),
  switch: (machine) => open(machine, "switch"),
  do: (machine) => open(machine, "do", null, "body"),
  try: (machine) => open(machine, "try", "", "block"),
  return: (machine) => open(machine, "return", "", "value"),
  throw: (machine) => open(machine, "throw", "", "value"),
  break: (machine) => open(machine, "jump"),
  continue: (machine) => open(machine, "jump"),
  debugger: (machine) => open(machine, "jump"),
  const: (machine) => open(machine, "variables", "", "target"),
  let: (machine) => open(machine, "variables", "", "target"),
  var: (machine) => open(machine, "variables", "", "target"),
};

function open(machine, kind, closer = "", state = "head") {
  machine.push(kind, closer).state = state;
  return true;
}

/** A word that begins a declaration only if the next token says so. */
function maybe(machine, token) {
  machine.push("maybe", "").word = token.value;
  return true;
}

/** Begin the statement that this token begins; return whether the token is consumed. */
export function startStatement(machine, token) {
  if (token.type === "word" && Object.hasOwn(STARTS, token.value)) return STARTS[token.value](machine, token);
  if (token.value === "{") {
    pushBlock(machine);
    return true;
  }
  if (token.value === ";") return true;
  if (token.value === "@") {
    machine.push("decorated", "").state = "at";
    return true;
  }
  machine.push("statement", "").state = "start";
  return false;
}

/** After the last expression of a statement: its semicolon, or else the token belongs to the next one. */
export function endStatement(machine, token) {
  machine.pop();
  return token.value === ";";
}

/** Whether the frame of a declaration is a top-level statement, perhaps an exported one. */
export function isTopLevel(machine, frame) {
  let around = frame.parent;
  while (around.kind === "export" || around.kind === "maybe" || around.kind === "decorated")
    around = around.parent;
  return around === machine.root;
}
