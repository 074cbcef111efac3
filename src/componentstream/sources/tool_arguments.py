"""The arguments of a tool call to the text of one of them, while they arrive.

Providers stream the arguments of a call as fragments of the text of a JSON object, cut anywhere. A model that
shows a page by calling a tool writes the page into a string of that object.
"""

import re
from collections.abc import Mapping
from typing import Final

from componentstream.core import codes
from componentstream.core.arguments import shown
from componentstream.core.errors import UsageError
from componentstream.sources._names import MAX_NAME_CHARS, Names
from componentstream.sources.pieces import Piece, SourceError

REPLACEMENT: Final = "\ufffd"

_ESCAPES: Final = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_ESCAPE_CHARS: Final = len(r"\uffff")
_FIRST_HIGH, _FIRST_LOW, _LAST_LOW = 0xD800, 0xDC00, 0xDFFF
_FIRST_OF_PAIRS: Final = 0x10000

_SPECIAL: Final = re.compile('["\\\\\ud800-\udfff]')
_STRING_END: Final = re.compile(r'["\\]')

_START, _KEY, _COLON, _VALUE, _AFTER, _NESTED, _DONE = range(7)
_SOUGHT: Final = tuple(
    re.compile(sought)
    for sought in (
        r"[^ \t\r\n\ufeff]",  # the brace of the object
        r'["}]',  # a key
        r'[:,}"]',  # the colon behind it
        r"[^ \t\r\n]",  # its value
        r'[,}"]',  # the comma behind that
        r'["{}\[\]]',  # the end of a value in brackets
    )
)
"""The characters that matter in each state, apart from the last one."""


class _StringDecoder:
    """Reads the content of a JSON string, from behind its opening quote.

    Attributes:
        ended: Whether the closing quote has been read.
    """

    def __init__(self) -> None:
        self.ended = False
        self._escape = ""  # an escape that is incomplete
        self._high = 0  # the first half of a surrogate pair

    def read(self, text: str, at: int) -> tuple[str, int]:
        """Return the content from `at`, and where it ends in `text`."""
        found: list[str] = []
        while at < len(text) and not self.ended:
            at = self._escaped(text, at, found) if self._escape else self._plain(text, at, found)
        return "".join(found), at

    def cut(self) -> str:
        """Return the rest of a string that does not end: U+FFFD for each half of something that is held."""
        return REPLACEMENT * (bool(self._high) + bool(self._escape))

    def _plain(self, text: str, at: int, found: list[str]) -> int:
        special = _SPECIAL.search(text, at)
        end = special.start() if special else len(text)
        if end > at:
            self._put(text[at:end], found)
        if special is None:
            return end
        char = special[0]
        if char == "\\":
            self._escape = char
        elif char == '"':
            self.ended = True
            self._put("", found)
        else:
            self._unit(ord(char), found)
        return special.end()

    def _escaped(self, text: str, at: int, found: list[str]) -> int:
        """Read the next character of an escape."""
        escape, char = self._escape, text[at]
        if len(escape) == 1 and char != "u":
            self._escape = ""
            # An invalid escape is plain text: a model that writes \d means \d. Its second character is read
            # again, because it may be half of a pair.
            self._put(_ESCAPES.get(char, escape), found)
            return at + (char in _ESCAPES)
        if len(escape) > 1 and char not in _HEX:
            self._escape = ""
            self._put(escape, found)
            return at
        escape += char
        if len(escape) < _ESCAPE_CHARS:
            self._escape = escape
        else:
            self._escape = ""
            self._unit(int(escape[-4:], 16), found)
        return at + 1

    def _unit(self, unit: int, found: list[str]) -> None:
        """Take a UTF-16 code unit. Half a pair waits for the other half, which may be in another fragment."""
        if _FIRST_LOW <= unit <= _LAST_LOW and self._high:
            pair = (self._high - _FIRST_HIGH << 10) + unit - _FIRST_LOW
            found.append(chr(_FIRST_OF_PAIRS + pair))
            self._high = 0
        elif _FIRST_HIGH <= unit < _FIRST_LOW:
            self._put("", found)
            self._high = unit
        else:
            self._put(REPLACEMENT if _FIRST_LOW <= unit <= _LAST_LOW else chr(unit), found)

    def _put(self, text: str, found: list[str]) -> None:
        if self._high:
            found.append(REPLACEMENT)
            self._high = 0
        found.append(text)


class ToolArgumentDecoder:
    """A stage from the arguments of one tool call to the text of one of them, a string.

    The arguments come as fragments of the text of a JSON object, or as one mapping, if the provider gives
    them whole. Escapes are resolved as they arrive. Only an incomplete escape, or half a surrogate pair, is
    held; a surrogate without its other half becomes U+FFFD. If the object has the argument more than once,
    its first string counts.

    The JSON may be invalid. An escape that JSON does not know stays as it is, with its backslash, and line
    ends inside a string are accepted. :meth:`close` reports an object that ends too early as a fatal,
    retryable ``source_incomplete``, and one without the argument as an ``invalid_chunk``.

    Args:
        argument: Name of the argument, a key of the object.

    Attributes:
        argument: The same.
        others: Names of arguments that came before it.
    """

    def __init__(self, argument: str) -> None:
        if not isinstance(argument, str):
            raise UsageError(f"argument must be the name of an argument, not {shown(argument)}.")
        self.argument: str = argument
        self.others: Names = Names()
        # One character more than the name has is enough to tell that a key is another one.
        self._max_key = max(len(argument) + 1, MAX_NAME_CHARS)
        self._closed = False
        self._state = _START
        self._key = ""
        self._depth = 0  # of the brackets inside the value that is skipped
        self._text: _StringDecoder | None = None  # of the argument
        self._key_decoder: _StringDecoder | None = None  # of the current key
        self._skipping = False  # whether a string inside a value is being skipped
        self._escaped = False  # whether the next character of that string is escaped

    @property
    def found(self) -> bool:
        """Whether the argument has begun."""
        return self._text is not None

    @property
    def ended(self) -> bool:
        """Whether the argument has ended, or the object without it."""
        return self._state == _DONE if self._text is None else self._text.ended

    def feed(self, fragment: str | Mapping[str, object]) -> list[Piece]:
        """Return the text that a fragment adds to the argument, as at most one string.

        Raises:
            UsageError: The decoder is closed, or ``fragment`` is neither str nor a mapping.
        """
        if self._closed:
            raise UsageError("feed() after close(): decode each tool call with a decoder of its own.")
        if isinstance(fragment, Mapping):
            text = self._whole(fragment)
        elif isinstance(fragment, str):
            text = self._read(fragment)
        else:
            raise UsageError(
                f"The arguments of a tool come as str or as a mapping, not as {type(fragment).__name__}."
            )
        return [text] if text else []

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the call adds; call it after the last fragment."""
        if self._closed:
            return []
        self._closed = True
        if self._text is not None and self._text.ended:
            return []
        if self._text is None and self._state in (_START, _DONE):
            message = f"A call of the tool has no argument {self.argument!r:.80} that is a string."
            message += f" Its arguments are {self.others}." if self.others else ""
            return [SourceError(codes.INVALID_CHUNK, message)]
        message = f"A call of the tool ended before its argument {self.argument!r:.80} was complete."
        rest = "" if self._text is None else self._text.cut()
        error = SourceError(codes.SOURCE_INCOMPLETE, message, fatal=True, retryable=True)
        return [rest, error] if rest else [error]

    def _whole(self, arguments: Mapping[str, object]) -> str:
        self.others.add(*arguments)
        value = arguments.get(self.argument)
        if self._state != _START or not isinstance(value, str):
            return ""
        self._state = _DONE
        self._text = _StringDecoder()
        self._text.ended = True
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _read(self, text: str) -> str:
        at = 0
        while at < len(text):
            if self._text is not None:
                # Nothing behind the argument matters, so the rest is not even read.
                return "" if self._text.ended else self._text.read(text, at)[0]
            if self._state == _DONE:
                break
            if self._key_decoder is not None:
                at = self._in_key(self._key_decoder, text, at)
            elif self._skipping:
                at = self._skip_string(text, at)
            else:
                at = self._between(text, at)
        return ""

    def _in_key(self, decoder: _StringDecoder, text: str, at: int) -> int:
        part, at = decoder.read(text, at)
        self._key = (self._key + part)[: self._max_key]
        if decoder.ended:
            self._key_decoder = None
            self._state = _COLON
        return at

    def _skip_string(self, text: str, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        found = _STRING_END.search(text, at)
        if found is None:
            return len(text)
        self._escaped = found[0] == "\\"
        self._skipping = self._escaped
        return found.end()

    def _between(self, text: str, at: int) -> int:
        """Read on outside strings, up to the next character that matters."""
        state = self._state
        found = _SOUGHT[state].search(text, at)
        if found is None:
            return len(text)
        char = found[0]
        if state == _VALUE:
            # If the value is missing, the character is read again, by the state after the value.
            return found.end() - self._begin_value(char)
        if state == _NESTED:
            self._in_nested(char)
        elif state == _START:
            self._state = _KEY if char == "{" else _DONE
        elif char == '"':
            self._key_decoder = _StringDecoder()
            self._key = ""
        elif char == "}":
            self._state = _DONE
        else:
            self._state = _VALUE if char == ":" else _KEY
        return found.end()

    def _begin_value(self, char: str) -> bool:
        """Act on the first character of a value; return whether the value is missing."""
        self._state = _NESTED if char in "{[" else _AFTER
        self._depth = 1
        if char == '"' and self._key == self.argument:
            self._text = _StringDecoder()
        else:
            self._skipping = char == '"'
            self.others.add(self._key)
        return char in ",}"

    def _in_nested(self, char: str) -> None:
        if char == '"':
            self._skipping = True
            return
        self._depth += 1 if char in "{[" else -1
        if self._depth == 0:
            self._state = _AFTER
