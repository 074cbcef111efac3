import io
import json
import logging
import re

import pytest

from componentstream.observe import logging_hook
from componentstream.session.hooks import ComponentFinished, ErrorReported, Reconnected, StreamStarted
from tests.observe.sessions import (
    TEXT,
    begun,
    cancelled,
    complete,
    failed,
    lost,
    never_started,
    raised,
    timed_out,
)

HOSTILE = "x\r\n2031 ERROR forged\u2028\u2029\x85\x0b\x1b[2J\u202egnorts\u200b\ufeff\x00\ud800\U000e0041"
ESCAPED = r"x\r\n2031 ERROR forged\u2028\u2029\x85\x0b\x1b[2J\u202egnorts\u200b\ufeff\x00\ud800\U000e0041"


class Kept(logging.Handler):
    """Keeps the records."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


def logger_with(handler, level=logging.DEBUG):
    logger = logging.Logger("test", level)  # noqa: LOG001 - one that other tests cannot see
    logger.addHandler(handler)
    return logger


def kept(session, *, level=logging.DEBUG, **settings):
    """Return the log records of a session."""
    handler = Kept()
    session(logging_hook(logger_with(handler, level)), **settings)
    return handler.records


def written(record, form="%(levelname)s %(message)s"):
    """Return what a handler writes of one record of a hook."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter(form))
    logging_hook(logger_with(handler))(record)
    return out.getvalue()


def fields(record):
    plain = vars(logging.LogRecord("", 0, "", 0, "", (), None))
    return {name: value for name, value in vars(record).items() if name not in plain}


def error(*, code="invalid_name", message="m", fatal=False, line=None, cause=None):
    return ErrorReported(
        stream="s1", at=0.0, code=code, message=message, fatal=fatal, retryable=False, line=line, index=None,
        cause=cause,
    )  # fmt: skip


def component(name, position="main"):
    return ComponentFinished(
        stream="s1", at=0.0, index=0, name=name, position=position, reason="end", chars=1, trimmed=0,
        seconds=0.5, critical=False,
    )  # fmt: skip


def test_a_session_is_logged_from_start_to_end():
    assert [f"{record.levelname} {record.getMessage()}" for record in kept(complete)] == [
        "INFO Stream 's1' started.",
        "DEBUG Stream 's1' finished component 0, 'Hero' at 'header', after 1.000 s: end, 18 characters.",
        "WARNING Stream 's1' has the error unexpected_end in line 5: No component Nope is open.",
        "WARNING Stream 's1' has the error unclosed_component: Component Menu was not closed.",
        "DEBUG Stream 's1' finished component 1, 'Menu' at 'main', after 1.000 s: truncated, 23 characters.",
        "INFO Stream 's1' finished after 2.500 s: complete, 2 components, 100 characters, 2 errors.",
    ]


def test_each_record_has_flat_attributes():
    started, hero, _, unclosed, _, finished = kept(complete)
    assert fields(started) == {"stream_event": "stream_started", "stream_id": "s1"}
    assert fields(hero) == {
        "stream_event": "component_finished",
        "stream_id": "s1",
        "component_index": 0,
        "component_name": "Hero",
        "component_position": "header",
        "component_reason": "end",
        "component_chars": 18,
        "component_trimmed": 0,
        "component_seconds": 1.0,
        "component_critical": False,
    }
    assert fields(unclosed) == {
        "stream_event": "error_reported",
        "stream_id": "s1",
        "component_index": 1,
        "error_code": "unclosed_component",
        "error_message": "Component Menu was not closed.",
        "error_fatal": False,
        "error_retryable": False,
        "error_line": None,
    }
    assert fields(finished) == {
        "stream_event": "stream_finished",
        "stream_id": "s1",
        "stream_reason": "complete",
        "stream_seconds": 2.5,
        "stream_seconds_to_first_chunk": 0.5,
        "stream_chunks": 3,
        "stream_chars": 100,
        "stream_components": 2,
        "stream_errors": 2,
    }


def test_the_attributes_are_those_of_the_documentation():
    handler = Kept()
    hook = logging_hook(logger_with(handler))
    complete(hook)
    hook(Reconnected(stream="s1", at=0.0, last_event_id="7"))
    used = {(name, record.stream_event) for record in handler.records for name in fields(record)}
    events = {record.stream_event for record in handler.records}
    documentation = logging_hook.__globals__["__doc__"]
    rows = re.findall(r"^``(\w+)`` +(all|``\w+``)  ", documentation, re.MULTILINE)
    assert used == {
        (name, event) for name, on in rows for event in (events if on == "all" else [on.strip("`")])
    }


@pytest.mark.parametrize(
    ("session", "reason", "levels"),
    [
        (failed, "failed", ["INFO", "ERROR", "DEBUG", "INFO"]),
        (lost, "failed", ["INFO", "WARNING", "DEBUG", "INFO"]),
        (timed_out, "timeout", ["INFO", "ERROR", "INFO"]),
        (cancelled, "cancelled", ["INFO", "INFO"]),
        (never_started, "cancelled", ["INFO"]),
    ],
)
def test_the_level_tells_how_a_session_went(session, reason, levels):
    records = kept(session)
    assert [record.levelname for record in records] == levels
    assert records[-1].stream_reason == reason


def test_a_fatal_error_has_the_traceback_of_its_cause():
    cause = raised("the line is dead")
    record = kept(failed, cause=cause)[1]
    assert record.exc_info == (ConnectionError, cause, cause.__traceback__)
    lines = logging.Formatter().format(record).split("\n")
    assert lines[0] == "Stream 's1' has the error source_failed: The source failed."
    assert lines[1] == "    Traceback (most recent call last):"
    assert lines[-1] == "    ConnectionError: the line is dead"
    assert all(line.startswith("    ") for line in lines[1:])


def test_a_fatal_error_without_a_cause_has_no_traceback():
    assert kept(timed_out)[1].exc_info is None


def test_an_error_that_is_not_fatal_has_no_traceback():
    assert written(error(cause=raised("odd"))) == "WARNING Stream 's1' has the error invalid_name: m\n"


def test_a_reconnect_is_logged():
    reconnected = Reconnected(stream="s1", at=0.0, last_event_id="17")
    assert written(reconnected) == "INFO Stream 's1' was resumed after event '17'.\n"
    assert written(reconnected, "%(stream_last_event_id)s %(stream_event)s") == "17 reconnected\n"


@pytest.mark.parametrize(
    ("record", "attribute"),
    [
        (component(HOSTILE), "component_name"),
        (component("Hero", HOSTILE), "component_position"),
        (error(message=HOSTILE), "error_message"),
        (error(code=HOSTILE), "error_code"),
        (StreamStarted(stream=HOSTILE, at=0.0), "stream_id"),
        (Reconnected(stream="s1", at=0.0, last_event_id=HOSTILE), "stream_last_event_id"),
    ],
)
def test_a_string_cannot_forge_a_line(record, attribute):
    line = written(record, f"%(message)s %({attribute})s")
    assert line.count(ESCAPED) == 2
    assert line.endswith("\n")
    assert line[:-1].isprintable()


def test_a_model_cannot_forge_a_line():
    out = io.StringIO()
    session = begun(logging_hook(logger_with(logging.StreamHandler(out))))
    session.feed("/// START a\u202eb\x1b[2J\r2031-01-01\n", 100.5)
    session.finish(101.0)
    lines = out.getvalue().split("\n")
    assert len(lines) == 4
    assert lines.pop() == ""
    assert all(line.isprintable() and line.startswith("Stream 's1' ") for line in lines)
    assert "2031-01-01" in lines[1]


def test_the_message_of_an_exception_cannot_forge_a_line():
    text = written(error(fatal=True, cause=raised(HOSTILE)))
    first, *rest = text.rstrip("\n").split("\n")
    assert first == "ERROR Stream 's1' has the error invalid_name: m"
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
    assert rest[-2] == r"    ConnectionError: x\r"
    assert rest[-1].startswith("    2031 ERROR forged")


def test_long_strings_are_shortened():
    line = written(StreamStarted(stream="a" * 501, at=0.0), "%(stream_id)s")
    assert line == "a" * 500 + "...\n"
    assert written(StreamStarted(stream="a" * 500, at=0.0), "%(stream_id)s") == "a" * 500 + "\n"


@pytest.mark.parametrize("session", [complete, failed])
def test_no_text_of_a_component_is_in_any_record(session):
    shown = [json.dumps(vars(record), default=repr) for record in kept(session)]
    assert len(shown) > 3
    assert "secret" in TEXT
    assert not any("secret" in record for record in shown)


def test_no_log_record_is_made_below_the_level_of_the_logger():
    assert [record.levelname for record in kept(complete, level=logging.WARNING)] == ["WARNING", "WARNING"]
    off = logger_with(handler := Kept())
    off.disabled = True
    complete(logging_hook(off))
    assert handler.records == []


def test_the_logger_is_one_of_componentstream_by_default(caplog):
    with caplog.at_level(logging.INFO, "componentstream"):
        cancelled(logging_hook())
    assert [(record.name, record.stream_id) for record in caplog.records] == [
        ("componentstream.session", "s1"),
        ("componentstream.session", "s1"),
    ]
    assert {record.pathname for record in caplog.records} == {logging_hook.__code__.co_filename}


def test_an_unknown_hook_event_is_not_logged_as_a_reconnect():
    class Unknown:
        stream = "s1"

    handler = Kept()
    with pytest.raises(AssertionError, match="Expected code to be unreachable"):
        logging_hook(logger_with(handler))(Unknown())
    assert handler.records == []
