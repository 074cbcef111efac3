"""Quart: status, headers and body of the reply, in a response of the framework.

pip install componentstream quart
python examples/with_quart.py
"""

import os

from model import generate
from quart import Quart, Response, request

from componentstream.adapters.generic import astart_response

app = Quart(__name__)


@app.route("/generate", methods=["GET", "POST"])
async def page() -> Response:
    """Stream the page that the prompt asks for, in the JSON of a POST or in the query of a GET."""
    asked = await request.get_json() if request.method == "POST" else request.args
    reply = await astart_response(
        generate(asked.get("prompt", "")),
        method=request.method,
        last_event_id=request.headers.get("last-event-id"),
    )
    response = Response(reply.body, reply.status, reply.headers)
    response.timeout = None  # the session has its own timeouts
    return response


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    app.run(port=port, use_reloader=False)
