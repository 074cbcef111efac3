"""Bytes to text, for sources that yield UTF-8 cut anywhere."""

from codecs import getincrementaldecoder

from componentstream.core.errors import UsageError
from componentstream.sources._single_use import SingleUse

_Utf8Decoder = getincrementaldecoder("utf-8")


class TextDecoder(SingleUse):
    """A stage from bytes to text: UTF-8, in which a character may be split between chunks.

    The joined text equals ``bytes.decode("utf-8", "replace")`` of the joined bytes: invalid UTF-8 becomes
    U+FFFD, and so does an incomplete character at the end. A byte order mark is left to the parser.
    """

    def __init__(self) -> None:
        self._decoder = _Utf8Decoder("replace")

    def feed(self, data: bytes) -> list[str]:
        """Return the text that ``data`` completes, as at most one string.

        Raises:
            UsageError: ``data`` is not bytes, or the decoder is closed.
        """
        if not isinstance(data, bytes):
            raise UsageError(
                f"TextDecoder takes bytes, not {type(data).__name__}; feed a str to the parser directly."
            )
        if self._closed:
            raise UsageError("feed() after close(): decode each source with a decoder of its own.")
        text = self._decoder.decode(data)
        return [text] if text else []

    def close(self) -> list[str]:
        """Return U+FFFD for an incomplete last character; call it after the last bytes."""
        self._closed = True
        text = self._decoder.decode(b"", final=True)
        return [text] if text else []
