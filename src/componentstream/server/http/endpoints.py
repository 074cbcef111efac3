"""The endpoints: what a request says, checked, and handed to the worker."""

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
from componentstream.server.access.rate_limit import RateLimiter
from componentstream.server.access.tickets import Tickets
from componentstream.server.errors import RefusedRequestError
from componentstream.server.http.request import (
    no_such_event,
    read_idempotency_key,
    read_last_event_id,
    read_request,
)
from componentstream.server.http.response import STREAM_ID, StreamResponse
from componentstream.server.settings import ServerSettings
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.manager import StreamManager
from componentstream.wire import SSEEncoder

_NO_STORE: Final = {"Cache-Control": "no-store"}
_DIGITS: Final = 10


class Endpoints:
    """What is done for each route.

    Args:
        worker: does it.
        settings: how requests are treated.
    """

    def __init__(self, worker: StreamManager, settings: ServerSettings) -> None:
        self._worker = worker
        self._settings = settings
        self._tickets = Tickets(worker.log, settings.ticket_seconds)
        self._rate = (
            None
            if settings.rate_limit is None
            else RateLimiter(settings.rate_limit, settings.rate_limit_storage)
        )

    async def generate(self, request: Request) -> ASGIApp:
        """Start a generation, and stream it or say where it is."""
        principal = await self._principal(request)
        await self._count(request, principal)
        key = read_idempotency_key(request)
        asked = await read_request(request, self._settings.max_body_bytes, self._settings.body_timeout)
        user = self._user(request, principal)
        stays = "respond-async" not in _preferences(request)
        if stays:
            self._worker.check_capacity(user)
        status = await self._worker.start(
            asked, principal.subject, user=user, key=key, debug=self._debugs(principal)
        )
        if not stays:
            return JSONResponse(
                {"stream": status.stream},
                HTTPStatus.ACCEPTED,
                {STREAM_ID: status.stream, "Location": f"streams/{status.stream}", **_NO_STORE},
            )
        view = EventFilter(debug=self._debugs(principal))
        return self._stream(status, view, user, begins=True, known=key is not None)

    async def stream(self, request: Request) -> ASGIApp:
        """Stream what comes after an event, or end the generation."""
        return await (self._stop(request) if request.method == "DELETE" else self._resume(request))

    async def _resume(self, request: Request) -> ASGIApp:
        stream = request.path_params["stream"]
        # A ticket is spent by looking at it, so all else is looked at before.
        after = read_last_event_id(request)
        components_only = _choice(request, "blocks", "all", "components")
        from_index = _number(request, "from")
        principal = await self._reader_of(request, stream)
        view = EventFilter(
            after, components_only=components_only, from_index=from_index, debug=self._debugs(principal)
        )
        status = await self._worker.find(stream, principal.subject)
        if after > status.last:
            raise no_such_event()
        if status.state == "finished" and after == status.last:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={STREAM_ID: stream, **_NO_STORE})
        if view.after + 1 < status.first:
            raise RefusedRequestError(
                HTTPStatus.GONE, codes.EVENTS_TRIMMED, "The next events are no longer kept."
            )
        if request.method == "HEAD":
            head = Response(headers={STREAM_ID: stream, **SSEEncoder().headers})
            del head.headers["content-length"]  # of an empty body, which a stream has not
            return head
        if after:
            self._worker.metrics.resumed.inc()
        return self._stream(status, view, self._user(request, principal))

    async def _stop(self, request: Request) -> Response:
        principal = await self._principal(request)
        await self._worker.stop(await self._worker.find(request.path_params["stream"], principal.subject))
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_NO_STORE)

    async def ticket(self, request: Request) -> Response:
        """Issue a ticket, with which an ``EventSource`` may read a stream once."""
        principal = await self._principal(request)
        await self._count(request, principal)
        status = await self._worker.find(request.path_params["stream"], principal.subject)
        ticket = await self._tickets.issue(status.stream, principal.subject)
        body = {"ticket": ticket, "expires_in": self._settings.ticket_seconds}
        return JSONResponse(body, HTTPStatus.CREATED, _NO_STORE)

    async def health(self, _request: Request) -> Response:
        """Say whether the server can do its work."""
        ready = not self._worker.draining
        if ready:
            with suppress(StoreError):
                await self._worker.log.status("health")
                return JSONResponse({"status": "ok"}, headers=_NO_STORE)
        status = codes.LOG_UNAVAILABLE if ready else codes.SERVER_STOPPING
        return JSONResponse({"status": status}, HTTPStatus.SERVICE_UNAVAILABLE, _NO_STORE)

    async def metrics(self, request: Request) -> Response:
        """Give the metrics."""
        body, media_type = self._worker.metrics.render(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": media_type, **_NO_STORE})

    async def aclose(self) -> None:
        """Close what the endpoints have opened."""
        if self._rate is not None:
            await self._rate.aclose()

    def _stream(
        self, status: StreamStatus, view: EventFilter, user: str, *, begins: bool = False, known: bool = True
    ) -> ASGIApp:
        return StreamResponse(self._worker, status, view, user, begins, known, self._settings.send_timeout)

    async def _principal(self, request: Request) -> Principal:
        if self._settings.authenticate is None:
            return Principal("")
        reject_token_in_query(request)
        found = self._settings.authenticate(request)
        return await found if isawaitable(found) else found

    async def _reader_of(self, request: Request, stream: str) -> Principal:
        ticket = request.query_params.get("ticket")
        if ticket is None or self._settings.authenticate is None:
            return await self._principal(request)
        reject_token_in_query(request)
        redeemed = None if request.method == "HEAD" else await self._tickets.redeem(ticket)
        if redeemed is None or redeemed[0] != stream:
            raise RefusedRequestError(
                HTTPStatus.UNAUTHORIZED,
                codes.UNAUTHORIZED,
                "The ticket is for another stream, was used, or ran out; get a new one.",
                {"WWW-Authenticate": "Bearer"},
            )
        return Principal(redeemed[1])

    async def _count(self, request: Request, principal: Principal) -> None:
        if self._rate is not None:
            await self._rate.check(self._user(request, principal))

    def _user(self, request: Request, principal: Principal) -> str:
        if principal.subject:
            return f"user {principal.subject}"
        return f"address {client_address(request, self._settings.trusted_proxies)}"

    def _debugs(self, principal: Principal) -> bool:
        return self._settings.debug and principal.claims.get("debug") is True


def _preferences(request: Request) -> set[str]:
    """Return the names in the headers ``Prefer``, see RFC 7240."""
    lines = ",".join(request.headers.getlist("prefer"))
    return {part.partition(";")[0].partition("=")[0].strip().lower() for part in lines.split(",")}


def _choice(request: Request, name: str, no: str, yes: str) -> bool:
    value = request.query_params.get(name, no)
    if value not in (no, yes):
        raise _wrong_query(name, f"{no} or {yes}")
    return value == yes


def _number(request: Request, name: str) -> int:
    value = request.query_params.get(name, "0")
    if not (value.isascii() and value.isdecimal() and len(value) <= _DIGITS):
        raise _wrong_query(name, "the index of a block, from 0")
    return int(value)


def _wrong_query(name: str, what: str) -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.BAD_REQUEST, codes.INVALID_REQUEST, f"{name} in the query must be {what}."
    )
