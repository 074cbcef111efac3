"""The function that calls the model, and the request that it receives."""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import TypeAlias

import attrs


@attrs.frozen
class GenerationRequest:
    """A client's request for one generation. All of it is untrusted input.

    Attributes:
        prompt: Prompt for the model, never blank.
        project: Project that the client named, empty if it did not.
        version: Version of the project that the client named, empty if it did not.
    """

    prompt: str
    project: str = ""
    version: str = ""


Source: TypeAlias = AsyncIterable[object] | Iterable[object]
"""Chunks of a model's answer, as :func:`~componentstream.astream_bytes` accepts them."""

Generate: TypeAlias = Callable[[GenerationRequest], Source | Awaitable[Source]]
"""Calls the model: takes a request and returns the chunks of the answer, or an awaitable of them.

Any of these will do: an async generator function, an ``async def`` that returns the stream of a provider's
client, a plain function that returns either. It is called once per generation; the server closes the stream
that it returns, also when the generation is stopped early. To reject a request, raise ``RefusedRequestError``
or Starlette's ``HTTPException`` before the stream is returned.

An awaitable is awaited before the client gets an answer, for at most ``Timeouts.chunk`` seconds.
"""
