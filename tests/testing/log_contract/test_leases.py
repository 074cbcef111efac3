from contextlib import aclosing

import pytest

from componentstream.log import MemoryEventLog
from componentstream.testing.log_contract._leases import LeaseContract
from tests.testing.log_contract import broken

NOTICED = {
    broken.IgnoresTheLease: {
        "test_an_expired_lease_is_refused",
        "test_finish_is_idempotent_and_ends_the_lease",
    },
    broken.HandsOutTwice: {
        "test_only_one_of_many_callers_acquires_a_new_stream",
        "test_an_existing_stream_is_not_acquired_again",
    },
    broken.CutsOwners: {"test_owners_are_stored_and_compared_in_full"},
    broken.StripsOwners: {"test_owners_are_stored_and_compared_in_full"},
    broken.ComparesOwnersStripped: {"test_owners_are_stored_and_compared_in_full"},
    broken.NeverRenews: {"test_using_or_renewing_a_lease_extends_it"},
    broken.AcceptsEveryId: {"test_invalid_stream_ids_are_rejected_or_unknown"},
}


class TestAGoodLog(LeaseContract):
    def open_log(self, **options):
        return aclosing(MemoryEventLog(**options))


@pytest.mark.parametrize("log", NOTICED, ids=lambda log: log.__name__)
def test_a_broken_log_fails_the_tests_of_its_fault(log):
    assert broken.failures(LeaseContract, log, NOTICED[log]) == NOTICED[log]
