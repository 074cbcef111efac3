/**
 * Expressions and the brackets around them. An `expression` frame lies on the frame of each bracket that
 * holds one. It knows whether an operand or an operator comes next, which tells division from a regular
 * expression and an element from a comparison. Any token that cannot continue it ends it and goes to the
 * frame below.
 */

import { IN_BODY, IN_RETURN } from "./frame.js";
import {
  pushBlock,
  pushBracket,
  pushExpression,
  pushGroup,
  pushTag,
  pushTemplate,
  pushType,
} from "./open.js";
import { endAttribute } from "./elements.js";

const PREFIXES = new Set([
  "new",
  "typeof",
  "void",
  "delete",
  "await",
  "yield",
  "return",
  "throw",
  "case",
  "in",
]);
const ENDS = new Set([")", "]", "}", ",", ";", ":"]);
const AFTER_OPTIONAL = new Set([":", ",", ")", "="]);
const PARAMETERS = new Set(["parenthesis", "call", "parameters"]);
const CLOSING = new Set([")", "]", "}"]);
/** The tokens that parameters of an arrow function may begin with or contain, at their own level. */
const PARAMETER_TOKENS = new Set(["{", "[", "...", "=", "?", ":"]);

export const codeHandlers = {
  expression(machine, token, frame) {
    if (frame.isDone) return end(machine);
    if (frame.isProperty) return property(machine, token, frame);
    if (frame.isOptional) return optional(machine, token, frame);
    noteParameters(token, frame);
    return frame.operand ? operand(machine, token, frame) : operator(machine, token, frame);
  },

  arrow(machine, token, frame) {
    if (frame.state === "end") {
      machine.pop();
      return false;
    }
    if (token.value === "{") {
      frame.ending = true;
      pushBlock(machine);
      return true;
    }
    frame.state = "end";
    // The value of an arrow function is returned: as the body of `return` is for other functions.
    if (frame.place === IN_BODY) frame.place = IN_RETURN;
    pushExpression(machine);
    return false;
  },

  ternary(machine, token) {
    machine.pop();
    if (token.value !== ":") return false;
    machine.top.operand = true;
    return true;
  },

  parenthesis: bracket,
  call: bracket,
  parameters: bracket,
  head: bracket,
  array: bracket,
  index: bracket,
  substitution: bracket,
  child: bracket,
  value: bracket,

  object(machine, token, frame) {
    const value = token.value;
    if (token.type === "end") return true;
    if (value === "}") {
      machine.pop();
      return true;
    }
    if (value === ",") frame.state = "";
    else if (value === "(") {
      frame.state = "method";
      machine.push("function").state = "parameters";
      return false;
    } else if (value === "<" && token.type === "punctuator") pushGroup(machine, ">");
    else if (value === "[") pushBracket(machine, "index", "]");
    else if (value === ":" || value === "=" || value === "...") pushExpression(machine);
    return true;
  },

  template(machine, token) {
    if (token.value === "`") machine.pop();
    else if (token.value === "${") pushBracket(machine, "substitution", "}");
    return true;
  },
};

function end(machine) {
  machine.pop();
  return false;
}

/** Remember whether a parenthesis can still be the parameters of an arrow function. */
function noteParameters(token, frame) {
  if (frame.isDefault || !frame.parent.isParameters || ENDS.has(token.value)) return;
  frame.isDefault = token.value === "=";
  if (token.type !== "word" && !PARAMETER_TOKENS.has(token.value)) frame.parent.isParameters = false;
}

/** After a dot: a name, or the call or index of `?.`. */
function property(machine, token, frame) {
  frame.isProperty = false;
  frame.operand = false;
  frame.word = "";
  if (token.type === "word" || token.type === "number") return true;
  return false;
}

/** After a question mark: an optional parameter, or a ternary. */
function optional(machine, token, frame) {
  frame.isOptional = false;
  if (AFTER_OPTIONAL.has(token.value) && token.type === "punctuator") {
    frame.operand = false;
    return false;
  }
  frame.operand = true;
  machine.push("ternary", " : null");
  pushExpression(machine);
  return false;
}

function operand(machine, token, frame) {
  if (token.type === "end") return true;
  if (token.type === "word") return operandWord(machine, token, frame);
  frame.word = null;
  frame.closed = null;
  if (token.type !== "punctuator") {
    frame.operand = false;
    return true;
  }
  if (ENDS.has(token.value)) return end(machine);
  return openOperand(machine, token, frame);
}

function operandWord(machine, token, frame) {
  const word = token.value;
  if (PREFIXES.has(word)) return true;
  frame.operand = false;
  frame.word = word;
  if (word === "function") pushFunction(machine);
  else if (word === "class") machine.push("class", "");
  return true;
}

function openOperand(machine, token, frame) {
  switch (token.value) {
    case "(":
      frame.operand = false;
      pushBracket(machine, "parenthesis", ")", ")");
      return true;
    case "[":
      frame.operand = false;
      pushBracket(machine, "array", "]");
      return true;
    case "{":
      frame.operand = false;
      machine.push("object");
      return true;
    case "`":
      frame.operand = false;
      pushTemplate(machine);
      return true;
    case "<":
      frame.operand = false;
      pushTag(machine);
      return true;
    case "=>":
      return pushArrow(machine, frame);
    case ".":
    case "?.":
      frame.isProperty = true;
      return true;
    default:
      return true;
  }
}

function operator(machine, token, frame) {
  const word = frame.word;
  frame.word = null;
  if (token.type === "word") return operatorWord(machine, token, frame, word);
  if (token.type !== "punctuator") return end(machine);
  const closed = frame.closed;
  frame.closed = null;
  if (openAfterOperand(machine, token, word)) return true;
  switch (token.value) {
    case "<":
      return less(machine, token, frame, word);
    case "=>":
      return pushArrow(machine, frame);
    case ".":
    case "?.":
      frame.isProperty = true;
      return true;
    case "?":
      frame.isOptional = true;
      return true;
    case ":":
      return colon(machine, token, frame, closed);
    case "!":
    case "++":
    case "--":
      return token.newline ? end(machine) : true;
    case "{":
    case "@":
    case "~":
      return end(machine);
    default:
      return binary(machine, token, frame);
  }
}

/** The arguments of a call, an index, or a tagged template. */
function openAfterOperand(machine, token, word) {
  if (token.value === "(") pushBracket(machine, "call", ")", ")").isParameters = word === "async";
  else if (token.value === "[") pushBracket(machine, "index", "]");
  else if (token.value === "`") pushTemplate(machine);
  else return false;
  return true;
}

function binary(machine, token, frame) {
  if (ENDS.has(token.value)) return end(machine);
  frame.operand = true;
  return true;
}

function operatorWord(machine, token, frame, last) {
  const word = token.value;
  if (word === "instanceof" || word === "in") {
    frame.operand = true;
    return true;
  }
  if ((word === "as" || word === "satisfies") && !token.newline) {
    pushType(machine);
    return true;
  }
  if (last === "async" && !token.newline) {
    if (word === "function") pushFunction(machine);
    return true;
  }
  return end(machine);
}

function less(machine, token, frame, word) {
  if (frame.isHeritage) {
    pushGroup(machine, ">");
    return true;
  }
  if (word !== null && machine.mayAttempt(token)) {
    machine.attempt(token);
    pushGroup(machine, ">").isAttempt = true;
    return true;
  }
  frame.operand = true;
  return true;
}

/** After an operand: the type of a parameter, that of the result of an arrow function, or an end. */
function colon(machine, token, frame, closed) {
  const around = frame.parent.kind;
  if (PARAMETERS.has(around)) {
    pushType(machine);
    return true;
  }
  if (closed === null || around === "case") return end(machine);
  if (around !== "ternary") {
    pushType(machine);
    return true;
  }
  if (!closed.isParameters || !machine.mayAttempt(token)) return end(machine);
  machine.attempt(token);
  pushType(machine).isAttempt = true;
  return true;
}

function pushArrow(machine, frame) {
  frame.operand = false;
  frame.isDone = true;
  callWhenClosed(frame);
  machine.push("arrow", "");
  return true;
}

function pushFunction(machine) {
  callWhenClosed(machine.top);
  return machine.push("function", "");
}

/**
 * A function in parentheses as the child of an element is called at once, so it is called when healed too.
 */
function callWhenClosed(frame) {
  const around = frame.parent;
  if (around.kind === "parenthesis" && around.parent.parent?.kind === "child") around.closer = ")()";
}

function bracket(machine, token, frame) {
  const value = token.value;
  if (token.type === "end") return true;
  if (token.type === "punctuator") {
    if (value === frame.close) return close(machine, token, frame);
    if (value === ";") frame.hasStep = false;
    if (value === "," || value === ";" || value === ":" || CLOSING.has(value)) return true;
  } else if (frame.kind === "head" && token.type === "word") {
    if (value === "const" || value === "let" || value === "var") {
      machine.push("variables", "").state = "target";
      return true;
    }
    if (value === "of" || value === "in") return true;
  }
  frame.hasStep = true;
  pushExpression(machine);
  return false;
}

function close(machine, token, frame) {
  const top = machine.pop();
  if (frame.kind === "parenthesis" || frame.kind === "call") top.closed = frame;
  // The step of a `for` without one is in its body: half of that would loop without end.
  if (frame.kind === "head" && frame.hasStep === false) top.closer = null;
  if (frame.kind === "child") machine.safe(token.end);
  if (frame.kind === "value") endAttribute(machine, token.end);
  return true;
}
