import attrs
import pytest

from componentstream.cli.options import command_line, grammar_of, limits_of
from componentstream.core.errors import UsageError
from componentstream.core.grammar import POSITIONS, Grammar
from componentstream.core.limits import Limits
from tests import parts


def options(*arguments):
    return command_line().parse_args(["parse", *arguments])


def test_without_options_the_grammar_and_the_limits_are_the_defaults():
    assert grammar_of(options()) == Grammar()
    assert limits_of(options()) == Limits()
    assert options().file == "-"


def test_every_limit_has_an_option_of_its_name():
    names = [field.name for field in attrs.fields(Limits)]
    arguments = [
        word for value, name in enumerate(names, 1) for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    assert limits_of(options(*arguments)) == Limits(**{name: value for value, name in enumerate(names, 1)})


def test_every_part_of_the_grammar_has_an_option():
    chosen = grammar_of(
        options(
            *("--prefix", "#!", "--start", "BEGIN", "--end", "FINISH", "--position", "aside"),
            *("--position", "top", "--default-position", "top", "--strict"),
            *("--nesting", "close", "--fences", "keep", "--outside", "discard"),
        )
    )
    assert chosen == Grammar(
        prefix="#!",
        start="BEGIN",
        end="FINISH",
        positions=POSITIONS | {"aside", "top"},
        default_position="top",
        strict=True,
        nesting="close",
        fences="keep",
        outside="discard",
    )


def test_a_contradictory_grammar_is_rejected():
    with pytest.raises(UsageError, match="default_position must be one of positions"):
        grammar_of(options("--default-position", "nowhere"))


def test_a_replay_has_rate_1_by_default():
    read = command_line().parse_args
    assert read(["replay", "x"]).rate == 1.0
    assert read(["replay", "x", "--rate", "0"]).rate == 0.0
    assert read(["replay", "x", "--rate", "2.5"]).rate == 2.5


def test_only_the_named_command_serve_has_the_options_of_the_server():
    parts.module("starlette")
    assert command_line("serve").parse_args(["serve", "my_app:generate", "--port", "0"]).port == 0
    with pytest.raises(SystemExit):
        command_line().parse_args(["serve", "my_app:generate"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["parse", "--chunk", "0"], "'0' is not an integer >= 1"),
        (["parse", "--max-depth", "-1"], "'-1' is not an integer >= 1"),
        (["parse", "--max-depth", "1e3"], "'1e3' is not an integer >= 1"),
        (["parse", "--max-depth", "9" * 5000], "is not an integer >= 1"),
        (["parse", "--suffix", "tsx"], "'tsx' is not a suffix such as .tsx"),
        (["parse", "--suffix", "./../x"], "'./../x' is not a suffix such as .tsx"),
        (["parse", "--suffix", ".tsx\n"], "is not a suffix such as .tsx"),
        (["parse", "--suffix", "."], "'.' is not a suffix such as .tsx"),
        (["parse", "--nesting", "flat"], "'flat' is not one of sections, nest, close, text"),
        (["parse", "--tab"], "unrecognized arguments: --tab"),
        (["replay"], "the following arguments are required: FILE"),
        (["replay", "x", "--rate", "-1"], "'-1' is not a number >= 0"),
        (["replay", "x", "--rate", "nan"], "'nan' is not a number >= 0"),
        (["replay", "x", "--rate", "inf"], "'inf' is not a number >= 0"),
        (["replay", "x", "--rate", "fast"], "'fast' is not a number >= 0"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_arguments_end_with_status_2_and_a_sentence(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        command_line().parse_args(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("command", ["parse", "eval"])
def test_a_decoder_is_chosen_by_its_name(command, capsys):
    def read(*given):
        return command_line().parse_args([command, "answer.txt", *given]).decoder

    assert [read(), read("--decoder", "sse"), read("--decoder", "jsonlines")] == ["text", "sse", "jsonlines"]
    with pytest.raises(SystemExit):
        read("--decoder", "html")
    assert "'html' is not one of text, sse, jsonlines" in capsys.readouterr().err
