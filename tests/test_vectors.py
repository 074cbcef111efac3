"""Runs every case of ``vectors/`` on the oracle and, in many cuttings, on the parser."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest

from componentstream.core.codes import ParserErrorCode
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Span,
    TextBlock,
)
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from tests.oracle import comparable, parse_whole

VECTORS = Path(__file__).with_name("vectors")
SHORT = 2_000
LONG = 100_000


@attrs.frozen
class Case:
    id: str
    rule: str
    grammar: Grammar
    limits: Limits
    text: str
    events: list[Event]


def expand(parts: Any) -> str:
    """Return the text that a string, a repetition or a list of both means."""
    if isinstance(parts, str):
        return parts
    if isinstance(parts, dict):
        return str(parts["repeat"]) * int(parts["times"])
    return "".join(expand(part) for part in parts)


def read_event(row: dict[str, Any]) -> Event:
    span: Span | None = tuple(row["span"]) if "span" in row else None
    match row:
        case {"start": index, "component": name}:
            attributes = row.get("attributes", {})
            block = ComponentBlock(name, row.get("position", "main"), attributes, row.get("parent"))
            return ContentBlockStart(index, block, span)
        case {"start": index, "text": True}:
            return ContentBlockStart(index, TextBlock())
        case {"delta": index, "text": text}:
            return ContentBlockDelta(index, expand(text))
        case {"stop": index, "reason": reason, "chars": chars}:
            return ContentBlockStop(index, reason, chars, row.get("trimmed", 0), span)
        case {"error": code}:
            where = {"line": row.get("line"), "index": row.get("index"), "span": span}
            fatal, recovered = row.get("fatal", False), row.get("recovered", False)
            return ErrorEvent(code, "", fatal, recovered=recovered, **where)
    raise AssertionError(row)


def read_case(row: dict[str, Any]) -> Case:
    policies = dict(row.get("grammar", {}))
    if "positions" in policies:
        policies["positions"] = frozenset(policies["positions"])
    return Case(
        id=row["id"],
        rule=row["rule"],
        grammar=Grammar(**policies),
        limits=Limits(**row.get("limits", {})),
        text=expand(row["text"]),
        events=[read_event(event) for event in row["events"]],
    )


def read_cases() -> Iterator[Case]:
    for path in sorted(VECTORS.glob("*.json")):
        for row in json.loads(path.read_text(encoding="ascii")):
            yield read_case(row)


CASES = list(read_cases())
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def parse_pieces(case: Case, pieces: list[str]) -> list[Event]:
    """Return all events of the parser, after checking the rules for those of each single call."""
    parser = ComponentParser(grammar=case.grammar, limits=case.limits)
    events: list[Event] = []
    for answer in [*(parser.feed(piece) for piece in pieces), parser.close()]:
        assert len(comparable(answer)) == len(answer), "two deltas where one would do"
        events += answer
    assert all(event.text for event in events if isinstance(event, ContentBlockDelta))
    assert all(event.message for event in events if isinstance(event, ErrorEvent))
    return comparable(events)


def cuts(case: Case) -> list[int]:
    """Return where to cut: everywhere in a short text, near the places that matter in a long one."""
    text = case.text
    if len(text) <= SHORT:
        return list(range(len(text) + 1))
    near = 1 if len(text) > LONG else 4
    line_ends = [at + 1 for at, char in enumerate(text[:LONG]) if char == "\n"]
    marked = [event for event in case.events if isinstance(event, ContentBlockStart | ContentBlockStop)]
    spans = [event.span for event in marked if event.span]
    bounds = [case.limits.max_marker_chars, case.limits.max_component_chars, case.limits.max_total_chars]
    places = [0, len(text), *line_ends[:8], *line_ends[-8:], *bounds]
    places += [offset for span in [*spans[:4], *spans[-4:]] for offset in span]
    wanted = {place + step for place in places for step in range(-near, near + 1)}
    return sorted(at for at in wanted if 0 <= at <= len(text))


@every_case
def test_the_oracle_gives_the_events_of_the_case(case: Case) -> None:
    assert parse_whole(case.text, grammar=case.grammar, limits=case.limits) == case.events


@every_case
def test_the_parser_gives_the_events_of_the_whole_text(case: Case) -> None:
    assert parse_pieces(case, [case.text]) == case.events


@every_case
def test_the_parser_gives_the_same_events_for_every_cut_in_two(case: Case) -> None:
    for at in cuts(case):
        assert parse_pieces(case, [case.text[:at], case.text[at:]]) == case.events, f"cut at {at}"


@pytest.mark.parametrize("case", [case for case in CASES if len(case.text) <= LONG], ids=lambda case: case.id)
def test_the_parser_gives_the_same_events_for_single_characters(case: Case) -> None:
    assert parse_pieces(case, list(case.text)) == case.events


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 650


def test_no_two_cases_have_one_id() -> None:
    assert [id_ for id_, times in Counter(case.id for case in CASES).items() if times > 1] == []


def test_no_two_cases_show_the_same() -> None:
    inputs = Counter((case.text, repr(case.grammar), repr(case.limits)) for case in CASES)
    assert [text[:200] for (text, _, _), times in inputs.items() if times > 1] == []


def test_every_error_code_of_the_parser_appears_in_a_case() -> None:
    seen = {event.code for case in CASES for event in case.events if isinstance(event, ErrorEvent)}
    assert seen == set(get_args(ParserErrorCode))
