"""Metrics and spans of sessions for OpenTelemetry.

Three metrics bear the names of the semantic conventions for generative AI, which are still in development
and may change:

=====================================================  =========  =====================================
metric                                                 kind       what it measures
=====================================================  =========  =====================================
``gen_ai.client.operation.duration``                   histogram  a stream, from start to end, in s
``gen_ai.client.operation.time_to_first_chunk``        histogram  from the start to the first text, in s
``gen_ai.client.operation.time_per_output_chunk``      histogram  the mean time between two chunks of a
                                                                  completed stream, in s, once for each
                                                                  stream
``componentstream.open_streams``                       up-down    streams that have started and not
                                                       counter    finished
``componentstream.component.duration``                 histogram  a component, from start to stop, in s
``componentstream.core.errors``                             counter    error events
``componentstream.reconnects``                         counter    readers that came back
=====================================================  =========  =====================================

The first three have ``gen_ai.operation.name``, which is ``chat`` unless you say otherwise, and the
attributes that you give: by the conventions ``gen_ai.provider.name`` at least, and ``gen_ai.request.model``.
The duration of a stream that failed or timed out has ``error.type`` as well: the code of the fatal error if
there was one, otherwise ``failed``. A component has ``componentstream.reason``, an error has ``error.type``.
Codes that are not of this library count as ``_OTHER``.

Each stream is one span, ``componentstream.stream``, a child of the span that is current when the session
starts, with the attributes that you give. It has an event for each component that finished, each error and
each reader that came back; the exception behind a fatal error is recorded; and a stream that failed or timed
out has the status *error*. A span has no text of a component, but the exception may quote what it likes.

The client library of your provider may be instrumented too and measure the same under the same names; the
scope of what comes from here is ``componentstream``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from componentstream.core.errors import MissingExtraError
from componentstream.observe._values import SECONDS, OpenStreams, label, shown
from componentstream.session.hooks import (
    ComponentFinished,
    ErrorReported,
    Hook,
    HookEvent,
    StreamFinished,
    StreamStarted,
)

if TYPE_CHECKING:
    from opentelemetry.metrics import Histogram, Meter, MeterProvider
    from opentelemetry.trace import Span, Tracer, TracerProvider

_SCOPE: Final = "componentstream"
_OTHER: Final = "_OTHER"


def opentelemetry_hook(
    meter_provider: "MeterProvider | None" = None,
    tracer_provider: "TracerProvider | None" = None,
    *,
    attributes: Mapping[str, str] | None = None,
) -> Hook:
    """Return a hook that measures and traces as this module says.

    Call it once, when the program starts, and give what it returns to every session. A session that is
    cancelled before it starts is not counted.

    Args:
        meter_provider: by default the global one.
        tracer_provider: by default the global one.
        attributes: of every ``gen_ai`` measurement and every span. Every value that they take is a time
            series of its own, so give nothing that differs from request to request.

    Raises:
        MissingExtraError: ``opentelemetry-api`` is not installed.
    """
    try:
        from opentelemetry import metrics, trace  # noqa: PLC0415 - only who asks for it needs it
    except ImportError as error:
        raise MissingExtraError(
            "opentelemetry_hook needs opentelemetry-api: pip install 'componentstream[opentelemetry]'."
        ) from error
    return _OpenTelemetryHook(
        metrics.get_meter(_SCOPE, meter_provider=meter_provider),
        trace.get_tracer(_SCOPE, tracer_provider=tracer_provider),
        dict(attributes or {}),
    )


@attrs.define
class _Stream:
    """A span that is open, and the fatal error that ends it."""

    span: "Span"
    fatal: ErrorReported | None = None


class _OpenTelemetryHook:
    """The instruments, and the spans that are open."""

    def __init__(self, meter: "Meter", tracer: "Tracer", attributes: Mapping[str, str]) -> None:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - see the factory

        self._error = StatusCode.ERROR
        self._tracer = tracer
        self._attributes = attributes
        self._measured = {"gen_ai.operation.name": "chat", **attributes}
        self._streams = OpenStreams[_Stream]()

        def seconds(name: str, text: str) -> "Histogram":
            return meter.create_histogram(
                name, unit="s", description=text, explicit_bucket_boundaries_advisory=SECONDS
            )

        self._duration = seconds("gen_ai.client.operation.duration", "From the start of a stream to its end.")
        self._first_chunk = seconds(
            "gen_ai.client.operation.time_to_first_chunk", "From the start of a stream to the first text."
        )
        self._per_chunk = seconds(
            "gen_ai.client.operation.time_per_output_chunk",
            "The mean time between two chunks of a completed stream.",
        )
        self._component = seconds(
            "componentstream.component.duration", "From the start of a component to its stop."
        )
        self._open = meter.create_up_down_counter(
            "componentstream.open_streams", "{stream}", "Streams that have started and not finished."
        )
        self._errors = meter.create_counter("componentstream.core.errors", "{error}", "Error events.")
        self._reconnects = meter.create_counter(
            "componentstream.reconnects", "{reconnect}", "Readers that came back."
        )

    def __call__(self, record: HookEvent, /) -> None:
        match record:
            case StreamStarted():
                self._start(record)
            case ComponentFinished():
                self._finish_component(record)
            case ErrorReported():
                self._report(record)
            case StreamFinished():
                self._finish(record)
            case _:
                self._reconnects.add(1)
                if stream := self._streams.only(record.stream):
                    last = {"componentstream.last_event_id": shown(record.last_event_id)}
                    stream.span.add_event("componentstream.reconnect", last)

    def _start(self, record: StreamStarted) -> None:
        self._open.add(1)
        attributes = {**self._attributes, "componentstream.stream.id": shown(record.stream)}
        span = self._tracer.start_span("componentstream.stream", attributes=attributes)
        self._streams.add(record, _Stream(span))

    def _finish_component(self, record: ComponentFinished) -> None:
        self._component.record(record.seconds, {"componentstream.reason": record.reason})
        if stream := self._streams.only(record.stream):
            stream.span.add_event(
                "componentstream.component",
                {
                    "componentstream.component.index": record.index,
                    "componentstream.component.name": shown(record.name),
                    "componentstream.component.position": shown(record.position),
                    "componentstream.component.chars": record.chars,
                    "componentstream.component.trimmed": record.trimmed,
                    "componentstream.component.seconds": record.seconds,
                    "componentstream.component.critical": record.critical,
                    "componentstream.reason": record.reason,
                },
            )

    def _report(self, record: ErrorReported) -> None:
        self._errors.add(1, {"error.type": label(record.code, _OTHER)})
        stream = self._streams.only(record.stream)
        if stream is None:
            return
        event: dict[str, str | bool | int] = {
            "error.type": shown(record.code),
            "componentstream.error.message": shown(record.message),
            "componentstream.error.fatal": record.fatal,
            "componentstream.error.retryable": record.retryable,
        }
        if record.line is not None:
            event["componentstream.error.line"] = record.line
        stream.span.add_event("componentstream.error", event)
        if record.fatal:
            stream.fatal = record
            if record.cause is not None:
                stream.span.record_exception(record.cause)

    def _finish(self, record: StreamFinished) -> None:
        stream = self._streams.take(record)
        if stream is None:
            return
        stats, measured = record.stats, dict(self._measured)
        stream.span.set_attributes(
            {
                "componentstream.reason": record.reason,
                "componentstream.chunks": stats.chunks,
                "componentstream.chars": stats.chars,
                "componentstream.components": stats.components_completed,
                "componentstream.core.errors": sum(stats.errors_by_code.values()),
            }
        )
        if record.reason in ("failed", "timeout"):
            fatal = stream.fatal
            measured["error.type"] = record.reason if fatal is None else label(fatal.code, _OTHER)
            stream.span.set_attribute("error.type", record.reason if fatal is None else shown(fatal.code))
            stream.span.set_status(self._error, None if fatal is None else shown(fatal.message))
        stream.span.end()
        self._open.add(-1)
        self._duration.record(stats.elapsed, measured)
        first = stats.seconds_to_first_chunk
        if first is not None:
            self._first_chunk.record(first, self._measured)
            if record.reason == "complete" and stats.chunks > 1:
                self._per_chunk.record((stats.elapsed - first) / (stats.chunks - 1), self._measured)
