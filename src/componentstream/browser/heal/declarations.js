/** Declarations: functions, classes, modules, and those of types. */

import { OUTSIDE } from "./frame.js";
import { pushBlock, pushBracket, pushExpression, pushGroup, pushType } from "./open.js";
import { endStatement, isTopLevel, startStatement } from "./starts.js";

const OPERATOR_WORDS = new Set(["in", "instanceof", "as", "satisfies", "of"]);
const DECORATABLE = new Set(["class", "export", "abstract", "default", "declare"]);
const DEFAULT_DECLARATIONS = new Set(["function", "class", "abstract", "interface", "async"]);

/** Whether the token after each of these words makes it a declaration. */
const MAYBE = {
  async: (token) => token.value === "function",
  type: isName,
  interface: isName,
  namespace: isName,
  module: (token) => isName(token) || token.type === "string",
  global: (token) => token.value === "{",
  declare: isName,
  abstract: (token) => token.value === "class",
};
const BECOMES = {
  type: "alias",
  interface: "interface",
  namespace: "namespace",
  module: "namespace",
  global: "namespace",
};

function isName(token) {
  return token.type === "word" && !OPERATOR_WORDS.has(token.value);
}

export const declarationHandlers = {
  maybe(machine, token, frame) {
    if (token.type === "end") return true;
    const { word } = frame;
    if (token.newline || !MAYBE[word](token)) return becomeExpression(machine, frame, word);
    if (word in BECOMES) {
      frame.kind = BECOMES[word];
      return false;
    }
    frame.ending = true;
    return startStatement(machine, token);
  },

  function(machine, token, frame) {
    const value = token.value;
    if (token.type === "end" && frame.state !== "after") return true;
    if (value === "{" && frame.state === "after") {
      frame.ending = true;
      pushBlock(machine);
    } else if (value === "(" && frame.state !== "after") {
      frame.state = "after";
      pushBracket(machine, "parameters", ")");
    } else if (value === "<" && token.type === "punctuator" && frame.state !== "after")
      pushGroup(machine, ">");
    else if (value === ":" && frame.state === "after") pushType(machine);
    else if (frame.state === "after") return endStatement(machine, token);
    else if (token.type === "word" && frame.state === "name" && nearest(machine, frame))
      machine.declare(value);
    return true;
  },

  class(machine, token, frame) {
    const value = token.value;
    if (token.type === "end") return true;
    if (value === "{") {
      frame.ending = true;
      openMembers(machine);
    } else if (value === "<" && token.type === "punctuator") pushGroup(machine, ">");
    else if (value === "extends") pushExpression(machine, { isHeritage: true });
    else if (value === "implements" || (value === "," && token.type === "punctuator")) pushType(machine);
    else if (token.type === "word" && frame.state === "name" && nearest(machine, frame))
      machine.declare(value);
    return true;
  },

  members(machine, token, frame) {
    if (token.type === "end") return true;
    return MEMBERS[frame.state || "head"](machine, token, frame);
  },

  import(machine, token, frame) {
    if (token.type === "end" && frame.state !== "source") return true;
    return IMPORT[frame.state](machine, token, frame);
  },

  export(machine, token, frame) {
    if (token.type === "end" && !EXPORT_CAN_END.has(frame.state)) return true;
    return EXPORT[frame.state](machine, token, frame);
  },

  alias(machine, token, frame) {
    if (frame.state === "end") return endStatement(machine, token);
    if (token.value === "=" && token.type === "punctuator") {
      frame.state = "end";
      pushType(machine);
    } else if (token.value === "<") pushGroup(machine, ">");
    return true;
  },

  interface(machine, token, frame) {
    const value = token.value;
    if (value === "{") {
      frame.ending = true;
      pushGroup(machine, "}");
    } else if (value === "<") pushGroup(machine, ">");
    else if (value === "extends" || value === ",") pushType(machine);
    return true;
  },

  enum(machine, token, frame) {
    if (token.value === "{") {
      frame.ending = true;
      frame.closer = null;
      machine.push("object");
    }
    return true;
  },

  namespace(machine, token, frame) {
    if (token.value === "{") {
      frame.ending = true;
      pushBlock(machine);
      return true;
    }
    if (token.value === "." || token.type === "string" || (token.type === "word" && !token.newline))
      return true;
    return endStatement(machine, token);
  },

  decorated(machine, token, frame) {
    const value = token.value;
    if (token.type === "end") return true;
    if (value === "(") {
      frame.state = "name";
      pushBracket(machine, "head", ")");
    } else if (value === "@" || value === ".") frame.state = "at";
    else if (token.type === "word" && frame.state === "name" && DECORATABLE.has(value)) {
      frame.ending = true;
      return startStatement(machine, token);
    } else frame.state = "name";
    return true;
  },
};

/** A class at the top level is a component that can be shown when its method `render` has an element. */
function openMembers(machine) {
  const frame = machine.push("members", "}");
  frame.isTopLevel = frame.place === OUTSIDE;
  if (frame.isTopLevel && machine.statement !== null) machine.statement.renders = false;
}

/** Whether a function or class is the declaration of its top-level statement. */
function nearest(machine, frame) {
  frame.state = "named";
  return isTopLevel(machine, frame);
}

/** The word began an expression after all. */
function becomeExpression(machine, frame, word) {
  frame.kind = "statement";
  frame.state = "end";
  pushExpression(machine, { operand: false, word });
  return false;
}

const IMPORT = {
  start(machine, token, frame) {
    if (token.value === "(" || token.value === ".") return becomeExpression(machine, frame, "import");
    frame.state = "names";
    return IMPORT.names(machine, token, frame);
  },

  names(machine, token, frame) {
    if (token.type === "string") frame.state = "source";
    else if (token.value === "{") pushGroup(machine, "}");
    else if (token.value === "=") {
      frame.kind = "statement";
      frame.state = "end";
      pushExpression(machine);
    }
    return true;
  },

  source(machine, token) {
    if (token.value === "with" || (token.value === "assert" && !token.newline)) return true;
    if (token.value === "{") {
      pushGroup(machine, "}");
      return true;
    }
    return endStatement(machine, token);
  },
};

const EXPORT_CAN_END = new Set(["from", "source", "end"]);
const EXPORT = {
  start(machine, token, frame) {
    const value = token.value;
    if (value === "default") frame.state = "default";
    else if (value === "{") {
      frame.state = "from";
      pushGroup(machine, "}");
    } else if (value === "*") frame.state = "names";
    else if (value === "type") frame.state = "type";
    else if (value === "as") frame.state = "end";
    else if (value === "=") return exportExpression(machine, frame);
    else {
      frame.ending = true;
      return startStatement(machine, token);
    }
    return true;
  },

  type(machine, token, frame) {
    if (token.value === "{") {
      frame.state = "from";
      pushGroup(machine, "}");
      return true;
    }
    if (token.value === "*") {
      frame.state = "names";
      return true;
    }
    frame.kind = "alias";
    frame.state = "";
    return false;
  },

  default(machine, token, frame) {
    machine.exportDefault();
    if (token.value === "@" || DEFAULT_DECLARATIONS.has(token.value)) {
      frame.ending = true;
      return startStatement(machine, token);
    }
    if (token.type === "word") machine.statement.alias = token.value;
    frame.kind = "statement";
    frame.state = "start";
    return false;
  },

  from(machine, token, frame) {
    if (token.value !== "from") return endStatement(machine, token);
    frame.state = "names";
    return true;
  },

  names(machine, token, frame) {
    if (token.type === "string") frame.state = "source";
    return true;
  },

  source: IMPORT.source,

  end(machine, token) {
    if (token.type === "word" && !token.newline) return true;
    return endStatement(machine, token);
  },
};

function exportExpression(machine, frame) {
  frame.kind = "statement";
  frame.state = "end";
  pushExpression(machine);
  return true;
}

const MEMBERS = {
  head(machine, token, frame) {
    const value = token.value;
    if (token.type !== "punctuator") {
      frame.word = token.type === "word" ? value : "";
      return true;
    }
    if (value === "}") machine.pop();
    else if (value === "(") {
      frame.state = "";
      machine.push("function", "").state = "parameters";
      if (frame.isTopLevel && frame.word === "render") machine.statement.renders = true;
      return false;
    } else if (value === "{") pushBlock(machine);
    else if (value === "[") pushGroup(machine, "]");
    else if (value === "<") pushGroup(machine, ">");
    else if (value === "@") frame.state = "decorator";
    else if (value === ":") {
      frame.state = "type";
      pushType(machine);
    } else if (value === "=") {
      frame.state = "type";
      pushExpression(machine);
    }
    return true;
  },

  decorator(machine, token, frame) {
    if (token.value === "(") {
      frame.word = "@name";
      pushBracket(machine, "head", ")");
    } else if (token.type !== "word" && token.value !== ".") return MEMBERS.head(machine, token, frame);
    else if (token.value === ".") frame.word = ".";
    else if (frame.word === "@name") {
      frame.state = "head";
      return MEMBERS.head(machine, token, frame);
    } else frame.word = "@name";
    return true;
  },

  /** After the type or the value of a property. */
  type(machine, token, frame) {
    if (token.value === "=") {
      pushExpression(machine);
      return true;
    }
    frame.state = "head";
    frame.word = "";
    return token.value === ";" || MEMBERS.head(machine, token, frame);
  },
};
