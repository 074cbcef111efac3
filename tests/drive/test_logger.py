import logging

from componentstream.drive.logger import log_failure, log_warning
from tests.drive.kinds import SourceError


def test_failures_and_warnings_go_to_the_logger_of_the_package(caplog):
    error = SourceError()
    log_failure("It failed.", error)
    log_warning("Look at it.")
    assert caplog.record_tuples == [
        ("componentstream", logging.ERROR, "It failed."),
        ("componentstream", logging.WARNING, "Look at it."),
    ]
    assert caplog.records[0].exc_info[1] is error
