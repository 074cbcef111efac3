"""Every type of this package that a public signature names can be imported from a public module."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import componentstream

PACKAGE = "componentstream"
SOURCE = Path(componentstream.__file__).parent

PUBLIC_MODULES = [
    "componentstream",
    "componentstream.core.codes",
    "componentstream.drive",
    "componentstream.session",
    "componentstream.wire",
    "componentstream.sources",
    *(
        f"componentstream.adapters.{path.stem}"
        for path in sorted((SOURCE / "adapters").glob("*.py"))
        if not path.stem.startswith("_")
    ),
    "componentstream.observe",
    "componentstream.prompt",
    "componentstream.log",
    "componentstream.log.base",
    "componentstream.server",
    "componentstream.testing",
    "componentstream.testing.strategies",
    "componentstream.demo.recording",
]
"""The modules whose names users import. A package covers its exports, not its modules."""


class Definition(NamedTuple):
    """Where a name is defined: a dotted module of this package, and the name in it."""

    module: str
    name: str


class Module:
    """The names of one module: those that it defines, and those that it imports from this package."""

    def __init__(self, name: str) -> None:
        path = SOURCE.joinpath(*name.split(".")[1:])
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        self.defined: dict[str, ast.stmt] = {}
        self.imported: dict[str, Definition] = {}
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                self.defined[node.name] = node
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.defined[node.target.id] = node
            elif isinstance(node, ast.Assign):
                self.defined |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
        # Imports below `if TYPE_CHECKING` or in a `try` count as well.
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = Definition(node.module or "", alias.name)


_MODULES: dict[str, Module] = {}


def module(name: str) -> Module:
    if name not in _MODULES:
        _MODULES[name] = Module(name)
    return _MODULES[name]


def definition(where: str, name: str) -> Definition | None:
    """Follow a name to its definition; None for a name that is not of this package."""
    names = module(where)
    if name in names.defined:
        return Definition(where, name)
    if name in names.imported:
        return definition(*names.imported[name])
    return None


def exported(where: str) -> list[str]:
    """Return the public names of a public module."""
    names = getattr(importlib.import_module(where), "__all__", None)
    return names or [name for name in module(where).defined if not name.startswith("_")]


def annotations(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the annotations that a user of a public name meets, and the parts of a type alias."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        yield from (argument.annotation for argument in every if argument.annotation)
        if node.returns:
            yield node.returns
    elif isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                if not part.name.startswith("_") or part.name.endswith("__"):
                    yield from annotations(part)
            elif isinstance(part, ast.AnnAssign) and not ast.unparse(part.target).startswith("_"):
                yield part.annotation
    elif isinstance(node, ast.AnnAssign):
        yield node.annotation
        if isinstance(node.annotation, ast.Name) and node.annotation.id == "TypeAlias" and node.value:
            yield node.value


def names_in(annotation: ast.AST) -> Iterator[str]:
    """Yield the names in an annotation, also in quoted parts of it, but not the values of a Literal."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal":
        return
    if isinstance(annotation, ast.Name):
        yield annotation.id
    elif isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        yield from names_in(ast.parse(annotation.value, mode="eval").body)
    else:
        for child in ast.iter_child_nodes(annotation):
            yield from names_in(child)


def is_type_variable(found: Definition) -> bool:
    node = module(found.module).defined[found.name]
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)


PUBLIC = {definition(where, name) for where in PUBLIC_MODULES for name in exported(where)}
PUBLIC_NAMES = [(where, name) for where in PUBLIC_MODULES for name in exported(where)]


@pytest.mark.parametrize(("where", "name"), PUBLIC_NAMES, ids=map(".".join, PUBLIC_NAMES))
def test_the_types_in_a_public_signature_are_public(where, name):
    found = definition(where, name)
    assert found is not None
    used = {
        used
        for annotation in annotations(module(found.module).defined[found.name])
        for word in names_in(annotation)
        if (used := definition(found.module, word)) is not None and not is_type_variable(used)
    }
    assert {".".join(each) for each in used - PUBLIC} == set()


def test_a_type_that_is_not_exported_is_found():
    inside = Definition("componentstream.core.parser", "ComponentParser")
    assert inside in PUBLIC
    [judge] = [
        node
        for node in module("componentstream.core.markers").defined.values()
        if isinstance(node, ast.FunctionDef) and node.name == "judge"
    ]
    words = [word for annotation in annotations(judge) for word in names_in(annotation)]
    assert words == ["str", "bool", "Marker", "Fault"]
    assert definition("componentstream.core.scanner", "Fault") not in PUBLIC


def test_names_are_found_in_quoted_annotations_and_not_in_literals():
    annotation = ast.parse("dict[str, 'Event | None'] | Literal['a'] | x.Y", mode="eval").body
    assert list(names_in(annotation)) == ["dict", "str", "Event", "x"]


OPTIONAL = (
    "redis",
    "opentelemetry",
    "prometheus_client",
    "hypothesis",
    "starlette",
    "django",
    "flask",
    "aiohttp",
)
STAR_IMPORTS = [
    f"componentstream.{package}".rstrip(".")
    for package in ("", "drive", "log", "log.base", "observe", "session", "sources", "testing", "wire")
]


@pytest.mark.parametrize("module", STAR_IMPORTS)
def test_a_star_import_works_without_the_optional_packages(module):
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL}))\n"
        f"from {module} import *\n"
        f"import {module}; print(*sorted(set({module}.__all__) - set(globals())))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_the_log_in_redis_says_what_it_needs_where_it_is_asked_for():
    program = (
        "import sys; sys.modules['redis'] = None\n"
        "import componentstream.log\n"
        "assert 'RedisEventLog' not in componentstream.log.__all__\n"
        "from componentstream.log import RedisEventLog"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "MissingExtraError" in done.stderr
    assert "pip install 'componentstream[redis]'" in done.stderr
