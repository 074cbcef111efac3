import json

import pytest

from componentstream.core.errors import UsageError, WireError
from componentstream.core.events import ContentBlockDelta, DebugEvent, ErrorEvent, Event, StatusEvent
from componentstream.wire._json import (
    DELTA,
    LineDecoder,
    event_from_json,
    event_to_json,
    id_to_text,
    json_object,
    quote,
)

DEBUG = b'{"type":"debug","state":{}}'


class Lines(LineDecoder):
    """Reads JSON objects on lines that end with a semicolon; the last one may lack it."""

    def _split(self, data: bytes) -> list[bytes]:
        return data.split(b";")

    def _read(self, line: bytes) -> Event | None:
        return event_from_json(json_object(line, "strict")) if line else None

    def _end(self, line: bytes) -> list[Event]:
        event = self._read(line)
        return [] if event is None else [event]


@pytest.mark.parametrize("text", ["", "a", 'quote " and \\', "\n\r\u2028", "\x00\x7f", "\ud800", "λ 😀"])
def test_a_delta_is_written_like_every_other_event(text):
    event = ContentBlockDelta(7, text)
    general = json.dumps(event.to_dict(), separators=(",", ":")).encode()
    assert event_to_json(event) == DELTA % (7, quote(text).encode()) == general


def test_an_event_is_one_line_of_compact_ascii():
    written = event_to_json(ErrorEvent("mine", "λ\n\u2028"))
    assert written == (
        b'{"type":"error","error":{"type":"mine","message":"\\u03bb\\n\\u2028","fatal":false,'
        b'"retryable":false,"recovered":false,"line":null,"index":null}}'
    )


@pytest.mark.parametrize(
    "thing", [None, "text", {"type": "debug"}, DebugEvent, type("Mine", (DebugEvent,), {})()]
)
def test_only_an_event_can_be_written(thing):
    with pytest.raises(UsageError, match=r"^encode\(\) needs an event of componentstream, not \w+\.$"):
        event_to_json(thing)


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"inner": value}
    return value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), nested(100_000)])
def test_a_value_that_json_cannot_represent_is_rejected(value):
    with pytest.raises(UsageError, match=r"^The debug event contains a value that JSON cannot represent: "):
        event_to_json(DebugEvent({"value": value}))


@pytest.mark.parametrize(
    ("value", "expected"), [(0, b"0"), (17, b"17"), ("a.B-9", b"a.B-9"), ("x" * 64, b"x" * 64)]
)
def test_an_id_is_written_as_it_is(value, expected):
    assert id_to_text(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", "x" * 65, "a b", "a\n", "é", -1, 10**64, pytest.param(10**5000, id="huge"), True, 1.0, None, b"1"],
)
def test_an_id_that_a_format_could_misread_is_rejected(value):
    with pytest.raises(UsageError, match=r"^An event id must be 1 to 64 of the characters"):
        id_to_text(value)


def test_a_json_object_is_returned():
    assert json_object(b' {"a": [1, 2.5, null]} ', "strict") == {"a": [1, 2.5, None]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"x",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        pytest.param(b"[" * 10**6, id="deep"),
    ],
)
def test_text_that_is_not_json_is_rejected(data):
    with pytest.raises(WireError, match=r"^An event must be a JSON object, not b'"):
        json_object(data, "strict")


@pytest.mark.parametrize("data", [b"[]", b"1", b'"text"', b"null"])
def test_a_json_value_that_is_not_an_object_is_rejected(data):
    with pytest.raises(WireError) as caught:
        json_object(data, "strict")
    assert str(caught.value) == f"An event must be a JSON object, not {data!r}."


def test_bytes_that_are_not_utf_8_are_rejected_or_replaced():
    data = b'{"a": "\xff"}'
    assert json_object(data, "replace") == {"a": "\ufffd"}
    with pytest.raises(WireError):
        json_object(data, "strict")


def test_an_unknown_type_is_not_an_event():
    assert event_from_json({"type": "new"}) is None
    assert event_from_json({"type": "debug", "state": {}}) == DebugEvent({})


def test_a_wrong_field_is_rejected_with_the_type_of_the_event():
    with pytest.raises(WireError, match=r"^A debug event has a missing or wrong field: 'state' must be dict"):
        event_from_json({"type": "debug", "state": 1})


def test_lines_are_joined_over_chunks():
    decoder = Lines()
    assert decoder.feed(DEBUG[:5]) == []
    assert decoder.feed(DEBUG[5:] + b";" + DEBUG + b";;" + DEBUG[:1]) == [DebugEvent({})] * 2
    assert decoder.feed(b"") == []
    assert decoder.feed(DEBUG[1:]) == []
    assert decoder.close() == [DebugEvent({})]
    assert decoder.close() == []


def test_the_events_before_an_invalid_one_are_returned_first():
    decoder = Lines()
    assert decoder.feed(DEBUG + b";x;" + DEBUG + b";") == [DebugEvent({})]
    for call in (lambda: decoder.feed(b""), lambda: decoder.feed(DEBUG + b";"), decoder.close):
        with pytest.raises(WireError, match=r"^An event must be a JSON object, not b'x'"):
            call()


def test_an_invalid_event_alone_raises_at_once():
    decoder = Lines()
    with pytest.raises(WireError):
        decoder.feed(b"x;")
    with pytest.raises(WireError):
        decoder.feed(DEBUG + b";")


@pytest.mark.parametrize("data", [b"%b;" % DEBUG, DEBUG], ids=["complete", "unfinished"])
def test_a_line_may_be_as_long_as_max_event_bytes_and_not_longer(data):
    assert Lines(max_event_bytes=len(DEBUG)).feed(data) in ([], [DebugEvent({})])
    with pytest.raises(WireError) as caught:
        Lines(max_event_bytes=len(DEBUG) - 1).feed(data)
    assert str(caught.value) == f"An event is longer than max_event_bytes = {len(DEBUG) - 1}."


def test_kept_bytes_of_an_unfinished_event_count():
    decoder = Lines(max_event_bytes=10)
    decoder._kept = 8
    assert decoder.feed(b"ab") == []
    with pytest.raises(WireError):
        decoder.feed(b"c")


@pytest.mark.parametrize("value", [0, -1, True, 1.5, None])
def test_max_event_bytes_is_a_positive_integer(value):
    with pytest.raises(UsageError) as caught:
        Lines(max_event_bytes=value)
    assert str(caught.value) == "max_event_bytes must be an integer >= 1."


@pytest.mark.parametrize("data", ["text", None, bytearray(b"x")])
def test_only_bytes_can_be_fed(data):
    with pytest.raises(UsageError, match=r"^feed\(\) needs the received bytes, not \w+\.$"):
        Lines().feed(data)


def test_a_closed_decoder_rejects_further_bytes():
    decoder = Lines()
    assert decoder.close() == []
    with pytest.raises(UsageError) as caught:
        decoder.feed(b"")
    assert str(caught.value) == "feed() was called after close(); create a new decoder for each stream."


def test_events_of_every_type_are_read_back():
    event = StatusEvent("progress", 0.5, 1, 1, 12)
    assert event_from_json(json_object(event_to_json(event), "strict")) == event


@pytest.mark.parametrize("last_event_id", [7, None, b"7", "7\n", "\r", "a\0"])
def test_a_last_event_id_that_no_event_can_have_is_rejected(last_event_id):
    with pytest.raises(UsageError) as caught:
        Lines(last_event_id=last_event_id)
    assert str(caught.value) == (
        f"last_event_id must be the id of an event, a string without line ends, not {last_event_id!r}."
    )
