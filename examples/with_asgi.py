"""No framework: an ASGI application, for any ASGI server.

pip install componentstream uvicorn
python examples/with_asgi.py
"""

import json
import os
from urllib.parse import parse_qs

import uvicorn
from model import generate

from componentstream.adapters.asgi import ASGIStream, Message, Receive, Send


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Stream the page that the prompt asks for, at every path."""
    if scope["type"] == "http":
        prompt = await prompt_of(scope, receive)
        await ASGIStream(generate(prompt))(scope, receive, send)


async def prompt_of(scope: Message, receive: Receive) -> str:
    """Return the prompt, from the JSON of a POST or from the query of a GET."""
    if scope["method"] != "POST":
        return parse_qs(scope["query_string"].decode()).get("prompt", [""])[0]
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return json.loads(body).get("prompt", "")


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    uvicorn.run(app, port=port)
