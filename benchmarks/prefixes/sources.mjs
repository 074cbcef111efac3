/**
 * Reads the finished source of a component with TypeScript's parser: which elements and texts its own return
 * has, where each ends, and from which offset on it can be shown.
 */

import { createRequire } from "node:module";

const ts = createRequire(new URL("../../tests/browser/package.json", import.meta.url))("typescript");

/**
 * Return `{ elements, texts, marked, visibleFrom }`. An element is `{ mark, start, opened, end, after }`: from
 * the offset `after` on nothing outside it keeps it from being shown. A text is `{ mark, start, end, after }`,
 * with the mark of the element around it. `marked` is the source with an attribute `data-mark` at each native
 * element, and `visibleFrom` is the end of the first tag of the last return.
 */
export function read(source, name) {
  const file = ts.createSourceFile(`${name}.tsx`, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const component = functionOf(file, name);
  const inner = ts.isBlock(component.body) ? component.body.statements : [];
  const reader = new Reader(source, declarationsOf([...file.statements, ...inner]));
  const returns = returnsOf(component);
  for (const expression of returns) reader.visit(expression, { holders: [], mark: null, outer: null });
  const { elements, texts } = reader;
  const last = returns.at(-1)?.getStart() ?? 0;
  const visibleFrom = Math.min(...elements.filter(({ start }) => start >= last).map(({ opened }) => opened));
  return { elements, texts, marked: reader.marked(), visibleFrom };
}

class Reader {
  elements = [];
  texts = [];
  #inserts = [];

  constructor(source, declared) {
    this.source = source;
    this.declared = declared;
  }

  visit(node, context) {
    if (ts.isJsxElement(node) || ts.isJsxSelfClosingElement(node)) this.#element(node, context);
    else if (ts.isJsxText(node)) this.#text(node, context);
    else if (ts.isVariableStatement(node)) return;
    else {
      const { holders, mark } = context;
      const isWhole =
        ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node) || isPlainArgument(node);
      const inner = {
        holders: isWhole ? [...holders, node.getEnd()] : holders,
        mark: ts.isJsxFragment(node) || ts.isJsxExpression(node) ? null : mark,
        outer: context.outer ?? (ts.isJsxExpression(node) ? node : null),
      };
      ts.forEachChild(node, (child) => this.visit(child, inner));
    }
  }

  #element(node, context) {
    const opening = ts.isJsxElement(node) ? node.openingElement : node;
    const isNative = /^[a-z]/.test(opening.tagName.getText());
    const mark = isNative ? String(this.elements.length) : null;
    if (isNative) {
      this.#inserts.push([opening.tagName.getEnd(), ` data-mark="${mark}"`]);
      const [start, end] = [node.getStart(), node.getEnd()];
      this.elements.push({ mark, start, opened: opening.getEnd(), end, after: this.#after(node, context) });
    }
    ts.forEachChild(opening.attributes, (attribute) =>
      this.visit(attribute, { ...context, holders: [...context.holders, opening.getEnd()], mark: null }),
    );
    if (ts.isJsxElement(node)) for (const child of node.children) this.visit(child, { ...context, mark });
  }

  #text(node, context) {
    if (node.containsOnlyTriviaWhiteSpaces || context.mark === null) return;
    const [start, end] = [node.getFullStart(), node.getEnd()];
    this.texts.push({ mark: context.mark, start, end, after: this.#after(node, context) });
  }

  /** The offset after the literals around a node, and after the declarations that it mentions. */
  #after(node, { holders, outer }) {
    const from = outer ?? node;
    const names = namesIn(from, node.getEnd());
    return Math.max(0, ...holders, ...[...names].map((name) => this.declared.get(name) ?? 0));
  }

  marked() {
    let text = this.source;
    for (const [at, insert] of this.#inserts.sort(([a], [b]) => b - a))
      text = text.slice(0, at) + insert + text.slice(at);
    return text;
  }
}

/** An argument of a call that is no function is shown when the call is complete. */
function isPlainArgument(node) {
  const { parent } = node;
  return ts.isCallExpression(parent) && parent.arguments.includes(node) && !ts.isFunctionLike(node);
}

function namesIn(node, end) {
  const names = new Set();
  const visit = (one) => {
    if (one.getStart() >= end) return;
    if (ts.isIdentifier(one)) names.add(one.text);
    ts.forEachChild(one, visit);
  };
  visit(node);
  return names;
}

/** Return the ends of the values that statements declare, none before those of the values that it mentions. */
function declarationsOf(statements) {
  const nodes = new Map();
  for (const statement of statements) {
    if (ts.isVariableStatement(statement)) {
      for (const one of statement.declarationList.declarations) {
        for (const name of bound(one.name)) nodes.set(name, statement);
      }
    } else if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name) {
      nodes.set(statement.name.text, statement);
    } else if (ts.isEnumDeclaration(statement)) nodes.set(statement.name.text, statement);
    else if (ts.isExpressionStatement(statement)) {
      // `Card.Header = ...` belongs to the declaration of Card.
      const [name] = namesIn(statement, Infinity);
      if (nodes.has(name)) nodes.set(`${name} at ${statement.pos}`, statement);
    }
  }
  const ends = new Map([...nodes].map(([name, node]) => [name, node.getEnd()]));
  for (const name of [...nodes.keys()].filter((key) => key.includes(" at "))) {
    const owner = name.slice(0, name.indexOf(" "));
    ends.set(owner, Math.max(ends.get(owner), ends.get(name)));
  }
  const mentions = new Map([...nodes].map(([name, node]) => [name, namesIn(node, Infinity)]));
  for (let round = 0; round < nodes.size; round += 1) {
    for (const [name, mentioned] of mentions) {
      for (const other of mentioned) ends.set(name, Math.max(ends.get(name), ends.get(other) ?? 0));
    }
  }
  return ends;
}

function bound(name) {
  return ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((one) => (one.name ? bound(one.name) : []));
}

function functionOf(file, name) {
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name) return statement;
    if (ts.isClassDeclaration(statement) && statement.name?.text === name) {
      return statement.members.find(
        (member) => ts.isMethodDeclaration(member) && member.name.getText() === "render",
      );
    }
    if (!ts.isVariableStatement(statement)) continue;
    for (const one of statement.declarationList.declarations) {
      if (one.name.getText() === name) return innermostFunction(one.initializer);
    }
  }
  throw new Error(`${file.fileName}: no component ${name}`);
}

/** Look into `memo(...)`, `forwardRef(...)`, parentheses and `as`. */
function innermostFunction(node) {
  if (ts.isFunctionLike(node)) return node;
  if (ts.isCallExpression(node)) return innermostFunction(node.arguments[0]);
  return innermostFunction(node.expression);
}

function returnsOf(node) {
  if (!ts.isBlock(node.body)) return [node.body];
  const found = [];
  const visit = (one) => {
    if (ts.isFunctionLike(one) || ts.isClassLike(one)) return;
    if (ts.isReturnStatement(one) && one.expression) found.push(one.expression);
    ts.forEachChild(one, visit);
  };
  ts.forEachChild(node.body, visit);
  return found;
}
