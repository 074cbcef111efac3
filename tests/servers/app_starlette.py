"""Starlette, directly and behind a middleware that reads the response and writes it again."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount, Route

from componentstream.adapters.starlette import ComponentStreamResponse
from tests.servers.scenarios import achunks, options


async def page(request):
    scenario, key = request.path_params["scenario"], request.path_params["key"]
    return ComponentStreamResponse(achunks(scenario, key), **options(scenario))


async def passing(request, call_next):
    return await call_next(request)


route = Route("/{scenario}/{key}", page)
wrapped = Starlette(routes=[route], middleware=[Middleware(BaseHTTPMiddleware, dispatch=passing)])
app = Starlette(routes=[Mount("/wrapped", wrapped), route])
