import pytest

from componentstream.core.errors import UsageError
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
