"""aiohttp, framework and server in one."""

import sys

from aiohttp import web

from componentstream.adapters.aiohttp import stream_response
from tests.servers.scenarios import achunks, options


async def page(request):
    scenario, key = request.match_info["scenario"], request.match_info["key"]
    return await stream_response(request, achunks(scenario, key), **options(scenario))


app = web.Application()
app.router.add_get("/{scenario}/{key}", page)

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
