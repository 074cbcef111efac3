"""How a command runs that goes on until it is interrupted."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress


def run_until_interrupted(work: Coroutine[object, object, None]) -> None:
    """Run until it ends by itself, is interrupted from the keyboard, or is asked to terminate (SIGTERM).

    An end by a signal is one in good order: whatever `work` holds open is closed.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(work)
    finally:
        signal.signal(signal.SIGTERM, before)
