"""Hooks that report sessions to logs, metrics and traces.

Create a hook once, when your program starts, and pass it to every session::

    from componentstream.observe import logging_hook, prometheus_hook

    HOOKS = [logging_hook(), prometheus_hook()]
    ...
    session = GenerationSession(id=request_id, hooks=HOOKS)

================================  ======================  ============================================
factory                           install                 reports to
================================  ======================  ============================================
:func:`logging_hook`              nothing                 the standard library's ``logging``
:func:`prometheus_hook`           the extra prometheus    a Prometheus registry
:func:`opentelemetry_hook`        the extra               OpenTelemetry metrics, and one span for
                                  opentelemetry           each stream
================================  ======================  ============================================

Each factory imports its library when it is called; importing this package loads none of them. The hooks are
thread-safe. None of them sees or keeps text of a component.

Give each session a unique ``id``. Metrics are correct without one, but log records and span events of
concurrent streams with the same id cannot be told apart.
"""

from componentstream.observe.logging import logging_hook
from componentstream.observe.opentelemetry import opentelemetry_hook
from componentstream.observe.prometheus import prometheus_hook

__all__ = ["logging_hook", "opentelemetry_hook", "prometheus_hook"]
