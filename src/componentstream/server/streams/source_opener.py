"""Call ``generate`` and wait for the source that it returns."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Final, cast

from componentstream._aio.tasks import Tasks
from componentstream.core import codes
from componentstream.drive.checks import check_any_iterable, is_awaitable_source
from componentstream.drive.closing import aclose_on_exit
from componentstream.log.protocol import EventLog, Lease, LogError, StoreError
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import Generate, GenerationRequest, Source
from componentstream.server.streams.producer import RENEWALS_PER_TTL


class SourceOpener:
    """Opens the sources of one application.

    Args:
        generate: Function that calls the model.
        log: Log that holds the leases of the streams.
        timeout: Seconds to wait for an awaitable that `generate` returns, None for no limit.
    """

    def __init__(self, generate: Generate, log: EventLog, timeout: float | None) -> None:
        self._generate = generate
        self._log = log
        self._timeout = timeout
        self._stopping = False
        self._waits: set[asyncio.Timeout] = set()
        self._tasks = Tasks("componentstream lease")

    async def open(self, request: GenerationRequest, lease: Lease) -> Source:
        """Return the source for a request; keep the lease alive while waiting for it.

        Raises:
            RefusedRequestError: `generate` rejected the request or took too long, or the server is shutting
                down.
            UsageError: `generate` returned something other than chunks.
        """
        self._check_running()
        source = self._generate(request)
        if is_awaitable_source(source):
            source = await self._wait_for(cast("Awaitable[Source]", source), lease)
        check_any_iterable(source, "generate")
        return cast("Source", source)

    def stop(self) -> None:
        """Reject all requests that are still waiting for their source, and all later ones."""
        self._stopping = True
        now = asyncio.get_running_loop().time()
        for wait in self._waits:
            wait.reschedule(now)

    async def aclose(self) -> None:
        """Wait for the tasks that renewed leases; call it after :meth:`stop`."""
        await self._tasks.aclose()

    async def _wait_for(self, opening: Awaitable[Source], lease: Lease) -> Source:
        # The opening runs in the caller's task, so cancelling the request cancels it. The renewals run in a
        # task that is cancelled when this wait ends. It is not awaited here: between an opened source and the
        # producer that will close it, there must not be a point where the caller can be cancelled.
        renewing = self._tasks.start(self._renew(lease))
        try:
            async with asyncio.timeout(self._timeout) as wait:
                self._waits.add(wait)
                try:
                    source = await opening
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            if not wait.expired():
                raise  # from `generate` itself
            self._check_running()
            raise RefusedRequestError(
                HTTPStatus.GATEWAY_TIMEOUT,
                codes.CHUNK_TIMEOUT,
                f"The model did not start to answer within {self._timeout} seconds.",
                retryable=True,
            ) from None
        finally:
            self._tasks.end(renewing)
        if self._stopping:
            # It opened in the event loop iteration of the shutdown. No producer will close it.
            async with AsyncExitStack() as stack:
                stack.push_async_exit(aclose_on_exit(source))
                raise shutting_down()
        return source

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(lease.ttl / RENEWALS_PER_TTL)
            try:
                await self._log.renew(lease)
            except StoreError:
                continue
            except LogError:
                return  # taken over or deleted: the producer finds out with its first append

    def _check_running(self) -> None:
        if self._stopping:
            raise shutting_down()


def shutting_down() -> RefusedRequestError:
    """Return the rejection of a new generation during shutdown."""
    return RefusedRequestError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        codes.SERVER_STOPPING,
        SHUTTING_DOWN,
        {"Retry-After": "1"},
        retryable=True,
    )


SHUTTING_DOWN: Final = "The server is shutting down; retry."
"""Message of the error ``server_stopping``."""
