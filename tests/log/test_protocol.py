import inspect
import subprocess
import sys

import pytest

from componentstream import ComponentStreamError, log
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


@pytest.mark.parametrize("kind", [MemoryEventLog, SQLiteEventLog, RedisEventLog])
def test_a_log_has_the_methods_of_the_protocol(kind):
    wanted = {name: value for name, value in vars(EventLog).items() if name[0] != "_"}
    assert len(wanted) == 8
    for name, method in wanted.items():
        assert inspect.signature(getattr(kind, name)) == inspect.signature(method)
        assert inspect.iscoroutinefunction(getattr(kind, name)) == (name != "read")


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


def test_the_package_is_imported_without_redis_until_its_log_is_used():
    program = (
        "import sys; import componentstream.log as log; assert 'redis' not in sys.modules;"
        "print(log.RedisEventLog.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "componentstream.log.redis\n"


def test_the_package_has_no_other_attributes():
    with pytest.raises(AttributeError, match=r"^module 'componentstream\.log' has no attribute 'Log'$"):
        _ = log.Log
