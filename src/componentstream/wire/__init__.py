"""Wire formats: events to bytes, and bytes back to events.

Encoders encode one event at a time and are stateless, so one encoder can serve any number of streams. A
decoder reads the bytes of one stream, cut anywhere::

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
