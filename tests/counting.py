"""Count the characters that the parser examines, by rewriting its source before it is run.

Each text operation of the rewritten modules goes through :class:`Counter`, which performs it and adds the
number of characters that it examines. A method call that is neither known here nor defined in those modules
is rejected, so that every operation is counted. Copying (slices, joining) is not examining.

A search examines all characters from its start to the end of the match. A pattern that matches examines its
match. The pattern of complete lines, if it does not match, examines as much as the automaton of the same
language needs to rule it out; any other pattern is assumed to examine the whole text.
"""

import ast
import sys
from pathlib import Path
from types import ModuleType

import componentstream
from componentstream.core.automaton import ALL_FENCES, LEAD, TEXT, machine_of
from componentstream.core.grammar import Grammar

SOURCE = Path(componentstream.__file__).parent / "core"
MODULES = (
    "grammar", "attributes", "markers", "automaton", "recovery", "snapshots", "blocks", "structure", "lines",
    "scanner", "parser",
)  # fmt: skip
UNCOUNTED = {
    *("abort", "add", "append", "asdict", "clear", "compile", "copy", "decode", "define", "encode", "end"),
    *(
        "escape",
        "field",
        "fromkeys",
        "frozen",
        "get",
        "groups",
        "index",
        "isalpha",
        "isascii",
        "isprintable",
        "items",
        "join",
        "lower",
    ),
    *("evolve", "pop", "remove", "setdefault", "snapshot", "start", "update", "values", "__init__"),
    "__str__",
}


class Counter:
    """The text operations, and how many characters they have examined so far."""

    def __init__(self):
        self.examined = 0
        machine = machine_of(Grammar())
        self._steps, self._others = machine.steps[ALL_FENCES], machine.others[ALL_FENCES]
        # Equal patterns are one object to `re`, so these are also those of the counted modules.
        self._heads = {machine.line: "", **dict(zip(machine.rest[1:], ("///", "```", "~~~"), strict=True))}
        self._heads[machine.marker] = "///"

    def find(self, text, sought, start=0, end=None):
        end = len(text) if end is None else min(end, len(text))
        found = text.find(sought, start, end)
        self.examined += max(0, (found + len(sought) if found >= 0 else end) - start)
        return found

    def rfind(self, text, sought, start=0, end=None):
        end = len(text) if end is None else end
        found = text.rfind(sought, start, end)
        self.examined += max(0, end - (found if found >= 0 else start))
        return found

    def count(self, text, sought, start=0, end=None):
        end = len(text) if end is None else end
        self.examined += max(0, end - start)
        return text.count(sought, start, end)

    def lstrip(self, text, sought):
        bare = text.lstrip(sought)
        self.examined += len(text) - len(bare) + bool(bare)
        return bare

    def strip(self, text, sought):
        return self.rstrip(self.lstrip(text, sought), sought)

    def rstrip(self, text, sought):
        bare = text.rstrip(sought)
        self.examined += len(text) - len(bare) + bool(bare)
        return bare

    def expandtabs(self, text, size):
        self.examined += len(text)
        return text.expandtabs(size)

    def removesuffix(self, text, sought):
        self.examined += len(sought)
        return text.removesuffix(sought)

    def startswith(self, text, sought, start=0):
        self.examined += len(sought)
        return text.startswith(sought, start)

    def endswith(self, text, sought):
        self.examined += len(sought)
        return text.endswith(sought)

    def fullmatch(self, pattern, text):
        self.examined += len(text)
        return pattern.fullmatch(text)

    def match(self, pattern, text, pos=0):
        found = pattern.match(text, pos)
        if found:
            self.examined += found.end() - pos
        elif pattern in self._heads:
            self.examined += self._refused(self._heads[pattern], text, pos)
        else:
            self.examined += len(text) - pos
        return found

    def search(self, pattern, text, pos, end=None):
        end = len(text) if end is None else end
        found = pattern.search(text, pos, end)
        self.examined += (found.end() if found else end) - pos
        return found

    def contains(self, sought, where):
        return self.find(where, sought) >= 0

    def item(self, thing, key):
        if isinstance(thing, str):
            self.examined += 1
        return thing[key]

    def _refused(self, head, text, pos):
        state = LEAD
        for char in head:
            state = self._steps[state][char]
        for length, char in enumerate(text[pos:], 1):
            state = self._steps[state].get(char, self._others[state])
            if state == TEXT:
                return length
        return len(text) - pos


OPERATIONS = {name for name in vars(Counter) if not name.startswith("_")}


class _Rewrite(ast.NodeTransformer):
    def __init__(self, own, modules=MODULES):
        self._own = own
        self._modules = modules

    def visit_ImportFrom(self, node):
        package, _, name = (node.module or "").partition(".")
        if package == "componentstream" and name.removeprefix("core.") in self._modules:
            node.module = f"counted_{name.removeprefix('core.')}"
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        if method in OPERATIONS:
            node.args.insert(0, node.func.value)
            node.func = self._counter(method)
        elif method is not None and method not in UNCOUNTED | self._own:
            raise AssertionError(f"line {node.lineno}: is {method}() a text operation? Count it here.")
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        if not (isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(node.left, ast.Constant)):
            return node
        call = ast.Call(self._counter("contains"), [node.left, node.comparators[0]], [])
        return call if isinstance(node.ops[0], ast.In) else ast.UnaryOp(ast.Not(), call)

    def visit_Subscript(self, node):
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and not isinstance(node.slice, ast.Slice):
            return ast.Call(self._counter("item"), [node.value, node.slice], [])
        return node

    @staticmethod
    def _counter(method):
        return ast.Attribute(ast.Name("counter", ast.Load()), method, ast.Load())


def counted_module(package, name):
    """Return a module that counts the characters it examines, and its counter.

    For a stage whose work is in one module. It shares the classes of the modules that it imports.
    """
    counter = Counter()
    path = SOURCE.parent / package / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    module = ModuleType(f"counted_{package}_{name}")
    module.counter = counter
    code = ast.fix_missing_locations(_Rewrite(own, modules=()).visit(tree))
    exec(compile(code, f"{name}.py, counted", "exec"), vars(module))  # noqa: S102 - our own source
    return module, counter


def counted_parser():
    """Return a ComponentParser class that counts the characters it examines, and its counter."""
    counter = Counter()
    trees = {name: ast.parse((SOURCE / f"{name}.py").read_text(encoding="utf-8")) for name in MODULES}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    try:
        for name, tree in trees.items():
            module = ModuleType(f"counted_{name}")
            module.counter = counter
            sys.modules[module.__name__] = module
            code = ast.fix_missing_locations(_Rewrite(own).visit(tree))
            exec(compile(code, f"{name}.py, counted", "exec"), vars(module))  # noqa: S102 - our own source
        return module.ComponentParser, counter
    finally:
        for name in MODULES:
            sys.modules.pop(f"counted_{name}", None)
