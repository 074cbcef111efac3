"""Lines that look like markers and are text are told once; all else passes unchanged."""

import json
import random
from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream import ComponentParser, Grammar, Limits
from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta, ContentBlockStart, Event, FindingEvent
from componentstream.inspection import NearMissParser, NearMissScanner
from componentstream.inspection.near_misses import MAX_FINDINGS, MAX_LINE_CHARS
from componentstream.testing import merge_deltas
from tests.inspection.look_alike_lines import NEAR_MISSES, NOT_MEANT


def findings_of(events: list[Event]) -> list[FindingEvent]:
    return [event for event in events if isinstance(event, FindingEvent)]


def scan(text: str, *, cuts: list[int] | None = None) -> list[object]:
    scanner = NearMissScanner()
    places = [0, *(cuts or []), len(text)]
    found: list[object] = []
    for begin, end in pairwise(places):
        found += scanner.feed(text[begin:end])
    return [*found, *scanner.close()]


class TestNearMisses:
    @pytest.mark.parametrize("line", NEAR_MISSES)
    def test_a_line_that_looks_like_a_marker_is_told_once(self, line: str) -> None:
        parser = NearMissParser()
        events = [*parser.feed(f"before\n{line}\r\nafter\n"), *parser.close()]
        (event,) = findings_of(events)
        finding = event.finding
        assert (finding.rule, finding.severity, finding.action) == ("near-miss", "info", "none")
        assert finding.line == 2
        assert finding.span == (7, 7 + len(line) + 2)
        assert finding.message.startswith("This looks like a marker, but ")
        assert finding.message.isascii()

    @pytest.mark.parametrize("line", NOT_MEANT)
    def test_other_lines_are_not(self, line: str) -> None:
        assert scan(line) == scan(line + "\n") == []

    def test_at_most_ten_are_told(self) -> None:
        found = scan("- /// START Hero\n" * 30)
        assert len(found) == MAX_FINDINGS == 10

    def test_the_number_can_be_chosen(self) -> None:
        assert len(NearMissScanner(max_findings=2).feed("- /// START Hero\n" * 3)) == 2
        assert NearMissScanner(max_findings=0).feed("- /// START Hero\n") == []

    @pytest.mark.parametrize("number", [-1, True, "3", None, pytest.param(-(10**5000), id="huge")])
    def test_another_number_is_refused(self, number: object) -> None:
        with pytest.raises(UsageError, match="max_findings must be an integer >= 0"):
            NearMissScanner(max_findings=number)  # type: ignore[arg-type]

    def test_another_grammar_is_refused(self) -> None:
        with pytest.raises(UsageError, match="grammar must be a Grammar, not str"):
            NearMissScanner("///")  # type: ignore[arg-type]

    def test_a_closed_scanner_refuses_text(self) -> None:
        scanner = NearMissScanner()
        assert scanner.close() == scanner.close() == []
        for text in ("a", "a\n"):
            with pytest.raises(UsageError, match="make a new NearMissScanner"):
                scanner.feed(text)

    def test_a_byte_order_mark_counts_for_the_offset_only(self) -> None:
        (finding,) = scan("\ufeff- /// START Hero\n")
        assert finding.span == (1, 18)  # type: ignore[attr-defined]
        assert scan("\ufeff/// START Hero\n") == []
        assert scan("\n\ufeff/// START Hero\n") != []

    def test_a_long_line_in_small_chunks_is_not_kept(self) -> None:
        scanner = NearMissScanner()
        for _ in range(100_000):
            assert scanner.feed("x") == []
        assert sum(map(len, scanner._parts)) <= MAX_LINE_CHARS
        (finding,) = scanner.feed(" /// END Hero\n")
        assert finding.span == (0, 100_014)


class TestFindingsAmongEvents:
    def test_a_finding_follows_its_text_and_names_its_block(self) -> None:
        text = "- /// START A\n/// START A\n{/* /// END A */}\nx\n/// END A\n"
        parser = NearMissParser()
        kinds = [
            (event.type, getattr(event, "index", None) if event.type != "finding" else event.finding.index)
            for event in [*parser.feed(text), *parser.close()]
        ]
        assert kinds == [
            ("content_block_start", 0),
            ("content_block_delta", 0),
            ("finding", 0),
            ("content_block_stop", 0),
            ("content_block_start", 1),
            ("content_block_delta", 1),
            ("finding", 1),
            ("content_block_delta", 1),
            ("content_block_stop", 1),
        ]

    def test_the_last_line_needs_no_end(self) -> None:
        parser = NearMissParser()
        events = [*parser.feed("/// START A\n// END A"), *parser.close()]
        assert [event.type for event in events[-3:]] == ["finding", "error", "content_block_stop"]

    def test_text_that_is_discarded_has_no_block(self) -> None:
        parser = NearMissParser(Grammar(outside="discard"))
        (event,) = parser.feed("- /// START A\n")
        assert isinstance(event, FindingEvent)
        assert event.finding.index is None
        events = parser.feed("/// START A\nx\n/// END A\n- /// START A\n")
        assert [event.finding.index for event in findings_of(events)] == [None]
        events = NearMissParser(Grammar(outside="discard")).feed("- /// START A\n/// START A\n")
        assert [event.finding.index for event in findings_of(events)] == [None]
        events = parser.feed("/// START 9\n- /// START A\n")
        assert [event.finding.index for event in findings_of(events)] == [None]
        events = parser.feed("/// START A position=moon\n- /// START B\n")
        assert [event.finding.index for event in findings_of(events)] == [1]

    def test_nothing_is_told_of_text_behind_a_fatal_error(self) -> None:
        text = "- /// START A\n/// START A\n/// END A\n- /// START A\n/// START B\n- /// START C\n"
        parser = NearMissParser(limits=Limits(max_components=1))
        assert [event.finding.line for event in findings_of(parser.feed(text))] == [1, 4]
        assert parser.failed
        assert parser.feed("- /// START A\n") == []
        assert parser.close() == []

    def test_nor_of_text_behind_the_last_character(self) -> None:
        parser = NearMissParser(limits=Limits(max_total_chars=20))
        assert [event.finding.line for event in findings_of(parser.feed("- /// START A\n" * 2))] == [1]

    def test_the_index_is_there_also_where_the_text_is_trimmed(self) -> None:
        parser = NearMissParser(limits=Limits(max_component_chars=1))
        events = parser.feed("/// START A\nlong enough\n")
        assert findings_of([*events, *parser.feed("// START B\n")])[0].finding.index == 0
        assert findings_of(parser.feed("// START B\n/// END A\n"))[0].finding.index == 0

    def test_a_subclass_of_str_is_text_and_other_types_are_refused(self) -> None:
        class Text(str):
            __slots__ = ()

        parser = NearMissParser()
        assert len(findings_of(parser.feed(Text("- /// START A\n")))) == 1
        with pytest.raises(UsageError, match="not bytes"):
            parser.feed(b"- /// START A\n")  # type: ignore[arg-type]

    def test_a_long_line_in_small_chunks_is_not_kept(self) -> None:
        parser = NearMissParser()
        for _ in range(100_000):
            parser.feed("x")
        assert sum(map(len, parser._parts)) <= 2 * MAX_LINE_CHARS
        (event,) = findings_of(parser.feed(" /// END Hero\n"))
        assert event.finding.span == (0, 100_014)

    @pytest.mark.parametrize("grammar", [Grammar(), Grammar(outside="discard")])
    @pytest.mark.parametrize("size", [1_000, MAX_LINE_CHARS, 3 * MAX_LINE_CHARS])
    def test_nor_is_one_in_large_chunks(self, grammar: Grammar, size: int) -> None:
        parser = NearMissParser(grammar)
        for _ in range(300_000 // size):
            parser.feed("x" * size)
        assert sum(map(len, parser._parts)) <= 2 * MAX_LINE_CHARS
        (event,) = findings_of(parser.feed(" /// END Hero\n"))
        assert event.finding.span == (0, 300_000 // size * size + 14)

    def test_nothing_is_kept_of_the_text_behind_a_fatal_error(self) -> None:
        parser = NearMissParser(limits=Limits(max_total_chars=20))
        for _ in range(1_000):
            parser.feed("0123456789")
        assert sum(map(len, parser._parts)) <= 40

    def test_an_aborted_stream_has_no_finding_of_its_last_line(self) -> None:
        parser = NearMissParser()
        parser.feed("- /// START A")
        assert findings_of(parser.abort()) == []

    def test_a_snapshot_has_the_end_of_the_line_and_counts_the_findings(self) -> None:
        parser = NearMissParser()
        parser.feed("- /// START A\n" * 9 + "y" * 100_000)
        state = json.loads(json.dumps(parser.snapshot()))
        assert len(json.dumps(state)) < 3_000
        restored = NearMissParser.restore(state)
        assert restored.snapshot() == state
        rest = " /// END Hero\n- /// START B\n"
        assert restored.feed(rest) == parser.feed(rest)
        assert restored.feed(rest) == parser.feed(rest) != []

    @pytest.mark.parametrize(
        "damage",
        [
            None,
            {},
            {"line": 3, "room": 1},
            {"line": "\n", "room": 1},
            {"line": "too long", "room": 1},
            {"line": "", "room": "1"},
            {"line": "", "room": -1},
            {"line": "", "room": 10**30},
        ],
    )
    def test_a_damaged_snapshot_is_refused(self, damage: object) -> None:
        state = {**NearMissParser().snapshot(), "near_misses": damage}
        with pytest.raises(UsageError, match="the snapshot is damaged"):
            NearMissParser.restore(state)

    def test_a_line_from_beyond_the_text_is_refused(self) -> None:
        with pytest.raises(UsageError, match="the snapshot is damaged"):
            NearMissParser.restore({**NearMissParser().snapshot(), "line_from": 10**30})

    def test_the_halves_of_a_pair_are_two_characters_behind_a_snapshot(self) -> None:
        parser = NearMissParser()
        parser.feed("a\n \ud83d\ude00 x ")
        restored = NearMissParser.restore(json.loads(json.dumps(parser.snapshot())))
        (event,) = findings_of(restored.feed("/// START Hero\nz\n"))
        assert (event.finding.line, event.finding.span) == (2, (2, 23))

    def test_the_snapshot_of_a_parser_without_findings_is_refused(self) -> None:
        with pytest.raises(UsageError, match="the snapshot is damaged"):
            NearMissParser.restore(ComponentParser().snapshot())

    def test_a_closed_parser_stays_closed(self) -> None:
        parser = NearMissParser()
        parser.close()
        assert parser.close() == []
        with pytest.raises(UsageError):
            parser.feed("- /// START A\n")

    def test_the_other_events_are_those_of_the_parser(self) -> None:
        text = "".join(
            f"{line}\n/// START A{number}\n{line}\n" for number, line in enumerate(NEAR_MISSES[:40])
        )
        with_findings, without = NearMissParser(), ComponentParser()
        events = [*with_findings.feed(text), *with_findings.close()]
        assert _without_findings(events) == merge_deltas([*without.feed(text), *without.close()])


LINES = st.sampled_from([*NEAR_MISSES, *NOT_MEANT, "/// START A", "/// END A", "```tsx", "```", "\ufeff"])
TEXTS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "", "\n\n"])), max_size=12).map(
    lambda lines: "".join(line + end for line, end in lines)
)


def _cut_at_each(text: str, limits: Limits) -> list[list[Event]]:
    """Return the events of a text at once, and cut in two at each place."""
    runs = []
    for at in range(len(text) + 1):
        parser = NearMissParser(limits=limits)
        runs.append(merge_deltas([*parser.feed(text[:at]), *parser.feed(text[at:]), *parser.close()]))
    return runs


class TestCuts:
    def test_a_line_in_which_a_component_becomes_too_long_is_not_told(self) -> None:
        limits = Limits(max_component_chars=1, max_errors=1)
        runs = _cut_at_each("/// START A:\nx /// START B\n", limits)
        assert findings_of(runs[0]) == []
        assert all(run == runs[0] for run in runs)

    def test_a_line_before_that_is(self) -> None:
        limits = Limits(max_component_chars=16, max_errors=1)
        runs = _cut_at_each("/// START A:\n- /// START B\nlonger /// END A\n", limits)
        assert [event.finding.line for event in findings_of(runs[0])] == [2]
        assert all(run == runs[0] for run in runs)

    def test_a_finding_comes_before_the_error_of_a_later_line(self) -> None:
        text = "* /// START A\n/// START " + "x" * 600 + "\n"
        runs = _cut_at_each(text, Limits())
        kinds = [event.type for event in runs[0]]
        assert kinds.index("finding") < kinds.index("error")
        assert all(run == runs[0] for run in runs)

    def test_the_last_line_is_not_told_if_its_error_is_fatal(self) -> None:
        parser = NearMissParser(limits=Limits(max_errors=1))
        events = parser.feed("/// END A\n/// START 9 /// START B")
        assert findings_of([*events, *parser.close()]) == []


class TestLaws:
    @given(TEXTS, st.randoms(use_true_random=False), st.sampled_from([None, 3]))
    def test_how_the_text_is_cut_changes_nothing(
        self, text: str, random: random.Random, most: int | None
    ) -> None:
        limits = Limits() if most is None else Limits(max_components=most)
        whole, cut = NearMissParser(limits=limits), NearMissParser(limits=limits)
        expected = [*whole.feed(text), *whole.close()]
        events: list[Event] = []
        at = 0
        while at < len(text):
            size = random.choice([1, 2, 3, 7, 100])
            events += cut.feed(text[at : at + size])
            at += size
        events += cut.close()
        assert merge_deltas(events) == merge_deltas(expected)

    @given(TEXTS, st.randoms(use_true_random=False), st.sampled_from([1, 40, 600]))
    def test_a_parser_that_moves_to_another_process_between_chunks_finds_the_same(
        self, text: str, random: random.Random, width: int
    ) -> None:
        text = text.replace("code", "code " * width)
        whole, parser = NearMissParser(), NearMissParser()
        expected = [*whole.feed(text), *whole.close()]
        events: list[Event] = []
        at = 0
        while at < len(text):
            size = random.choice([1, 3, 30, 300])
            events += parser.feed(text[at : at + size])
            at += size
            state = parser.snapshot()
            parser = NearMissParser.restore(json.loads(json.dumps(state)))
            assert parser.snapshot() == state
        events += parser.close()
        assert merge_deltas(events) == merge_deltas(expected)

    @given(TEXTS, st.randoms(use_true_random=False))
    def test_parser_and_scanner_find_the_same(self, text: str, random: random.Random) -> None:
        parser = NearMissParser()
        cuts = sorted(random.choices(range(len(text) + 1), k=4))
        findings = [event.finding for event in findings_of([*parser.feed(text), *parser.close()])]
        assert [attrs.evolve(finding, index=None) for finding in findings] == scan(text, cuts=cuts)

    @given(TEXTS)
    def test_a_finding_is_about_the_text_before_it(self, text: str) -> None:
        parser = NearMissParser()
        block = None
        for event in [*parser.feed(text), *parser.close()]:
            # A line that recovery lets act has its text in the block that it starts.
            if isinstance(event, ContentBlockDelta | ContentBlockStart):
                block = event.index
            elif isinstance(event, FindingEvent):
                assert event.finding.index == block
                assert event.finding.span is not None
                begin, end = event.finding.span
                assert text[begin:end].strip()

    @given(st.text(alphabet="/ STARENDBGIHo.\n\r-{}*\"'=", max_size=200))
    def test_no_text_raises(self, text: str) -> None:
        assert scan(text) == scan(text, cuts=list(range(1, len(text))))


def _without_findings(events: list[Event]) -> list[Event]:
    return merge_deltas(event for event in events if not isinstance(event, FindingEvent))
