"""The frame of the live preview: served if it is built, and built once if it is not."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal, TypeAlias

import attrs
from starlette.applications import Starlette
from starlette.requests import Request

from componentstream.browser.preview import preview_csp, preview_routes, preview_src
from componentstream.core.errors import ConfigurationError
from componentstream.core.events import Json

FRAME: Final = "frame.tailwind.html"
"""The frame that the demo shows; models like to write Tailwind classes."""

PREFIX: Final = "/preview"
BUILD: Final = (sys.executable, "-m", "componentstream.browser.preview")
"""The command that builds the frame."""

_END: Final = getattr(os, "killpg", os.kill)
"""Ends the group of a process; Windows has no groups."""

Status: TypeAlias = Literal["ready", "building", "missing", "failed", "off"]


@attrs.define
class LivePreview:
    """The preview of one application.

    Attributes:
        status: Whether the frame is served, and if not, why.
        message: Details for people, empty if there are none.
    """

    status: Status = "off"
    message: str = ""
    _src: str | None = attrs.field(default=None, init=False)

    @property
    def facts(self) -> Json:
        """The facts that the page is told; ``src`` is relative to ``/demo/``."""
        return {"status": self.status, "src": self._src, "message": self.message}

    def frame_src(self, request: Request) -> str:
        """Return the directive of the page's policy: the one URL of the frame, or none."""
        if self.status != "off":
            with suppress(ConfigurationError):  # the Host header of the request is not a host
                return preview_csp(f"{str(request.base_url).rstrip('/')}{PREFIX}/{FRAME}")
        return "frame-src 'none'"

    def serve(self, app: Starlette) -> bool:
        """Add the routes of the frame to an application if it is built; return whether it is."""
        try:
            routes, src = preview_routes(PREFIX), preview_src(FRAME, PREFIX)
        except ConfigurationError as problem:
            self.status, self.message = "missing", str(problem)
            return False
        # First, because the last route of the application may be one that takes every path.
        app.router.routes[:0] = routes
        self.status, self.message, self._src = "ready", "", f"..{src}"
        return True

    @asynccontextmanager
    async def building(
        self, app: Starlette, tell: Callable[[str], None], command: Sequence[str] | None = None
    ) -> AsyncGenerator[None, None]:
        """Build the frame in the background unless it is built, and serve it from then on.

        A build that has not finished when the context is left is ended.

        Args:
            app: The application.
            tell: Called with each line that the build prints.
            command: The command that builds it; None for :data:`BUILD`.
        """
        if self.serve(app):
            yield
            return
        self.status, self.message = "building", ""
        task = asyncio.create_task(self._build(app, tell, command or BUILD), name="componentstream build")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _build(self, app: Starlette, tell: Callable[[str], None], command: Sequence[str]) -> None:
        # A process of its own, with its children in one group: npm and Node can be ended at any moment, and
        # the server does not share its time with them.
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        last = ""
        try:
            async for line in process.stderr:
                last = line.decode(errors="replace").rstrip() or last
                tell(line.decode(errors="replace").rstrip())
            status = await process.wait()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    _END(process.pid, signal.SIGTERM)
                await process.wait()
        if status != 0:
            self.status, self.message = "failed", last
            tell("The demo continues without the live preview; --no-preview starts it without this attempt.")
        else:
            self.serve(app)
