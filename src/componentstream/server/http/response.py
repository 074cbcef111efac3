"""The response that is a stream, read from the log."""

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
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.manager import StreamManager
from componentstream.server.streams.payloads import decode_payload
from componentstream.server.streams.subscriber import StreamSubscriber

STREAM_ID: Final = "Stream-Id"
"""The response header with the stream's id."""


@attrs.frozen
class StreamResponse:
    """An ASGI application that sends one stream to one reader.

    Args:
        worker: gives the reader and takes it back; what it raises is answered as a refusal.
        status: how the stream stands.
        view: what of it is shown.
        user: whose share of the readers is taken.
        begins: this is where the stream was started, so that a generation which fails before its first event
            is answered with a status; otherwise the response begins at once.
        known: the client can ask for the stream again even if the response never begins.
        send_timeout: seconds that the reader may take nothing.
    """

    worker: StreamManager
    status: StreamStatus
    view: EventFilter
    user: str
    begins: bool
    known: bool
    send_timeout: float

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        reader = self.worker.subscribe(self.status, self.view, self.user, resumable=self.known)
        try:
            async with DisconnectScope(disconnect(receive)) as scope:
                with closing(SendTimer(self.send_timeout, scope.cancel)) as timer:
                    goes_on = await self._begin(reader, send, timer)
                    reader.resumable = True
                    while goes_on and (records := await reader.next()) is not None:
                        if chunk := reader.render(records):
                            timer.send_begins()
                            await send({"type": "http.response.body", "body": chunk, "more_body": True})
                            timer.send_ends()
                        # A reader may wait for long, and there are many.
                        del records, chunk
                    timer.send_begins()
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self.worker.unsubscribe(reader)

    async def _begin(self, reader: StreamSubscriber, send: Send, timer: SendTimer) -> bool:
        """Read until it is known how the response begins, and send that; return whether more may follow."""
        opening = ResponseStart(None, {STREAM_ID: self.status.stream})
        body = b""
        while self.begins and not opening.ready(b"") and (records := await reader.next()):
            body += reader.render(records)
            for record in records:
                event = decode_payload(record.payload)
                if event is not None and not isinstance(event, DebugEvent):
                    opening.encode(event)
        if opening.failure is None:
            status, headers = 200, opening.headers()
        else:
            self.worker.metrics.refused(opening.failure.code)
            status, headers, body = opening.error_response(opening.failure)
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        timer.send_begins()
        await send({"type": "http.response.start", "status": status, "headers": raw})
        if body:
            timer.send_begins()
            await send({"type": "http.response.body", "body": body, "more_body": True})
        timer.send_ends()
        return opening.failure is None
