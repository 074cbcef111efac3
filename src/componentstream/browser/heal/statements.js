/**
 * Statements. A block begins a statement at each token; the frame of a statement is popped by its last token,
 * or by the first one after it, which the block then reads as the beginning of the next.
 */

import { pushBlock, pushBracket, pushExpression, pushType } from "./open.js";
import { endStatement, isTopLevel, startStatement } from "./starts.js";

export const statementHandlers = {
  block(machine, token, frame) {
    const isRoot = frame === machine.root;
    if (isRoot) machine.endStatement();
    if (token.type === "end") return true;
    if (token.value === "}" && token.type === "punctuator") {
      if (!isRoot) machine.pop();
      return true;
    }
    if (isRoot) machine.beginStatement(token);
    return startStatement(machine, token);
  },

  statement(machine, token, frame) {
    if (frame.state === "start") {
      frame.state = "end";
      pushExpression(machine);
      return false;
    }
    if (token.value === ",") {
      pushExpression(machine);
      return true;
    }
    if (token.value === ":") {
      frame.state = "label";
      return true;
    }
    if (frame.state === "label") {
      frame.ending = true;
      return startStatement(machine, token);
    }
    if (token.value === ")" || token.value === "]") return true;
    return endStatement(machine, token);
  },

  variables(machine, token, frame) {
    if (token.type === "end" && frame.state !== "end") return true;
    return VARIABLES[frame.state](machine, token, frame);
  },

  if: conditional,
  while: conditional,
  for: conditional,

  do(machine, token, frame) {
    if (frame.state === "body") {
      frame.state = "while";
      return startStatement(machine, token);
    }
    if (frame.state === "while" && token.value === "while") return true;
    if (frame.state === "while" && token.value === "(") {
      frame.state = "end";
      pushBracket(machine, "head", ")");
      return true;
    }
    return endStatement(machine, token);
  },

  switch(machine, token, frame) {
    if (token.type === "end") return true;
    if (token.value === "(") pushBracket(machine, "head", ")");
    else if (token.value === "{") {
      frame.ending = true;
      machine.push("cases", "}");
    }
    return true;
  },

  cases(machine, token) {
    const value = token.value;
    if (token.type === "end") return true;
    if (value === "}") {
      machine.pop();
      return true;
    }
    if (value === "case") {
      machine.push("case", "").closer = null;
      pushExpression(machine);
      return true;
    }
    if (value === "default" || value === ":") return true;
    return startStatement(machine, token);
  },

  case(machine, token) {
    machine.pop();
    return token.value === ":";
  },

  try(machine, token, frame) {
    const value = token.value;
    if (token.type === "end") return true;
    if (value === "{" && frame.state !== "after") {
      pushBlock(machine, frame.state === "block" ? "} catch {}" : "}");
      frame.ending = frame.state === "finally";
      frame.state = "after";
    } else if (value === "catch" || value === "finally") frame.state = value;
    else if (value === "(" && frame.state === "catch") pushBracket(machine, "parameters", ")");
    else {
      machine.pop();
      return false;
    }
    return true;
  },

  return: value,
  throw: value,

  jump(machine, token) {
    if (token.type === "word" && !token.newline) return true;
    return endStatement(machine, token);
  },
};

function conditional(machine, token, frame) {
  if (frame.state === "else") {
    if (token.value !== "else") {
      machine.pop();
      return false;
    }
    frame.state = "last";
    return true;
  }
  if (token.type === "end") return true;
  if (frame.state === "head") return head(machine, token, frame);
  frame.ending = frame.kind !== "if" || frame.state === "last";
  frame.state = "else";
  return startStatement(machine, token);
}

function head(machine, token, frame) {
  if (token.value === "await") return true;
  if (token.value !== "(") {
    machine.pop();
    return false;
  }
  frame.state = "body";
  pushBracket(machine, "head", ")");
  return true;
}

function value(machine, token, frame) {
  if (frame.state === "end") {
    if (token.value !== ",") return endStatement(machine, token);
    pushExpression(machine);
    return true;
  }
  if (token.newline || token.value === ";" || token.value === "}") return endStatement(machine, token);
  frame.state = "end";
  pushExpression(machine);
  return false;
}

const VARIABLES = {
  target(machine, token, frame) {
    const word = token.value;
    if (token.type === "word") {
      if (word === "enum") {
        frame.kind = "enum";
        return true;
      }
      frame.state = "end";
      if (isTopLevel(machine, frame)) machine.declare(word);
      return true;
    }
    if (word !== "{" && word !== "[") return endStatement(machine, token);
    frame.state = "end";
    if (word === "{") machine.push("object");
    else pushBracket(machine, "array", "]");
    return true;
  },

  end(machine, token, frame) {
    const value = token.value;
    if (value === "!" && !token.newline) return true;
    if (value === ":") pushType(machine);
    else if (value === "=") pushExpression(machine);
    else if (value === ",") frame.state = "target";
    else return endStatement(machine, token);
    return true;
  },
};
