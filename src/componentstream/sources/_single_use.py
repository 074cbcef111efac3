"""The common part of the decoders: each decodes one stream."""

from componentstream.core.errors import UsageError


class SingleUse:
    """A decoder that one stream can claim, once."""

    _claimed = False
    _closed = False

    def claim(self) -> None:
        """Claim the decoder for one stream; the functions that take ``decoder=`` call it.

        Raises:
            UsageError: The decoder is closed, or another stream has claimed it.
        """
        if self._claimed or self._closed:
            kind = type(self).__name__
            state = "is closed" if self._closed else "decodes another stream"
            raise UsageError(
                f"This {kind} {state}; pass a new one for each stream, or the class: decoder={kind}."
            )
        self._claimed = True
