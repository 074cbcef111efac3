"""The text decoder, fed bytes cut anywhere, agrees with decoding them whole.

The input begins with the lengths of the chunks; the rest is decoded.
"""

from componentstream.sources.text import TextDecoder
from tests.fuzz.cutting import cut, read_lengths, write_lengths


def check(data: bytes) -> None:
    lengths, body = read_lengths(data)
    decoder = TextDecoder()
    pieces = [piece for chunk in cut(body, lengths) for piece in decoder.feed(chunk)]
    pieces += decoder.close()
    assert all(pieces)
    assert "".join(pieces) == body.decode("utf-8", "replace")


def header(*, lengths: tuple[int, ...] = ()) -> bytes:
    """Return the header of an input: the lengths of its chunks."""
    return write_lengths(lengths)
