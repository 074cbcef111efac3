"""Server-sent events: what is written, what is read, and that nothing in an event can break the frame."""

import importlib
import json
import sys
from importlib.util import find_spec
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from componentstream.core.errors import UsageError, WireError
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    DebugEvent,
    ErrorEvent,
    MessageStop,
    StatusEvent,
)
from componentstream.wire import SSEDecoder, SSEEncoder
from tests.wire.wire_examples import HOSTILE, RECORDED, decode, deltas, events, pieces, received

LOG = b"".join(SSEEncoder().encode(event, id=number) for number, event in enumerate(RECORDED, 1))
JSON_OF_1 = b'{"type":"debug","state":{"n":1}}'
ONE, TWO = DebugEvent({"n": 1}), DebugEvent({"n": 2})
BLOCK_1 = b"data: %b\n\n" % JSON_OF_1
BLOCK_2 = BLOCK_1.replace(b"1", b"2")


def general_form(event):
    return f"data: {json.dumps(event.to_dict(), separators=(',', ':'))}\n\n".encode()


# Writing


def test_a_delta_is_one_data_line_and_a_blank_line():
    assert SSEEncoder().encode(ContentBlockDelta(3, "a\nb")) == (
        b'data: {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"a\\nb"}}\n\n'
    )


def test_the_id_and_the_retry_time_follow_the_data():
    assert SSEEncoder().encode(ONE, id="a-1.b", retry=1500) == (
        b"data: %b\nid: a-1.b\nretry: 1500\n\n" % JSON_OF_1
    )


def test_a_number_is_an_id_too():
    delta = ContentBlockDelta(0, "x")
    assert SSEEncoder().encode(delta, id=0) == SSEEncoder().encode(delta)[:-1] + b"id: 0\n\n"


@pytest.mark.parametrize("event", RECORDED)
def test_a_named_block_begins_with_the_type_of_its_event(event):
    name = {"error": "stream_error"}.get(event.type, event.type)
    expected = f"event: {name}\n".encode() + SSEEncoder().encode(event, id=7)
    assert SSEEncoder(named=True).encode(event, id=7) == expected


def test_a_named_delta_without_an_id_has_its_name():
    delta = ContentBlockDelta(0, "x")
    assert SSEEncoder(named=True).encode(delta) == b"event: content_block_delta\n" + SSEEncoder().encode(
        delta
    )


def test_no_block_bears_a_name_that_browsers_reserve():
    blocks = b"".join(SSEEncoder(named=True).encode(event) for event in RECORDED)
    names = {line for line in blocks.split(b"\n") if line.startswith(b"event:")}
    assert names == {
        b"event: content_block_delta",
        b"event: content_block_start",
        b"event: content_block_stop",
        b"event: debug",
        b"event: message_stop",
        b"event: status",
        b"event: stream_error",
    }


@given(deltas)
@example(ContentBlockDelta(10**30, "".join(HOSTILE)))
def test_the_short_way_for_deltas_writes_what_the_general_way_writes(delta):
    assert SSEEncoder().encode(delta) == general_form(delta)


@given(events)
def test_every_event_is_ascii_in_one_data_line(event):
    block = SSEEncoder().encode(event)
    assert block == general_form(event)
    assert block.isascii()
    assert block.count(b"\n") == 2
    assert b"\r" not in block


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("options", [{}, {"id": 1}])
def test_numbers_that_json_does_not_know_are_refused(number, options):
    for event in (StatusEvent("started", number, 0, 0, 0), MessageStop("complete", {"a": [number]})):
        with pytest.raises(
            UsageError, match=f"The {event.type} event contains a value that JSON cannot represent"
        ):
            SSEEncoder().encode(event, **options)


def test_values_that_json_cannot_carry_are_refused():
    endless = {}
    endless["self"] = endless
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for state in ({"a": object()}, {"a": {1, 2}}, {b"a": 1}, endless, {"a": deep}, {"a": 10**5000}, 5):
        with pytest.raises(UsageError, match="The debug event contains a value that JSON cannot represent"):
            SSEEncoder().encode(DebugEvent(state))


@pytest.mark.parametrize("thing", [None, "text", {"type": "debug"}, ComponentBlock("A", "main"), DebugEvent])
def test_only_events_are_written(thing):
    with pytest.raises(UsageError, match=r"^encode\(\) needs an event of componentstream, not "):
        SSEEncoder().encode(thing)


@pytest.mark.parametrize("name", ["0", "7", "a-b.c-D", "9" * 64, "-", "."])
def test_good_ids_are_written(name):
    assert SSEEncoder().encode(ONE, id=name).endswith(f"\nid: {name}\n\n".encode())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "a_b",
        "a" * 65,
        "1\n",
        "\n",
        "1\r",
        "1\0",
        "\0",
        "é",
        "٤",
        "1:2",
        "1\u2028",
        *HOSTILE,
        True,
        False,
        -1,
        1.5,
        b"7",
        10**64,
        10**5000,
        ["7"],
    ],
    ids=lambda name: ascii(name) if isinstance(name, str) else type(name).__name__,
)
@pytest.mark.parametrize("event", [ONE, ContentBlockDelta(0, "x")])
def test_ids_that_a_client_could_misread_are_refused(name, event):
    with pytest.raises(
        UsageError, match=r"^An event id must be 1 to 64 of the characters 0-9 A-Z a-z '\.' '-'"
    ):
        SSEEncoder().encode(event, id=name)


def test_the_largest_number_that_is_an_id_has_64_digits():
    assert SSEEncoder().encode(ONE, id=10**64 - 1).endswith(b"\nid: %b\n\n" % (b"9" * 64))


@pytest.mark.parametrize("retry", [0, 1, 2**31 - 1])
def test_retry_times_are_whole_milliseconds(retry):
    assert SSEEncoder().encode(ContentBlockDelta(0, "x"), retry=retry).endswith(b"}\nretry: %d\n\n" % retry)


@pytest.mark.parametrize(
    "retry", [-1, 2**31, 10**5000, 1.0, True, "5"], ids=lambda retry: type(retry).__name__
)
def test_other_retry_times_are_refused(retry):
    with pytest.raises(
        UsageError, match=r"^retry must be an integer from 0 to 2147483647, in milliseconds\.$"
    ):
        SSEEncoder().encode(ONE, retry=retry)


def test_a_heartbeat_is_a_comment_without_a_blank_line():
    assert SSEEncoder().heartbeat() == b": keep-alive\n"


def test_the_headers_keep_every_buffer_on_the_way_from_holding_the_stream_back():
    assert SSEEncoder.media_type == "text/event-stream"
    assert SSEEncoder().headers == {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache, no-transform",
        "X-Accel-Buffering": "no",
    }


def test_headers_may_be_changed_without_changing_those_of_the_next_response():
    encoder = SSEEncoder()
    encoder.headers["X-Accel-Buffering"] = "yes"
    assert encoder.headers["X-Accel-Buffering"] == "no"


# Nothing in an event can break the frame


def events_with(text):
    return [
        ContentBlockDelta(0, text),
        ContentBlockStart(0, ComponentBlock(text, text, {text: text})),
        ErrorEvent(text, text),
        StatusEvent(text, 0.0, 0, 0, 0),
        MessageStop("complete", {text: [text]}),
        DebugEvent({text: {"a": text}}),
    ]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_text_makes_an_event_or_changes_an_id(hostile, named):
    for text in (hostile, f"a{hostile}", f"{hostile}b", f"a{hostile}b", hostile * 2):
        for event in events_with(text):
            data = SSEEncoder(named=named).encode(event, id=5)
            assert decode(SSEDecoder(), data) == ([event], "5")
            assert [(sse.id, sse.json()) for sse in read_with_httpx_sse(data)] == [("5", event.to_dict())]


# Reading what was written


@given(st.lists(st.tuples(events, st.none() | st.integers(0, 10**6)), max_size=4), st.booleans(), st.data())
def test_what_is_written_is_read_however_it_is_cut(sent, named, data):
    encoder = SSEEncoder(named=named)
    stream = b"".join(encoder.encode(event, id=number) for event, number in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=5))
    expected = [event_from_dict(received(event.to_dict())) for event, _ in sent]
    numbers = [str(number) for _, number in sent if number is not None]
    assert decode(SSEDecoder(), *pieces(stream, cuts)) == (expected, numbers[-1] if numbers else "")


@given(st.lists(events, max_size=4), st.booleans())
def test_httpx_sse_reads_what_is_written(sent, named):
    encoder = SSEEncoder(named=named)
    stream = b"".join(
        encoder.encode(event, id=number) + encoder.heartbeat() for number, event in enumerate(sent)
    )
    names = [{"error": "stream_error"}.get(event.type, event.type) if named else "message" for event in sent]
    got = read_with_httpx_sse(stream)
    assert [(sse.event, sse.id) for sse in got] == [(name, str(n)) for n, name in enumerate(names)]
    assert [sse.json() for sse in got] == [received(event.to_dict()) for event in sent]


def test_httpx_sse_makes_no_event_of_a_heartbeat():
    encoder = SSEEncoder()
    stream = encoder.encode(ONE, id=1) + 3 * encoder.heartbeat() + encoder.encode(TWO, id=2)
    assert [sse.id for sse in read_with_httpx_sse(stream)] == ["1", "2"]


@pytest.mark.parametrize("size", [1, 2, 3, 1460])
def test_the_size_of_the_chunks_makes_no_difference(size):
    chunks = [LOG[at : at + size] for at in range(0, len(LOG), size)]
    assert decode(SSEDecoder(), *chunks) == (RECORDED, str(len(RECORDED)))


def test_an_event_comes_out_with_the_last_byte_of_its_block():
    decoder = SSEDecoder()
    assert decoder.feed(BLOCK_1[:-1]) == []
    assert decoder.feed(BLOCK_1[-1:]) == [ONE]


def test_a_stream_cut_at_any_byte_gives_whole_events_and_the_id_to_go_on_from():
    ends = [at + 2 for at in range(len(LOG)) if LOG[at : at + 2] == b"\n\n"]
    assert len(ends) == len(RECORDED)
    for cut in range(len(LOG) + 1):
        whole = sum(end <= cut for end in ends)
        got, last_id = decode(SSEDecoder(), LOG[:cut])
        assert (got, last_id) == (RECORDED[:whole], str(whole) if whole else "")
        rest = LOG[ends[whole - 1] if whole else 0 :]
        assert got + decode(SSEDecoder(), rest)[0] == RECORDED


# Reading as the HTML standard says


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(BLOCK_1 + BLOCK_2, [ONE, TWO], id="two blocks"),
        pytest.param(BLOCK_1.replace(b"\n", b"\r") + BLOCK_2, [ONE, TWO], id="lines end with CR"),
        pytest.param(BLOCK_1.replace(b"\n", b"\r\n") + BLOCK_2, [ONE, TWO], id="lines end with CRLF"),
        pytest.param(b"data: %b\r\n\r" % JSON_OF_1 + BLOCK_2, [ONE, TWO], id="CRLF and CR"),
        pytest.param(b"data: %b\r\n\n" % JSON_OF_1 + BLOCK_2, [ONE, TWO], id="CRLF and LF"),
        pytest.param(b"data: %b\n\r\n" % JSON_OF_1 + BLOCK_2, [ONE, TWO], id="LF and CRLF"),
        pytest.param(b"data: %b\r\n" % JSON_OF_1 + b": no blank line came\r\n", [], id="CRLF is one end"),
        pytest.param(b"\xef\xbb\xbf" + BLOCK_1, [ONE], id="byte order mark"),
        pytest.param(b"\xef\xbb\xbf\n" + BLOCK_1, [ONE], id="byte order mark alone in a line"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbf" + BLOCK_1 + BLOCK_2, [TWO], id="second byte order mark"),
        pytest.param(BLOCK_1 + b"\xef\xbb\xbf" + BLOCK_2, [ONE], id="byte order mark later"),
        pytest.param(b":\n: data: x\n:data: x\n" + BLOCK_1 + b":x\n", [ONE], id="comments"),
        pytest.param(BLOCK_1.replace(b"data: ", b"data:"), [ONE], id="no space"),
        pytest.param(BLOCK_1.replace(b"data: ", b"data:  "), [ONE], id="two spaces"),
        pytest.param(BLOCK_1.replace(b",", b",\ndata:"), [ONE], id="data in two lines"),
        pytest.param(b"\n\n\n" + BLOCK_1 + b"\n\n", [ONE], id="more blank lines"),
        pytest.param(b"wrong: 1\nDATA: x\ndata : x\n data: x\nwrong\n" + BLOCK_1, [ONE], id="unknown fields"),
        pytest.param(BLOCK_1 + b"data: %b\n" % JSON_OF_1, [ONE], id="last block without a blank line"),
        pytest.param(BLOCK_1 + BLOCK_2[:-2], [ONE], id="last line without an end"),
        pytest.param(b"data\n\ndata:\n\ndata: \n\n" + BLOCK_1, [ONE], id="blocks without data"),
        pytest.param(b"event: debug\n" + BLOCK_1, [ONE], id="named"),
        pytest.param(b"event: message\n" + BLOCK_1, [ONE], id="named message"),
        pytest.param(b"event:\n" + BLOCK_1, [ONE], id="named nothing"),
        pytest.param(
            b"event: error\n" + BLOCK_1 + b"event: stream_error\n" + BLOCK_2, [ONE, TWO], id="errors"
        ),
        pytest.param(b"event: ping\ndata: x\n\n" + BLOCK_1, [ONE], id="a name that is not ours"),
        pytest.param(b"event: ping\n\n" + BLOCK_1, [ONE], id="a name ends with its block"),
        pytest.param(b'data: {"type":"ping"}\n\ndata: {}\n\n' + BLOCK_1, [ONE], id="types that are not ours"),
        pytest.param(
            b'data: {"type":"debug","state":{"n":1},"new":[]}\n\n', [ONE], id="fields that are not ours"
        ),
        pytest.param(
            b'data: {"type":"debug","state":{"t":"\xff \xe2\x82"}}\n\n',
            [DebugEvent({"t": "\ufffd \ufffd"})],
            id="bytes that are no UTF-8",
        ),
        pytest.param(
            'data: {"type":"debug","state":{"t":"\u2028\x85ä"}}\n\n'.encode(),
            [DebugEvent({"t": "\u2028\x85ä"})],
            id="only CR and LF end a line",
        ),
    ],
)
def test_the_rules_of_the_standard(stream, expected):
    assert decode(SSEDecoder(), stream)[0] == expected
    assert decode(SSEDecoder(), *pieces(stream, range(len(stream))))[0] == expected
    for cut in range(len(stream)):
        assert decode(SSEDecoder(), stream[:cut], b"", stream[cut:])[0] == expected


@pytest.mark.parametrize(
    ("stream", "last_id"),
    [
        (BLOCK_1, ""),
        (b"id: 7\n" + BLOCK_1, "7"),
        (b"id:7\n" + BLOCK_1, "7"),
        (b"id:  7\n" + BLOCK_1, " 7"),
        (b"id: 7\n" + BLOCK_1 + BLOCK_2, "7"),
        (b"id: 7\n" + BLOCK_1 + b"id\n" + BLOCK_2, ""),
        (b"id: 7\n" + BLOCK_1 + b"id: 8\0\n" + BLOCK_2, "7"),
        (b"id: 7\nid: 8\n" + BLOCK_1, "8"),
        (b"id: 7\n\n", "7"),
        (b"id: 7\n" + BLOCK_1 + b"id: 8\n", "7"),
        (b"id: 7\n" + BLOCK_1 + b"id: 8\ndata: x", "7"),
        (b'id: 7\ndata: {"type":"ping"}\n\n', "7"),
        ("id: ä\n\n".encode(), "ä"),
        (b"id: \xff\n\n", "\ufffd"),
    ],
)
def test_an_id_counts_from_the_end_of_its_block_and_sticks(stream, last_id):
    assert decode(SSEDecoder(), stream)[1] == last_id
    assert decode(SSEDecoder(), *pieces(stream, range(len(stream))))[1] == last_id


@pytest.mark.parametrize(
    ("field", "retry"),
    [
        (b"retry: 1500", 1500),
        (b"retry:0", 0),
        (b"retry: 007", 7),
        (b"retry: " + b"9" * 18, 10**18 - 1),
        (b"retry", None),
        (b"retry:", None),
        (b"retry: -1", None),
        (b"retry: +1", None),
        (b"retry: 1.5", None),
        (b"retry: 1e3", None),
        (b"retry: 1_000", None),
        (b"retry: 5 ", None),
        (b"retry:  5", None),
        ("retry: ٤".encode(), None),
        (b"retry: " + b"9" * 19, None),
        (b"retry: " + b"9" * 5000, None),
    ],
)
def test_a_retry_time_is_digits_only_and_counts_at_once(field, retry):
    decoder = SSEDecoder()
    assert decoder.retry is None
    assert decoder.feed(field + b"\n") == []
    assert decoder.retry == retry


def test_the_retry_time_stays_until_another_one_comes():
    decoder = SSEDecoder()
    decoder.feed(b"retry: 5\n\nretry: x\n\n" + BLOCK_1)
    assert decoder.retry == 5


# What is no event of ours


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"[DONE]",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b"{} {}",
        b'{"type":"debug","state":{"n":NaN}}',
        b'{"type":"debug","state":{"n":-Infinity}}',
        b'{"type":"debug","state":{"n":1e999}}',
        b'{"type":"debug","state":{"n":%b}}' % (b"9" * 5000),
        b'{"type":"debug"}',
        b'{"type":"content_block_delta","index":"0","delta":{"type":"text_delta","text":""}}',
        b'{"type":"status","phase":"","elapsed":1%b,"components_started":0,"components_completed":0,"chars":0}'
        % (b"0" * 400),
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda data: ascii(data[:40]),
)
def test_malformed_data_ends_the_decoding(data):
    stream = b"id: 1\n%bid: 2\ndata: %b\n\nid: 3\n%b" % (BLOCK_1, data, BLOCK_2)
    whole, last_id = decode(SSEDecoder(), stream)
    assert whole == [ONE, whole[1]]
    assert last_id == "1"
    assert whole[1].startswith(
        (
            "An event must be a JSON object, not ",
            "A debug event has a missing or wrong field",
            "A status event has",
            "A content_block_delta event has",
        )
    )
    assert decode(SSEDecoder(), *pieces(stream, range(0, len(stream), max(1, len(stream) // 500)))) == (
        whole,
        last_id,
    )


def test_no_depth_of_nesting_exhausts_the_stack():
    for depth in range(800, 1000):
        data = b'data: {"type":"debug","state":%b%b}\n\n' % (b"[" * depth, b"]" * depth)
        with pytest.raises(WireError):
            SSEDecoder().feed(data)


def test_events_before_the_malformed_one_come_first_and_every_later_call_raises():
    decoder = SSEDecoder()
    assert decoder.feed(BLOCK_1 + b"data: x\n\n" + BLOCK_2) == [ONE]
    for call in (decoder.feed, decoder.feed, lambda _: decoder.close()):
        with pytest.raises(WireError, match=r"^An event must be a JSON object, not b'x': "):
            call(BLOCK_2)
    assert decoder.close() == []


def test_a_malformed_event_that_stands_first_raises_at_once():
    with pytest.raises(WireError, match=r"^An event must be a JSON object, not b'\[1\]'\.$"):
        SSEDecoder().feed(b"data: [1]\n\n" + BLOCK_1)


@given(
    st.lists(
        st.sampled_from(
            [
                b"data: ",
                b"data:",
                b"id: 4",
                b"event: x",
                b"retry: 9",
                b":",
                b"\n",
                b"\r",
                b"\r\n",
                b"\0",
                b"\xff",
                b"\xef\xbb\xbf",
                b"{}",
                b"{",
                JSON_OF_1,
                BLOCK_1,
                BLOCK_2,
            ]
        )
        | st.binary(max_size=3),
        max_size=12,
    ),
    st.data(),
)
def test_bytes_of_any_kind_mean_the_same_however_they_are_cut(parts, data):
    stream = b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    whole, cut = SSEDecoder(), SSEDecoder()
    assert decode(whole, stream) == decode(cut, *pieces(stream, cuts))
    assert whole.retry == cut.retry


# Bounds


def too_long(limit):
    return f"An event is longer than max_event_bytes = {limit}."


@pytest.mark.parametrize("line", [b"data: " + JSON_OF_1, b": a comment", b"id: 7", b"anything"])
def test_no_line_may_be_longer_than_the_bound(line):
    for end in (b"\n\n", b"\r\n\r\n", b"\r\r", b""):
        assert too_long(len(line)) not in decode(SSEDecoder(max_event_bytes=len(line)), line + end)[0]
        assert decode(SSEDecoder(max_event_bytes=len(line) - 1), line + end)[0] == [too_long(len(line) - 1)]


def test_the_bound_trips_at_the_same_byte_however_the_stream_is_cut():
    stream = BLOCK_1 + BLOCK_1.replace(b"1", b"12") + BLOCK_2
    limit = len(BLOCK_1) - 2
    expected = ([ONE, too_long(limit)], "")
    for size in range(1, len(stream) + 1):
        chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert decode(SSEDecoder(max_event_bytes=limit), *chunks) == expected
    decoder = SSEDecoder(max_event_bytes=limit)
    decoder.feed(BLOCK_1)
    assert decoder.feed(stream[len(BLOCK_1) :][:limit]) == []
    with pytest.raises(WireError):
        decoder.feed(stream[len(BLOCK_1) + limit :][:1])


def test_the_lines_of_one_event_count_together():
    block = BLOCK_1.replace(b",", b",\ndata: ")
    data = b"\n".join(line.removeprefix(b"data: ") for line in block.split(b"\n")[:-2])
    limit = len(data) + len("data: ")
    assert decode(SSEDecoder(max_event_bytes=limit), block, block)[0] == [ONE, ONE]
    assert decode(SSEDecoder(max_event_bytes=limit - 1), block)[0] == [too_long(limit - 1)]


def test_empty_data_lines_count_as_well():
    decoder = SSEDecoder(max_event_bytes=100)
    decoder.feed(b"data\n" * 97)
    with pytest.raises(WireError):
        decoder.feed(b"data\n")


def test_heartbeats_never_fill_the_bound():
    decoder = SSEDecoder(max_event_bytes=64)
    heartbeat = SSEEncoder().heartbeat()
    assert [decoder.feed(heartbeat) for _ in range(1000)] == [[]] * 1000
    assert decoder.feed(BLOCK_1) == [ONE]


def test_the_default_bound_takes_the_largest_component_as_one_delta():
    delta = ContentBlockDelta(0, "\U0001f600" * 1_048_576)
    data = SSEEncoder().encode(delta)
    assert decode(SSEDecoder(), data)[0] == [delta]
    with pytest.raises(WireError, match="max_event_bytes = 16777216"):
        SSEDecoder().feed(b":" * (16 * 1024 * 1024 + 1))


@pytest.mark.parametrize("bound", [0, -1, 1.5, True, None, "9"])
def test_a_bound_is_a_whole_number_from_one_up(bound):
    with pytest.raises(UsageError, match=r"^max_event_bytes must be an integer >= 1\.$"):
        SSEDecoder(max_event_bytes=bound)
    assert SSEDecoder(max_event_bytes=1).feed(b"\n\n") == []


def test_no_byte_is_looked_at_twice_and_a_line_is_joined_once():
    looked_at = []
    joined = []

    class Counting(SSEDecoder):
        def _split(self, data):
            looked_at.append(len(data))
            return super()._split(data)

        def _read(self, line):
            joined.append(len(line))
            return super()._read(line)

    stream = SSEEncoder().encode(ContentBlockDelta(0, "x" * 100_000))
    decoder = Counting()
    tail = decoder._tail
    for at in range(len(stream) - 2):
        decoder.feed(stream[at : at + 1])
        assert decoder._tail is tail
    assert decoder.feed(b"\n\n") == [ContentBlockDelta(0, "x" * 100_000)]
    assert sum(looked_at) == len(stream)
    assert joined == [len(stream) - 2, 0]


# Use


@pytest.mark.parametrize("thing", ["data: x\n\n", None, bytearray(b"x"), memoryview(b"x"), 7])
def test_only_bytes_are_read(thing):
    with pytest.raises(UsageError, match=r"^feed\(\) needs the received bytes, not "):
        SSEDecoder().feed(thing)


def test_a_closed_decoder_reads_nothing_more():
    decoder = SSEDecoder()
    assert decoder.feed(BLOCK_1 + b"data: x") == [ONE]
    assert decoder.close() == []
    assert decoder.close() == []
    with pytest.raises(UsageError, match=r"^feed\(\) was called after close\(\)"):
        decoder.feed(b"")


def read_with_httpx_sse(data):
    """What the reader of httpx-sse makes of it; its package is entered past the module that needs httpx."""
    name = "httpx_sse_without_httpx"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = list(find_spec("httpx_sse").submodule_search_locations)
        sys.modules[name] = package
    decoders = importlib.import_module(f"{name}._decoders")
    lines = decoders.SSELineDecoder()
    reader = decoders.SSEDecoder()
    got = [reader.decode(line) for line in [*lines.decode(data.decode()), *lines.flush()]]
    return [sse for sse in got if sse is not None]


def test_a_decoder_of_a_resumed_stream_begins_with_its_last_id():
    decoder = SSEDecoder(last_event_id="7")
    assert decoder.last_event_id == "7"
    assert decoder.feed(BLOCK_1) == [ONE]
    assert decoder.last_event_id == "7"
    decoder.feed(b"id: 8\n\n")
    assert decoder.last_event_id == "8"
    decoder.feed(b"id\n\n")
    assert decoder.last_event_id == ""
