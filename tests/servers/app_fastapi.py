"""FastAPI."""

from fastapi import FastAPI

from componentstream.adapters.starlette import ComponentStreamResponse
from tests.servers.scenarios import achunks, options

app = FastAPI()


@app.get("/{scenario}/{key}")
async def page(scenario: str, key: str) -> ComponentStreamResponse:
    return ComponentStreamResponse(achunks(scenario, key), **options(scenario))
