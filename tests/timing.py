"""The unit of time of the tests that run on a real clock.

On a busy machine a thread may wake up late. Set the variable ``COMPONENTSTREAM_TEST_MS`` to the real
milliseconds that a millisecond of a test should take; 10 gives a slow machine ten times as long.
"""

import os

MS = 0.001 * float(os.environ.get("COMPONENTSTREAM_TEST_MS", "1"))
"""Seconds in a millisecond of a test."""

STORE_WAIT = 10.0
"""Seconds that a call of an SQLite log may take where a test is about something else: a disk that is busy
with other work answers late, and the log is not to blame."""
