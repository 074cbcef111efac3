"""How much memory a stage takes while it reads."""

import tracemalloc


def growth(feed, unit, *, feeds):
    """Return the bytes by which memory grows over many feeds of the same text, after the first ones."""
    feed(unit * 2000)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(feeds):
            feed(unit)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before
