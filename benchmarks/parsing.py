"""The time of one chunk: ours, what no parser can undercut, and other parsers."""

from functools import partial
from typing import Final, TypeAlias

from clock import Pass, best_of, calling, feeding
from peers import PEERS, Peer
from workloads import Workload, WrongOutputError, check, cut, parser

from componentstream import ContentBlockDelta, Event

FLOORS: Final = ("floor", "loop", "find_prefix", "find_lines")

Row: TypeAlias = dict[str, object]


class Floor:
    """The least that can be done behind our interface: one delta for each chunk, whatever it is."""

    def feed(self, text: str) -> list[Event]:
        """Return the chunk as a delta."""
        return [ContentBlockDelta(0, text)]

    def close(self) -> list[Event]:
        """Return nothing."""
        return []


def loop(chunks: list[str]) -> None:
    """Make one delta for each chunk and drop it."""
    for chunk in chunks:
        ContentBlockDelta(0, chunk)


def find_all(needle: str, chunks: list[str]) -> int:
    """Find the needle everywhere in every chunk; return how many there are."""
    count = 0
    step = len(needle)
    for chunk in chunks:
        at = chunk.find(needle)
        while at >= 0:
            count += 1
            at = chunk.find(needle, at + step)
    return count


def check_floors(workload: Workload, size: int) -> None:
    """See that the floors do what they are said to do.

    Raises:
        WrongOutputError: one does not.
    """
    chunks = cut(workload.text, size)
    floor = Floor()
    right = {
        "cut": "".join(chunks) == workload.text,
        "floor": [event for chunk in chunks for event in floor.feed(chunk)]
        == [ContentBlockDelta(0, chunk) for chunk in chunks],
        "find_prefix": find_all("///", chunks) == sum(chunk.count("///") for chunk in chunks),
        "find_lines": find_all("\n", chunks) == workload.text.count("\n"),
    }
    for name, is_right in right.items():
        if not is_right:
            raise WrongOutputError(f"{name} did not do its work on {workload.name} in chunks of {size}.")


def _per_chunk(total: int, characters: int, size: int) -> float:
    """Return the time of a full chunk; one that is not full counts as the part of one that it is."""
    return total / max(1, characters / size)


def _peer_chunks(peer: Peer, workload: Workload, size: int) -> tuple[list[bytes], int]:
    document = peer.write(workload)
    return [chunk.encode() for chunk in cut(document, size)], len(document)


def measure(workload: Workload, size: int, repeat: int) -> tuple[Row, list[Row]]:
    """Check all sides on one workload at one size of chunks, time them in turn.

    Returns:
        A row for ours and the floors, and a row for each peer that is installed.
    """
    chunks = cut(workload.text, size)
    check_floors(workload, size)
    check("componentstream", parser, chunks, workload)
    sides: dict[str, Pass] = {
        "floor": feeding(Floor, chunks),
        "loop": calling(lambda: loop(chunks)),
        "find_prefix": calling(lambda: find_all("///", chunks)),
        "find_lines": calling(lambda: find_all("\n", chunks)),
        "ours": feeding(parser, chunks),
    }
    lengths = dict.fromkeys(sides, len(workload.text))
    for peer in PEERS:
        if not peer.missing:
            data, lengths[peer.name] = _peer_chunks(peer, workload, size)
            make = partial(peer.make, workload)
            check(peer.name, make, data, workload)
            sides[peer.name] = feeding(make, data)
    best = best_of(sides, repeat)
    times = {name: _per_chunk(total, lengths[name], size) for name, total in best.items()}
    return _row(workload, size, times), [
        {
            "workload": workload.name,
            "size": size,
            "peer": peer.name,
            "ns": times[peer.name],
            "ours_ns": times["ours"],
            "peer_to_ours": times[peer.name] / times["ours"],
        }
        for peer in PEERS
        if peer.name in times
    ]


def _row(workload: Workload, size: int, times: dict[str, float]) -> Row:
    return {
        "workload": workload.name,
        "characters": len(workload.text),
        "size": size,
        "ns": {name: times[name] for name in (*FLOORS, "ours")},
        "ours_to": {name: times["ours"] / times[name] for name in FLOORS},
    }
