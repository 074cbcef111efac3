from contextlib import aclosing

import pytest

from componentstream.log import MemoryEventLog
from componentstream.testing.log_contract._takeover import TakeOverContract
from tests.testing.log_contract import broken

NOTICED = {
    broken.IgnoresTheLease: {"test_a_lost_stream_is_handed_over_to_its_owner_on_request"},
    broken.IgnoresTheFence: {
        "test_an_open_stream_is_handed_over_only_to_its_owner_on_request",
        "test_of_many_callers_that_take_over_an_open_stream_only_the_last_may_write",
    },
    broken.IgnoresTheOwner: {"test_an_open_stream_is_handed_over_only_to_its_owner_on_request"},
    broken.HandsOutTwice: {
        "test_only_one_of_many_callers_takes_over_a_lost_stream",
        "test_a_finished_stream_is_never_handed_over",
    },
}


class TestAGoodLog(TakeOverContract):
    def open_log(self, **options):
        return aclosing(MemoryEventLog(**options))


@pytest.mark.parametrize("log", NOTICED, ids=lambda log: log.__name__)
def test_a_broken_log_fails_the_tests_of_its_fault(log):
    assert broken.failures(TakeOverContract, log, NOTICED[log]) == NOTICED[log]
