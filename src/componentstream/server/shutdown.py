"""Shut an application down without cutting off its streams."""

from starlette.applications import Starlette

from componentstream.core.errors import UsageError
from componentstream.server.streams.manager import StreamManager


def streams_of(app: Starlette) -> StreamManager:
    """Return the stream manager of an application, its ``state.streams``.

    Raises:
        UsageError: `create_app` did not make the application.
    """
    manager = getattr(app.state, "streams", None)
    if not isinstance(manager, StreamManager):
        raise UsageError("The application has no streams; pass the one that create_app() returned.")
    return manager


async def drain(app: Starlette) -> None:
    """End the streams of an application in good order; call it before the server closes its connections.

    From then on ``POST /generate`` is answered with 503 and ``GET /health`` reports that the server is
    stopping. Running generations get ``shutdown_grace`` seconds to end, the others fail with
    ``server_stopping``, and all responses end so that clients reconnect to another worker. The call returns
    after ``shutdown_grace`` seconds at the latest, however often it is made.

    Servers that wait for open responses before they run the lifespan's shutdown, such as uvicorn, would wait
    for streams that nothing ends. Have them await this first::

        await drain(app)

    Args:
        app: Application that ``create_app`` returned, not one that it is mounted in.

    Raises:
        UsageError: `create_app` did not make the application.
    """
    await streams_of(app).drain()
