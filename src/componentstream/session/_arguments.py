"""The checks of the arguments of a session."""

from collections.abc import Iterable

from componentstream.core.arguments import check_instance, described
from componentstream.core.buffer import ComponentBuffer
from componentstream.core.errors import UsageError
from componentstream.core.parser import ComponentParser
from componentstream.session.hooks import Hook
from componentstream.session.lifecycle import ErrorWindow, Timeouts


def check_parts(parser: object, buffer: object, timeouts: object, error_window: object) -> None:
    """Check the parts that a session consists of.

    Raises:
        UsageError: One has the wrong type, or the parser has ended its stream.
    """
    check_instance(parser, ComponentParser, "GenerationSession: parser")
    check_instance(buffer, ComponentBuffer, "GenerationSession: buffer")
    none = "; for no timeout pass Timeouts(None, None)" if timeouts is None else ""
    check_instance(timeouts, Timeouts, "GenerationSession: timeouts", f"pass Timeouts(...){none}")
    check_instance(error_window, ErrorWindow, "GenerationSession: error_window")
    if isinstance(parser, ComponentParser) and (parser.closed or parser.failed):
        raise UsageError("The parser has already ended; pass each session a new ComponentParser.")


def check_id(name: object) -> None:
    """Check the id of a session.

    Raises:
        UsageError: It is not a str.
    """
    if not isinstance(name, str):
        raise UsageError(f"The id of a session must be a str, not {described(name)}.")


def checked_hooks(hooks: Iterable[Hook]) -> tuple[Hook, ...]:
    """Return the hooks of a session as a tuple.

    Raises:
        UsageError: They are not callables in an iterable.
    """
    if callable(hooks) or not isinstance(hooks, Iterable):
        raise UsageError(
            f"GenerationSession: hooks must be a list of callables, not {described(hooks)}; pass [hook]."
        )
    given = tuple(hooks)
    for hook in given:
        if not callable(hook):
            raise UsageError(f"GenerationSession: a hook must be callable, not {described(hook)}.")
    return given
