"""Prometheus metrics of the server, besides those of its sessions.

=============================================  =======  =====  =========================================
metric                                         type     label  meaning
=============================================  =======  =====  =========================================
``componentstream_readers``                    gauge           responses that are streaming now
``componentstream_refused_requests_total``     counter  code   requests answered with an error
``componentstream_resumed_total``              counter         streams resumed after an event
``componentstream_lost_producers_total``       counter         streams ended because their producer was
                                                               lost
``componentstream_log_failures_total``         counter         generations that lost their log and
                                                               continued without it, or failed
=============================================  =======  =====  =========================================

The metrics of sessions are those of :func:`~componentstream.observe.prometheus_hook`. Its
``componentstream_reconnects_total`` stays 0 here: clients reconnect to the log, not to the session.
"""

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from componentstream.core.codes import CODES
from componentstream.observe.prometheus import prometheus_hook
from componentstream.session.hooks import Hook

_REJECTIONS: Final = frozenset(code for code, record in CODES.items() if record.status is not None)
"""Codes that a response can consist of. They are exported as 0 before they occur."""

_OTHER: Final = "other"
"""Label of the codes that the application itself rejects requests with."""

_SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """Metrics of one application, in its own registry.

    If ``PROMETHEUS_MULTIPROC_DIR`` names a directory in the environment, as ``prometheus_client`` requires
    for multiple processes, each process reports the sum of all.

    Attributes:
        hook: Hook for every session, which updates the session metrics.
        readers: Gauge of the subscribers that are open now.
        resumed: Counter of streams resumed after an event.
        lost_producers: Counter of streams ended because their producer was lost.
        log_failures: Counter of generations that gave up the log.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.hook: Hook = prometheus_hook(self._registry)
        self.readers: Gauge = Gauge(
            "componentstream_readers",
            "Responses that are streaming now.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._refused = Counter(
            "componentstream_refused_requests_total",
            "Requests answered with an error.",
            ["code"],
            registry=self._registry,
        )
        self.resumed: Counter = self._counter("resumed_total", "Streams resumed after an event.")
        self.lost_producers: Counter = self._counter(
            "lost_producers_total", "Streams ended because their producer was lost."
        )
        self.log_failures: Counter = self._counter(
            "log_failures_total", "Generations that lost their log and continued without it, or failed."
        )
        for code in (*_REJECTIONS, _OTHER):
            self._refused.labels(code)

    def refused(self, code: str) -> None:
        """Count a request answered with this error code."""
        self._refused.labels(code if code in _REJECTIONS else _OTHER).inc()

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics and their media type.

        Args:
            accept: Value of the ``Accept`` header, which selects the text format or OpenMetrics. The default,
                also for a value that is not valid, is the text format.
        """
        try:
            encode, media_type = choose_encoder(accept)
        except (TypeError, ValueError):
            encode, media_type = choose_encoder("")
        return encode(self._shown()), media_type

    def _shown(self) -> CollectorRegistry:
        if not os.environ.get(_SHARED):
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry

    def _counter(self, name: str, documentation: str) -> Counter:
        return Counter(f"componentstream_{name}", documentation, registry=self._registry)
