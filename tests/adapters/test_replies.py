"""How a reply begins: the options of the response and those of its stream go separate ways."""

import attrs
import pytest

from componentstream.adapters.bodies import Body
from componentstream.adapters.replies import StreamingReply, begin
from componentstream.session.session import GenerationSession
from componentstream.wire import JSONLinesEncoder


def test_the_options_are_divided():
    session = GenerationSession()
    start, rest = begin(
        {"session": session, "heartbeat": None, "encoder": JSONLinesEncoder(), "headers": {"X-Kept": "1"}}
    )
    assert rest == {"session": session, "heartbeat": None}
    assert ("Content-Type", "application/x-ndjson") in start.headers()
    assert start.headers()[-1] == ("X-Kept", "1")


def test_without_options_the_response_has_the_defaults():
    start, rest = begin({})
    assert rest == {}
    assert start.headers()[0] == ("Content-Type", "text/event-stream; charset=utf-8")


def test_a_reply_does_not_change():
    reply = StreamingReply(200, [], Body(b"", (chunk for chunk in ()), 1.0))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        reply.status = 404
