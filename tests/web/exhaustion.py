"""Open thousands of streams for one user at a steady rate, and time the requests of another user meanwhile.

    python tests/web/exhaustion.py --opens 5000 --rate 250

Server, flood and the other user are processes of their own. The greedy user gets as many streams as the
settings of the server give one user by default, keeps them open, and is refused all others with 429. It ends
with 1 if it was not so, and with a traceback if a request of the other user failed.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.server import Principal, ServerSettings, create_app
from componentstream.server.serving import LocalServer
from componentstream.session.lifecycle import Timeouts

ASKED_EVERY = 0.02
COMPLETE = b'"message_stop","reason":"complete"'
SETTINGS = ServerSettings(
    rate_limit=None,
    authenticate=lambda request: Principal(request.headers["x-user"]),
    timeouts=Timeouts(generation=300.0, chunk=300.0),
    shutdown_grace=0.5,
)


async def answer(request):
    """Answer at once, or begin to and stall."""
    yield "/// START Hero\n<h1>Hi</h1>\n"
    if request.prompt == "stall":
        await asyncio.Event().wait()
    yield "/// END Hero\n"


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def serve():
    with LocalServer(create_app(answer, SETTINGS), port=0) as server:
        say(server.url)
        server.run()


async def ask(url, user, prompt):
    """Send a request; return the reader of its response, and the connection."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    body = json.dumps({"prompt": prompt})
    head = f"POST /generate HTTP/1.1\r\nHost: x\r\nX-User: {user}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    return reader, writer


async def flood(url, opens, rate):
    """Open streams at a rate, and return how many got which status."""
    statuses, kept = Counter(), []

    async def one():
        reader, writer = await ask(url, "greedy", "stall")
        status = int((await reader.readuntil(b"\r\n\r\n")).split()[1])
        statuses[status] += 1
        if status == 200:
            kept.append(writer)
        else:
            writer.close()

    began, tasks = time.monotonic(), []
    for number in range(opens):
        await asyncio.sleep(began + number / rate - time.monotonic())
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    for writer in kept:
        writer.close()
    return statuses


async def others(url, seconds):
    """Ask again and again for some seconds; return how long each answer took, the shortest first."""
    taken, end = [], time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        reader, writer = await ask(url, "other", "x")
        received = await reader.read()
        writer.close()
        if COMPLETE not in received:
            raise RuntimeError(f"The other user got {received!r}.")
        taken.append(time.monotonic() - began)
        await asyncio.sleep(ASKED_EVERY)
    return sorted(taken)


@contextmanager
def running(*options):
    command = [sys.executable, __file__, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def measure(opens, rate):
    """Return the times of the other user's requests alone and beside the flood, and the flood's statuses."""
    with running("--serve") as server:
        url = server.stdout.readline().strip()
        asyncio.run(others(url, 1.0))
        alone = asyncio.run(others(url, opens / rate))
        with running("--flood", url, "--opens", str(opens), "--rate", str(rate)) as flooding:
            beside = asyncio.run(others(url, opens / rate))
            statuses = json.loads(flooding.stdout.readline())
    return alone, beside, statuses


def main():
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Exhaust the share of one user, and time another.")
    parser.add_argument("--opens", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=250.0, help="opens a second")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--flood", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return 0
    if options.flood:
        say(json.dumps(asyncio.run(flood(options.flood, options.opens, options.rate))))
        return 0
    alone, beside, statuses = measure(options.opens, options.rate)
    for name, taken in (("alone", alone), ("beside the flood", beside)):
        at = [f"{part} % {taken[len(taken) * part // 100] * 1000:.1f} ms" for part in (50, 99)]
        say(f"{len(taken)} requests of the other user {name}: {', '.join(at)}")
    say(f"{options.opens} opens of the greedy user, {options.rate:g} a second: {statuses}")
    share = SETTINGS.max_generations_per_user
    return 0 if statuses == {"200": share, "429": options.opens - share} else 1


if __name__ == "__main__":
    sys.exit(main())
