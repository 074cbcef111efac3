"""Tuning of a process that serves many streams."""

import gc
from typing import Final

_THRESHOLDS: Final = (10_000, 5, 100)
"""Thresholds of the three generations of the garbage collector.

With Python's defaults and 3,000 open streams, a full collection runs every 3.5 seconds and stops the event
loop for half a second. With these, it runs once per five million new objects. Little depends on it: of the
objects of a stream only the seven of asyncio's transport form a reference cycle.
"""


def tune_gc() -> None:
    """Make full garbage collections rare, for a process that holds thousands of streams.

    Call it once, after all imports and before serving, in a process that does nothing else; ``componentstream
    serve`` does.

    It changes the whole process: ``gc.freeze`` exempts all existing objects from collection for good, so
    reference cycles among them are never freed, and the thresholds apply to all threads. Do not call it in a
    library, or in tests without ``gc.unfreeze`` after them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
