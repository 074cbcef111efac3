import pytest

from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.sources import JSONLinesSourceDecoder, SourceDecoder, SSESourceDecoder, TextDecoder
from componentstream.sources._single_use import SingleUse

KINDS = [TextDecoder, SourceDecoder, SSESourceDecoder, JSONLinesSourceDecoder]


def test_a_decoder_can_be_claimed_once():
    decoder = SingleUse()
    decoder.claim()
    with pytest.raises(UsageError) as raised:
        decoder.claim()
    assert str(raised.value) == (
        "This SingleUse decodes another stream; pass a new one for each stream, or the class: "
        "decoder=SingleUse."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_decoder_of_any_kind_cannot_be_claimed(kind):
    decoder = kind()
    decoder.close()
    with pytest.raises(UsageError, match=rf"^This {kind.__name__} is closed; pass a new one"):
        decoder.claim()


@pytest.mark.parametrize("kind", KINDS)
def test_a_claimed_decoder_decodes_as_before(kind):
    decoder = kind()
    decoder.claim()
    other = kind()
    data = b'{"type":"mystery"}\n'
    assert [*decoder.feed(data), *decoder.close()] == [*other.feed(data), *other.close()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reserved_decoder_can_be_claimed_and_not_reserved_again(kind):
    decoder = kind()
    decoder.reserve()
    with pytest.raises(UsageError, match="decodes another stream"):
        decoder.reserve()
    decoder.claim()
    for use in (decoder.claim, decoder.reserve):
        with pytest.raises(UsageError, match="decodes another stream"):
            use()


OWN = Grammar(prefix="@@@", start="OPEN", end="SHUT")
PAGE = "@@@ OPEN A\n<think>\nx\n</think>\n@@@ SHUT A\n"


def text_of(decoder, grammar):
    decoder.claim(grammar)
    pieces = [*decoder.feed(PAGE), *decoder.close()]
    return "".join(piece for piece in pieces if isinstance(piece, str))


@pytest.mark.parametrize("thinking", ["drop", "emit"])
def test_the_thoughts_are_judged_with_the_grammar_of_the_stream(thinking):
    assert text_of(SourceDecoder(thinking=thinking), OWN) == PAGE
    assert text_of(SourceDecoder(thinking=thinking), None) != PAGE
    assert text_of(SourceDecoder(thinking=thinking), Grammar()) != PAGE


def test_a_grammar_of_its_own_comes_first():
    assert text_of(SourceDecoder(thinking="drop", grammar=OWN), Grammar()) == PAGE
    assert text_of(SourceDecoder(thinking="drop", grammar=Grammar()), OWN) != PAGE
