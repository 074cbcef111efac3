"""Text, cut anywhere, to events: the incremental parser.

The rules of the house: the result depends on the text, never on its cuts; what can be told is told in the
same ``feed``; no character is examined more than twice; only a line that may still become a marker or a
dropped fence is held back.

A stream is a sequence of lines. :mod:`componentstream.core.scanner` classifies each line;
:mod:`componentstream.core.blocks` turns the lines into blocks and their events. Here are the public calls.

Most chunks are the middle of a text line, and ``feed`` gives each its delta at once: that is allowed up to
the offset ``_barrier``. Chunks around a line end, an indentation or within a marker are as simple and
common, so up to the offset ``_light`` they have short ways of their own. What left on these ways is counted
(``_counted``) when a chunk comes that goes the long way, by ``_feed``.
"""

from collections.abc import Mapping
from typing import Final, Self

import attrs

from componentstream.core.blocks import FatalError, part
from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta, Event, Json
from componentstream.core.grammar import ENDED, LEAD, NO_FENCES, TEXT, Grammar
from componentstream.core.limits import Limits
from componentstream.core.scanner import CANDIDATES, NOWHERE, UNSEEN, LineScanner, Seen

_SNAPSHOT_VERSION: Final = 1
_INDENTATION: Final = " \t"


class ComponentParser(LineScanner):
    """Turn the text of one stream into events.

    Feed it chunks in order with :meth:`feed`; each call returns the events that the chunk decides. When the
    stream has ended call :meth:`close` once, or :meth:`abort` if it broke off, and pass on what they
    return. One parser reads one stream; make another for the next.

    It does no I/O and knows no clock. No text makes it raise: what a model writes wrongly comes back as
    :class:`~componentstream.ErrorEvent`. Any exception other than UsageError is a bug.

    Args:
        grammar: the language of the markers.
        limits: the bounds of the stream.
    """

    __slots__ = ("_barrier", "_closed", "_counted", "_failed", "_index", "_leads", "_light")

    def __init__(self, grammar: Grammar = Grammar(), limits: Limits = Limits()) -> None:
        super().__init__(grammar, limits)
        self._barrier = self._light = self._index = NOWHERE
        self._leads: dict[str, int] = {}
        self._counted = 0
        self._failed = self._closed = False

    @property
    def pending(self) -> str:
        """The text that is held back because it may still become a marker or a dropped fence."""
        return self._fence + self._held

    @property
    def failed(self) -> bool:
        """Whether a fatal error has ended the stream; nothing comes out any more."""
        return self._failed

    @property
    def closed(self) -> bool:
        """Whether the stream has been ended by ``close`` or ``abort``."""
        return self._closed

    def feed(self, text: str) -> list[Event]:
        """Take the next piece of the stream, of any length, and return the events that it decides.

        At most one delta comes per uninterrupted run of text. After a fatal error the result is empty.

        Raises:
            UsageError: `text` is no str (decode bytes with ``componentstream.sources.text.TextDecoder``),
                or the stream has been ended.
        """
        if type(text) is str and text:
            end = self._offset + len(text)
            if end <= self._barrier and "\n" not in text:
                self._offset = end
                return [ContentBlockDelta(self._index, text)]
            if end <= self._light:
                if self._state == TEXT:
                    return self._feed_lines(text, end, text.find("\n"))
                if self._state == LEAD:
                    return self._feed_lead(text, end)
                return self._feed_candidate(text, end)
            return self._feed(text, UNSEEN)
        if isinstance(text, str):
            return self.feed(str.__str__(text)) if text else self._feed("", UNSEEN)
        raise UsageError(
            f"feed takes str, not {type(text).__name__}; decode bytes with TextDecoder, or use parse()."
        )

    def close(self) -> list[Event]:
        """End the stream: judge what is held, close what is open; return the last events.

        Call it once the source has ended by itself. A second call returns nothing.
        """
        return self._end(aborted=False)

    def abort(self) -> list[Event]:
        """End the stream because it broke off or is not wanted any more; return the last events.

        What is held leaves as text, open blocks stop with the reason ``aborted``, and no error is added:
        the caller knows why. A second call, or one after ``close``, returns nothing.
        """
        return self._end(aborted=True)

    def _end(self, *, aborted: bool) -> list[Event]:
        if self._failed or self._closed:
            self._closed = True
            return []
        self._closed = True
        self._enter()
        try:
            if not aborted:
                self._take_last_line()
            self._settle_all()
            if aborted:
                self._structure.flush()
                self._structure.abort()
            else:
                self._structure.finish()
        except FatalError:
            self._fail()
        return self._leave()

    def snapshot(self) -> Json:
        """Return the state between two calls as JSON values, for :meth:`restore` in another process.

        It holds the text that is held back, and no other text of the stream.
        """
        self._enter()
        self._leave()
        return {
            "version": _SNAPSHOT_VERSION,
            "grammar": _settings(self._grammar),
            "limits": _settings(self._limits),
            "structure": self._structure.snapshot(),
            "offset": self._offset,
            "line": self._line,
            "line_from": self._line_from,
            "text": self._state == TEXT,
            # Escaped, because JSON makes one character of a surrogate pair, and changes offsets with it.
            "held": self._held.encode("unicode_escape").decode("ascii"),
            "fence": self._fence,
            "failed": self._failed,
            "closed": self._closed,
        }

    @classmethod
    def restore(
        cls, snapshot: Mapping[str, object], *, grammar: Grammar = Grammar(), limits: Limits = Limits()
    ) -> Self:
        """Return a parser that goes on where `snapshot` was taken.

        Args:
            snapshot: what :meth:`snapshot` returned, also after a way through JSON.
            grammar: the grammar of the parser it was taken from.
            limits: the limits of that parser.

        Raises:
            UsageError: `snapshot` is no snapshot of this version, or of other settings.
        """
        if not isinstance(snapshot, dict) or snapshot.get("version") != _SNAPSHOT_VERSION:
            raise UsageError(f"restore takes what snapshot() returned, of version {_SNAPSHOT_VERSION}.")
        if snapshot.get("grammar") != _settings(grammar) or snapshot.get("limits") != _settings(limits):
            raise UsageError("restore: give the grammar and the limits of the parser that was snapshotted.")
        parser = cls(grammar, limits)
        try:
            parser._resume(snapshot)
        except (KeyError, TypeError, UnicodeError) as error:
            raise UsageError(f"restore: the snapshot is damaged ({error!r}).") from error
        return parser

    def _resume(self, snapshot: Mapping[str, object]) -> None:
        held = part(snapshot, "held", str).encode("ascii").decode("unicode_escape")
        if "\n" in held:
            raise TypeError("held must be part of one line")
        self._structure.restore(part(snapshot, "structure", dict))
        self._offset = self._counted = part(snapshot, "offset", int) - len(held)
        self._line = part(snapshot, "line", int)
        self._line_from = part(snapshot, "line_from", int)
        self._fence = part(snapshot, "fence", str)
        self._state = TEXT if part(snapshot, "text", bool) else LEAD
        # The state of a line in part follows from its text; reading that again brings no event.
        self._enter()
        self._read(held, UNSEEN)
        self._failed = part(snapshot, "failed", bool)
        self._closed = part(snapshot, "closed", bool)
        self._leave()

    # The short ways. If a chunk may be more than they can do they hand it on, with what they have seen of
    # it, so that no character need be examined again.

    def _feed_candidate(self, text: str, end: int) -> list[Event]:
        """Feed a chunk to a candidate that it does not make too long."""
        first = text.find("\n")
        if first >= 0:
            return self._feed(text, (first, NOWHERE, NOWHERE, 0, LEAD))
        self._held += text
        self._offset = end
        return []

    def _feed_lead(self, text: str, end: int) -> list[Event]:
        """Feed a chunk to a line of which there is only white space yet."""
        bare, char = text, text[0]
        if char in _INDENTATION:
            bare = text.lstrip(_INDENTATION)
            char = bare[0] if bare else ""
        state = self._leads.get(char, TEXT)
        if state == TEXT:
            first = text.find("\n", len(text) - len(bare) + 1)
            if first >= 0:
                return self._feed_lines(text, end, first)
            text = self._held + text
            self._held = ""
            self._state = TEXT
            self._offset = end
            self._barrier = self._light
            return [ContentBlockDelta(self._index, text)]
        if state == ENDED:
            return self._feed_lines(text, end, len(text) - len(bare))
        if bare or end - self._line_from > self._limits.max_marker_chars:
            return self._feed(text, (NOWHERE, NOWHERE, NOWHERE, len(text) - len(bare[1:]), state))
        self._held += text
        self._offset = end
        return []

    def _feed_lines(self, text: str, end: int, first: int) -> list[Event]:
        """Feed a chunk whose first line is text and ends with the LF at `first`."""
        begin, second = first + 1, NOWHERE
        if self._structure.fences != NO_FENCES:
            last = text.rfind("\n", begin)
            if last >= 0:
                return self._feed(text, (first, last, NOWHERE, last + 1, LEAD))
        elif (second := text.find("\n", begin)) >= 0:
            last = max(second, text.rfind("\n", second + 1))
            hit = text.find(self._grammar.prefix, begin, last)
            if hit >= 0:
                return self._feed(text, (first, last, hit, last + 1, LEAD))
            begin = last + 1
        rest = text[begin:]
        bare, char = rest, rest[0] if rest else ""
        if char and char in _INDENTATION:
            bare = rest.lstrip(_INDENTATION)
            char = bare[0] if bare else ""
        state = self._leads.get(char, TEXT)
        if state == TEXT:
            self._state = TEXT
            self._barrier = self._light
            leaving = self._held + text
            self._held = ""
        elif bare or len(rest) > self._limits.max_marker_chars:
            return self._feed(text, (first, begin - 1, begin, len(text) - len(bare[1:]), state))
        else:
            self._state = LEAD
            self._barrier = NOWHERE
            leaving = self._held + text[:begin]
            self._held = rest
        self._line += 1 if second < 0 else 2 + text.count("\n", second + 1, begin)
        self._line_from = end - len(rest)
        self._offset = end
        return [ContentBlockDelta(self._index, leaving)]

    def _feed(self, text: str, seen: Seen) -> list[Event]:
        """Feed any chunk."""
        if self._failed:
            return []
        if self._closed:
            raise UsageError("feed after the end of the stream; make a new ComponentParser for each stream.")
        room = self._limits.max_total_chars - self._offset
        self._enter()
        try:
            if len(text) <= room:
                self._read(text, seen)
                self._structure.flush()
            else:
                self._read(text[:room], UNSEEN)
                self._take_last_line()
                self._settle_all()
                message = f"The stream is longer than {self._limits.max_total_chars} characters."
                self._structure.error("stream_too_large", message)
        except FatalError:
            self._fail()
        return self._leave()

    def _enter(self) -> None:
        """Begin a call: count the text that left on the short ways."""
        target = self._structure.target
        if target is not None:
            target.chars += self._offset - len(self._held) - self._counted

    def _leave(self) -> list[Event]:
        """End a call: see how far the short ways may go, hand out the events."""
        structure, limit = self._structure, self._limits.max_total_chars
        self._counted = self._offset - len(self._held)
        self._barrier = self._light = NOWHERE
        target = structure.target
        if self._failed or self._closed:
            pass
        elif self._state in CANDIDATES:
            self._light = min(limit, self._line_from + self._limits.max_marker_chars)
        elif self._state <= LEAD and target is not None and not target.trimmed:
            if structure.open:
                limit = min(limit, self._counted + self._limits.max_component_chars - target.chars)
            self._index = target.index
            self._leads = self._machine.leads[structure.fences]
            if self._state == TEXT:
                self._barrier = limit
            if not (self._fence or structure.first_line):
                self._light = limit
        events, structure.events = structure.events, []
        return events

    def _fail(self) -> None:
        """End the stream behind a fatal error."""
        self._failed = True
        self._fence = self._held = ""
        self._structure.abort()


def _settings(value: Grammar | Limits) -> Json:
    """Return the settings as JSON values, for comparison."""
    return {
        name: sorted(setting) if isinstance(setting, frozenset) else setting
        for name, setting in attrs.asdict(value).items()
    }
