"""Metrics of sessions for Prometheus, in a registry of ``prometheus_client``.

==================================================  =========  ========  ==================================
metric                                              kind       label     what it measures
==================================================  =========  ========  ==================================
``componentstream_open_streams``                    gauge                streams that have started and not
                                                                         finished
``componentstream_generation_seconds``              histogram  reason    a stream, from start to end
``componentstream_generation_size_characters``      histogram            what the source sent, in a stream
``componentstream_time_to_first_chunk_seconds``     histogram            from the start to the first text
``componentstream_time_to_first_component_seconds`` histogram            from the start to the first
                                                                         component
``componentstream_component_seconds``               histogram  reason    a component, from start to stop
``componentstream_component_size_characters``       histogram            the text delivered of a component
``componentstream_trimmed_characters_total``        counter              text dropped from components that
                                                                         were too large
``componentstream_errors_total``                    counter    code      error events
``componentstream_reconnects_total``                counter              readers that came back
==================================================  =========  ========  ==================================

A label has few values, whatever a model writes: the reasons are those of
:class:`~componentstream.MessageStop` and :class:`~componentstream.ContentBlockStop`, the codes are those of
this library, and ``other`` for all codes of your own. The names of components are no labels. All values are
there from the beginning, so that a first failure shows as an increase.
"""

from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, get_args

from componentstream.core import codes
from componentstream.core.errors import MissingExtraError, UsageError
from componentstream.core.events import MessageStopReason, StopReason
from componentstream.observe._values import SECONDS, OpenStreams, label
from componentstream.session.hooks import (
    ComponentFinished,
    ErrorReported,
    Hook,
    HookEvent,
    StreamFinished,
    StreamStarted,
)

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

_NAMESPACE: Final = "componentstream"
_REPORTED: Final = codes.codes_of("parser", "source", "session") | {
    codes.LOG_UNAVAILABLE,
    codes.SERVER_STOPPING,
}
"""The codes that a session can report, two of them for the server; their series exist from the start."""

_OTHER: Final = "other"

# Fourfold from a line to the default limit of a component, and on to that of a stream.
_CHARACTERS: Final = (64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216)


def prometheus_hook(registry: "CollectorRegistry | None" = None) -> Hook:
    """Return a hook that keeps the metrics of this module up to date.

    Call it once for a registry, when the program starts, and give what it returns to every session. A
    session that is cancelled before it starts is not counted.

    Args:
        registry: where the metrics are registered, all or none; by default ``prometheus_client.REGISTRY``,
            which the ready-made exporters show. With several processes (``PROMETHEUS_MULTIPROC_DIR``) the
            gauge is the sum over those that live.

    Raises:
        MissingExtraError: ``prometheus_client`` is not installed.
        UsageError: the registry has a metric of one of these names.
    """
    try:
        from prometheus_client import REGISTRY  # noqa: PLC0415 - only who asks for metrics needs it
    except ImportError as error:
        raise MissingExtraError(
            "prometheus_hook needs prometheus-client: pip install 'componentstream[prometheus]'."
        ) from error
    hook = _PrometheusHook()
    try:
        (REGISTRY if registry is None else registry).register(hook)
    except ValueError as error:
        raise UsageError(
            "This registry has metrics of componentstream already; make the hook once and give it to every "
            "session, or pass a registry of its own."
        ) from error
    return hook


class _PrometheusHook:
    """The metrics, as one collector, so that a registry takes all of them or none."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - see the factory

        seconds = partial(Histogram, namespace=_NAMESPACE, buckets=SECONDS, registry=None)
        characters = partial(Histogram, namespace=_NAMESPACE, buckets=_CHARACTERS, registry=None)
        count = partial(Counter, namespace=_NAMESPACE, registry=None)
        self._streams = OpenStreams[bool]()
        self._open = Gauge(
            "open_streams",
            "Streams that have started and not finished.",
            namespace=_NAMESPACE,
            registry=None,
            multiprocess_mode="livesum",
        )
        self._generation = seconds("generation_seconds", "From the start of a stream to its end.", ["reason"])
        self._generation_size = characters("generation_size_characters", "What the source sent, in a stream.")
        self._first_chunk = seconds(
            "time_to_first_chunk_seconds", "From the start of a stream to the first text."
        )
        self._first_component = seconds(
            "time_to_first_component_seconds", "From the start of a stream to the first component."
        )
        self._component = seconds(
            "component_seconds", "From the start of a component to its stop.", ["reason"]
        )
        self._component_size = characters("component_size_characters", "The text delivered of a component.")
        self._trimmed = count("trimmed_characters_total", "Text dropped from components that were too large.")
        self._errors = count("errors_total", "Error events.", ["code"])
        self._reconnects = count("reconnects_total", "Readers that came back.")
        self._metrics = (
            self._open,
            self._generation,
            self._generation_size,
            self._first_chunk,
            self._first_component,
            self._component,
            self._component_size,
            self._trimmed,
            self._errors,
            self._reconnects,
        )
        for metric, values in (
            (self._generation, get_args(MessageStopReason)),
            (self._component, get_args(StopReason)),
            (self._errors, sorted({*_REPORTED, _OTHER})),
        ):
            for value in values:
                metric.labels(value)

    def describe(self) -> Iterable["Metric"]:
        return chain.from_iterable(metric.describe() for metric in self._metrics)

    def collect(self) -> Iterable["Metric"]:
        return chain.from_iterable(metric.collect() for metric in self._metrics)

    def __call__(self, record: HookEvent, /) -> None:
        match record:
            case StreamStarted():
                self._streams.add(record, value=True)
                self._open.inc()
            case ComponentFinished():
                self._component.labels(record.reason).observe(record.seconds)
                self._component_size.observe(record.chars)
                self._trimmed.inc(record.trimmed)
            case ErrorReported():
                self._errors.labels(label(record.code, _OTHER)).inc()
            case StreamFinished():
                self._finish(record)
            case _:
                self._reconnects.inc()

    def _finish(self, record: StreamFinished) -> None:
        if self._streams.take(record) is None:
            return
        stats = record.stats
        self._open.dec()
        self._generation.labels(record.reason).observe(stats.elapsed)
        self._generation_size.observe(stats.chars)
        if stats.seconds_to_first_chunk is not None:
            self._first_chunk.observe(stats.seconds_to_first_chunk)
        if stats.seconds_to_first_component is not None:
            self._first_component.observe(stats.seconds_to_first_component)
