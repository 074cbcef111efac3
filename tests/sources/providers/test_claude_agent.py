"""Claude Agent SDK, as objects of the library and as lines of Claude Code.

The library contains the whole program and is too large for the tests: see ``stand_in``.
"""

import pytest

from componentstream.sources import JSONLinesSourceDecoder, Usage
from tests.sources import recorded, stand_in
from tests.sources.libraries import all_pieces_of, outcome, pieces_of, said

HEAD = {"uuid": "u", "session_id": "s"}
LINE = {"session_id": "s", "parent_tool_use_id": None}
TIMES = {"duration_ms": 1, "duration_api_ms": 1, "num_turns": 1, "session_id": "s"}
INIT = {"type": "system", "subtype": "init"}


def new(kind, **fields):
    return stand_in.of("claude_agent_sdk.types", kind)(**fields)


def partial(event, parent=None):
    return new("StreamEvent", **HEAD, event=event, parent_tool_use_id=parent)


def whole(**more):
    blocks = [
        new("ThinkingBlock", thinking="no text", signature="s"),
        new("TextBlock", text=recorded.TEXT),
        new("ToolUseBlock", id="t", name="look", input={"text": "no text"}),
    ]
    fields = {"parent_tool_use_id": None, "error": None, "stop_reason": None}
    return new("AssistantMessage", content=blocks, model="m", **{**fields, **more})


def result(**more):
    fields = {"subtype": "success", "is_error": False, "result": recorded.TEXT, "stop_reason": "end_turn"}
    return new("ResultMessage", **{**TIMES, **fields, "usage": None, **more})


def test_a_session_with_partial_messages():
    system = new("SystemMessage", subtype="init", data={})
    events = [system, *map(partial, recorded.anthropic()), whole(), result()]
    assert pieces_of(events) == recorded.PIECES


def test_a_session_without_partial_messages():
    assert pieces_of([whole(), result()]) == [recorded.TEXT]
    assert pieces_of([result()]) == [recorded.TEXT]
    user = new("UserMessage", content="no text")
    assert pieces_of([user, whole(), user, whole(), result()]) == [recorded.TEXT] * 2


def test_the_tokens_of_a_session_count_once():
    usage = {"input_tokens": 9, "output_tokens": 3}
    assert all_pieces_of([whole(), result(usage=usage)])[-1] == Usage(9, 3)
    events = [*map(partial, recorded.anthropic()), whole(), result(usage=usage)]
    assert all_pieces_of(events)[-1] == Usage(9, 3)


def test_the_messages_of_other_agents_are_not_the_answer():
    events = [partial(event, "t") for event in recorded.anthropic()]
    assert pieces_of([*events, whole(parent_tool_use_id="t"), whole(), result()]) == [recorded.TEXT]
    line = {"type": "assistant", "parent_tool_use_id": "t", "message": {"content": [{"text": "no"}]}}
    assert pieces_of([line, {"type": "result", "subtype": "success", "result": "Hi"}]) == ["Hi"]


def test_the_lines_of_claude_code():
    partials = [{"type": "stream_event", "event": event, **LINE} for event in recorded.anthropic()]
    message = {"role": "assistant", "content": [{"type": "text", "text": recorded.TEXT}]}
    ends = [
        {"type": "assistant", "message": message, **LINE},
        {"type": "result", "subtype": "success", "is_error": False, "result": recorded.TEXT},
    ]
    for events, pieces in (([INIT, *partials, *ends], recorded.PIECES), ([INIT, *ends], [recorded.TEXT])):
        decoder = JSONLinesSourceDecoder()
        assert said(decoder.feed(recorded.lines(*events)) + decoder.close()) == pieces


@pytest.mark.parametrize(
    ("end", "errors"),
    [
        ({"stop_reason": "max_tokens"}, ("source_truncated(max_tokens)",)),
        ({"subtype": "error_max_turns"}, ("source_truncated(max_turns)",)),
        (
            {"subtype": "error_during_execution", "is_error": True, "api_error_status": None},
            ("source_failed!(error_during_execution)",),
        ),
        ({"is_error": True, "api_error_status": 529}, ("source_failed!~",)),
    ],
)
def test_ends(end, errors):
    assert outcome(pieces_of([whole(), result(**end)])) == (recorded.TEXT, errors)


def test_the_text_of_an_error_is_not_the_answer():
    assert outcome(pieces_of([whole(error="rate_limit")])) == ("", ("source_failed!~(rate_limit)",))
    assert outcome(pieces_of([whole(error="")])) == (recorded.TEXT, ())
