"""Runs every case of ``vectors/wire/`` on the decoder, in many cuttings; tests/browser runs them on Node."""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from componentstream.core.errors import WireError
from componentstream.wire import SSEDecoder

VECTORS = Path(__file__).parent / "vectors" / "wire"
CASES = json.loads((VECTORS / "sse.json").read_text(encoding="ascii"))


def stream_of(case):
    """Return the bytes of a case."""
    return case["bytes"].encode("latin-1") if "bytes" in case else case["text"].encode()


def cuts(stream):
    """Whole, byte by byte, at every place in two, and at random; long streams at fewer places."""
    rng = random.Random(len(stream))
    step = 1 + len(stream) // 400
    yield [stream]
    yield [stream[at : at + 1] for at in range(len(stream))]
    yield from ([stream[:at], stream[at:]] for at in range(1, len(stream), step))
    for _ in range(5):
        places = sorted(rng.choices(range(len(stream) + 1), k=20))
        yield [stream[a:b] for a, b in pairwise([0, *places, len(stream)])]


def expected(case):
    """Return the outcome that a case has in any cutting."""
    failure = "WireError" if case.get("wrong") else None
    outcome = {"events": case["events"], "id": case["id_after"], "failure": failure}
    return {**outcome, "retry": case.get("retry")}


def decoded(stream, last_event_id):
    decoder = SSEDecoder(last_event_id=last_event_id)
    events, failure = [], None
    try:
        for piece in (*stream, b""):
            events += [event.to_dict() for event in decoder.feed(piece)]
    except WireError:
        failure = "WireError"
    return {"events": events, "id": decoder.last_event_id, "failure": failure, "retry": decoder.retry}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_has_its_outcome_at_any_cut(case):
    assert case["rule"].endswith(".")
    for pieces in cuts(stream_of(case)):
        assert decoded(pieces, case.get("last_event_id", "")) == expected(case)


def test_the_cases_are_different_and_show_every_type_of_event():
    assert len({case["id"] for case in CASES}) == len(CASES)
    types = {event["type"] for case in CASES for event in case["events"]}
    assert len(types) == 10
    assert {json.loads(line[6:])["type"] for case in CASES if case["id"].startswith("wrong-")
            for line in case["text"].splitlines() if line.startswith("data: ")} == types  # fmt: skip
