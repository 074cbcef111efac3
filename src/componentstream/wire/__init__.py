"""Wire formats: events to bytes, and bytes back to events.

An encoder is fed one event at a time and keeps nothing between two calls, so one encoder may serve any
number of streams. A decoder is a stage over the bytes of one stream, cut anywhere::

    encoder = SSEEncoder()
    body = b"".join(encoder.encode(event, id=number) for number, event in enumerate(events))

    decoder = SSEDecoder()
    for chunk in response:
        for event in decoder.feed(chunk):
            ...
    decoder.close()
"""

from componentstream.wire._json import event_to_json
from componentstream.wire.jsonlines import JSONLinesDecoder, JSONLinesEncoder
from componentstream.wire.sse import SSEDecoder, SSEEncoder

__all__ = ["JSONLinesDecoder", "JSONLinesEncoder", "SSEDecoder", "SSEEncoder", "event_to_json"]
