import inspect

import pytest

from componentstream import ComponentStreamError
from componentstream.log import (
    EventLog,
    GapError,
    Lease,
    LeaseLostError,
    LogError,
    MemoryEventLog,
    ProducerLostError,
    SequenceError,
    SQLiteEventLog,
    StoreError,
    StreamUnknownError,
)
from componentstream.log.redis import RedisEventLog


@pytest.mark.parametrize("log", [MemoryEventLog, SQLiteEventLog, RedisEventLog])
def test_a_log_has_the_methods_of_the_protocol(log):
    wanted = {name: value for name, value in vars(EventLog).items() if name[0] != "_"}
    assert len(wanted) == 8
    for name, method in wanted.items():
        assert inspect.signature(getattr(log, name)) == inspect.signature(method)
        assert inspect.iscoroutinefunction(getattr(log, name)) == (name != "read")


@pytest.mark.parametrize(
    "error",
    [
        StreamUnknownError(),
        GapError(3, 7),
        GapError(3, None),
        ProducerLostError(),
        LeaseLostError(),
        SequenceError("No.", 3),
        StoreError("No."),
    ],
)
def test_every_error_is_a_log_error_and_says_something(error):
    assert isinstance(error, LogError)
    assert isinstance(error, ComponentStreamError)
    assert str(error).endswith(".")


def test_a_gap_says_what_is_missing():
    assert str(GapError(3, None)) == "Entry 4 is no longer kept; the next one that is: nothing."
    assert (GapError(3, 7).after, GapError(3, 7).first) == (3, 7)


def test_a_lease_does_not_show_its_token():
    assert "secret" not in repr(Lease(stream="s", token="secret", ttl=1.0, last=0))  # noqa: S106 - none
