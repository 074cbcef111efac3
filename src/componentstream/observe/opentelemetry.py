"""Metrics and spans of sessions for OpenTelemetry.

Three metrics have the names of the semantic conventions for generative AI, which are still in development and
may change:

=====================================================  =========  =====================================
metric                                                 kind       measures
=====================================================  =========  =====================================
``gen_ai.client.operation.duration``                   histogram  a stream, from start to end, in s
``gen_ai.client.operation.time_to_first_chunk``        histogram  from the start to the first text, in s
``gen_ai.client.operation.time_per_output_chunk``      histogram  the mean time between two chunks of a
                                                                  completed stream, in s, once for each
                                                                  stream
``componentstream.open_streams``                       up-down    streams that have started and not
                                                       counter    finished
``componentstream.component.duration``                 histogram  a component, from start to stop, in s
``componentstream.errors``                             counter    error events
``componentstream.reconnects``                         counter    clients that reconnected
=====================================================  =========  =====================================

The first three have ``gen_ai.operation.name``, by default ``chat``, and the attributes that you pass: the
conventions require ``gen_ai.provider.name`` and recommend ``gen_ai.request.model``. The duration of a
stream that failed or timed out also has ``error.type``: the code of its fatal error, or ``failed`` without
one. Component durations have ``componentstream.reason``, errors have ``error.type``. Codes that are not
registered count as ``_OTHER``.

Each stream is one span, ``componentstream.stream``, with the attributes that you pass. Its parent is the
current span at the start of the session. It has a span event for each finished component, each error and
each reconnect; the exception behind a fatal error is recorded; and a stream that failed or timed out has
the status *error*. Spans do not contain text of components, but an exception of your source may.

The client library of your provider may be instrumented too, and record metrics of the same names; those of
this module have the instrumentation scope ``componentstream``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, assert_never

import attrs

from componentstream.core.errors import MissingExtraError
from componentstream.observe._values import SECONDS, OpenStreams, label, shown
from componentstream.session.hooks import (
    ComponentFinished,
    ErrorReported,
    Hook,
    HookEvent,
    Reconnected,
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
    """Return a hook that records the metrics and spans of this module.

    Call it once, when the program starts, and pass the hook to every session. A session that is cancelled
    before it starts is not counted.

    Args:
        meter_provider: The meter provider, by default the global one.
        tracer_provider: The tracer provider, by default the global one.
        attributes: Attributes of every ``gen_ai`` measurement and every span. Each distinct set of values
            is a time series, so pass nothing that differs between requests.

    Raises:
        MissingExtraError: ``opentelemetry-api`` is not installed.
    """
    try:
        from opentelemetry import metrics, trace  # noqa: PLC0415 - an optional dependency
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
    """An open span, and the fatal error of its stream."""

    span: "Span"
    fatal: ErrorReported | None = None


class _OpenTelemetryHook:
    """The instruments and the open spans."""

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
        self._errors = meter.create_counter("componentstream.errors", "{error}", "Error events.")
        self._reconnects = meter.create_counter(
            "componentstream.reconnects", "{reconnect}", "Clients that reconnected."
        )

    def __call__(self, event: HookEvent, /) -> None:
        match event:
            case StreamStarted():
                self._start(event)
            case ComponentFinished():
                self._finish_component(event)
            case ErrorReported():
                self._report(event)
            case StreamFinished():
                self._finish(event)
            case Reconnected():
                self._reconnect(event)
            case _:
                assert_never(event)

    def _start(self, event: StreamStarted) -> None:
        self._open.add(1)
        attributes = {**self._attributes, "componentstream.stream.id": shown(event.stream)}
        span = self._tracer.start_span("componentstream.stream", attributes=attributes)
        self._streams.add(event, _Stream(span))

    def _finish_component(self, event: ComponentFinished) -> None:
        self._component.record(event.seconds, {"componentstream.reason": event.reason})
        if stream := self._streams.only(event.stream):
            stream.span.add_event(
                "componentstream.component",
                {
                    "componentstream.component.index": event.index,
                    "componentstream.component.name": shown(event.name),
                    "componentstream.component.position": shown(event.position),
                    "componentstream.component.chars": event.chars,
                    "componentstream.component.trimmed": event.trimmed,
                    "componentstream.component.seconds": event.seconds,
                    "componentstream.component.critical": event.critical,
                    "componentstream.reason": event.reason,
                },
            )

    def _report(self, error: ErrorReported) -> None:
        self._errors.add(1, {"error.type": label(error.code, _OTHER)})
        stream = self._streams.only(error.stream)
        if stream is None:
            return
        event: dict[str, str | bool | int] = {
            "error.type": shown(error.code),
            "componentstream.error.message": shown(error.message),
            "componentstream.error.fatal": error.fatal,
            "componentstream.error.retryable": error.retryable,
        }
        if error.line is not None:
            event["componentstream.error.line"] = error.line
        stream.span.add_event("componentstream.error", event)
        if error.fatal:
            stream.fatal = error
            if error.cause is not None:
                stream.span.record_exception(error.cause)

    def _reconnect(self, event: Reconnected) -> None:
        self._reconnects.add(1)
        if stream := self._streams.only(event.stream):
            last = {"componentstream.last_event_id": shown(event.last_event_id)}
            stream.span.add_event("componentstream.reconnect", last)

    def _finish(self, event: StreamFinished) -> None:
        stream = self._streams.take(event)
        if stream is None:
            return
        stats, measured = event.stats, dict(self._measured)
        stream.span.set_attributes(
            {
                "componentstream.reason": event.reason,
                "componentstream.chunks": stats.chunks,
                "componentstream.chars": stats.chars,
                "componentstream.components": stats.components_completed,
                "componentstream.errors": sum(stats.errors_by_code.values()),
            }
        )
        if event.reason in ("failed", "timeout"):
            fatal = stream.fatal
            measured["error.type"] = event.reason if fatal is None else label(fatal.code, _OTHER)
            stream.span.set_attribute("error.type", event.reason if fatal is None else shown(fatal.code))
            stream.span.set_status(self._error, None if fatal is None else shown(fatal.message))
        stream.span.end()
        self._open.add(-1)
        self._duration.record(stats.elapsed, measured)
        first = stats.seconds_to_first_chunk
        if first is not None:
            self._first_chunk.record(first, self._measured)
            if event.reason == "complete" and stats.chunks > 1:
                self._per_chunk.record((stats.elapsed - first) / (stats.chunks - 1), self._measured)
