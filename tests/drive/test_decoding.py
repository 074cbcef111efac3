from functools import partial

import pytest

from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.drive.decoding import DECODERS, check_decoder, decoder_of
from componentstream.sources import (
    JSONLinesSourceDecoder,
    Reasoning,
    SourceDecoder,
    SourceError,
    SSESourceDecoder,
    TextDecoder,
    Usage,
)

PIECES = [Reasoning("so"), Usage(1), SourceError("source_failed", "Gone.", fatal=True)]


class Upper:
    """A decoder of one's own, of the protocol and nothing else."""

    def feed(self, chunk):
        return [chunk.upper()]

    def close(self):
        return ["!"]


def upper():
    return Upper()


def refusal(call, *arguments, **options):
    with pytest.raises(UsageError) as raised:
        call(*arguments, **options)
    return str(raised.value)


def test_the_default_reads_chunks_of_every_kind():
    assert type(decoder_of(None, Grammar())) is SourceDecoder


@pytest.mark.parametrize("decoder", [None, Upper(), Upper, upper, SourceDecoder(), SSESourceDecoder])
def test_a_decoder_or_what_makes_one_passes(decoder):
    assert check_decoder(decoder) is None


@pytest.mark.parametrize("decoder", [Upper(), Upper, upper])
def test_a_decoder_is_used_or_made(decoder):
    made = decoder_of(decoder, Grammar())
    assert (made.feed("a"), made.close(), made.ignored) == (["A"], ["!"], 0)


@pytest.mark.parametrize("decoder", [SSESourceDecoder, SSESourceDecoder()])
def test_a_decoder_of_bytes_decodes_them_and_counts(decoder):
    made = decoder_of(decoder, Grammar())
    assert made.feed(b'data: {"type":"mystery"}\n\n') == []
    assert made.ignored == 1


@pytest.mark.parametrize("decoder", [None, TextDecoder, SSESourceDecoder, JSONLinesSourceDecoder, Upper])
@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: type(piece).__name__)
def test_pieces_are_passed_on_whatever_the_decoder(decoder, piece):
    assert decoder_of(decoder, Grammar()).feed(piece) == [piece]


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_a_named_decoder_is_made_for_each_stream(name):
    first, second = decoder_of(DECODERS[name], Grammar()), decoder_of(DECODERS[name], Grammar())
    assert first is not second


def test_a_class_or_a_function_makes_a_new_decoder_for_each_stream():
    for factory in (SourceDecoder, partial(SourceDecoder)):
        first, second = decoder_of(factory, Grammar()), decoder_of(factory, Grammar())
        assert first is not second


@pytest.mark.parametrize("kind", [SourceDecoder, TextDecoder, SSESourceDecoder, JSONLinesSourceDecoder])
def test_a_decoder_serves_one_stream(kind):
    decoder = kind()
    decoder_of(decoder, Grammar())
    assert refusal(decoder_of, decoder, Grammar()) == (
        f"This {kind.__name__} decodes another stream; pass a new one for each stream, or the class: "
        f"decoder={kind.__name__}."
    )


def test_a_function_that_returns_the_same_decoder_is_found_out():
    shared = SSESourceDecoder()
    decoder_of(lambda: shared, Grammar())
    assert "decodes another stream" in refusal(decoder_of, lambda: shared, Grammar())


@pytest.mark.parametrize("value", ["sse", 7, {"feed": 1}, []])
def test_something_else_is_refused(value):
    words = "decoder must have feed() and close(), as SourceDecoder() has; "
    assert refusal(check_decoder, value).startswith(words)
    assert refusal(decoder_of, value, Grammar()).startswith(words)


def test_a_decoder_without_close_is_refused():
    half = type("Half", (), {"feed": Upper.feed})
    words = "decoder must have feed() and close(), as SourceDecoder() has; Half lacks close()."
    assert refusal(check_decoder, half()) == words
    assert refusal(check_decoder, half) == (
        "decoder must be a decoder or a class of decoders; the class Half lacks close(). Pass one of "
        "componentstream.sources, such as SSESourceDecoder."
    )


def test_a_function_that_makes_something_else_is_refused():
    assert refusal(decoder_of, dict, Grammar()) == (
        "decoder must be a decoder or a class of decoders; the class dict lacks feed() and close(). Pass one "
        "of componentstream.sources, such as SSESourceDecoder."
    )
    assert refusal(decoder_of, lambda: "text", Grammar()) == (
        "The result of decoder() must have feed() and close(), as SourceDecoder() has; str lacks feed() and "
        "close()."
    )


def test_where_many_streams_need_one_each_a_decoder_itself_is_refused():
    assert refusal(check_decoder, SSESourceDecoder(), factory=True) == (
        "decoder must be a class, or a function that makes a decoder for each stream, not one "
        "SSESourceDecoder; pass the class: decoder=SSESourceDecoder."
    )
    assert check_decoder(SSESourceDecoder, factory=True) is None


OWN = Grammar(prefix="@@@", start="OPEN", end="SHUT")
PAGE = "@@@ OPEN A\n<think>\nx\n</think>\n@@@ SHUT A\n"


@pytest.mark.parametrize(
    "decoder",
    [
        None,
        SourceDecoder,
        partial(SourceDecoder, thinking="drop"),
        lambda: SourceDecoder(thinking="emit"),
        SourceDecoder(thinking="emit"),
    ],
)
def test_the_decoder_knows_the_grammar_of_the_stream(decoder):
    made = decoder_of(decoder, OWN)
    assert [*made.feed("\n" + PAGE), *made.close()] == ["\n" + PAGE]
