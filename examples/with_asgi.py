"""No framework: an ASGI application, for any ASGI server.

pip install componentstream uvicorn
python examples/with_asgi.py
"""

import os
from urllib.parse import parse_qs

import uvicorn
from model import generate

from componentstream.adapters.asgi import ASGIStream, Message, Receive, Send


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Stream the page that the prompt asks for, at every path."""
    if scope["type"] == "http":
        [prompt, *_] = parse_qs(scope["query_string"].decode()).get("prompt", [""])
        await ASGIStream(generate(prompt))(scope, receive, send)


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    uvicorn.run(app, port=port)
