import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from componentstream.log import Entry
from tests.kills import store
from tests.kills.store_ledger import Ledger
from tests.kills.store_upstream import BATCH, digest, length, name, payload, place


@pytest.mark.parametrize("kind", store.STORES)
def test_three_kills_lose_nothing(kind, capsys):
    assert store.main(["--store", kind, "--kills", "3", "--seed", "5"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    figures = (
        r"{}, seed 5: 3 kills \((?:redis-server 3, )?writer \d, .*\); ([\d,]+) entries of \d+ streams in .*"
    )
    acknowledged = int(re.fullmatch(figures.format(kind), line)[1].replace(",", ""))
    assert acknowledged > 100
    assert "; 0 lost, 0 duplicate, 0 reordered, 0 wrong, 0 rewritten; " in line
    assert ("integrity_check ok 4 of 4" in line) == (kind == "sqlite")
    assert ("forgotten by Redis" in line) == (kind == "redis-everysec")


def test_a_fault_ends_in_status_1(monkeypatch, capsys):
    async def runs(self):
        self.ledger.fault("lost", "s0-0 is gone")

    monkeypatch.setattr(store.Run, "run", runs)
    assert store.main(["--store", "sqlite"]) == 1
    figures, fault = capsys.readouterr().out.splitlines()
    assert "; 1 lost, 0 duplicate, 0 reordered, 0 wrong, 0 rewritten; " in figures
    assert fault == "lost: s0-0 is gone"


def test_a_process_that_ended_by_itself_was_not_killed():
    async def main():
        child = store.Child("store_writer.py", {"none": "of this"}, print)
        await child.start()
        await child.process.wait()
        with pytest.raises(RuntimeError, match=r"^store_writer\.py ended by itself, with status 1$"):
            await child.kill()

    asyncio.run(main())


def test_a_writer_says_what_was_acknowledged_and_goes_on_where_it_was(tmp_path):
    given = {"url": f"sqlite:{tmp_path}/log.db", "seed": 1, "take_over": "open", "ttl": 10.0, "last": True}
    command = [sys.executable, str(Path(__file__).with_name("store_writer.py"))]
    said = []
    for life, slots in enumerate(([0], [0, 1])):
        terms = given | {"life": life, "places": [[slot, 0] for slot in slots]}
        done = subprocess.run([*command, json.dumps(terms)], capture_output=True, text=True, check=True)
        said.append([line.split() for line in done.stdout.splitlines()])
    first, second = said
    assert first[0] == ["took", "s0-0", "0"]
    assert {words[0] for words in first[1:-1]} == {"ack"}
    assert sum(int(words[3]) for words in first[1:-1]) == length(1, "s0-0")
    assert first[-1] == ["end", "s0-0"]
    assert [words for words in second if words[1] == "s0-0"] == [["end", "s0-0"]]


def test_a_payload_is_the_same_each_time_and_another_in_each_place():
    places = [(1, "s0-0", 1, 0), (2, "s0-0", 1, 0), (1, "s0-1", 1, 0), (1, "s0-0", 2, 0), (1, "s0-0", 1, 1)]
    assert len({payload(*at) for at in places}) == 5
    assert payload(*places[0]) == payload(*places[0])
    assert payload(1, "s", 1, 17).startswith(b"17 ")
    assert digest(payload(1, "s", 1, 17)).startswith("17-")
    assert digest(b"x 1").startswith("-1-")
    assert place(name(3, 14)) == (3, 14)


def entries(*numbers, life=0):
    return [Entry(seq=seq, payload=payload(1, "s0-0", seq, life)) for seq in numbers]


def pairs(*numbers, life=0):
    return [(entry.seq, digest(entry.payload)) for entry in entries(*numbers, life=life)]


def ledger(**options):
    """Return the ledger of a stream with four entries that were acknowledged, seen in the log, and read."""
    known = Ledger(1, **options)
    known.took("s0-0", 0)
    known.acknowledge("s0-0", 1, 4, 0)
    known.receive(0, "s0-0", pairs(1, 2))
    known.receive(0, "s0-0", pairs(3, 4))
    known.show("s0-0", entries(1, 2, 3, 4), 4)
    known.compare("s0-0", [0])
    assert known.faults == []
    return known


WRONG = {
    "lost: s0-0 has 3 entries, known were 4": lambda known: known.show("s0-0", entries(1, 2, 3), 4),
    "lost: s0-0 has 3 entries, known were 4 ": lambda known: known.show("s0-0", entries(1, 2, 3), 2),
    "lost: s0-0 stands at 3, acknowledged were 4": lambda known: known.took("s0-0", 3),
    "lost: s0-0 stands at 2, acknowledged were 4": lambda known: known.hole("s0-0", 2),
    "lost: reader 1 got 0 of 4 of s0-0": lambda known: known.compare("s0-0", [0, 1]),
    "lost: reader 0 of s0-0 was refused after 4: GapError": lambda known: known.told(
        0, "s0-0", 4, "GapError"
    ),
    "duplicate: reader 0 of s0-0 got 4 after 4": lambda known: known.receive(0, "s0-0", pairs(4)),
    "reordered: reader 0 of s0-0 got 6 after 4": lambda known: known.receive(0, "s0-0", pairs(6)),
    "reordered: s0-0 has entry 5 in place 4": lambda known: known.show("s0-0", entries(1, 2, 3, 5), 4),
    "reordered: s0-0 was acknowledged from 6 after 4": lambda known: known.acknowledge("s0-0", 6, 1, 0),
    "wrong: s0-0 was taken over at 17, acknowledged were 4": lambda known: known.took("s0-0", 5 + BATCH),
    "wrong: reader 0 got entry 5 of s0-0 that nobody said": lambda known: known.receive(
        0, "s0-0", [(5, digest(b"0 else"))]
    ),
    "wrong: entry 4 of s0-0 is what nobody said": lambda known: known.show(
        "s0-0", [*entries(1, 2, 3), Entry(seq=4, payload=b"0 else")], 4
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_the_ledger_sees_each_kind_of_fault(fault):
    known = ledger()
    WRONG[fault](known)
    assert known.faults == [fault.strip()]
    assert known.counts[fault.partition(":")[0]] == 1


def test_the_ledger_sees_that_something_was_written_anew():
    known = ledger()
    known.show("s0-0", [*entries(1, 2, 3), *entries(4, life=1)], 4)
    (fault,) = known.faults
    assert re.fullmatch(r"wrong: entry 4 of s0-0 is 1-\w+, acknowledged by life 0", fault)

    known = ledger()
    known.show("s0-0", entries(1, 2, 3, 4, 5), 4)
    known.show("s0-0", [*entries(1, 2, 3, 4), *entries(5, life=1)], 4)
    (fault,) = known.faults
    assert re.fullmatch(r"rewritten: entry 5 of s0-0 was 0-\w+", fault)

    known = ledger()
    known.receive(0, "s0-0", pairs(5))
    known.show("s0-0", [*entries(1, 2, 3, 4), *entries(5, life=1)], 4)
    known.compare("s0-0", [0])
    (fault,) = known.faults
    assert re.fullmatch(r"wrong: reader 0 of s0-0 got 0-\w+ as 5, the log has 1-\w+", fault)

    known = ledger()
    known.took("s0-0", 4)
    known.streams["s0-0"].acknowledged = 3
    known.acknowledge("s0-0", 4, 1, 1)
    assert known.faults == ["rewritten: entry 4 of s0-0 was acknowledged again"]


def test_what_is_ahead_of_the_acknowledgement_is_counted_and_no_fault():
    known = ledger()
    known.took("s0-0", 4)
    known.took("s0-0", 6)
    known.acknowledge("s0-0", 7, 1, 1)
    known.show("s0-0", [*entries(1, 2, 3, 4, 5, 6), *entries(7, life=1)], 7)
    assert known.faults == []
    assert (known.counts["ahead"], known.counts["adopted"], known.counts["taken"]) == (1, 2, 3)


def test_a_store_that_is_forgetful_may_forget_but_may_not_invent():
    known = ledger(forgetful=True)
    known.show("s0-0", entries(1, 2), 4)
    known.told(0, "s0-0", 4, "SequenceError")
    known.hole("s0-0", 2)
    known.acknowledge("s0-0", 3, 2, 0)
    known.show("s0-0", entries(1, 2, 3, 4), 4)
    known.compare("s0-0", [0])
    assert (known.faults, known.counts["forgotten"], known.counts["torn"]) == ([], 2, 0)

    known.took("s0-0", 3)
    known.acknowledge("s0-0", 4, 1, 1)
    known.show("s0-0", [*entries(1, 2, 3), *entries(4, life=1)], 4)
    known.compare("s0-0", [0])
    assert (known.faults, known.counts["forgotten"], known.counts["torn"]) == ([], 3, 1)

    known.show("s0-0", [*entries(1, 2, 3), Entry(seq=4, payload=b"1 else")], 4)
    known.show("s0-0", entries(1, 2, 4), 4)
    assert len(known.faults) == 2
