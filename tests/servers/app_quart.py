"""Quart, which has no adapter, through the reply as values."""

from quart import Quart, Response, request

from componentstream.adapters.generic import astart_response
from tests.servers.scenarios import achunks, options

app = Quart(__name__)


@app.get("/<scenario>/<key>")
async def page(scenario, key):
    reply = await astart_response(
        achunks(scenario, key),
        method=request.method,
        last_event_id=request.headers.get("Last-Event-ID"),
        **options(scenario),
    )
    response = Response(reply.body, reply.status, reply.headers)
    response.timeout = None
    return response
