/**
 * Compiles one top-level statement at a time, so that only statements which have changed are compiled anew. Each
 * becomes a function that runs inside the scope of its block and leaves its declarations in `exports`: a
 * statement finds the declarations of the others, of its own and of other blocks, by name when it needs them.
 */

const OPTIONS = {
  transforms: ["typescript", "jsx", "imports"],
  jsxPragma: "__element",
  jsxFragmentPragma: "__Fragment",
  production: true,
  disableESTransforms: true,
  keepUnusedImports: true,
};

const TRIVIA = /^(?:\s+|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;
const IMPORT = /^import\b(?!\s*[.(])/;
const IMPORT_PARTS =
  /^import\s+(?:([\w$]+)\s*,?\s*)?(?:\*\s*as\s+([\w$]+)\s*|\{([^}]*)\}\s*)?(?:from\s*)?["']([^"']*)["']/;
const TYPE_IMPORT = /^import\s+type\s+(?!from\b|,)/;
const NAMED_DEFAULT =
  /^export\s+default\s+(?=(?:async\s+)?function\s*\*?\s*[\w$]|(?:abstract\s+)?class\s+(?!extends\b)[\w$])/;
const DEFAULT_NAME = /^(?:async\s+)?(?:function\s*\*?|(?:abstract\s+)?class)\s*([\w$]+)/;
const DEFAULT_REFERENCE = /^export\s+default\s+([\w$]+)\s*;?\s*$/;
const EXPORT_LIST = /^export\s*(?:type\s*)?[{*]/;
const LIST_DEFAULT = /([\w$]+)\s+as\s+default\b/;
const DECLARATION = /^(?:async\s+function|function|(?:abstract\s+)?class|(?:const\s+)?enum|const|let|var)\b/;
const FUNCTION = /^(?:export\s+(?:default\s+)?)?(?:async\s+)?function\b/;
const DIRECTIVE = '"use strict";';

/** Return a function that compiles the text of a statement, each text once as long as `keepOnly` lists it. */
export function createCompiler(transform, counts) {
  let cache = new Map();
  return {
    compile(text) {
      if (!cache.has(text)) cache.set(text, compiled(text, transform, counts));
      return cache.get(text);
    },
    keepOnly(texts) {
      cache = new Map(texts.filter((text) => cache.has(text)).map((text) => [text, cache.get(text)]));
    },
  };
}

function compiled(source, transform, counts) {
  const text = source.replace(TRIVIA, "");
  const statement = {
    kind: "code",
    isHoisted: FUNCTION.test(text),
    run: null,
    defaultName: null,
    problem: null,
  };
  if (IMPORT.test(text)) return { ...statement, kind: "import", imports: importsOf(text) };
  if (EXPORT_LIST.test(text)) return { ...statement, defaultName: LIST_DEFAULT.exec(text)?.[1] ?? null };
  const reference = DEFAULT_REFERENCE.exec(text);
  if (reference !== null) return { ...statement, defaultName: reference[1] };
  try {
    counts.compiled += 1;
    const { code, defaultName } = exported(text);
    return { ...statement, defaultName, run: functionOf(transform(code, OPTIONS).code) };
  } catch (problem) {
    return { ...statement, problem };
  }
}

/** Return the statement in a form in which sucrase exports each name that it declares. */
function exported(text) {
  if (NAMED_DEFAULT.test(text)) {
    const code = text.replace(NAMED_DEFAULT, "");
    return { code: `export ${code}`, defaultName: DEFAULT_NAME.exec(code)?.[1] ?? null };
  }
  const isAnonymous = /^export\s+default\b/.test(text);
  return {
    code: DECLARATION.test(text) ? `export ${text}` : text,
    defaultName: isAnonymous ? "default" : null,
  };
}

function functionOf(code) {
  const body = code.startsWith(DIRECTIVE) ? code.slice(DIRECTIVE.length) : code;
  // Strict code cannot use `with`; the inner function gives the statement locals that come before the scope.
  return new Function(
    "__scope",
    `with (__scope) { return function (exports, require, module, __element, __Fragment) {${body}\n}; }`,
  );
}

/** Return `{local, imported, from}` of each binding; `imported` is "default", "*" or a name. */
function importsOf(text) {
  if (TYPE_IMPORT.test(text)) return [];
  const parts = IMPORT_PARTS.exec(text);
  if (parts === null) return [];
  const [, main, all, list, from] = parts;
  const imports = [];
  if (main !== undefined) imports.push({ local: main, imported: "default", from });
  if (all !== undefined) imports.push({ local: all, imported: "*", from });
  for (const part of (list ?? "").replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "").split(",")) {
    const names = /^\s*(?!type\s+[\w$])([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(part);
    if (names !== null) imports.push({ local: names[2] ?? names[1], imported: names[1], from });
  }
  return imports;
}
