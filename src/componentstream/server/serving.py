"""A server of one process that lets open streams end in good order when it is told to stop."""

import asyncio
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
except ImportError as _error:
    raise MissingExtraError(
        "componentstream.server.serving needs uvicorn: pip install 'componentstream[server]'."
    ) from _error

Drain: TypeAlias = Callable[[], Awaitable[None]]
"""Ends the open streams, as :func:`~componentstream.server.drain` does for one application."""

_TICK: Final = 0.1
"""Seconds between two checks for a second interrupt. uvicorn takes as long to notice a signal."""

_FAREWELL: Final = 1.0
"""Seconds for clients to receive the end of their streams, and for cancelled tasks to end."""


class LocalServer:
    """Serves an application until it is interrupted.

    The constructor starts to listen: clients that connect before :meth:`run` are answered once it runs. Use
    it in a ``with`` statement, which closes the socket even if it never runs.

    Side effect: while it cancels open tasks at the end, at most a second, it drops all records of the logger
    ``uvicorn.error``, also those of other uvicorn servers in the process. uvicorn would log each of these
    cancellations as an error, with a traceback.

    Args:
        app: Application to serve, with its lifespan if it has one.
        host: Host name or address to listen on.
        port: Port to listen on, 0 for any free port.
        drain: Called first when the server is told to stop, while open responses continue and new connections
            are refused. The responses that are open afterwards are cancelled. None cancels all of them at
            once.
        grace: Timeout for `drain` in seconds. One more second is reserved for sending the last events.

    Attributes:
        url: URL of the server.

    Raises:
        UsageError: It cannot listen on this address.
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
        self.url: str = f"http://{address}:{self._socket.getsockname()[1]}/"
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            # uvicorn would trust X-Forwarded-For from every client on this machine.
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
        """Serve until SIGINT, SIGTERM or :meth:`stop`.

        A second SIGINT skips all remaining waits.

        Raises:
            UsageError: The application's lifespan failed to start.
        """
        try:
            self._server.run(sockets=[self._socket])
        except SystemExit:
            raise _startup_failed() from None

    async def serve(self) -> None:
        """Serve like :meth:`run`, on the running event loop."""
        try:
            await self._server.serve(sockets=[self._socket])
        except SystemExit:
            raise _startup_failed() from None

    def stop(self) -> None:
        """End :meth:`run`; may be called from any thread."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, drain: Drain | None, grace: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._grace = grace

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not the method of uvicorn: it records the signal and raises it again after a clean shutdown.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Stop listening, drain, cancel, and only then uvicorn's own shutdown: it would close the connections
        # and run the lifespan's shutdown while streams are still open.
        for server in self.servers:
            server.close()
        try:
            if self._drain is not None:
                await self._run_drain(self._drain)
        finally:
            await self._cancel_open_tasks()
            await super().shutdown(sockets)

    async def _run_drain(self, drain: Drain) -> None:
        draining = asyncio.ensure_future(drain())
        if await self._wait({draining}, self._grace):
            draining.cancel()
        else:
            await draining
            await self._wait(self.server_state.tasks, _FAREWELL)

    async def _wait(self, work: Iterable[asyncio.Future[None]], seconds: float) -> set[asyncio.Future[None]]:
        """Wait until all work is done, the time has passed, or a second SIGINT; return the rest."""
        now = asyncio.get_running_loop().time
        end = now() + seconds
        pending = {one for one in work if not one.done()}
        # Polled, because signal handlers of uvicorn set a flag and cannot wake this task.
        while pending and not self.force_exit and now() < end:
            _, pending = await asyncio.wait(pending, timeout=_TICK)
        return pending

    async def _cancel_open_tasks(self) -> None:
        # Before uvicorn's shutdown, which would wait for open streams and then log each as an error.
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


def _startup_failed() -> UsageError:
    return UsageError("The application failed to start; see the error above.")


def _drop(_record: logging.LogRecord) -> bool:
    return False


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        host.encode()  # a host that cannot be encoded would leave create_server with an open socket
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError, UnicodeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise UsageError(
            f"Cannot listen on port {port} of {host}: {reason}. Choose another with --host and --port; "
            "port 0 is any free port."
        ) from problem
