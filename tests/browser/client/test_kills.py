"""Workers that are killed while the client reads: in the end the answer is whole, and has no event twice."""

import asyncio
import sys

import pytest

from componentstream import ContentBlockDelta, ContentBlockStart, parse
from tests import parts
from tests.browser.client.cutting import cutting
from tests.browser.client.following import following
from tests.kills.processes import Notes, workers
from tests.kills.upstream import Plan

LEASE = 1.0
TOKEN = "someone"  # noqa: S105 - a user of the application under test


def plan(seed):
    return Plan(seed=seed, chars=3000, pieces=60, seconds=1.5, mark="kept")


def texts(plan):
    """Return the texts of the blocks of an answer."""
    blocks = {}
    for event in parse([plan.text()]):
        if isinstance(event, ContentBlockStart):
            blocks[event.index] = ""
        elif isinstance(event, ContentBlockDelta):
            blocks[event.index] += event.text
    return list(blocks.values())


async def until(condition):
    while not condition():  # noqa: ASYNC110 - a file of another process changes
        await asyncio.sleep(0.01)


async def killing(folder):
    """Kill the worker that sends a stream, and then one that produces a stream; give both outcomes."""
    notes = Notes(folder / "notes")
    log = f"sqlite:{folder / 'log.db'}"
    environment = {"KILLS_NOTES": str(notes.path), "KILLS_LOG": log, "KILLS_LEASE": str(LEASE)}
    async with workers(2, folder, environment) as (first, second):
        with cutting(second.port, first.port) as (url, proxy), following() as follow:

            async def reading(prompt):
                direct = f"http://127.0.0.1:{second.port}"
                task = asyncio.create_task(asyncio.to_thread(follow, url, direct, prompt, token=TOKEN))
                await until(lambda: notes.update() or prompt in notes.callers)
                return task

            # The second worker produces the stream, and the client comes back to the first one.
            proxy.limits = [1500]
            resumed = await reading(plan(1).prompt)
            proxy.ports = (first.port, second.port)
            await until(lambda: proxy.cuts)
            await asyncio.sleep(0.5)
            first.kill()
            resumed = await resumed
            first.start()
            await first.answering()
            # The first worker produces the stream.
            restarted = await reading(plan(2).prompt)
            await asyncio.sleep(0.5)
            assert notes.callers[plan(2).prompt] == first.kill()
            restarted = await restarted
            notes.update()
            return resumed, restarted, [notes.calls[plan(seed).prompt] for seed in (1, 2)]


def test_a_generation_survives_the_death_of_its_sender_and_of_its_producer(tmp_path):
    if sys.platform == "win32":
        pytest.skip("The workers are killed by a signal.")
    parts.module("uvicorn")
    resumed, restarted, calls = asyncio.run(killing(tmp_path))
    for outcome, seed in ((resumed, 1), (restarted, 2)):
        assert (outcome["once"], outcome["equal"], outcome["status"]) == (True, True, "complete"), outcome
        assert [block["text"] for block in outcome["blocks"]] == texts(plan(seed))
    # Only the death of the producer costs another call of the model.
    assert calls == [1, 2]
