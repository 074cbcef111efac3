"""Tuning of a process that serves many streams."""

import gc

from tests import parts

parts.module("starlette")

from componentstream.server import tune_gc  # noqa: E402 - it needs the module above


def test_full_collections_become_rare_and_exempt_all_loaded_objects():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.unfreeze()
    try:
        tune_gc()
        assert gc.get_threshold() == (10_000, 5, 100)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
        if frozen:
            gc.freeze()
        gc.set_threshold(*before)
