"""Connections that are cut at random bytes: the client ends with the same snapshot, and no event twice."""

import asyncio
import random
from urllib.parse import urlsplit

from tests import parts
from tests.browser.client.cutting import cutting
from tests.browser.client.following import following
from tests.listening import serving

CUTS = 50
TEXT = [
    "Here it is:\n",
    "/// START Hero position=hero tone=warm\n",
    *(f"<p>{number} grüßt \U0001f600 and more</p>\n" for number in range(40)),
    "/// START Title\ndeep\n/// END Title\n",
    "/// END Hero\n",
    "/// START Footer position=moon\n",
    *(f"<i>{number}</i>\n" for number in range(20)),
]


async def model(_request):
    for text in TEXT:
        await asyncio.sleep(0.001)
        yield text


def test_a_generation_cut_at_random_bytes_has_the_same_snapshot_and_each_event_once():
    server = parts.module("componentstream.server")
    app = server.create_app(model, server.ServerSettings(rate_limit=None, max_readers_per_user=1000))
    rng = random.Random(11)
    with serving(app) as direct, cutting(urlsplit(direct).port) as (url, proxy), following() as follow:
        undisturbed = follow(direct, direct, "x")
        assert (undisturbed["status"], undisturbed["once"], undisturbed["equal"]) == ("complete", True, True)
        assert [block["name"] for block in undisturbed["blocks"]] == [None, "Hero", "Title", "Footer"]
        # One cut in each of many generations: 300 bytes are the headers, 10,000 all of it.
        for number in range(CUTS):
            proxy.limits = [rng.randrange(10_000) if number % 5 else rng.randrange(400)]
            outcome = follow(url, direct, f"once {number}")
            assert (outcome["once"], outcome["equal"]) == (True, True), outcome
            assert outcome["blocks"] == undisturbed["blocks"]
        assert proxy.cuts > CUTS // 2
        # And many cuts in one generation.
        before = proxy.cuts
        proxy.limits = [rng.randrange(300, 900) for _ in range(CUTS)]
        outcome = follow(url, direct, "often")
        assert (outcome["once"], outcome["equal"], outcome["blocks"]) == (True, True, undisturbed["blocks"])
        assert proxy.cuts > before + 5
