/**
 * Types. They are never shown in part, so all that counts is where they end: a `type` frame knows whether an
 * operand or an operator comes next; a `group` frame is a bracket, and its content only has to balance.
 */

import { pushGroup, pushTemplate } from "./open.js";

const PREFIXES = new Set(["keyof", "typeof", "readonly", "unique", "infer", "asserts", "abstract", "new"]);
const OPENING = { "(": ")", "[": "]", "{": "}", "<": ">" };
/** The operators that no type contains, so that a `<` before them compares. */
const NOT_IN_TYPES = new Set(
  "&& || ?? + * / % == === != !== ++ -- += -= *= /= %= ^ ~ @ ! ; = ) ] }".split(" "),
);
const JOINS_WORDS = new Set([...PREFIXES, "extends", "is", "in", "as", "this"]);
const FOLLOWS_ARGUMENTS = new Set(["(", "`", ")", "]", "}", ",", ";", ":", ".", "?.", "="]);

export const typeHandlers = {
  type(machine, token, frame) {
    if (token.type === "end") return frame.operand || endType(machine, token, frame);
    if (frame.isProperty) {
      frame.isProperty = false;
      frame.operand = false;
      return token.type === "word";
    }
    return frame.operand ? operand(machine, token, frame) : operator(machine, token, frame);
  },

  group(machine, token, frame) {
    if (frame.state === "closed") return endAttempt(machine, token, frame);
    if (frame.isAttempt && !isType(token, frame)) return fail(machine, token);
    noteParameters(token, frame);
    if (token.type === "punctuator") return bracket(machine, token, frame);
    frame.word = token.type === "word" ? token.value : null;
    return true;
  },
};

function operand(machine, token, frame) {
  const value = token.value;
  if (token.type === "word") {
    frame.word = value;
    if (!PREFIXES.has(value)) frame.operand = false;
    return true;
  }
  frame.word = null;
  if (token.type !== "punctuator") frame.operand = false;
  else if (value === "`") {
    frame.operand = false;
    pushTemplate(machine);
  } else if (value === "<" && frame.isAttempt) {
    return fail(machine, token);
  } else if (value in OPENING) {
    frame.operand = false;
    // `<T>(value: T) => void`: the parameters follow the type parameters.
    frame.isGeneric = value === "<";
    pushGroup(machine, OPENING[value]).isAttempt = frame.isAttempt;
  } else if (value !== "|" && value !== "&" && value !== "-" && value !== "...") {
    return endType(machine, token, frame);
  }
  return true;
}

function operator(machine, token, frame) {
  const value = token.value;
  const word = frame.word;
  const parameters = frame.parameters;
  frame.word = null;
  frame.parameters = false;
  if (token.type === "word") return operatorWord(machine, token, frame, word);
  if (token.type !== "punctuator") return endType(machine, token, frame);
  if (value === "|" || value === "&") frame.operand = true;
  else if (value === "=>" && parameters) frame.operand = true;
  else if (value === "?" && frame.extends) condition(frame, 1);
  else if (value === ":" && frame.conditions > 0) condition(frame, -1);
  else if (value === ".") frame.isProperty = true;
  else if (value === "<") pushGroup(machine, ">").isAttempt = frame.isAttempt;
  else if (value === "[" && !token.newline) pushGroup(machine, "]").isAttempt = frame.isAttempt;
  else if (value === "(" && (word === "import" || frame.isGeneric)) {
    frame.isGeneric = false;
    pushGroup(machine, ")").isAttempt = frame.isAttempt;
  } else return endType(machine, token, frame);
  return true;
}

function operatorWord(machine, token, frame, word) {
  if (token.value === "extends") {
    frame.extends = true;
    frame.operand = true;
    return true;
  }
  if (token.value === "is" && !token.newline) {
    frame.operand = true;
    return true;
  }
  return endType(machine, token, frame);
}

function condition(frame, change) {
  frame.conditions += change;
  frame.extends = false;
  frame.operand = true;
}

function endType(machine, token, frame) {
  if (frame.isAttempt) {
    if (token.value !== "=>") return fail(machine, token);
    machine.succeed();
  }
  machine.pop();
  return false;
}

function fail(machine, token) {
  machine.fail(token);
  return true;
}

function bracket(machine, token, frame) {
  const value = token.value;
  frame.word = null;
  if (value === frame.close) return close(machine, frame);
  if (value === "`") pushTemplate(machine);
  else if (value in OPENING) pushGroup(machine, OPENING[value]).isAttempt = frame.isAttempt;
  else if (value === "extends") frame.extends = true;
  return true;
}

function close(machine, frame) {
  const around = frame.parent;
  if (frame.isAttempt && around.kind === "expression") {
    frame.state = "closed";
    frame.mode = "code";
    return true;
  }
  machine.pop();
  if (around.kind === "type") {
    around.parameters = frame.close === ")" && (frame.isParameters || frame.tokens === 0);
  }
  return true;
}

/** Type arguments in an expression: the token after them must be one that can follow them. */
function endAttempt(machine, token, frame) {
  const isArguments = token.type === "end" || token.newline || FOLLOWS_ARGUMENTS.has(token.value);
  if (!isArguments || token.type === "string") return fail(machine, token);
  machine.succeed();
  machine.pop();
  machine.top.word = null;
  return false;
}

/** A parenthesis of a type is a list of parameters if its second token says so. */
function noteParameters(token, frame) {
  if (token.value === frame.close && frame.tokens === 0) return;
  frame.tokens += 1;
  if (frame.tokens === 1) {
    frame.first = token.type;
    frame.isParameters = token.value === "{" || token.value === "[" || token.value === "...";
  } else if (frame.tokens === 2 && frame.first === "word") {
    frame.isParameters = [":", ",", "?", "=", frame.close].includes(token.value);
  }
}

/**
 * Whether a token can be inside a type that is only tried. An element is likelier than a generic function.
 */
function isType(token, frame) {
  if (token.type === "word")
    return frame.word == null || joins(frame.word, token.value) || frame.close === "}";
  if (token.type === "regex" || token.type === "end") return false;
  if (token.value === frame.close) return true;
  if (frame.close === "}") return token.value !== ")" && token.value !== "]";
  if (token.value === "<" && frame.tokens === 0) return false;
  if (frame.close === ">" && (token.value === "?" || token.value === ":")) return frame.extends === true;
  return token.type !== "punctuator" || !NOT_IN_TYPES.has(token.value);
}

function joins(first, second) {
  return JOINS_WORDS.has(first) || JOINS_WORDS.has(second);
}
