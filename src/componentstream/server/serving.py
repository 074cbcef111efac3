"""A server of one process, which lets open streams end in good order when it is told to stop."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterable
from types import FrameType, TracebackType
from typing import Final, Self, TypeAlias

from starlette.types import ASGIApp
from typing_extensions import override

from componentstream.core.errors import MissingExtraError, UsageError

try:
    import uvicorn
except ImportError as error:
    raise MissingExtraError(
        "componentstream.server.serving needs uvicorn: pip install 'componentstream[server]'."
    ) from error

Drain: TypeAlias = Callable[[], Awaitable[None]]
"""Ends what is open, so that readers come to their end."""

_TICK: Final = 0.1
"""Seconds between two looks whether somebody asks to be faster; uvicorn takes as long to notice a signal."""

_COLLECTED_AT: Final = (10_000, 5, 100)
"""Thresholds of the collector. By default it looks at all objects of 3,000 open streams every 3.5 seconds,
for half a second in which nothing else happens. With these it does so when five million objects have come. Of
what a stream leaves behind only asyncio's transport waits for it, seven objects."""

_FAREWELL: Final = 1.0
"""Seconds that readers have to take the end of their streams, and that what is cancelled has to end."""


def tune_gc() -> None:
    """Let Python look for garbage in cycles less often, in a process that holds many streams.

    Call it once, when all is imported and before anything is served, in a process that does nothing else;
    ``componentstream serve`` does.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AT)


class LocalServer:
    """Serves an application until it is interrupted.

    It listens as soon as it is made: a client that connects then is answered once :meth:`run` runs. Use it
    in a ``with``, which stops listening if it comes to no run.

    Args:
        app: what to serve; its lifespan is run if it has one.
        host: the name or address to listen at.
        port: 0 takes any that is free.
        drain: called first when the server is to stop, while what is open still runs and nobody new is let
            in; afterwards what is left is cancelled. Without it everything open is cancelled at once.
        grace: seconds after which the drain is given up; one more is left for what it ended to be sent.

    Attributes:
        url: where it is reached.

    Raises:
        UsageError: it cannot listen there.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str = "127.0.0.1",
        port: int = 8000,
        *,
        drain: Drain | None = None,
        grace: float = 5.0,
    ) -> None:
        self._socket = _listen(host, port)
        address = f"[{host}]" if ":" in host else host
        self.url = f"http://{address}:{self._socket.getsockname()[1]}/"
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            # It would believe what a client on this machine says of its address.
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, drain, grace)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def run(self) -> None:
        """Serve until an interrupt from the keyboard, a request to terminate (SIGTERM), or :meth:`stop`.

        A second interrupt waits for nothing any more.

        Raises:
            UsageError: the lifespan of the application did not start.
        """
        try:
            self._server.run(sockets=[self._socket])
        except SystemExit:
            raise _not_started() from None

    async def serve(self) -> None:
        """Serve as :meth:`run` does, on the loop that runs."""
        try:
            await self._server.serve(sockets=[self._socket])
        except SystemExit:
            raise _not_started() from None

    def stop(self) -> None:
        """End :meth:`run`, from any thread."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, drain: Drain | None, grace: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._grace = grace

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would raise each signal once more after it has ended in good order.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        try:
            if self._drain is not None:
                await self._run_drain(self._drain)
        finally:
            await self._cancel_what_is_open()
            await super().shutdown(sockets)

    async def _run_drain(self, drain: Drain) -> None:
        draining = asyncio.ensure_future(drain())
        if await self._wait({draining}, self._grace):
            draining.cancel()
        else:
            await draining
            await self._wait(self.server_state.tasks, _FAREWELL)

    async def _wait(self, work: Iterable[asyncio.Future[None]], seconds: float) -> set[asyncio.Future[None]]:
        """Wait until all is done, the time is over, or somebody interrupts again; return what is not done."""
        now = asyncio.get_running_loop().time
        end = now() + seconds
        left = {one for one in work if not one.done()}
        while left and not self.force_exit and now() < end:
            _, left = await asyncio.wait(left, timeout=_TICK)
        return left

    async def _cancel_what_is_open(self) -> None:
        # uvicorn would wait for open streams, and report each that is cancelled as an error.
        logger = logging.getLogger("uvicorn.error")
        logger.addFilter(_drop)
        try:
            tasks = list(self.server_state.tasks)
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=_FAREWELL)
        finally:
            logger.removeFilter(_drop)


def _not_started() -> UsageError:
    return UsageError("The application failed to start; what it reported stands above.")


def _drop(_record: logging.LogRecord) -> bool:
    return False


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError, UnicodeError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise UsageError(
            f"Cannot listen at port {port} of {host}: {why}. Choose others with --host and --port; port 0 is "
            "any that is free."
        ) from problem
