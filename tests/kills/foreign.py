"""Cancel calls of a Redis log with answers on the way, and check that no other call gets them.

    python tests/kills/foreign.py --cancels 2000 --disconnects 1000

A proxy between the log and Redis delays each answer by up to 50 ms. A Redis client whose call is cancelled
meanwhile must not return the connection to its pool with the answer still to come, or the next call gets it.
Two tenants, red and blue, share one client, and each writes a canary of its own: first tasks that call a log
and are cancelled at random moments, then, over HTTP, clients of two workers that disconnect at random
moments. Each answer must be the expected one and must not contain the canary of the other tenant.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import attrs
from redis.asyncio import Connection, ConnectionPool, Redis

from componentstream.log.redis import RedisEventLog
from tests.kills.client import PAUSE, TAKEN_AGAIN, Client
from tests.kills.delaying import DelayingProxy
from tests.kills.http_client import asking
from tests.kills.judging import judge
from tests.kills.processes import Notes, a_log, workers
from tests.kills.upstream import Plan
from tests.log.redis_server import RedisServer

WORDS = {"red": "canary-of-red", "blue": "canary-of-blue"}
OTHER = {"red": "blue", "blue": "red"}
DELAY = 0.05
CALL_TIMEOUT = 30.0
"""Seconds for a call of a log. A busy machine makes calls slow, and a slow call is not a wrong answer."""

PATIENCE = 60.0
"""Seconds for which a request is repeated that a busy worker could not serve."""

CANCELLED = 0.5
"""Share of the calls that may be cancelled. If all were, no connection would survive to be reused."""

AT_ONCE = 12
"""Tasks, or clients, of each tenant."""

STAYS = 0.4
"""Maximum time in seconds that a client stays connected."""


@attrs.define
class Findings:
    """The findings of a run.

    Attributes:
        counts: Figures.
        foreign: Number of bytes of the other tenant in answers.
        wrong: Unexpected answers.
    """

    counts: Counter = attrs.field(factory=Counter)
    foreign: int = 0
    wrong: list = attrs.field(factory=list)

    def look(self, tenant, answer):
        """Search an answer to a tenant for the canary of the other."""
        self.foreign += answer.count(WORDS[OTHER[tenant]].encode()) * len(WORDS[OTHER[tenant]])

    def expect(self, subject, got, expected):
        """Record an unexpected answer."""
        if got != expected:
            self.wrong.append(f"{subject}: {got!r:.200}, not {expected!r:.200}")


# Calls of a log


def payload(tenant, stream, seq):
    """Return the payload of entry `seq` of a stream."""
    return f"{WORDS[tenant]} {stream} {seq} ".encode() * 3


@attrs.define
class Tenant:
    """One task of a tenant, which starts, writes and reads streams, one call after the other."""

    name: str
    log: RedisEventLog
    proxy: DelayingProxy
    random: Random
    findings: Findings
    numbers: object
    stream: str = ""
    lease: object = None
    written: int = 0

    async def work(self, cancels):
        """Make calls and cancel some, until all tasks together have cancelled `cancels`."""
        while self.findings.counts["cancels"] < cancels:
            if self.lease is None or self.written > 20:
                self.stream = f"{self.name}-{next(self.numbers)}"
                self.lease = None
                self.written = 0
                await self.try_it(self.begin())
            else:
                calls = [self.append, self.status, self.begin_again] + [self.read] * (self.written > 0)
                await self.try_it(self.random.choice(calls)())

    async def try_it(self, call):
        """Make a call; cancel every other one at a random moment, possibly after its end."""
        task = asyncio.create_task(call)
        patience = self.random.uniform(0, 2 * DELAY) if self.random.random() < CANCELLED else None
        await asyncio.wait([task], timeout=patience)
        in_flight = self.proxy.in_flight(self.stream)
        task.cancel()
        await asyncio.wait([task])
        counts = self.findings.counts
        counts["calls"] += 1
        if task.cancelled():
            counts["cancels"] += 1
            counts["in flight"] += in_flight
        elif error := task.exception():
            self.findings.wrong.append(f"{self.stream}: {error!r}")

    async def begin(self):
        lease = await self.log.acquire(self.stream, owner=WORDS[self.name])
        self.findings.expect("a new stream", (lease.stream, lease.last), (self.stream, 0))
        self.lease = lease

    async def begin_again(self):
        lease = await self.log.acquire(self.stream, owner=WORDS[self.name])
        self.findings.expect("a stream that there is", lease, None)

    async def append(self):
        # A cancelled append may have reached the store, so the same batch is repeated.
        first = self.written + 1
        await self.log.append(
            self.lease, first, [payload(self.name, self.stream, seq) for seq in (first, first + 1)]
        )
        self.written += 2

    async def status(self):
        status = await self.log.status(self.stream)
        self.findings.look(self.name, status.owner.encode())
        self.findings.expect("status", (status.owner, status.first), (WORDS[self.name], 1))
        self.expect_last(status.last)

    async def read(self):
        after = self.random.randint(0, self.written - 1)
        async with aclosing(self.log.read(self.stream, after)) as pages:
            async for entries in pages:
                self.findings.look(self.name, b"".join(entry.payload for entry in entries))
                for seq, entry in enumerate(entries, after + 1):
                    self.findings.expect("entry", entry.payload, payload(self.name, self.stream, seq))
                self.expect_last(entries[-1].seq)
                return

    def expect_last(self, last):
        if last not in (self.written, self.written + 2):
            self.findings.wrong.append(f"{self.stream} has {last} entries, not {self.written}")


async def cancel_calls(cancels, seed, *, connection_class=Connection):
    """Cancel `cancels` calls; return the findings."""
    findings = Findings()
    with tempfile.TemporaryDirectory() as folder, RedisServer(folder) as server:
        async with DelayingProxy(server.port, Random(seed), DELAY).listening() as proxy:
            pool = ConnectionPool(connection_class, host="127.0.0.1", port=proxy.port, socket_timeout=10.0)
            async with Redis(connection_pool=pool) as client:
                log = RedisEventLog(client, call_timeout=CALL_TIMEOUT)
                numbers = iter(range(10**9))
                async with asyncio.TaskGroup() as tasks:
                    for number in range(2 * AT_ONCE):
                        name = ("red", "blue")[number % 2]
                        random = Random(f"{seed} {number}")
                        tenant = Tenant(name, log, proxy, random, findings, numbers)
                        tasks.create_task(tenant.work(cancels))
                await log.aclose()
                findings.expect("connections that were not given back", len(pool._in_use_connections), 0)
            await pool.aclose()
        async with aclosing(RedisEventLog.from_url(f"redis://127.0.0.1:{server.port}")) as log:
            await look_at_all(log, next(numbers), findings)
        findings.counts["delayed"] += proxy.answers
    return findings


async def look_at_all(log, streams, findings):
    """Search all streams for entries that do not belong there."""
    for stream in range(streams):
        for name in WORDS:
            status = await log.status(f"{name}-{stream}")
            if status is None or not status.last:
                continue
            findings.counts["streams"] += 1
            async for entries in log.read(status.stream):
                for entry in entries:
                    findings.look(name, entry.payload)
                    findings.expect("entry", entry.payload, payload(name, status.stream, entry.seq))
                if entries[-1].seq == status.last:
                    break


# Clients of workers


class FickleClient(Client):
    """A client that disconnects at a random moment, each time."""

    proxy = None

    async def _resume(self, port, stream, received, **_):
        try:
            async with asyncio.timeout(self.random.uniform(0, STAYS)):
                await super()._resume(port, stream, received, leaves=False)
        except TimeoutError:
            self.counts["disconnects"] += 1
            self.counts["in flight"] += self.proxy.in_flight(stream)


async def read_streams(name, client, disconnects, findings):
    """Read streams of a tenant until `disconnects` disconnects; request each as the other tenant too."""
    while client.counts["disconnects"] < disconnects:
        plan = Plan(client.random.getrandbits(48), 2000, 40, 2.0, WORDS[name])
        stream, received = await client.generate(plan.prompt, f"key-{plan.seed}")
        findings.look(name, b"".join(received.entries))
        findings.wrong += judge(plan, received, producer_killed=False).wrong
        findings.counts["streams"] += 1
        status = await status_of_foreign_stream(name, client, stream, findings)
        findings.expect("status of a foreign stream", status, 404)


async def status_of_foreign_stream(name, client, stream, findings):
    """Request a stream as the other tenant, again while the worker is busy; look at every answer."""
    end = time.monotonic() + PATIENCE
    while True:
        port = client.random.choice(client.ports)
        async with asking(port, "GET", f"/streams/{stream}", user=OTHER[name]) as answer:
            body = await answer.body()
        findings.look(OTHER[name], body)
        busy = answer.status == 503 and json.loads(body)["error"]["type"] in TAKEN_AGAIN
        if not busy or time.monotonic() > end:
            return answer.status
        await asyncio.sleep(PAUSE)


async def leave_streams(disconnects, seed):
    """Let clients disconnect `disconnects` times; return the findings."""
    findings = Findings()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, server = await stack.enter_async_context(a_log("redis", folder))
        proxy = DelayingProxy(server.port, Random(seed), DELAY)
        await stack.enter_async_context(proxy.listening())
        environment = {
            "KILLS_LOG": f"redis://127.0.0.1:{proxy.port}",
            "KILLS_NOTES": str(Notes(folder / "notes").path),
            "KILLS_LEASE": "10",
        }
        started = await stack.enter_async_context(workers(2, folder, environment))
        clients = []
        async with asyncio.TaskGroup() as tasks:
            for number in range(2 * AT_ONCE):
                name = ("red", "blue")[number % 2]
                ports = [worker.port for worker in started]
                client = FickleClient(ports, name, Random(f"{seed} {number}"), leaves=1.0)
                client.proxy = proxy
                clients.append(client)
                share = -(-disconnects // (2 * AT_ONCE))
                tasks.create_task(read_streams(name, client, share, findings))
        for client in clients:
            findings.counts += client.counts
        outputs = [worker.output() for worker in started]
    findings.wrong += [f"a worker said: {output[:4000]}" for output in outputs if "Traceback" in output]
    return findings


def main(arguments=None):
    """Run both, and print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description="Cancel calls of a Redis log; look for foreign answers.")
    parser.add_argument("--cancels", type=int, default=2000, help="calls to cancel")
    parser.add_argument("--disconnects", type=int, default=1000, help="times that readers leave a worker")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    calls = asyncio.run(cancel_calls(options.cancels, options.seed))
    readers = asyncio.run(leave_streams(options.disconnects, options.seed))
    wrong = calls.wrong + readers.wrong
    sys.stdout.write(
        f"{calls.counts['calls']:,} calls of a log, {calls.counts['cancels']:,} cancelled, "
        f"{calls.counts['in flight']:,} of them with the answer on its way; "
        f"{calls.counts['streams']:,} streams looked at; {calls.foreign} foreign bytes\n"
        f"{readers.counts['disconnects']:,} readers of workers left, {readers.counts['in flight']:,} of them "
        f"with an answer to the worker on its way; {readers.counts['streams']:,} streams read to their end; "
        f"{readers.foreign} foreign bytes\n"
        f"{len(wrong)} wrong answers in {time.monotonic() - begun:.0f} s\n"
    )
    sys.stdout.write("".join(f"{fault}\n" for fault in wrong[:50]))
    return 1 if wrong or calls.foreign or readers.foreign else 0


if __name__ == "__main__":
    sys.exit(main())
