"""Leave the thoughts of a model out of the text of its answer, where both come in one stream.

Some models and servers write their thoughts into the text, as a run between ``<think>`` and ``</think>`` or
``<thinking>`` and ``</thinking>``. A marker in a thought would act, and the thought would be shown.

The filter never changes code: a run counts only outside components and outside code fences, and only at the
start of a line, or behind white space at the start of the answer. Whether a component is open is judged with
caution. In doubt it counts as open, and the text stays.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from componentstream.core import codes
from componentstream.core.errors import UsageError
from componentstream.core.grammar import MAX_NAME_CHARS, WHITE, Grammar
from componentstream.sources.pieces import Piece, Reasoning, SourceError, Thinking, check_thinking

_LONGER_TAG: Final = "<thinking>"
_NAMED: Final = (len("<think"), len("<thinking"))
"""The lengths at which an opening tag lacks nothing but its ``>``."""

_MAX_MARKER_CHARS: Final = 512
"""The default of ``Limits.max_marker_chars``; with a smaller limit a component counts as closed too early
only if its END line lies between the two."""

_MAX_LINE_CHARS: Final = _MAX_MARKER_CHARS + 2
"""Characters that are kept of the indentation of a line, and again of its rest: a parser with a larger limit
acts on a START behind more white space."""
_MAX_OPEN: Final = 1000

_BLANK: Final = re.compile(rf"[{WHITE}\r\n\ufeff]*+")
_WHITE: Final = re.compile(rf"[{WHITE}]*+")
# The parser drops a byte order mark at the very start of its text, so the first line begins behind it.
_INDENT: Final = rf"[{WHITE}\ufeff]*+"
_FENCE: Final = re.compile(rf"({_INDENT})(`{{3,}}+(?=[^`]*+\Z)|~{{3,}}+)([{WHITE}]*+\r?\Z)?")
_CODE_INDENT: Final = 4

_LEAD, _PLAIN, _LINE, _TAG, _RUN = range(5)

_ONLY_THOUGHTS: Final = SourceError(
    codes.SOURCE_INCOMPLETE,
    "The answer ended inside a thought, before its first text.",
    fatal=True,
    retryable=True,
)
_OPEN_THOUGHT: Final = SourceError(
    codes.SOURCE_TRUNCATED, "The answer ended inside a thought; no closing tag came after it."
)


class _Patterns(NamedTuple):
    """The patterns of one grammar.

    Attributes:
        marker: The keyword of a START (group 1) or an END (group 2), the name, and the end of the line if
            nothing but white space is before it.
        begun: A line that may still become a START.
        outside: A line end before a line that matters outside components, and its white space.
        fenced: The same inside a code fence.
        inside: The same inside components.
    """

    marker: re.Pattern[str]
    begun: re.Pattern[str]
    outside: re.Pattern[str]
    fenced: re.Pattern[str]
    inside: re.Pattern[str]


@lru_cache(maxsize=32)
def _patterns(prefix: str, start: str, end: str) -> _Patterns:
    ident = "[A-Za-z][A-Za-z0-9_]*+"
    head = rf"{_INDENT}{re.escape(prefix)}[{WHITE}]*+(?:({start})|({end}))[{WHITE}]++"
    first = re.escape(prefix[0])

    def line_with(marks: str, other: str = "") -> re.Pattern[str]:
        # At the end of a chunk the white space may continue in the next one.
        return re.compile(rf"\n(?:{other}[{WHITE}]*+(?:\Z|(?=[{marks}])))")

    return _Patterns(
        re.compile(rf"{head}({ident}(?:\.{ident})*+)([{WHITE}]*+\r?\Z)?"),
        re.compile(rf"{_INDENT}{re.escape(prefix)}[{WHITE}]*+(?:{start}[{WHITE}]++)?\Z"),
        line_with(f"{first}`~", other=r"(?=<(?:t|\Z))|"),
        line_with(f"{first}`~"),
        line_with(first),
    )


class ThinkingFilter:
    """A stage from the text of an answer to the same text without the model's thoughts.

    A thought is a run from ``<think>`` to ``</think>`` or from ``<thinking>`` to ``</thinking>``, however it
    is cut. It counts at the start of a line and behind white space at the start of the answer, outside
    components and code fences. Only a text that may still become such a tag is held. Text directly behind a
    run continues the line that the run began on, so a marker there acts. White space behind a run at the
    start of the answer is dropped with it.

    If the answer ends inside a run, :meth:`close` returns a fatal, retryable ``source_incomplete`` when only
    white space came before that run, and otherwise a ``source_truncated``, which is not fatal; neither, if
    such an error was among the pieces.

    Args:
        mode: ``drop`` replaces each run by an empty :class:`~componentstream.sources.Reasoning`, ``emit``
            returns its text as such pieces, ``keep`` returns all text unchanged.
        grammar: Grammar of the parser that the text is for.
        everywhere: Whether runs count between and after components too; otherwise only those before the
            first other text, and all behind that costs nothing.

    Attributes:
        off: Whether the rest of the text is returned unchanged.
        passing: Whether the current line cannot concern this stage: until its line end, text is returned
            unchanged.
    """

    def __init__(
        self, mode: Thinking = "drop", *, grammar: Grammar | None = None, everywhere: bool = True
    ) -> None:
        check_thinking(mode)
        grammar = Grammar() if grammar is None else grammar
        self._patterns = _patterns(grammar.prefix, grammar.start, grammar.end)
        self._mark = grammar.prefix[0]
        # Those that do not make a line plain text; the empty string is a line that has only begun.
        self._first_chars = frozenset(("", *WHITE, "`", "~", self._mark))
        self._emits = mode == "emit"
        self.off: bool = mode == "keep"
        self._everywhere = everywhere
        self._closed = False
        self._told = False  # whether an error has said already that the answer is incomplete
        self._state = _LEAD
        self.passing: bool = self.off
        self._started = False  # whether text other than white space has come
        self._trims = False  # whether white space here is behind a run at the start of the answer
        self._line = ""  # the current line so far, while it may be a marker or a fence
        self._matched = 0  # characters of an opening or closing tag that have come, and are held
        self._closing_tag = ""
        self._fence = ""  # the backticks or tildes of the open code fence
        self._fence_indent = 0
        # START lines without their END, by name. In every nesting mode the parser's open components are among
        # them: a START counts whether it acts or not, an END counts only if well-formed, and for one START.
        self._open: dict[str, int] = {}
        self._parts: list[tuple[bool, str]] = []  # of this call: whether it is a thought, and the text

    def feed(self, piece: Piece) -> list[Piece]:
        """Return the text that is not part of a thought, and the thoughts if they are asked for.

        Pieces other than text are returned as they are; a fatal error comes behind text that was held.

        Raises:
            UsageError: The filter is closed.
        """
        if self._closed:
            raise UsageError("feed() after close(): filter each answer with a filter of its own.")
        if not isinstance(piece, str):
            return self._pass_on(piece)
        if not piece or (self.passing and (self.off or "\n" not in piece)):
            return [piece] if piece else []
        at = 0
        while at < len(piece) and not self.off:
            at = self._STEPS[self._state](self, piece, at)
        if at < len(piece):
            self._add(piece[at:])
        self.passing = self.off or self._state == _PLAIN
        return self._take()

    def feed_all(self, pieces: Iterable[Piece]) -> list[Piece]:
        """Return the results of :meth:`feed` for several pieces."""
        return [found for piece in pieces for found in self.feed(piece)]

    def close(self) -> list[Piece]:
        """Return the text that is held, and the error of an open run; call it after the last text."""
        if self._closed:
            return []
        self._closed = True
        self.passing = False
        pieces = self._release()
        if self._state == _RUN and not self._told:
            pieces.append(_OPEN_THOUGHT if self._started else _ONLY_THOUGHTS)
        return pieces

    def passes(self, text: str) -> bool:
        """Move on over a chunk of a frequent kind; return False, and do nothing, if it is of another.

        These are a line end and the beginning of a line. :meth:`feed` does the same for all chunks, but each
        line of a stream of tokens costs it twice.
        """
        state = self._state
        if state == _PLAIN:
            first_end, end = text.find("\n"), text.rfind("\n")
            if first_end < 0 or text[first_end:end].strip("\n"):
                # Lines between the first and the last have to be looked at too.
                return False
            line = text[end + 1 :]
        elif state == _LEAD and self._started and "\n" not in text:
            line = text
        else:
            return False
        rest = line.lstrip(" ")
        if rest:
            first = rest[0]
            if first in self._first_chars or (first == "<" and not self._open):
                return False
            self._state = _PLAIN
            self.passing = True
            return True
        # The line begins with spaces, so far.
        self._line = (line if state == _PLAIN else self._line + line)[:_MAX_LINE_CHARS]
        self._state = _LEAD
        self.passing = False
        return True

    def _pass_on(self, piece: Piece) -> list[Piece]:
        if not isinstance(piece, SourceError):
            return [piece]
        self._told = self._told or piece.fatal or piece.code == codes.SOURCE_TRUNCATED
        return [*self._release(), piece] if piece.fatal else [piece]

    def _release(self) -> list[Piece]:
        """Return the part of a tag that is held, because its rest does not come."""
        if self._state == _TAG:
            self._add(_LONGER_TAG[: self._matched])
            self._start_text()
        elif self._state == _RUN:
            self._add_thought(self._closing_tag[: self._matched])
        self._matched = 0
        return self._take()

    def _take(self) -> list[Piece]:
        parts, self._parts = self._parts, []
        if len(parts) == 1 and not parts[0][0]:
            return [parts[0][1]]
        pieces: list[Piece] = []
        for thought, group in groupby(parts, key=lambda part: part[0]):
            text = "".join(part for _, part in group)
            pieces.append(Reasoning(text) if thought else text)
        return pieces

    def _add(self, text: str) -> None:
        self._parts.append((False, text))

    def _add_thought(self, text: str) -> None:
        if text and self._emits:
            self._parts.append((True, text))

    # Each of the following methods reads on at `at` in one state, and returns how far it came.

    def _lead(self, text: str, at: int) -> int:
        """Read the white space before the first other character of a line, or of the answer."""
        white = (_WHITE if self._started else _BLANK).match(text, at)
        end = white.end() if white else at
        if end > at:
            if not self._trims:
                self._add(text[at:end])
                # Before the answer starts, white space may span lines.
                before = at if self._started else text.rfind("\n", at, end) + 1
                self._line = ("" if before > at else self._line) + text[max(at, before) : end]
                self._line = self._line[:_MAX_LINE_CHARS]
            return end
        char = text[at]
        if char == "\n":
            self._add(char)
            self._line = ""
            return at + 1
        if char == "<" and not (self._open or self._fence) and not (self._started and self._line):
            self._state = _TAG
            return at
        self._start_text()
        if char == self._mark or (char in "`~" and not self._open):
            self._state = _LINE
        return at

    def _plain(self, text: str, at: int) -> int:
        """Pass over lines that do not matter."""
        patterns = self._patterns
        outside = patterns.fenced if self._fence else patterns.outside
        found = (patterns.inside if self._open else outside).search(text, at)
        if found is None:
            self._add(text[at:])
            return len(text)
        self._add(text[at : found.end()])
        self._state = _LEAD
        self._line = text[found.start() + 1 : found.end()][:_MAX_LINE_CHARS]
        return found.end()

    def _on_line(self, text: str, at: int) -> int:
        """Read a line that may be a marker or a fence, and judge it at its end. None of it is held back."""
        end = text.find("\n", at)
        after = len(text) if end < 0 else end + 1
        self._add(text[at:after])
        room = 2 * _MAX_LINE_CHARS - len(self._line)
        if room > 0:
            self._line += text[at : min(at + room, after if end < 0 else end)]
        if end >= 0:
            self._judge(self._line)
            self._line = ""
            self._state = _LEAD
        return after

    def _judge(self, line: str) -> None:
        if marker := self._patterns.marker.match(line):
            name = marker[3][:MAX_NAME_CHARS]
            count = self._open.get(name, 0)
            if marker[1]:
                self._open[name] = count + 1
                # The state must not grow without bound, and without it a run cannot be judged.
                self.off = len(self._open) > _MAX_OPEN
            elif count and marker[4] is not None and len(line.rstrip("\r")) <= _MAX_MARKER_CHARS:
                self._open[name] = count - 1
                if count == 1:
                    del self._open[name]
        elif len(line) > _MAX_LINE_CHARS and self._patterns.begun.match(line):
            # The name of the component that it may open is not known.
            self.off = True
        elif not self._open and (fence := _FENCE.match(line)):
            # As in Markdown: at least as many of the same character close it, if nothing follows them, and
            # if they are not code because of their indentation.
            indent = len(fence[1].expandtabs(_CODE_INDENT))
            if not self._fence:
                self._fence, self._fence_indent = fence[2], indent
            elif (
                fence[2].startswith(self._fence)
                and fence[3] is not None
                and indent < self._fence_indent + _CODE_INDENT
            ):
                self._fence = ""

    def _tag(self, text: str, at: int) -> int:
        """Read the next character of an opening tag, as far as it still may become one."""
        char, matched = text[at], self._matched
        if char == ">" and matched in _NAMED:
            self._closing_tag = f"</{_LONGER_TAG[1:matched]}>"
            if not self._emits:
                self._parts.append((True, ""))
            self._state = _RUN
            self._matched = 0
            return at + 1
        if matched < _NAMED[-1] and char == _LONGER_TAG[matched]:
            self._matched += 1
            return at + 1
        begun = _LONGER_TAG[:matched]
        self._add(begun)
        self._matched = 0
        self._start_text()
        if self._mark == _LONGER_TAG[0]:
            # Not a tag, but perhaps a marker.
            self._line += begun
            self._state = _LINE
        return at

    def _run(self, text: str, at: int) -> int:
        """Read on in a run, up to the next character that may begin its closing tag or belongs to it."""
        matched = self._matched
        if matched and text[at] == self._closing_tag[matched]:
            self._matched += 1
            if self._matched == len(self._closing_tag):
                self._matched = 0
                self._trims = not self._started
                self._state = _LEAD
            return at + 1
        if matched:
            # Only its first character can begin a tag anew, and the search below would find that.
            self._add_thought(self._closing_tag[:matched])
            self._matched = 0
            return at
        found = text.find("<", at)
        if found < 0:
            self._add_thought(text[at:])
            return len(text)
        self._add_thought(text[at:found])
        self._matched = 1
        return found + 1

    def _start_text(self) -> None:
        self._started = True
        self._trims = False
        self._state = _PLAIN
        self.off = self.off or not self._everywhere

    _STEPS = (_lead, _plain, _on_line, _tag, _run)


def thinking_filter(thinking: Thinking | None, tool: object, grammar: Grammar | None) -> ThinkingFilter:
    """Return the filter of a decoder.

    Args:
        thinking: Treatment of the thoughts; None drops those before the first other text.
        tool: The tool whose calls are the text, if any: such text has no thoughts in it.
        grammar: Grammar of the parser that the text is for.

    Raises:
        UsageError: ``thinking`` is not a treatment.
    """
    check_thinking(thinking, optional=True)
    mode = "keep" if tool else thinking or "drop"
    return ThinkingFilter(mode, grammar=grammar, everywhere=thinking is not None)
