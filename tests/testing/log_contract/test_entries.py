from contextlib import aclosing

import pytest

from componentstream.log import MemoryEventLog
from componentstream.testing.log_contract._entries import EntryContract
from tests.testing.log_contract import broken

NOTICED = {
    broken.LosesAnEntry: {"test_a_repeated_append_is_stored_once", "test_payloads_are_arbitrary_bytes"},
    broken.DoublesARepetition: {"test_a_repeated_append_is_stored_once"},
    broken.AcceptsGaps: {"test_an_append_that_does_not_fit_changes_nothing"},
    broken.WritesBeforeItCompares: {"test_an_append_that_does_not_fit_changes_nothing"},
    broken.NeverNotifies: {"test_a_deleted_stream_is_unknown_to_its_producer_and_its_clients"},
    broken.NeverExpires: {"test_a_stream_expires_after_its_end"},
    broken.MixesIncarnations: {"test_a_stream_that_was_started_again_is_a_different_one"},
    broken.IgnoresTheFence: {"test_a_stream_that_was_started_again_is_a_different_one"},
}


class TestAGoodLog(EntryContract):
    def open_log(self, **options):
        return aclosing(MemoryEventLog(**options))


@pytest.mark.parametrize("log", NOTICED, ids=lambda log: log.__name__)
def test_a_broken_log_fails_the_tests_of_its_fault(log):
    assert broken.failures(EntryContract, log, NOTICED[log]) == NOTICED[log]
