import attrs
import pytest

from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.core.grammar import POSITIONS, PUNCTUATION, WHITE, Grammar

HUGE = -(10**5000)

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
        "recover": True,
        "nesting": "sections",
        "fences": "strip",
        "outside": "emit",
    }


def test_punctuation_is_the_32_ascii_signs():
    signs = [chr(code) for code in range(0x21, 0x7F) if not chr(code).isalnum()]
    assert sorted(PUNCTUATION) == signs
    assert len(signs) == 32


# The settings of a grammar.


@pytest.mark.parametrize(
    "prefix", ["", " ", "/ /", "/\t/", "\u3000", "`", "//`", "~~~", "/~", "/\n", "\r", "\x00", "\u200b"]
)
def test_a_prefix_is_printable_without_white_space_backticks_and_tildes(prefix):
    with pytest.raises(UsageError) as caught:
        Grammar(prefix=prefix)
    assert str(caught.value) == (
        "Grammar: prefix must be printable characters without white space, backticks and tildes."
    )


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


@pytest.mark.parametrize("name", ["strict", "recover"])
@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_strict_and_recover_are_flags(name, value):
    with pytest.raises(ConfigurationError) as caught:
        Grammar(**{name: value})
    assert str(caught.value) == f"Grammar: {name} must be True or False, not {value!r}."


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


@pytest.mark.parametrize(
    "options", [{"prefix": HUGE}, {"start": HUGE}, {"positions": [HUGE]}, {"nesting": HUGE}, {"strict": HUGE}]
)
def test_an_integer_of_any_size_is_refused(options):
    with pytest.raises(ConfigurationError, match=r"^Grammar: .*thousands of digits|^Grammar: nesting"):
        Grammar(**options)


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
    [("nesting", "sections, nest, close, text"), ("fences", "strip, keep"), ("outside", "emit, discard")],
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
