"""Turn text, cut anywhere, into events: the incremental parser.

Four promises shape this code. The events depend on the text and never on how it was cut. A character that
can no longer become part of a marker or a dropped fence is emitted in the same ``feed``. No character is
examined more than twice. Only a line that may still become a marker or a dropped fence is held back.

A stream is a sequence of lines. :mod:`componentstream.core.scanner` classifies each line,
:mod:`componentstream.core.structure` turns the lines into blocks and their events, and the parser here owns
one scanner and offers the public calls.

Most chunks take a fast path, which neither the scanner nor the builder takes part in:

* The middle of a text line, up to the offset ``_plain_until``: ``feed`` emits it as it is.
* A chunk with line ends, indentation, or the rest of a marker, up to the offset ``_fast_until``: see
  ``_feed_lines``, ``_feed_lead`` and ``_feed_candidate``.

All other chunks go through ``_feed``. The fast paths advance ``_offset`` only; ``_sync`` brings scanner and
builder up to date before they are used, and ``_publish`` decides afterwards how far the fast paths may go.

Measured per chunk of four characters of a generated page, the slow path alone costs four times as much as
all of them together, and ``_plain_until`` alone twice as much.
"""

from collections.abc import Mapping
from typing import Final, Self

import attrs

from componentstream.core import codes
from componentstream.core.arguments import check_instance
from componentstream.core.automaton import ENDED, LEAD, NO_FENCES, TEXT, machine_of
from componentstream.core.blocks import FatalError
from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta, Event, Json
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.lines import CANDIDATES, NOWHERE, UNSCANNED, LineScan
from componentstream.core.scanner import LineScanner
from componentstream.core.snapshots import require

_SNAPSHOT_VERSION: Final = 3
_INDENTATION: Final = " \t"


class ComponentParser:
    """Turn the text of one stream into events.

    Feed it chunks in order with :meth:`feed`; each call returns the events that the chunk decides. When the
    stream has ended call :meth:`close` once, or :meth:`abort` if it broke off, and use the events that they
    return too. One parser reads one stream; create another for the next.

    It does no I/O and has no clock. No text makes it raise: mistakes of the model are returned as
    :class:`~componentstream.ErrorEvent`. Any exception other than UsageError is a bug.

    Args:
        grammar: the language of the markers.
        limits: the limits of the stream.

    Raises:
        UsageError: an argument has the wrong type.
    """

    # The fast paths are a handful of bytecodes each, so the values they read are kept here and not behind
    # another attribute: `_offset` (code points fed; equal to that of the scanner after `_sync`), and
    # `_blocks` and `_machine`, which the scanner uses too.
    __slots__ = (
        "_blocks", "_closed", "_failed", "_fast_until", "_grammar", "_index", "_leads", "_limits",
        "_machine", "_offset", "_plain_until", "_scanner", "_synced_offset",
    )  # fmt: skip

    def __init__(self, grammar: Grammar = Grammar(), limits: Limits = Limits()) -> None:
        _check_settings(grammar, limits)
        self._grammar = grammar
        self._limits = limits
        self._machine = machine_of(grammar)
        self._scanner = LineScanner(grammar, limits)
        self._blocks = self._scanner.blocks
        self._plain_until = self._fast_until = self._index = NOWHERE
        self._leads: dict[str, int] = {}
        self._offset = self._synced_offset = 0
        self._failed = self._closed = False

    @property
    def grammar(self) -> Grammar:
        """The language of the markers."""
        return self._grammar

    @property
    def pending(self) -> str:
        """The text that is held back because it may still become a marker or a dropped fence."""
        return self._scanner.fence + self._scanner.held

    @property
    def open_components(self) -> tuple[str, ...]:
        """The names of the open components, outermost first."""
        return tuple(block.name for block in self._blocks.open)

    @property
    def failed(self) -> bool:
        """True after a fatal error; further calls return []."""
        return self._failed

    @property
    def closed(self) -> bool:
        """True after :meth:`close` or :meth:`abort`."""
        return self._closed

    def feed(self, text: str) -> list[Event]:
        """Read the next chunk of the stream, of any length, and return the events that it decides.

        At most one delta is returned per uninterrupted run of text. After a fatal error the result is empty.

        Raises:
            UsageError: `text` is not a str (decode bytes with ``componentstream.sources.text.TextDecoder``),
                or the stream has ended.
        """
        if type(text) is str and text:
            end = self._offset + len(text)
            # Invariant of `_plain_until`: up to this offset the current line is text, its block is open and
            # not trimmed, nothing is held, and no limit is reached. Only an LF can change that. This path
            # takes most chunks and saves most of the time, so it comes first and calls no method of ours.
            if end <= self._plain_until and "\n" not in text:
                self._offset = end
                return [ContentBlockDelta(self._index, text)]
            if end <= self._fast_until:
                state = self._scanner.state
                if state == TEXT:
                    # `_plain_until` is not less than `_fast_until` in a text line, so there is an LF.
                    return self._feed_lines(text, end, text.find("\n"))
                if state == LEAD:
                    return self._feed_lead(text, end)
                return self._feed_candidate(text, end)
            return self._feed(text, UNSCANNED)
        if isinstance(text, str):
            # A subclass may override the methods used here: take the plain text of it.
            return self.feed(str.__str__(text)) if text else self._feed("", UNSCANNED)
        raise UsageError(
            f"feed takes str, not {type(text).__name__}; decode bytes with TextDecoder, or use parse()."
        )

    def close(self) -> list[Event]:
        """End the stream: judge the held text, close all open blocks, return the last events.

        Call it when the source has ended normally. A second call returns an empty list.
        """
        return self._end(aborted=False)

    def abort(self) -> list[Event]:
        """End a stream that broke off or is no longer wanted; return the last events.

        Held text is emitted as text, open blocks stop with the reason ``aborted``, and no error is added:
        the caller knows the cause. A second call, or one after ``close``, returns an empty list.
        """
        return self._end(aborted=True)

    def _end(self, *, aborted: bool) -> list[Event]:
        if self._failed or self._closed:
            self._closed = True
            return []
        self._closed = True
        self._sync()
        scanner, blocks = self._scanner, self._blocks
        try:
            if not aborted:
                scanner.take_last_line()
            scanner.settle_all()
            if aborted:
                # Held text counts towards the limits, so flushing it may report an error after all.
                blocks.flush()
                blocks.abort()
            else:
                blocks.finish()
        except FatalError:
            self._fail()
        return self._publish()

    def snapshot(self) -> Json:
        """Return the state between two calls as JSON values, for :meth:`restore` in another process.

        It contains the held text and no other text of the stream.
        """
        self._sync()
        self._publish()
        return {
            "version": _SNAPSHOT_VERSION,
            "grammar": _settings(self._grammar),
            "limits": _settings(self._limits),
            **self._scanner.snapshot(),
            "failed": self._failed,
            "closed": self._closed,
        }

    @classmethod
    def restore(
        cls, snapshot: Mapping[str, object], *, grammar: Grammar = Grammar(), limits: Limits = Limits()
    ) -> Self:
        """Return a parser that continues where `snapshot` was taken.

        Args:
            snapshot: the value that :meth:`snapshot` returned, also after a round trip through JSON.
            grammar: the grammar of the parser that it was taken from.
            limits: the limits of that parser.

        Raises:
            UsageError: `snapshot` is damaged, has another version, or was taken with other settings.
        """
        if not isinstance(snapshot, dict) or snapshot.get("version") != _SNAPSHOT_VERSION:
            raise UsageError(
                f"restore: this is not a snapshot of version {_SNAPSHOT_VERSION}; pass the value that "
                "snapshot() returned. An older release cannot be continued by this one: start anew."
            )
        parser = cls(grammar, limits)
        if snapshot.get("grammar") != _settings(grammar) or snapshot.get("limits") != _settings(limits):
            raise UsageError("restore: pass the grammar and the limits of the parser that was snapshotted.")
        try:
            parser._resume(snapshot)
        except (FatalError, KeyError, TypeError, ValueError) as error:
            raise UsageError(f"restore: the snapshot is damaged ({error!r}).") from error
        return parser

    def _resume(self, snapshot: Mapping[str, object]) -> None:
        self._scanner.restore(snapshot)
        self._failed = require(snapshot, "failed", bool)
        self._closed = require(snapshot, "closed", bool)
        self._publish()

    # The fast paths. They are entered with the invariant of `_fast_until`: no fence is held, the line is not
    # the first of a component, the current block is open and not trimmed (for a candidate none of this is
    # needed), and neither the limits of the stream nor those of the block are reached in this chunk. So the
    # result is at most one delta. A path that finds anything else passes the chunk to the slow path together
    # with a LineScan, so that no character needs to be examined again.

    def _feed_candidate(self, text: str, end: int) -> list[Event]:
        """Feed a chunk to a candidate, which stays within ``max_marker_chars``."""
        # The smallest gain of the three: 2 % with four characters per chunk, nothing with long chunks.
        scanner = self._scanner
        first = text.find("\n")
        if first >= 0:
            return self._feed(text, (first, NOWHERE, NOWHERE, 0, LEAD))
        scanner.held += text
        self._offset = end
        return []

    def _feed_lead(self, text: str, end: int) -> list[Event]:
        """Feed a chunk to a line that has only white space so far, or nothing."""
        scanner = self._scanner
        bare, char = text, text[0]
        if char in _INDENTATION:
            bare = text.lstrip(_INDENTATION)
            char = bare[0] if bare else ""
        # The first other character decides: `_leads` has those that can begin a marker or a fence here.
        state = self._leads.get(char, TEXT)
        if state == TEXT:
            first = text.find("\n", len(text) - len(bare) + 1)
            if first >= 0:
                return self._feed_lines(text, end, first)
            text = scanner.held + text
            scanner.held = ""
            scanner.state = TEXT
            self._offset = end
            self._plain_until = self._fast_until
            return [ContentBlockDelta(self._index, text)]
        if state == ENDED:
            return self._feed_lines(text, end, len(text) - len(bare))
        if bare or end - scanner.line_start > self._limits.max_marker_chars:
            return self._feed(text, (NOWHERE, NOWHERE, NOWHERE, len(text) - len(bare[1:]), state))
        scanner.held += text
        self._offset = end
        return []

    def _feed_lines(self, text: str, end: int, first: int) -> list[Event]:
        """Feed a chunk whose first line is text and ends with the LF at `first`."""
        scanner = self._scanner
        begin, second = first + 1, NOWHERE
        if self._blocks.fences != NO_FENCES:
            # Any complete line may be a fence here, so only chunks without one stay on this path.
            last = text.rfind("\n", begin)
            if last >= 0:
                return self._feed(text, (first, last, NOWHERE, last + 1, LEAD))
        elif (second := text.find("\n", begin)) >= 0:
            # Complete lines without the prefix are text.
            last = max(second, text.rfind("\n", second + 1))
            hit = text.find(self._grammar.prefix, begin, last)
            if hit >= 0:
                return self._feed(text, (first, last, hit, last + 1, LEAD))
            begin = last + 1
        # The last line of the chunk is incomplete: judge it by its beginning, as in `_feed_lead`.
        rest = text[begin:]
        bare, char = rest, rest[0] if rest else ""
        if char and char in _INDENTATION:
            bare = rest.lstrip(_INDENTATION)
            char = bare[0] if bare else ""
        state = self._leads.get(char, TEXT)
        if state == TEXT:
            scanner.state = TEXT
            self._plain_until = self._fast_until
            released = scanner.held + text
            scanner.held = ""
        elif bare or len(rest) > self._limits.max_marker_chars:
            return self._feed(text, (first, begin - 1, begin, len(text) - len(bare[1:]), state))
        else:
            scanner.state = LEAD
            self._plain_until = NOWHERE
            released = scanner.held + text[:begin]
            scanner.held = rest
        scanner.line += 1 if second < 0 else 2 + text.count("\n", second + 1, begin)
        scanner.line_start = end - len(rest)
        self._offset = end
        return [ContentBlockDelta(self._index, released)]

    def _feed(self, text: str, scan: LineScan) -> list[Event]:
        """Feed any chunk: the slow path."""
        if self._failed:
            return []
        if self._closed:
            raise UsageError("feed after the end of the stream; make a new ComponentParser for each stream.")
        room = self._limits.max_total_chars - self._offset
        self._sync()
        scanner, blocks = self._scanner, self._blocks
        try:
            if len(text) <= room:
                scanner.read(text, scan)
                blocks.flush()
            else:
                # The text up to the limit is treated as if the stream ended there, so that the result does
                # not depend on the chunk in which the limit was exceeded. `scan` may lie beyond the limit.
                scanner.read(text[:room], UNSCANNED)
                scanner.take_last_line()
                scanner.settle_all()
                message = f"The stream is longer than {self._limits.max_total_chars} characters."
                blocks.error(codes.STREAM_TOO_LARGE, message)
        except FatalError:
            self._fail()
        return self._publish()

    def _sync(self) -> None:
        """Bring scanner and builder up to date with the text that took a fast path."""
        scanner = self._scanner
        scanner.offset = self._offset
        block = self._blocks.current_block
        if block is not None:
            # All released text of a fast path belongs to one block, so one subtraction counts it.
            block.chars += self._offset - len(scanner.held) - self._synced_offset

    def _publish(self) -> list[Event]:
        """Set how far the fast paths may go, and return the events of the call."""
        scanner, blocks, limit = self._scanner, self._blocks, self._limits.max_total_chars
        self._offset = scanner.offset
        self._synced_offset = self._offset - len(scanner.held)
        self._plain_until = self._fast_until = NOWHERE
        block = blocks.current_block
        if self._failed or self._closed:
            pass
        elif scanner.state in CANDIDATES:
            self._fast_until = min(limit, scanner.line_start + self._limits.max_marker_chars)
        elif scanner.state <= LEAD and block is not None and not block.trimmed:
            if blocks.open:
                limit = min(limit, self._synced_offset + self._limits.max_component_chars - block.chars)
            self._index = block.index
            self._leads = self._machine.leads[blocks.fences]
            if scanner.state == TEXT:
                self._plain_until = limit
            if not (scanner.fence or blocks.first_line):
                self._fast_until = limit
        events, blocks.events = blocks.events, []
        return events

    def _fail(self) -> None:
        """End the stream after a fatal error."""
        self._failed = True
        self._scanner.fence = self._scanner.held = ""
        self._blocks.abort()


def _check_settings(grammar: object, limits: object) -> None:
    """Refuse arguments that would fail only later, such as the text in place of the grammar."""
    if isinstance(grammar, str | bytes):
        cure = "pass text to feed(), or use parse([text])"
    elif isinstance(grammar, Limits):
        cure = "pass limits by name: limits=Limits(...)"
    else:
        cure = ""
    check_instance(grammar, Grammar, "ComponentParser: grammar", cure)
    check_instance(limits, Limits, "ComponentParser: limits")


def _settings(value: Grammar | Limits) -> Json:
    """Return the settings as JSON values, for comparison."""
    return {
        name: sorted(setting) if isinstance(setting, frozenset) else setting
        for name, setting in attrs.asdict(value).items()
    }
