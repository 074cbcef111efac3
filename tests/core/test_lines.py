"""The searches of the scanner in one chunk, each by itself; test_scanner has them together."""

import pytest

from componentstream.core.automaton import (
    ALL_FENCES,
    BARE_TICKS,
    BARE_TILDES,
    CANDIDATE_END,
    CANDIDATE_START,
    END_LINE,
    INFO_TICKS,
    INFO_TILDES,
    LEAD,
    NO_FENCES,
    START_LINE,
    TEXT,
    TICKS,
    TILDES,
    machine_of,
)
from componentstream.core.grammar import Grammar
from componentstream.core.lines import NOWHERE, classify, run_machine, skip_text

MACHINE = machine_of(Grammar())


def run(chunk, pos=0, *, limit=512, state=LEAD, fences=NO_FENCES):
    return run_machine(MACHINE, chunk, pos, limit=limit, state=state, fences=fences)


@pytest.mark.parametrize(
    ("chunk", "reached", "state"),
    [
        ("x y", 1, TEXT),
        ("  x", 3, TEXT),
        ("", 0, LEAD),
        ("  ", 2, LEAD),
        (" \nx", 1, LEAD),
        ("///START A", 9, CANDIDATE_START),
        (" /// END\u3000A", 9, CANDIDATE_END),
        ("/// STARTED", 10, TEXT),
    ],
)
def test_the_machine_runs_until_the_line_is_decided_or_ends(chunk, reached, state):
    assert run(chunk) == (reached, state)
    assert run("/" + chunk, 1) == (reached + 1, state)


def test_the_machine_continues_in_the_state_that_the_line_has():
    _, state = run("/// STA")
    assert state > LEAD
    assert run("RT A", state=state) == (3, CANDIDATE_START)
    assert run("X", state=state) == (1, TEXT)


def test_backticks_are_text_where_fences_are_not_dropped():
    assert run("```") == (1, TEXT)
    assert run("```x", fences=BARE_TICKS) == (4, TEXT)
    assert run("```", fences=BARE_TICKS)[1] > LEAD
    assert run("```", fences=BARE_TILDES) == (1, TEXT)
    assert run("~~~ x y", fences=ALL_FENCES)[1] > LEAD
    assert run("```x", fences=ALL_FENCES)[1] > LEAD


def test_a_line_that_is_undecided_at_the_limit_is_text():
    assert run("/// S", limit=5)[1] > LEAD
    assert run("/// ST", limit=5) == (6, TEXT)
    assert run("/// START ", limit=5) == (6, TEXT)


@pytest.mark.parametrize(("rest", "is_text"), [("\r", False), ("\r\n", False), ("\rx", True), ("\r\r", True)])
def test_a_carriage_return_of_the_line_end_may_exceed_the_limit(rest, is_text):
    reached, state = run("/// END" + rest, limit=7)
    assert reached == 8
    assert (state == TEXT) == is_text


def skip(chunk, pos=0, hit=NOWHERE, fences=NO_FENCES):
    return skip_text(MACHINE, chunk, pos, stop=chunk.rfind("\n") + 1, hit=hit, fences=fences)


@pytest.mark.parametrize("fences", [NO_FENCES, BARE_TICKS, BARE_TILDES, ALL_FENCES])
@pytest.mark.parametrize("chunk", ["\nx\n", "\nx\ny ///\n  z\n\n", "\na /// b\n/", "\n//\n ///"])
def test_lines_of_text_are_skipped_to_the_last_line_end(chunk, fences):
    stop = chunk.rfind("\n") + 1
    lines, start, at, _ = skip(chunk, 1, fences=fences)
    assert (lines, start, at) == (chunk.count("\n") - 1, stop, stop)


@pytest.mark.parametrize("fences", [NO_FENCES, BARE_TICKS, BARE_TILDES, ALL_FENCES])
def test_skipping_ends_behind_the_prefix_of_the_next_marker(fences):
    chunk = "\nx\na /// b\n\u00a0 /// END A\ny\n"
    assert skip(chunk, 1, fences=fences) == (2, 11, 16, MACHINE.keyword)


def test_a_marker_on_the_first_line_is_found():
    assert skip("/// END A\n") == (0, 0, 3, MACHINE.keyword)
    assert skip("  /// END A\n") == (0, 0, 5, MACHINE.keyword)


def test_a_prefix_that_is_known_is_not_searched_for():
    assert skip("x\n///\n", hit=2) == (1, 2, 5, MACHINE.keyword)
    assert skip("x\n///\n", hit=6) == (2, 6, 6, MACHINE.keyword)


def test_a_known_prefix_within_a_text_line_is_passed():
    assert skip("x ///\n///\n", hit=2) == (1, 6, 9, MACHINE.keyword)


def test_skipping_ends_behind_the_beginning_of_the_next_fence():
    assert skip("\nx\n~~~\n/// END A\n", 1, fences=ALL_FENCES) == (1, 3, 6, MACHINE.rest[3])
    assert skip("\nx\n  ```tsx\n/// END A\n", 1, fences=BARE_TICKS) == (1, 3, 8, MACHINE.rest[2])
    assert skip("\nx\n  ```tsx\n/// END A\n", 1) == (2, 12, 15, MACHINE.keyword)


@pytest.mark.parametrize(
    ("line", "kind", "read"),
    [
        ("/// START A", START_LINE, 10),
        ("/// END\r", END_LINE, 7),
        ("```", TICKS, 3),
        ("```` \r", TICKS, 5),
        ("```tsx", INFO_TICKS, 6),
        ("~~~ ", TILDES, 4),
        (" ~~~ ts x", INFO_TILDES, 9),
        ("x", None, 0),
        ("", None, 0),
    ],
)
def test_a_complete_line_is_classified_by_its_beginning(line, kind, read):
    assert classify(MACHINE.line, line, 512) == (kind, read)


def test_the_rest_of_a_line_is_classified_by_the_pattern_that_fits_it():
    assert classify(MACHINE.keyword, " END A", 512) == (END_LINE, 5)
    assert classify(MACHINE.rest[2], "tsx", 512) == (INFO_TICKS, 3)
    assert classify(MACHINE.rest[2], "", 512) == (TICKS, 0)


@pytest.mark.parametrize(
    ("line", "kind", "needed"),
    [("/// START A", START_LINE, 9), ("```tsx", INFO_TICKS, 6), ("``` ", TICKS, 4)],
)
def test_a_keyword_or_fence_beyond_the_limit_is_text(line, kind, needed):
    assert classify(MACHINE.line, line, needed)[0] == kind
    assert classify(MACHINE.line, line, needed - 1) == (None, 0)
