"""The bytes of a provider's response to text, cut anywhere, with faults in them."""

import subprocess
import sys
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from componentstream import sources
from componentstream.core.errors import UsageError
from componentstream.sources import JSONLinesSourceDecoder, Reasoning, SourceError, SSESourceDecoder, Usage
from componentstream.sources.pieces import INCOMPLETE
from tests.sources import recorded, shapes
from tests.sources.libraries import outcome, said

INVALID = SourceError("invalid_chunk", "An event of the source is not a JSON object.")
TOO_LONG = SourceError("invalid_chunk", "An event of the source is longer than max_event_bytes.")


def damage(kind):
    return SourceError("invalid_chunk", f"Something in the source is not an event: {kind}.")


SSE = {
    "anthropic": recorded.sse(*recorded.anthropic(), named=True),
    "chat": recorded.sse(*recorded.chat(), done=True),
    "responses": recorded.sse(*recorded.responses(), named=True),
    "gemini": recorded.sse(*recorded.gemini()),
    "interactions": recorded.sse(*recorded.interactions()),
    "cohere": recorded.sse(*recorded.cohere(), named=True),
}


def decoded(decoder, *chunks):
    return said([piece for chunk in chunks for piece in decoder.feed(chunk)] + decoder.close())


def answered(pieces):
    """Return pieces without the error that ends a body of which nothing was understood."""
    if any(isinstance(piece, str) for piece in pieces):
        return pieces
    assert pieces[-1].fatal
    if pieces[-1].code == "source_failed":
        return pieces
    assert pieces[-1].code in {"source_not_understood", "source_incomplete"}
    return pieces[:-1]


def sse(data, **limits):
    return answered(decoded(SSESourceDecoder(**limits), data))


def json_lines(data, **limits):
    return answered(decoded(JSONLinesSourceDecoder(**limits), data))


def delta(text):
    return b'{"type":"response.output_text.delta","delta":"%b"}' % text.encode()


@pytest.mark.parametrize("name", SSE)
def test_the_events_of_each_provider_give_the_answer(name):
    assert sse(SSE[name]) == recorded.PIECES
    assert sse(SSE[name].replace(b"\n", b"\r\n")) == recorded.PIECES
    assert sse(SSE[name].replace(b"\n", b"\r")) == recorded.PIECES


def test_the_lines_of_ollama_give_the_answer():
    data = recorded.lines(*recorded.ollama())
    assert json_lines(data) == recorded.PIECES
    assert json_lines(data[:-1]) == recorded.PIECES
    assert json_lines(data.replace(b"\n", b"\r\n\n")) == recorded.PIECES


def test_text_that_is_no_ascii_may_be_cut_in_its_bytes():
    data = b"data: " + delta("ä€😀") + b"\n\n"
    for cut in range(len(data)):
        assert decoded(SSESourceDecoder(), data[:cut], data[cut:]) == ["ä€😀"]
    data = delta("ä€😀") + b"\n"
    for cut in range(len(data)):
        assert decoded(JSONLinesSourceDecoder(), data[:cut], data[cut:]) == ["ä€😀"]


A, B = delta("a"), delta("b")
BLOCKS = {
    b"data: " + A + b"\n\n": ["a"],
    b"data:" + A + b"\n\n": ["a"],
    b"\xef\xbb\xbfdata: " + A + b"\n\n": ["a"],
    b"\xef\xbb\xbf\xef\xbb\xbfdata: " + A + b"\n\n": [],
    b"\n\xef\xbb\xbfdata: " + A + b"\n\n": [],
    b"data: " + A + b"\r\rdata: " + B + b"\n\r\n": ["a", "b"],
    b": comment\nid: 1\nretry: 2\nother\ndata: " + A + b"\n: comment\n\n\n\n": ["a"],
    b'data: {"type":"response.output_text.delta",\ndata: "delta":"a"}\n\n': ["a"],
    b'data: {"type":"response.output_text.delta","delta":"a\xff"}\n\n': ["a\ufffd"],
    b'data: {"type":"response.output_text.delta","delta":"a","logprob":-Infinity}\n\n': ["a"],
    b"data\n\nevent: ping\n\n": [],
    b"data: " + A + b"\n\ndata: {broken\n\ndata: " + B + b"\n\n": ["a", INVALID, "b"],
    b"data: 7\n\n": [],
    b"data: null\n\ndata: []\n\ndata: " + A + b"\n\n": ["a"],
    b"data: " + b"[" * 100_000 + b"\n\n": [INVALID],
    b"data: " + A + b"\ndata: " + B + b"\n\n": [INVALID],
    b"data: {}\n\nevent: new\ndata: {}\n\ndata: [DONE]\n\ndata: " + A + b"\n\n": ["a"],
    # The end of the stream: a complete event counts, even if its blank line is missing.
    b"data: " + A + b"\n": ["a"],
    b"data: " + A: ["a"],
    b"data: " + A + b"\n\ndata: " + B[:-1]: ["a"],
    b"data: " + A + b"\n\ndata: " + B[:-1] + b"\n": ["a"],
    # The name of the event counts where the data says nothing.
    b'event: response.output_text.delta\ndata: {"delta":"a"}\n\ndata: {"delta":"b"}\n\n': ["a"],
    b'event: message_start\ndata: {"type":"response.output_text.delta","delta":"a"}\n\n': ["a"],
}


@pytest.mark.parametrize(("data", "pieces"), BLOCKS.items(), ids=range(len(BLOCKS)))
def test_events_are_read_by_the_rules_of_server_sent_events(data, pieces):
    assert sse(data) == pieces
    if len(data) < 1000:
        assert answered(decoded(SSESourceDecoder(), *(bytes([byte]) for byte in data))) == pieces


LINES = {
    b"": [],
    A + b"\n" + B: ["a", "b"],
    b"\n \t\r\n" + A + b"\r\n": ["a"],
    A + b"\n{broken\n" + B + b"\n": ["a", INVALID, "b"],
    A + b"\nnull\n[]\n: comment\n": ["a"],
    A + b"\n7\nx\n": ["a", damage("a value of the type int"), damage("a line of plain text")],
    A + b"\n" + B[:-1]: ["a", INVALID],
    A + b"\r" + B + b"\n": [INVALID],
    b'{"other":1}\n' + A: ["a"],
}


@pytest.mark.parametrize(("data", "pieces"), LINES.items(), ids=range(len(LINES)))
def test_lines_are_read_one_by_one(data, pieces):
    assert json_lines(data) == pieces
    assert answered(decoded(JSONLinesSourceDecoder(), *(bytes([byte]) for byte in data))) == pieces


@pytest.mark.parametrize("name", ["anthropic", "chat", "responses", "interactions", "cohere"])
def test_a_response_that_is_cut_is_incomplete_and_its_text_a_beginning(name):
    data = SSE[name].removesuffix(b"data: [DONE]\n\n")
    events = data.split(b"\n\n")[:-1]
    if name == "chat":
        events.pop()  # usage, which may be missing
    for number in range(len(events)):
        body = b"\n\n".join([*events[:number], events[number][:-1]])
        *texts, last = decoded(SSESourceDecoder(), body)
        assert (last.code, last.fatal, last.retryable) == ("source_incomplete", True, True)
        assert (last == INCOMPLETE) is (number > 0)
        assert texts == recorded.PIECES[: len(texts)]


def test_lines_that_are_cut_are_incomplete():
    lines = recorded.lines(*recorded.ollama()).splitlines(keepends=True)
    assert json_lines(b"".join(lines[:-1])) == [*recorded.PIECES, INCOMPLETE]
    assert json_lines(b"".join(lines)[:-3]) == [*recorded.PIECES, INVALID, INCOMPLETE]


def test_the_sentinel_ends_an_answer_whose_last_chunk_does_not():
    chunks = recorded.chat(finish_reason=None, usage=False)
    assert sse(recorded.sse(*chunks)) == [*recorded.PIECES, INCOMPLETE]
    assert sse(recorded.sse(*chunks, done=True)) == recorded.PIECES
    assert sse(recorded.sse(*chunks) + b"data: [DONE]") == recorded.PIECES


@pytest.mark.parametrize(
    ("data", "name", "retryable"),
    [
        (
            b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"m"}}',
            "overloaded_error",
            True,
        ),
        (b'data: {"error":{"message":"m","type":"server_error","code":null}}', "server_error", True),
        (
            b'data: {"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}',
            "INVALID_ARGUMENT",
            False,
        ),
        (b'event: error\ndata: {"code":"rate_limit_exceeded"}', "rate_limit_exceeded", True),
        (b"event: error\ndata: Internal Server Error", None, False),
    ],
)
def test_an_error_within_the_response_ends_it(data, name, retryable):
    message = "The provider sent an error." if name is None else f"The provider sent an error: {name}."
    error = SourceError("source_failed", message, fatal=True, retryable=retryable)
    decoder = SSESourceDecoder()
    assert decoder.feed(b"data: " + A + b"\n\n" + data + b"\n\n" + b"data: " + B + b"\n\n") == ["a", error]
    assert decoder.feed(b"data: {broken\n\ndata: " + A) == []
    assert decoder.close() == []


def test_an_error_line_of_ollama_ends_the_response():
    data = recorded.lines(*recorded.ollama()[:2], {"error": "a sentence with /a/path"}, *recorded.ollama())
    error = SourceError("source_failed", "The provider sent an error.", fatal=True)
    assert json_lines(data) == [recorded.PIECES[0], error]


LIMIT = len(A)
LONG = b'{"x":"' + b"x" * LIMIT + b'"}'
LONG_BLOCKS = {
    b"data:" + A[: LIMIT - 5] + b"\n\n": [INVALID],
    b"data: " + LONG + b"\nignored\ndata: {}\nevent: x\n\n:ok\n\ndata\n\n": [TOO_LONG],
    b"data:x\n" * (LIMIT // 2) + b"data:\n\n": [INVALID],
    b"data:x\n" * (LIMIT // 2) + b"data:x\ndata:" + LONG + b"\n\ndata:{}\n\n": [TOO_LONG],
    b"data:x\n" * LIMIT + b"\ndata:x\n\n": [TOO_LONG, INVALID],
    LONG + b"\n\xef\xbb\xbf\ndata:x\n\n": [TOO_LONG],
    b"x" + LONG + b"\n" + LONG + b"\n\ndata: x\n\n": [TOO_LONG, INVALID],
    b":" + b"c" * LIMIT + b"\ndata:{}\n\ndata:x\n\n": [TOO_LONG, INVALID],
    b"\xef\xbb\xbf" + LONG + b"\n\xef\xbb\xbfdata:x\n\ndata:x": [TOO_LONG],
    b"data:x\n\n" + LONG: [INVALID, TOO_LONG],
    b"data:x\n\n:" + b"c" * (LIMIT - 1) + b"\n\n": [INVALID],
}


@pytest.mark.parametrize(("data", "pieces"), LONG_BLOCKS.items(), ids=range(len(LONG_BLOCKS)))
def test_an_event_that_is_too_long_is_dropped_as_one_and_the_next_one_counts(data, pieces):
    assert sse(data, max_event_bytes=LIMIT) == pieces
    bytewise = [bytes([byte]) for byte in data]
    assert answered(decoded(SSESourceDecoder(max_event_bytes=LIMIT), *bytewise)) == pieces


def test_the_limit_is_that_of_the_data_of_all_lines_with_the_line_ends_between_them():
    start, comma, end = A.partition(b",")
    data = b"data:" + start + comma + b"\ndata:" + end + b"\n\n"
    assert sse(data, max_event_bytes=LIMIT + 1) == ["a"]
    assert sse(data, max_event_bytes=LIMIT) == [TOO_LONG]


def test_a_line_that_is_too_long_is_dropped_and_the_next_one_counts():
    data = A + b"\n" + A + b" \n" + A + b"\n" + A + b" "
    pieces = ["a", TOO_LONG, "a", TOO_LONG]
    assert json_lines(data, max_event_bytes=LIMIT) == pieces
    bytewise = [bytes([byte]) for byte in data]
    assert decoded(JSONLinesSourceDecoder(max_event_bytes=LIMIT), *bytewise) == pieces


def test_a_line_that_is_too_long_is_not_kept():
    decoder = JSONLinesSourceDecoder(max_event_bytes=10)
    assert decoder.feed(b"x" * 11) == [TOO_LONG]
    assert [decoder.feed(b"x" * 1000) for _ in range(3)] == [[], [], []]
    assert decoder.feed(b"\n{x\n") == [INVALID]
    assert [piece.code for piece in decoder.close()] == ["source_not_understood"]


DAMAGED = {
    b'"b "': "a value of the type str",
    b"5": "a value of the type int",
    b"[1]": "a value of the type list",
    b"WARN x": "a line of plain text",
    b"<html>x</html>": "a line of HTML",
}


@pytest.mark.parametrize("line", DAMAGED)
def test_a_damaged_line_among_known_ones_is_told(line):
    error = damage(DAMAGED[line])
    assert json_lines(A + b"\n" + line + b"\n" + B + b"\n" + line + b"\n") == ["a", error, "b", error]
    assert json_lines(A + b"\n" + B + b"\n" + line) == ["a", "b", error]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (b"a: " + B, "a line of plain text"),
        (B, "a line of plain text"),
        (b"data " + B, "a line of plain text"),
        (b"plain text", "a line of plain text"),
        (b"<p>x</p>", "a line of HTML"),
        (b'data: "b "', "a value of the type str"),
    ],
)
def test_a_damaged_event_among_known_ones_is_told(lines, kind):
    known = b"data: " + A + b"\n\n"
    assert sse(known + lines + b"\n\n" + known) == ["a", damage(kind), "a"]


def test_damage_before_the_first_known_event_is_told_with_it():
    decoder = SSESourceDecoder()
    assert decoder.feed(b"<p>\n" * 5) == []
    assert decoder.feed(b"data: " + A + b"\n\n") == [damage("a line of HTML")] * 3 + ["a"]
    assert decoder.feed(b"<p>\n") == [damage("a line of HTML")]
    assert decoder.close() == []


@pytest.mark.parametrize("kind", [SSESourceDecoder, JSONLinesSourceDecoder])
@pytest.mark.parametrize("body", [b"42", b"[ERROR] upstream failed", b'["a"]', b"[1,2]", b"[null]"])
def test_a_body_without_any_object_is_not_understood(kind, body):
    [error] = decoded(kind(), body)
    assert (error.code, error.fatal, error.retryable) == ("source_not_understood", True, False)


@pytest.mark.parametrize("kind", [SSESourceDecoder, JSONLinesSourceDecoder])
@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"[\n", b"[{"])
def test_a_body_that_may_be_the_beginning_of_another_is_incomplete(kind, body):
    [error] = decoded(kind(), body)
    assert (error.code, error.fatal, error.retryable) == ("source_incomplete", True, True)


def test_damage_alone_is_only_not_understood():
    decoder = SSESourceDecoder()
    assert decoder.feed(b"<p>\n" * 5) == []
    assert [piece.code for piece in decoder.close()] == ["source_not_understood"]


@pytest.mark.parametrize("kind", [SSESourceDecoder, JSONLinesSourceDecoder])
def test_a_damaged_body_ends_the_answer(kind):
    body = recorded.message({"contentBlockDelta": {"delta": {"text": "a"}}})
    decoder = kind()
    text, error = decoder.feed(body + body[:-1] + b"?" + body)
    assert (text, error.code, error.fatal, error.retryable) == ("a", "source_incomplete", True, True)
    assert "checksum" in error.message
    assert decoder.feed(body) + decoder.close() == []


@pytest.mark.parametrize("kind", [SSESourceDecoder, JSONLinesSourceDecoder])
@pytest.mark.parametrize("body", [SSE["chat"], SSE["anthropic"], recorded.lines(*recorded.ollama())])
def test_lines_in_place_of_chunks_are_told(kind, body):
    [error] = decoded(kind(), *body.splitlines())
    assert (error.code, error.fatal, error.retryable) == ("source_not_understood", True, False)
    assert "iter_bytes()" in error.message


def test_unknown_events_are_counted():
    decoder = SSESourceDecoder()
    decoder.feed(b'data: {"type":"new"}\n\ndata: {}\n\ndata: ' + A + b"\n\n")
    assert decoder.ignored == 2


FRAGMENTS = [
    b"data: ", b"data:", b"event: error", b"event: x", b"\n", b"\r", b"\r\n", b"\n\n", b":", b"\xef\xbb\xbf",
    A, B, A[:9], A[9:], b"[DONE]", b"{}", b"\xe2\x82\xac", b"\xff", b"7", b'{"error":{"type":"timeout"}}',
    recorded.sse(*recorded.chat()[1:2]), b'{"type":"message_start"}', b'{"type":"message_stop"}',
    b"[", b"]", b",", b"{", b"}", b'"', b"\\", b"{\n", b"[DONE] ", b"error: {}", b": c", b" ", b"null",
    recorded.DATA(shapes.gemini("a", "STOP")).encode(), recorded.DATA(shapes.gemini("b"), indent=1).encode(),
    recorded.lines(shapes.ollama("a", done=False)), b"<html>", b"\x00",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join),
    st.lists(st.integers(0, 200), max_size=6),
    st.sampled_from([10, LIMIT, 10_000]),
    st.sampled_from([SSESourceDecoder, JSONLinesSourceDecoder]),
)
@example(b"data: " + A + b"\r\n\r\n", [58], LIMIT, SSESourceDecoder)
def test_any_cut_gives_the_same_pieces(data, cuts, limit, kind):
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(edges)]
    whole = decoded(kind(max_event_bytes=limit), data)
    assert decoded(kind(max_event_bytes=limit), *chunks) == whole
    assert decoded(kind(max_event_bytes=limit), *(bytes([byte]) for byte in data)) == whole


@given(st.binary(max_size=60), st.sampled_from([SSESourceDecoder, JSONLinesSourceDecoder]))
def test_no_bytes_make_a_decoder_raise(data, kind):
    assert all(isinstance(piece, str | SourceError) for piece in decoded(kind(), data))


@pytest.mark.parametrize("kind", [SSESourceDecoder, JSONLinesSourceDecoder])
def test_a_limit_of_any_size_below_one_is_refused(kind):
    for limit in (0, -1, -(10**5000), "1", True):
        with pytest.raises(UsageError, match="max_event_bytes must be an integer >= 1, not "):
            kind(max_event_bytes=limit)


@pytest.mark.parametrize("kind", [SSESourceDecoder, JSONLinesSourceDecoder])
def test_misuse_says_what_to_do(kind):
    decoder = kind()
    with pytest.raises(
        UsageError, match=r"^feed\(\) takes the bytes that were received, not str; pass the raw chunks of the"
    ):
        decoder.feed("data: {}")
    decoder.feed(b"")
    assert [piece.code for piece in decoder.close()] == ["source_incomplete"]
    assert decoder.close() == []
    with pytest.raises(UsageError, match=r"^feed\(\) after close\(\): decode each source with a decoder"):
        decoder.feed(b"")
    for limit in (0, -1, 1.5, True, None):
        with pytest.raises(UsageError, match=rf"^max_event_bytes must be an integer >= 1, not {limit}\.$"):
            kind(max_event_bytes=limit)


def test_the_package_exports_the_decoders():
    assert sources.SSESourceDecoder is SSESourceDecoder
    assert sources.JSONLinesSourceDecoder is JSONLinesSourceDecoder


def test_importing_the_package_does_not_load_json():
    program = "import sys, componentstream.sources; print('json' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def sent(shape):
    """Return a shape as the body of a response, and the decoder for it."""
    if shape.wire == "lines":
        return recorded.lines(*shape.source), JSONLinesSourceDecoder
    events = shape.source
    return (events if isinstance(events, bytes) else recorded.sse(*events, done=shape.done)), SSESourceDecoder


@pytest.mark.parametrize(
    "shape", [shape for shape in (*shapes.EVENTS, *shapes.BODIES) if shape.wire], ids=lambda shape: shape.name
)
def test_each_shape_gives_its_text_and_its_errors_wherever_it_is_cut(shape):
    data, kind = sent(shape)
    assert outcome(decoded(kind(), data)) == (shape.text, shape.errors)
    assert outcome(decoded(kind(), *(bytes([byte]) for byte in data))) == (shape.text, shape.errors)
    random = Random(shape.name)
    for _ in range(5):
        edges = [0, *sorted(random.choices(range(len(data) + 1), k=6)), len(data)]
        chunks = [data[begin:end] for begin, end in pairwise(edges)]
        assert outcome(decoded(kind(), *chunks)) == (shape.text, shape.errors)


@pytest.mark.parametrize("shape", shapes.BODIES, ids=lambda shape: shape.name)
def test_the_other_decoder_reads_the_body_or_tells_that_it_cannot(shape):
    text, errors = outcome(decoded(JSONLinesSourceDecoder(), shape.source))
    assert text == shape.text
    assert errors[-1:] == shape.errors[-1:]


@pytest.mark.parametrize(
    "shape",
    [shape for shape in shapes.EVENTS if shape.wire and shape.tail is not None],
    ids=lambda shape: shape.name,
)
def test_each_cut_in_the_bytes_of_a_shape_that_can_show_it_is_told(shape):
    data, kind = sent(shape)
    whole = data.rstrip()
    # The end of the stream completes the last event, and a lost sentinel is not seen behind an end.
    last = recorded.DATA(shape.source[len(shape.source) - 1 - shape.tail]).encode()
    for end in range(1, whole.index(last) + len(last)):
        _, errors = outcome(decoded(kind(), data[:end]))
        assert errors[-1:] == shapes.NO_END, data[:end]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_thoughts_in_the_text_are_left_out(size):
    events = [
        {"choices": [{"index": 0, "delta": {"content": text}}]}
        for text in ("<thi", "nk>a</think>\nHi", "\n<")
    ]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    body = recorded.sse(*events, done=True)
    decoder = SSESourceDecoder(thinking="emit")
    found = [piece for at in range(0, len(body), size) for piece in decoder.feed(body[at : at + size])]
    assert found + decoder.close() == [Reasoning("a"), "Hi", "\n", "<"]


@pytest.mark.parametrize("decoder", [SSESourceDecoder, JSONLinesSourceDecoder])
def test_options_are_checked_at_the_call(decoder):
    for options in ({"argument": "code"}, {"tool": ""}, {"thinking": "x", "tool": "show"}):
        with pytest.raises(UsageError, match=r"tool|thinking"):
            decoder(**options)


@pytest.mark.parametrize("kind", [SSESourceDecoder, JSONLinesSourceDecoder])
def test_reasoning_comes_where_it_is_asked_for_and_usage_always(kind):
    line = b'{"created_at":"t","message":{"content":"b","thinking":"a"},"done":true,"eval_count":7}\n'
    for thinking, text in (("emit", "a"), ("drop", "")):
        decoder = kind(thinking=thinking)
        pieces = decoder.feed(line) + decoder.close()
        assert pieces == [Reasoning(text), "b", Usage(None, 7)]
    with pytest.raises(UsageError, match=r"^thinking must be one of"):
        kind(thinking="show")


def test_items_after_a_fatal_error_are_not_read():
    decoder = SSESourceDecoder()
    [error] = decoder.feed(b'data: {"error":{}}\n\ndata: {broken\n\n')
    assert error.fatal
    assert decoder.feed(b"data: {broken\n\n") == []
    assert decoder.close() == []
