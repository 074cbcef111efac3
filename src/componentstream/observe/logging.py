"""Log records of what happens in sessions, by the standard library's ``logging``.

The level tells how much it matters:

===========  ===================================================================================
``ERROR``    a fatal error, with the traceback of its cause if there is one
``WARNING``  an error after which the stream goes on
``INFO``     a stream starts or has finished, a reader has come back
``DEBUG``    a component has finished
===========  ===================================================================================

Each log record carries flat attributes for formatters that write JSON. None of their names is one that
``logging`` uses itself:

==================================  =======================================  ==========================
attribute                           on                                       value
==================================  =======================================  ==========================
``stream_event``                    all                                      ``stream_started``,
                                                                             ``component_finished``,
                                                                             ``error_reported``,
                                                                             ``stream_finished`` or
                                                                             ``reconnected``
``stream_id``                       all                                      the id of the session
``component_index``                 ``component_finished``                   the number of its block
``component_index``                 ``error_reported``                       the component concerned, or None
``component_name``                  ``component_finished``                   str
``component_position``              ``component_finished``                   str
``component_reason``                ``component_finished``                   why it ended
``component_chars``                 ``component_finished``                   code points delivered
``component_trimmed``               ``component_finished``                   code points dropped
``component_seconds``               ``component_finished``                   from start to stop
``component_critical``              ``component_finished``                   bool
``error_code``                      ``error_reported``                       str
``error_message``                   ``error_reported``                       str
``error_fatal``                     ``error_reported``                       bool
``error_retryable``                 ``error_reported``                       bool
``error_line``                      ``error_reported``                       line of the source, or None
``stream_reason``                   ``stream_finished``                      how the generation ended
``stream_seconds``                  ``stream_finished``                      from start to end
``stream_seconds_to_first_chunk``   ``stream_finished``                      or None
``stream_chunks``                   ``stream_finished``                      chunks with text
``stream_chars``                    ``stream_finished``                      code points in them
``stream_components``               ``stream_finished``                      components that ended
``stream_errors``                   ``stream_finished``                      errors of all codes
``stream_last_event_id``            ``reconnected``                          what the reader had last
==================================  =======================================  ==========================

No line can be forged. What a model, a client or an exception wrote is shortened to 500 characters and has
everything escaped that ends a line, reorders it or does not show; the lines of a traceback are indented.
There is no text of a component and no prompt in a log record, but an exception of your source may quote
what it likes.
"""

import logging
import traceback
from typing import TypeAlias

from componentstream.observe._values import shown
from componentstream.session.hooks import (
    ComponentFinished,
    ErrorReported,
    Hook,
    HookEvent,
    StreamFinished,
    StreamStarted,
)

_Described: TypeAlias = tuple[str, str, tuple[object, ...], dict[str, object]]
"""The event, what follows the stream's id in the message, its arguments, and the attributes."""


def logging_hook(logger: logging.Logger | None = None) -> Hook:
    """Return a hook that writes log records, with levels and attributes as this module says.

    Call it once, when the program starts, and give what it returns to every session. Handlers and levels
    are the business of whoever sets up ``logging``.

    Args:
        logger: by default the one named ``componentstream.session.session``.
    """
    target = logging.getLogger("componentstream.session.session") if logger is None else logger

    def log(record: HookEvent, /) -> None:
        level = _level(record)
        if target.isEnabledFor(level):
            target.handle(_made(target, level, record))

    return log


def _level(record: HookEvent) -> int:
    if isinstance(record, ErrorReported):
        return logging.ERROR if record.fatal else logging.WARNING
    return logging.DEBUG if isinstance(record, ComponentFinished) else logging.INFO


def _made(logger: logging.Logger, level: int, record: HookEvent) -> logging.LogRecord:
    event, template, args, fields = _described(record)
    stream = shown(record.stream)
    cause = record.cause if isinstance(record, ErrorReported) and record.fatal else None
    path, line, function, _ = logger.findCaller()
    made = logger.makeRecord(
        logger.name,
        level,
        path,
        line,
        f"Stream '%s' {template}",
        (stream, *args),
        None if cause is None else (type(cause), cause, cause.__traceback__),
        function,
        {"stream_event": event, "stream_id": stream, **fields},
    )
    if cause is not None:
        # A formatter writes what it finds here as it is, and would write the exception as it is otherwise.
        made.exc_text = _traceback(cause)
    return made


def _described(record: HookEvent) -> _Described:
    match record:
        case StreamStarted():
            return "stream_started", "started.", (), {}
        case ComponentFinished():
            return _component(record)
        case ErrorReported():
            return _error(record)
        case StreamFinished():
            return _end(record)
        case _:
            last = shown(record.last_event_id)
            fields: dict[str, object] = {"stream_last_event_id": last}
            return "reconnected", "has a reader that came back after event '%s'.", (last,), fields


def _component(record: ComponentFinished) -> _Described:
    name, position = shown(record.name), shown(record.position)
    return (
        "component_finished",
        "finished component %d, '%s' at '%s', after %.3f s: %s, %d characters.",
        (record.index, name, position, record.seconds, record.reason, record.chars),
        {
            "component_index": record.index,
            "component_name": name,
            "component_position": position,
            "component_reason": record.reason,
            "component_chars": record.chars,
            "component_trimmed": record.trimmed,
            "component_seconds": record.seconds,
            "component_critical": record.critical,
        },
    )


def _error(record: ErrorReported) -> _Described:
    code, message = shown(record.code), shown(record.message)
    where = "" if record.line is None else f" in line {record.line}"
    return (
        "error_reported",
        "has the error %s%s: %s",
        (code, where, message),
        {
            "component_index": record.index,
            "error_code": code,
            "error_message": message,
            "error_fatal": record.fatal,
            "error_retryable": record.retryable,
            "error_line": record.line,
        },
    )


def _end(record: StreamFinished) -> _Described:
    stats = record.stats
    errors = sum(stats.errors_by_code.values())
    return (
        "stream_finished",
        "finished after %.3f s: %s, %d components, %d characters, %d errors.",
        (stats.elapsed, record.reason, stats.components_completed, stats.chars, errors),
        {
            "stream_reason": record.reason,
            "stream_seconds": stats.elapsed,
            "stream_seconds_to_first_chunk": stats.seconds_to_first_chunk,
            "stream_chunks": stats.chunks,
            "stream_chars": stats.chars,
            "stream_components": stats.components_completed,
            "stream_errors": errors,
        },
    )


def _traceback(cause: BaseException) -> str:
    lines = "".join(traceback.format_exception(cause)).rstrip("\n").split("\n")
    return "\n".join(f"    {shown(line)}" for line in lines)
