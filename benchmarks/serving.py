"""The process that is measured: one worker of uvicorn, and an application with a path for each side.

It is started by `worker`: python benchmarks/serving.py DESCRIPTOR [CPU]. The descriptor is that of a socket
which is bound already.
"""

import asyncio
import gc
import json
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import uvicorn
from sse_starlette import EventSourceResponse
from upstream import NumberedLines, tokens

from componentstream import ContentBlockDelta
from componentstream.adapters.asgi import ASGIStream
from componentstream.buffer import ComponentBuffer
from componentstream.session import GenerationSession, Timeouts
from componentstream.wire import SSEEncoder

Scope: TypeAlias = Any
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Source: TypeAlias = AsyncGenerator[str, None]

CONSTANT: Final = SSEEncoder().encode(ContentBlockDelta(1, "four"))
"""What the bare application sends for each token: a delta as ours writes it."""

_START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")],
}
_END: Final = {"type": "http.response.body", "body": b"", "more_body": False}

_upstreams: dict[str, NumberedLines] = {}


async def silent(source: Source, _scope: Scope, _receive: Receive, send: Send) -> None:
    """Take the tokens and send nothing: what the source costs by itself."""
    await send(_START)
    async for _ in source:
        pass
    await send(_END)


async def bare(source: Source, _scope: Scope, _receive: Receive, send: Send) -> None:
    """Send a constant for each token; listen for nothing."""
    await send(_START)
    async for _ in source:
        await send({"type": "http.response.body", "body": CONSTANT, "more_body": True})
    await send(_END)


async def ours(source: Source, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the whole pipeline, an event for each delta of the parser."""
    await ASGIStream(source, batcher=None)(scope, receive, send)


async def batched(source: Source, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the whole pipeline as it is by default."""
    await ASGIStream(source)(scope, receive, send)


async def sse_starlette(source: Source, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with sse-starlette, each token in the JSON of a delta."""

    async def events() -> AsyncGenerator[dict[str, str], None]:
        async for text in source:
            delta = {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "text_delta", "text": text},
            }
            yield {"data": json.dumps(delta)}

    await EventSourceResponse(events())(scope, receive, send)


SIDES: Final = {
    "silent": silent,
    "bare": bare,
    "ours": ours,
    "batched": batched,
    "sse_starlette": sse_starlette,
}


async def held(query: dict[str, str], scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with numbered lines; nothing but the source's own end ends the stream."""
    upstream = NumberedLines(int(query["stream"]), int(query["lines"]), float(query["rate"]))
    _upstreams[query["stream"]] = upstream
    session = GenerationSession(
        timeouts=Timeouts(generation=None, chunk=None), buffer=ComponentBuffer(keep_text=False)
    )
    await ASGIStream(upstream.chunks(), session=session)(scope, receive, send)


async def idle(_scope: Scope, receive: Receive, send: Send) -> None:
    """Begin an answer and wait until the reader leaves: what uvicorn itself holds for a stream."""
    await send(_START)
    await send({"type": "http.response.body", "body": CONSTANT, "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


async def tell(value: object, send: Send) -> None:
    """Answer with a value as JSON."""
    body = json.dumps(value).encode()
    await send({**_START, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the side that the path names."""
    _, name, *rest = scope["path"].split("/")
    query = dict(parse_qsl(scope["query_string"].decode()))
    if name in SIDES:
        source = tokens(rest[0], float(query.get("rate", 0)))
        await SIDES[name](source, scope, receive, send)
    elif name == "held":
        await held(query, scope, receive, send)
    elif name == "idle":
        await idle(scope, receive, send)
    elif name == "cpu":
        await tell(time.process_time(), send)
    elif name == "rest":
        gc.collect()
        await tell(time.process_time(), send)
    else:
        await tell({stream: [it.sent, it.digest] for stream, it in _upstreams.items()}, send)


def main() -> None:
    """Serve on the socket, on one processor if one is named."""
    descriptor, *cpu = map(int, sys.argv[1:])
    if cpu:
        os.sched_setaffinity(0, cpu)
    config = uvicorn.Config(
        app, loop="asyncio", http="httptools", lifespan="off", log_level="warning", access_log=False
    )
    asyncio.run(uvicorn.Server(config).serve([socket.socket(fileno=descriptor)]))


if __name__ == "__main__":
    main()
