"""Sanic, framework and server in one, which has no adapter, through the reply as values."""

import sys
from contextlib import aclosing

from sanic import Sanic

from componentstream.adapters.generic import astart_response
from tests.servers.scenarios import achunks, options

app = Sanic("streams", configure_logging=False)


@app.get("/<scenario>/<key>")
async def page(request, scenario, key):
    reply = await astart_response(
        achunks(scenario, key),
        method=request.method,
        last_event_id=request.headers.get("last-event-id"),
        **options(scenario),
    )
    async with aclosing(reply.body) as body:
        response = await request.respond(status=reply.status, headers=dict(reply.headers))
        async for chunk in body:
            await response.send(chunk)
        await response.eof()


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, motd=False, access_log=False)
