from contextlib import aclosing, nullcontext

import pytest

from componentstream.log import MemoryEventLog
from componentstream.testing.log_contract._shared import SharingContract
from tests.testing.log_contract import broken

TESTS = {name for name in dir(SharingContract) if name.startswith("test_")}


class First(MemoryEventLog):
    """The first log on a store; it notifies the clients of the second of some changes."""

    second = None
    told = ()

    async def append(self, lease, first_seq, payloads):
        await super().append(lease, first_seq, payloads)
        self.tell("append", lease.stream)

    async def finish(self, lease):
        await super().finish(lease)
        self.tell("finish", lease.stream)

    def tell(self, change, stream):
        if change in self.told:
            self.second._notifier.notify(stream)


class Second(MemoryEventLog):
    """The second log on the store of the first."""

    def __init__(self, first):
        super().__init__()
        self._streams = first._streams
        first.second = self


class TestAGoodLog(SharingContract):
    log = None

    def open_log(self, **options):
        if self.log:
            return nullcontext(self.log)
        self.log = MemoryEventLog(**options)
        return aclosing(self.log)


def test_logs_that_do_not_share_a_store_fail():
    assert broken.failures(SharingContract, MemoryEventLog, TESTS) == TESTS


@pytest.mark.parametrize("told", [(), ("append",), ("finish",), ("append", "finish")], ids=" and ".join)
def test_logs_that_do_not_notify_each_other_of_every_change_fail(told):
    class Broken(MemoryEventLog):
        first = None

        def __new__(cls, **_):
            if cls.first is None:
                cls.first = log = First()
                log.told = told
            else:
                log, cls.first = Second(cls.first), None
            return log

    test = "test_a_client_of_the_other_log_is_notified_at_once"
    assert broken.failures(SharingContract, Broken, {test}) == (set() if len(told) == 2 else {test})
