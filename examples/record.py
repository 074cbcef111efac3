"""Turn a plain text into a recording, with chunks and times like those of a model.

    python examples/record.py < answer.txt > answer.jsonl
    python examples/record.py --seed 7 answer.txt > answer.jsonl

A recording is JSON lines, each ``{"at": seconds since the start, "text": "chunk"}``. The joined chunks are
exactly the text. The same text and seed always give the same recording, so only the text needs to be kept.
To record a real answer, write these two fields whenever your model sends a chunk.
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# Cumulative shares of the chunks: empty, long, cut anywhere; the rest are words and punctuation.
_EMPTY, _LONG, _ANYWHERE = 0.01, 0.02, 0.25
_STALLS = 0.005
_TOKEN = re.compile(r"\s?\w{1,8}|[^\w\s]{1,6}|\s{1,8}")


def chunks(text: str, rng: random.Random) -> Iterator[str]:
    """Cut a text roughly as a tokenizer does, with some arbitrary, empty and long chunks.

    It uses ``rng.random()`` only, the one method whose sequence Python guarantees across versions.
    """
    at = 0
    while at < len(text):
        kind = rng.random()
        token = _TOKEN.match(text, at)
        if kind < _EMPTY:
            size = 0
        elif kind < _LONG:
            size = 20 + int(rng.random() * 40)
        elif kind < _ANYWHERE or token is None:
            size = 1 + int(rng.random() * 8)
        else:
            size = token.end() - at
        yield text[at : at + size]
        at += size


def times(rng: random.Random) -> Iterator[int]:
    """Yield the time of each chunk in milliseconds: a wait, then a steady stream with some stalls."""
    now = 350 + int(rng.random() * 100)
    while True:
        yield now
        stalls = rng.random() < _STALLS
        now += 200 + int(rng.random() * 700) if stalls else 10 + int(rng.random() * 31)


def record(text: str, seed: int = 0) -> Iterator[str]:
    """Yield the lines of the recording of ``text``, without line ends."""
    rng = random.Random(seed)  # noqa: S311 - a reproducible sequence is needed
    for chunk, milliseconds in zip(chunks(text, rng), times(rng), strict=False):
        yield json.dumps({"at": milliseconds / 1000, "text": chunk}, separators=(",", ":"))


def main() -> None:
    """Read a UTF-8 text, without converting its line ends, and print its recording."""
    arguments = argparse.ArgumentParser(description="Turn a plain text into a recording of a model's stream.")
    arguments.add_argument("file", nargs="?", help="UTF-8 text file (default: standard input)")
    arguments.add_argument("--seed", type=int, default=0, help="seed of the cuts and times (default: 0)")
    options = arguments.parse_args()
    data = sys.stdin.buffer.read() if options.file is None else Path(options.file).read_bytes()
    for line in record(data.decode(), options.seed):
        print(line)


if __name__ == "__main__":
    main()
