"""The endpoints: validate requests and pass them to the stream manager."""

from contextlib import suppress
from http import HTTPStatus
from inspect import isawaitable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from componentstream.core import codes
from componentstream.log.protocol import StoreError, StreamStatus
from componentstream.server.access.auth import Principal, reject_token_in_query
from componentstream.server.access.client_address import client_address
from componentstream.server.access.quota import Slot
from componentstream.server.access.rate_limit import RateLimiter
from componentstream.server.access.tickets import Tickets
from componentstream.server.errors import RefusedRequestError
from componentstream.server.http.request import (
    read_idempotency_key,
    read_last_event_id,
    read_request,
    unknown_event_id,
)
from componentstream.server.http.response import STREAM_ID, StreamResponse
from componentstream.server.settings import ServerSettings
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.manager import StreamManager
from componentstream.wire import SSEEncoder

_NO_STORE: Final = {"Cache-Control": "no-store"}
_MAX_DIGITS: Final = 10


class Endpoints:
    """The handlers of all routes.

    Args:
        streams: manager of the streams.
        settings: settings of the server.
    """

    def __init__(self, streams: StreamManager, settings: ServerSettings) -> None:
        self._streams = streams
        self._settings = settings
        self._tickets = Tickets(streams.log, settings.ticket_seconds)
        self._rate_limiter = (
            None
            if settings.rate_limit is None
            else RateLimiter(settings.rate_limit, settings.rate_limit_storage)
        )

    async def generate(self, request: Request) -> ASGIApp:
        """Start a generation, and stream it or return its id."""
        # Authenticate and count before anything else: reading a body costs up to max_body_bytes of memory.
        principal = await self._principal(request)
        key = read_idempotency_key(request)
        # A repeat starts nothing: a client that is told to repeat must not lock its user out.
        if key is None or not await self._streams.is_known(principal.subject, key):
            await self._check_rate(request, principal)
        generation_request = await read_request(
            request, self._settings.max_body_bytes, self._settings.body_timeout
        )
        user = self._user(request, principal)
        # Before the start: a generation that its client may not receive would be paid for in vain.
        slot = None if "respond-async" in _preferences(request) else self._streams.reserve(user)
        try:
            status = await self._streams.start(
                generation_request, principal.subject, user=user, key=key, debug=self._debug(principal)
            )
        except BaseException:
            if slot is not None:
                slot.release()
            raise
        if slot is None:
            return JSONResponse(
                {"stream": status.stream},
                HTTPStatus.ACCEPTED,
                {STREAM_ID: status.stream, "Location": _location(request, status.stream), **_NO_STORE},
            )
        event_filter = EventFilter(debug=self._debug(principal))
        # Without a key, and before the response has told it the stream id, the client cannot come back.
        return self._response(
            status, event_filter, slot, wait_for_first_event=True, resumable=key is not None
        )

    async def stream(self, request: Request) -> ASGIApp:
        """Resume a stream, or stop its generation."""
        return await (self._stop(request) if request.method == "DELETE" else self._resume(request))

    async def _resume(self, request: Request) -> ASGIApp:
        stream = request.path_params["stream"]
        # Validate everything else first: authenticating with a ticket uses the ticket up.
        after = read_last_event_id(request)
        components_only = _choice(request, "blocks", "all", "components")
        from_index = _number(request, "from")
        principal = await self._stream_principal(request, stream)
        event_filter = EventFilter(
            after, components_only=components_only, from_index=from_index, debug=self._debug(principal)
        )
        status = await self._streams.find(stream, principal.subject)
        if after > status.last:
            raise unknown_event_id()
        # 204 tells an EventSource to stop reconnecting.
        if status.state == "finished" and after == status.last:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={STREAM_ID: stream, **_NO_STORE})
        if event_filter.after + 1 < status.first:
            raise RefusedRequestError(
                HTTPStatus.GONE,
                codes.EVENTS_TRIMMED,
                "The next events are no longer kept; start a new generation.",
            )
        if request.method == "HEAD":
            head = Response(headers={STREAM_ID: stream, **SSEEncoder().headers})
            del head.headers["content-length"]  # that of the empty body; a stream has none
            return head
        slot = self._streams.reserve(self._user(request, principal))
        if after:
            self._streams.metrics.resumed.inc()
        return self._response(status, event_filter, slot)

    async def _stop(self, request: Request) -> Response:
        principal = await self._principal(request)
        await self._streams.stop(await self._streams.find(request.path_params["stream"], principal.subject))
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_NO_STORE)

    async def ticket(self, request: Request) -> Response:
        """Issue a ticket, which lets an ``EventSource`` read a stream once."""
        principal = await self._principal(request)
        await self._check_rate(request, principal)
        status = await self._streams.find(request.path_params["stream"], principal.subject)
        ticket = await self._tickets.issue(status.stream, principal.subject)
        body = {"ticket": ticket, "expires_in": self._settings.ticket_seconds}
        return JSONResponse(body, HTTPStatus.CREATED, _NO_STORE)

    async def health(self, _request: Request) -> Response:
        """Report whether the server accepts requests and the log responds."""
        ready = not self._streams.draining
        if ready:
            with suppress(StoreError):
                await self._streams.log.status("health")
                return JSONResponse({"status": "ok"}, headers=_NO_STORE)
        status = codes.LOG_UNAVAILABLE if ready else codes.SERVER_STOPPING
        return JSONResponse({"status": status}, HTTPStatus.SERVICE_UNAVAILABLE, _NO_STORE)

    async def metrics(self, request: Request) -> Response:
        """Return the metrics."""
        body, media_type = self._streams.metrics.render(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": media_type, **_NO_STORE})

    async def aclose(self) -> None:
        """Close the connections of the rate limiter."""
        if self._rate_limiter is not None:
            await self._rate_limiter.aclose()

    def _response(
        self,
        status: StreamStatus,
        event_filter: EventFilter,
        slot: Slot,
        *,
        wait_for_first_event: bool = False,
        resumable: bool = True,
    ) -> ASGIApp:
        return StreamResponse(
            self._streams,
            status,
            event_filter,
            slot,
            wait_for_first_event,
            resumable,
            self._settings.send_timeout,
        )

    async def _principal(self, request: Request) -> Principal:
        if self._settings.authenticate is None:
            return Principal("")
        reject_token_in_query(request)
        principal = self._settings.authenticate(request)
        return await principal if isawaitable(principal) else principal

    async def _stream_principal(self, request: Request, stream: str) -> Principal:
        ticket = request.query_params.get("ticket")
        if ticket is None or self._settings.authenticate is None:
            return await self._principal(request)
        reject_token_in_query(request)
        # A HEAD request cannot read the stream, so it must not use up the ticket either.
        redeemed = None if request.method == "HEAD" else await self._tickets.redeem(ticket)
        if redeemed is None or redeemed[0] != stream:
            raise RefusedRequestError(
                HTTPStatus.UNAUTHORIZED,
                codes.UNAUTHORIZED,
                "The ticket is for another stream, has been used or has expired; request a new one.",
                {"WWW-Authenticate": "Bearer"},
            )
        return Principal(redeemed[1])

    async def _check_rate(self, request: Request, principal: Principal) -> None:
        if self._rate_limiter is not None:
            await self._rate_limiter.check(self._user(request, principal))

    def _user(self, request: Request, principal: Principal) -> str:
        """Return the key for limits and quotas; the prefixes keep a subject from imitating an address."""
        if principal.subject:
            return f"user {principal.subject}"
        return f"address {client_address(request, self._settings.trusted_proxies)}"

    def _debug(self, principal: Principal) -> bool:
        return self._settings.debug and principal.claims.get("debug") is True


def _location(request: Request, stream: str) -> str:
    """Return the URL of a stream, relative to that of the request: a proxy may have cut off a prefix."""
    # The path that the client sent: a framework that mounts the application may add a slash to `path`.
    sent = request.scope.get("raw_path") or b""
    return f"../streams/{stream}" if sent.endswith(b"/") else f"streams/{stream}"


def _preferences(request: Request) -> set[str]:
    """Return the names in the ``Prefer`` headers, see RFC 7240."""
    header = ",".join(request.headers.getlist("prefer"))
    return {part.partition(";")[0].partition("=")[0].strip().lower() for part in header.split(",")}


def _choice(request: Request, name: str, no: str, yes: str) -> bool:
    value = _single(request, name, no)
    if value not in (no, yes):
        raise _invalid_query(name, f"{no} or {yes}")
    return value == yes


def _number(request: Request, name: str) -> int:
    value = _single(request, name, "0")
    if not (value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS):
        raise _invalid_query(name, "the index of a block, an integer >= 0")
    return int(value)


def _single(request: Request, name: str, default: str) -> str:
    values = request.query_params.getlist(name) or [default]
    if len(values) > 1:
        raise _invalid_query(name, "given once")
    return values[0]


def _invalid_query(name: str, expected: str) -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.BAD_REQUEST, codes.INVALID_REQUEST, f"{name} in the query must be {expected}."
    )
