"""What ComponentParser promises: exact events for a text, however it is cut, and what each call does."""

import json
from itertools import combinations

import pytest
from hypothesis import given

from componentstream.errors import UsageError
from componentstream.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    TextBlock,
)
from componentstream.grammar import Grammar
from componentstream.limits import Limits
from componentstream.parser import ComponentParser
from componentstream.testing import assert_cut_invariant, merge_deltas, strategies

START = "/// START A\n"
"""A START line, 12 characters long."""

END = "/// END A\n"
"""Its END, 10 characters long."""


def read(*chunks, **settings):
    """Feed the chunks, close; return all events."""
    parser = ComponentParser(**settings)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return [*events, *parser.close()]


def component(index, name, span, *, position="main", parent=None, **attributes):
    return ContentBlockStart(index, ComponentBlock(name, position, attributes, parent), span)


def text(index):
    return ContentBlockStart(index, TextBlock())


def delta(index, content):
    return ContentBlockDelta(index, content)


def stop(index, chars, span=None, *, reason="end", trimmed=0):
    return ContentBlockStop(index, reason, chars, trimmed, span)


def error(code, message, line=None, span=None, *, index=None, fatal=False):
    return ErrorEvent(code, message, fatal=fatal, line=line, index=index, span=span)


def unclosed(index, name, line=None, span=None):
    return error("unclosed_component", f"Component {name} was not closed.", line, span, index=index)


def run_of(content, index=0):
    """Return the events of a stream that is nothing but text."""
    return [text(index), delta(index, content), stop(index, len(content))]


CASES = {
    "an empty stream": ("", {}, []),
    "text alone": ("Hello,\nworld", {}, run_of("Hello,\nworld")),
    "white space alone": (" \r\n\t\n\u3000", {}, []),
    "white space before text": (" \n\n\t Hi \n", {}, run_of("Hi \n")),
    "a component in text": (
        "Hi\n/// START Hero position=hero tone=dark\nx = 1\n/// END Hero\n\nBye",
        {},
        [
            text(0),
            delta(0, "Hi\n"),
            stop(0, 3),
            component(1, "Hero", (3, 42), position="hero", tone="dark"),
            delta(1, "x = 1\n"),
            stop(1, 6, (48, 61)),
            text(2),
            delta(2, "Bye"),
            stop(2, 3),
        ],
    ),
    "CRLF, of which nothing is lost": (
        "a\r\n/// START A\r\nb\r\n\r\n/// END A\r\n",
        {},
        [
            text(0),
            delta(0, "a\r\n"),
            stop(0, 3),
            component(1, "A", (3, 16)),
            delta(1, "b\r\n\r\n"),
            stop(1, 5, (21, 32)),
        ],
    ),
    "a CR inside a marker": (
        "/// START\rA\n/// START A\r\r\n",
        {},
        [
            text(0),
            delta(0, "/// START\rA\n"),
            error("invalid_name", "'A\\r' is no component name.", 2, (12, 26)),
            delta(0, "/// START A\r\r\n"),
            stop(0, 26),
        ],
    ),
    "markers with no space, and much": (
        "///START A\n \t///\u3000 START\u00a0B \n///END B\n   /// END\tA",
        {},
        [
            component(0, "A", (0, 11)),
            component(1, "B", (11, 27), parent=0),
            stop(1, 0, (27, 36)),
            stop(0, 0, (36, 48)),
        ],
    ),
    "a byte order mark, which counts": (
        "\ufeff/// START A\n/// END A",
        {},
        [component(0, "A", (1, 13)), stop(0, 0, (13, 22))],
    ),
    "a byte order mark before text": ("\ufeff Hi", {}, run_of("Hi")),
    "a second byte order mark": ("\ufeff\ufeffHi", {}, run_of("\ufeffHi")),
    "what is nearly a marker": (
        "/\n//\n/// \n/// STAR\n/// STARTED A\n//// START A\n/// start A\nx /// START A\n ///",
        {},
        run_of("/\n//\n/// \n/// STAR\n/// STARTED A\n//// START A\n/// start A\nx /// START A\n ///"),
    ),
    "what is nearly a marker, in a component": (
        "/// START A\n/\n  //\n/// \n\n   \n/// EN\n//// END A\nx\n  y /// END A\n/// END A",
        {},
        [
            component(0, "A", (0, 12)),
            delta(0, "/\n  //\n/// \n\n   \n/// EN\n//// END A\nx\n  y /// END A\n"),
            stop(0, 51, (63, 72)),
        ],
    ),
    "ill-formed markers, which are text": (
        "/// START\n/// START 1A\n/// START A b\n/// END\n/// END B\n/// START A\n/// END A x\n/// END A",
        {},
        [
            error("malformed_marker", "The marker names no component.", 1, (0, 10)),
            text(0),
            delta(0, "/// START\n"),
            error("invalid_name", "'1A' is no component name.", 2, (10, 23)),
            delta(0, "/// START 1A\n"),
            error(
                "invalid_attribute",
                'The attributes of a component are written key=value or key="value".',
                3,
                (23, 37),
            ),
            delta(0, "/// START A b\n"),
            error("malformed_marker", "The marker names no component.", 4, (37, 45)),
            delta(0, "/// END\n"),
            error("unexpected_end", "No component B is open.", 5, (45, 55)),
            delta(0, "/// END B\n"),
            stop(0, 55),
            component(1, "A", (55, 67)),
            error("invalid_attribute", "The attributes of a component stand at its START.", 7, (67, 79)),
            delta(1, "/// END A x\n"),
            stop(1, 12, (79, 88)),
        ],
    ),
    "an unknown position": (
        "/// START A position=attic\n/// END A\n",
        {},
        [
            error("invalid_position", "There is no position 'attic'.", 1, (0, 27)),
            component(0, "A", (0, 27)),
            stop(0, 0, (27, 37)),
        ],
    ),
    "children": (
        "/// START A\na\n/// START B\nb\n/// END B\nc\n/// END A\n",
        {},
        [
            component(0, "A", (0, 12)),
            delta(0, "a\n"),
            component(1, "B", (14, 26), parent=0),
            delta(1, "b\n"),
            stop(1, 2, (28, 38)),
            delta(0, "c\n"),
            stop(0, 4, (40, 50)),
        ],
    ),
    "an END that closes children too": (
        "/// START A\n/// START B\nb\n/// END A\n",
        {},
        [
            component(0, "A", (0, 12)),
            component(1, "B", (12, 24), parent=0),
            delta(1, "b\n"),
            unclosed(1, "B", 4, (26, 36)),
            stop(1, 2, (26, 36), reason="implied"),
            stop(0, 0, (26, 36)),
        ],
    ),
    "the end of the stream inside": (
        "/// START A\n/// START B\nb",
        {},
        [
            component(0, "A", (0, 12)),
            component(1, "B", (12, 24), parent=0),
            delta(1, "b"),
            unclosed(1, "B"),
            stop(1, 1, reason="truncated"),
            unclosed(0, "A"),
            stop(0, 0, reason="truncated"),
        ],
    ),
    "a last line without LF that is a candidate": (
        "/// START A",
        {},
        [component(0, "A", (0, 11)), unclosed(0, "A"), stop(0, 0, reason="truncated")],
    ),
    "a last line that is part of one": ("Hi\n/// STA", {}, run_of("Hi\n/// STA")),
    "another grammar": (
        "<!-- OPEN A\n/// OPEN B\n<!-- CLOSE A\n",
        {"grammar": Grammar(prefix="<!--", start="OPEN", end="CLOSE")},
        [component(0, "A", (0, 12)), delta(0, "/// OPEN B\n"), stop(0, 11, (23, 36))],
    ),
    "nesting close": (
        "/// START A\n/// START B\n/// END A\n",
        {"grammar": Grammar(nesting="close")},
        [
            component(0, "A", (0, 12)),
            unclosed(0, "A", 2, (12, 24)),
            stop(0, 0, (12, 24), reason="implied"),
            component(1, "B", (12, 24)),
            error("unexpected_end", "No component A is open.", 3, (24, 34)),
            delta(1, "/// END A\n"),
            unclosed(1, "B"),
            stop(1, 10, reason="truncated"),
        ],
    ),
    "outside discard": (
        "Hi\n```\n/// START A\nx\n/// END A\nBye\n",
        {"grammar": Grammar(outside="discard")},
        [component(0, "A", (7, 19)), delta(0, "x\n"), stop(0, 2, (21, 31))],
    ),
    # Fences.
    "a fence around a component": (
        "Look:\n```tsx\n/// START A\nx\n/// END A\n```\n",
        {},
        [
            text(0),
            delta(0, "Look:\n"),
            stop(0, 6),
            component(1, "A", (13, 25)),
            delta(1, "x\n"),
            stop(1, 2, (27, 37)),
        ],
    ),
    "a fence around a body": (
        "/// START A\n```tsx\nx\n```\n/// END A\n",
        {},
        [component(0, "A", (0, 12)), delta(0, "x\n"), stop(0, 2, (25, 35))],
    ),
    "a body's fence, ended by the stream": (
        "/// START A\n``` \r",
        {},
        [component(0, "A", (0, 12)), unclosed(0, "A"), stop(0, 0, reason="truncated")],
    ),
    "fences that are text": (
        "```\n```js\nx\n```\ny\n/// START A\nx\n```\n/// END A\n```\n```",
        {},
        [
            text(0),
            delta(0, "```\n```js\nx\n```\ny\n"),
            stop(0, 18),
            component(1, "A", (18, 30)),
            delta(1, "x\n```\n"),
            stop(1, 6, (36, 46)),
            text(2),
            delta(2, "```\n```"),
            stop(2, 7),
        ],
    ),
    "fences in a fenced body that are text": (
        "/// START A\n```tsx\n```js\n```\nx\n```\n/// END B\n```\n/// STA\n```\n/// END A\n",
        {},
        [
            component(0, "A", (0, 12)),
            delta(0, "```js\n```\nx\n```\n"),
            error("unexpected_end", "No component B is open.", 7, (35, 45)),
            delta(0, "/// END B\n```\n/// STA\n"),
            stop(0, 38, (61, 71)),
        ],
    ),
    "a fence before an END outside": (
        "```\n/// END A\n",
        {},
        [
            text(0),
            delta(0, "```\n"),
            error("unexpected_end", "No component A is open.", 2, (4, 14)),
            delta(0, "/// END A\n"),
            stop(0, 14),
        ],
    ),
    "a fence before a START that is not acted on": (
        "```\n/// START\n",
        {},
        [
            text(0),
            delta(0, "```\n"),
            error("malformed_marker", "The marker names no component.", 2, (4, 14)),
            delta(0, "/// START\n"),
            stop(0, 14),
        ],
    ),
    "a fence before a START in a fenced component": (
        "/// START A\n```\n```\n/// START B\n/// END A\n",
        {},
        [
            component(0, "A", (0, 12)),
            delta(0, "```\n"),
            component(1, "B", (20, 32), parent=0),
            unclosed(1, "B", 5, (32, 42)),
            stop(1, 0, (32, 42), reason="implied"),
            stop(0, 4, (32, 42)),
        ],
    ),
    "fences kept": (
        "```\n/// START A\n```\n/// END A\n",
        {"grammar": Grammar(fences="keep")},
        [
            text(0),
            delta(0, "```\n"),
            stop(0, 4),
            component(1, "A", (4, 16)),
            delta(1, "```\n"),
            stop(1, 4, (20, 30)),
        ],
    ),
    # Limits.
    "a marker as long as allowed, and one longer": (
        "/// START AB\r\n/// START ABC\n/// END AB\n",
        {"limits": Limits(max_marker_chars=12)},
        [
            component(0, "AB", (0, 14)),
            error("marker_too_long", "A marker line has at most 12 characters.", 2),
            delta(0, "/// START ABC\n"),
            stop(0, 14, (28, 39)),
        ],
    ),
    "a marker too long that is the last line": (
        "/// START A\n/// START AB\rC",
        {"limits": Limits(max_marker_chars=12)},
        [
            component(0, "A", (0, 12)),
            error("marker_too_long", "A marker line has at most 12 characters.", 2),
            delta(0, "/// START AB\rC"),
            unclosed(0, "A"),
            stop(0, 14, reason="truncated"),
        ],
    ),
    "a keyword at the limit": (
        "x\n/// START\n/// START \n/// START\r\n",
        {"limits": Limits(max_marker_chars=9)},
        [
            text(0),
            delta(0, "x\n"),
            error("malformed_marker", "The marker names no component.", 2, (2, 12)),
            delta(0, "/// START\n"),
            error("marker_too_long", "A marker line has at most 9 characters.", 3),
            delta(0, "/// START \n"),
            error("malformed_marker", "The marker names no component.", 4, (23, 34)),
            delta(0, "/// START\r\n"),
            stop(0, 34),
        ],
    ),
    "a line undecided for longer than a marker": (
        "x\n       /// START A\n      /// START A\n",
        {"limits": Limits(max_marker_chars=9)},
        [
            text(0),
            delta(0, "x\n       /// START A\n      /// START A\n"),
            stop(0, 39),
        ],
    ),
    "a fence at the limit, and longer ones": (
        "x\n`````\n/// S A\n/// E A\n``````\n/// S A\n/// E A\n```   \n/// S A\n",
        {"grammar": Grammar(start="S", end="E"), "limits": Limits(max_marker_chars=7)},
        [
            text(0),
            delta(0, "x\n"),
            stop(0, 2),
            component(1, "A", (8, 16)),
            stop(1, 0, (16, 24)),
            component(2, "A", (31, 39)),
            stop(2, 0, (39, 47)),
            component(3, "A", (54, 62)),
            unclosed(3, "A"),
            stop(3, 0, reason="truncated"),
        ],
    ),
    "a component too large": (
        "/// START A\nabcdef\ngh\n/// END A\n",
        {"limits": Limits(max_component_chars=4)},
        [
            component(0, "A", (0, 12)),
            delta(0, "abcd"),
            error("component_too_large", "Component A is longer than 4 characters.", index=0),
            stop(0, 4, (22, 32), trimmed=6),
        ],
    ),
    "too many components": (
        "/// START A\nx\n/// START B\ny\n/// END B\n",
        {"limits": Limits(max_components=1)},
        [
            component(0, "A", (0, 12)),
            delta(0, "x\n"),
            error("too_many_components", "A stream has at most 1 components.", 3, (14, 26), fatal=True),
            stop(0, 2, reason="aborted"),
        ],
    ),
    "too deep": (
        "/// START A\n/// START B\n/// END A\n",
        {"limits": Limits(max_depth=1)},
        [
            component(0, "A", (0, 12)),
            error("nesting_too_deep", "At most 1 components may be open.", 2, (12, 24)),
            delta(0, "/// START B\n"),
            stop(0, 12, (24, 34)),
        ],
    ),
    "too many errors": (
        "Hi\n/// END A\n/// END B\n```\n/// START C\n",
        {"limits": Limits(max_errors=1)},
        [
            text(0),
            delta(0, "Hi\n"),
            error("unexpected_end", "No component A is open.", 2, (3, 13)),
            delta(0, "/// END A\n"),
            error("too_many_errors", "The stream has more than 1 errors.", 3, (13, 23), fatal=True),
            stop(0, 13, reason="aborted"),
        ],
    ),
    "too many errors at the end of the stream": (
        "/// START A\n/// START B\n",
        {"limits": Limits(max_errors=1)},
        [
            component(0, "A", (0, 12)),
            component(1, "B", (12, 24), parent=0),
            unclosed(1, "B"),
            stop(1, 0, reason="truncated"),
            error("too_many_errors", "The stream has more than 1 errors.", fatal=True),
            stop(0, 0, reason="aborted"),
        ],
    ),
    "a stream as long as allowed": ("abcdef", {"limits": Limits(max_total_chars=6)}, run_of("abcdef")),
    "a stream too long": (
        "abc\ndefg",
        {"limits": Limits(max_total_chars=6)},
        [
            text(0),
            delta(0, "abc\nde"),
            error("stream_too_large", "The stream is longer than 6 characters.", fatal=True),
            stop(0, 6, reason="aborted"),
        ],
    ),
    "a stream too long whose last line is a marker": (
        "/// START A\n/// END Axyz\n",
        {"limits": Limits(max_total_chars=21)},
        [
            component(0, "A", (0, 12)),
            stop(0, 0, (12, 21)),
            error("stream_too_large", "The stream is longer than 21 characters.", fatal=True),
        ],
    ),
    "a stream too long whose last line is a fence": (
        "x\n```\nyz",
        {"limits": Limits(max_total_chars=5)},
        [
            text(0),
            delta(0, "x\n```"),
            error("stream_too_large", "The stream is longer than 5 characters.", fatal=True),
            stop(0, 5, reason="aborted"),
        ],
    ),
    "code, long and indented": (
        "/// START A\n  one\n\ttwo\n\n    three // four\n  /// END A\nand\n   more\n\n",
        {},
        [
            component(0, "A", (0, 12)),
            delta(0, "  one\n\ttwo\n\n    three // four\n"),
            stop(0, 30, (42, 54)),
            text(1),
            delta(1, "and\n   more\n\n"),
            stop(1, 13),
        ],
    ),
}

every_case = pytest.mark.parametrize(("content", "settings", "events"), CASES.values(), ids=CASES.keys())


@every_case
def test_a_text_gives_exactly_these_events(content, settings, events):
    assert merge_deltas(read(content, **settings)) == events


@every_case
def test_it_gives_the_same_events_however_it_is_cut(content, settings, events):
    assert merge_deltas(read(*content, **settings)) == events
    thirds = [
        [content[:one], content[one:other], content[other:]]
        for one, other in combinations(range(1, len(content)), 2)
        if (one * 7 + other) % 3 == 0
    ]
    assert_cut_invariant(lambda: ComponentParser(**settings), content, chunkings=thirds)


@every_case
def test_it_gives_the_same_events_when_it_goes_through_a_snapshot(content, settings, events):
    for cut in range(len(content) + 1):
        first = ComponentParser(**settings)
        before = first.feed(content[:cut])
        snapshot = json.loads(json.dumps(first.snapshot()))
        second = ComponentParser.restore(snapshot, **settings)
        assert second.pending == first.pending
        assert second.snapshot() == first.snapshot() == snapshot
        rest = [*second.feed(content[cut : cut + 1]), *second.feed(content[cut + 1 :])]
        assert merge_deltas([*before, *rest, *second.close()]) == events


@given(strategies.chunked(strategies.documents()))
def test_any_text_gives_the_same_events_however_it_is_cut(chunks):
    assert merge_deltas(read(*chunks)) == merge_deltas(read("".join(chunks)))


@pytest.mark.parametrize(
    ("chunks", "events"),
    [
        (
            ["/", "\n///START A\n"],
            [text(0), delta(0, "/\n"), stop(0, 2), component(1, "A", (2, 13)), unclosed(1, "A"),
             stop(1, 0, reason="truncated")],
        ),
        (
            ["/// STA", "\n/// START A\n"],
            [text(0), delta(0, "/// STA\n"), stop(0, 8), component(1, "A", (8, 20)), unclosed(1, "A"),
             stop(1, 0, reason="truncated")],
        ),
        (
            ["/", "// END Z\n/// END Z\n"],
            [error("unexpected_end", "No component Z is open.", 1, (0, 10)), text(0), delta(0, "/// END Z\n"),
             error("unexpected_end", "No component Z is open.", 2, (10, 20)), delta(0, "/// END Z\n"),
             stop(0, 20)],
        ),
    ],
)  # fmt: skip
def test_a_line_begun_in_one_chunk_is_not_taken_together_with_the_next_line(chunks, events):
    assert read(*chunks) == events


# feed.


def test_text_leaves_in_the_feed_that_brings_it():
    parser = ComponentParser()
    assert parser.feed("He") == [text(0), delta(0, "He")]
    assert parser.feed("llo") == [delta(0, "llo")]
    assert parser.feed(" /// START A") == [delta(0, " /// START A")]
    assert parser.pending == ""


def test_one_feed_gives_one_delta_per_run_of_text():
    parser = ComponentParser()
    assert parser.feed("a\n```\nb\n/// STA\nc\n/// START A\nd\ne\n\n f\n/// EN") == [
        text(0),
        delta(0, "a\n```\nb\n/// STA\nc\n"),
        stop(0, 18),
        component(1, "A", (18, 30)),
        delta(1, "d\ne\n\n f\n"),
    ]
    assert parser.pending == "/// EN"


def test_lines_and_indentation_leave_as_soon_as_they_are_no_marker():
    parser = ComponentParser()
    parser.feed(START + "x")
    assert parser.feed(" = 1\n") == [delta(0, " = 1\n")]
    assert parser.feed("  ") == []
    assert parser.pending == "  "
    assert parser.feed("\t") == []
    assert parser.feed("y\n\n  ") == [delta(0, "  \ty\n\n")]
    assert parser.feed("/") == []
    assert parser.feed("* z */") == [delta(0, "  /* z */")]
    assert parser.feed("\n  /") == [delta(0, "\n")]
    assert parser.feed("// EN") == []
    assert parser.pending == "  /// EN"
    assert parser.feed("D ") == []
    assert parser.feed("A") == []
    assert parser.feed("\n") == [stop(0, 22, (34, 46))]
    assert parser.pending == ""


def test_a_line_of_white_space_is_held_up_to_the_length_of_a_marker():
    parser = ComponentParser(limits=Limits(max_marker_chars=12))
    parser.feed(START + "x\n")
    assert parser.feed(" " * 12) == []
    assert parser.pending == " " * 12
    assert parser.feed(" ") == [delta(0, " " * 13)]
    assert parser.feed("/// END A\n") == [delta(0, "/// END A\n")]
    assert parser.feed("x\n" + " " * 13) == [delta(0, "x\n" + " " * 13)]
    assert parser.feed("x\n" + " " * 12) == [delta(0, "x\n")]
    assert parser.pending == " " * 12


def test_a_candidate_is_held_until_its_line_ends_or_is_too_long():
    parser = ComponentParser(limits=Limits(max_marker_chars=16))
    assert parser.feed("/// START ") == []
    assert parser.feed("Hero") == []
    assert parser.feed("12") == []
    assert parser.pending == "/// START Hero12"
    assert parser.feed("3") == [
        error("marker_too_long", "A marker line has at most 16 characters.", 1),
        text(0),
        delta(0, "/// START Hero123"),
    ]
    assert parser.pending == ""


def test_a_carriage_return_behind_the_longest_marker_may_belong_to_the_line_end():
    parser = ComponentParser(limits=Limits(max_marker_chars=11))
    assert parser.feed("/// START A\r") == []
    assert parser.pending == "/// START A\r"
    assert parser.feed("\n") == [component(0, "A", (0, 13))]
    assert parser.feed("/// END A  \r") == []
    assert parser.feed("x") == [
        error("marker_too_long", "A marker line has at most 11 characters.", 2),
        delta(0, "/// END A  \rx"),
    ]


def test_a_fence_is_held_while_the_next_line_may_be_the_marker_behind_it():
    parser = ComponentParser()
    assert parser.feed("Hi\n```tsx\n") == [text(0), delta(0, "Hi\n")]
    assert parser.pending == "```tsx\n"
    assert parser.feed("/// S") == []
    assert parser.pending == "```tsx\n/// S"
    assert parser.feed("O") == [delta(0, "```tsx\n/// SO")]
    assert parser.feed("\n```\n/// ") == [delta(0, "\n")]
    assert parser.feed("E") == [delta(0, "```\n")]
    assert parser.pending == "/// E"


def test_a_fence_that_would_not_be_dropped_is_not_held():
    parser = ComponentParser()
    parser.feed(START + "x\n")
    assert parser.feed("`") == [delta(0, "`")]
    assert parser.feed("``\n") == [delta(0, "``\n")]


def test_an_empty_chunk_changes_nothing():
    parser = ComponentParser()
    for chunk in ("", "x", "", "\n/// ST", ""):
        parser.feed(chunk)
    assert parser.feed("") == []
    assert parser.pending == "/// ST"


class Loud(str):
    """Text with a mind of its own."""

    __slots__ = ()

    def find(self, *_):
        raise AssertionError

    def __str__(self):
        raise AssertionError

    def __getitem__(self, _):
        raise AssertionError


def test_a_subclass_of_str_is_taken_for_its_text():
    parser = ComponentParser()
    events = [*parser.feed(Loud("")), *parser.feed(Loud("Hi\n" + START)), *parser.feed(Loud("x"))]
    assert events == [text(0), delta(0, "Hi\n"), stop(0, 3), component(1, "A", (3, 15)), delta(1, "x")]
    assert {type(event.text) for event in events if isinstance(event, ContentBlockDelta)} == {str}


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), None, 1, ["x"]])
def test_anything_but_str_is_refused_and_changes_nothing(value):
    parser = ComponentParser()
    parser.feed("/// ST")
    with pytest.raises(UsageError) as caught:
        parser.feed(value)
    assert str(caught.value) == (
        f"feed takes str, not {type(value).__name__}; decode bytes with TextDecoder, or use parse()."
    )
    assert parser.pending == "/// ST"


# close and abort.


def test_close_judges_the_line_that_is_held():
    parser = ComponentParser()
    parser.feed(START + "/// END A")
    assert parser.close() == [stop(0, 0, (12, 21))]
    assert parser.pending == ""


def test_close_lets_text_that_is_held_leave():
    parser = ComponentParser()
    parser.feed("Hi\n```\n/// S")
    assert parser.close() == [delta(0, "```\n/// S"), stop(0, 12)]


@pytest.mark.parametrize("chunk", ["```\n", "```", "```\n/// START"])
def test_abort_lets_what_is_held_leave_as_text(chunk):
    parser = ComponentParser()
    parser.feed("Hi\n" + chunk)
    assert parser.pending == chunk
    assert parser.abort() == [delta(0, chunk), stop(0, 3 + len(chunk), reason="aborted")]
    assert parser.pending == ""


def test_abort_stops_what_is_open_without_an_error():
    parser = ComponentParser()
    parser.feed(START + "/// START B\nx\n/// END B")
    assert parser.abort() == [
        delta(1, "/// END B"),
        stop(1, 11, reason="aborted"),
        stop(0, 0, reason="aborted"),
    ]
    assert (parser.closed, parser.failed) == (True, False)


def test_a_limit_holds_for_what_abort_lets_leave():
    parser = ComponentParser(limits=Limits(max_component_chars=4, max_errors=1))
    parser.feed(START + "x\n/// END")
    assert parser.abort() == [
        delta(0, "x\n//"[2:]),
        error("component_too_large", "Component A is longer than 4 characters.", index=0),
        stop(0, 4, reason="aborted", trimmed=5),
    ]


def test_a_fatal_error_may_come_of_abort():
    parser = ComponentParser(limits=Limits(max_component_chars=4, max_errors=1))
    parser.feed(START + "/// END B\n/// E")
    assert parser.failed
    parser = ComponentParser(limits=Limits(max_component_chars=10, max_errors=1))
    parser.feed(START + "/// END B\n/// E")
    assert parser.abort() == [
        error("too_many_errors", "The stream has more than 1 errors.", fatal=True),
        stop(0, 10, reason="aborted"),
    ]
    assert (parser.closed, parser.failed) == (True, True)


@pytest.mark.parametrize("first", ["close", "abort"])
def test_a_stream_ends_once(first):
    parser = ComponentParser()
    parser.feed("Hi")
    assert not parser.closed
    reason = "end" if first == "close" else "aborted"
    assert getattr(parser, first)() == [stop(0, 2, reason=reason)]
    assert parser.closed
    assert (parser.close(), parser.abort()) == ([], [])
    for chunk in ("x", "", Loud("x")):
        with pytest.raises(UsageError) as caught:
            parser.feed(chunk)
        assert str(caught.value) == (
            "feed after the end of the stream; make a new ComponentParser for each stream."
        )


def test_a_parser_that_was_never_fed_may_be_closed_or_aborted():
    assert ComponentParser().close() == []
    assert ComponentParser().abort() == []


def test_after_a_fatal_error_nothing_comes_out_any_more():
    parser = ComponentParser(limits=Limits(max_total_chars=3))
    assert not parser.failed
    assert parser.feed("abcd") == [
        text(0),
        delta(0, "abc"),
        error("stream_too_large", "The stream is longer than 3 characters.", fatal=True),
        stop(0, 3, reason="aborted"),
    ]
    assert (parser.failed, parser.closed, parser.pending) == (True, False, "")
    assert parser.feed("e\n") == []
    assert parser.close() == []
    assert parser.closed
    assert parser.feed("f") == []
    assert parser.abort() == []


def test_text_that_left_on_its_own_counts_towards_the_limits():
    limits = Limits(max_component_chars=5, max_total_chars=20)
    parser = ComponentParser(limits=limits)
    parser.feed(START + "a")
    assert parser.feed("bcd") == [delta(0, "bcd")]
    assert parser.feed("ef") == [
        delta(0, "e"),
        error("component_too_large", "Component A is longer than 5 characters.", index=0),
    ]
    assert parser.feed("g") == []
    assert parser.feed("h") == []
    assert parser.feed("i") == [
        error("stream_too_large", "The stream is longer than 20 characters.", fatal=True),
        stop(0, 5, reason="aborted", trimmed=3),
    ]


# snapshot and restore.


def test_a_snapshot_holds_no_text_but_what_is_held_back():
    parser = ComponentParser()
    parser.feed("secret\n```\n/// STA")
    snapshot = parser.snapshot()
    assert "secret" not in json.dumps(snapshot)
    assert (snapshot["fence"], snapshot["held"]) == ("```\n", "/// STA")


def test_taking_a_snapshot_changes_nothing():
    parser = ComponentParser()
    parser.feed(START + "ab")
    parser.feed("cd")
    assert parser.snapshot() == parser.snapshot()
    assert parser.feed("ef") == [delta(0, "ef")]
    assert parser.feed("\n" + END) == [delta(0, "\n"), stop(0, 7, (19, 29))]


@pytest.mark.parametrize("end", ["close", "abort", "feed"])
def test_a_parser_restored_after_its_end_is_at_its_end(end):
    limits = Limits(max_total_chars=3)
    parser = ComponentParser(limits=limits)
    parser.feed("abc")
    parser.feed("d") if end == "feed" else getattr(parser, end)()
    other = ComponentParser.restore(parser.snapshot(), limits=limits)
    assert (other.failed, other.closed) == (end == "feed", end != "feed")
    assert other.close() == []
    if end != "feed":
        with pytest.raises(UsageError):
            other.feed("x")


def test_a_snapshot_is_restored_with_the_settings_it_was_taken_with():
    sentence = "restore: give the grammar and the limits of the parser that was snapshotted."
    snapshot = ComponentParser(Grammar(strict=True), Limits(max_depth=2)).snapshot()
    for settings in (
        {},
        {"grammar": Grammar(strict=True)},
        {"limits": Limits(max_depth=2)},
        {"grammar": Grammar(strict=True, positions={"main"}), "limits": Limits(max_depth=2)},
    ):
        with pytest.raises(UsageError) as caught:
            ComponentParser.restore(snapshot, **settings)
        assert str(caught.value) == sentence
    ComponentParser.restore(snapshot, grammar=Grammar(strict=True), limits=Limits(max_depth=2))


@pytest.mark.parametrize("snapshot", [{}, {"version": 0}, {"version": None}, {"version": "1"}])
def test_what_is_no_snapshot_of_this_version_is_refused(snapshot):
    with pytest.raises(UsageError) as caught:
        ComponentParser.restore(snapshot)
    assert str(caught.value) == "restore takes what snapshot() returned, of version 1."


def sample():
    parser = ComponentParser()
    parser.feed("/// START A\n```\nx\n```\n/// E")
    return json.loads(json.dumps(parser.snapshot()))


@pytest.mark.parametrize("key", sorted(set(sample()) - {"version", "grammar", "limits"}))
def test_a_snapshot_that_lacks_a_part_is_damaged(key):
    snapshot = sample()
    del snapshot[key]
    with pytest.raises(UsageError) as caught:
        ComponentParser.restore(snapshot)
    assert str(caught.value) == f"restore: the snapshot is damaged (KeyError({key!r}))."


@pytest.mark.parametrize("key", ["structure", "offset", "line", "line_from", "held", "fence"])
@pytest.mark.parametrize("value", [None, [1]])
def test_a_snapshot_with_a_part_of_another_kind_is_damaged(key, value):
    with pytest.raises(UsageError, match=r"^restore: the snapshot is damaged \("):
        ComponentParser.restore(sample() | {key: value})


def test_settings_are_taken_by_position_and_by_name():
    limits = Limits(max_total_chars=1)
    assert ComponentParser(Grammar(), limits).feed("ab") == ComponentParser(
        grammar=Grammar(), limits=limits
    ).feed("ab")


def test_a_parser_takes_no_other_attributes():
    with pytest.raises(AttributeError):
        ComponentParser().note = "kept"
