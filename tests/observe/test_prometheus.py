import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import componentstream.observe.prometheus as module
from componentstream.core.errors import UsageError
from componentstream.observe import prometheus_hook
from componentstream.session.hooks import Reconnected
from tests import parts
from tests.observe.sessions import (
    begun,
    cancelled,
    complete,
    error_without,
    failed,
    never_started,
    timed_out,
)

prometheus_client = parts.module("prometheus_client")


@pytest.fixture
def registry():
    return prometheus_client.CollectorRegistry()


@pytest.fixture
def hook(registry):
    return prometheus_hook(registry)


@pytest.fixture
def value(registry):
    """Return a function that reads a sample by its name and labels."""

    def read(name, **labels):
        return registry.get_sample_value(f"componentstream_{name}", labels)

    return read


def test_a_session_that_goes_well_is_measured(hook, value):
    complete(hook)
    assert value("open_streams") == 0.0
    assert value("generation_seconds_count", reason="complete") == 1.0
    assert value("generation_seconds_sum", reason="complete") == 2.5
    assert value("generation_size_characters_sum") == 100.0
    assert value("time_to_first_chunk_seconds_sum") == 0.5
    assert value("time_to_first_component_seconds_sum") == 0.5
    assert value("component_seconds_sum", reason="end") == 1.0
    assert value("component_seconds_sum", reason="truncated") == 1.0
    assert value("component_size_characters_sum") == 18.0 + 23.0
    assert value("component_size_characters_count") == 2.0
    assert value("trimmed_characters_total") == 0.0
    assert value("errors_total", code="unexpected_end") == 1.0
    assert value("errors_total", code="unclosed_component") == 1.0
    assert value("reconnects_total") == 0.0


def test_the_buckets_double_from_ten_milliseconds(hook, value):
    complete(hook)
    assert value("generation_seconds_bucket", reason="complete", le="1.28") == 0.0
    assert value("generation_seconds_bucket", reason="complete", le="2.56") == 1.0
    assert value("component_size_characters_bucket", le="64.0") == 2.0


@pytest.mark.parametrize(
    ("session", "reason", "seconds", "errors"),
    [
        (failed, "failed", 0.5, {"source_failed": 1.0}),
        (timed_out, "timeout", 15.0, {"chunk_timeout": 1.0}),
        (cancelled, "cancelled", 0.25, {}),
    ],
)
def test_a_session_that_ends_badly_is_counted_by_reason(registry, session, reason, seconds, errors):
    session(prometheus_hook(registry))
    samples = [sample for metric in registry.collect() for sample in metric.samples if sample.value]
    counted = [(sample.name, sample.labels, sample.value) for sample in samples]
    assert ("componentstream_generation_seconds_count", {"reason": reason}, 1.0) in counted
    assert ("componentstream_generation_seconds_sum", {"reason": reason}, seconds) in counted
    assert len([name for name, _, _ in counted if name == "componentstream_generation_seconds_count"]) == 1
    assert not any(name == "componentstream_open_streams" for name, _, _ in counted)
    found = {labels["code"]: n for name, labels, n in counted if name == "componentstream_errors_total"}
    assert found == errors


def test_a_first_chunk_that_never_came_is_not_timed(hook, value):
    timed_out(hook)
    assert value("time_to_first_chunk_seconds_count") == 0.0
    assert value("time_to_first_component_seconds_count") == 0.0
    assert value("generation_size_characters_count") == 1.0


def test_the_gauge_follows_the_streams_that_are_open(hook, value):
    first, second = begun(hook, stream="a"), begun(hook, stream="b", at=101.0)
    assert value("open_streams") == 2.0
    second.finish(102.0)
    assert value("open_streams") == 1.0
    first.cancel(103.0)
    assert value("open_streams") == 0.0


@pytest.mark.parametrize("at", [0.0, 0.1, 86_400.3, 1_790_000_000.7, -12.7])
def test_the_gauge_returns_to_zero_even_if_all_streams_have_the_same_id(hook, value, at):
    sessions = [begun(hook, stream="", at=at + number / 7) for number in range(20)]
    assert value("open_streams") == 20.0
    never_started(hook, stream="", at=at + 10.0)
    assert value("open_streams") == 20.0
    for session in sessions:
        session.finish(at + 11.3)
    assert value("open_streams") == 0.0
    assert value("generation_seconds_count", reason="complete") == 20.0


def test_a_session_that_never_started_is_not_counted(hook, value):
    never_started(hook)
    assert value("open_streams") == 0.0
    assert value("generation_seconds_count", reason="cancelled") == 0.0


def test_dropped_text_is_counted(hook, value):
    session = begun(hook)
    session.feed("/// START Hero\n" + "x" * 1_048_580, 101.0)
    session.finish(102.0)
    assert value("trimmed_characters_total") == 4.0
    assert value("component_size_characters_sum") == 1_048_576.0


def test_reconnects_are_counted(hook, value):
    hook(Reconnected(stream="s1", at=0.0, last_event_id="7"))
    assert value("reconnects_total") == 1.0


@pytest.mark.parametrize("code", ["log_unavailable", "server_stopping", "producer_lost"])
def test_a_code_of_the_server_has_its_own_label(hook, value, code):
    session = begun(hook)
    session.report_error(code, "The server ends the stream.", 101.0, fatal=True, retryable=True)
    assert value("errors_total", code=code) == 1.0
    assert value("errors_total", code="other") == 0.0


def test_the_number_of_series_is_bounded(hook, registry, value):
    def series():
        return {(s.name, *s.labels.values()) for m in registry.collect() for s in m.samples}

    before = series()
    session = begun(hook)
    for number in range(300):
        session.report_error(f"code_{number}", "Odd.", 101.0)
    session.feed("".join(f"/// START C{number}\n/// END C{number}\n" for number in range(50)), 101.0)
    session.finish(102.0)
    assert value("errors_total", code="other") == 300.0
    assert value("component_seconds_count", reason="end") == 50.0
    assert series() == before


@pytest.mark.usefixtures("hook")
def test_the_metrics_are_those_of_the_documentation(registry):
    table = re.findall(r"^``(\w+?)(?:_total)?`` +(\w+) +(reason|code)?", module.__doc__, re.MULTILINE)
    found = []
    for metric in registry.collect():
        labels = {label for sample in metric.samples for label in sample.labels if label != "le"}
        found.append((metric.name, metric.type, "".join(labels)))
    assert found == table
    assert len(found) == 10
    text = prometheus_client.generate_latest(registry).decode()
    assert "# HELP componentstream_open_streams Streams that have started and not finished." in text


def test_a_second_hook_for_a_registry_is_rejected_and_the_first_keeps_working(registry, hook, value):
    with pytest.raises(UsageError) as caught:
        prometheus_hook(registry)
    assert str(caught.value) == (
        "This registry already has metrics of componentstream; create the hook once and pass it to every "
        "session, or pass another registry."
    )
    complete(hook)
    assert value("generation_seconds_count", reason="complete") == 1.0


def test_a_registry_takes_all_metrics_or_none(registry):
    taken = prometheus_client.Counter("componentstream_reconnects", "Mine.", registry=registry)
    with pytest.raises(UsageError):
        prometheus_hook(registry)
    assert [metric.name for metric in registry.collect()] == ["componentstream_reconnects"]
    registry.unregister(taken)
    assert prometheus_hook(registry)


def test_the_default_registry_is_that_of_the_library():
    hook = prometheus_hook()
    try:
        cancelled(hook)
        count = prometheus_client.REGISTRY.get_sample_value(
            "componentstream_generation_seconds_count", {"reason": "cancelled"}
        )
        assert count == 1.0
    finally:
        prometheus_client.REGISTRY.unregister(hook)


def test_sessions_in_several_threads_are_all_counted(hook, value):
    def work(number):
        for turn in range(20):
            complete(hook, stream="", at=float(64 * turn + number))

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value("open_streams") == 0.0
    assert value("generation_seconds_sum", reason="complete") == 80 * 2.5


def test_several_processes_are_summed(tmp_path):
    program = """if True:
        from prometheus_client import CollectorRegistry, multiprocess
        from tests.observe.sessions import begun, complete
        from componentstream.observe import prometheus_hook

        hook = prometheus_hook(CollectorRegistry())
        complete(hook)
        kept = begun(hook)
        shown = CollectorRegistry()
        multiprocess.MultiProcessCollector(shown)
        count = shown.get_sample_value("componentstream_generation_seconds_count", {"reason": "complete"})
        print(shown.get_sample_value("componentstream_open_streams"), count)
    """
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }
    for processes in (1.0, 2.0):
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{processes} {processes}\n"


def test_without_the_library_the_error_names_the_extra(monkeypatch):
    assert error_without(monkeypatch, "prometheus_client", prometheus_hook) == (
        "prometheus_hook needs prometheus-client: pip install 'componentstream[prometheus]'."
    )


def test_an_unknown_hook_event_is_not_taken_as_a_reconnect(hook, value):
    with pytest.raises(AssertionError, match="Expected code to be unreachable"):
        hook("a hook event of a new type")
    assert value("reconnects_total") == 0.0
