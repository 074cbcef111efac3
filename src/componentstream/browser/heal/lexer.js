/**
 * The scanner of tokens. It can stop anywhere: inside strings, comments, templates, regular expressions,
 * words and text it consumes all it has and remembers where it is; of a half operator it keeps the at most
 * three characters. A token is given to the machine only when no further character can change it.
 */

const SPACE = /\s+/y;
const NEWLINE = /[\n\r\u2028\u2029]/;
const WORD = /(?:[\w$\\#]|[^\x00-\x7f\s])+/y;
const NUMBER = /[\w.]+/y;
const NAME = /(?:[\w#$\\:.-]|[^\x00-\x7f\s])+/y;
const FLAGS = /[a-zA-Z]*/y;
const WORD_START = /[\w$\\#]|[^\x00-\x7f\s]/;
const OPERATOR =
  />>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|[-+*/%&|^]=|\*\*|<<|>>|[^]/y;
const TYPE_OPERATOR = /\.\.\.|===|!==|=>|==|!=|&&|\|\||\?\?|\+\+|--|[-+*/%]=|[^]/y;
const ALONE = new Set("{}()[];,~@:`");
const ALONE_IN_TYPES = new Set("<>");
const HALF_OPERATOR = /^(?:>{1,3}|\.\.?|={1,2}|!=?|\*\*?|<<?|&&?|\|\|?|\?\??|\?\.|[-+/%^])$/;
const TEMPLATE_BODY = /[^`\\$]*(?:(?:\\[^]|\$(?=[^{]))[^`\\$]*)*/y;
const TEMPLATE_END = /`|\$\{/y;

/** The rest of a construct that can be long: how it continues, how it ends, the type of its token. */
const INSIDE = {
  '"': { body: /[^"\\\n]*(?:\\(?:\r\n|[^\r]|\r(?=[^]))[^"\\\n]*)*/y, end: /["\n]/y, type: "string" },
  "'": { body: /[^'\\\n]*(?:\\(?:\r\n|[^\r]|\r(?=[^]))[^'\\\n]*)*/y, end: /['\n]/y, type: "string" },
  'attribute "': { body: /[^"]*/y, end: /"/y, type: "string" },
  "attribute '": { body: /[^']*/y, end: /'/y, type: "string" },
  line: { body: /[^\n\r\u2028\u2029]*/y, end: /(?=[\n\r\u2028\u2029])/y, type: "comment" },
  block: { body: /[^*]*(?:\*(?=[^/])[^*]*)*/y, end: /\*\//y, type: "comment" },
  regex: { body: /[^\\/[\n]*(?:\\[^][^\\/[\n]*)*/y, end: /[/[\n]/y, type: "regex" },
  class: { body: /[^\\\]\n]*(?:\\[^][^\\\]\n]*)*/y, end: /[\]\n]/y, type: "class" },
};

export class Lexer {
  #machine;
  #text = "";
  #at = 0;
  /** The offset of `#text` in all the text. */
  #base = 0;
  #newline = false;
  /** The construct of INSIDE that is open, and the start of its token. */
  #inside = null;
  #start = 0;
  /** The text since an attempt began, or null. */
  #kept = null;
  /** The part of a word that came with earlier texts, or null, and the pattern of its characters. */
  #word = null;
  #pattern = WORD;
  #type = "word";

  constructor(machine) {
    this.#machine = machine;
  }

  feed(text) {
    this.#base += this.#at;
    this.#text = this.#text.slice(this.#at) + text;
    this.#at = 0;
    if (this.#kept !== null) this.#kept += text;
  }

  /** Keep the text from an offset on, for `restart`. */
  keep(offset) {
    this.#kept = this.#text.slice(offset - this.#base);
  }

  release() {
    this.#kept = null;
  }

  restart(offset) {
    this.#base = offset;
    this.#text = this.#kept;
    this.#at = 0;
    this.#kept = null;
    this.#inside = null;
    this.#word = null;
    this.#newline = false;
  }

  get isBetweenTokens() {
    const isInComment = this.#inside !== null && this.#inside.type === "comment";
    return this.#word === null && (isInComment || (this.#inside === null && this.#at === this.#text.length));
  }

  /** Give all complete tokens to the machine. */
  scan() {
    while (this.#step()) this.#machine.restarts();
  }

  /** The text has ended: the word at its end is complete. */
  endWord() {
    if (this.#word === null) return;
    const word = this.#word;
    this.#word = null;
    this.#emit(this.#type, word);
  }

  #step() {
    if (this.#word !== null) return this.#continueWord();
    if (this.#inside !== null) return this.#continueInside();
    if (this.#at === this.#text.length) return false;
    const frame = this.#machine.top;
    if (frame.mode === "text") return this.#readText(frame);
    if (frame.mode === "template") return this.#readTemplate(frame);
    return this.#readToken(frame);
  }

  #emit(type, value) {
    const token = { type, value, start: this.#start, end: this.#base + this.#at, newline: this.#newline };
    this.#newline = false;
    this.#machine.take(token);
    return true;
  }

  #match(pattern) {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #readToken(frame) {
    const space = this.#match(SPACE);
    if (space !== null && NEWLINE.test(space)) this.#newline = true;
    if (this.#at === this.#text.length) return false;
    const character = this.#text[this.#at];
    this.#start = this.#base + this.#at;
    if (WORD_START.test(character)) return this.#beginWord(frame, character);
    if (character === '"' || character === "'") {
      return this.#begin(frame.mode === "tag" ? `attribute ${character}` : character, 1);
    }
    if (character === "/") {
      const next = this.#text[this.#at + 1];
      if (next === undefined) return false;
      if (next === "/") return this.#begin("line", 2);
      if (next === "*") return this.#begin("block", 2);
      if (frame.mode === "code" && (frame.kind !== "expression" || frame.operand))
        return this.#begin("regex", 1);
    }
    return this.#readOperator(frame, character);
  }

  #readOperator(frame, character) {
    if (ALONE.has(character) || frame.mode === "tag" || this.#isAlone(frame, character)) {
      this.#at += 1;
      return this.#emit("punctuator", character);
    }
    const left = this.#text.length - this.#at;
    if (left < 4 && HALF_OPERATOR.test(this.#text.slice(this.#at))) return false;
    return this.#emit("punctuator", this.#match(frame.mode === "type" ? TYPE_OPERATOR : OPERATOR));
  }

  #isAlone(frame, character) {
    if (frame.mode === "type") return ALONE_IN_TYPES.has(character);
    return character === "<" && (frame.kind !== "expression" || frame.operand);
  }

  #begin(inside, length) {
    this.#at += length;
    this.#inside = INSIDE[inside];
    return true;
  }

  #continueInside() {
    const { body, end, type } = this.#inside;
    const text = this.#match(body);
    if (type === "comment" && NEWLINE.test(text)) this.#newline = true;
    const ending = this.#match(end);
    if (ending === null) return false;
    this.#inside = null;
    if (ending === "\n") this.#newline = true;
    if (type === "string") return this.#emit(type, "");
    if (ending === "[") this.#inside = INSIDE.class;
    else if (ending === "]") this.#inside = INSIDE.regex;
    else if (type !== "comment") this.#beginPattern(FLAGS, "regex");
    return true;
  }

  #beginWord(frame, character) {
    if (frame.mode === "tag") this.#beginPattern(NAME, "word");
    else if (character >= "0" && character <= "9") this.#beginPattern(NUMBER, "number");
    else this.#beginPattern(WORD, "word");
    return true;
  }

  #beginPattern(pattern, type) {
    this.#word = "";
    this.#pattern = pattern;
    this.#type = type;
  }

  #continueWord() {
    this.#word += this.#match(this.#pattern) ?? "";
    if (this.#at === this.#text.length) return false;
    const word = this.#word;
    this.#word = null;
    return this.#emit(this.#type, word);
  }

  #readText(frame) {
    const rest = this.#text.slice(this.#at);
    const length = rest.search(/[<{]/);
    const text = length === -1 ? rest : rest.slice(0, length);
    frame.text.read(text, this.#base + this.#at);
    this.#at += text.length;
    if (length === -1) {
      this.#machine.safe(frame.text.shown);
      return false;
    }
    this.#machine.safe(this.#base + this.#at);
    this.#start = this.#base + this.#at;
    this.#at += 1;
    return this.#emit("punctuator", rest[length]);
  }

  #readTemplate() {
    this.#match(TEMPLATE_BODY);
    this.#start = this.#base + this.#at;
    const end = this.#match(TEMPLATE_END);
    return end === null ? false : this.#emit("punctuator", end);
  }
}
