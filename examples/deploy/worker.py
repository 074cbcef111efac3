"""The model of this example: it plays the recording of the package, at RATE times its original speed.

Replace it with your own: a function that takes a request and returns the chunks of the answer.
"""

import asyncio
import os
from collections.abc import AsyncGenerator

from componentstream.demo.recording import RECORDING, read_recording
from componentstream.server import GenerationRequest

RATE = float(os.environ.get("RATE", "1"))
CHUNKS = read_recording(RECORDING)


async def generate(request: GenerationRequest) -> AsyncGenerator[str, None]:
    """Yield the answer, each chunk at its recorded time; a real model would use the prompt."""
    assert request.prompt
    loop = asyncio.get_running_loop()
    began = loop.time()
    for chunk in CHUNKS:
        await asyncio.sleep(began + chunk.at / RATE - loop.time())
        yield chunk.text
