"""One line that looks like a marker: whether it is told, and in which words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream import Grammar
from componentstream.core.events import Finding
from componentstream.inspection.look_alikes import KEPT_CHARS, LookAlikes, sign_of
from tests.inspection.look_alike_lines import NEAR_MISSES, NOT_MEANT


def search(text: str, grammar: Grammar | None = None) -> list[Finding]:
    """Return the findings of a whole text."""
    return LookAlikes(grammar or Grammar(), 10).search(f"\n{text}", base=-1, start=0, number=1, last=True)


@pytest.mark.parametrize("line", NEAR_MISSES)
def test_a_line_that_looks_like_a_marker_is_found(line: str) -> None:
    (finding,) = search(f"before\n{line}\r\nafter\n")
    assert (finding.line, finding.span) == (2, (7, 7 + len(line) + 2))


@pytest.mark.parametrize("line", NOT_MEANT)
def test_other_lines_are_not(line: str) -> None:
    assert search(line) == search(f"{line}\r\n{line}") == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{/* /// START Hero */}", 'there is "{/*" on the line. Put "/// START Hero" on'),
        ("/// start Hero", 'its keyword is "start" instead of "START". Put'),
        ("/// BEGIN Hero", 'its keyword is "BEGIN" instead of "START". Put'),
        ("//// end Hero".replace("end", "END"), 'it begins with "////" instead of "///". Put'),
        ("/// END A /// START B", "another marker is before it on the line. Put"),
        ("</a>/// END Hero", 'other text is before it on the line. Put "/// END Hero" on'),
    ],
)
def test_the_message_says_why_and_what_to_write(line: str, problem: str) -> None:
    (finding,) = search(line)
    assert problem in finding.message


@pytest.mark.parametrize(
    ("grammar", "line", "told"),
    [
        (Grammar(prefix="@@@"), "@@ START Hero", True),
        (Grammar(prefix="@@@"), "- @@@ START Hero", True),
        (Grammar(prefix="@@@"), "- /// START Hero", False),
        (Grammar(prefix="#!"), "- #! START Hero", True),
        (Grammar(prefix="#!"), "#!# START Hero", True),
        (Grammar(prefix="#"), "## START Hero", True),
        (Grammar(prefix="%", start="OPEN", end="SHUT"), "- % OPEN Hero", True),
        (Grammar(prefix="%", start="OPEN", end="SHUT"), "% shut Hero", True),
        (Grammar(prefix="%", start="OPEN", end="SHUT"), "- % START Hero", False),
    ],
)
def test_prefix_and_keywords_are_those_of_the_grammar(
    grammar: Grammar,
    line: str,
    told: bool,  # noqa: FBT001
) -> None:
    assert bool(search(line, grammar)) is told


@pytest.mark.parametrize(
    ("prefix", "sign"), [("///", "//"), ("##", "#"), ("#", "#"), ("-->", "-->"), ("%", "%")]
)
def test_the_sign_of_a_prefix_is_in_everything_that_looks_like_it(prefix: str, sign: str) -> None:
    assert sign_of(Grammar(prefix=prefix)) == sign


def test_a_line_is_searched_from_its_offset_on_and_to_the_last_line_end() -> None:
    lines = "- /// START A\n- /// START B\n- /// START C"
    (finding,) = LookAlikes(Grammar(), 10).search(lines, base=100, start=114, number=7, last=False)
    assert (finding.line, finding.span) == (7, (114, 128))
    found = LookAlikes(Grammar(), 10).search(lines, base=100, start=100, number=6, last=True)
    assert [finding.line for finding in found] == [6, 7, 8]


def test_findings_end_with_the_room_for_them() -> None:
    look_alikes = LookAlikes(Grammar(), 1)
    assert len(look_alikes.search("- /// START A\n" * 2, base=0, start=0, number=1, last=True)) == 1
    assert look_alikes.room == 0


@pytest.mark.parametrize("line", NEAR_MISSES + NOT_MEANT)
def test_the_end_of_a_long_line_is_enough(line: str) -> None:
    for fill in ("x", "/", " ", "x /"):
        whole = (fill * 2_000 + line + "\r\n")[-1_500:]
        tail = whole[-KEPT_CHARS:]
        found = [
            LookAlikes(Grammar(), 10).search(text, base=1_500 - len(text), start=0, number=1, last=False)
            for text in (whole, tail)
        ]
        assert found[0] == found[1]


@given(st.text(alphabet="/ STARENDBGIHo.\n\r-{}*\"'=", max_size=300))
def test_no_text_raises(text: str) -> None:
    assert search(text) == search(text)


def test_a_byte_order_mark_at_the_very_start_counts_for_the_offset_only() -> None:
    (finding,) = search("\ufeff- /// START A\n")
    assert finding.span == (1, 15)
    assert search("\ufeff/// START A\n") == []


@pytest.mark.parametrize(
    ("prefix", "text"),
    [
        ("///", "///START-A,x=" * 16_000 + " b c\n"),
        ("///", "a=1;//START-timer,x=y;" * 10_000 + " end()\n"),
        ("///", "///START-A x='" * 16_000 + " b c\n"),
        ("-", "-START-A,a" * 20_000 + " b c\n"),
        (".", ".START.A" * 25_000 + " b c\n"),
        ("///", ("///START-A,x=" * 39 + " b c\n") * 400),
    ],
)
def test_the_rest_of_a_line_is_not_read_again_from_each_prefix_in_it(prefix: str, text: str) -> None:
    # 200,000 characters: in linear time a tenth of a second, in quadratic time half a minute.
    begin = time.process_time()
    assert search(text, Grammar(prefix=prefix)) == []
    assert time.process_time() - begin < 4
