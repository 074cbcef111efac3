import asyncio
import os
import signal

import pytest

from componentstream.cli.running import run_until_interrupted


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order_and_is_no_error(sign):
    notes = []

    async def work():
        try:
            os.kill(os.getpid(), sign)
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            notes.append("closed")

    before = signal.getsignal(signal.SIGTERM)
    # A shell has what it runs in the background ignore interrupts.
    interrupts = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run_until_interrupted(work())
    finally:
        signal.signal(signal.SIGINT, interrupts)
    assert notes == ["closed"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_it_may_end_by_itself():
    notes = []

    async def work():
        notes.append("done")

    run_until_interrupted(work())
    assert notes == ["done"]


def test_what_it_raises_is_raised():
    async def work():
        raise ValueError("no")

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="no"):
        run_until_interrupted(work())
    assert signal.getsignal(signal.SIGTERM) is before
