"""The streaming response, read from the log."""

from contextlib import closing
from typing import Final

import attrs
from starlette.types import Receive, Scope, Send

from componentstream._aio.deadlines import SendTimer
from componentstream._aio.scopes import DisconnectScope
from componentstream.adapters.asgi import disconnect
from componentstream.adapters.response_start import ResponseStart
from componentstream.core.events import DebugEvent
from componentstream.log.protocol import StreamStatus
from componentstream.server.access.quota import Slot
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.manager import StreamManager
from componentstream.server.streams.payloads import decode_payload
from componentstream.server.streams.subscriber import StreamSubscriber

STREAM_ID: Final = "Stream-Id"
"""Response header with the id of the stream."""


@attrs.frozen
class StreamResponse:
    """An ASGI application that sends one stream to one client.

    Args:
        streams: manager of the streams.
        status: status of the stream.
        event_filter: events that the client gets.
        slot: slot of the subscriber, which the manager has reserved.
        wait_for_first_event: wait for the first event before the response starts, so that a generation that
            fails at once gets an error status; otherwise the response starts immediately.
        resumable: whether the client can request the stream again even if the response never starts.
        send_timeout: seconds that a send may block before the client is dropped.
    """

    streams: StreamManager
    status: StreamStatus
    event_filter: EventFilter
    slot: Slot
    wait_for_first_event: bool
    resumable: bool
    send_timeout: float

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        subscriber = self.streams.subscribe(
            self.status, self.event_filter, self.slot, resumable=self.resumable
        )
        try:
            async with DisconnectScope(disconnect(receive)) as scope:
                with closing(SendTimer(self.send_timeout, scope.cancel)) as timer:
                    streaming = await self._start(subscriber, send, timer)
                    # The client has the stream id from here on, in a header.
                    subscriber.resumable = True
                    while streaming and (entries := await subscriber.next()) is not None:
                        if chunk := subscriber.render(entries):
                            timer.send_begins()
                            await send({"type": "http.response.body", "body": chunk, "more_body": True})
                            timer.send_ends()
                        # Drop the references before a long wait: they are memory per idle client.
                        del entries, chunk
                    timer.send_begins()
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            # Also when the client disconnects, since the manager may then have to end the generation.
            await self.streams.unsubscribe(subscriber)

    async def _start(self, subscriber: StreamSubscriber, send: Send, timer: SendTimer) -> bool:
        """Start the response, once its status is known; return whether the stream follows."""
        start = ResponseStart(None, {STREAM_ID: self.status.stream})
        body = b""
        while self.wait_for_first_event and not start.ready(b"") and (entries := await subscriber.next()):
            body += subscriber.render(entries)
            for entry in entries:
                event = decode_payload(entry.payload)
                # Debug events do not start the response: they must not turn an error status into a 200.
                if event is not None and not isinstance(event, DebugEvent):
                    start.encode(event)
        if start.failure is None:
            status, headers = 200, start.headers()
        else:
            self.streams.metrics.refused(start.failure.code)
            status, headers, body = start.error_response(start.failure)
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        timer.send_begins()
        await send({"type": "http.response.start", "status": status, "headers": raw})
        if body:
            timer.send_begins()
            await send({"type": "http.response.body", "body": body, "more_body": True})
        timer.send_ends()
        return start.failure is None
