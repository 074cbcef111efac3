"""Sanic: status and headers of the reply, then its body, sent chunk by chunk.

pip install componentstream sanic
python examples/with_sanic.py
"""

import os
from contextlib import aclosing

from model import generate
from sanic import Request, Sanic

from componentstream.adapters.generic import astart_response

app = Sanic("componentstream")


@app.route("/generate", methods=["GET", "POST"])
async def page(request: Request) -> None:
    """Stream the page that the prompt asks for, in the JSON of a POST or in the query of a GET."""
    asked = request.json if request.method == "POST" else request.args
    reply = await astart_response(
        generate(asked.get("prompt", "")),
        method=request.method,
        last_event_id=request.headers.get("last-event-id"),
    )
    async with aclosing(reply.body) as body:
        response = await request.respond(status=reply.status, headers=dict(reply.headers))
        async for chunk in body:
            await response.send(chunk)
        await response.eof()


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    app.run(port=port, single_process=True)
