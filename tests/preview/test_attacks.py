"""A few of the hostile components, and the control; all of them: ``python -m tests.preview.attacks``."""

import pytest

from tests import parts
from tests.preview.hostile import components


@pytest.fixture(scope="module")
def attacks():
    parts.preview_frames()
    parts.module("starlette")
    return parts.module("tests.preview.attacks")


def test_there_are_enough_components_of_every_kind():
    assert len(components()) >= 75
    text = "".join(components().values())
    assert all(name in text for name in ("$TCP", "$UDP", "$DNS", "$HOST", "leak(", "history", "focus"))


def test_hostile_components_reach_nothing_and_change_nothing(attacks):
    groups = [
        [
            "fetch",
            "beacon",
            "WebSocket",
            "WebRTC STUN",
            "WebRTC of a document in a string",
            "image of the page's server",
            "CSS background",
            "preconnect",
            "DNS prefetch",
            "frame of a name",
            "link that is clicked",
            "popup",
            "alert",
            "document of the page",
            "local storage",
            "spoofed messages",
            "focus",
        ],
        ["refresh to a name"],
        ["history by hashes"],
    ]
    outcome = attacks.run(groups)
    assert outcome.harm() == {}
    assert outcome.ran == 19


def test_without_protection_each_canary_is_reached(attacks):
    groups = [
        [
            "fetch",
            "image of the page's server",
            "WebRTC of a document in a string",
            "frame of a name",
            "document of the page",
            "alert",
        ],
        ["history by hashes"],
    ]
    outcome = attacks.run(groups, protected=False)
    assert {"tcp", "udp", "dns", "host", "leaked", "pages", "history"} <= outcome.harm().keys()
