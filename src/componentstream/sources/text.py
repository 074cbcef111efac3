"""Bytes to text, for sources that deliver UTF-8 cut anywhere."""

from codecs import getincrementaldecoder

from componentstream.core.errors import UsageError

_Utf8Decoder = getincrementaldecoder("utf-8")


class TextDecoder:
    """A stage from bytes to text: UTF-8, in which a character may be cut.

    All the text together is ``bytes.decode("utf-8", "replace")`` of all the bytes together: what is no UTF-8
    becomes U+FFFD, a character that the end cuts off too. A byte order mark is left to the parser.
    """

    def __init__(self) -> None:
        self._decoder = _Utf8Decoder("replace")
        self._closed = False

    def feed(self, data: bytes) -> list[str]:
        """Return the text that ``data`` completes: one string, or none.

        Raises:
            UsageError: ``data`` is not bytes, or the decoder is closed.
        """
        if not isinstance(data, bytes):
            raise UsageError(
                f"TextDecoder takes bytes, not {type(data).__name__}; give a str to the parser as it is."
            )
        if self._closed:
            raise UsageError("feed() after close(): decode each source with a decoder of its own.")
        text = self._decoder.decode(data)
        return [text] if text else []

    def close(self) -> list[str]:
        """Return what a character that was cut off becomes; call it when no more bytes come."""
        self._closed = True
        text = self._decoder.decode(b"", final=True)
        return [text] if text else []
