import importlib
import re
import sys

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import componentstream.testing
from componentstream.core.errors import MissingExtraError
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    MessageStop,
    StatusEvent,
)
from componentstream.core.grammar import POSITIONS, Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.testing import EventVerifier, strategies

# The same examples each time: what a strategy can draw at all is asked by `find`.
fixed = settings(derandomize=True, database=None, deadline=None, max_examples=200)
seek = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=5000,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def can_draw(strategy, condition):
    find(strategy, condition, settings=seek)


def read(text, grammar):
    parser = ComponentParser(grammar=grammar)
    return [*parser.feed(text), *parser.close()]


@fixed
@given(strategies.names())
def test_names_follow_the_grammar(name):
    assert re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", name, re.ASCII)


@fixed
@given(strategies.positions(grammar=Grammar(positions={"main", "left"})))
def test_positions_are_those_of_the_grammar(position):
    assert position in {"main", "left"}


def test_default_positions_are_those_of_the_protocol():
    for position in POSITIONS:
        can_draw(strategies.positions(), lambda drawn, wanted=position: drawn == wanted)


@fixed
@given(strategies.grammars(), st.data())
def test_markers_are_well_formed_in_their_language(grammar, data):
    opens = data.draw(st.booleans())
    name = data.draw(st.none() | st.just("Given.Name"))
    line = data.draw(strategies.markers(grammar=grammar, opens=opens, name=name))
    keyword = grammar.start if opens else grammar.end
    head = re.match(rf"\s*{re.escape(grammar.prefix)}\s*{keyword}\s+([\w.]+)", line)
    assert head
    before = "" if opens else f"{grammar.prefix} {grammar.start} {head[1]}\n"
    events = read(before + line, grammar)
    started = events[0]
    assert isinstance(started, ContentBlockStart)
    assert started.block.name == head[1] == (name or head[1])
    assert started.block.position in grammar.positions
    errors = [event.code for event in events if isinstance(event, ErrorEvent)]
    assert errors == (["unclosed_component"] if opens else [])


@pytest.mark.parametrize(
    "pattern", [r"///\s*START", r"///\s*END", "position=[A-Z]", "position='", '=".* .*"']
)
def test_markers_of_every_form_are_drawn(pattern):
    can_draw(strategies.markers(), re.compile(pattern).search)


@settings(fixed, max_examples=300)
@given(strategies.grammars(), st.data())
def test_valid_documents_give_no_error_and_every_component_its_end(grammar, data):
    text = data.draw(strategies.documents(kind="valid", max_components=5, grammar=grammar))
    events = read(text, grammar)
    assert [event for event in events if isinstance(event, ErrorEvent)] == []
    assert {event.reason for event in events if isinstance(event, ContentBlockStop)} <= {"end"}
    started = [event for event in events if isinstance(event, ContentBlockStart)]
    assert sum(isinstance(event.block, ComponentBlock) for event in started) <= 5


def test_valid_documents_nest_and_have_fences_and_both_line_ends():
    valid = strategies.documents(kind="valid")
    can_draw(valid, lambda text: text.startswith("```\n") and text.endswith("\n```\n"))
    can_draw(valid, lambda text: "```jsx\r\n" in text)
    can_draw(valid, lambda text: any(getattr(e, "block", None) and e.block.to_dict().get("parent") == 0
                                     for e in read(text, Grammar())))  # fmt: skip


@pytest.mark.parametrize("kind", ["any", "mutated", "hostile"])
def test_documents_that_are_not_valid_give_errors(kind):
    strategy = strategies.documents(kind=kind)
    can_draw(strategy, lambda text: any(isinstance(event, ErrorEvent) for event in read(text, Grammar())))


@pytest.mark.parametrize(
    "pattern",
    [
        "\ud800",
        "\ufeff",
        "\r[^\n]",
        "/{600}",
        "`{20}",
        "(\n/// START A){5}",
        '="[^"\n]*\n',
        "^////",
        "///\u00a0",
    ],
)
def test_hostile_documents_have_hostile_things(pattern):
    can_draw(strategies.documents(kind="hostile"), re.compile(pattern).search)


@fixed
@given(st.data(), strategies.documents())
def test_chunkings_join_to_the_text(data, text):
    assert "".join(data.draw(strategies.chunkings(text))) == text


@fixed
@given(strategies.chunked(st.just("é\n/// START A\r\n".encode())))
def test_bytes_are_cut_too(chunks):
    assert b"".join(chunks) == "é\n/// START A\r\n".encode()


def test_chunkings_have_empty_chunks_single_characters_and_cuts_at_seams():
    text = "abcdefgh" * 20 + "/// START A\r\n" + "abcdefgh" * 20
    cut = strategies.chunkings(text)
    can_draw(cut, lambda chunks: chunks == [text])
    can_draw(cut, lambda chunks: "" in chunks)
    can_draw(cut, lambda chunks: chunks == list(text))
    can_draw(cut, lambda chunks: len(chunks) < 20 and any(chunk.endswith("\r") for chunk in chunks))
    can_draw(cut, lambda chunks: len(chunks) < 20 and any(chunk.endswith("/// STA") for chunk in chunks))


def test_limits_are_defaults_or_tiny():
    for field in ("marker_chars", "component_chars", "components", "depth", "total_chars", "errors"):
        can_draw(strategies.limits(), lambda drawn, name=f"max_{field}": getattr(drawn, name) == 1)
    can_draw(strategies.limits(), lambda drawn: drawn == Limits())
    can_draw(strategies.limits(tiny=False), lambda drawn: drawn == Limits())


def test_grammars_vary_every_policy():
    for name, value in {
        "nesting": "text",
        "fences": "keep",
        "outside": "discard",
        "strict": True,
        "start": "STARTED",
        "prefix": "<!--",
        "positions": frozenset({"main", "hero"}),
    }.items():
        can_draw(strategies.grammars(), lambda drawn, key=name, wanted=value: getattr(drawn, key) == wanted)
    can_draw(strategies.grammars(), lambda drawn: drawn == Grammar())


@fixed
@given(strategies.events())
def test_events_survive_their_json_shape(event):
    assert event_from_dict(event.to_dict()) == event


@pytest.mark.parametrize(
    "kind",
    [
        ContentBlockStart,
        ContentBlockDelta,
        ContentBlockStop,
        ErrorEvent,
        StatusEvent,
        MessageStop,
        DebugEvent,
    ],
)
def test_events_of_every_kind_are_drawn(kind):
    can_draw(strategies.events(), lambda event: isinstance(event, kind))


@fixed
@given(strategies.event_streams(max_blocks=4), strategies.event_streams(session=True))
def test_event_streams_are_well_formed(parsed, sent):
    for stream in (parsed, sent):
        verifier = EventVerifier()
        verifier.check_all(stream)
        verifier.finish()
    assert sum(isinstance(event, ContentBlockStart) for event in parsed) <= 4
    assert not any(isinstance(event, MessageStop | StatusEvent) for event in parsed)
    assert isinstance(sent[0], StatusEvent)
    assert isinstance(sent[-1], MessageStop)


@pytest.mark.parametrize("reason", ["end", "implied", "truncated", "aborted"])
def test_event_streams_have_stops_of_every_reason_that_a_parser_gives(reason):
    can_draw(
        strategies.event_streams(),
        lambda stream: any(
            isinstance(event, ContentBlockStop) and event.reason == reason for event in stream
        ),
    )


def test_event_streams_have_trimmed_and_nested_components():
    can_draw(
        strategies.event_streams(),
        lambda stream: any(isinstance(event, ContentBlockStop) and event.trimmed for event in stream),
    )
    can_draw(
        strategies.event_streams(),
        lambda stream: any(isinstance(event, ContentBlockStart) and event.block.to_dict().get("parent") == 1
                           for event in stream),
    )  # fmt: skip


def test_without_hypothesis_the_error_names_the_extra(monkeypatch):
    monkeypatch.delattr(componentstream.testing, "strategies")
    monkeypatch.delitem(sys.modules, "componentstream.testing.strategies")
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    assert importlib.reload(componentstream.testing).EventVerifier
    with pytest.raises(MissingExtraError, match=r"install componentstream\[testing\]"):
        importlib.import_module("componentstream.testing.strategies")
