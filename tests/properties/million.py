"""Compare the parser with the oracle on a million seeded parses.

    python tests/properties/million.py --parses 1000000 --seed 1 --jobs 2

Document number N of seed S is always the same: a grammar, limits and a text. The oracle reads it whole, the
parser reads it whole, one character at a time and in random chunks. The first difference is shrunk, printed
as a case that can be pasted into a test, and ends the run with status 1. The rules of recovery, sections and
tildes are counted, once a document each time they decide, to show that the documents reach them.
"""

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise, product
from pathlib import Path

import attrs

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta, ErrorEvent, Event
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.testing import EventVerifier
from tests.oracle import parse_whole

PARSES_PER_DOCUMENT = 5
_BATCH = 200
_THOROUGH_EVERY = 8
_RESTORED_CUTS = 3

_WHITE = " \t\u00a0\u1680\u2000\u200a\u202f\u205f\u3000"
_ODD = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\x00\u200b\ufeff\u202e\u180e\ud800\udc00é日😀\uff0f"
_SMALL = " /`~A=,;:'\"-\n\r\t"
_MARKERS = (
    "{p} {s} A\n", "{p} {s} B position=hero\n", "{p} {s} A x=1 y='a b' z=''\n", "{p} {e} A\n", "{p} {e} A\n",
    "{p} {e} B\n", "{p}{s} A\r\n", "  {p}\t{e}\u00a0A \r\n", "{p} {s} Nav.Item POSITION=x position=HEADER\n",
)  # fmt: skip
_NEAR = (
    "{p} {s}", "{p} {e}", "{p} {s}\n", "{p} {s} \r\n", "{p} {s}\rX\n", "{p} {s}ED A\n", "{p}/ {s} A\n",
    "/{p} {s} A\n", "{p} {l} A\n", "{p} {s} A", "{p} {e} A", "{p} {s} 9\n", "{p} {s} A extra\n",
    "{p} {s} 9 9\n",
    "{p} {e} A x=1\n", "{p} {s} A position=moon\n", "{p} {s} A x=1 x=2\n", '{p} {s} A x="1\n', "{p} {e} C\n",
    "{p} {s} A x='1'y=2\n", "{p} {s} A x=<\n", "{p} {s} \u200bA\n", "{p} {s} A..b\n", "{p}", "{p} ", "{s}",
    "{e}", "{p}\n", "{p} {s} A\r",
)  # fmt: skip
# Slips that recovery repairs, and their neighbours that it leaves alone.
_SLIPS = (
    "{p} {e}\n", "{p} {e}\r\n", "{p} {e}\n", "{p} {e} ///\n", "{p} {e} */}}\n", "{p} {e} A;\n",
    "{p} {e} A.\n", "{p} {e} B>\n", "{p} {e} A -->\n", "{p} {e} B position=hero\n", "{p} {e} a\n",
    "{p} {e} b;\n", "{p} {e} A-\n", "{p} {e} A-x\n", "{p} {e} AB\n", "{p} {e} A.B\n", "{p} {e} A_\n",
    "{p} {e} A now\n", "{p} {e} A;", "{p} {e} B x", "{p} {e} a", "{p} {e} A\r\r\n", "{p} {s} A,\n",
    "{p} {s} A:\n", "{p} {s} B position=hero,\n", "{p} {s} A; position: root\n",
    "{p} {s} B position: hero, x=1;\n", "{p} {s} A section position=hero\n",
    "{p} {s} A x=\"it's\" position=hero\n", '{p} {s} B x="1 position=hero\n', "{p} {s} B position=<\n",
    "{p} {s} A position= x=1\n", '{p} {s} A position="a&b" position=hero\n', "{p} {s} B position=moon,\n",
    "{p} {s} A -->\n", "{p} {s} B {{\n", "{p} {s} A.\n", "{p} {s} A-b x=1\n", "{p} {s} b x=1,\n",
    "{p} {s} b,\n", "{p} {s} Then loop\n", "{p} {s} of it\n", "{p} {s} A 'x=1 y=2' z=3\n",
    "{p} {s} A x:'1 y=2' z=3\n", "{p} {s} A x = 1, y= '2'\n", "{p} {s} A x=1,y=2 z=,\n",
    '{p} {s} A x="1"y="2"z=3\n', "{p} {s} A,", "{p} {s} A.b\n", "{p} {s} A x=1 x=2 y=3\n",
    "{p} {s} C,, x=1\n",
)  # fmt: skip
_PARTS = (
    "{p} {s} C position=root\n", "{p} {s} B position=main\n", "{p} {s} A.B position=hero\n", "{p} {s} A.B\n",
    "{p} {s} B position=ROOT x=1\n", "{p} {e} A.B\n",
)  # fmt: skip
_SLOPPY_STARTS = (
    "", " position=hero", " position=hero", " position=root", ",", " position: nav", " x=1, y=2;", " /",
)  # fmt: skip
_SLOPPY_ENDS = ("", "", "", ";", " x=1", " -->", "-", "\r")
_MORSELS = (
    "A", "a", "B", "Ab", "A.B", "position", "position=", "position:", "x=", "y=", "x", "1", "hero", "root",
    "moon", "=", ":", ",", ";", " ", " ", " ", "\u00a0", "'", '"', "'", '"', "&", "<", "-", ".", "/", "_",
    "é", "\r", "\u200b",
)  # fmt: skip
_FENCES = (
    "```\n", "```\n", "```jsx\n", "```", "``", " ```\t\r\n", "````\n", "```c++ \n", "``` jsx\n", "```\r",
    "```x`\n", "```" + "j" * 128 + "\n", "```" + "j" * 129 + "\n", "~~~\n", "~~~\n", "~~~tsx a.tsx\n",
    "~~~", "~~", " ~~~~ \r\n", "~~~ ~\n", "~~~`\n", "~~~\r", "~~~\u00a0j\n", "```tsx:src/a.tsx {{1,2}}\n",
    "```~~~\n", "~~~```\n", "~~~  " + "j" * 127 + "\u3000\n", "``` j" + " " * 126 + "j\n",
    "``` j" + " " * 127 + "j\n",
)  # fmt: skip
_TEXTS = (
    "x",
    "text\n",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "  <p>\n",
    "// no\n",
    "\r",
    "export ();\n",
    "",
    "é日😀\n",
)
_LONG = (
    "x", " ", "/", "`", "~", "{p} {s} A x=", "{p} {s} A, x=", "{p} {e} ", "{p} {e} A ", "{p} ", "```",
    "``` ", "~~~", "~~~j ", "{p} {s} ", "\r",
)  # fmt: skip


@attrs.frozen
class Words:
    """The pieces of text of one language."""

    pieces: list[str]
    long: list[str]
    start: str
    end: str

    def slip(self, rng: random.Random) -> str:
        """Return a candidate whose rest is put together at random."""
        rest = "".join(rng.choices(_MORSELS, k=rng.randint(1, 9)))
        return rng.choice((self.start, self.end)) + rng.choice(("", "A", "A ", "B ", "A x=1 ")) + rest + "\n"


@attrs.frozen
class Case:
    """A text to parse, and its cuts."""

    grammar: Grammar
    limits: Limits
    text: str
    cuts: tuple[int, ...] = ()

    def chunks(self) -> list[str]:
        return [self.text[a:b] for a, b in pairwise((0, *self.cuts, len(self.text)))]

    def describe(self) -> str:
        return (
            f"grammar = Grammar({_settings(self.grammar, Grammar())})\n"
            f"limits = Limits({_settings(self.limits, Limits())})\n"
            f"chunks = {self.chunks()!a}"
        )


def _settings(value: object, default: object) -> str:
    names = [field.name for field in attrs.fields(type(value)) if field.init]
    given = {name: getattr(value, name) for name in names}
    return ", ".join(f"{name}={it!r}" for name, it in given.items() if it != getattr(default, name))


def _grammars() -> list[Grammar]:
    policies = [
        Grammar(nesting=nesting, fences=fences, outside=outside, strict=strict, recover=recover)
        for nesting, fences, outside, (strict, recover) in product(
            ("sections", "sections", "nest", "close", "text"),
            ("strip", "strip", "keep"),
            ("emit", "emit", "discard"),
            ((False, True), (False, True), (False, True), (False, False), (True, True)),
        )
    ]
    policies += [Grammar(default_position="root"), Grammar(default_position="root", nesting="nest")]
    others = [
        Grammar(prefix=prefix, start=start, end=end, positions={"main", "hero"})
        for prefix in ("/", "@@", "A")
        for start, end in (("EN", "END"), ("STARTED", "START"), ("A", "B"))
    ]
    return policies + others


def _words(grammar: Grammar) -> Words:
    names = {"p": grammar.prefix, "s": grammar.start, "e": grammar.end, "l": grammar.start.swapcase()}
    weighted = [*_MARKERS * 4, *_NEAR, *_SLIPS, *_PARTS * 2, *_FENCES, *_TEXTS * 3]
    return Words(
        pieces=[piece.format(**names) for piece in weighted],
        long=[piece.format(**names) for piece in _LONG],
        start="{p} {s} ".format(**names),
        end="{p} {e} ".format(**names),
    )


GRAMMARS = [(grammar, _words(grammar)) for grammar in _grammars()]


def make_case(seed: int, number: int) -> Case:
    """Return document `number` of `seed`."""
    rng = random.Random(seed * 1_000_003 + number)
    grammar, words = rng.choice(GRAMMARS)
    text = _make_text(rng, words)
    return Case(grammar, _make_limits(rng, text), text)


def _make_limits(rng: random.Random, text: str) -> Limits:
    """Return limits that are default, small, or close to the needs of the text."""
    if rng.random() < 0.4:
        return Limits()
    line = rng.choice(text.split("\n"))
    near = {
        "max_marker_chars": rng.choice((len(line) + rng.randint(-2, 1), rng.randint(1, 40))),
        "max_component_chars": rng.randint(1, 40),
        "max_components": rng.randint(1, 4),
        "max_depth": rng.randint(1, 3),
        "max_total_chars": rng.randint(1, len(text) + 2),
        "max_errors": rng.randint(1, 4),
    }
    return Limits(**{name: max(1, value) for name, value in near.items() if rng.random() < 0.3})


def _make_text(rng: random.Random, words: Words) -> str:
    kind = rng.random()
    if kind < 0.2:
        return _page(rng, words)
    if kind < 0.4:
        return _damaged(rng, _page(rng, words), words)
    if kind < 0.55:
        return _sloppy(rng, words)
    pieces = rng.choices(words.pieces, k=rng.randint(1, 12))
    if rng.random() < 0.5:
        pieces = [words.slip(rng) if rng.random() < 0.3 else piece for piece in pieces]
    text = "".join(pieces)
    if kind < 0.8:
        return text
    if kind < 0.9:
        head, body = rng.choices(words.long, k=2)
        long = head + body * rng.choice((rng.randint(1, 45), rng.randint(1, 45), rng.randint(505, 515)))
        return text[: rng.randint(0, len(text))] + long + rng.choice(words.pieces) + text[:20]
    return _damaged(rng, text, words)


def _page(rng: random.Random, words: Words) -> str:
    """Return a page whose components are all closed, fenced at times."""
    out: list[str] = []
    closing: list[str] = []
    end = rng.choice(("\n", "\n", "\r\n"))
    for _ in range(rng.randint(1, 12)):
        step = rng.random()
        if step < 0.35:
            out.append(rng.choice(_TEXTS) + end)
        elif step < 0.7 or not closing:
            name = rng.choice("ABC")
            outer, inner = rng.random() < 0.2, rng.random() < 0.3
            extra = rng.choice(("", "", " position=hero", " x='1 2'", " position=root", " position=main,"))
            run = rng.choice(("```", "```", "~~~"))
            out.append(f"{f'{run}jsx{end}' * outer}{words.start}{name}{extra}{end}{f'{run}{end}' * inner}")
            slip = rng.choice(("", "", "", ";", " position=hero"))
            closing.append(f"{f'{run}{end}' * inner}{words.end}{name}{slip}{end}{f'{run}{end}' * outer}")
        else:
            out.append(closing.pop())
    return "".join([*out, *reversed(closing)])


def _sloppy(rng: random.Random, words: Words) -> str:
    """Return a page with a slip in most markers, some ENDs missing, and fences around bodies."""
    out: list[str] = []
    names: list[str] = []
    fences: list[str] = []
    for _ in range(rng.randint(2, 14)):
        step = rng.random()
        if step < 0.4 or not names:
            names.append(rng.choice(("A", "B", "a", "A.B")))
            fences.append(rng.choice(("", "```", "~~~")))
            opening = words.start + names[-1] + rng.choice(_SLOPPY_STARTS)
            out += [opening, *[fences[-1]] * bool(fences[-1])]
        elif step < 0.55:
            out.append(words.start + rng.choice(("A.", "B-b x=1", "a", "of it", "Then it", "9")))
        elif step < 0.65:
            out.append(rng.choice(("x", "```", "~~~", "")))
        else:
            name, fence = names.pop(), fences.pop()
            wrong = rng.choice((name, name.swapcase(), "", ""))
            closing = words.end + wrong + rng.choice(_SLOPPY_ENDS)
            missing = rng.random() < 0.3
            out += [*[fence] * bool(fence), *[closing] * (not missing)]
    return "\n".join(out) + rng.choice(("\n", "", "", "\r\n"))


def _damaged(rng: random.Random, text: str, words: Words) -> str:
    for _ in range(rng.randint(1, 3)):
        first, last = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        last = min(last, first + 12)
        insert = rng.choice(
            (
                "",
                text[first:last] * 2,
                rng.choice(words.pieces),
                rng.choice(_ODD),
                rng.choice(_WHITE),
                "".join(rng.choices(_SMALL, k=rng.randint(1, 5))),
            )
        )
        text = text[:first] + insert + text[last:]
    return text


def cuttings(rng: random.Random, text: str) -> list[tuple[int, ...]]:
    """Return the ways in which one document is cut."""
    size = len(text)
    some = [tuple(sorted(rng.choices(range(size + 1), k=k))) for k in (1, 3, rng.randint(2, 20))]
    return [(), tuple(range(1, size)), *some]


def plain(events: Iterable[Event]) -> list[object]:
    """Return the events in a form to compare: deltas joined, errors without their messages."""
    out: list[object] = []
    index = -1
    texts: list[str] = []
    for event in events:
        if type(event) is ContentBlockDelta:
            if event.index != index and texts:
                out.append((index, "".join(texts)))
                texts = []
            index = event.index
            texts.append(event.text)
            continue
        if texts:
            out.append((index, "".join(texts)))
            texts = []
        if type(event) is ErrorEvent:
            flags = (event.fatal, event.retryable, event.recovered)
            out.append((event.code, flags, event.line, event.index, event.span))
        else:
            out.append(event)
    return [*out, (index, "".join(texts))] if texts else out


def find_fault(
    case: Case,
    expected: list[object],
    parser_type: type[ComponentParser] = ComponentParser,
    *,
    thorough: bool = False,
) -> str | None:
    """Parse the case; return the fault of the result, None if it is right.

    A `thorough` parse also checks the order of the events, and saves and restores the parser between chunks
    if they are few.
    """
    parser = parser_type(grammar=case.grammar, limits=case.limits)
    held = 2 * (case.limits.max_marker_chars + 2)
    events: list[Event] = []
    try:
        for chunk in case.chunks():
            events += parser.feed(chunk)
            if len(parser.pending) > held:
                return f"{len(parser.pending)} characters are held"
            if thorough and len(case.cuts) <= _RESTORED_CUTS:
                saved = json.loads(json.dumps(parser.snapshot()))
                parser = parser_type.restore(saved, grammar=case.grammar, limits=case.limits)
        events += parser.close()
        if thorough:
            verifier = EventVerifier()
            verifier.check_all(events)
            verifier.finish()
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return _first_difference(plain(events), expected)


def _first_difference(found: list[object], expected: list[object]) -> str | None:
    if found == expected:
        return None
    for at, (one, other) in enumerate(zip(found, expected, strict=False)):
        if one != other:
            return f"output {at}\nparser: {one!a}\noracle: {other!a}"
    return f"parser gives {len(found)} outputs, oracle {len(expected)}: {(found + expected)[-1]!a}"


def fault_of(case: Case, parser_type: type[ComponentParser] = ComponentParser) -> str | None:
    """Parse the case with both; return the fault, None if they agree."""
    expected = plain(parse_whole(case.text, grammar=case.grammar, limits=case.limits))
    return find_fault(case, expected, parser_type, thorough=True)


def shrink(case: Case, still_fails: Callable[[Case], bool]) -> Case:
    """Return a smaller case that still fails: settings to their defaults, cuts and characters away."""
    before = None
    while before != case:
        before = case
        for name, field in _SETTINGS:
            simpler = _with_default(case, name, field)
            if still_fails(simpler):
                case = simpler
        for cut in case.cuts:
            fewer = attrs.evolve(case, cuts=tuple(other for other in case.cuts if other != cut))
            if still_fails(fewer):
                case = fewer
        size = len(case.text)
        while size:
            at = 0
            while at + size <= len(case.text):
                shorter = _without(case, at, at + size)
                if still_fails(shorter):
                    case = shorter
                else:
                    at += 1
            size //= 2
    return case


_SETTINGS = [
    (name, field.name)
    for name, type_ in (("grammar", Grammar), ("limits", Limits))
    for field in attrs.fields(type_)
]


def _with_default(case: Case, name: str, field: str) -> Case:
    """Return the case with one setting at its default, the case itself where that cannot be."""
    value = getattr(case, name)
    default = getattr(type(value)(), field)
    try:
        return attrs.evolve(case, **{name: attrs.evolve(value, **{field: default})})
    except UsageError:
        return case


def _without(case: Case, first: int, last: int) -> Case:
    gone = last - first
    cuts = tuple(cut if cut <= first else max(first, cut - gone) for cut in case.cuts)
    return attrs.evolve(case, text=case.text[:first] + case.text[last:], cuts=cuts)


@attrs.define
class Tally:
    """The figures of a run, how often rules decided, and the first case that failed."""

    documents: int = 0
    parses: int = 0
    feeds: int = 0
    chars: int = 0
    rules: Counter[str] = attrs.field(factory=Counter)
    failed: Case | None = None
    where: str = ""

    def add(self, other: "Tally") -> None:
        self.documents += other.documents
        self.parses += other.parses
        self.feeds += other.feeds
        self.chars += other.chars
        self.rules += other.rules
        self.failed, self.where = other.failed, other.where


def run_batch(job: tuple[int, int, int], parser_type: type[ComponentParser] = ComponentParser) -> Tally:
    """Compare the documents `first` to `last` of a seed, as far as the first failure."""
    seed, first, last = job
    tally = Tally()
    for number in range(first, last):
        case = make_case(seed, number)
        events = parse_whole(case.text, grammar=case.grammar, limits=case.limits, rules=tally.rules)
        expected = plain(events)
        tally.documents += 1
        for cuts in cuttings(random.Random(number), case.text):
            cut = attrs.evolve(case, cuts=cuts)
            tally.parses += 1
            tally.feeds += len(cuts) + 1
            tally.chars += len(case.text)
            if find_fault(cut, expected, parser_type, thorough=number % _THOROUGH_EVERY == 0):
                tally.failed, tally.where = cut, f"document {number} of seed {seed}"
                return tally
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison; return the exit status."""
    options = argparse.ArgumentParser(description="Compare the parser with the oracle.")
    options.add_argument("--parses", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=1)
    given = options.parse_args(arguments)
    documents = -(-given.parses // PARSES_PER_DOCUMENT)
    jobs = [(given.seed, first, min(first + _BATCH, documents)) for first in range(0, documents, _BATCH)]
    begun = time.monotonic()
    total = Tally()
    with multiprocessing.Pool(given.jobs) as pool:
        for tally in pool.imap(run_batch, jobs):
            total.add(tally)
            if total.failed:
                break
    inputs = f"{total.documents:,} documents, {total.parses:,} parses"
    sizes = f"{total.feeds:,} feeds, {total.chars:,} characters"
    report = [f"seed {given.seed}: {inputs}, {sizes} in {time.monotonic() - begun:.0f} s"]
    report.append(", ".join(f"{rule} {count:,}" for rule, count in sorted(total.rules.items()) if count))
    if total.failed is None:
        report.append("no difference")
    else:
        small = shrink(total.failed, lambda case: fault_of(case) is not None)
        report += [f"{total.where} differs; shrunk:", small.describe(), str(fault_of(small))]
    sys.stdout.write("\n".join([*report, ""]))
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
