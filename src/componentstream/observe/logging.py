"""Log records of sessions, through the standard library's ``logging``.

Levels by severity:

===========  ===================================================================================
``ERROR``    a fatal error, with the traceback of its cause if there is one
``WARNING``  an error that does not end the stream
``INFO``     a stream started or finished, a client reconnected
``DEBUG``    a component finished
===========  ===================================================================================

Each log record has flat attributes for JSON formatters. Their names do not collide with those of ``logging``:

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
``stream_last_event_id``            ``reconnected``                          last event id of the client
==================================  =======================================  ==========================

Log lines cannot be forged. Strings from a model, a client or an exception are shortened to 500 characters,
and line ends, bidirectional controls and invisible characters in them are escaped; the lines of a traceback
are indented. Log records do not contain text of components or prompts, but an exception of your source may.
"""

import logging
import traceback
from typing import TypeAlias, assert_never

from componentstream.observe._values import shown
from componentstream.session.hooks import (
    ComponentFinished,
    ErrorReported,
    Hook,
    HookEvent,
    Reconnected,
    StreamFinished,
    StreamStarted,
)

_Description: TypeAlias = tuple[str, str, tuple[object, ...], dict[str, object]]
"""Name of the hook event, message after the stream id, arguments of the message, attributes."""


def logging_hook(logger: logging.Logger | None = None) -> Hook:
    """Return a hook that logs with the levels and attributes of this module.

    Call it once, when the program starts, and pass the hook to every session. It configures neither handlers
    nor levels; set up ``logging`` as usual.

    Args:
        logger: The logger, by default ``componentstream.session``.
    """
    target = logging.getLogger("componentstream.session") if logger is None else logger

    def log(event: HookEvent, /) -> None:
        level = _level(event)
        if target.isEnabledFor(level):
            target.handle(_log_record(target, level, event))

    return log


def _level(event: HookEvent) -> int:
    if isinstance(event, ErrorReported):
        return logging.ERROR if event.fatal else logging.WARNING
    return logging.DEBUG if isinstance(event, ComponentFinished) else logging.INFO


def _log_record(logger: logging.Logger, level: int, event: HookEvent) -> logging.LogRecord:
    name, template, args, fields = _describe(event)
    stream = shown(event.stream)
    cause = event.cause if isinstance(event, ErrorReported) and event.fatal else None
    path, line, function, _ = logger.findCaller()
    record = logger.makeRecord(
        logger.name,
        level,
        path,
        line,
        f"Stream '%s' {template}",
        (stream, *args),
        None if cause is None else (type(cause), cause, cause.__traceback__),
        function,
        {"stream_event": name, "stream_id": stream, **fields},
    )
    if cause is not None:
        # Formatters use exc_text as it is. Without it they would format the exception themselves, unescaped.
        record.exc_text = _traceback(cause)
    return record


def _describe(event: HookEvent) -> _Description:
    match event:
        case StreamStarted():
            return "stream_started", "started.", (), {}
        case ComponentFinished():
            return _component(event)
        case ErrorReported():
            return _error(event)
        case StreamFinished():
            return _end(event)
        case Reconnected():
            last = shown(event.last_event_id)
            return "reconnected", "was resumed after event '%s'.", (last,), {"stream_last_event_id": last}
        case _:
            assert_never(event)


def _component(event: ComponentFinished) -> _Description:
    name, position = shown(event.name), shown(event.position)
    return (
        "component_finished",
        "finished component %d, '%s' at '%s', after %.3f s: %s, %d characters.",
        (event.index, name, position, event.seconds, event.reason, event.chars),
        {
            "component_index": event.index,
            "component_name": name,
            "component_position": position,
            "component_reason": event.reason,
            "component_chars": event.chars,
            "component_trimmed": event.trimmed,
            "component_seconds": event.seconds,
            "component_critical": event.critical,
        },
    )


def _error(error: ErrorReported) -> _Description:
    code, message = shown(error.code), shown(error.message)
    where = "" if error.line is None else f" in line {error.line}"
    return (
        "error_reported",
        "has the error %s%s: %s",
        (code, where, message),
        {
            "component_index": error.index,
            "error_code": code,
            "error_message": message,
            "error_fatal": error.fatal,
            "error_retryable": error.retryable,
            "error_line": error.line,
        },
    )


def _end(event: StreamFinished) -> _Description:
    stats = event.stats
    errors = sum(stats.errors_by_code.values())
    return (
        "stream_finished",
        "finished after %.3f s: %s, %d components, %d characters, %d errors.",
        (stats.elapsed, event.reason, stats.components_completed, stats.chars, errors),
        {
            "stream_reason": event.reason,
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
