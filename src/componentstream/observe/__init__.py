"""Hooks that bring what happens in a session to logs, metrics and traces.

Make a hook once, when your program starts, and give it to every session::

    from componentstream.observe import logging_hook, prometheus_hook

    HOOKS = [logging_hook(), prometheus_hook()]
    ...
    session = GenerationSession(id=request_id, hooks=HOOKS)

================================  ======================  ============================================
factory                           install                 what it makes
================================  ======================  ============================================
:func:`logging_hook`              nothing                 log records of the standard library
:func:`prometheus_hook`           the extra prometheus    metrics in a Prometheus registry
:func:`opentelemetry_hook`        the extra               GenAI metrics and one span for each stream
                                  opentelemetry
================================  ======================  ============================================

Each factory imports its library when it is called; importing this package loads none of them. The hooks may
be called from several threads. None of them sees or keeps text of a component.

Give each session an ``id`` of its own. The figures are right without, but log records and span events of
streams that are open at the same time under one id cannot be told apart.
"""

from componentstream.observe.logging import logging_hook
from componentstream.observe.opentelemetry import opentelemetry_hook
from componentstream.observe.prometheus import prometheus_hook

__all__ = ["logging_hook", "opentelemetry_hook", "prometheus_hook"]
