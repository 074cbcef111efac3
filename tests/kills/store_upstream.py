"""What every process of a kill run knows: the names of its streams, their lengths, and what is said in them.

All of it follows from a seed, so that a checker knows each payload without having been told. A payload says
in which life of the producer it was written: what one life wrote and another wrote again would be seen.
"""

import hashlib
import os
import random
import sys

OWNER = "ada"
BATCH = 12
"""Most entries of one append."""

_LONGEST = 2000


def name(slot, index):
    return f"s{slot}-{index}"


def place(stream):
    """Return the slot and the index of a stream."""
    slot, _, index = stream[1:].partition("-")
    return int(slot), int(index)


def length(seed, stream):
    """Return how many entries a stream has in the end."""
    return random.Random(f"{seed} {stream}").randint(50, 400)


def payload(seed, stream, seq, life):
    said = f"{seed} {stream} {seq} {life}".encode()
    size = int.from_bytes(hashlib.sha256(said).digest()[:2], "big") % _LONGEST
    return b"%d " % life + hashlib.shake_256(said).digest(size)


def digest(said):
    """Return the life that wrote a payload, -1 if it cannot be told, and a digest of all of it."""
    head = said.partition(b" ")[0]
    life = int(head) if head.isdigit() else -1
    return f"{life}-{hashlib.sha256(said).hexdigest()[:16]}"


def life_of(known):
    """Return the life in a digest."""
    return int(known.rpartition("-")[0])


def say(*words):
    """Tell whoever started this process; once it has returned, the line is in the pipe, and outlives us."""
    os.write(sys.stdout.fileno(), " ".join(map(str, words)).encode() + b"\n")
