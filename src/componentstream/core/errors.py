"""The exceptions of componentstream.

What a model writes wrongly is never an exception: it arrives as an
:class:`~componentstream.ErrorEvent`. Exceptions are for the caller::

    ComponentStreamError
    ├── UsageError           a call that is wrong in itself; mend the calling code
    ├── WireError            bytes or a dict that are no event of ours
    └── MissingExtraError    an optional package is not installed (also an ImportError)
"""


class ComponentStreamError(Exception):
    """Base of every exception that this library raises on purpose."""


class UsageError(ComponentStreamError):
    """A call that is wrong in itself; the message says what to do instead."""


class WireError(ComponentStreamError, ValueError):
    """Data that claims to be one of our events and is not."""


class MissingExtraError(ComponentStreamError, ImportError):
    """An optional package is missing; the message names the extra to install."""
