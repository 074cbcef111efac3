"""Starlette: return the response from an endpoint, like any other.

pip install "componentstream[starlette]" uvicorn
python examples/with_starlette.py
"""

import os

import uvicorn
from model import generate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from componentstream.adapters.starlette import ComponentStreamResponse


async def page(request: Request) -> ComponentStreamResponse:
    """Stream the page that the prompt asks for, in the JSON of a POST or in the query of a GET."""
    asked = await request.json() if request.method == "POST" else request.query_params
    return ComponentStreamResponse(generate(asked.get("prompt", "")))


app = Starlette(routes=[Route("/generate", page, methods=["GET", "POST"])])


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    uvicorn.run(app, port=port)
