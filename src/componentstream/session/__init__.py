"""One generation under a clock: lifecycle, deadlines, error window, statistics, hooks, batching.

Like the core it does no I/O and takes the time as an argument.
"""

from componentstream.core.codes import SessionErrorCode
from componentstream.session.batching import DeltaBatcher
from componentstream.session.hooks import (
    ComponentFinished,
    ErrorReported,
    Hook,
    HookEvent,
    Reconnected,
    StreamFinished,
    StreamStarted,
)
from componentstream.session.lifecycle import ErrorWindow, SessionState, Timeouts
from componentstream.session.session import GenerationSession
from componentstream.session.statistics import ComponentTime, SessionStats

__all__ = [
    "ComponentFinished",
    "ComponentTime",
    "DeltaBatcher",
    "ErrorReported",
    "ErrorWindow",
    "GenerationSession",
    "Hook",
    "HookEvent",
    "Reconnected",
    "SessionErrorCode",
    "SessionState",
    "SessionStats",
    "StreamFinished",
    "StreamStarted",
    "Timeouts",
]
