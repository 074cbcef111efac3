"""The laws of the edges: bytes to text before the parser, events to bytes and back behind it."""

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from componentstream.core.event_json import event_from_dict
from componentstream.sources.text import TextDecoder
from componentstream.testing import EventVerifier, assert_cut_invariant, merge_deltas, strategies
from componentstream.wire.jsonlines import JSONLinesDecoder, JSONLinesEncoder
from componentstream.wire.sse import SSEDecoder, SSEEncoder
from tests.properties.cases import cases


def read(decoder, chunks):
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


@given(strategies.event_streams(session=True), st.booleans(), st.data())
def test_events_survive_server_sent_events_cut_anywhere(events, named, data):
    encoder = SSEEncoder(named=named)
    body = b"".join(encoder.encode(event, id=at) for at, event in enumerate(events))
    assert read(SSEDecoder(), data.draw(strategies.chunkings(body))) == events


@given(strategies.event_streams(session=True), st.data())
def test_events_survive_json_lines_cut_anywhere(events, data):
    encoder = JSONLinesEncoder()
    body = b"".join(encoder.encode(event) + encoder.heartbeat() for event in events)
    assert read(JSONLinesDecoder(), data.draw(strategies.chunkings(body))) == events


@given(st.lists(strategies.events()))
def test_single_events_survive_both_formats(events):
    sse, lines = SSEEncoder(), JSONLinesEncoder()
    assert read(SSEDecoder(), [sse.encode(event) + sse.heartbeat() for event in events]) == events
    assert read(JSONLinesDecoder(), [lines.encode(event, id="a.1") for event in events]) == events


@given(strategies.event_streams(max_blocks=2))
def test_the_cuts_of_a_body_make_no_difference(events):
    for encoder, decoder in ((SSEEncoder(), SSEDecoder), (JSONLinesEncoder(), JSONLinesDecoder)):
        body = b"".join(map(encoder.encode, events[:6]))
        assert_cut_invariant(decoder, body, cuts=range(0, len(body), 7))


@given(cases())
def test_what_a_parser_gives_is_well_formed_on_the_other_side(case):
    # JSON reads a high surrogate and a low one behind it as the one character that they encode.
    assume(not re.search("[\ud800-\udbff][\udc00-\udfff]", case.text))
    events = case.run()
    encoder = SSEEncoder()
    received = read(SSEDecoder(), map(encoder.encode, events))
    assert received == [event_from_dict(event.to_dict()) for event in events]
    verifier = EventVerifier()
    verifier.check_all(received)
    verifier.finish()


@given(strategies.documents().map(lambda text: text.encode("utf-8", "surrogatepass")), st.data())
def test_utf8_is_decoded_however_it_is_cut(data_bytes, data):
    chunks = data.draw(strategies.chunkings(data_bytes))
    assert "".join(read(TextDecoder(), chunks)) == data_bytes.decode("utf-8", "replace")


@given(st.binary(max_size=40))
def test_any_bytes_are_decoded_however_they_are_cut(data):
    assert_cut_invariant(TextDecoder, data, normalise="".join)
    assert "".join(read(TextDecoder(), [data])) == data.decode("utf-8", "replace")


@given(cases())
def test_a_parser_fed_with_cut_bytes_gives_what_it_gives_for_the_text(case):
    data = case.text.encode("utf-8", "replace")
    decoder, parser = TextDecoder(), case.parser()
    pieces = [
        *(piece for at in range(len(data)) for piece in decoder.feed(data[at : at + 1])),
        *decoder.close(),
    ]
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close()
    whole = case.parser()
    text = data.decode()
    assert merge_deltas(events) == merge_deltas(whole.feed(text) + whole.close())
