"""The model of the examples in this directory: it plays a recording, at RATE times its original speed.

Replace it with your own model. All that is required is an iterable of text, cut anywhere.
"""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

from componentstream.demo.recording import Chunk, read_recording

RATE = float(os.environ.get("RATE", "20"))  # 0 disables waiting
PACE = 1 / RATE if RATE else 0.0
RECORDINGS = Path(__file__).parent / "data"


def answer_to(prompt: str) -> list[Chunk]:
    """Return the recording that a prompt names, as in "a compound menu", or else the landing page."""
    named = (path for path in RECORDINGS.glob("*.jsonl") if path.stem.replace("_", " ") in prompt)
    return read_recording(next(named, RECORDINGS / "landing_page.jsonl"))


async def generate(prompt: str) -> AsyncGenerator[str, None]:
    """Yield the answer to a prompt, each chunk at its recorded time."""
    began = time.monotonic()
    for chunk in answer_to(prompt):
        await asyncio.sleep(began + chunk.at * PACE - time.monotonic())
        yield chunk.text


def generate_sync(prompt: str) -> Generator[str, None, None]:
    """Yield the answer to a prompt like :func:`generate`, for servers without asyncio."""
    began = time.monotonic()
    for chunk in answer_to(prompt):
        time.sleep(max(0.0, began + chunk.at * PACE - time.monotonic()))
        yield chunk.text
