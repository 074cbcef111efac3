"""Whole streams through ComponentParser, the effect of each call, and the equivalence of its fast paths."""

import json
from functools import partial

import pytest

from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.testing import assert_cut_invariant, merge_deltas
from tests.shorthand import END, START, component, delta, error, read, run_of, stop, text, unclosed

STREAMS = {
    "an empty stream": ("", {}, []),
    "text alone": ("Hello,\nworld", {}, run_of("Hello,\nworld")),
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
    "components in components, and the end of the stream inside": (
        "/// START A\na\n/// START B\nb\n/// END B\nc\n/// START C\nd",
        {},
        [
            component(0, "A", (0, 12)),
            delta(0, "a\n"),
            component(1, "B", (14, 26), parent=0),
            delta(1, "b\n"),
            stop(1, 2, (28, 38)),
            delta(0, "c\n"),
            component(2, "C", (40, 52), parent=0),
            delta(2, "d"),
            unclosed(2, "C"),
            stop(2, 1, reason="truncated"),
            unclosed(0, "A"),
            stop(0, 4, reason="truncated"),
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
    "lines of every kind": (
        "\ufeff \n```tsx\n/// START A\r\n```\n  x\n/// STA\n```\n /// END A \n```\nBye\n```\n/// E",
        {},
        [
            component(0, "A", (10, 23)),
            delta(0, "  x\n/// STA\n"),
            stop(0, 12, (43, 55)),
            text(1),
            delta(1, "Bye\n```\n/// E"),
            stop(1, 13),
        ],
    ),
}

every_stream = pytest.mark.parametrize(
    ("content", "settings", "events"), STREAMS.values(), ids=STREAMS.keys()
)


@every_stream
def test_a_stream_gives_exactly_these_events(content, settings, events):
    assert merge_deltas(read(content, **settings)) == events


@every_stream
def test_a_stream_gives_the_same_events_however_it_is_cut(content, settings, events):
    assert merge_deltas(read(*content, **settings)) == events
    assert_cut_invariant(lambda: ComponentParser(**settings), content)


@every_stream
def test_a_stream_gives_the_same_events_when_it_goes_through_a_snapshot(content, settings, events):
    for cut in range(len(content) + 1):
        first = ComponentParser(**settings)
        before = first.feed(content[:cut])
        snapshot = json.loads(json.dumps(first.snapshot()))
        second = ComponentParser.restore(snapshot, **settings)
        assert second.pending == first.pending
        assert second.snapshot() == first.snapshot() == snapshot
        rest = [*second.feed(content[cut : cut + 1]), *second.feed(content[cut + 1 :])]
        assert merge_deltas([*before, *rest, *second.close()]) == events


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


# The fast paths.


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


BEFORE = [
    "", "x", "x\n", "x\n  ", "x\n" + " " * 13, "x\n```\n", "x\n/// START ", START, START + "x", START + "x\n",
    START + "x\n\t ", START + "x\n/// END", START + "x" * 40, START + "x" * 43, START + "```\nx",
    START + "```\nx\n", START + "```\nx\n```\n",
]  # fmt: skip
"""Text before a chunk: it leaves a parser in every state of a line, in every place."""

CHUNKS = [
    "y", " ", "\t", "\r", "\u00a0", "/", "`", "\n", "\r\n", " A", " A\n", " A\ny", " \n", "  y", " /", " `",
    " \r", "y\n", "y\n ", "y\n y", "y\n  /", "y\n/", "y\n`", "y\n```", "y\nz", "y\nz\n", "y\nz\n ", "y\n\n",
    "\n\ny\n",
    "\n\n  z", "y\n/// z\n", "y\n z /// END A\n", "y\n```\n", "y\n```\n/// END A", "y\n/// END A\n",
    "y\n /// END A\nz\n z", "//", "/// END A", "/// END A\n", " /// END A\n y", "/// END " + "A" * 9, "``` ",
    "```\n/// END A\n", " " * 11, " " * 12, " " * 13, "y\n" + " " * 12, "y\n" + " " * 13, " " * 13 + "y",
    "y" * 39, "y" * 40, "y" * 80, "y\n" * 21,
]  # fmt: skip


@pytest.mark.parametrize("before", BEFORE)
def test_a_chunk_gives_the_same_on_a_fast_path_as_on_the_slow_path(before):
    settings = {"limits": Limits(max_marker_chars=12, max_component_chars=42, max_total_chars=90)}
    for chunk in CHUNKS:
        short, long = ComponentParser(**settings), ComponentParser(**settings)
        assert short.feed(before) == long.feed(before)
        for each in (chunk, "y\n", " "):
            long._plain_until = long._fast_until = -1
            assert short.feed(each) == long.feed(each), (before, chunk, each)
            assert short.pending == long.pending
        assert short.snapshot() == long.snapshot()
        assert short.close() == long.close()


# close and abort.


def test_the_names_of_the_open_components_are_known():
    parser = ComponentParser(Grammar(nesting="nest"))
    assert parser.open_components == ()
    parser.feed("text\n/// START A\n/// START B\n/// END")
    assert parser.open_components == ("A", "B")
    assert ComponentParser.restore(parser.snapshot(), grammar=Grammar(nesting="nest")).open_components == (
        "A",
        "B",
    )
    parser.close()
    assert parser.open_components == ()


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
        delta(0, "//"),
        error("component_too_large", "Component A is longer than 4 characters.", index=0),
        stop(0, 4, reason="aborted", trimmed=5),
    ]


def test_a_fatal_error_may_come_of_abort():
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


# snapshot and restore.


OTHER_VERSION = (
    "restore: this is not a snapshot of version 3; pass the value that snapshot() returned. An older release "
    "cannot be continued by this one: start anew."
)
OTHER_SETTINGS = "restore: pass the grammar and the limits of the parser that was snapshotted."


def test_a_snapshot_holds_no_text_but_what_is_held_back():
    parser = ComponentParser()
    parser.feed("secret\n```\n/// STA")
    snapshot = parser.snapshot()
    assert "secret" not in json.dumps(snapshot)
    assert (snapshot["fence"], snapshot["held"]) == ("```\\n", "/// STA")


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
    snapshot = ComponentParser(Grammar(strict=True), Limits(max_depth=2)).snapshot()
    for settings in (
        {},
        {"grammar": Grammar(strict=True)},
        {"limits": Limits(max_depth=2)},
        {"grammar": Grammar(strict=True, positions={"main"}), "limits": Limits(max_depth=2)},
    ):
        with pytest.raises(UsageError) as caught:
            ComponentParser.restore(snapshot, **settings)
        assert str(caught.value) == OTHER_SETTINGS
    parser = ComponentParser.restore(snapshot, grammar=Grammar(strict=True), limits=Limits(max_depth=2))
    assert parser.grammar == Grammar(strict=True)


def snapshot_of(content):
    parser = ComponentParser()
    parser.feed(content)
    return json.loads(json.dumps(parser.snapshot()))


IN_TEXT = "Hi\n```\n/// S"
IN_A_COMPONENT = "/// START A\n```\nx\n```\n/// E"
COMPARED = {"version", "grammar", "limits"}
"""The keys of a snapshot that are compared, not taken over."""


def paths(value, *path):
    """Yield the path to every part of a snapshot."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield (*path, key)
        if isinstance(value[key], dict | list):
            yield from paths(value[key], *path, key)


def holder_of(snapshot, path):
    """Return the object or list in the snapshot whose part the path names."""
    for step in path[:-1]:
        snapshot = snapshot[step]
    return snapshot


PARTS = [
    *((IN_TEXT, path) for path in paths(snapshot_of(IN_TEXT)) if path[0] not in COMPARED),
    *((IN_A_COMPONENT, path) for path in paths(snapshot_of(IN_A_COMPONENT)) if path[1:2] == ("open",)),
]
"""Every part of a snapshot: of one with a text block, and the open components of another."""


@pytest.mark.parametrize(("content", "path"), [part for part in PARTS if isinstance(part[1][-1], str)])
def test_a_snapshot_that_lacks_a_part_is_damaged(content, path):
    snapshot = snapshot_of(content)
    ComponentParser.restore(snapshot)
    del holder_of(snapshot, path)[path[-1]]
    with pytest.raises(UsageError) as caught:
        ComponentParser.restore(snapshot)
    assert str(caught.value) == f"restore: the snapshot is damaged (KeyError({path[-1]!r}))."


@pytest.mark.parametrize(("content", "path"), PARTS)
def test_a_snapshot_with_a_part_of_another_kind_is_damaged(content, path):
    snapshot = snapshot_of(content)
    holder = holder_of(snapshot, path)
    right = holder[path[-1]]
    for wrong in (None, True, 1, 1.0, "1", [1], {"1": 1}):
        if type(wrong) is type(right) or (wrong is None and path[-1] == "prose"):
            continue
        holder[path[-1]] = wrong
        with pytest.raises(UsageError, match=r"^restore: the snapshot is damaged \(TypeError\("):
            ComponentParser.restore(snapshot)


@pytest.mark.parametrize("key", sorted(COMPARED))
@pytest.mark.parametrize("wrong", ["missing", None, "3", 1, 2, 4, [3], {}])
def test_a_snapshot_of_no_version_or_without_its_settings_is_refused(key, wrong):
    snapshot = snapshot_of(IN_TEXT) | {key: wrong}
    if wrong == "missing":
        del snapshot[key]
    with pytest.raises(UsageError) as caught:
        ComponentParser.restore(snapshot)
    assert str(caught.value) == (OTHER_VERSION if key == "version" else OTHER_SETTINGS)


def test_settings_are_taken_by_position_and_by_name():
    limits = Limits(max_total_chars=1)
    assert ComponentParser(Grammar(), limits).feed("ab") == ComponentParser(
        grammar=Grammar(), limits=limits
    ).feed("ab")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            {"grammar": "Hello"},
            "grammar must be a Grammar, not str; pass text to feed(), or use parse([text])",
        ),
        (
            {"grammar": b"Hi"},
            "grammar must be a Grammar, not bytes; pass text to feed(), or use parse([text])",
        ),
        ({"grammar": Grammar}, "grammar must be a Grammar, not the class Grammar; call it: Grammar()"),
        (
            {"grammar": Limits()},
            "grammar must be a Grammar, not Limits; pass limits by name: limits=Limits(...)",
        ),
        ({"grammar": None}, "grammar must be a Grammar, not None; pass Grammar(...)"),
        ({"grammar": {}}, "grammar must be a Grammar, not dict; pass Grammar(...)"),
        ({"limits": 100}, "limits must be a Limits, not int; pass Limits(...)"),
        ({"limits": None}, "limits must be a Limits, not None; pass Limits(...)"),
        ({"limits": {}}, "limits must be a Limits, not dict; pass Limits(...)"),
    ],
)
def test_settings_of_the_wrong_type_are_rejected_at_once(arguments, problem):
    for make in (ComponentParser, partial(ComponentParser.restore, ComponentParser().snapshot())):
        with pytest.raises(UsageError) as caught:
            make(**arguments)
        assert str(caught.value) == f"ComponentParser: {problem}."


def test_a_parser_takes_no_other_attributes():
    with pytest.raises(AttributeError):
        ComponentParser().note = "kept"


@pytest.mark.parametrize("snapshot", [None, [], "x", {}])
def test_what_is_no_snapshot_is_refused(snapshot):
    with pytest.raises(UsageError) as caught:
        ComponentParser.restore(snapshot)
    assert str(caught.value) == OTHER_VERSION


def test_a_snapshot_that_holds_more_than_a_part_of_a_line_is_damaged():
    snapshot = {**ComponentParser().snapshot(), "held": "/// END Z\\n", "offset": 10}
    with pytest.raises(UsageError, match="held must be a line that may be a marker"):
        ComponentParser.restore(snapshot)


@pytest.mark.parametrize("held", ["\\", "\u00e9", "\\ud8"])
def test_a_snapshot_whose_held_text_cannot_be_read_is_damaged(held):
    with pytest.raises(UsageError, match="damaged"):
        ComponentParser.restore({**ComponentParser().snapshot(), "held": held})


def damaged(content, **parts):
    """Return a snapshot in which parts have other values, named by their path: ``structure__open``."""
    snapshot = snapshot_of(content)
    for name, value in parts.items():
        path = [int(step) if step.isdigit() else step for step in name.split("__")]
        holder_of(snapshot, path)[path[-1]] = value
    return snapshot


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        *(
            (IN_TEXT, {name: value})
            for name in ("offset", "line", "line_from")
            for value in (-1, 10**30, 10**5000)
        ),
        *(
            (IN_TEXT, {f"structure__{name}": value})
            for name in ("blocks", "components", "errors", "prose__index", "prose__chars", "prose__trimmed")
            for value in (-1, 10**30, 10**5000)
        ),
        (IN_TEXT, {"line": 0}),
        (IN_TEXT, {"text": True}),
        (IN_TEXT, {"held": "x"}),
        (IN_TEXT, {"fence": "  "}),
        (IN_TEXT, {"fence": "x\\n"}),
        (IN_TEXT, {"fence": "/// START A\\n"}),
        (IN_TEXT, {"fence": "```\n"}),
        (IN_TEXT, {"structure__closing_fences": "x"}),
        (IN_TEXT, {"structure__prose__name": "A"}),
        (IN_TEXT, {"structure__components": 101, "structure__blocks": 101}),
        (IN_A_COMPONENT, {"structure__open__0__fenced": "x"}),
        (IN_A_COMPONENT, {"structure__open__0__name": ""}),
        (IN_A_COMPONENT, {"structure__open__0__name": "\ud83d"}),
        (IN_A_COMPONENT, {"structure__open__0__name": "A" * 129}),
        (IN_A_COMPONENT, {"structure__open__0__index": 1}),
        (IN_A_COMPONENT, {"structure__open__0__chars": 2**30}),
        (IN_A_COMPONENT, {"structure__prose": snapshot_of(IN_TEXT)["structure"]["prose"]}),
        (IN_A_COMPONENT, {"structure__components": 0}),
    ],
)
def test_a_snapshot_with_a_value_that_no_parser_has_is_damaged(content, parts):
    with pytest.raises(UsageError, match=r"^restore: the snapshot is damaged \(ValueError\("):
        ComponentParser.restore(damaged(content, **parts))


def test_a_parser_goes_on_behind_a_fence_with_the_halves_of_a_pair():
    content, rest = "``` \ud83d\ude00\n", "x\n/// START A\n"
    parser = ComponentParser()
    parser.feed(content)
    other = ComponentParser.restore(json.loads(json.dumps(parser.snapshot())))
    assert other.feed(rest) == parser.feed(rest)
    assert other.snapshot() == parser.snapshot()


def test_held_text_whose_error_would_be_fatal_is_damaged():
    limits, held = Limits(max_errors=1), "/// END " + "x" * 600
    parser = ComponentParser(limits=limits)
    parser.feed("/// END A\n")
    snapshot = parser.snapshot() | {"held": held, "offset": 10 + len(held)}
    with pytest.raises(UsageError, match="the snapshot is damaged"):
        ComponentParser.restore(snapshot, limits=limits)
