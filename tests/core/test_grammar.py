import string
import sys
import unicodedata

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.core.grammar import (
    ALL_FENCES,
    BARE_FENCE,
    BARE_FENCES,
    CANDIDATE_END,
    CANDIDATE_START,
    END_LINE,
    INFO_FENCE,
    LEAD,
    NO_FENCES,
    POSITIONS,
    START_LINE,
    TEXT,
    WHITE,
    Fault,
    Grammar,
    LineMachine,
    Marker,
    judge,
    machine_of,
)

MACHINE = machine_of(Grammar())
OTHER_MACHINE = LineMachine("<!--", "EN", "ENTER")

NO_NAME = Fault("malformed_marker", "The marker names no component.")
NOTHING_RIGHT = Fault("malformed_marker", "Neither the name in the marker nor the rest of the line is valid.")
WRONG_START = Fault(
    "invalid_attribute", 'The attributes of a component must be written key=value or key="value".'
)
WRONG_END = Fault("invalid_attribute", "The attributes of a component belong in its START line.")


def wrong_name(name):
    return Fault("invalid_name", f"{name!r} is not a component name.")


def start(rest):
    """Judge the rest of a START line after the keyword."""
    return judge(rest, opens=True)


def end(rest):
    """Judge the rest of an END line after the keyword."""
    return judge(rest, opens=False)


def attributes(text):
    """Return the attributes of a START line, None where they break a rule."""
    verdict = start(f" A {text}")
    if isinstance(verdict, Marker):
        return verdict.attributes
    assert verdict == WRONG_START
    return None


def characters(category):
    every = (chr(code) for code in range(sys.maxunicode + 1))
    return [char for char in every if unicodedata.category(char) == category]


# Constants of the protocol.


def test_white_space_is_that_of_the_protocol_and_holds_no_line_end():
    codes = [0x20, 0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
    assert sorted(WHITE) == sorted(map(chr, codes))


def test_the_default_grammar_is_the_protocol():
    assert attrs.asdict(Grammar()) == {
        "prefix": "///",
        "start": "START",
        "end": "END",
        "positions": frozenset(
            {"header", "main", "footer", "nav", "sidebar", "hero", "features", "testimonials", "pricing"}
            | {"cta", "contact", "content", "stats", "faq", "team", "custom", "root"}
        ),
        "default_position": "main",
        "strict": False,
        "nesting": "nest",
        "fences": "strip",
        "outside": "emit",
    }


# Names.


@pytest.mark.parametrize(
    "name",
    ["A", "z", "HeroSection", "h1", "A_", "Menu.Item", "a.b.c.d", "A" * 128, ".".join(["ab"] * 43)[:128]],
)
def test_a_name_is_words_of_ascii_with_dots_between_them(name):
    assert start(f" {name}") == Marker(name, None, {})
    assert end(f" {name}") == Marker(name, None, {})


@pytest.mark.parametrize(
    "name",
    [
        "1A",
        "_A",
        "A-b",
        ".A",
        "A.",
        "A..B",
        "A.1",
        "A._b",
        "Ä",
        "Aé",
        "\u0410",
        "A²",
        "A/",
        "<A>",
        "/",
        "A\r",
        '"A"',
        "=",
    ],
)
def test_any_other_token_is_no_name(name):
    assert start(f" {name}") == wrong_name(name)
    assert end(f" {name}") == wrong_name(name)


def test_a_name_has_at_most_128_characters_with_its_dots():
    long = "A." * 64 + "B"
    assert len(long) == 129
    assert start(f" {long}") == wrong_name(long[:128])
    assert start(f" {'A' * 400}") == wrong_name("A" * 128)


@pytest.mark.parametrize("rest", ["", " ", "\t \u3000"])
def test_a_marker_without_a_name_is_malformed(rest):
    assert start(rest) == NO_NAME
    assert end(rest) == NO_NAME


@pytest.mark.parametrize("white", list(WHITE))
def test_every_white_space_separates_and_none_belongs_to_a_value(white):
    line = f"{white}A{white}{white}a=b{white}c='{white}'{white}"
    assert start(line) == Marker("A", None, {"a": "b", "c": white})
    assert end(f"{white}{white}A{white}") == Marker("A", None, {})


@pytest.mark.parametrize(
    "char", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\u200b"]
)
def test_what_only_looks_like_white_space_belongs_to_the_name(char):
    assert start(f" A{char}b=c") == wrong_name(f"A{char}b=c")


def test_the_white_space_behind_the_keyword_may_have_been_read():
    verdicts = [start(rest) for rest in (" \t A tone=dark", " A tone=dark", "A tone=dark")]
    assert verdicts == [Marker("A", None, {"tone": "dark"})] * 3


# Attributes.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b", {"a": "b"}),
        ('a="b"', {"a": "b"}),
        ("a='b'", {"a": "b"}),
        ("a=\"\" b=''", {"a": "", "b": ""}),
        ('a="x = y" b=/c;d:#!', {"a": "x = y", "b": "/c;d:#!"}),
        ("_=1 A-b_2=ü", {"_": "1", "A-b_2": "ü"}),
        ("a=1 A=2", {"a": "1", "A": "2"}),
        ("a=1 \t b=2 \t", {"a": "1", "b": "2"}),
        ("a=\U0001f600\\n", {"a": "\U0001f600\\n"}),
        ("k" * 64 + "=v", {"k" * 64: "v"}),
        ("a=" + "v" * 400, {"a": "v" * 400}),
    ],
)
def test_attributes_are_keys_with_bare_or_quoted_values(text, expected):
    assert attributes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "extra",
        "a",
        "a=",
        "=b",
        "a =b",
        "a= b",
        "a==b",
        "a=b=c",
        '"a"=b',
        "1a=b",
        "-a=b",
        "a.b=c",
        "ä=b",
        'a="b',
        "a='b",
        "a=\"b'",
        'a="b\'c"',
        "a='b\"c'",
        'a=b"c"',
        'a="b"c',
        'a="b"c=d',
        "a='b'\"c\"",
        "a=b,c=d e",
        "k" * 65 + "=v",
        "a=1 a=2",
        "a=1 b=2 a=1",
        "a=1 b",
    ],
)
def test_what_is_not_written_like_that_is_an_invalid_attribute(text):
    assert attributes(text) is None


@pytest.mark.parametrize("char", list("\"'<>&`"))
def test_what_html_could_misread_is_in_no_value(char):
    assert attributes(f"a=x{char}y") is None
    assert attributes(f'a="x{char}y"') is None
    assert attributes(f"a='x{char}y'") is None


@pytest.mark.parametrize("category", ["Cc", "Cf", "Cs"])
def test_no_control_or_format_character_and_no_surrogate_is_in_a_value(category):
    found = [char for char in characters(category) if char != "\t"]
    assert len(found) > 60
    for template in ("a=x{}y", 'a="x{}y"', "a='x{}y'", "a={}"):
        assert [char for char in found if attributes(template.format(char)) is not None] == []


def test_a_tab_is_white_space_and_may_stand_in_quotes():
    assert attributes("a=\"x\ty\" b='\t'") == {"a": "x\ty", "b": "\t"}
    assert attributes("a=x\tb=y") == {"a": "x", "b": "y"}


def test_every_printable_character_but_the_forbidden_ones_is_in_a_bare_value():
    escape_control_chars = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isprintable()]
    allowed = [char for char in escape_control_chars if char not in set("\"'<>&=`") | set(WHITE)]
    assert [char for char in allowed if attributes(f"a={char}") != {"a": char}] == []


def test_sixteen_attributes_are_the_most():
    sixteen = [f"k{number}={number}" for number in range(16)]
    assert attributes(" ".join(sixteen)) == {f"k{number}": f"{number}" for number in range(16)}
    assert attributes(" ".join([*sixteen, "k16=16"])) is None
    assert attributes(" ".join([*sixteen, "position=nav"])) is None


def test_an_end_has_no_attributes():
    assert end(" A a=b") == WRONG_END
    assert end(" A extra") == WRONG_END


def test_when_name_and_attributes_are_wrong_the_marker_is_malformed():
    assert start(' "My Hero"') == NOTHING_RIGHT
    assert start(" 1A extra") == NOTHING_RIGHT
    assert end(" 1A a=b") == NOTHING_RIGHT
    assert start(f" {'A' * 129} extra") == NOTHING_RIGHT


def test_when_only_the_name_is_wrong_good_attributes_do_not_hide_it():
    assert start(" 1A a=b") == wrong_name("1A")


# Positions.


def test_the_position_is_no_attribute():
    assert start(" A a=b position=nav c=d") == Marker("A", "nav", {"a": "b", "c": "d"})


@pytest.mark.parametrize("written", ["NAV", '"Nav"', "'nAv'"])
def test_the_position_is_read_in_lower_case(written):
    assert start(f" A position={written}") == Marker("A", "nav", {})


def test_the_grammar_of_a_line_knows_no_set_of_positions():
    assert start(" A position=Attic") == Marker("A", "attic", {})
    assert start(' A position=""') == Marker("A", "", {})


def test_the_key_of_the_position_is_case_sensitive():
    assert start(" A Position=nav") == Marker("A", None, {"Position": "nav"})


def test_the_position_is_given_once():
    assert start(" A position=nav position=nav") == WRONG_START


# The settings of a grammar.


@pytest.mark.parametrize(
    "prefix", ["", " ", "/ /", "/\t/", "\u3000", "`", "//`", "/\n", "\r", "\x00", "\u200b"]
)
def test_a_prefix_is_printable_without_white_space_and_backticks(prefix):
    with pytest.raises(UsageError) as caught:
        Grammar(prefix=prefix)
    assert str(caught.value) == (
        "Grammar: prefix must be printable characters without white space and backticks."
    )


@pytest.mark.parametrize("prefix", ["/", "///", "<!--", "@@", "\u00e9", "A", "[.*+?"])
def test_a_prefix_is_meant_literally(prefix):
    match = machine_of(Grammar(prefix=prefix)).line.match(f" {prefix} START A")
    assert match is not None
    assert match.lastindex == START_LINE
    assert machine_of(Grammar(prefix=prefix)).line.match(f"x{prefix} START A") is None


@pytest.mark.parametrize("keyword", ["", "A B", "A1", "A_", "É", "BEGIN:", "\n"])
@pytest.mark.parametrize("which", ["start", "end"])
def test_a_keyword_is_ascii_letters(which, keyword):
    with pytest.raises(UsageError) as caught:
        Grammar(**{which: keyword})
    assert str(caught.value) == f"Grammar: a keyword must be one or more ASCII letters, not {keyword!r}."


def test_the_keywords_differ():
    with pytest.raises(UsageError) as caught:
        Grammar(start="END")
    assert str(caught.value) == "Grammar: start and end must be different keywords."
    assert Grammar(start="end").start == "end"


def test_positions_are_a_set_of_names():
    with pytest.raises(UsageError) as caught:
        Grammar(positions="main")
    assert str(caught.value) == "Grammar: positions must be a set of names, not a single string."


@pytest.mark.parametrize("positions", [None, 7, [["main"]]])
def test_positions_of_another_type_are_rejected(positions):
    with pytest.raises(ConfigurationError) as caught:
        Grammar(positions=positions)
    assert str(caught.value) == f"Grammar: positions must be a set of names, not {positions!r}."


@pytest.mark.parametrize("strict", [None, 1, "yes"])
def test_strict_must_be_a_flag(strict):
    with pytest.raises(ConfigurationError) as caught:
        Grammar(strict=strict)
    assert str(caught.value) == f"Grammar: strict must be True or False, not {strict!r}."


def test_positions_may_be_any_iterable():
    grammar = Grammar(positions=["left", "right", "left"], default_position="left")
    assert grammar.positions == frozenset({"left", "right"})


def test_positions_are_in_lower_case():
    with pytest.raises(UsageError) as caught:
        Grammar(positions={"main", "Left"})
    assert str(caught.value) == "Grammar: positions must be names in lower case; 'Left' is not."


@pytest.mark.parametrize("name", ["prefix", "start", "end", "default_position"])
@pytest.mark.parametrize("value", [None, 1, b"///"])
def test_words_of_a_grammar_are_strings(name, value):
    with pytest.raises(ConfigurationError) as caught:
        Grammar(**{name: value})
    assert str(caught.value) == f"Grammar: {name} must be a str, not {value!r}."


def test_positions_of_a_grammar_are_strings():
    with pytest.raises(
        ConfigurationError, match=r"^Grammar: positions must be names in lower case; 1 is not\.$"
    ):
        Grammar(positions={"main", 1})


def test_the_default_position_is_one_of_the_positions():
    sentence = "Grammar: default_position must be one of positions; pass both."
    with pytest.raises(UsageError) as caught:
        Grammar(positions={"left"})
    assert str(caught.value) == sentence
    with pytest.raises(UsageError) as caught:
        Grammar(default_position="attic")
    assert str(caught.value) == sentence
    assert Grammar(default_position="root").default_position in POSITIONS


@pytest.mark.parametrize(
    ("name", "choices"),
    [("nesting", "nest, close, text"), ("fences", "strip, keep"), ("outside", "emit, discard")],
)
def test_a_policy_is_one_of_its_choices(name, choices):
    for choice in choices.split(", "):
        assert getattr(Grammar(**{name: choice}), name) == choice
    for wrong in ("", "other", None):
        with pytest.raises(UsageError) as caught:
            Grammar(**{name: wrong})
        assert str(caught.value) == f"Grammar: {name} must be one of {choices}."


def test_a_grammar_is_a_value_that_does_not_change():
    assert Grammar(strict=True) == Grammar(strict=True) != Grammar()
    assert len({Grammar(), Grammar(start="START")}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Grammar().strict = True


def test_a_grammar_makes_its_machine_once():
    grammar = Grammar()
    assert machine_of(grammar) is machine_of(grammar)


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
def test_a_bare_fence_is_backticks_alone(line):
    match = MACHINE.line.match(line)
    assert (match.lastindex, match[BARE_FENCE]) == (BARE_FENCE, "")


@pytest.mark.parametrize("info", ["tsx", "c++", "C#", "x.y-z_1", "i" * 32])
def test_a_fence_may_have_an_info_string(info):
    match = MACHINE.line.match(f" ```{info} \r")
    assert (match.lastindex, match[BARE_FENCE]) == (BARE_FENCE, info)


@pytest.mark.parametrize(
    "line", ["``", "``` tsx", "```tsx jsx", "```tsx`", "```i" + "i" * 32, "```é", "x```", "```\r\r"]
)
def test_other_backticks_are_no_fence(line):
    assert kind_of(line) is None


# Lines in part.


def states(machine, fences, content):
    """Return the state of a line after each of its characters."""
    state, seen = LEAD, []
    for char in content:
        state = machine.steps[fences][state].get(char, TEXT)
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
        "tsx",
        "i" * 32,
        " ",
        "\u3000",
        "\r",
        "A",
    ]
    letters = st.sampled_from(["/", "`", "<", "S", "E", "#", "\x85", "é"])
    return st.lists(st.sampled_from(words) | letters, max_size=8).map("".join)


@pytest.mark.parametrize("machine", [MACHINE, OTHER_MACHINE])
@given(line=lines())
@example(line="/// START\r")
@example(line="``` \r")
def test_the_automaton_finds_the_candidates_and_fences_that_the_pattern_finds(machine, line):
    match = machine.line.match(line)
    kind = match.lastindex if match else None
    if kind == BARE_FENCE and match[BARE_FENCE]:
        kind = INFO_FENCE
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
def test_where_fences_do_not_count_backticks_are_text(line):
    ticks = line.lstrip(WHITE).startswith("`")
    expected = [TEXT] if ticks else states(MACHINE, ALL_FENCES, line)[-1:]
    assert states(MACHINE, NO_FENCES, line)[-1:] == expected


@given(line=lines())
def test_where_bare_fences_count_a_fence_with_an_info_string_is_text(line):
    last = [LEAD, *states(MACHINE, ALL_FENCES, line)][-1]
    expected = None if MACHINE.ends.get(last) == INFO_FENCE else MACHINE.ends.get(last)
    assert MACHINE.ends.get([LEAD, *states(MACHINE, BARE_FENCES, line)][-1]) == expected


def test_a_line_that_can_only_be_a_fence_that_does_not_count_is_text_at_once():
    assert states(MACHINE, BARE_FENCES, "```t")[-1] == TEXT
    assert states(MACHINE, NO_FENCES, "`") == [TEXT]


def test_text_and_candidates_are_the_final_states():
    for table in MACHINE.steps:
        assert [table[state] for state in (TEXT, CANDIDATE_START, CANDIDATE_END)] == [{}, {}, {}]
        assert {MACHINE.steps[ALL_FENCES][LEAD][char] for char in WHITE} == {LEAD}


def test_the_longest_info_string_has_32_characters():
    info = string.ascii_letters[:32]
    assert states(MACHINE, ALL_FENCES, f"```{info}")[-1] in MACHINE.ends
    assert states(MACHINE, ALL_FENCES, f"```{info}x")[-1] == TEXT


@pytest.mark.parametrize("line", ["/// START", "/// END", "```", "```tsx", "``` "])
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


@pytest.mark.parametrize("begins", ["///", " ///", "```", "\t```tsx"])
def test_interest_is_found_where_a_line_begins_like_a_candidate_or_a_fence(begins):
    match = MACHINE.interest.search(f"a///\n```x```\nb\n{begins} A")
    assert match.start() == len("a///")
    match = MACHINE.interest.search(f"a/// ```\nb\n{begins} A")
    assert match.start() == len("a/// ```\nb")


def test_nothing_else_is_of_interest():
    assert MACHINE.interest.search("/// START\n``\n//\nx ///\n\n \n") is None
