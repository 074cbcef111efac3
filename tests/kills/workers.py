"""Kill workers while clients read from them, and check that no event is lost, doubled or reordered.

    python tests/kills/workers.py --kills 200 --clients 50 --log redis
    python tests/kills/workers.py --kills 50 --clients 50 --log redis --compound

Two workers share one log. Clients start generations and read them; when a connection breaks, or at random,
they resume after their last ID on either worker. Then a worker is killed with SIGKILL and restarted at once.
With ``--compound`` something is killed once more while the workers recover: the other worker, the same one,
or Redis.

Each stream must have the IDs 1, 2, 3 and so on, once each and in order; be well-formed; have the text of the
model (compared by SHA-256) and ``complete``, or, if its producer was killed or Redis was down for the TTL of
a lease, a prefix of it, the error ``producer_lost`` and ``failed``, in time; be the same to the byte when it
is read again from its start; and have caused one call of the model. A kill counts only if it ended the
process while it was producing or sending a stream.
"""

import argparse
import asyncio
import math
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import attrs

from tests.kills.client import Client, RefusedError
from tests.kills.judging import judge
from tests.kills.processes import KILLED, Notes, a_log, workers
from tests.kills.upstream import Plan

TOO_MUCH = 50
"""Faults after which no new streams are started."""

HANGING = 120.0
"""Seconds within which a client must have received its stream."""


@attrs.frozen(kw_only=True)
class Options:
    """The options of a run; see those of the command."""

    kills: int
    clients: int
    log: str
    compound: bool = False
    lease: float = 3.0
    grace: float = 2.0
    seed: int = 1


@attrs.define
class Run:
    """The state of a run.

    Attributes:
        options: Options.
        workers: Workers.
        redis: Redis server, None without one.
        notes: Notes of the model.
        faults: Times of each kill and of the recovery.
        outages: Times of each kill of Redis and of its return.
        counts: Figures.
        deaths: Times of each kill of a producer and of the end of its stream.
        wrong: Faults.
        over: True when no new streams are started.
    """

    options: Options
    workers: list
    redis: object
    notes: Notes
    random: Random
    clients: list = attrs.field(factory=list)
    faults: list = attrs.field(factory=list)
    outages: list = attrs.field(factory=list)
    counts: Counter = attrs.field(factory=Counter)
    deaths: list = attrs.field(factory=list)
    wrong: list = attrs.field(factory=list)
    over: bool = False

    def continues(self):
        """Return True while new streams are started."""
        return not self.over and len(self.wrong) < TOO_MUCH

    def killed_at(self, prompt):
        """Return when the producer of a prompt was killed, None if it lives."""
        killed = {pid: at for worker in self.workers for pid, at in worker.killed.items()}
        if prompt in self.notes.callers:
            return killed.get(self.notes.callers[prompt])
        # A worker may be killed between acquiring the stream and calling the model.
        return max(killed.values(), default=None)

    def lost_with_redis(self, began, ended):
        """Return when Redis was back, if it was down for the TTL of a lease during a stream."""
        # A third of the TTL may have passed when it goes down, and the next write may be some time after.
        longest = self.options.lease / 3
        outages = [back for at, back in self.outages if back - at > longest and began < back and at < ended]
        return min(outages, default=None)


async def read_streams(run, number):
    """Run one client until the run is over."""
    random = Random(f"{run.options.seed} {number}")
    client = Client([worker.port for worker in run.workers], f"user{number % 10}", random)
    run.clients.append(client)
    while run.continues():
        seed = random.getrandbits(48)
        pieces = random.randint(5, 60)
        chars, seconds = random.randint(200, 4000), round(random.uniform(0.5, 4.5), 2)
        plan = Plan(seed, chars, pieces, seconds, f"s{seed}")
        try:
            async with asyncio.timeout(HANGING):
                wrong = await read_one(run, client, plan)
        except RefusedError as refusal:
            wrong = [f"refused: {refusal}"]
        except TimeoutError:
            wrong = [f"it did not end within {HANGING:g} s"]
        run.counts["streams"] += 1
        run.wrong += [f"{plan.prompt}: {fault}" for fault in wrong]


async def read_one(run, client, plan):
    """Read one stream; return its faults."""
    began = time.monotonic()
    stream, received = await client.generate(plan.prompt, f"key-{plan.seed}")
    run.notes.update()
    killed = run.killed_at(plan.prompt)
    if killed is None or killed > received.ended:
        killed = run.lost_with_redis(began, received.ended)
    verdict = judge(plan, received, producer_killed=killed is not None)
    for fault in ("lost", "duplicate", "reordered"):
        run.counts[fault] += getattr(received, fault)
    run.counts["events"] += received.last
    wrong = list(verdict.wrong)
    if verdict.producer_lost:
        run.counts["producer lost"] += 1
        if killed is not None:
            run.deaths.append((killed, received.ended))
    again = await client.read_again(stream)
    if again.wrong() or again.entries != received.entries:
        wrong.append("read again it is not the same")
    if more := await client.has_all(stream, received.last):
        wrong.append(f"a client that has all events gets {more}")
    calls = run.notes.calls.get(plan.prompt, 0)
    run.counts["model calls"] += calls
    run.counts["never called"] += calls == 0
    if calls > 1 or (calls == 0 and not verdict.producer_lost):
        wrong.append(f"the model was called {calls} times")
    return wrong


def late(run):
    """Return complaints about ends that came too late after the death of their producers.

    The end is due one TTL after the death. A worker that is killed while it writes the end holds a lease of
    its own for at most another TTL. After a compound fault the time starts when everything is back.
    """
    complaints = []
    for killed, ended in run.deaths:
        others = [back for at, back in run.faults if at < ended and back > killed]
        due = max([killed, *others]) + run.options.lease
        if not run.options.compound:
            due = min(due, killed + 2 * run.options.lease)
        if ended > due + run.options.grace:
            complaints.append(f"{len(others)} faults later, {ended - killed:.1f} s after its producer died")
    return complaints


def hit(run, worker):
    """Return how many live generations and subscribers a worker has."""
    run.notes.update()
    producers = len(run.notes.live.get(worker.pid, ()))
    readers = sum(client.reading.get(worker.port, 0) > 0 for client in run.clients)
    return producers, readers


async def kill_worker(run, worker, *, busy=True):
    """Kill a worker once it is busy, and restart it; return the time of the kill."""
    while busy and run.continues() and not sum(hit(run, worker)):  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.01)
    producers, readers = hit(run, worker)
    at = time.monotonic()
    worker.kill()
    worker.start()
    run.counts["producers hit"] += producers
    run.counts["readers hit"] += readers
    run.counts["kills"] += 1
    return at


async def kill_simply(run):
    """Kill one worker; wait until it answers again."""
    await asyncio.sleep(run.random.uniform(0.1, 1.5))
    worker = run.random.choice(run.workers)
    at = await kill_worker(run, worker)
    run.faults.append((at, at))
    await worker.answering()


async def kill_while_it_recovers(run):
    """Kill one worker, and then another process or the same one while it recovers."""
    await asyncio.sleep(run.random.uniform(0.3, 1.5))
    first, other = run.random.sample(run.workers, 2)
    at = await kill_worker(run, first)
    await asyncio.sleep(run.random.uniform(0.0, run.options.lease + 1.0))
    second = run.random.choice([first, other, run.redis or other])
    if second is run.redis:
        again = time.monotonic()
        run.outages.append((again, math.inf))
        await asyncio.to_thread(run.redis.kill)
        assert run.redis.process.returncode == KILLED
        await asyncio.to_thread(run.redis.start)
        run.outages[-1] = (again, time.monotonic())
        run.counts["redis kills"] += 1
    else:
        again = await kill_worker(run, second, busy=False)
    for worker in run.workers:
        await worker.answering()
    back = time.monotonic()
    run.faults += [(at, back), (again, back)]


def unexplained(run):
    """Return the output of the workers without the lines that the kills explain, and without stack frames."""
    known = ["The producer of stream "] + ["The event log failed; "] * bool(run.outages)
    lines = [line for worker in run.workers for line in worker.output().splitlines()]
    return [f"a worker said: {line}" for line in lines if not line.startswith((*known, " ", "Traceback "))]


async def run_all(options, folder):
    """Run everything; return the final state."""
    async with AsyncExitStack() as stack:
        url, redis = await stack.enter_async_context(a_log(options.log, folder))
        notes = Notes(folder / "notes")
        environment = {"KILLS_LOG": url, "KILLS_NOTES": str(notes.path), "KILLS_LEASE": str(options.lease)}
        started = await stack.enter_async_context(workers(2, folder, environment))
        run = Run(options, started, redis, notes, Random(options.seed))
        async with asyncio.TaskGroup() as clients:
            for number in range(options.clients):
                clients.create_task(read_streams(run, number))
            while run.continues() and run.counts["faults"] < options.kills:
                await (kill_while_it_recovers if options.compound else kill_simply)(run)
                run.counts["faults"] += 1
            run.over = True
        run.wrong += unexplained(run)
    for client in run.clients:
        run.counts += client.counts
    return run


def figures(run, seconds):
    """Return the figures of a run in one line."""
    counts = run.counts
    delays = sorted(ended - killed for killed, ended in run.deaths) or [0.0]
    compound = f"{counts['faults']} compound faults, {counts['redis kills']} kills of Redis, "
    return (
        f"{run.options.log}: {compound if run.options.compound else ''}{counts['kills']} kills of workers "
        f"({counts['producers hit']:,} live producers, {counts['readers hit']:,} live readers hit), "
        f"{run.options.clients} clients, {counts['streams']:,} streams, {counts['producer lost']:,} whose "
        f"producer died (ended after {delays[len(delays) // 2]:.1f} s, at most {delays[-1]:.1f} s), "
        f"{counts['model calls']:,} calls of the model, {counts['never called']} streams that died before, "
        f"{counts['reconnects']:,} reconnects, {counts['hurried']:,} requests given up and repeated, "
        f"{counts['refused']:,} refused for a while, {counts['events']:,} events: {counts['lost']} lost, "
        f"{counts['duplicate']} duplicate, {counts['reordered']} reordered, {len(run.wrong)} wrong, "
        f"{len(late(run))} late, in {seconds:.0f} s"
    )


def main(arguments=None):
    """Run, and print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description="Kill workers while clients read from them.")
    parser.add_argument("--kills", type=int, default=200, help="of workers, or compound faults")
    parser.add_argument("--clients", type=int, default=50, help="clients that read all the time")
    parser.add_argument(
        "--log", choices=["redis", "sqlite"], default="redis", help="log that the workers share"
    )
    parser.add_argument("--compound", action="store_true", help="kill once more while the workers recover")
    parser.add_argument(
        "--lease",
        type=float,
        default=3.0,
        help="seconds; shorter than in production, but a worker of a busy machine must renew it in time",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=2.0,
        help="seconds after the lease for an end; a busy machine needs more",
    )
    parser.add_argument("--seed", type=int, default=1)
    options = Options(**vars(parser.parse_args(arguments)))
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run = asyncio.run(run_all(options, Path(folder)))
    sys.stdout.write(figures(run, time.monotonic() - begun) + "\n")
    faults = run.wrong[:TOO_MUCH] + late(run)[:TOO_MUCH]
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
