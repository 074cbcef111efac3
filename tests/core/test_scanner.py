"""The kind of each line, its position, how long it is held: observed through the parser, for every cut."""

import json
from itertools import combinations

import pytest

from componentstream.core.events import ContentBlockDelta, ErrorEvent
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.lines import UNSCANNED
from componentstream.core.parser import ComponentParser
from componentstream.core.scanner import LineScanner
from componentstream.testing import assert_cut_invariant, merge_deltas
from tests.shorthand import START, component, delta, error, read, recovered, run_of, stop, text, unclosed

NAME_RULE = "; a name is up to 128 letters, digits and underscores, a letter first."

WHITE_SPACE = {
    "white space alone": (" \r\n\t\n\u3000", {}, []),
    "white space before text": (" \n\n\t Hi \n", {}, run_of("Hi \n")),
    "a byte order mark, which counts": (
        "\ufeff/// START A\n/// END A",
        {},
        [component(0, "A", (1, 13)), stop(0, 0, (13, 22))],
    ),
    "a byte order mark before text": ("\ufeff Hi", {}, run_of("Hi")),
    "a second byte order mark": ("\ufeff\ufeffHi", {}, run_of("\ufeffHi")),
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

MARKERS = {
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
    "lines that are nearly markers": (
        "/\n//\n/// \n/// STAR\n/// STARTED A\n//// START A\n/// start A\nx /// START A\n ///",
        {},
        run_of("/\n//\n/// \n/// STAR\n/// STARTED A\n//// START A\n/// start A\nx /// START A\n ///"),
    ),
    "lines that are nearly markers, in a component": (
        "/// START A\n/\n  //\n/// \n\n   \n/// EN\n//// END A\nx\n  y /// END A\n/// END A",
        {},
        [
            component(0, "A", (0, 12)),
            delta(0, "/\n  //\n/// \n\n   \n/// EN\n//// END A\nx\n  y /// END A\n"),
            stop(0, 51, (63, 72)),
        ],
    ),
    "a CR inside a marker": (
        "/// START\rA\n/// START A\r\r\n",
        {},
        [
            text(0),
            delta(0, "/// START\rA\n"),
            error("invalid_name", "'A\\r' is not a component name" + NAME_RULE, 2, (12, 26)),
            delta(0, "/// START A\r\r\n"),
            stop(0, 26),
        ],
    ),
    "ill-formed markers, which are text": (
        "/// START\n/// START 1A\n/// START A b\n/// END\n/// END B\n/// START A\n/// END A x\n/// END A",
        {"grammar": Grammar(recover=False)},
        [
            error("malformed_marker", "The marker names no component.", 1, (0, 10)),
            text(0),
            delta(0, "/// START\n"),
            error("invalid_name", "'1A' is not a component name" + NAME_RULE, 2, (10, 23)),
            delta(0, "/// START 1A\n"),
            error(
                "invalid_attribute",
                'The attributes of a component must be written key=value or key="value".',
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
            error(
                "invalid_attribute", "The attributes of a component belong in its START line.", 7, (67, 79)
            ),
            delta(1, "/// END A x\n"),
            stop(1, 12, (79, 88)),
        ],
    ),
    "faulty markers, which act all the same": (
        "/// START A,\nx\n/// END A x\n/// START B\n/// END -\n",
        {},
        [
            recovered(
                "invalid_name", "START 'A,' is not well-formed; A was started without attributes.", 1, (0, 13)
            ),
            component(0, "A", (0, 13)),
            delta(0, "x\n"),
            recovered(
                "invalid_attribute",
                "END 'A x' has attributes; they were ignored and A was closed.",
                3,
                (15, 27),
            ),
            stop(0, 2, (15, 27)),
            component(1, "B", (27, 39)),
            recovered("invalid_name", "END '-' names no component; B was closed.", 5, (39, 49)),
            stop(1, 0, (39, 49)),
        ],
    ),
    "a START too long for a marker, which takes a bare END": (
        f"/// START A\n/// START {'B' * 12}\n/// END\n/// END\n",
        {"limits": Limits(max_marker_chars=20)},
        [
            component(0, "A", (0, 12)),
            error("marker_too_long", "A marker line has at most 20 characters.", 2, None),
            delta(0, f"/// START {'B' * 12}\n"),
            error("malformed_marker", "The marker names no component.", 3, (35, 43)),
            delta(0, "/// END\n"),
            recovered("malformed_marker", "A bare END names no component; A was closed.", 4, (43, 51)),
            stop(0, 31, (43, 51)),
        ],
    ),
    "a START too far to the right, which takes none": (
        f"/// START A\n/// START{' ' * 12}B\n/// END\n",
        {"limits": Limits(max_marker_chars=20)},
        [
            component(0, "A", (0, 12)),
            error("marker_too_long", "A marker line has at most 20 characters.", 2, None),
            delta(0, f"/// START{' ' * 12}B\n"),
            recovered("malformed_marker", "A bare END names no component; A was closed.", 3, (35, 43)),
            stop(0, 23, (35, 43)),
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
}

FENCES = {
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
    "outside discard": (
        "Hi\n```\n/// START A\nx\n/// END A\nBye\n",
        {"grammar": Grammar(outside="discard")},
        [component(0, "A", (7, 19)), delta(0, "x\n"), stop(0, 2, (21, 31))],
    ),
}

LENGTHS = {
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
    "a fence and more white space than a marker may have": (
        "x\n```      \n```       \n/// START A\n",
        {"limits": Limits(max_marker_chars=9), "grammar": Grammar()},
        [
            text(0),
            delta(0, "x\n```      \n```       \n"),
            error("marker_too_long", "A marker line has at most 9 characters.", 4),
            delta(0, "/// START A\n"),
            stop(0, 35),
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
}

CASES = WHITE_SPACE | MARKERS | FENCES | LENGTHS
every_case = pytest.mark.parametrize(("content", "settings", "events"), CASES.values(), ids=CASES.keys())


@every_case
def test_the_lines_of_a_text_give_exactly_these_events(content, settings, events):
    assert merge_deltas(read(content, **settings)) == events


@every_case
def test_lines_are_the_same_however_they_are_cut(content, settings, events):
    thirds = [
        [content[:one], content[one:other], content[other:]]
        for one, other in combinations(range(1, len(content)), 2)
        if (one * 7 + other) % 3 == 0
    ]
    assert merge_deltas(read(*content, **settings)) == events
    assert_cut_invariant(lambda: ComponentParser(**settings), content, chunkings=thirds)


@every_case
def test_what_is_known_of_a_line_in_part_follows_from_its_text(content, settings, events):
    for cut in range(len(content) + 1):
        first = ComponentParser(**settings)
        before = first.feed(content[:cut])
        second = ComponentParser.restore(json.loads(json.dumps(first.snapshot())), **settings)
        assert second.pending == first.pending
        rest = [*second.feed(content[cut : cut + 1]), *second.feed(content[cut + 1 :]), *second.close()]
        assert merge_deltas([*before, *rest]) == events


@pytest.mark.parametrize(
    "chunks", [["/", "\n///START A\n"], ["/// STA", "\n/// START A\n"], ["/", "// END Z\n/// END Z\n"]]
)
def test_a_line_begun_in_one_chunk_is_not_taken_together_with_the_next_line(chunks):
    assert read(*chunks) == read("".join(chunks))


# Line ends and white space.


@pytest.mark.parametrize("char", list("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
def test_nothing_but_a_line_feed_ends_a_line(char):
    content = f"x{char}/// START A\n"
    for chunks in ([content], ["x", content[1:]], ["x" + char, content[2:]], content):
        assert merge_deltas(read(*chunks)) == run_of(content)


@pytest.mark.parametrize("char", list("\v\f\x85\u180e\u200b\u2028\ufeff"))
def test_what_is_no_white_space_of_the_protocol_begins_a_text_and_a_line(char):
    for content in (f"x\n{char}/// START A\n", f"\n {char}/// START A\n"):
        assert merge_deltas(read(*content)) == read(content) == run_of(content.lstrip(" \n"))


def test_a_return_is_blank_before_text_but_begins_no_marker():
    assert read("\r/// START A\n") == run_of("/// START A\n")
    assert read("\r\n", "\r \r", "/// START A\n") == run_of("/// START A\n")
    assert read("\r\r\n/// START A\n")[0] == component(0, "A", (3, 15))


def test_white_space_before_text_is_dropped_as_it_comes_and_takes_no_marker_with_it():
    parser = ComponentParser()
    for chunk in (" \n", "\r", "\n\t", " "):
        assert parser.feed(chunk) == []
        assert parser.pending == ""
    assert parser.feed("/// START A\n") == [component(0, "A", (4, 18))]
    assert parser.feed(" \n") == [delta(0, " \n")]
    assert parser.feed("/// END A\n \n x") == [stop(0, 2, (20, 30)), text(1), delta(1, "x")]


# Where lines are.


MAPPED = (
    "\ufeffa\r\n\n/// END A\n /// START A k\r\n\n```\n/// START A\n x\n\n"
    "/// START B\r\n```\n\t/// END A \n\n/// END"
)


@pytest.mark.parametrize("cut", range(len(MAPPED)))
def test_a_span_is_that_of_a_marker_line_and_its_number_is_counted_by_line_feeds(cut):
    seen = []
    for event in read(MAPPED[:cut], MAPPED[cut : cut + 2], MAPPED[cut + 2 :]):
        span = None if isinstance(event, ContentBlockDelta) else event.span
        if span is not None:
            seen.append(MAPPED[slice(*span)])
            line = event.line if isinstance(event, ErrorEvent) else None
            assert line in (None, MAPPED.count("\n", 0, span[0]) + 1)
    assert seen == [
        "/// END A\n",
        " /// START A k\r\n",
        "/// START A\n",
        "/// START B\r\n",
        "\t/// END A \n",
        "\t/// END A \n",
        "\t/// END A \n",
        "/// END",
    ]


# How long a line is held.


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


def test_a_restored_scanner_continues_its_line():
    scanner = LineScanner(Grammar(), Limits())
    scanner.read("x\n  /// EN", UNSCANNED)
    scanner.blocks.flush()
    scanner.blocks.events.clear()
    other = LineScanner(Grammar(), Limits())
    other.restore(json.loads(json.dumps(scanner.snapshot())))
    assert (other.line, other.line_start, other.held) == (2, 2, "  /// EN")
    assert (other.offset, other.state) == (scanner.offset, scanner.state)


def test_held_text_of_several_lines_is_not_restored():
    scanner = LineScanner(Grammar(), Limits())
    with pytest.raises(ValueError, match=r"^held must be a line that may be"):
        scanner.restore(scanner.snapshot() | {"held": "/\\n/", "offset": 3})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"held": "x"}, "held must be a line that may be a marker or a fence"),
        ({"held": "///", "text": True}, "held must be a line that may be a marker or a fence"),
        ({"fence": "```"}, "fence must be the line of a code fence"),
        ({"fence": "/// END A\\n"}, "fence must be the line of a code fence"),
        ({"fence": "  \\n"}, "fence must be the line of a code fence"),
        ({"offset": -1}, "offset is out of range"),
        ({"line_from": 9}, "line_from is out of range"),
        ({"line": 99}, "line is out of range"),
    ],
)
def test_a_state_that_no_text_leads_to_is_not_restored(damage, message):
    scanner = LineScanner(Grammar(), Limits())
    scanner.read("/// START A\n", UNSCANNED)
    with pytest.raises(ValueError, match=f"^{message}$"):
        LineScanner(Grammar(), Limits()).restore(scanner.snapshot() | {"offset": 8, "line_from": 0} | damage)


def test_a_held_fence_is_restored():
    scanner = LineScanner(Grammar(), Limits())
    scanner.read("``` \ud83d\ude00\n", UNSCANNED)
    other = LineScanner(Grammar(), Limits())
    other.restore(json.loads(json.dumps(scanner.snapshot())))
    assert other.fence == scanner.fence == "``` \ud83d\ude00\n"


@pytest.mark.parametrize("content", ["x\n  ", "x\n /", "``\n\t///"])
def test_white_space_behind_discarded_text_may_be_restored(content):
    grammar = Grammar(outside="discard")
    first = ComponentParser(grammar)
    first.feed(content)
    second = ComponentParser.restore(first.snapshot(), grammar=grammar)
    rest = "/// START A\nx\n"
    assert second.feed(rest) == first.feed(rest)
