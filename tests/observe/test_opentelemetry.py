import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import componentstream.observe.opentelemetry as module
from componentstream.observe import opentelemetry_hook
from componentstream.session.hooks import Reconnected
from tests import parts
from tests.observe.sessions import (
    TEXT,
    begun,
    cancelled,
    complete,
    error_without,
    failed,
    lost,
    never_started,
    raised,
    timed_out,
)

metrics = parts.module("opentelemetry.sdk.metrics")
metrics_export = parts.module("opentelemetry.sdk.metrics.export")
trace = parts.module("opentelemetry.sdk.trace")
trace_export = parts.module("opentelemetry.sdk.trace.export")
in_memory = parts.module("opentelemetry.sdk.trace.export.in_memory_span_exporter")
StatusCode = parts.module("opentelemetry.trace").StatusCode

CHAT = {"gen_ai.operation.name": "chat"}


class Backend:
    """Real providers that keep in memory what reaches them, and a hook that reports to them."""

    def __init__(self, **settings):
        self.reader = metrics_export.InMemoryMetricReader()
        self.meters = metrics.MeterProvider(metric_readers=[self.reader])
        self.exporter = in_memory.InMemorySpanExporter()
        self.tracers = trace.TracerProvider()
        self.tracers.add_span_processor(trace_export.SimpleSpanProcessor(self.exporter))
        self.hook = opentelemetry_hook(self.meters, self.tracers, **settings)

    def metrics(self):
        """Return the metrics by name."""
        data = self.reader.get_metrics_data()
        if data is None:
            return {}
        [scope] = data.resource_metrics[0].scope_metrics
        assert scope.scope.name == "componentstream"
        return {metric.name: metric for metric in scope.metrics}

    def points(self, name):
        """Return (attributes, count, sum) of a histogram or (attributes, value) of a counter."""
        metric = self.metrics().get(name)
        if metric is None:
            return []
        return [
            (dict(point.attributes), point.count, point.sum)
            if hasattr(point, "count")
            else (dict(point.attributes), point.value)
            for point in metric.data.data_points
        ]

    def spans(self):
        return self.exporter.get_finished_spans()


@pytest.fixture
def backend():
    backend = Backend()
    yield backend
    backend.meters.shutdown()
    backend.tracers.shutdown()


def events_of(span):
    return [(event.name, dict(event.attributes)) for event in span.events]


def test_a_session_that_goes_well_is_measured(backend):
    complete(backend.hook)
    assert backend.points("gen_ai.client.operation.duration") == [(CHAT, 1, 2.5)]
    assert backend.points("gen_ai.client.operation.time_to_first_chunk") == [(CHAT, 1, 0.5)]
    assert backend.points("gen_ai.client.operation.time_per_output_chunk") == [(CHAT, 1, 1.0)]
    assert backend.points("componentstream.open_streams") == [({}, 0)]
    assert backend.points("componentstream.component.duration") == [
        ({"componentstream.reason": "end"}, 1, 1.0),
        ({"componentstream.reason": "truncated"}, 1, 1.0),
    ]
    assert backend.points("componentstream.errors") == [
        ({"error.type": "unexpected_end"}, 1),
        ({"error.type": "unclosed_component"}, 1),
    ]


def test_names_units_and_buckets_are_those_of_the_conventions(backend):
    complete(backend.hook)
    backend.hook(Reconnected(stream="s1", at=0.0, last_event_id="7"))
    found = backend.metrics()
    assert set(found) == set(
        re.findall(r"^``([a-z_.]+)`` +(?:histogram|up-down|counter)", module.__doc__, re.MULTILINE)
    )
    assert len(found) == 7
    doubling = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
    for name in ("duration", "time_to_first_chunk", "time_per_output_chunk"):
        metric = found[f"gen_ai.client.operation.{name}"]
        assert metric.unit == "s"
        assert metric.data.data_points[0].explicit_bounds == doubling
    assert found["componentstream.open_streams"].data.is_monotonic is False


def test_a_stream_is_a_span_with_its_figures_and_an_event_for_each_component_and_error(backend):
    complete(backend.hook)
    [span] = backend.spans()
    assert span.name == "componentstream.stream"
    assert span.kind.name == "INTERNAL"
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes) == {
        "componentstream.stream.id": "s1",
        "componentstream.reason": "complete",
        "componentstream.chunks": 3,
        "componentstream.chars": 100,
        "componentstream.components": 2,
        "componentstream.errors": 2,
    }
    assert [name.removeprefix("componentstream.") for name, _ in events_of(span)] == [
        "component",
        "error",
        "error",
        "component",
    ]
    assert events_of(span)[0][1] == {
        "componentstream.component.index": 0,
        "componentstream.component.name": "Hero",
        "componentstream.component.position": "header",
        "componentstream.component.chars": 18,
        "componentstream.component.trimmed": 0,
        "componentstream.component.seconds": 1.0,
        "componentstream.component.critical": False,
        "componentstream.reason": "end",
    }
    assert events_of(span)[1][1] == {
        "error.type": "unexpected_end",
        "componentstream.error.message": "No component Nope is open.",
        "componentstream.error.fatal": False,
        "componentstream.error.retryable": False,
        "componentstream.error.line": 5,
    }


@pytest.mark.parametrize(
    ("session", "kind", "seconds", "description"),
    [
        (failed, "source_failed", 0.5, "The source failed."),
        (
            timed_out,
            "chunk_timeout",
            15.0,
            "The source sent nothing for 15 seconds; if it may, raise Timeouts.chunk.",
        ),
        (lost, "failed", 0.5, None),
    ],
)
def test_a_stream_that_ends_badly_has_the_status_error_and_its_type(
    backend, session, kind, seconds, description
):
    session(backend.hook)
    [span] = backend.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == description
    assert span.attributes["error.type"] == kind
    assert backend.points("gen_ai.client.operation.duration") == [({**CHAT, "error.type": kind}, 1, seconds)]
    assert backend.points("gen_ai.client.operation.time_per_output_chunk") == []
    assert backend.points("componentstream.open_streams") == [({}, 0)]


def test_a_cancelled_stream_is_not_an_error(backend):
    cancelled(backend.hook)
    [span] = backend.spans()
    assert span.status.status_code is StatusCode.UNSET
    assert span.attributes["componentstream.reason"] == "cancelled"
    assert backend.points("gen_ai.client.operation.duration") == [(CHAT, 1, 0.25)]


def test_the_exception_behind_a_fatal_error_is_recorded(backend):
    failed(backend.hook, cause=raised("the line is dead"))
    [span] = backend.spans()
    [attributes] = [attributes for name, attributes in events_of(span) if name == "exception"]
    assert attributes["exception.type"] == "ConnectionError"
    assert attributes["exception.message"] == "the line is dead"


def test_a_code_of_the_user_is_one_value_in_metrics_and_itself_in_the_span(backend):
    begun(backend.hook).report_error("my_own", "Odd\u202e.", 101.0, fatal=True)
    [span] = backend.spans()
    assert span.attributes["error.type"] == "my_own"
    assert span.status.description == r"Odd\u202e."
    assert backend.points("componentstream.errors") == [({"error.type": "_OTHER"}, 1)]
    assert backend.points("gen_ai.client.operation.duration") == [({**CHAT, "error.type": "_OTHER"}, 1, 1.0)]


def test_one_chunk_has_no_time_between_chunks(backend):
    session = begun(backend.hook)
    session.feed("hello", 100.5)
    session.finish(101.0)
    assert backend.points("gen_ai.client.operation.time_to_first_chunk") == [(CHAT, 1, 0.5)]
    assert backend.points("gen_ai.client.operation.time_per_output_chunk") == []


def test_attributes_of_the_user_are_on_the_measurements_of_the_conventions_and_the_spans():
    given = {"gen_ai.provider.name": "anthropic", "gen_ai.operation.name": "generate_content"}
    backend = Backend(attributes=given)
    complete(backend.hook)
    for name in ("duration", "time_to_first_chunk", "time_per_output_chunk"):
        assert [point[0] for point in backend.points(f"gen_ai.client.operation.{name}")] == [given]
    [span] = backend.spans()
    assert given.items() <= dict(span.attributes).items()


def test_a_span_is_a_child_of_the_span_that_was_current_at_the_start(backend):
    tracer = backend.tracers.get_tracer("test")
    with tracer.start_as_current_span("request") as request:
        session = begun(backend.hook)
    session.finish(101.0)
    [span] = [span for span in backend.spans() if span.name == "componentstream.stream"]
    assert span.parent.span_id == request.get_span_context().span_id


def test_a_reconnect_is_counted_and_added_to_the_open_span(backend):
    back = Reconnected(stream="s1", at=100.5, last_event_id="7\r\n")
    session = begun(backend.hook)
    backend.hook(back)
    session.finish(101.0)
    backend.hook(back)
    [span] = backend.spans()
    assert events_of(span) == [
        ("componentstream.reconnect", {"componentstream.last_event_id": r"7\r\n"}),
    ]
    assert backend.points("componentstream.reconnects") == [({}, 2)]


def test_streams_of_one_id_have_their_own_ends_and_no_events_of_each_other(backend):
    first, second = begun(backend.hook, stream=""), begun(backend.hook, stream="", at=101.0)
    assert backend.points("componentstream.open_streams") == [({}, 2)]
    first.feed("/// START Hero\n/// END Hero\n", 102.0)
    first.report_error("source_failed", "The source failed.", 103.0, fatal=True)
    second.feed("/// END Nope\n", 104.0)
    second.finish(105.0)
    ended_first, ended_second = backend.spans()
    assert ended_first.attributes["componentstream.reason"] == "failed"
    assert ended_first.attributes["error.type"] == "failed"
    assert events_of(ended_first) == []
    assert ended_second.attributes["componentstream.reason"] == "complete"
    assert [name for name, _ in events_of(ended_second)] == ["componentstream.error"]
    assert backend.points("componentstream.open_streams") == [({}, 0)]


def test_a_session_that_never_started_leaves_nothing(backend):
    never_started(backend.hook)
    assert backend.spans() == ()
    assert backend.metrics() == {}


def test_no_text_of_a_component_is_in_a_span_or_metric(backend):
    complete(backend.hook)
    assert "secret" in TEXT
    assert "secret" not in backend.reader.get_metrics_data().to_json()
    assert not any("secret" in span.to_json() for span in backend.spans())


def test_without_providers_the_global_ones_are_used():
    # In a process of its own, because the global providers can be set only once.
    program = """if True:
        from opentelemetry import metrics, trace
        from tests.observe.sessions import complete
        from tests.observe.test_opentelemetry import Backend
        from componentstream.observe import opentelemetry_hook

        backend = Backend()
        metrics.set_meter_provider(backend.meters)
        trace.set_tracer_provider(backend.tracers)
        complete(opentelemetry_hook())
        print(len(backend.points("gen_ai.client.operation.duration")), len(backend.spans()))
    """
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 1\n"


def test_without_the_library_the_error_names_the_extra(monkeypatch):
    assert error_without(monkeypatch, "opentelemetry", opentelemetry_hook) == (
        "opentelemetry_hook needs opentelemetry-api: pip install 'componentstream[opentelemetry]'."
    )


def test_an_unknown_hook_event_is_not_taken_as_a_reconnect(backend):
    with pytest.raises(AssertionError, match="Expected code to be unreachable"):
        backend.hook("a hook event of a new type")
    assert backend.points("componentstream.reconnects") == []
