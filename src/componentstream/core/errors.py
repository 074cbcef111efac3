"""The exceptions of componentstream.

Mistakes of the model are never exceptions: they arrive as :class:`~componentstream.ErrorEvent`. Exceptions
are for the caller::

    ComponentStreamError
    ├── UsageError              the API was misused; fix the calling code
    │   └── ConfigurationError  a setting or a file of settings is invalid (also a ValueError)
    ├── WireError               malformed event data (also a ValueError)
    ├── MissingExtraError       an optional package is not installed (also an ImportError)
    ├── RefusedRequestError     the server answers a request with an error (componentstream.server)
    └── LogError                base of the errors of a log (componentstream.log)
        ├── StreamUnknownError  the log does not have this stream
        ├── GapError            the next entries of a client are no longer kept
        ├── ProducerLostError   the producer died before it finished the stream
        ├── LeaseLostError      the lease expired or was taken over; stop writing
        ├── SequenceError       an entry number does not fit the log
        └── StoreError          the store failed or did not answer in time
"""

from typing import Any

from typing_extensions import override


class ComponentStreamError(Exception):
    """Base of every exception that this library raises on purpose; each can be pickled and copied."""

    @override
    def __reduce__(self) -> str | tuple[Any, ...]:
        # Exceptions are rebuilt by calling the class with `args`, the message. Many classes take something
        # else, and make the message from it.
        return _rebuild, (type(self), self.args), self.__dict__.copy()


class UsageError(ComponentStreamError):
    """The API was misused; the message says how to do it right."""


class ConfigurationError(UsageError, ValueError):
    """A setting is invalid, or a file of settings cannot be used; the message names it.

    Raised for values of ``Grammar``, ``Limits``, ``BufferLimits`` and ``Catalog``, and for those of the
    server. It is a UsageError, so that ``except UsageError`` catches invalid settings too; catch it first
    where settings come from the users of your program and not from its code.
    """


class WireError(ComponentStreamError, ValueError):
    """Malformed event data."""


class MissingExtraError(ComponentStreamError, ImportError):
    """An optional package is missing; the message names the extra to install."""

    @override
    def __reduce__(self) -> str | tuple[Any, ...]:
        return ImportError.__reduce__(self)  # it has fields outside of `__dict__`, and takes a message


def _rebuild(kind: type[ComponentStreamError], args: tuple[object, ...]) -> ComponentStreamError:
    return kind.__new__(kind, *args)
