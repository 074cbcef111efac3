"""Work for a reader who may leave."""

import asyncio
from collections.abc import Coroutine


async def cancel_on_disconnect(
    work: Coroutine[object, object, None], gone: Coroutine[object, object, None]
) -> None:
    """Run `work` until it is done or `gone` is; then the other is cancelled, and its end awaited.

    Work that was cancelled from elsewhere was given up on purpose, and is no error.
    """
    tasks = [asyncio.create_task(work), asyncio.create_task(gone)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
