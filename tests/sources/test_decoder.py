"""Chunks of every kind to text, with the reported end of the answer, and values that are not chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream import Grammar
from componentstream.core.errors import UsageError
from componentstream.sources import Reasoning, SourceDecoder, SourceError, Usage
from tests.sources import recorded, shapes
from tests.sources.libraries import all_pieces_of, outcome, said

INCOMPLETE = SourceError(
    "source_incomplete",
    "The stream ended before the provider had ended its answer.",
    fatal=True,
    retryable=True,
)
TOKEN_LIMIT = SourceError("source_truncated", "The model stopped before the end of its answer: max_tokens.")
LENGTH = SourceError("source_truncated", "The model stopped before the end of its answer: length.")
REFUSAL = SourceError("source_failed", "The provider stopped the answer: refusal.", fatal=True)
FILTERED = SourceError("source_failed", "The provider stopped the answer: content_filter.", fatal=True)
HELPER_TEXT = {"type": "text", "text": "text", "snapshot": "text"}


def decoded(chunks):
    decoder = SourceDecoder()
    return said([piece for chunk in chunks for piece in decoder.feed(chunk)] + decoder.close())


def fed(chunks):
    """All pieces before the end of the source, of every kind."""
    decoder = SourceDecoder()
    return [piece for chunk in chunks for piece in decoder.feed(chunk)]


def test_str_is_text_already():
    assert decoded(["a", "", "b\ud800", "\ufeff"]) == ["a", "b\ud800", "\ufeff"]
    assert decoded([""]) == []
    assert decoded([]) == []


def test_a_str_of_a_class_of_its_own_is_a_str():
    text = type("Text", (str,), {})("a")
    assert decoded([text, "b", text]) == ["a", "b", "a"]


@pytest.mark.parametrize("chunks", [["a", "b"], [b"a", b"b"], recorded.chat()])
@pytest.mark.parametrize("piece", [Reasoning("so"), Reasoning(""), Usage(), TOKEN_LIMIT])
def test_pieces_pass_between_chunks_of_every_kind(chunks, piece):
    first, *rest = chunks
    assert fed([piece, first, piece, *rest, piece]) == [
        piece,
        *fed([first]),
        piece,
        *fed(chunks)[len(fed([first])) :],
        piece,
    ]


@pytest.mark.parametrize("chunks", [["a", "b"], [b"a", b"b"], recorded.chat()])
def test_nothing_follows_a_piece_that_is_a_fatal_error(chunks):
    first, *rest = chunks
    decoder = SourceDecoder()
    pieces = [piece for chunk in [first, INCOMPLETE, *rest, INCOMPLETE] for piece in decoder.feed(chunk)]
    assert [*pieces, *decoder.close()] == [*fed([first]), INCOMPLETE]


@pytest.mark.parametrize("cut", range(len("aä€😀".encode()) + 1))
def test_bytes_are_utf_8_cut_anywhere(cut):
    data = "aä€😀".encode()
    assert "".join(decoded([data[:cut], b"", data[cut:]])) == "aä€😀"
    assert "".join(decoded([data[:cut]])) == data[:cut].decode("utf-8", "replace")


@pytest.mark.parametrize(
    "events",
    [
        recorded.anthropic(),
        recorded.chat(),
        recorded.responses(),
        recorded.gemini(),
        recorded.interactions(),
        recorded.ollama(),
        recorded.cohere(),
    ],
    ids=["anthropic", "chat", "responses", "gemini", "interactions", "ollama", "cohere"],
)
def test_a_whole_answer_is_its_text_and_nothing_else(events):
    assert decoded(events) == recorded.PIECES
    assert decoded([*events, *events]) == recorded.PIECES * 2


@pytest.mark.parametrize(
    ("events", "last"),
    [
        (recorded.anthropic(), 1),
        (recorded.chat(usage=False), 1),
        (recorded.responses(), 1),
        (recorded.interactions(), 1),
        (recorded.ollama(), 1),
        (recorded.cohere(), 1),
        (recorded.gemini(), 2),
    ],
    ids=["anthropic", "chat", "responses", "interactions", "ollama", "cohere", "gemini"],
)
def test_an_answer_that_its_provider_has_not_ended_is_incomplete(events, last):
    for end in range(1, len(events) - last + 1):
        pieces = decoded(events[:end])
        assert pieces[-1] == INCOMPLETE
        assert pieces[:-1] == recorded.PIECES[: len(pieces) - 1]
    # A second answer, which an agent may ask for after the first, must be ended too.
    assert decoded([*events, *events[:-last]])[-1] == INCOMPLETE


@pytest.mark.parametrize(
    "events",
    [
        [],
        [{"type": "response.output_text.delta", "delta": "x"}],
        [{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}],
        [{"object": "chat.completion.chunk", "choices": []}],
    ],
)
def test_a_stream_that_began_no_message_need_not_end_one(events):
    assert INCOMPLETE not in decoded(events)


def test_a_chunk_about_usage_after_the_end_begins_nothing_even_if_it_has_a_choice():
    empty = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": None}}]}
    assert decoded([*recorded.chat(), empty]) == recorded.PIECES


def test_an_answer_that_is_too_long_says_so_once_and_its_text_stands():
    assert decoded(recorded.anthropic("max_tokens")) == [*recorded.PIECES, TOKEN_LIMIT]
    assert decoded(recorded.gemini("MAX_TOKENS")) == [*recorded.PIECES, TOKEN_LIMIT]
    chunks = recorded.chat("length", usage=False)
    assert decoded([*chunks, chunks[-1]]) == [*recorded.PIECES, LENGTH]
    twice = [*recorded.PIECES, LENGTH]
    assert decoded([*chunks, *chunks]) == twice + twice


@pytest.mark.parametrize(
    ("events", "error"),
    [
        (recorded.anthropic("refusal"), REFUSAL),
        (recorded.chat("content_filter"), FILTERED),
        (
            recorded.responses("response.incomplete", incomplete_details={"reason": "content_filter"}),
            FILTERED,
        ),
    ],
)
def test_an_answer_that_is_withheld_fails_after_its_text_and_nothing_follows(events, error):
    assert decoded([*events, *events, "more"]) == [*recorded.PIECES, error]


def test_the_words_of_a_refusal_are_no_text():
    refusing = recorded.chat()[:3]
    refusing[1] = {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"refusal": "I cannot"}, "finish_reason": None}],
    }
    assert decoded(refusing) == [REFUSAL]
    assert decoded([*recorded.responses()[:1], {"type": "response.refusal.delta", "delta": "I"}]) == [REFUSAL]


def test_after_an_error_of_the_provider_nothing_follows_and_the_missing_end_is_no_other_error():
    events = recorded.anthropic()[:8]
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "secret"}}
    message = "The provider sent an error: overloaded_error."
    error = SourceError("source_failed", message, fatal=True, retryable=True)
    assert decoded([*events, overloaded, overloaded, *events]) == [recorded.PIECES[0], error]


def test_the_text_events_of_the_helper_of_anthropic_count_only_without_the_raw_ones():
    raw = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "text"}}
    assert decoded([HELPER_TEXT, HELPER_TEXT]) == ["text", "text"]
    assert decoded([raw, HELPER_TEXT, raw, HELPER_TEXT]) == ["text", "text"]
    assert decoded([{"type": "message_start"}, HELPER_TEXT, {"type": "message_stop"}]) == ["text"]


def test_a_whole_message_of_langchain_counts_only_without_chunks():
    whole = {"type": "ai", "content": "text"}
    chunk = {"type": "AIMessageChunk", "content": "te"}
    assert decoded([whole]) == ["text"]
    assert decoded([(whole, {})]) == ["text"]
    assert decoded([chunk, {**chunk, "content": "xt"}, whole]) == ["te", "xt"]


def test_unknown_events_are_passed_over_and_counted():
    decoder = SourceDecoder()
    events = [{"type": "new"}, ("updates", {}), {"type": "message_stop"}, {}, None]
    assert [piece for event in events for piece in decoder.feed(event)] == []
    assert decoder.ignored == 4


@pytest.mark.parametrize("chunk", [None, 7, 1.5, bytearray(b"x"), memoryview(b"x"), [], {}])
def test_what_is_no_chunk_of_any_source_is_a_mistake_of_the_caller(chunk):
    for before in ([], ["text"]):
        decoder = SourceDecoder()
        for text in before:
            decoder.feed(text)
        with pytest.raises(
            UsageError,
            match=rf"^A source must yield str, bytes or the events of a known provider, not "
            rf"{type(chunk).__name__}; map each chunk to its text first, and leave out those without text\.$",
        ):
            decoder.feed(chunk)


def test_a_mapping_after_text_is_a_mistake_of_the_caller():
    decoder = SourceDecoder()
    decoder.feed("text")
    with pytest.raises(UsageError, match="map each chunk to its text first"):
        decoder.feed({"text": "x"})


def test_events_without_a_type_may_come_first():
    events = [{"begun": True}, {"number": 1}]
    decoder = SourceDecoder()
    assert [piece for event in events for piece in decoder.feed(event)] == []
    assert decoder.ignored == 2
    assert decoded([*events, *recorded.anthropic()]) == recorded.PIECES
    (error,) = decoded([{"text": "x"}, {"text": "y"}])
    assert (error.code, error.fatal) == ("source_not_understood", True)
    assert "an object with 'text'" in error.message


@pytest.mark.parametrize(
    ("first", "second", "other"),
    [
        ("a", b"a", "str"),
        (b"a", "a", "str"),
        (b"a", HELPER_TEXT, "events"),
        (HELPER_TEXT, b"a", "events"),
    ],
)
def test_bytes_stand_alone(first, second, other):
    decoder = SourceDecoder()
    decoder.feed(first)
    with pytest.raises(
        UsageError, match=rf"^A source must yield {other} only or bytes only; this one yields both\.$"
    ):
        decoder.feed(second)


def test_text_may_go_before_events_where_the_prompt_began_the_answer():
    events = recorded.anthropic()
    assert decoded(["/// START", *events, "end", events[0]]) == [
        "/// START", *recorded.PIECES, "end", INCOMPLETE,
    ]  # fmt: skip


@pytest.mark.parametrize("chunk", ["a", b"a", HELPER_TEXT])
def test_a_closed_decoder_takes_nothing_more(chunk):
    decoder = SourceDecoder()
    decoder.feed(chunk)
    assert decoder.close() == []
    assert decoder.close() == []
    with pytest.raises(UsageError, match=r"^feed\(\) after close\(\): decode each source with a decoder"):
        decoder.feed(chunk)


def test_closing_twice_says_once_that_the_answer_is_incomplete():
    decoder = SourceDecoder()
    decoder.feed({"type": "message_start"})
    assert decoder.close() == [INCOMPLETE]
    assert decoder.close() == []


@pytest.mark.parametrize("shape", shapes.EVENTS, ids=lambda shape: shape.name)
def test_each_shape_of_events_gives_its_text_and_its_errors(shape):
    assert outcome(decoded(shape.source)) == (shape.text, shape.errors)


@pytest.mark.parametrize(
    "shape", [shape for shape in shapes.EVENTS if shape.tail is not None], ids=lambda shape: shape.name
)
def test_each_cut_of_a_shape_that_can_show_it_is_told(shape):
    for end in range(1, len(shape.source) - shape.tail):
        text, errors = outcome(decoded(shape.source[:end]))
        assert (errors[-1:], shape.text.startswith(text)) == (shapes.NO_END, True), end


UNSEEN = {
    # Behind an end, another end may be missing.
    "text, a tool, text again",
    "two answers one after the other",
    "two messages one after the other",
    "an end in the middle",
    "an end in every chunk",
    # The first chunk is that of a gateway, and is not a part of an answer.
    "a filter chunk goes first",
    # Its source may have left out the other events, or its provider is not known to end an answer.
    "the helper of two choices",
    "only the text events of the helper",
    "only the text events of the helper of messages",
    "langchain without a sign of its provider",
    "langchain on converse",
    "langchain on responses",
    "langchain with a camel in the reason",
    "langchain with a reason that was joined",
    "pydantic ai",
    "pydantic ai that is too long",
    "unknown events among known ones",
}
"""The shapes in which some cut cannot be seen."""


def test_the_shapes_whose_cuts_cannot_be_seen_are_few():
    assert len({shape.name for shape in shapes.EVENTS}) == len(shapes.EVENTS) >= 90
    complete = [shape for shape in shapes.EVENTS if not any("!" in error for error in shape.errors)]
    unseen = {shape.name for shape in complete if shape.tail is None}
    assert unseen == UNSEEN


def all_of(chunks, **options):
    decoder = SourceDecoder(**options)
    return [piece for chunk in chunks for piece in decoder.feed(chunk)] + decoder.close()


def text_event(text):
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


@pytest.mark.parametrize("kind", [str, str.encode, text_event])
def test_thoughts_in_the_text_are_left_out_of_every_kind_of_source(kind):
    texts = ["<thi", "nk>a", "</think>\nHi\n", "<b>x", "\n<", "think>y</think>z\n<"]
    chunks = list(map(kind, texts))
    text = "Hi\n<b>x\nz\n<"
    dropped = all_of(chunks, thinking="drop")
    assert "".join(piece for piece in dropped if isinstance(piece, str)) == text
    assert [piece for piece in dropped if not isinstance(piece, str)] == [Reasoning(""), Reasoning("")]
    emitted = all_of(chunks, thinking="emit")
    assert [piece for piece in emitted if not isinstance(piece, str)] == [Reasoning("a"), Reasoning("y")]
    assert all_of(chunks, thinking="keep") == texts


@pytest.mark.parametrize("kind", [str, str.encode, text_event])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_by_default_thoughts_count_before_the_first_other_text_only(kind, size):
    text = " \n<think>a</think>\n<thinking>b</thinking> /// START A\n<think>c</think>"
    chunks = [kind(text[at : at + size]) for at in range(0, len(text), size)]
    pieces = all_of(chunks)
    assert "".join(piece for piece in pieces if isinstance(piece, str)).strip() == (
        "/// START A\n<think>c</think>"
    )
    assert {piece for piece in pieces if not isinstance(piece, str)} == {Reasoning("")}


def test_an_answer_that_ends_in_its_first_thought_is_told_once():
    [_, error] = all_of(["<think>a"])
    assert error.code == "source_incomplete"
    started = {"type": "message_start", "message": {"id": "a"}}
    assert all_of([started, text_event("<think>a")]) == [Reasoning(""), INCOMPLETE]


def test_the_grammar_says_which_thoughts_are_code():
    chunks = ["@@ OPEN A\n<think>x</think>\n"]
    grammar = Grammar(prefix="@@", start="OPEN", end="CLOSE")
    assert all_of(chunks, grammar=grammar, thinking="drop") == chunks
    assert Reasoning("") in all_of(chunks, thinking="drop")


@given(
    st.lists(st.sampled_from(["a", "\n", "<", "<div>", "/// START A\n", "/// END A\n", " ", "```\n", "x<y"]))
)
def test_text_without_thoughts_is_unchanged(chunks):
    assert "".join(all_of(chunks)) == "".join(chunks)


@pytest.mark.parametrize("chunk", ["text", b"bytes"])
def test_a_tool_needs_events(chunk):
    with pytest.raises(UsageError, match="With tool= a source must yield the events of a provider, not "):
        SourceDecoder(tool="show", argument="code").feed(chunk)


@pytest.mark.parametrize("options", [{"argument": "code"}, {"tool": ""}, {"thinking": "x", "tool": "show"}])
def test_options_are_checked_at_the_call(options):
    with pytest.raises(UsageError, match=r"tool|thinking"):
        SourceDecoder(**options)


def tool_part(index, arguments, **call):
    """Return a chat chunk with a part of a call."""
    function = {"arguments": arguments, **({"name": "show"} if call else {})}
    return {
        "id": "a",
        "choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, **call, "function": function}]}}],
    }


TOOL_END = {"id": "a", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
USAGE_ONLY = {"id": "a", "choices": [{"index": 0, "delta": {}}], "usage": {"prompt_tokens": 1}}


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (
            [
                tool_part(0, '{"a":"x', id="1"),
                tool_part(1, '{"a":"p', id="2"),
                tool_part(0, 'y"}'),
                tool_part(1, 'q"}'),
            ],
            "xy\npq",
        ),
        (
            [
                tool_part(0, "", id="1"),
                tool_part(1, "", id="2"),
                tool_part(0, '{"a":"x"}'),
                tool_part(1, '{"a":"y"}'),
            ],
            "x\ny",
        ),
        ([tool_part(0, '{"a":"x', id="1"), USAGE_ONLY, tool_part(0, 'y"}')], "xy"),
    ],
)
def test_complete_calls_of_a_tool_give_their_text_in_every_order(events, text):
    pieces = all_pieces_of([*events, TOOL_END], tool="show", argument="a")
    assert outcome(pieces) == (text, ())
    assert outcome(all_pieces_of([*events, USAGE_ONLY], tool="show", argument="a")) == (text, ())


def test_nothing_follows_a_call_that_was_cut():
    events = [tool_part(0, '{"a":"x', id="1"), USAGE_ONLY, tool_part(0, '{"a":"p"}', id="2")]
    [text, usage, error] = all_pieces_of(events, tool="show", argument="a")
    assert (text, usage, error.code) == ("x", Usage(1), "source_incomplete")
    assert all_pieces_of(events[:2], tool="show", argument="a") == [text, usage, error]
