"""FastAPI."""

from fastapi import FastAPI
from scenarios import achunks, options

from componentstream.adapters.starlette import ComponentStreamResponse

app = FastAPI()


@app.get("/{scenario}/{key}")
async def page(scenario: str, key: str) -> ComponentStreamResponse:
    return ComponentStreamResponse(achunks(scenario, key), **options(scenario))
