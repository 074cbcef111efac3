"""The metrics of the server for Prometheus, beside those of its sessions.

=============================================  =======  =====  =========================================
metric                                         kind     label  what it measures
=============================================  =======  =====  =========================================
``componentstream_readers``                    gauge           streams that are being read
``componentstream_refused_requests_total``     counter  code   requests that were answered with an error
``componentstream_resumed_total``              counter         streams that a reader went on with after
                                                               an event that it had
``componentstream_lost_producers_total``       counter         streams that were ended because their
                                                               producer was lost
``componentstream_log_failures_total``         counter         generations that went on without the log,
                                                               or ended, because it failed
=============================================  =======  =====  =========================================

The metrics of sessions are those of :func:`~componentstream.observe.prometheus_hook`. Its
``componentstream_reconnects_total`` stays 0 here: a reader comes back to the log, not to the session.
"""

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from componentstream.observe.prometheus import prometheus_hook
from componentstream.server.http.openapi import REFUSALS
from componentstream.session.hooks import Hook

_OTHER: Final = "other"
"""The label of a code that the server does not know: one of your own, raised by you."""

_SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The metrics of one application, in a registry of its own.

    Where the variable ``PROMETHEUS_MULTIPROC_DIR`` names a folder, as ``prometheus_client`` has it for
    several processes, the answer of each process is for all of them.

    Attributes:
        hook: for every session; keeps the metrics of sessions.
        readers: up and down with each reader.
        resumed: one more for each reader that went on after an event.
        lost_producers: one more for each stream that was ended in place of its producer.
        log_failures: one more for each generation that gave its log up.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.hook: Hook = prometheus_hook(self._registry)
        self.readers = Gauge(
            "componentstream_readers",
            "Streams that are being read.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._refused = Counter(
            "componentstream_refused_requests_total",
            "Requests that were answered with an error.",
            ["code"],
            registry=self._registry,
        )
        self.resumed = self._counter("resumed_total", "Streams that a reader went on with after an event.")
        self.lost_producers = self._counter(
            "lost_producers_total", "Streams that were ended because their producer was lost."
        )
        self.log_failures = self._counter(
            "log_failures_total", "Generations that went on without the log, or ended, because it failed."
        )
        for code in (*REFUSALS, _OTHER):
            self._refused.labels(code)

    def refused(self, code: str) -> None:
        """Count a request that is answered with an error of this code."""
        self._refused.labels(code if code in REFUSALS else _OTHER).inc()

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics and their media type.

        Args:
            accept: the header ``Accept`` of the request, which asks for the text format or for OpenMetrics;
                what is not understood gets the text format.
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
