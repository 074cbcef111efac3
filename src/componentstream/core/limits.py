"""Every bound of the parser and of the buffer behind it, each with the reason for its default.

Sizes are code points. A limit trips at the same code point however the text is cut.
"""

import attrs

from componentstream.core.errors import UsageError


@attrs.frozen(kw_only=True)
class Limits:
    """The bounds of one parser. All are on by default; each must be a whole number from 1 up.

    Args:
        max_marker_chars: longest marker or fence line, without its line end. The longest START a person
            would write (name, position, a few attributes) is under 200; 512 leaves room and still bounds
            what the parser ever holds back.
        max_component_chars: longest content of a component. 1 MiB is 100 times a large generated
            component, and small enough to keep a page of them in memory. What is over is dropped,
            counted in ``trimmed`` and reported once as ``component_too_large``.
        max_components: components in a stream, nested ones included. Ten times a long landing page with
            ten sections. One more is the fatal ``too_many_components``.
        max_depth: components open at once. Compound menus and tables nest three or four deep.
        max_total_chars: length of the whole input. 16 Mi is beyond any model's answer; a stream that is
            longer has run away. One more is the fatal ``stream_too_large``.
        max_errors: errors in a stream. One more becomes the fatal ``too_many_errors``: a model that has
            lost the protocol does not find it again, and each error costs a client more than its text.

    Raises:
        UsageError: a limit is not a whole number from 1 up.
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
    """The bounds of one :class:`~componentstream.ComponentBuffer`; each must be a whole number from 1 up.

    They bound what is kept of completed components. What is still open is bounded by the
    :class:`Limits` of the parser that the events come from.

    Args:
        max_components: completed components kept. As many as a parser with the default ``Limits`` lets
            through, so that nothing of an ordinary stream is forgotten behind its user's back; lower it
            where components are used as they complete.
        max_chars: code points of text kept, of all completed components together. The same length as the
            default ``Limits.max_total_chars``, for the same reason. A single component that is longer is
            returned when it completes and not kept.
        max_uses: names kept in the ``uses`` of a component, the first ones. A long page mentions a few
            dozen other components; without a bound, a text of nothing but tags would take twenty times
            its own size.

    Raises:
        UsageError: a limit is not a whole number from 1 up.
    """

    max_components: int = 100
    max_chars: int = 16_777_216
    max_uses: int = 256

    def __attrs_post_init__(self) -> None:
        _check(self)


def _check(limits: Limits | BufferLimits) -> None:
    for name, value in attrs.asdict(limits).items():
        if type(value) is not int or value < 1:
            raise UsageError(f"{type(limits).__name__}: {name} must be a whole number from 1 up.")
