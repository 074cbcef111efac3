"""The process that is measured: one worker of uvicorn, and an application with a path for each side.

It is started by `worker`: python benchmarks/serving.py DESCRIPTOR. The descriptor is that of a socket that is
bound already. With ``--log`` the server of the library is there as well, twice: below /server as it is by
default, and below /unmerged with an event for each delta of the parser.
"""

import argparse
import asyncio
import gc
import json
import os
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import attrs
import uvicorn
from sse_starlette import EventSourceResponse
from upstream import NumberedLines, Pieces, tokens

from componentstream import ContentBlockDelta
from componentstream.adapters.asgi import ASGIStream
from componentstream.core.buffer import ComponentBuffer
from componentstream.session.session import GenerationSession, Timeouts
from componentstream.wire import SSEEncoder

Scope: TypeAlias = Any
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Source: TypeAlias = AsyncGenerator[str, None]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CONSTANT: Final = SSEEncoder().encode(ContentBlockDelta(1, "four"))
"""What the bare application sends for each token: a delta as ours writes it."""

_START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")],
}
_END: Final = {"type": "http.response.body", "body": b"", "more_body": False}

_MANY: Final = 1_000_000

_upstreams: dict[str, NumberedLines | Pieces] = {}
_servers: dict[str, ASGIApp] = {}
_drops: list[float] = []


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


def lines(query: dict[str, str]) -> Source:
    """Return numbered lines, and keep account of them."""
    upstream = NumberedLines(int(query["stream"]), int(query["lines"]), float(query["rate"]))
    _upstreams[query["stream"]] = upstream
    return upstream.chunks()


def pieces(query: dict[str, str]) -> Source:
    """Return an answer in pieces, and keep account of them."""
    upstream = Pieces(int(query["count"]), int(query["size"]), float(query["rate"]))
    _upstreams[query["stream"]] = upstream
    return upstream.chunks()


MODELS: Final[dict[str, Callable[[dict[str, str]], Source]]] = {
    "lines": lines,
    "pieces": pieces,
    "tokens": lambda query: tokens(query["answer"], float(query["rate"])),
}
"""What answers a request to generate something, by the project that it names."""


async def held(query: dict[str, str], scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with numbered lines; nothing but the source's own end ends the stream."""
    session = GenerationSession(
        timeouts=Timeouts(generation=None, chunk=None), buffer=ComponentBuffer(keep_text=False)
    )
    await ASGIStream(lines(query), session=session)(scope, receive, send)


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


def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Answer with the side that the path names; no coroutine of its own, which each stream would hold."""
    name = scope["path"].split("/")[1]
    if name in _servers:
        scope["root_path"] = f"/{name}"
        return _servers[name](scope, receive, send)
    if name == "idle":
        return idle(scope, receive, send)
    return answer(name, scope, receive, send)


def noting_drops(server: ASGIApp) -> ASGIApp:
    """Return a server that notes how long each send had lasted that it gave up."""

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Any) -> None:
            began = time.monotonic()
            try:
                await send(message)
            except asyncio.CancelledError:
                _drops.append(time.monotonic() - began)
                raise

        await server(scope, receive, sending)

    return noting


async def answer(name: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a side that is no server, or with what is known of the process."""
    query = dict(parse_qsl(scope["query_string"].decode()))
    if name in SIDES:
        source = tokens(scope["path"].split("/")[2], float(query.get("rate", 0)))
        await SIDES[name](source, scope, receive, send)
    elif name == "held":
        await held(query, scope, receive, send)
    elif name == "drops":
        await tell(_drops, send)
    elif name == "cpu":
        await tell(time.process_time(), send)
    elif name == "rest":
        gc.collect()
        await tell(time.process_time(), send)
    else:
        await tell({stream: it.account() for stream, it in _upstreams.items()}, send)


async def serve(options: argparse.Namespace) -> None:
    """Serve on the socket until the process is told to stop."""
    config = uvicorn.Config(
        app,
        interface="asgi3",
        loop="asyncio",
        http="httptools",
        lifespan="off",
        # It would report each reader who is dropped.
        log_level="warning" if options.send_timeout is None else "critical",
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    async with AsyncExitStack() as stack:
        if options.log:
            await open_servers(options.log, options.send_timeout, stack)
        await uvicorn.Server(config).serve([socket.socket(fileno=options.socket)])


async def open_servers(url: str, send_timeout: float | None, stack: AsyncExitStack) -> None:
    """Have the server of the library below /server and /unmerged, with one log, while the stack is open."""
    # A worker without it is not to hold what it loads.
    from componentstream.log.urls import open_log  # noqa: PLC0415
    from componentstream.server import GenerationRequest, ServerSettings, create_app, tune_gc  # noqa: PLC0415

    def generate(request: GenerationRequest) -> Source:
        return MODELS[request.project](dict(parse_qsl(request.prompt)))

    settings = ServerSettings(
        log=await stack.enter_async_context(open_log(url)),
        timeouts=Timeouts(generation=None, chunk=None),
        rate_limit=None,
        max_generations=_MANY,
        max_generations_per_user=_MANY,
        max_readers=_MANY,
        max_readers_per_user=_MANY,
    )
    if send_timeout is not None:
        settings = attrs.evolve(settings, send_timeout=send_timeout)
    for name, batch_chars in (("server", settings.batch_chars), ("unmerged", 1)):
        server = create_app(generate, attrs.evolve(settings, batch_chars=batch_chars))
        await stack.enter_async_context(server.router.lifespan_context(server))
        _servers[name] = server if send_timeout is None else noting_drops(server)
    tune_gc()


def main() -> None:
    """Serve as the command line says."""
    arguments = argparse.ArgumentParser(description="Serve what is measured.")
    arguments.add_argument("socket", type=int, help="the descriptor of a socket that is bound")
    arguments.add_argument("--cpu", type=int, help="the one processor to work on")
    arguments.add_argument(
        "--log", metavar="URL", help="where the server keeps its streams; no server by default"
    )
    arguments.add_argument("--send-timeout", metavar="S", type=float, default=20, help="of the server")
    options = arguments.parse_args()
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
