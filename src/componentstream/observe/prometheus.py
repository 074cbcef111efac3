"""Metrics of sessions for Prometheus, in a registry of ``prometheus_client``.

==================================================  =========  ========  ==================================
metric                                              kind       label     measures
==================================================  =========  ========  ==================================
``componentstream_open_streams``                    gauge                streams that have started and not
                                                                         finished
``componentstream_generation_seconds``              histogram  reason    a stream, from start to end
``componentstream_generation_size_characters``      histogram            the text of the source of a stream
``componentstream_time_to_first_chunk_seconds``     histogram            from the start to the first text
``componentstream_time_to_first_component_seconds`` histogram            from the start to the first
                                                                         component
``componentstream_component_seconds``               histogram  reason    a component, from start to stop
``componentstream_component_size_characters``       histogram            the text delivered of a component
``componentstream_trimmed_characters_total``        counter              text dropped from components that
                                                                         were too large
``componentstream_errors_total``                    counter    code      error events
``componentstream_reconnects_total``                counter              clients that reconnected
==================================================  =========  ========  ==================================

The number of label values is bounded: reasons are those of :class:`~componentstream.MessageStop` and
:class:`~componentstream.ContentBlockStop`, codes are the registered ones, and ``other`` for all codes of
your own. Component names, which the model chooses, are not used as labels. All series of reasons, and those
of the codes that a session can report, exist from the start, so that a first failure shows as an increase.
"""

from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, assert_never, get_args

from componentstream.core import codes
from componentstream.core.errors import MissingExtraError, UsageError
from componentstream.core.events import MessageStopReason, StopReason
from componentstream.observe._values import SECONDS, OpenStreams, label
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
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

_NAMESPACE: Final = "componentstream"
_REPORTED: Final = codes.codes_of("parser", "source", "session") | {
    codes.LOG_UNAVAILABLE,
    codes.SERVER_STOPPING,
}
"""The codes that a session can report; the server reports the last two through its sessions."""

_OTHER: Final = "other"

# Powers of 4, from about one line to the default limits of a component (2**20) and of a stream (2**24).
_CHARACTERS: Final = (64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216)


def prometheus_hook(registry: "CollectorRegistry | None" = None) -> Hook:
    """Return a hook that updates the metrics of this module.

    Call it once per registry, when the program starts, and pass the hook to every session. A session that is
    cancelled before it starts is not counted.

    Args:
        registry: The registry for the metrics, by default ``prometheus_client.REGISTRY``, which the bundled
            exporters serve. It takes all metrics or none. With several processes
            (``PROMETHEUS_MULTIPROC_DIR``) the gauge is the sum over live processes.

    Raises:
        MissingExtraError: ``prometheus_client`` is not installed.
        UsageError: The registry already has a metric with one of these names.
    """
    try:
        from prometheus_client import REGISTRY  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise MissingExtraError(
            "prometheus_hook needs prometheus-client: pip install 'componentstream[prometheus]'."
        ) from error
    hook = _PrometheusHook()
    try:
        (REGISTRY if registry is None else registry).register(hook)
    except ValueError as error:
        raise UsageError(
            "This registry already has metrics of componentstream; create the hook once and pass it to every "
            "session, or pass another registry."
        ) from error
    return hook


class _PrometheusHook:
    """All metrics as one collector, so that a registry accepts all of them or none."""

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
        self._generation_size = characters("generation_size_characters", "Text of the source in a stream.")
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
        self._reconnects = count("reconnects_total", "Clients that reconnected.")
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
        self._show_all_labels()

    def _show_all_labels(self) -> None:
        """Create every labelled series, so that a rate is right from the first increment."""
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

    def __call__(self, event: HookEvent, /) -> None:
        match event:
            case StreamStarted():
                self._streams.add(event, value=True)
                self._open.inc()
            case ComponentFinished():
                self._component.labels(event.reason).observe(event.seconds)
                self._component_size.observe(event.chars)
                self._trimmed.inc(event.trimmed)
            case ErrorReported():
                self._errors.labels(label(event.code, _OTHER)).inc()
            case StreamFinished():
                self._finish(event)
            case Reconnected():
                self._reconnects.inc()
            case _:
                assert_never(event)

    def _finish(self, event: StreamFinished) -> None:
        if self._streams.take(event) is None:
            return
        stats = event.stats
        self._open.dec()
        self._generation.labels(event.reason).observe(stats.elapsed)
        self._generation_size.observe(stats.chars)
        if stats.seconds_to_first_chunk is not None:
            self._first_chunk.observe(stats.seconds_to_first_chunk)
        if stats.seconds_to_first_component is not None:
            self._first_component.observe(stats.seconds_to_first_component)
