from contextlib import aclosing, nullcontext

from componentstream.log import MemoryEventLog
from componentstream.testing.log_contract._shared import SharingContract
from tests.testing.log_contract import broken

TESTS = {name for name in dir(SharingContract) if name.startswith("test_")}


class Unnotified(MemoryEventLog):
    """A second log on a store whose writes do not wake the clients of the first."""

    def __init__(self, log):
        super().__init__()
        self._streams = log._streams


class TestAGoodLog(SharingContract):
    log = None

    def open_log(self, **options):
        if self.log:
            return nullcontext(self.log)
        self.log = MemoryEventLog(**options)
        return aclosing(self.log)


def test_logs_that_do_not_share_a_store_fail():
    assert broken.failures(SharingContract, MemoryEventLog, TESTS) == TESTS


def test_logs_that_do_not_notify_each_other_fail():
    class Broken(broken.MemoryEventLog):
        first = None

        def __new__(cls, **_):
            cls.first, log = (None, Unnotified(cls.first)) if cls.first else (MemoryEventLog(),) * 2
            return log

    noticed = {"test_a_client_of_the_other_log_is_notified_at_once"}
    assert broken.failures(SharingContract, Broken, noticed) == noticed
