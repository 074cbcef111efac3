"""Bedrock's answers as the bytes that its servers send, cut anywhere."""

import binascii
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.sources import JSONLinesSourceDecoder, SSESourceDecoder, Usage
from componentstream.sources._body_formats import INVALID, TOO_LONG, Damage, Foreign
from componentstream.sources._event_stream import DAMAGED, EventStream
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import recorded
from tests.sources.libraries import outcome
from tests.sources.providers.test_bedrock import converse

EVENTS = converse()
BODY = b"".join(map(recorded.message, EVENTS))
EVENT = {"messageStop": {"stopReason": "end_turn"}}
MESSAGE = recorded.message(EVENT)


def items(body, *, size=None, max_bytes=10_000):
    stage = EventStream(max_bytes)
    size = size or len(body) or 1
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return [item for chunk in chunks for item in stage.feed(chunk)] + stage.close()


def decoded(body, decoder=SSESourceDecoder, size=None):
    made = decoder()
    size = size or len(body)
    pieces = [piece for at in range(0, len(body), size) for piece in made.feed(body[at : at + size])]
    return [piece for piece in [*pieces, *made.close()] if getattr(piece, "text", None) != ""]


def framed(headers, payload):
    """Return a message with headers of one's own."""
    start = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = start + struct.pack("!I", binascii.crc32(start)) + headers + payload
    return message + struct.pack("!I", binascii.crc32(message))


def header(name, kind, value):
    return struct.pack("!B", len(name)) + name + struct.pack("!B", kind) + value


@pytest.mark.parametrize("size", [1, 7, 100, None])
def test_the_events_are_those_of_the_library_of_amazon(size):
    assert items(BODY, size=size) == EVENTS


@pytest.mark.parametrize("decoder", [SSESourceDecoder, JSONLinesSourceDecoder])
def test_both_decoders_read_such_a_body(decoder):
    for size in (1, 50, None):
        assert decoded(BODY, decoder, size) == [*recorded.PIECES, Usage(9, 3)]
    assert decoded(BODY[:-300], decoder)[-1] == INCOMPLETE


def test_the_events_of_a_model_are_inside():
    inner = b'{"outputText":"Hi"}'
    chunk = {"bytes": binascii.b2a_base64(inner).decode(), "p": "abc"}
    assert items(recorded.message({"chunk": chunk})) == [{"chunk": {"bytes": inner, "p": "abc"}}]
    assert items(recorded.message({"chunk": {"bytes": "YQ"}})) == [INVALID]


@pytest.mark.parametrize(
    ("kind", "name", "error"),
    [
        ("exception", "throttlingException", "source_failed!~(throttlingException)"),
        ("exception", "modelStreamErrorException", "source_failed!~(modelStreamErrorException)"),
        ("exception", "validationException", "source_failed!(validationException)"),
        ("exception", "accessDeniedException", "source_failed!(accessDeniedException)"),
    ],
)
def test_exceptions_are_errors_of_the_provider(kind, name, error):
    begun = recorded.message(EVENTS[0])
    assert outcome(decoded(begun + recorded.message({name: {"message": "No."}}, kind))) == ("", (error,))


def test_an_error_without_a_payload_is_one_too():
    headers = header(b":message-type", 7, b"\0\5error") + header(b":error-code", 7, b"\0\x0dInternalError")
    assert items(framed(headers, b"")) == [{"error": {"code": "InternalError"}}]


def test_headers_of_every_type_are_passed_over():
    sizes = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
    other = b"".join(header(b"x%d" % kind, kind, bytes(size)) for kind, size in sizes.items())
    named = header(b":event-type", 7, b"\0\4name") + header(b"b", 6, b"\0\2ab")
    assert items(framed(other + named, b'{"a":1}')) == [{"name": {"a": 1}}]


@pytest.mark.parametrize(
    "headers", [b"\4ab", b"\1a", header(b"a", 10, b""), header(b"a", 7, b"\0"), header(b"a", 7, b"\0\5ab")]
)
def test_malformed_headers_are_an_invalid_chunk(headers):
    assert items(framed(headers, b"{}") + MESSAGE) == [INVALID, EVENT]


def test_a_payload_that_is_not_an_object_is_not_an_event():
    assert items(framed(b"", b"{") + framed(b"", b"[1]")) == [INVALID, Damage("a value of the type list")]


@pytest.mark.parametrize("size", [1, None])
def test_nothing_is_read_behind_a_damaged_message(size):
    damaged = bytearray(MESSAGE)
    damaged[40] ^= 1
    assert items(MESSAGE + bytes(damaged) + MESSAGE, size=size) == [EVENT, DAMAGED]


@pytest.mark.parametrize("decoder", [SSESourceDecoder, JSONLinesSourceDecoder])
@pytest.mark.parametrize("at", [3, 40, -1])
def test_a_wrong_checksum_ends_the_answer(decoder, at):
    *_, last = map(recorded.message, EVENTS)
    damaged = bytearray(last)
    damaged[at] ^= 1
    for size in (1, 50, None):
        pieces = decoded(BODY.removesuffix(last) + bytes(damaged) + last, decoder, size)
        assert pieces[-1] == DAMAGED
        assert pieces[: len(recorded.PIECES)] == recorded.PIECES
    assert "checksum" in DAMAGED.message
    assert (DAMAGED.code, DAMAGED.fatal, DAMAGED.retryable) == ("source_incomplete", True, True)


def test_nothing_is_read_behind_a_damaged_length():
    damaged = bytearray(MESSAGE)
    damaged[3] ^= 1
    for size in (1, None):
        assert items(MESSAGE + bytes(damaged) + MESSAGE, size=size) == [EVENT, DAMAGED]
        assert items(bytes(damaged) + MESSAGE, size=size) == [Foreign("binary data")]
    short = struct.pack("!II", 15, 0)
    assert items(short + struct.pack("!I", binascii.crc32(short)) + b"abc") == [Foreign("binary data")]


def test_other_bytes_are_not_a_message():
    assert items(b"\0\0") == [Foreign("binary data")]
    assert items(b"") == []
    assert items(MESSAGE[:20]) == []


@pytest.mark.parametrize("size", [1, 9, None])
def test_a_message_that_is_too_long_is_skipped(size):
    long = recorded.message({"messageStop": {"x": "y" * 500}})
    assert items(long + MESSAGE, size=size, max_bytes=300) == [TOO_LONG, EVENT]


def test_little_is_kept_of_a_message_that_is_too_long():
    stage = EventStream(300)
    start = struct.pack("!II", 2**31, 0)
    stage.feed(start + struct.pack("!I", binascii.crc32(start)))
    for _ in range(100):
        stage.feed(bytes(1_000))
    assert len(stage._buffer) == 0


@given(st.binary(max_size=60), st.integers(0, len(BODY)), st.integers(1, 50))
def test_no_bytes_raise_and_their_cut_changes_nothing(data, at, size):
    for body in (b"\0" + data, BODY[:at] + data + BODY[at:]):
        assert items(body, size=size) == items(body)
        decoded(body)


def test_the_parser_of_amazon_reads_the_same():
    buffers = parts.module("botocore.eventstream")
    buffer = buffers.EventStreamBuffer()
    buffer.add_data(BODY)
    events = [{message.headers[":event-type"]: json.loads(message.payload)} for message in buffer]
    assert events == items(BODY)
