"""The adapter for any ASGI server, without a framework."""

from componentstream.adapters.asgi import ASGIStream
from tests.servers.scenarios import achunks, options


async def app(scope, receive, send):
    if scope["type"] == "http":
        _, scenario, key = scope["path"].split("/")
        stream = ASGIStream(achunks(scenario, key), **options(scenario))
        await stream(scope, receive, send)
