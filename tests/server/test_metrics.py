import subprocess
import sys

import pytest

from tests import parts

parts.module("starlette")
prometheus_client = parts.module("prometheus_client")

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families as plain  # noqa: E402

from componentstream.core.codes import CODES  # noqa: E402
from componentstream.server.metrics import Metrics  # noqa: E402
from componentstream.session.hooks import Reconnected  # noqa: E402

NOTHING_SPECIAL = [
    "", "*/*", "text/html", "text/plain; version=0.0.4", "text/plain; version=junk", "\xff;=;,;version=;",
    "application/openmetrics-text; version=junk", "application/openmetrics-text; version=1.x.0",
]  # fmt: skip
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def value_of(metrics, sample, **labels):
    families = plain(metrics.render("")[0].decode())
    (value,) = [
        s.value for family in families for s in family.samples if (s.name, s.labels) == (sample, labels)
    ]
    return value


def test_everything_counts_from_zero():
    metrics = Metrics()
    assert value_of(metrics, "componentstream_readers") == 0
    for name in ("resumed_total", "lost_producers_total", "log_failures_total", "reconnects_total"):
        assert value_of(metrics, f"componentstream_{name}") == 0
    families = plain(metrics.render("")[0].decode())
    (refused,) = [family for family in families if family.name == "componentstream_refused_requests"]
    counted = {s.labels["code"]: s.value for s in refused.samples if s.name.endswith("_total")}
    rejections = {code for code, record in CODES.items() if record.status is not None}
    assert {"server_stopping", "source_failed"} <= rejections
    assert "malformed_marker" not in rejections
    assert counted == dict.fromkeys({*rejections, "other"}, 0.0)


def test_what_happens_is_counted():
    metrics = Metrics()
    metrics.readers.inc()
    metrics.readers.inc()
    metrics.readers.dec()
    metrics.resumed.inc()
    metrics.lost_producers.inc()
    metrics.log_failures.inc()
    metrics.refused("rate_limited")
    metrics.hook(Reconnected(stream="s", at=0.0, last_event_id="1"))
    assert value_of(metrics, "componentstream_readers") == 1
    for name in ("resumed_total", "lost_producers_total", "log_failures_total", "reconnects_total"):
        assert value_of(metrics, f"componentstream_{name}") == 1
    assert value_of(metrics, "componentstream_refused_requests_total", code="rate_limited") == 1


def test_codes_of_the_application_share_one_label():
    metrics = Metrics()
    for number in range(1000):
        metrics.refused(f"mine_{number}")
    assert value_of(metrics, "componentstream_refused_requests_total", code="other") == 1000
    assert b"mine_" not in metrics.render("")[0]


def test_each_application_has_its_own_metrics():
    one, other = Metrics(), Metrics()
    one.resumed.inc()
    assert value_of(other, "componentstream_resumed_total") == 0
    assert "componentstream" not in prometheus_client.generate_latest().decode()


@pytest.mark.parametrize("accept", NOTHING_SPECIAL)
def test_the_text_format_is_the_default(accept):
    body, media_type = Metrics().render(accept)
    assert media_type == "text/plain; version=0.0.4; charset=utf-8"
    assert "componentstream_readers" in {family.name for family in plain(body.decode())}


@pytest.mark.parametrize("accept", [OPENMETRICS, f"text/html, {OPENMETRICS};q=0.5, */*;q=0.1"])
def test_openmetrics_is_returned_on_request(accept):
    body, media_type = Metrics().render(accept)
    assert media_type == "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
    assert "componentstream_readers" in {family.name for family in openmetrics(body.decode())}
    assert body.endswith(b"# EOF\n")


def test_each_process_reports_the_sum_of_all(tmp_path, monkeypatch):
    program = (
        "from componentstream.server.metrics import Metrics\n"
        "metrics = Metrics()\n"
        "metrics.resumed.inc()\n"
        "metrics.refused('rate_limited')\n"
        "print(metrics.render('')[0].decode())"
    )
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    done = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True) for _ in range(3)
    ]
    families = {family.name: family for family in plain(done[-1].stdout.decode())}
    assert [sample.value for sample in families["componentstream_resumed"].samples] == [3.0]
    refused = {s.labels["code"]: s.value for s in families["componentstream_refused_requests"].samples}
    assert (refused["rate_limited"], refused["unauthorized"]) == (3.0, 0.0)


def test_several_processes_are_read_from_their_directory_only(tmp_path, monkeypatch):
    metrics = Metrics()
    metrics.resumed.inc()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert metrics.render("")[0] == b""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    assert value_of(metrics, "componentstream_resumed_total") == 1
