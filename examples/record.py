"""Turn a plain text into a recording: the chunks and the times in which a model might have sent it.

    python examples/record.py < answer.txt > answer.jsonl
    python examples/record.py --seed 7 answer.txt > answer.jsonl

A recording is JSON lines, each ``{"at": seconds since the start, "text": "chunk"}``. The chunks joined are
the text, to the character. One text and one seed always give the same recording, so that a text is enough
to keep. For a real answer write the same two fields yourself, whenever your model sends a chunk.
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# Shares of the chunks, each up to the next: empty, long, cut anywhere; the rest are words and signs.
_EMPTY, _LONG, _ANYWHERE = 0.01, 0.02, 0.25
_STALLS = 0.005
_TOKEN = re.compile(r"\s?\w{1,8}|[^\w\s]{1,6}|\s{1,8}")


def chunks(text: str, rng: random.Random) -> Iterator[str]:
    """Cut a text roughly as a tokenizer does, sometimes anywhere, sometimes into nothing or a long piece.

    Draws only from ``rng.random()``, the one method whose sequence Python promises to keep.
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
    """Yield the milliseconds of one chunk after another: a wait, then a steady stream with some stalls."""
    now = 350 + int(rng.random() * 100)
    while True:
        yield now
        stalls = rng.random() < _STALLS
        now += 200 + int(rng.random() * 700) if stalls else 10 + int(rng.random() * 31)


def record(text: str, seed: int = 0) -> Iterator[str]:
    """Yield the lines of the recording of ``text``, without line ends."""
    rng = random.Random(seed)  # noqa: S311, a reproducible sequence is wanted
    for chunk, milliseconds in zip(chunks(text, rng), times(rng), strict=False):
        yield json.dumps({"at": milliseconds / 1000, "text": chunk}, separators=(",", ":"))


def main() -> None:
    """Read a text as UTF-8 with its line ends as they are, and print its recording."""
    arguments = argparse.ArgumentParser(description="Turn a plain text into a recording of a model's stream.")
    arguments.add_argument("file", nargs="?", help="the text, in UTF-8; standard input if left out")
    arguments.add_argument("--seed", type=int, default=0, help="another number gives other cuts and times")
    options = arguments.parse_args()
    data = sys.stdin.buffer.read() if options.file is None else Path(options.file).read_bytes()
    for line in record(data.decode(), options.seed):
        print(line)


if __name__ == "__main__":
    main()
