"""The formats of the body of a provider's response: bytes to items.

An item is the dict of an event, an error, the end of the message, or the kind of something that is not an
event. The items do not depend on where the bytes are cut.
"""

import re
from typing import Final, NamedTuple, Protocol, TypeAlias

import attrs

from componentstream.core import codes
from componentstream.sources._kinds import kind_of, kind_of_line
from componentstream.sources._lines import LineSplitter
from componentstream.sources.extract import is_event
from componentstream.sources.pieces import SourceError
from componentstream.sources.providers.reading import json_value
from componentstream.sources.providers.registry import names_event_type


class MessageEnd(NamedTuple):
    """The end of the message, told by something that is not an event."""


class Foreign(NamedTuple):
    """Something harmless that is not an event, such as a sign of life.

    Attributes:
        kind: Description for a message.
    """

    kind: str


@attrs.frozen
class Damage:
    """Something that is not an event and may be the rest of one.

    Attributes:
        kind: Description for a message.
    """

    kind: str


Item: TypeAlias = dict[str, object] | SourceError | MessageEnd | Foreign | Damage

INVALID: Final = SourceError(codes.INVALID_CHUNK, "An event of the source is not a JSON object.")
TOO_LONG: Final = SourceError(codes.INVALID_CHUNK, "An event of the source is longer than max_event_bytes.")
JOINED: Final = SourceError(
    codes.SOURCE_NOT_UNDERSTOOD,
    "The lines of the response came without their line ends; pass its raw chunks, from iter_bytes() or "
    "iter_content(), and not those of iter_lines().",
    fatal=True,
)
BOM: Final = b"\xef\xbb\xbf"
WHITE_SPACE: Final = b" \t\r"

_NO_VALUE: Final = WHITE_SPACE + b"\n[]," + BOM
_NO_OBJECT: Final = Damage("a document without an object")

_FIELDS: Final = frozenset({b"data", b"event", b"id", b"retry", b"error"})
_OTHER_FIELD: Final = re.compile(rb'[ \t]*|[A-Za-z][A-Za-z0-9_-]*(?::[ \t]*(?![ \t{\["]).*)?', re.DOTALL)
_JOINED_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:")
_JOINED_DATA: Final = re.compile(rb"data: ?[{\[]")
_BLANK: Final = b" \t\r\n[]" + BOM
_HARMLESS: Final = (b"", b"null")
_MAX_BETWEEN: Final = 64
_STRUCTURE: Final = re.compile(rb'["{}]')
_IN_STRING: Final = re.compile(rb'["\\]')


class BodyFormat(Protocol):
    """A stage from bytes to items."""

    def feed(self, data: bytes) -> list[Item]:
        """Return the items that ``data`` completes."""

    def close(self) -> list[Item]:
        """Return the items that the end of the body adds."""


def json_item(data: bytes) -> Item:
    """Return the item that a JSON text is."""
    try:
        value = json_value(str(data, "utf-8", "replace"))
    except (ValueError, RecursionError):
        return INVALID
    if isinstance(value, dict):
        return value
    # Some servers send `null` to keep the connection alive; an empty value cannot have lost text either.
    return Foreign(kind_of(value)) if value in (None, [], "") else Damage(kind_of(value))


def _is_joined(line: bytes) -> bool:
    """Return whether the only line of a body is several, whose line ends are lost."""
    line = line.removeprefix(BOM)
    if line.startswith(b"{"):
        return _behind_json(line).startswith(b"{")
    name, _, value = line.partition(b":")
    if name == b"data":
        return _behind_json(value).startswith(_JOINED_FIELDS)
    return (not name or name in _FIELDS) and _JOINED_DATA.search(value) is not None


def _behind_json(data: bytes) -> bytes:
    """Return the bytes behind the JSON object that data begins with; empty if there is none."""
    import json  # noqa: PLC0415 - as above

    text = str(data, "utf-8", "replace").lstrip()
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return b""
    return text[end:].lstrip().encode()


class ServerSentEvents:
    """Server-sent events.

    Lines, comments, multi-line data and the byte order mark follow the HTML standard, with two exceptions.
    The end of the body completes a last event that only lacks its blank line, if its JSON is complete. And an
    error is read where servers put one: in a field ``error``, or as a line of JSON without a field.

    Args:
        max_bytes: Maximum size in bytes of the data of one event, and of any line.
    """

    def __init__(self, max_bytes: int) -> None:
        self._lines = LineSplitter(max_bytes, any_end=True)
        self._max_bytes = max_bytes
        self._first_line = True
        self._has_line_end = False
        self._dropping = False  # until the blank line that ends the event
        self._name = ""
        self._data = bytearray()  # each `data` value, followed by LF

    def feed(self, data: bytes) -> list[Item]:
        """Return the items that ``data`` completes."""
        lines = self._lines.feed(data)
        self._has_line_end = self._has_line_end or bool(lines)
        return [item for line in lines for item in self._on_line(line)]

    def close(self) -> list[Item]:
        """Return the items that the last line and the last event add."""
        # A last line or event that is cut off is not malformed: the missing end of the message is reported.
        line = self._lines.close()
        if not self._has_line_end and _is_joined(line):
            return [JOINED]
        is_cut = any(name.startswith(line) for name in _FIELDS)
        items = [] if is_cut else self._on_line(line)
        return [*items, *(item for item in self._dispatch() if item is not INVALID)]

    def _on_line(self, line: bytes | None) -> list[Item]:
        if line is None:
            return self._drop()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(BOM)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._name = str(value, "utf-8", "replace")
        elif name == b"data" and not self._dropping:
            self._data += value + b"\n"
            if len(self._data) > self._max_bytes + 1:
                return self._drop()
        elif name == b"error":
            return _error_item(value)
        elif name and name not in _FIELDS:
            return _foreign_line(line)
        return []

    def _drop(self) -> list[Item]:
        self._first_line = False
        self._data.clear()
        if self._dropping:
            return []
        self._dropping = True
        return [TOO_LONG]

    def _dispatch(self) -> list[Item]:
        name, data = self._name, bytes(self._data[:-1])
        self._name = ""
        self._data.clear()
        self._dropping = False
        if not data.strip():
            return []
        if data.startswith(b"[DONE]"):
            return [MessageEnd()]
        item = json_item(data)
        if name == "error" and not isinstance(item, dict):
            # Proxies send an error as plain text; its event name is all that is needed to report it.
            return [{"type": "error"}]
        if isinstance(item, dict) and names_event_type(name) and not is_event(item):
            item["type"] = name
        return [item]


def _error_item(value: bytes) -> list[Item]:
    """Return the error of a field ``error``, as llama.cpp sends it; its value may be anything."""
    item = json_item(value)
    return [item if isinstance(item, dict) and "error" in item else {"error": item}]


def _foreign_line(line: bytes) -> list[Item]:
    if line.startswith(b"{"):
        item = json_item(line)
        if isinstance(item, dict) and item.get("error") is not None:
            return [item]
    # The standard passes over unknown fields. A JSON value behind one is an event whose `data` is damaged.
    kind = kind_of_line(line)
    return [Foreign(kind) if _OTHER_FIELD.fullmatch(line) else Damage(kind)]


class JSONLines:
    """JSON lines. They end with LF only; blank lines, and comments of server-sent events, are skipped.

    Args:
        max_bytes: Maximum length of a line in bytes.
    """

    def __init__(self, max_bytes: int) -> None:
        self._lines = LineSplitter(max_bytes, any_end=False)
        self._first_line = True
        self._has_line_end = False

    def feed(self, data: bytes) -> list[Item]:
        """Return the items that ``data`` completes."""
        lines = self._lines.feed(data)
        self._has_line_end = self._has_line_end or bool(lines)
        return [item for line in lines for item in self._on_line(line)]

    def close(self) -> list[Item]:
        """Return the items that the last line adds."""
        line = self._lines.close()
        return [JOINED] if not self._has_line_end and _is_joined(line) else self._on_line(line)

    def _on_line(self, line: bytes | None) -> list[Item]:
        if line is None:
            return [TOO_LONG]
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(BOM)
        line = line.strip(WHITE_SPACE)
        if not line or line.startswith(b":"):
            return []
        item = json_item(line)
        return [item if item is not INVALID or line.startswith(b"{") else Damage(kind_of_line(line))]


class JSONObjects:
    """The objects of a JSON document: those of an array, or one on several lines.

    Text before or between them is damage, except ``null``.
    A document without an object is told at its end, unless it is empty: that may be a beginning.

    Args:
        max_bytes: Maximum size of an object in bytes.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._depth = 0
        self._in_string = False
        self._after_backslash = False
        self._dropping = False
        self._object = bytearray()
        self._between = bytearray()  # the text since the last object, without blanks and brackets
        self._has_object = False
        self._has_value = False  # something beside brackets and commas

    def feed(self, data: bytes) -> list[Item]:
        """Return the objects that ``data`` completes."""
        self._has_value = self._has_value or bool(data.strip(_NO_VALUE))
        items: list[Item] = []
        start = 0
        behind = 0  # where the text between objects begins
        at = int(self._after_backslash and bool(data))
        self._after_backslash = self._after_backslash and not data
        while sign := (_IN_STRING if self._in_string else _STRUCTURE).search(data, at):
            at = sign.end()
            match sign[0]:
                case b'"':
                    self._in_string = not self._in_string
                case b"\\":
                    self._after_backslash = at == len(data)
                    at += 1
                case b"{":
                    self._has_object = True
                    if not self._depth:
                        start = at - 1
                        self._skip(data[behind:start])
                        items += self._skipped()
                    self._depth += 1
                case b"}" if self._depth:
                    self._depth -= 1
                    if not self._depth:
                        behind = at
                        items += [*self._append(data[start:at]), *self._complete()]
        if self._depth:
            return [*items, *self._append(data[start:])]
        self._skip(data[behind:])
        return items

    def close(self) -> list[Item]:
        """Tell a document without an object.

        An object that is cut off is not malformed, and the missing end is reported.
        """
        return [_NO_OBJECT] if self._has_value and not self._has_object else []

    def _append(self, part: bytes) -> list[Item]:
        if self._dropping:
            return []
        if len(self._object) + len(part) <= self._max_bytes:
            self._object += part
            return []
        self._dropping = True
        self._object.clear()
        return [TOO_LONG]

    def _skip(self, part: bytes) -> None:
        self._between += part.translate(None, _BLANK)
        # One byte above the limit tells that it is exceeded, wherever the text is cut.
        del self._between[_MAX_BETWEEN + 1 :]

    def _skipped(self) -> list[Item]:
        between = bytes(self._between)
        self._between.clear()
        if len(between) <= _MAX_BETWEEN and all(word in _HARMLESS for word in between.split(b",")):
            return []
        return [Damage("text between JSON objects")]

    def _complete(self) -> list[Item]:
        data = bytes(self._object)
        dropped, self._dropping = self._dropping, False
        self._object.clear()
        return [] if dropped else [json_item(data)]
