"""A server of one process on this machine, for the demonstration and for tests."""

import logging
import socket
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp
from typing_extensions import override

from componentstream.errors import MissingExtraError, UsageError

try:
    import uvicorn
except ImportError as error:
    raise MissingExtraError(
        "componentstream.server.serving needs uvicorn: pip install 'componentstream[server]'."
    ) from error


class LocalServer:
    """Serves an application until it is interrupted.

    It listens as soon as it is made: a client that connects then is answered once :meth:`run` runs. Use it
    in a ``with``, which stops listening if it comes to no run.

    Args:
        app: what to serve.
        host: the name or address to listen at.
        port: 0 takes any that is free.

    Attributes:
        url: where it is reached.

    Raises:
        UsageError: it cannot listen there.
    """

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 8000) -> None:
        self._socket = _listen(host, port)
        address = f"[{host}]" if ":" in host else host
        self.url = f"http://{address}:{self._socket.getsockname()[1]}/"
        self._server = _Server(
            uvicorn.Config(
                app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def run(self) -> None:
        """Serve until an interrupt from the keyboard or :meth:`stop`; then cancel what is still open."""
        try:
            self._server.run(sockets=[self._socket])
        except KeyboardInterrupt:
            # uvicorn has ended in good order, and raises it once more.
            return

    def stop(self) -> None:
        """End :meth:`run`, from any thread."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # It would wait for open streams, and report each that is cancelled as an error.
        logger = logging.getLogger("uvicorn.error")
        logger.addFilter(_drop)
        try:
            for task in self.server_state.tasks:
                task.cancel()
            await super().shutdown(sockets)
        finally:
            logger.removeFilter(_drop)


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
