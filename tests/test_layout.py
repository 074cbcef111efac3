"""The rules of the house that can be read off the source: layers, mirror, exports, docstrings, sizes."""

import ast
import importlib
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import componentstream

SOURCE = Path(componentstream.__file__).parent
TESTS = Path(__file__).parent
PACKAGE = "componentstream"

FLOORS = [
    {"core"},
    {"session", "inspection"},
    {"prompt", "sources", "wire"},
    {"_aio", "drive"},
    {"adapters", "log", "observe"},
    {"server"},
    {"browser", "cli", "demo", "testing"},
]
"""The packages, by floor. A module imports from its own floor and from those before it."""

ENTRANCE = len(FLOORS)
"""The floor of ``componentstream`` itself, and of ``python -m componentstream``: they may import anything."""

PURE_FLOORS = 3
IMPURE = {"time", "asyncio", "logging", "os", "socket", "threading"}

EXTRAS = {
    "testing": {"hypothesis"},
    "adapters/starlette": {"starlette"},
    "adapters/django": {"django"},
    "adapters/flask": {"flask"},
    "adapters/aiohttp": {"aiohttp"},
    "log/redis": {"redis"},
    "observe/prometheus": {"prometheus_client"},
    "observe/opentelemetry": {"opentelemetry"},
    "server": {"starlette", "uvicorn"},
    "server/__init__": {"cryptography", "jwt", "limits", "prometheus_client"},
    "server/access/keys": {"cryptography", "jwt"},
    "browser/preview/routes": {"starlette"},
    "browser/routes": {"starlette"},
    "demo/app": {"jwt", "starlette"},
    "demo/preview": {"starlette"},
    "demo/routes": {"starlette"},
    "server/access/rate_limit": {"limits", "redis"},
    "server/metrics": {"prometheus_client"},
    "server/http/app": {"starlette_compress"},
}
"""Which optional packages a module, or the modules of a folder, may import."""

MAX_STATEMENT_LINES = 40
MAX_FILE_LINES = 400
MAX_ADAPTER_LINES = 60
SHARED_BY_ADAPTERS = {"bodies", "options", "replies", "response_start"}

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
PUBLIC = {
    "ComponentParser", "ComponentBuffer", "Component", "Catalog", "ComponentSpec", "parse", "aparse",
    "Grammar", "Limits", "BufferLimits", "ContentBlockStart", "ContentBlockDelta", "ContentBlockStop",
    "ComponentBlock", "TextBlock", "ErrorEvent", "StatusEvent", "MessageStop", "DebugEvent", "Event",
    "Finding", "FindingEvent", "ReasoningEvent", "UsageEvent",
    "event_from_dict", "ComponentStreamError", "ConfigurationError", "UsageError", "WireError",
    "MissingExtraError", "GenerationSession", "Timeouts", "ErrorWindow", "SessionStats", "DeltaBatcher",
    "stream", "astream", "stream_bytes", "astream_bytes", "AsyncSource", "ComponentTime", "Decoder",
    "DecoderFactory", "Encoder", "Fences",
    "Hook", "HookEvent", "Json", "MessageStopReason", "Nesting", "OpenComponent", "Outside",
    "ParserErrorCode", "SessionState", "Span", "StopReason",
}  # fmt: skip
FILES = sorted(SOURCE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def name_of(path: Path) -> str:
    """Return the dotted name of a module inside the package, empty for the package itself."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> int:
    head = module.partition(".")[0]
    if head in ("", "__main__"):
        return ENTRANCE
    [floor] = [floor for floor, packages in enumerate(FLOORS) if head in packages]
    return floor


MODULES = {name_of(path): path for path in FILES}


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of all that a module imports, at its top or in a function."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports are not used here"
            assert node.module is not None
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside.removeprefix(f"{PACKAGE}.") in MODULES else node.module


def own_imports(path: Path) -> set[str]:
    """Return the modules of the package that a module imports, by their names inside it."""
    names = {
        name.removeprefix(PACKAGE).lstrip(".") for name in imports(path) if name.split(".")[0] == PACKAGE
    }
    return names - {name_of(path)}


def public(body: list[ast.stmt], where: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield the public functions and classes of a body, and their own, with their names."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            yield f"{where}.{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{where}.{node.name}")


every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))


def test_the_package_is_found():
    assert {"core.events", "core.parser", "wire", "wire.sse", "drive", ""} <= MODULES.keys()
    imported = {"arguments", "automaton", "blocks", "codes", "errors", "events", "grammar", "limits", "lines"}
    imported |= {"scanner", "snapshots"}
    assert own_imports(MODULES["core.parser"]) == {f"core.{name}" for name in imported}


def test_every_module_lies_in_a_package_of_a_floor():
    assert {name for name in MODULES if floor_of(name) == ENTRANCE} == {"", "__main__"}


@every_file
def test_a_module_imports_only_from_its_own_floor_and_those_before_it(path):
    floor = floor_of(name_of(path))
    assert {other for other in own_imports(path) if floor_of(other) > floor} == set()


def private_package(module):
    """Return the package that a private module belongs to, or None for a public one."""
    parts = module.split(".")
    private = [number for number, part in enumerate(parts) if part.startswith("_")]
    return ".".join(parts[: private[0]]) if private else None


@every_file
def test_no_private_module_of_another_package_is_imported(path):
    module = name_of(path)
    foreign = {
        other
        for other in own_imports(path)
        if (package := private_package(other)) and not f"{module}.".startswith(f"{package}.")
    }
    assert foreign == set()


def test_no_two_modules_need_each_other():
    needs = {module: own_imports(path) for module, path in MODULES.items()}
    settled: set[str] = set()
    while ready := {
        module for module, needed in needs.items() if module not in settled and needed <= settled
    }:
        settled |= ready
    assert needs.keys() - settled == set()


@pytest.mark.parametrize("module", sorted(name for name in MODULES if floor_of(name) < PURE_FLOORS))
def test_the_pure_floors_know_no_clock_no_loop_and_no_system(module):
    assert {name.split(".")[0] for name in imports(MODULES[module])} & IMPURE == set()


@every_file
def test_a_module_imports_nothing_that_is_no_dependency(path):
    inside = path.relative_to(SOURCE).with_suffix("")
    extras = {name for place, names in EXTRAS.items() if inside.is_relative_to(place) for name in names}
    allowed = {PACKAGE, "attrs", "typing_extensions", *sys.stdlib_module_names, *extras}
    assert {name.split(".")[0] for name in imports(path)} <= allowed


@every_file
def test_a_module_has_its_tests_in_the_mirrored_place(path):
    inside = path.relative_to(SOURCE)
    if not path.name.startswith("__"):
        assert (TESTS / inside.parent / f"test_{path.name.lstrip('_')}").is_file()


def test_the_mirror_shows_no_module_that_is_gone():
    folders = {path.parent.relative_to(SOURCE) for path in FILES if path.parent != SOURCE}
    mirrored = [path for folder in folders for path in (TESTS / folder).glob("test_*.py")]
    assert mirrored
    for path in mirrored:
        name = path.stem.removeprefix("test_")
        # A package may consist of ES modules and a package for npm, besides those in Python.
        candidates = (f"{name}.py", f"_{name}.py", f"{name}.js", f"{name}.json", name)
        modules = [SOURCE / path.parent.relative_to(TESTS) / module for module in candidates]
        assert any(module.exists() for module in modules) or path in WHOLES, f"{path} tests nothing"


WHOLES = {TESTS / "browser" / "test_client.py", TESTS / "browser" / "test_page.py"}
"""Tests of the whole JavaScript client, and of the demo's page in a browser."""


PACKAGES_WITH_EXPORTS = [
    "",
    "browser",
    "browser.preview",
    "drive",
    "inspection",
    "log",
    "observe",
    "prompt",
    "server",
    "session",
    "sources",
    "testing",
    "wire",
]


@pytest.mark.parametrize("module", PACKAGES_WITH_EXPORTS)
def test_what_a_package_exports_is_sorted_and_there(module):
    package = importlib.import_module(f"{PACKAGE}.{module}".rstrip("."))
    assert package.__all__ == sorted(package.__all__)
    assert len(set(package.__all__)) == len(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_the_public_names_are_those_of_the_documentation():
    assert set(componentstream.__all__) == PUBLIC


def test_all_public_names_of_the_package_are_exported():
    bound = {name for name, value in vars(componentstream).items() if name[0] != "_" and not is_module(value)}
    assert bound == set(componentstream.__all__)


def is_module(value: object) -> bool:
    return isinstance(value, type(sys))


def test_the_tools_at_the_edges_are_exported_where_they_live():
    wire = importlib.import_module("componentstream.wire")
    sources = importlib.import_module("componentstream.sources")
    testing = importlib.import_module("componentstream.testing")
    assert {"SSEEncoder", "SSEDecoder", "JSONLinesEncoder", "JSONLinesDecoder"} <= set(wire.__all__)
    assert {"TextDecoder"} <= set(sources.__all__)
    assert {"EventVerifier", "EventGrammarError", "assert_cut_invariant", "merge_deltas"} <= set(
        testing.__all__
    )


def test_the_version_is_that_of_the_distribution():
    metadata = importlib.import_module("importlib.metadata")
    assert componentstream.__version__ == metadata.version(PACKAGE)


def test_the_package_has_no_other_attributes():
    with pytest.raises(AttributeError) as caught:
        _ = componentstream.Parser
    assert str(caught.value) == "module 'componentstream' has no attribute 'Parser'"


def test_the_package_is_typed():
    assert (SOURCE / "py.typed").is_file()


def test_importing_the_package_loads_the_core_and_its_two_dependencies_alone():
    program = (
        "import sys; before = set(sys.modules); import componentstream; print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "componentstream.core.parser" in loaded
    foreign = {name.split(".")[0] for name in loaded} - sys.stdlib_module_names
    assert foreign <= {PACKAGE, "attr", "attrs", "typing_extensions"}
    heavy = {"asyncio", "json", "logging", "socket", "importlib.metadata", "argparse", "http"}
    assert loaded & heavy == set()
    edges = ("adapters", "browser", "cli", "log", "observe", "demo", "prompt", "server", "testing", "wire")
    assert {name for name in loaded if name.startswith(tuple(f"{PACKAGE}.{edge}" for edge in edges))} == set()


@every_file
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(TREES[path])


@every_file
def test_every_public_function_and_class_has_a_docstring(path):
    bare = [where for where, node in public(TREES[path].body, path.stem) if not ast.get_docstring(node)]
    assert bare == []


def code_lines(path):
    """Return the numbers of the lines of a module that hold code, not only a comment or nothing."""
    skipped = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT}
    with path.open(encoding="utf-8") as file:
        tokens = [token for token in tokenize.generate_tokens(file.readline) if token.type not in skipped]
    return {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}


def statement_lines(function, code):
    """Return how many lines of code the body of a function has, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return sum(body[0].lineno <= line <= body[-1].end_lineno for line in code) if body else 0


@every_file
def test_functions_and_files_are_short_enough_to_read(path):
    code = code_lines(path)
    functions = [node for node in ast.walk(TREES[path]) if isinstance(node, FUNCTIONS)]
    lengths = {node.name: statement_lines(node, code) for node in functions}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_STATEMENT_LINES} == {}
    assert path.read_text(encoding="utf-8").count("\n") <= MAX_FILE_LINES


def docstring_lines(path):
    """Return the numbers of the lines of a module that hold docstrings."""
    return {
        line
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }


ADAPTERS = [
    path
    for path in FILES
    if path.parent.name == "adapters" and path.stem not in {"__init__", *SHARED_BY_ADAPTERS}
]


def test_the_adapters_and_their_shared_parts_are_found():
    names = {path.stem for path in ADAPTERS}
    assert {"aiohttp", "asgi", "django", "flask", "generic", "starlette", "wsgi"} <= names
    assert {path.stem for path in FILES if path.parent.name == "adapters"} >= SHARED_BY_ADAPTERS


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_an_adapter_is_short_enough_to_be_a_model_for_another(path):
    assert len(code_lines(path) - docstring_lines(path)) <= MAX_ADAPTER_LINES
