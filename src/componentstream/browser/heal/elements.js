/**
 * Elements. The frame of a tag becomes one of children when its opening tag is complete. Intrinsic
 * elements are shown as soon as their name is complete, with the attributes that are; other tags only when
 * complete, for a component may need the attribute that is still to come.
 */

import { pushBracket, pushGroup, pushTag } from "./open.js";
import { TextPosition } from "./text.js";

export const elementHandlers = {
  tag(machine, token, frame) {
    if (token.type === "end") return true;
    return STATES[frame.state](machine, token, frame);
  },

  "element value"(machine, token) {
    // Its element was none; the tag takes the token.
    machine.pop();
    machine.top.state = "attributes";
    return token.type === "end";
  },

  children(machine, token, frame) {
    frame.text.restart();
    if (token.value === "<") pushTag(machine);
    else if (token.value === "{") pushBracket(machine, "child", "}", "}");
    return true;
  },
};

const STATES = {
  name(machine, token, frame) {
    if (token.type === "word") {
      frame.name = token.value;
      frame.state = "attributes";
      if (isIntrinsic(frame.name)) {
        frame.closer = "/>";
        machine.safe(token.end);
      }
      return true;
    }
    if (token.value === ">") return open(machine, token, frame);
    if (token.value === "/" && frame.parent.kind === "children") {
      frame.state = "closing";
      return true;
    }
    // A `<` without a name after it, in a text or between operands: a mistake, read as a sign.
    machine.pop();
    return false;
  },

  closing(machine, token, frame) {
    if (token.value !== ">") return true;
    machine.top = frame.parent.parent;
    endElement(machine, token.end);
    return true;
  },

  attributes(machine, token, frame) {
    if (isGeneric(token, frame)) return becomeTypeParameters(machine, frame);
    if (token.type === "word") {
      frame.attributes += 1;
      frame.first = token.value;
      frame.end = token.end;
      frame.state = "attribute";
    } else if (token.value === "{") {
      // The attributes of a spread may be replaced by those after it, so they are shown all together.
      frame.attributes += 1;
      replaceTag(machine, frame);
      pushBracket(machine, "value", "}");
    } else if (token.value === "/") frame.state = "slash";
    else if (token.value === ">") return open(machine, token, frame);
    else if (token.value === "<" && frame.attributes === 0) pushGroup(machine, ">");
    return true;
  },

  attribute(machine, token, frame) {
    if (token.value === "=" && token.type === "punctuator") {
      frame.state = "value";
      return true;
    }
    if (isGeneric(token, frame)) return becomeTypeParameters(machine, frame);
    frame.state = "attributes";
    machine.safe(frame.end);
    return false;
  },

  value(machine, token, frame) {
    if (token.type === "string") endAttribute(machine, token.end);
    else if (token.value === "{") pushBracket(machine, "value", "}");
    else if (token.value === "<") {
      machine.push("element value");
      pushTag(machine);
    } else {
      frame.state = "attributes";
      return false;
    }
    return true;
  },

  slash(machine, token) {
    if (token.value !== ">") {
      machine.top.state = "attributes";
      return false;
    }
    machine.pop();
    endElement(machine, token.end);
    return true;
  },
};

function isIntrinsic(name) {
  return /^[a-z]/.test(name) && !name.includes(".");
}

/** `<T,>`, `<T extends X>`, `<T = X>` and `<const T>` begin the type parameters of an arrow function. */
function isGeneric(token, frame) {
  if (frame.parent.kind !== "expression") return false;
  const value = token.value;
  if (frame.attributes === 0)
    return value === "," || value === "=" || (frame.name === "const" && token.type === "word");
  if (frame.attributes > 1 || frame.state !== "attribute" || frame.first !== "extends") return false;
  return value !== ">" && value !== "/" && value !== "=";
}

function becomeTypeParameters(machine, frame) {
  machine.top = frame.parent;
  machine.top.word = null;
  pushGroup(machine, ">");
  return false;
}

/** The tag without a closer: safe points before have taken the one with it. */
function replaceTag(machine, frame) {
  machine.top = frame.parent;
  Object.assign(machine.push("tag"), {
    mode: frame.mode,
    state: "attributes",
    name: frame.name,
    attributes: frame.attributes,
    first: frame.first,
    end: frame.end,
  });
}

/** An attribute of the tag on top is complete. */
export function endAttribute(machine, offset) {
  machine.top.state = "attributes";
  machine.safe(offset);
}

function open(machine, token, frame) {
  machine.top = frame.parent;
  const children = machine.push("children", `</${frame.name}>`);
  children.mode = "text";
  children.text = new TextPosition();
  machine.safe(token.end);
  return true;
}

function endElement(machine, offset) {
  machine.safe(offset);
  if (machine.top.kind === "element value") {
    machine.pop();
    endAttribute(machine, offset);
  }
}
