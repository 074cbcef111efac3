"""What stands for the model in the server benchmarks: tokens of a recording, and numbered lines.

Both are asynchronous generators, so that every side takes its tokens in the same way and at the same time.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import Any, Final

import attrs
from workloads import Workload, build_workloads, cut

TOKEN: Final = 4
"""Characters."""

LINE: Final = 60
"""Characters of a numbered line, its end included: what a line of code has."""


_TO_A_LINE: Final = 16
"""Pieces of an answer in pieces."""


@attrs.frozen
class Answer:
    """A text, and the tokens that it is made of."""

    workload: Workload
    tokens: list[str]


def _answers() -> dict[str, Answer]:
    page = build_workloads(small=True)[0]
    first = page.blocks[0]
    end = f"/// END {first.name}\n"
    beginning = page.text[: page.text.index(end) + len(end)]
    workloads = {"page": page, "component": Workload("first component", beginning, (first,))}
    return {name: Answer(workload, cut(workload.text, TOKEN)) for name, workload in workloads.items()}


ANSWERS: Final = _answers()
"""The recorded landing page, eight components; and only the first of them."""


async def tokens(answer: str, rate: float) -> AsyncGenerator[str, None]:
    """Yield the tokens of an answer.

    Args:
        answer: its name.
        rate: tokens a second, the first at a random moment of its interval; 0 for a token at each turn of the
            loop.
    """
    texts = ANSWERS[answer].tokens
    if not rate:
        for text in texts:
            await asyncio.sleep(0)
            yield text
        return
    due = time.monotonic() + random.random() / rate
    for text in texts:
        await asyncio.sleep(due - time.monotonic())
        yield text
        due += 1 / rate


class NumberedLines:
    """An answer of one component, whose lines say which they are and when they were due.

    A line is the number of the stream, its own number and the time when it was due, in seconds of
    ``time.monotonic``, filled up to 60 characters. So what is late because the server was busy counts as
    late from when it should have come.

    Args:
        stream: the number of the stream.
        count: how many lines there are.
        rate: lines a second.

    Attributes:
        sent: how many lines have been given out.
    """

    def __init__(self, stream: int, count: int, rate: float) -> None:
        self.sent = 0
        self._stream = stream
        self._count = count
        self._rate = rate
        self._hash = sha256()

    def account(self) -> list[Any]:
        """Return how many lines have been given out, and the SHA-256 of all of them."""
        return [self.sent, self._hash.hexdigest()]

    async def chunks(self) -> AsyncGenerator[str, None]:
        """Yield the START line, each line when it is due, and the END line."""
        yield "/// START Numbers position=main\n"
        due = time.monotonic()
        for number in range(self._count):
            await asyncio.sleep(due - time.monotonic())
            line = f"{self._stream} {number} {due:.6f} ".ljust(LINE - 1, "x") + "\n"
            self._hash.update(line.encode())
            self.sent += 1
            yield line
            due += 1 / self._rate
        yield "/// END Numbers\n"


class Pieces:
    """An answer of one component, in pieces of one size: where a piece is says when it was due.

    Args:
        count: how many pieces there are.
        size: characters of each, 4 or more.
        rate: pieces a second.

    Attributes:
        sent: how many pieces have been given out.
    """

    def __init__(self, count: int, size: int, rate: float) -> None:
        self.sent = 0
        self._began = 0.0
        self._count = count
        self._size = size
        self._rate = rate
        self._hash = sha256()

    def account(self) -> list[Any]:
        """Return how many pieces have been given out, the SHA-256 of them, and when the first was due."""
        return [self.sent, self._hash.hexdigest(), self._began]

    async def chunks(self) -> AsyncGenerator[str, None]:
        """Yield the START line, each piece when it is due, and the END line."""
        self._began = time.monotonic() + random.random() / self._rate
        yield "/// START Pieces position=main\n"
        for number in range(self._count):
            await asyncio.sleep(self._began + number / self._rate - time.monotonic())
            end = "\n" if number % _TO_A_LINE == _TO_A_LINE - 1 else " "
            piece = f"{number % 1000:03}".ljust(self._size - 1, "x") + end
            self._hash.update(piece.encode())
            self.sent += 1
            yield piece
        self._hash.update(b"\n")
        yield "\n/// END Pieces\n"
