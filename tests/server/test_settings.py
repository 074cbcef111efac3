import pytest

import parts
from componentstream import UsageError
from componentstream.lifecycle import Timeouts

parts.module("starlette")

from componentstream.server import ServerSettings  # noqa: E402 - it needs what is asked for above

OF_A_BATCHER = "batch_chars and batch_delay are those of a DeltaBatcher."


def test_the_defaults_are_those_of_the_parts():
    settings = ServerSettings()
    assert settings.timeouts == Timeouts(generation=30.0, chunk=15.0)
    assert settings.max_body_bytes == 65_536
    assert (settings.heartbeat, settings.send_timeout) == (15.0, 20.0)
    assert (settings.batch_chars, settings.batch_delay) == (256, 0.05)


def test_a_heartbeat_can_be_left_out():
    assert ServerSettings(heartbeat=None).heartbeat is None


def test_each_stream_gets_a_batcher_of_its_own():
    settings = ServerSettings()
    assert settings.new_batcher() is not settings.new_batcher()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("max_body_bytes", 0, "max_body_bytes must be a whole number from 1 up."),
        ("max_body_bytes", 1.5, "max_body_bytes must be a whole number from 1 up."),
        ("max_body_bytes", True, "max_body_bytes must be a whole number from 1 up."),
        ("heartbeat", 0, "heartbeat must be a number of seconds above 0, or None."),
        ("heartbeat", True, "heartbeat must be a number of seconds above 0, or None."),
        ("heartbeat", "15", "heartbeat must be a number of seconds above 0, or None."),
        ("send_timeout", float("inf"), "send_timeout must be a number of seconds above 0."),
        ("send_timeout", None, "send_timeout must be a number of seconds above 0."),
        (
            "batch_chars",
            0,
            f"{OF_A_BATCHER} DeltaBatcher: max_chars must be a whole number from 1 up.",
        ),
    ],
)
def test_a_value_out_of_its_range_is_refused(name, value, message):
    with pytest.raises(UsageError) as caught:
        ServerSettings(**{name: value})
    assert str(caught.value) == f"ServerSettings: {message}"
