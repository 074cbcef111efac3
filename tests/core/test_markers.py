import sys
import unicodedata

import pytest

from componentstream.core.grammar import WHITE
from componentstream.core.markers import Fault, Marker, judge

NO_NAME = Fault("malformed_marker", "The marker names no component.")
NOTHING_RIGHT = Fault("malformed_marker", "Neither the name in the marker nor the rest of the line is valid.")
WRONG_START = Fault(
    "invalid_attribute", 'The attributes of a component must be written key=value or key="value".'
)
WRONG_END = Fault("invalid_attribute", "The attributes of a component belong in its START line.")


def wrong_name(name):
    rule = "a name is up to 128 letters, digits and underscores, a letter first"
    return Fault("invalid_name", f"{name!r} is not a component name; {rule}.")


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
    assert verdict.code == WRONG_START.code
    return None


def characters(category):
    every = (chr(code) for code in range(sys.maxunicode + 1))
    return [char for char in every if unicodedata.category(char) == category]


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


def test_what_is_not_written_like_that_is_told_how_to_write_it():
    assert start(" A b") == WRONG_START
    assert start(' A b="c') == WRONG_START


def test_a_forbidden_character_is_named_with_its_attribute():
    rule = "Attribute values must not contain any of \" ' < > & and `, as they do here"
    assert start(" Hero title=\"Rock & Roll\" more='x'").message == f"{rule}: '&' in title."
    assert start(' Hero title="It\'s" name=a<b').message == f"{rule}: \"'\" in title, '<' in name."


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
    assert [char for char in allowed if attributes(f"a={char}x") != {"a": f"{char}x"}] == []


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


# What recovery is told.


@pytest.mark.parametrize(
    ("rest", "name", "behind"),
    [
        (" Hero, x", "Hero", ", "),
        (" Hero x", "Hero", " "),
        (" Hero.1", "Hero", ".1"),
        (" Hero", "Hero", ""),
        ("  --- ", "", "--"),
        (" 9", "", "9"),
        (f" {'A' * 129}", "A" * 128, "A"),
        (f" {'A' * 128}.b-", "A" * 128, ".b"),
        (f" {'A' * 127}.b", "A" * 127, ".b"),
    ],
)
def test_a_fault_knows_the_longest_name_and_what_follows_it(rest, name, behind):
    fault = judge(rest, opens=False)
    if isinstance(fault, Marker):
        assert (fault.name, behind) == (name, "")
    else:
        assert (fault.name, fault.behind) == (name, behind)


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize(
    ("rest", "signs"),
    [
        ("", True),
        (" ", True),
        (" -->", True),
        (" - -\t*/}", True),
        (" - x", False),
        (" 9", False),
        (" é", False),
    ],
)
def test_a_fault_without_a_name_knows_whether_the_rest_is_punctuation(opens, rest, signs):
    verdict = judge(rest, opens=opens)
    assert isinstance(verdict, Fault)
    assert verdict.signs is signs


@pytest.mark.parametrize(
    ("rest", "signs"),
    [
        (" A,", True),
        (" A, --", True),
        (" A */}", True),
        (" A: x", False),
        (" A x=1,", False),
        (" A- -x", False),
    ],
)
def test_a_fault_of_a_start_knows_whether_punctuation_follows_the_name(rest, signs):
    assert start(rest).signs is signs


def test_a_fault_of_a_start_has_the_attributes_that_could_be_read():
    assert start(" A, position: hero; tone=dark").attributes.values == {"position": "hero", "tone": "dark"}
    assert start(" A tone=dark,").attributes.values == {"tone": "dark"}
    assert start(" A,").attributes is None
    assert end(" A tone=dark,").attributes is None


@pytest.mark.parametrize("text", ["a=b,", "a=b;", "a=,", "a=b,;"])
def test_a_bare_value_does_not_end_in_a_comma_or_semicolon(text):
    assert attributes(text) is None
    assert attributes(f"{text}x") is not None
    quoted = text.replace("=", '="') + '"'
    assert attributes(quoted) == {"a": text[2:]}


def test_a_marker_names_a_position_also_if_it_cannot_be_read():
    assert start(" A position=x").has_position
    assert Marker("A", None, {}, stand_in=True).has_position
    assert not start(" A").has_position
