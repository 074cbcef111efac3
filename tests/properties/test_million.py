import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import attrs
import pytest

from componentstream.core.events import ContentBlockDelta
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from tests.oracle import parse_whole
from tests.properties import million


def test_a_small_run_finds_no_difference():
    tally = million.run_batch((7, 0, 60))
    assert tally.failed is None
    assert (tally.documents, tally.parses) == (60, 60 * million.PARSES_PER_DOCUMENT)
    lengths = [len(million.make_case(7, at).text) for at in range(60)]
    assert tally.chars == million.PARSES_PER_DOCUMENT * sum(lengths)


def test_documents_reach_every_rule_of_recovery_sections_and_tildes():
    rules = Counter()
    for case in (million.make_case(7, at) for at in range(1_500)):
        parse_whole(case.text, grammar=case.grammar, limits=case.limits, rules=rules)
    recovery = {"R4", "R5", "R6", "R7", "R9", "R11", "R12", "R13", "R14"}
    assert {rule for rule, times in rules.items() if times > 1} >= {*recovery, "S12", "F13", "F14"}


def test_a_document_is_the_same_each_time():
    assert million.make_case(3, 4) == million.make_case(3, 4)
    assert million.make_case(3, 4) != million.make_case(3, 5)


def test_cuttings_are_whole_single_and_random():
    whole, single, *some = million.cuttings(random.Random(1), "abcd")
    assert (whole, single) == ((), (1, 2, 3))
    assert len(some) == million.PARSES_PER_DOCUMENT - 2


class LosesCarriageReturns(ComponentParser):
    """Forgets a CR that ends a chunk."""

    def feed(self, text):
        return super().feed(text.removesuffix("\r"))


class Raises(ComponentParser):
    def feed(self, text):
        if "`" in text:
            raise ValueError("a backtick")
        return super().feed(text)


class Hoards(ComponentParser):
    @property
    def pending(self):
        return "x" * 10_000


@pytest.mark.parametrize(
    ("parser_type", "text", "fault"),
    [
        (LosesCarriageReturns, "x\r", "output 1\nparser: (0, 'x')\noracle: (0, 'x\\r')"),
        (Raises, "`", "ValueError: a backtick"),
        (Hoards, "", "10000 characters are held"),
    ],
)
def test_a_broken_parser_is_found_and_its_case_is_shrunk(parser_type, text, fault):
    tally = million.run_batch((1, 0, 500), parser_type)
    assert tally.failed
    assert tally.where.endswith("of seed 1")
    small = million.shrink(tally.failed, lambda case: million.fault_of(case, parser_type) is not None)
    assert (small.grammar, small.limits) == (Grammar(), Limits())
    assert len(small.text) == len(text)
    assert million.fault_of(attrs.evolve(small, text=text, cuts=()), parser_type).startswith(fault)


def test_a_missing_event_is_a_difference():
    class NeverCloses(ComponentParser):
        def close(self):
            super().close()
            return []

    case = million.Case(Grammar(), Limits(), "x")
    expected = million.plain(ComponentParser().feed("x"))
    assert million.find_fault(case, [*expected, "more"], NeverCloses) == (
        "parser gives 2 outputs, oracle 3: 'more'"
    )


def test_plain_joins_only_adjacent_deltas_of_one_block():
    deltas = [ContentBlockDelta(0, "a"), ContentBlockDelta(0, "b"), ContentBlockDelta(1, "c")]
    assert million.plain(deltas) == [(0, "ab"), (1, "c")]


def test_a_case_is_described_by_what_is_not_default():
    case = million.Case(Grammar(fences="keep"), Limits(max_depth=2), "a\ud800", (1,))
    assert case.describe() == (
        "grammar = Grammar(fences='keep')\nlimits = Limits(max_depth=2)\nchunks = ['a', '\\ud800']"
    )


def test_the_script_prints_its_counts(tmp_path):
    script = Path(million.__file__)
    done = subprocess.run(
        [sys.executable, script, "--parses", "50", "--seed", "5", "--jobs", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("seed 5: 10 documents, 50 parses, ")
    assert done.stdout.endswith("\nno difference\n")
    assert done.returncode == 0
