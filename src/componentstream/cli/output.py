"""Output for the terminal or the next program: events, the table, and messages.

Control characters are escaped in all text for people, so that a model cannot control the terminal that its
output is shown on. JSON is pure ASCII anyway.
"""

import re
import sys

from componentstream.core.escaping import escape_control_chars
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    FindingEvent,
)
from componentstream.wire.jsonlines import JSONLinesEncoder

# Up to the last "@": a password may contain one that was not escaped, and a user name none.
_IN_ADDRESS = re.compile(r"(://[^\s/@:]*:)\S*@")
_IN_QUERY = re.compile(r"([?&]password=)[^\s&#]+")
_HEADINGS = ("index", "component", "position", "size", "reason")


def say(sentence: str) -> None:
    """Print a message on standard error, without the passwords of URLs in it."""
    sys.stderr.write(f"componentstream: {escape_control_chars(without_passwords(sentence))}\n")
    sys.stderr.flush()


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun; the plural is by default the singular with an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def has_password(url: str) -> bool:
    """Return whether a URL contains a password, in its address or in its query."""
    return without_passwords(url) != url


def without_passwords(text: str) -> str:
    """Return a text with ``***`` in place of the passwords of the URLs in it."""
    return _IN_QUERY.sub(r"\1***", _IN_ADDRESS.sub(r"\1***@", text))


def utf8(text: str) -> bytes:
    """Return ``text`` in UTF-8. Surrogate pairs are joined; an unpaired surrogate becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


class JSONLines:
    """Prints events as they occur, one line of JSON each. The input flushes them before it waits."""

    def __init__(self) -> None:
        self._encoder = JSONLinesEncoder()

    def add(self, event: Event) -> None:
        """Print an event, unless it is a finding: the output is that of a parser without inspection."""
        if isinstance(event, FindingEvent):
            return
        sys.stdout.buffer.write(self._encoder.encode(event))

    def finish(self) -> None:
        """Do nothing; every event has been printed."""


class Table:
    """Collects a summary of each block and prints them at the end, followed by the errors and findings."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[str, str, str, str, str]] = {}
        self._depths: dict[int, int] = {}
        self._errors: list[str] = []
        self._findings: list[str] = []

    def add(self, event: Event) -> None:
        """Add an event to the summary."""
        if isinstance(event, ContentBlockStart):
            self._start(event)
        elif isinstance(event, ContentBlockStop):
            number, name, position, _, _ = self._rows[event.index]
            size = f"{event.chars} (+{event.trimmed} dropped)" if event.trimmed else str(event.chars)
            self._rows[event.index] = (number, name, position, size, event.reason)
        elif isinstance(event, ErrorEvent):
            where = "whole stream" if event.index is None else f"block {event.index}"
            where = where if event.line is None else f"line {event.line}"
            self._errors.append(escape_control_chars(f"{where}: {event.code}: {event.message}"))
        elif isinstance(event, FindingEvent):
            finding = event.finding
            self._findings.append(
                escape_control_chars(f"line {finding.line}: {finding.rule}: {finding.message}")
            )

    def finish(self) -> None:
        """Print the table, the errors and the findings."""
        rows = [_HEADINGS, *self._rows.values()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [self._line(row, widths) for row in rows]
        for notes in (self._errors, self._findings):
            if notes:
                lines += ["", *notes]
        text = "".join(f"{line}\n" for line in lines)
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "backslashreplace"))

    def _start(self, event: ContentBlockStart) -> None:
        index, block = event.index, event.block
        if not isinstance(block, ComponentBlock):
            self._rows[index] = (str(index), "(text)", "", "", "")
            return
        depth = 0 if block.parent is None else self._depths[block.parent] + 1
        self._depths[index] = depth
        name, position = "  " * depth + escape_control_chars(block.name), escape_control_chars(block.position)
        self._rows[index] = (str(index), name, position, "", "")

    def _line(self, row: tuple[str, ...], widths: list[int]) -> str:
        number, name, position, size, reason = (
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        )
        index, size = number.strip().rjust(widths[0]), size.strip().rjust(widths[3])
        return f"{index}  {name}  {position}  {size}  {reason}".rstrip()
