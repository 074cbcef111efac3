"""The arguments of a session are checked where it is made."""

import pytest

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.errors import UsageError
from componentstream.core.parser import ComponentParser
from componentstream.session.lifecycle import ErrorWindow, Timeouts
from componentstream.session.session import GenerationSession


def ended():
    parser = ComponentParser()
    parser.close()
    return parser


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"parser": "x"}, "GenerationSession: parser must be a ComponentParser, not str"),
        ({"parser": ComponentParser}, "not the class ComponentParser; call it: ComponentParser()."),
        ({"parser": ended()}, "The parser has already ended; pass each session a new ComponentParser."),
        ({"buffer": []}, "GenerationSession: buffer must be a ComponentBuffer, not list"),
        ({"buffer": ComponentBuffer}, "call it: ComponentBuffer()."),
        ({"timeouts": 30}, "GenerationSession: timeouts must be a Timeouts, not int; pass Timeouts(...)."),
        ({"timeouts": None}, "not None; pass Timeouts(...); for no timeout pass Timeouts(None, None)."),
        ({"error_window": 3}, "GenerationSession: error_window must be an ErrorWindow, not int"),
        ({"hooks": print}, "hooks must be a list of callables, not builtin_function_or_method; pass [hook]."),
        ({"hooks": None}, "GenerationSession: hooks must be a list of callables, not None; pass [hook]."),
        ({"hooks": [print, "x"]}, "GenerationSession: a hook must be callable, not str."),
        ({"id": 7}, "The id of a session must be a str, not int."),
    ],
)
def test_a_wrong_argument_is_refused_with_a_cure(arguments, words):
    with pytest.raises(UsageError) as caught:
        GenerationSession(**arguments)
    assert words in str(caught.value)


def test_right_arguments_are_accepted():
    heard = []
    session = GenerationSession(
        parser=ComponentParser(),
        buffer=ComponentBuffer(),
        timeouts=Timeouts(None, None),
        error_window=ErrorWindow(),
        hooks=(hook for hook in [heard.append]),
        id="s-1",
    )
    session.start(0.0)
    assert [event.stream for event in heard] == ["s-1"]
