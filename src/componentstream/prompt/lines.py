"""Marker lines as a model is to write them, and lines that do not act as one."""

import re
from collections.abc import Iterator

from componentstream.core.events import ComponentBlock, ContentBlockStart
from componentstream.core.grammar import WHITE, Grammar
from componentstream.core.parser import ComponentParser

_BARE = re.compile("[A-Za-z0-9_-]+")


def start_line(grammar: Grammar, name: str, position: str | None = None, rest: str = "") -> str:
    """Return the line that begins a component.

    Args:
        grammar: the language of the markers.
        name: the name of the component.
        position: its position, None to leave it out.
        rest: its other attributes as they are to be written.
    """
    words = [grammar.prefix, grammar.start, name]
    if position is not None:
        words.append(f"position={position}" if _BARE.fullmatch(position) else f'position="{position}"')
    return " ".join([*words, rest] if rest else words)


def end_line(grammar: Grammar, name: str) -> str:
    """Return the line that ends a component."""
    return f"{grammar.prefix} {grammar.end} {name}"


def writable_positions(grammar: Grammar) -> list[str]:
    """Return the positions that a marker line can name, sorted.

    A set of positions may hold others, with quotation marks for example; nothing a model writes leads there.
    """
    return [position for position in sorted(grammar.positions) if _is_writable(grammar, position)]


def _is_writable(grammar: Grammar, position: str) -> bool:
    parser = ComponentParser(grammar)
    events = [*parser.feed(start_line(grammar, "A", position) + "\n"), *parser.close()]
    match events:
        case [ContentBlockStart(block=ComponentBlock(position=read)), *_]:
            return read == position
    return False


def acts(grammar: Grammar, line: str) -> bool:
    """Return whether a line would be read as a marker, valid or not."""
    words = f"{re.escape(grammar.prefix)}[{WHITE}]*(?:{grammar.start}|{grammar.end})"
    return re.match(rf"[{WHITE}]*{words}(?:[{WHITE}]|\Z)", line) is not None


def bulleted(grammar: Grammar, lines: list[str]) -> Iterator[str]:
    """Yield each line as an item of a list that cannot act as a marker."""
    # A marker begins with the prefix, so a line that begins with another character is not one.
    bullet = "*" if grammar.prefix.startswith("-") else "-"
    return (f"{bullet} {line}" for line in lines)


def heading(grammar: Grammar, line: str) -> str:
    """Return a line, as an item of a list if it would act as a marker."""
    return next(bulleted(grammar, [line])) if acts(grammar, line) else line
