import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from componentstream.core.automaton import (
    ALL_FENCES,
    BARE_TICKS,
    BARE_TILDES,
    CANDIDATE_END,
    CANDIDATE_START,
    END_LINE,
    INFO_TICKS,
    LEAD,
    NO_FENCES,
    START_LINE,
    TEXT,
    TICKS,
    TILDES,
    LineMachine,
    machine_of,
)
from componentstream.core.grammar import MAX_INFO_CHARS, WHITE, Grammar

MACHINE = machine_of(Grammar())
OTHER_MACHINE = LineMachine("<!--", "EN", "ENTER")


@pytest.mark.parametrize("prefix", ["/", "///", "<!--", "@@", "\u00e9", "A", "[.*+?"])
def test_a_prefix_is_meant_literally(prefix):
    match = machine_of(Grammar(prefix=prefix)).line.match(f" {prefix} START A")
    assert match is not None
    assert match.lastindex == START_LINE
    assert machine_of(Grammar(prefix=prefix)).line.match(f"x{prefix} START A") is None


def test_a_grammar_makes_its_machine_once():
    grammar = Grammar()
    assert machine_of(grammar) is machine_of(grammar)
    assert machine_of(grammar) is machine_of(Grammar(strict=True))
    assert machine_of(grammar) is not machine_of(Grammar(start="BEGIN"))


# Complete lines.


def kind_of(content, machine=MACHINE):
    """Return the kind of a complete line: the group that matched, None for text."""
    match = machine.line.match(content)
    return match.lastindex if match else None


@pytest.mark.parametrize(
    "line",
    ["/// START", "///START A", "  /// START A", "///\t \u3000START\u00a0A", "/// START\r", "/// START \r"],
)
def test_a_candidate_is_prefix_keyword_and_then_white_space_or_the_end(line):
    assert kind_of(line) == START_LINE
    assert kind_of(line.replace("START", "END")) == END_LINE


@pytest.mark.parametrize(
    "line",
    [
        "",
        "/// STARTED",
        "//// START A",
        "/// start A",
        "// START A",
        "x/// START A",
        "/// A",
        "/// START\rX",
        "///",
        "\x0b/// START A",
        "///\x85START A",
        "\r/// START A",
        "/// STAR",
        "/ // START A",
        "///\u200bSTART A",
    ],
)
def test_a_line_that_only_looks_like_one_is_text(line):
    assert kind_of(line) is None


@pytest.mark.parametrize("line", ["```", "  ```", "`````", "``` \t", "```\r", "```\u3000\r"])
def test_a_bare_fence_is_backticks_or_tildes_alone(line):
    for fence, kind in ((line, TICKS), (line.replace("`", "~"), TILDES)):
        match = MACHINE.line.match(fence)
        assert (match.lastindex, match[kind]) == (kind, "")


@pytest.mark.parametrize(
    "info",
    ["tsx", "c++", "C#", "tsx:src/Hero.tsx", "tsx jsx", 'é {1,2} "a" ~~~', "<&>", "i" * 128],
)
def test_a_fence_may_have_an_info_string(info):
    for char, kind in (("`", TICKS), ("~", TILDES)):
        match = MACHINE.line.match(f" {char * 3} {info}\r")
        assert (match.lastindex, match[kind]) == (kind, info)


@pytest.mark.parametrize(
    "line",
    [
        "``",
        "~~",
        "```tsx`",
        "~~~ `x`",
        "```i" + "i" * 128,
        "~~~i" + "i " * 64 + "i",
        "x```",
        "```\r\r",
        "~~~\rx",
    ],
)
def test_other_backticks_and_tildes_are_text(line):
    assert kind_of(line) is None


def test_white_space_around_an_info_string_does_not_count():
    assert kind_of(f"```{' ' * 100}{'i' * 128}{' ' * 100}") == TICKS
    assert kind_of(f"```i{' ' * 126}i{' ' * 100}") == TICKS
    assert kind_of(f"```i{' ' * 127}i") is None


# Lines in part.


def states(machine, fences, content):
    """Return the state of a line after each of its characters."""
    state, seen = LEAD, []
    for char in content:
        state = machine.steps[fences][state].get(char, machine.others[fences][state])
        seen.append(state)
        if state < LEAD:
            break
    return seen


def lines():
    """Draw lines that are near markers and fences, whole or damaged, in either grammar."""
    words = [
        "///",
        "<!--",
        "START",
        "END",
        "EN",
        "ENTER",
        "```",
        "````",
        "~~~",
        "tsx",
        "i" * 64,
        "i" * 62,
        " ",
        "\u3000",
        "\r",
        "A",
    ]
    letters = st.sampled_from(["/", "`", "~", "<", "S", "E", "#", "\x85", "é"])
    return st.lists(st.sampled_from(words) | letters, max_size=8).map("".join)


@pytest.mark.parametrize("machine", [MACHINE, OTHER_MACHINE])
@given(line=lines())
@example(line="/// START\r")
@example(line="``` \r")
def test_the_automaton_finds_the_candidates_and_fences_that_the_pattern_finds(machine, line):
    match = machine.line.match(line)
    kind = match.lastindex if match else None
    if kind in (TICKS, TILDES) and match[kind]:
        kind += INFO_TICKS - TICKS
    last = [LEAD, *states(machine, ALL_FENCES, line)][-1]
    assert machine.ends.get(last) == kind


@given(line=lines())
def test_the_automaton_becomes_a_candidate_at_the_white_space_behind_the_keyword(line):
    match = MACHINE.line.match(line)
    seen = states(MACHINE, ALL_FENCES, line)
    candidate = next((at for at, state in enumerate(seen) if state in (CANDIDATE_START, CANDIDATE_END)), None)
    ends_in_white = (
        match is not None and match.lastindex in (START_LINE, END_LINE) and line[match.end() - 1] in WHITE
    )
    assert candidate == (match.end() - 1 if ends_in_white else None)


@given(line=lines())
def test_where_fences_do_not_count_they_are_text(line):
    expected = [TEXT] if line.lstrip(WHITE)[:1] in ("`", "~") else states(MACHINE, ALL_FENCES, line)[-1:]
    assert states(MACHINE, NO_FENCES, line)[-1:] == expected


@pytest.mark.parametrize(("fences", "bare"), [(BARE_TICKS, TICKS), (BARE_TILDES, TILDES)])
@given(line=lines())
def test_where_bare_fences_of_one_character_count_all_others_are_text(fences, bare, line):
    kind = MACHINE.ends.get([LEAD, *states(MACHINE, ALL_FENCES, line)][-1])
    expected = kind if kind in (bare, START_LINE, END_LINE) else None
    assert MACHINE.ends.get([LEAD, *states(MACHINE, fences, line)][-1]) == expected


def test_a_line_that_can_only_be_a_fence_that_does_not_count_is_text_at_once():
    assert states(MACHINE, BARE_TICKS, "```t")[-1] == TEXT
    assert states(MACHINE, BARE_TICKS, "~") == [TEXT]
    assert states(MACHINE, BARE_TILDES, "~~~t")[-1] == TEXT
    assert states(MACHINE, BARE_TILDES, "`") == [TEXT]
    assert states(MACHINE, NO_FENCES, "`") == states(MACHINE, NO_FENCES, "~") == [TEXT]


def test_text_and_candidates_are_the_final_states():
    for table in MACHINE.steps:
        assert [table[state] for state in (TEXT, CANDIDATE_START, CANDIDATE_END)] == [{}, {}, {}]
        assert {MACHINE.steps[ALL_FENCES][LEAD][char] for char in WHITE} == {LEAD}


@pytest.mark.parametrize("char", ["`", "~"])
def test_a_line_is_text_as_soon_as_its_info_string_is_too_long(char):
    fence = char * 3 + "i" * MAX_INFO_CHARS
    assert states(MACHINE, ALL_FENCES, fence)[-1] in MACHINE.ends
    assert states(MACHINE, ALL_FENCES, f"{fence} ")[-1] in MACHINE.ends
    assert states(MACHINE, ALL_FENCES, f"{fence}x")[-1] == TEXT
    assert states(MACHINE, ALL_FENCES, f"{fence} x")[-1] == TEXT


@pytest.mark.parametrize("line", ["/// START", "/// END", "```", "```tsx x", "``` ", "~~~ i "])
def test_a_carriage_return_may_follow_what_the_line_end_completes(line):
    before, after = states(MACHINE, ALL_FENCES, f"{line}\r")[-2:]
    assert MACHINE.ends[before] == MACHINE.ends[after]
    assert before not in MACHINE.returns
    assert after in MACHINE.returns
    assert states(MACHINE, ALL_FENCES, f"{line}\rx")[-1] == TEXT


@pytest.mark.parametrize(
    ("line", "opens", "closes"),
    [
        ("", True, True),
        (" ", True, True),
        ("/", True, True),
        ("/// ", True, True),
        ("/// S", True, False),
        ("/// START", True, False),
        ("/// START ", True, False),
        ("/// E", False, True),
        ("/// END", False, True),
        ("/// END ", False, True),
        ("`", False, False),
        ("```", False, False),
        ("~~~ x", False, False),
        ("x", False, False),
    ],
)
def test_it_is_known_whether_a_line_can_still_become_a_start_or_an_end(line, opens, closes):
    state = [LEAD, *states(MACHINE, ALL_FENCES, line)][-1]
    assert (state in MACHINE.opening, state in MACHINE.closing) == (opens, closes)


def test_a_keyword_may_begin_with_the_other_one():
    for word, opens, closes in (
        ("E", True, True),
        ("EN", True, True),
        ("ENT", False, True),
        ("EN ", True, False),
    ):
        state = states(OTHER_MACHINE, ALL_FENCES, f"<!--{word}")[-1]
        assert (state in OTHER_MACHINE.opening, state in OTHER_MACHINE.closing) == (opens, closes)


@pytest.mark.parametrize("begins", ["///", " ///", "```", "\t```tsx", "~~~", " ~~~~x"])
def test_interest_is_found_where_a_line_begins_like_a_candidate_or_a_fence(begins):
    match = MACHINE.interest.search(f"a///\n```x```\nb\n{begins} A")
    assert match.start() == len("a///")
    match = MACHINE.interest.search(f"a/// ```\nb\n{begins} A")
    assert match.start() == len("a/// ```\nb")


def test_nothing_else_is_of_interest():
    assert MACHINE.interest.search("/// START\n``\n~~\n//\nx ///\n\n \n") is None


@pytest.mark.parametrize(("begins", "kind"), [("///", 1), ("```", TICKS), ("~~~", TILDES)])
def test_the_rest_of_a_line_of_interest_has_a_pattern(begins, kind):
    match = MACHINE.interest.search(f"\n{begins} END A")
    rest = MACHINE.rest[match.lastindex].match(" END A")
    assert rest.lastindex == (END_LINE if kind == 1 else kind)


@pytest.mark.parametrize(
    ("line", "fence"),
    [
        ("```\n", True),
        (" ~~~ x\r\n", True),
        ("```", False),
        ("x\n", False),
        ("/// END A\n", False),
        ("", False),
    ],
)
def test_a_complete_line_is_a_fence_or_not(line, fence):
    assert MACHINE.is_fence(line) is fence
