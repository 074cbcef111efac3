"""Litestar, which has no adapter, through the reply as values."""

from litestar import Litestar, Request, get
from litestar.response import Stream

from componentstream.adapters.generic import astart_response
from tests.servers.scenarios import achunks, options


@get("/{scenario:str}/{key:str}")
async def page(request: Request, scenario: str, key: str) -> Stream:
    reply = await astart_response(
        achunks(scenario, key),
        method=request.method,
        last_event_id=request.headers.get("last-event-id"),
        **options(scenario),
    )
    return Stream(reply.body, status_code=reply.status, headers=dict(reply.headers))


app = Litestar([page], openapi_config=None)
