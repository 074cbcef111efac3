"""The arguments besides the source: a wrong one is told with its cure, a right one passes."""

import time

import pytest

from componentstream.core.errors import UsageError
from componentstream.core.parser import ComponentParser
from componentstream.drive.arguments import (
    check_clock,
    check_encoder,
    check_parser,
    check_session,
    check_stages,
)
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession
from componentstream.sources import SourceDecoder
from componentstream.wire import JSONLinesEncoder


def refusal(check, *arguments):
    with pytest.raises(UsageError) as caught:
        check(*arguments)
    return str(caught.value)


def test_right_arguments_pass():
    for check, value in (
        (check_parser, ComponentParser()),
        (check_parser, None),
        (check_session, GenerationSession()),
        (check_session, None),
        (check_encoder, JSONLinesEncoder()),
        (check_encoder, None),
        (check_clock, time.monotonic),
    ):
        assert check(value) is None
    assert check_stages(None, None) is None
    assert check_stages(SourceDecoder(), DeltaBatcher()) is None
    assert check_encoder(JSONLinesEncoder(), "headers") is None


def test_a_parser_that_has_ended_is_refused():
    parser = ComponentParser()
    parser.abort()
    assert refusal(check_parser, parser) == (
        "The parser has ended its stream; make a new ComponentParser for each source."
    )


def test_a_session_that_has_been_started_or_has_ended_is_refused():
    session = GenerationSession()
    session.start(0.0)
    assert refusal(check_session, session) == (
        "The session has been started; make a new GenerationSession for each source."
    )
    session.finish(1.0)
    assert refusal(check_session, session) == (
        "The session has ended; make a new GenerationSession for each source."
    )


def test_classes_and_other_objects_are_refused():
    assert refusal(check_parser, ComponentParser).endswith("; call it: ComponentParser().")
    assert refusal(check_session, 7).endswith("not int; pass GenerationSession(...).")
    assert refusal(check_stages, 7, None).startswith("decoder must have feed() and close(), as")
    assert refusal(check_stages, None, 7).startswith("batcher must be a DeltaBatcher, not int")
    assert refusal(check_encoder, JSONLinesEncoder).endswith("; call it: JSONLinesEncoder().")
    assert refusal(check_clock, 1.0).startswith("clock must be a function that returns seconds, not float")
