"""JSON lines: what is written, what is read, and that nothing in an event can break the line."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from componentstream.core.errors import UsageError, WireError
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import ContentBlockDelta, DebugEvent, MessageStop
from componentstream.wire import JSONLinesDecoder, JSONLinesEncoder, SSEEncoder, event_to_json
from tests.wire.wire_examples import HOSTILE, RECORDED, decode, deltas, events, pieces, received

LOG = b"".join(JSONLinesEncoder().encode(event, id=number) for number, event in enumerate(RECORDED, 1))
ONE, TWO = DebugEvent({"n": 1}), DebugEvent({"n": 2})
LINE_1 = b'{"type":"debug","state":{"n":1}}\n'
LINE_2 = LINE_1.replace(b"1", b"2")


def general_form(event):
    return f"{json.dumps(event.to_dict(), separators=(',', ':'))}\n".encode()


# Writing


def test_an_event_is_one_line():
    assert JSONLinesEncoder().encode(ContentBlockDelta(3, "a\nb")) == (
        b'{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"a\\nb"}}\n'
    )
    assert JSONLinesEncoder().encode(ONE) == LINE_1


def test_an_id_is_the_last_field_and_a_string():
    encoder = JSONLinesEncoder()
    for event in RECORDED:
        line = encoder.encode(event, id=12)
        assert line == encoder.encode(event)[:-2] + b',"id":"12"}\n'
        assert line == encoder.encode(event, id="12")
        assert json.loads(line) == {**event.to_dict(), "id": "12"}


@given(deltas)
@example(ContentBlockDelta(10**30, "".join(HOSTILE)))
def test_the_short_way_for_deltas_writes_what_the_general_way_writes(delta):
    assert JSONLinesEncoder().encode(delta) == general_form(delta)


@given(events)
def test_every_event_is_ascii_in_one_line(event):
    line = JSONLinesEncoder().encode(event)
    assert line == general_form(event)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert b"\r" not in line


@given(events)
def test_the_json_of_an_event_is_what_both_formats_frame(event):
    json_text = event_to_json(event)
    assert JSONLinesEncoder().encode(event) == json_text + b"\n"
    assert SSEEncoder().encode(event) == b"data: %b\n\n" % json_text
    assert event_from_dict(json.loads(json_text)) == event_from_dict(received(event.to_dict()))


@pytest.mark.parametrize("thing", [None, {"type": "debug"}, MessageStop("complete", {"a": object()})])
def test_what_is_no_event_has_no_json(thing):
    with pytest.raises(UsageError):
        event_to_json(thing)


@pytest.mark.parametrize("options", [{}, {"id": 1}])
def test_values_that_json_cannot_carry_are_refused(options):
    for value in (float("nan"), float("inf"), object(), 10**5000):
        with pytest.raises(
            UsageError, match="The message_stop event contains a value that JSON cannot represent"
        ):
            JSONLinesEncoder().encode(MessageStop("complete", {"a": value}), **options)


@pytest.mark.parametrize("thing", [None, "text", {"type": "debug"}, DebugEvent])
@pytest.mark.parametrize("options", [{}, {"id": 1}])
def test_only_events_are_written(thing, options):
    with pytest.raises(UsageError, match=r"^encode\(\) needs an event of componentstream, not "):
        JSONLinesEncoder().encode(thing, **options)


@pytest.mark.parametrize("name", ["", "1\n", '"', "é", "a" * 65, -1, True, *HOSTILE], ids=ascii)
@pytest.mark.parametrize("event", [ONE, ContentBlockDelta(0, "x")])
def test_ids_are_as_strict_as_in_server_sent_events(name, event):
    with pytest.raises(
        UsageError, match=r"^An event id must be 1 to 64 of the characters 0-9 A-Z a-z '\.' '-'"
    ):
        JSONLinesEncoder().encode(event, id=name)


def test_a_heartbeat_is_an_empty_line():
    assert JSONLinesEncoder().heartbeat() == b"\n"


def test_the_headers_keep_every_buffer_on_the_way_from_holding_the_stream_back():
    assert JSONLinesEncoder.media_type == "application/x-ndjson"
    assert JSONLinesEncoder().headers == {
        "Content-Type": "application/x-ndjson",
        "Cache-Control": "no-cache, no-transform",
        "X-Accel-Buffering": "no",
    }


def test_headers_may_be_changed_without_changing_those_of_the_next_response():
    encoder = JSONLinesEncoder()
    encoder.headers["X-Accel-Buffering"] = "yes"
    assert encoder.headers["X-Accel-Buffering"] == "no"


# Reading what was written


@given(st.lists(st.tuples(events, st.none() | st.integers(0, 10**6)), max_size=4), st.data())
def test_what_is_written_is_read_however_it_is_cut(sent, data):
    encoder = JSONLinesEncoder()
    stream = b"".join(encoder.encode(event, id=number) + encoder.heartbeat() for event, number in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=5))
    expected = [event_from_dict(received(event.to_dict())) for event, _ in sent]
    numbers = [str(number) for _, number in sent if number is not None]
    assert decode(JSONLinesDecoder(), *pieces(stream, cuts)) == (expected, numbers[-1] if numbers else "")


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_text_makes_an_event_or_changes_an_id(hostile):
    for text in (hostile, f"a{hostile}b", hostile * 2):
        for event in (ContentBlockDelta(0, text), DebugEvent({text: text})):
            data = JSONLinesEncoder().encode(event, id=5)
            assert decode(JSONLinesDecoder(), data) == ([event], "5")


@pytest.mark.parametrize("size", [1, 2, 3, 1460])
def test_the_size_of_the_chunks_makes_no_difference(size):
    chunks = [LOG[at : at + size] for at in range(0, len(LOG), size)]
    assert decode(JSONLinesDecoder(), *chunks) == (RECORDED, str(len(RECORDED)))


def test_an_event_comes_out_with_the_line_end():
    decoder = JSONLinesDecoder()
    assert decoder.feed(LINE_1[:-1]) == []
    assert decoder.feed(b"\n") == [ONE]


def test_a_stream_cut_at_any_byte_gives_whole_events_and_the_id_to_go_on_from():
    # The object is whole one byte before its line is.
    ends = [at for at in range(len(LOG)) if LOG[at : at + 1] == b"\n"]
    for cut in range(len(LOG) + 1):
        whole = sum(end <= cut for end in ends)
        expected = (RECORDED[:whole], str(whole) if whole else "")
        assert decode(JSONLinesDecoder(), LOG[:cut]) == expected


# Reading what others write


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(LINE_1 + LINE_2, [ONE, TWO], id="two lines"),
        pytest.param(LINE_1 + LINE_2[:-1], [ONE, TWO], id="last line without an end"),
        pytest.param(LINE_1 + LINE_2[:-2], [ONE], id="last line cut off"),
        pytest.param(LINE_1 + b"x", [ONE], id="last line is nothing"),
        pytest.param(LINE_1 + b'{"type":"ping"}', [ONE], id="last line is not ours"),
        pytest.param(b"\n\n" + LINE_1 + b"\n \t\r\n" + LINE_2 + b"\n", [ONE, TWO], id="blank lines"),
        pytest.param(LINE_1.replace(b"\n", b"\r\n") + LINE_2, [ONE, TWO], id="lines end with CRLF"),
        pytest.param(b' { "type" : "debug",\r"state":{"n":1}} \n', [ONE], id="white space"),
        pytest.param(b'{"type":"ping"}\n{}\n{"type":7}\n' + LINE_1, [ONE], id="types that are not ours"),
        pytest.param(LINE_1.replace(b"}}", b'},"new":[]}'), [ONE], id="fields that are not ours"),
        pytest.param(
            '{"type":"debug","state":{"t":"\u2028\x85\x0bä"}}\n'.replace("\x0b", "\\u000b").encode(),
            [DebugEvent({"t": "\u2028\x85\x0bä"})],
            id="only LF ends a line",
        ),
    ],
)
def test_lines_of_others(stream, expected):
    assert decode(JSONLinesDecoder(), stream)[0] == expected
    assert decode(JSONLinesDecoder(), *pieces(stream, range(len(stream))))[0] == expected


@pytest.mark.parametrize(
    ("field", "last_id"),
    [(b'"7"', "7"), (b'""', ""), (b"7", "1"), (b"null", "1"), (b"[]", "1"), (b'"a b"', "a b")],
)
def test_an_id_is_a_string_and_sticks(field, last_id):
    first = LINE_1.replace(b"}}", b'},"id":"1"}')
    second = LINE_2.replace(b"}}", b'},"id":%b}' % field)
    assert decode(JSONLinesDecoder(), first + second + LINE_1) == ([ONE, TWO, ONE], last_id)


def test_an_event_that_is_not_ours_still_moves_the_id():
    assert decode(JSONLinesDecoder(), b'{"type":"ping","id":"3"}\n') == ([], "3")
    assert decode(JSONLinesDecoder(), b'{"type":"ping","id":"3"}') == ([], "3")


# What is no event of ours


@pytest.mark.parametrize(
    "line",
    [
        b"x",
        b"[]",
        b"null",
        b"{} {}",
        b"\x0b",
        b'{"type":"debug","state":{"n":NaN}}',
        b'{"type":"debug","state":{"t":"\xff"}}',
        b'{"type":"debug","id":"9"}',
        b"\xef\xbb\xbf" + LINE_1[:-1],
        LINE_1[:-1].decode().encode("utf-16"),
    ],
    ids=lambda line: ascii(line[:40]),
)
def test_a_malformed_line_ends_the_decoding(line):
    stream = b"%b%b\n%b" % (LINE_1, line, LINE_2)
    whole = decode(JSONLinesDecoder(), stream)
    assert whole == ([ONE, whole[0][1]], "")
    assert whole[0][1].startswith(
        ("An event must be a JSON object, not ", "A debug event has a missing or wrong field: ")
    )
    assert decode(JSONLinesDecoder(), *pieces(stream, range(len(stream)))) == whole


def test_a_whole_last_line_that_is_malformed_is_an_error():
    decoder = JSONLinesDecoder()
    assert decoder.feed(LINE_1 + b'{"type":"debug"}') == [ONE]
    with pytest.raises(WireError, match=r"^A debug event has a missing or wrong field: "):
        decoder.close()
    assert decoder.close() == []


def test_events_before_the_malformed_one_come_first_and_every_later_call_raises():
    decoder = JSONLinesDecoder()
    assert decoder.feed(LINE_1 + b"x\n" + LINE_2) == [ONE]
    for call in (decoder.feed, decoder.feed, lambda _: decoder.close()):
        with pytest.raises(WireError, match=r"^An event must be a JSON object, not b'x': "):
            call(LINE_2)
    assert decoder.close() == []


@given(
    st.lists(
        st.sampled_from([b"{}", b"{", b"\n", b"\r", b"\xff", LINE_1, LINE_2]) | st.binary(max_size=3),
        max_size=10,
    ),
    st.data(),
)
def test_bytes_of_any_kind_mean_the_same_however_they_are_cut(parts, data):
    stream = b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    assert decode(JSONLinesDecoder(), stream) == decode(JSONLinesDecoder(), *pieces(stream, cuts))


# Bounds


def test_no_line_may_be_longer_than_the_bound():
    size = len(LINE_1) - 1
    stream = LINE_1 * 3
    message = f"An event is longer than max_event_bytes = {size - 1}."
    for cuts in ([], range(len(stream)), [size], [size - 1], [40]):
        assert decode(JSONLinesDecoder(max_event_bytes=size), *pieces(stream, cuts))[0] == [ONE] * 3
        assert decode(JSONLinesDecoder(max_event_bytes=size - 1), *pieces(stream, cuts))[0] == [message]
    assert decode(JSONLinesDecoder(max_event_bytes=size - 1), b"\n" * 99 + LINE_1[:-1])[0] == [message]


def test_the_default_bound_takes_the_largest_component_as_one_delta():
    delta = ContentBlockDelta(0, "\U0001f600" * 1_048_576)
    assert decode(JSONLinesDecoder(), JSONLinesEncoder().encode(delta))[0] == [delta]
    with pytest.raises(WireError, match="max_event_bytes = 16777216"):
        JSONLinesDecoder().feed(b" " * (16 * 1024 * 1024 + 1))


@pytest.mark.parametrize("bound", [0, -1, 1.5, True, None])
def test_a_bound_is_a_whole_number_from_one_up(bound):
    with pytest.raises(UsageError, match=r"^max_event_bytes must be an integer >= 1\.$"):
        JSONLinesDecoder(max_event_bytes=bound)


# Use


@pytest.mark.parametrize("thing", ["{}\n", None, bytearray(b"\n")])
def test_only_bytes_are_read(thing):
    with pytest.raises(UsageError, match=r"^feed\(\) needs the received bytes, not "):
        JSONLinesDecoder().feed(thing)


def test_a_closed_decoder_reads_nothing_more():
    decoder = JSONLinesDecoder()
    assert decoder.close() == []
    assert decoder.close() == []
    with pytest.raises(UsageError, match=r"^feed\(\) was called after close\(\)"):
        decoder.feed(b"")


def test_a_decoder_of_a_resumed_stream_begins_with_its_last_id():
    decoder = JSONLinesDecoder(last_event_id="7")
    decoder.feed(JSONLinesEncoder().encode(DebugEvent({})))
    assert decoder.last_event_id == "7"
    decoder.feed(JSONLinesEncoder().encode(DebugEvent({}), id=8))
    assert decoder.last_event_id == "8"
