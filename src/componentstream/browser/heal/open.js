/** Open the constructs that more than one kind of frame can hold. */

export function pushExpression(machine, state = {}) {
  const frame = machine.push("expression", "");
  frame.operand = true;
  frame.word = null;
  frame.isProperty = false;
  frame.isOptional = false;
  frame.isDone = false;
  frame.isHeritage = false;
  frame.isDefault = false;
  /** The frame of the parenthesis that has just been closed. */
  frame.closed = null;
  return Object.assign(frame, state);
}

export function pushBracket(machine, kind, close, closer = null) {
  const frame = machine.push(kind, closer);
  frame.close = close;
  /** Whether it can still be the parameters of an arrow function. */
  frame.isParameters = kind === "parenthesis";
  return frame;
}

export function pushBlock(machine, closer = "}") {
  return machine.push("block", closer);
}

export function pushType(machine) {
  const frame = machine.push("type");
  frame.mode = "type";
  frame.operand = true;
  frame.word = null;
  frame.conditions = 0;
  frame.isProperty = false;
  frame.extends = false;
  frame.isAttempt = false;
  frame.parameters = false;
  return frame;
}

export function pushGroup(machine, close) {
  const frame = machine.push("group");
  frame.mode = "type";
  frame.close = close;
  frame.isAttempt = false;
  frame.tokens = 0;
  frame.first = "";
  frame.isParameters = false;
  return frame;
}

export function pushTemplate(machine) {
  machine.push("template").mode = "template";
}

export function pushTag(machine) {
  const frame = machine.push("tag");
  frame.mode = "tag";
  frame.state = "name";
  frame.name = "";
  frame.attributes = 0;
  frame.first = "";
  frame.end = 0;
  return frame;
}
