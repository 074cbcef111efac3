"""Litestar: status, headers and body of the reply, in a response of the framework.

pip install componentstream litestar uvicorn
python examples/with_litestar.py
"""

import os

import uvicorn
from litestar import Litestar, Request, get, post
from litestar.response import Stream
from model import generate

from componentstream.adapters.generic import astart_response


@get("/generate")
async def page(request: Request, prompt: str) -> Stream:
    """Stream the page that the prompt in the query asks for."""
    return await stream(request, prompt)


@post("/generate")
async def posted_page(request: Request, data: dict[str, str]) -> Stream:
    """Stream the page that the prompt in the body asks for."""
    return await stream(request, data["prompt"])


async def stream(request: Request, prompt: str) -> Stream:
    """Return the model's answer as a response of the framework."""
    reply = await astart_response(
        generate(prompt),
        method=request.method,
        last_event_id=request.headers.get("last-event-id"),
    )
    return Stream(reply.body, status_code=reply.status, headers=dict(reply.headers))


app = Litestar([page, posted_page])


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    uvicorn.run(app, port=port)
