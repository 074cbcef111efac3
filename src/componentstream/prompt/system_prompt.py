"""The part of a system prompt that teaches a model the marker protocol."""

from collections.abc import Iterable, Iterator
from typing import Final

from componentstream.core.arguments import check_instance
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.prompt.example import worked_example
from componentstream.prompt.languages import texts_in
from componentstream.prompt.lines import bulleted, end_line, heading, start_line, writable_positions
from componentstream.prompt.texts import Texts

NAMES_WITHOUT_IMPORT: Final = ("React", "useState", "useEffect", "useMemo", "useRef")
"""The names that the instructions allow without import unless told otherwise."""


def instructions(
    grammar: Grammar = Grammar(),
    catalog: Catalog | None = None,
    *,
    language: str = "en",
    without_import: Iterable[str] = NAMES_WITHOUT_IMPORT,
) -> str:
    """Return the text that teaches a model to write components with the markers of `grammar`.

    Put it into the system prompt, next to your own words about the page. It ends with an example, which
    `grammar` reads without an error; no other line of it acts as a marker.

    Args:
        grammar: the grammar of the parser that will read the answer.
        catalog: the components that the page expects, each listed with its description and its parts.
        language: the language of the text: ``en`` or ``de``.
        without_import: the names that your renderer provides to the code of every component.

    Raises:
        UsageError: an argument has the wrong type, or the language is unknown.
    """
    check_instance(grammar, Grammar, "grammar")
    if catalog is not None:
        check_instance(catalog, Catalog, "catalog")
    if isinstance(without_import, str):
        raise UsageError(f"without_import must be several names, such as ({without_import!r},).")
    texts = texts_in(language)
    rules = list(_rules(grammar, texts, tuple(map(str, without_import))))
    lines = [heading(grammar, texts.intro), *bulleted(grammar, rules)]
    if catalog:
        specs = [_described(spec, texts) for spec in catalog]
        lines += ["", heading(grammar, texts.catalog), *bulleted(grammar, specs)]
    lines += ["", heading(grammar, texts.example), ""]
    return "".join(f"{line}\n" for line in lines) + worked_example(grammar, catalog)


def _rules(grammar: Grammar, texts: Texts, names: tuple[str, ...]) -> Iterator[str]:
    positions = writable_positions(grammar)
    default = grammar.default_position
    words = {
        "start_line": start_line(grammar, "Name", default if default in positions else None),
        "end_line": end_line(grammar, "Name"),
        "prefix": grammar.prefix,
        "start": grammar.start,
        "end": grammar.end,
        "positions": ", ".join(positions),
        "default": _one_line(default),
        "names": _one_line(", ".join(names)),
    }
    rules = list(texts.rules.values())
    if positions:
        rules.append(f"{texts.positions} {texts.strict}" if grammar.strict else texts.positions)
    # Without positions that can be written, every START inside opens a child.
    rules.append(texts.nesting[grammar.nesting if positions or grammar.nesting != "sections" else "nest"])
    if "root" in positions:
        rules.append(texts.root)
    if names:
        rules.append(texts.names)
    rules.append(texts.outside[grammar.outside])
    return (rule.format(**words) for rule in rules)


def _described(spec: ComponentSpec, texts: Texts) -> str:
    """Return a line about a component: its name, whether it is required, its description, its parts."""
    name = f"{spec.name} ({texts.required})" if spec.critical else spec.name
    parts = ", ".join(f"{spec.name}.{part}" for part in spec.parts)
    notes = [_one_line(spec.description), texts.parts.format(parts=parts) if parts else ""]
    return ": ".join([name, "; ".join(filter(None, notes))] if any(notes) else [name])


def _one_line(text: str) -> str:
    return " ".join(text.split())
