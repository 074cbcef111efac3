"""The demonstration: a recorded answer in place of a model, and a page that shows its blocks appear."""

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

import attrs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from componentstream.drive import parse
from componentstream.events import ContentBlockStop
from componentstream.lifecycle import Timeouts
from componentstream.recording import Chunk, read_recording
from componentstream.server.app import Generate, create_app
from componentstream.server.request import GenerationRequest
from componentstream.server.settings import ServerSettings

RECORDING: Final = Path(str(files("componentstream.server") / "demo.jsonl"))
"""The recording that is played unless another is given; it was made by ``examples/record.py``."""

_BROWSER: Final = files("componentstream") / "browser"
_PAGES: Final = {
    "/demo/": ("demo/index.html", "text/html"),
    "/demo/demo.js": ("demo/demo.js", "text/javascript"),
    "/demo/demo.css": ("demo/demo.css", "text/css"),
    "/componentstream.js": ("componentstream.js", "text/javascript"),
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_GENERATION_SLACK: Final = 30.0
_CHUNK_SLACK: Final = 15.0
"""Seconds on top of what is recorded: as long as a model without a recording gets."""


@attrs.frozen
class RecordedGeneration:
    """A model that gives one recorded answer to every request, at the pace of the recording.

    Args:
        chunks: the answer.
        rate: how many times as fast as it was recorded; 0 is without waiting.
    """

    chunks: Sequence[Chunk]
    rate: float = 1.0

    async def __call__(self, _request: GenerationRequest) -> AsyncGenerator[str, None]:
        """Give the texts of the chunks, each at its time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for chunk in self.chunks:
            await asyncio.sleep(began + self._seconds(chunk.at) - loop.time())
            yield chunk.text

    def chars(self) -> int:
        """Return how many characters a reader of the answer gets, which a real model does not know before."""
        events = parse([chunk.text for chunk in self.chunks])
        return sum(event.chars for event in events if isinstance(event, ContentBlockStop))

    def timeouts(self) -> Timeouts:
        """Return timeouts that let the recording play to its end, however long it is, and no longer."""
        times = [self._seconds(chunk.at) for chunk in self.chunks]
        gaps = [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
        return Timeouts(
            generation=_later(max(times, default=0.0), _GENERATION_SLACK),
            chunk=_later(max(gaps, default=0.0), _CHUNK_SLACK),
        )

    def _seconds(self, at: float) -> float:
        return at / self.rate if self.rate else 0.0


def create_recorded_demo(recording: Path = RECORDING, rate: float = 1.0) -> Starlette:
    """Return the demonstration of a recording.

    Raises:
        UsageError: the file is no recording.
        OSError: it cannot be read.
    """
    generation = RecordedGeneration(read_recording(recording), rate)
    return create_demo(
        generation,
        ServerSettings(timeouts=generation.timeouts()),
        recording=recording.name,
        chars=generation.chars(),
    )


def create_demo(
    generate: Generate,
    settings: ServerSettings = ServerSettings(),
    *,
    recording: str | None = None,
    chars: int | None = None,
) -> Starlette:
    """Return an application with the page at ``/`` and the generation below ``/api``.

    Args:
        generate: asks the model.
        settings: how requests are treated.
        recording: the name of the recording that is played, for the page to say so.
        chars: how many characters an answer has, for the page's progress bar, None if nobody knows.
    """

    async def about(_request: Request) -> Response:
        return JSONResponse({"recording": recording, "chars": chars}, headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/", RedirectResponse("/demo/"), methods=["GET"]),
            *(Route(path, _page(name, kind), methods=["GET"]) for path, (name, kind) in _PAGES.items()),
            Route("/demo/demo.json", about),
            Mount("/api", create_app(generate, settings)),
        ]
    )


def _page(name: str, media_type: str) -> Response:
    return Response((_BROWSER / name).read_bytes(), headers=_HEADERS, media_type=media_type)


def _later(seconds: float, slack: float) -> float | None:
    return seconds + slack if math.isfinite(seconds) else None
