/**
 * Colours of TSX source that grows. The tokenizer reads each character once and holds back only the end that
 * the next character may change, so that the tokens are the same however the text is cut. It guides the eye and is not a
 * parser: on unusual code the colours may be wrong, the text never is.
 */

const KEYWORDS = new Set(
  ("as async await break case catch class const continue debugger default delete do else enum export extends " +
    "finally for from function if implements import in instanceof interface keyof let new of private protected " +
    "public readonly return satisfies static super switch throw try type typeof var void while yield").split(" "),
);
const CONSTANTS = new Set(["true", "false", "null", "undefined", "this", "NaN", "Infinity"]);
const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const SPACE = /\s+/y;
const TAG_WORD = /[\p{ID_Start}$_][\p{ID_Continue}$.:-]*/uy;
const CHILD_TEXT = /[^{<]+/y;
const RUNS = { '"': /[^"\\\n]+/y, "'": /[^'\\\n]+/y, "`": /[^`\\$]+/y, "/": /[^/\\\n[]+/y, "[": /[^\]\\\n]+/y };
const TAG_STRINGS = { '"': /[^"]+/y, "'": /[^']+/y };

/** Length up to which source is coloured; longer source is shown plain. */
export const MAX_HIGHLIGHTED = 60_000;

/** Turns source, cut anywhere, into tokens `[kind, text]`; `kind` is empty for plain text. */
export class Tokenizer {
  #rest = "";
  #at = 0;
  #ended = false;
  #frames = [{ mode: "code" }];
  // Whether the last token of code ended a value: then `<` compares and `/` divides.
  #afterValue = false;

  /** The text that is held back, because the next character may change its kind. */
  get rest() {
    return this.#rest;
  }

  /** Return the tokens that the text completes. */
  feed(text) {
    return this.#read(text, false);
  }

  /** Return the last tokens. */
  close() {
    return this.#read("", true);
  }

  #read(text, ended) {
    this.#rest += text;
    this.#at = 0;
    this.#ended = ended;
    const tokens = [];
    while (this.#at < this.#rest.length) {
      const token = this.#next();
      if (token === null) break;
      tokens.push(token);
      this.#at += token[1].length;
    }
    this.#rest = this.#rest.slice(this.#at);
    return tokens;
  }

  get #frame() {
    return this.#frames.at(-1);
  }

  #next() {
    switch (this.#frame.mode) {
      case "code":
        return this.#code();
      case "tag":
        return this.#tag();
      case "children":
        return this.#children();
      case "line comment":
        return this.#lineComment();
      case "block comment":
        return this.#blockComment();
      default:
        return this.#quoted();
    }
  }

  #code() {
    const char = this.#rest[this.#at];
    const space = this.#match(SPACE);
    if (space) return ["", space];
    const word = this.#whole(WORD);
    if (word === null) return null;
    if (word) return this.#word(word);
    const number = this.#whole(NUMBER);
    if (number === null) return null;
    if (number) return this.#value("number", number);
    if (char === '"' || char === "'" || char === "`") return this.#open({ mode: "quoted", quote: char }, "string", char);
    if (char === "/" || char === "<") return this.#ambiguous(char);
    if (char === "{") this.#frames.push({ mode: "code" });
    if (char === "}" && this.#frames.length > 1) this.#frames.pop();
    this.#afterValue = char === ")" || char === "]";
    return ["", this.#character()];
  }

  #word(word) {
    if (KEYWORDS.has(word)) {
      this.#afterValue = false;
      return ["keyword", word];
    }
    const kind = CONSTANTS.has(word) ? "number" : /^\p{Lu}/u.test(word) ? "type" : "";
    return this.#value(kind, word);
  }

  #value(kind, text) {
    this.#afterValue = true;
    return [kind, text];
  }

  #open(frame, kind, text) {
    this.#frames.push(frame);
    return [kind, text];
  }

  // A slash begins a comment, a regular expression or nothing; `<` begins an element or compares.
  #ambiguous(char) {
    const next = this.#rest[this.#at + 1];
    if (next === undefined && !this.#ended) return null;
    if (char === "<") {
      if (!this.#afterValue && /[\p{ID_Start}$_>]/u.test(next ?? "")) return this.#openTag("<", false);
    } else if (next === "/") return this.#open({ mode: "line comment" }, "comment", "//");
    else if (next === "*") return this.#open({ mode: "block comment" }, "comment", "/*");
    else if (!this.#afterValue) return this.#open({ mode: "quoted", quote: "/" }, "string", "/");
    this.#afterValue = false;
    return ["", char];
  }

  #openTag(text, closes) {
    return this.#open({ mode: "tag", closes, isNamed: false }, "tag", text);
  }

  #tag() {
    const frame = this.#frame;
    const char = this.#rest[this.#at];
    const space = this.#match(SPACE);
    if (space) return ["", space];
    const word = this.#whole(TAG_WORD);
    if (word === null) return null;
    if (word) return this.#tagWord(frame, word);
    if (char === '"' || char === "'") return this.#open({ mode: "quoted", quote: char, isTag: true }, "string", char);
    if (char === "{") return this.#open({ mode: "code" }, "", char);
    if (char === ",") {
      this.#leaveTag(frame);
      return ["", char];
    }
    if (char === "/") {
      if (this.#rest[this.#at + 1] === undefined && !this.#ended) return null;
      if (this.#rest[this.#at + 1] !== ">") return ["tag", char];
      this.#endElement(frame);
      return ["tag", "/>"];
    }
    if (char !== ">") return ["", this.#character()];
    this.#frames.pop();
    if (!frame.closes) this.#frames.push({ mode: "children" });
    else if (this.#frames.length > 1) this.#frames.pop();
    this.#afterValue = true;
    return ["tag", char];
  }

  #tagWord(frame, word) {
    if (frame.isNamed && word === "extends") {
      this.#leaveTag(frame);
      return ["keyword", word];
    }
    const kind = frame.isNamed ? "attribute" : "tag";
    frame.isNamed = true;
    return [kind, word];
  }

  #endElement(frame) {
    this.#frames.splice(this.#frames.indexOf(frame), 1);
    this.#afterValue = true;
  }

  // It was a type parameter such as <T,> or <T extends Item>.
  #leaveTag(frame) {
    this.#endElement(frame);
    this.#afterValue = false;
  }

  #children() {
    const text = this.#match(CHILD_TEXT);
    if (text) return ["", text];
    if (this.#rest[this.#at] === "{") return this.#open({ mode: "code" }, "", this.#startCode("{"));
    const next = this.#rest[this.#at + 1];
    if (next === undefined && !this.#ended) return null;
    return next === "/" ? this.#openTag("</", true) : this.#openTag("<", false);
  }

  #startCode(text) {
    this.#afterValue = false;
    return text;
  }

  #lineComment() {
    const text = this.#match(/[^\n]+/y);
    if (text) return ["comment", text];
    this.#frames.pop();
    return ["", "\n"];
  }

  #blockComment() {
    const text = this.#match(/[^*]+/y);
    if (text) return ["comment", text];
    const next = this.#rest[this.#at + 1];
    if (next === undefined && !this.#ended) return null;
    if (next !== "/") return ["comment", "*"];
    this.#frames.pop();
    return ["comment", "*/"];
  }

  #quoted() {
    const { quote, isTag } = this.#frame;
    const char = this.#rest[this.#at];
    const text = this.#match(isTag ? TAG_STRINGS[quote] : RUNS[quote]);
    if (text) return ["string", text];
    if (char === "\\" || (quote === "`" && char === "$")) return this.#escape(char);
    if (quote === "/" && char === "[") return this.#open({ mode: "quoted", quote: "[" }, "string", "[");
    this.#frames.pop();
    if (char === "\n") {
      // A string that is not closed ends with its line, as does the expression that it is part of.
      if (quote === "[") this.#frames.pop();
      return ["", char];
    }
    this.#afterValue = quote !== "[";
    return ["string", char];
  }

  #escape(char) {
    if (this.#rest[this.#at + 1] === undefined && !this.#ended) return null;
    if (char === "\\") return ["string", char + this.#character(1)];
    if (this.#rest[this.#at + 1] !== "{") return ["string", char];
    return this.#open({ mode: "code" }, "", this.#startCode("${"));
  }

  /** Return the text that a sticky expression matches here, or "". */
  #match(expression) {
    expression.lastIndex = this.#at;
    return expression.exec(this.#rest)?.[0] ?? "";
  }

  /** Return the match of an expression, or null if more of it may follow. */
  #whole(expression) {
    const text = this.#match(expression);
    const reachesTheEnd = this.#at + text.length === this.#rest.length;
    return text && reachesTheEnd && !this.#ended ? null : text;
  }

  /** Return the character at an offset from here, both halves of a pair. */
  #character(offset = 0) {
    const code = this.#rest.codePointAt(this.#at + offset);
    return code === undefined ? "" : String.fromCodePoint(code);
  }
}

/** Shows source that grows in an element, with colours. */
export class Highlighter {
  #element;
  #tokenizer = new Tokenizer();
  #length = 0;
  #tail = document.createTextNode("");
  #last = null;
  #lastKind = null;

  constructor(element) {
    this.#element = element;
    element.append(this.#tail);
  }

  append(text) {
    this.#length += text.length;
    if (this.#length > MAX_HIGHLIGHTED) {
      this.#tail.appendData(text);
      return;
    }
    for (const [kind, piece] of this.#tokenizer.feed(text)) this.#add(kind, piece);
    this.#tail.data = this.#tokenizer.rest;
  }

  #add(kind, text) {
    if (kind !== this.#lastKind) {
      this.#last = document.createTextNode("");
      let node = this.#last;
      if (kind) {
        node = document.createElement("span");
        node.className = `token-${kind}`;
        node.append(this.#last);
      }
      this.#element.insertBefore(node, this.#tail);
      this.#lastKind = kind;
    }
    this.#last.appendData(text);
  }
}
