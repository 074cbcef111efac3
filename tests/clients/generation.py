"""A generation as a model gave it, with prose, mistakes and text from all over Unicode."""

import asyncio
from pathlib import Path

CHUNK = 7
PAUSE = 0.12
HEARTBEAT = 0.05

TEXT = Path(__file__).with_name("generation.txt").read_text(encoding="utf-8")
CHUNKS = [TEXT[at : at + CHUNK] for at in range(0, len(TEXT), CHUNK)]


async def generation():
    """Yield the chunks, with two pauses that are filled with heartbeats."""
    for number, chunk in enumerate(CHUNKS):
        await asyncio.sleep(PAUSE if number in {3, len(CHUNKS) // 2} else 0.001)
        yield chunk
