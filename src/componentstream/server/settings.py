"""The settings of the server, each with its reason."""

import math
from typing import Final

import attrs

from componentstream.batching import DeltaBatcher
from componentstream.errors import UsageError
from componentstream.lifecycle import Timeouts

_BATCHER: Final = "batch_chars and batch_delay are those of a DeltaBatcher"


@attrs.frozen(kw_only=True)
class ServerSettings:
    """How the server treats every request; the defaults suit a model that writes a page.

    Args:
        timeouts: how long a generation may take, and be silent; see :class:`~componentstream.Timeouts`.
        max_body_bytes: longest body of a request. 64 KiB is ten pages of prompt; what is longer belongs into
            a store of the application's, named by ``project`` and ``version``.
        heartbeat: seconds of silence after which a heartbeat is sent, None for never. Proxies cut
            connections that were silent for 29 seconds or more, and 15 leave room for one that was late.
        send_timeout: seconds that a reader may take nothing before it is dropped. A phone that changes its
            network is silent for less, and nobody should hold a model's connection for longer unread.
        batch_chars: code points at which held text leaves; see :class:`~componentstream.DeltaBatcher`. 256
            make the frame around the text small, and show no jerks.
        batch_delay: seconds that text is held at most. 0.05 is 20 updates a second, so that text flows.

    Raises:
        UsageError: a value is out of its range.
    """

    timeouts: Timeouts = Timeouts()
    max_body_bytes: int = 65_536
    heartbeat: float | None = 15.0
    send_timeout: float = 20.0
    batch_chars: int = 256
    batch_delay: float = 0.05

    def __attrs_post_init__(self) -> None:
        if type(self.max_body_bytes) is not int or self.max_body_bytes < 1:
            raise UsageError("ServerSettings: max_body_bytes must be a whole number from 1 up.")
        if self.heartbeat is not None and not _are_seconds(self.heartbeat):
            raise UsageError("ServerSettings: heartbeat must be a number of seconds above 0, or None.")
        if not _are_seconds(self.send_timeout):
            raise UsageError("ServerSettings: send_timeout must be a number of seconds above 0.")
        try:
            self.new_batcher()
        except UsageError as problem:
            raise UsageError(f"ServerSettings: {_BATCHER}. {problem}") from None

    def new_batcher(self) -> DeltaBatcher:
        """Return the batcher of one more stream."""
        return DeltaBatcher(max_chars=self.batch_chars, max_delay=self.batch_delay)


def _are_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
