"""A response as plain values: how it begins, and its status, headers and body."""

from typing import cast

import attrs

from componentstream.adapters.bodies import AsyncBody, Body
from componentstream.adapters.options import Options, StreamOptions
from componentstream.adapters.response_start import ResponseStart


@attrs.frozen
class StreamingReply:
    """A response to send; ``body`` is an iterator of bytes that must be closed."""

    status: int
    headers: list[tuple[str, str]]
    body: Body


@attrs.frozen
class AsyncStreamingReply:
    """A response to send; ``body`` is an asynchronous iterator of bytes.

    Close ``body`` when you stop reading it early. It closes itself when the task that reads it ends.
    """

    status: int
    headers: list[tuple[str, str]]
    body: AsyncBody


def begin(options: Options) -> tuple[ResponseStart, StreamOptions]:
    """Return the start of the response that the options describe, and the options of its stream."""
    start = ResponseStart(options.get("encoder"), options.get("headers", ()))
    rest = {name: value for name, value in options.items() if name in StreamOptions.__optional_keys__}
    return start, cast("StreamOptions", rest)
