"""The limits of the parser and of the component buffer, each with the reason for its default.

Sizes are code points. A limit is reached at the same code point however the text is cut.
"""

import attrs

from componentstream.core.errors import ConfigurationError


@attrs.frozen(kw_only=True)
class Limits:
    """The limits of one parser. All are on by default; each must be an integer >= 1.

    Args:
        max_marker_chars: maximum length of a marker or fence line, without its line end. The longest START
            that people write (name, position, a few attributes) is under 200; 512 leaves room and still
            bounds the text that the parser holds back.
        max_component_chars: maximum length of the content of a component. 1 MiB is 100 times a large
            generated component, and small enough to keep a page of them in memory. Text beyond it is
            dropped, counted in ``trimmed`` and reported once as ``component_too_large``.
        max_components: maximum number of components in a stream, nested ones included. Ten times a long
            landing page with ten sections. One more is the fatal ``too_many_components``.
        max_depth: maximum number of components open at once. Compound menus and tables nest three or four
            deep.
        max_total_chars: maximum length of the whole input. 16 Mi is beyond the output of any model; a
            longer stream is a runaway. One more character is the fatal ``stream_too_large``.
        max_errors: maximum number of errors in a stream. One more becomes the fatal ``too_many_errors``: a
            model that has lost the protocol rarely recovers it, and an error costs a client more than its
            text.

    Raises:
        ConfigurationError: a limit is not an integer >= 1.
    """

    max_marker_chars: int = 512
    max_component_chars: int = 1_048_576
    max_components: int = 100
    max_depth: int = 8
    max_total_chars: int = 16_777_216
    max_errors: int = 100

    def __attrs_post_init__(self) -> None:
        _check(self)


@attrs.frozen(kw_only=True)
class BufferLimits:
    """The limits of one :class:`~componentstream.ComponentBuffer`; each must be an integer >= 1.

    They apply to completed components. Open components are bounded by the :class:`Limits` of the parser
    that emits the events.

    Args:
        max_components: maximum number of completed components kept. The default is that of ``Limits``, so
            that an ordinary stream is kept in full; lower it if you use components as they complete.
        max_chars: maximum number of code points kept, of all completed components together. The default is
            that of ``Limits.max_total_chars``, for the same reason. A single component that is longer is
            returned when it completes and not kept.
        max_uses: maximum number of names kept in the ``uses`` of a component, the first ones. A long page
            mentions a few dozen other components; without a limit, the names in a text that consists of
            tags would take twenty times the memory of the text.

    Raises:
        ConfigurationError: a limit is not an integer >= 1.
    """

    max_components: int = 100
    max_chars: int = 16_777_216
    max_uses: int = 256

    def __attrs_post_init__(self) -> None:
        _check(self)


def _check(limits: Limits | BufferLimits) -> None:
    for name, value in attrs.asdict(limits).items():
        # Not isinstance: True is an int, and a limit of True is a mistake. The value is not shown, because
        # Python refuses to format integers of more than some thousand digits.
        if type(value) is not int or value < 1:
            raise ConfigurationError(f"{type(limits).__name__}: {name} must be an integer >= 1.")
