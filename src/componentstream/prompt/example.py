"""A short page, written with the markers of a grammar, for a model to imitate."""

from collections.abc import Iterator
from typing import Final

from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.grammar import MAX_NAME_CHARS, Grammar
from componentstream.prompt.lines import acts, end_line, start_line, writable_positions

_DEFAULT: Final = Catalog([ComponentSpec("Nav", parts=("Item",)), ComponentSpec("Hero")])
_COMPONENTS: Final = 2
_ATTRIBUTE: Final = 'theme="light blue"'
_NESTS: Final = ("sections", "nest")
_SECTION: Final = """\
export default function {name}() {{
  const [open, setOpen] = useState(false);
  return (
    <section className="p-8">
      <h1>Fresh bread</h1>
      <button onClick={{() => setOpen(!open)}}>{{open ? "Every day from six" : "When?"}}</button>
    </section>
  );
}}"""
_WHOLE: Final = """\
export default function {name}() {{
  return (
    <nav className="flex gap-4">
      <{part} />
    </nav>
  );
}}"""
_PART: Final = 'export function {name}() {{ return <a href="#hours">Opening hours</a>; }}'
_SHORT: Final = (
    "function {name}() {{ return <p>Fresh bread</p>; }}",
    "const {name} = () => <p>Fresh bread</p>;",
)


def worked_example(grammar: Grammar, catalog: Catalog | None = None) -> str:
    """Return the text of a page with the markers of `grammar`, which it reads without an error.

    Args:
        grammar: the language of the markers.
        catalog: the components to use; without one the example has a navigation and a hero.
    """
    lines: list[str] = []
    for number, spec in enumerate((catalog or _DEFAULT).specs[:_COMPONENTS]):
        lines += _component(grammar, spec, _ATTRIBUTE if number else "")
    return "".join(f"{line}\n" for line in lines)


def _component(grammar: Grammar, spec: ComponentSpec, rest: str) -> Iterator[str]:
    part = f"{spec.name}.{spec.parts[0]}" if spec.parts and grammar.nesting in _NESTS else ""
    if len(part) > MAX_NAME_CHARS:
        part = ""
    yield start_line(grammar, spec.name, _position(grammar, spec.name), rest)
    if part:
        yield from _code(grammar, _WHOLE, spec.name, part)
        yield start_line(grammar, part)
        yield from _code(grammar, _PART, part)
        yield end_line(grammar, part)
    else:
        yield from _code(grammar, _SECTION, spec.name)
    yield end_line(grammar, spec.name)


def _position(grammar: Grammar, name: str) -> str | None:
    """Return the position that the name suggests, or the default one; None if that cannot be written."""
    known = writable_positions(grammar)
    suggested = [position for position in known if position and position in name.lower()]
    default = [grammar.default_position] if grammar.default_position in known else []
    return next(iter([*sorted(suggested, key=len, reverse=True), *default]), None)


def _code(grammar: Grammar, template: str, name: str, part: str = "") -> list[str]:
    """Return the lines of a component, such that none of them acts as a marker."""
    words = {"name": name.replace(".", ""), "part": part.replace(".", "")}
    # A prefix may be the beginning of any of these lines, but not of both short forms.
    forms = [form.format(**words).split("\n") for form in (template, *_SHORT)]
    return next(lines for lines in forms if not any(acts(grammar, line) for line in lines))
