"""The unit of time of the tests that run on a real clock.

On a busy machine a thread may wake up late. Set the variable ``COMPONENTSTREAM_TEST_MS`` to the real
milliseconds that a millisecond of a test should take; 10 gives a slow machine ten times as long.
"""

import contextlib
import functools
import os

MS = 0.001 * float(os.environ.get("COMPONENTSTREAM_TEST_MS", "1"))
"""Seconds in a millisecond of a test."""

WAIT = 60.0
"""Seconds in which what a test waits for must happen; a machine under load takes some of them."""

STORE_WAIT = 10.0
"""Seconds that a call of an SQLite log may take where a test is about something else: a disk that is busy
with other work answers late, and the log is not to blame."""

ATTEMPTS = 10


def at_best(measure, below):
    """Assert that a figure is below a bound in one of several attempts, and return it.

    Load raises the figure of some attempts, a fault that of every attempt.
    """
    figures = []
    while len(figures) < ATTEMPTS:
        figures.append(measure())
        if figures[-1] < below:
            return figures[-1]
    raise AssertionError(f"{figures} are not below {below}")


def passed_once(test):
    """Repeat a test that a pause of the machine may fail until it passes; a fault fails every repetition."""

    @functools.wraps(test)
    def repeated(*arguments, **options):
        for _ in range(ATTEMPTS - 1):
            with contextlib.suppress(Exception):
                return test(*arguments, **options)
        return test(*arguments, **options)

    return repeated
