"""aiohttp: a handler that returns when the stream has ended.

pip install "componentstream[aiohttp]"
python examples/with_aiohttp.py
"""

import os

from aiohttp import web
from model import generate

from componentstream.adapters.aiohttp import stream_response


async def page(request: web.Request) -> web.StreamResponse:
    """Stream the page that the prompt asks for, in the JSON of a POST or in the query of a GET."""
    asked = await request.json() if request.method == "POST" else request.query
    return await stream_response(request, generate(asked.get("prompt", "")))


app = web.Application()
app.router.add_get("/generate", page)
app.router.add_post("/generate", page)


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    web.run_app(app, host="127.0.0.1", port=port)
