from contextlib import aclosing

import pytest

from componentstream.log import MemoryEventLog
from componentstream.testing.log_contract._reading import ReadingContract
from tests.testing.log_contract import broken

NOTICED = {
    broken.LosesAnEntry: {
        "test_replay_continues_live_without_gap_or_duplicate",
        "test_a_hundred_clients_get_every_entry",
    },
    broken.NeverNotifies: {
        "test_a_waiting_client_is_notified_of_entries_at_once",
        "test_a_waiting_client_is_notified_of_the_end_at_once",
    },
    broken.DoesNotNotifyOfEntries: {"test_a_waiting_client_is_notified_of_entries_at_once"},
    broken.DoesNotNotifyOfTheEnd: {"test_a_waiting_client_is_notified_of_the_end_at_once"},
    broken.DoesNotNotifyOfItsClosing: {"test_closing_the_log_ends_its_clients"},
    broken.ConfusesLaterPages: {"test_a_long_stream_is_read_in_pages"},
    broken.ForgetsLostEntries: {"test_a_lost_stream_is_replayed_before_the_error"},
    broken.ForgetsLostEntriesAfterAPage: {"test_a_lost_stream_is_replayed_before_the_error"},
    broken.SkipsGaps: {"test_a_client_gets_an_error_for_trimmed_entries"},
    broken.RepeatsTheLastEntry: {
        "test_reading_starts_after_a_number_and_ends_with_the_stream",
        "test_replay_continues_live_without_gap_or_duplicate",
    },
    broken.LeavesTasks: {"test_clients_that_leave_do_not_leave_a_task"},
}


class TestAGoodLog(ReadingContract):
    def open_log(self, **options):
        return aclosing(MemoryEventLog(**options))


@pytest.mark.parametrize("log", NOTICED, ids=lambda log: log.__name__)
def test_a_broken_log_fails_the_tests_of_its_fault(log):
    assert broken.failures(ReadingContract, log, NOTICED[log]) == NOTICED[log]
