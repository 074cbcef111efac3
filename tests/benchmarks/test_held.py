"""The benchmark of held streams runs, and finds out every stream that lost something."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from array import array
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from componentstream.drive import stream_bytes

NEEDED = ("httptools", "redis", "sse_starlette", "uvicorn")
if sys.platform != "linux":
    pytest.skip("needs Linux", allow_module_level=True)
if not os.environ.get("CI") and not all(map(find_spec, NEEDED)):
    pytest.skip("needs pip install 'componentstream[bench,redis]'", allow_module_level=True)

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

held = import_module("held")
stores = import_module("stores")

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LINES = ["7 0 0.000000 xx\n", "7 1 1.000000 xx\n", "7 2 2.000000 xx\n"]


@pytest.fixture(scope="module", params=["", "memory", "sqlite", "redis"])
def quick(request, tmp_path_factory):
    server = ["--server", request.param] if request.param else []
    if lack := stores.missing(request.param):
        assert not os.environ.get("CI"), lack
        pytest.skip(lack)
    path = tmp_path_factory.mktemp("held") / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "held.py"), "--quick", *server, "--json", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(path.read_text(encoding="utf-8")), request.param


def body(lines):
    return b"".join(stream_bytes(["/// START Numbers position=main\n", *lines, "/// END Numbers\n"]))


def answer(sent, *, cut=0):
    whole = HEAD + b"%x\r\n%b\r\n0\r\n\r\n" % (len(sent), sent)
    return whole[: len(whole) - cut]


def judged(data, lines=LINES):
    delays = array("d")
    stream = held.Stream(7, delays)
    for at in range(0, len(data), 50):
        stream.feed(data[at : at + 50])
    return stream.judge(3, [len(lines), sha256("".join(lines).encode()).hexdigest()]), len(delays)


def test_quick_loses_nothing(quick):
    shown, figures, server = quick

    plan = {"streams": 50, "seconds": 1, "rate": 12, "server": server}
    assert figures["settings"] == {**plan, "lines": 12, "ramp": 0.25}
    assert figures["lost"] == {}
    assert figures["lines"] == {"sent": 600, "received": 600}
    assert list(figures["delay_ms"]) == ["50", "90", "99", "99.9", "100"]
    assert 0 < figures["delay_ms"]["50"] <= figures["delay_ms"]["100"]
    assert 0 < figures["bytes"]["base"] < figures["bytes"]["most"]
    assert figures["bytes_per_stream"]["begun"] <= figures["bytes_per_stream"]["most"]
    assert figures["bytes_per_stream"]["text"] == 12 * 60
    assert 0 < figures["cpu"] < 1
    each = figures["bytes_per_stream"]
    assert each["most_over_uvicorn"] == each["most"] - each["uvicorn"]
    assert "| streams with anything lost        |      0 |" in shown


def test_a_loss_is_shown_and_is_the_exit_status(quick, monkeypatch, capsys):
    _, figures, _ = quick
    monkeypatch.setattr(held, "hold", lambda _plan: {**figures, "lost": {"7": "it broke off"}})
    monkeypatch.setattr(sys, "argv", ["held.py", "--quick"])

    assert held.main() == 1
    assert "Stream 7: it broke off" in capsys.readouterr().out


def test_a_stream_in_which_everything_came_is_not_wrong():
    assert judged(answer(body(LINES))) == ("", 3)


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (answer(body(LINES[:2])), "2 of 3 lines came"),
        (answer(body([LINES[0], LINES[2]])), "line 1 came as '7 2 "),
        (answer(body([*LINES, LINES[2]])), "line 3 came as '7 2 "),
        (answer(body([LINES[0].replace("7", "8"), *LINES[1:]])), "line 0 came as '8 0 "),
        (answer(body([LINES[0].replace("xx", "xy"), *LINES[1:]])), "3 of 3 lines came, or not those"),
        (answer(body(LINES), cut=5), "it broke off"),
        (answer(body(LINES).replace(b'"complete"', b'"failed"')), "its message_stop are "),
        (answer(body(LINES)[: body(LINES).rindex(b"data: ")]), "its message_stop are "),
        (answer(body(LINES) * 2), "nothing may follow message_stop"),
        (b"no HTTP at all", "Expected HTTP/"),
    ],
    ids=itertools.count(),
)
def test_a_stream_that_lost_something_is_found_out(data, wrong):
    verdict, _ = judged(data)

    assert wrong in verdict


def test_a_stream_that_lacks_an_id_is_found_out():
    stream = held.Stream(7, array("d"), numbered=True)
    stream.feed(answer(body(LINES)))

    assert stream.judge(3, None) == "event 1 has the id ''"


def test_a_log_that_does_not_run_here_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    monkeypatch.setattr(sys, "argv", ["held.py", "--quick", "--server", "redis"])

    with pytest.raises(SystemExit) as status:
        held.main()
    assert status.value.code == 2
    assert "redis-server is not installed: apt-get install redis-server." in capsys.readouterr().err


def test_a_stream_that_the_upstream_never_heard_of_is_wrong():
    stream = held.Stream(7, array("d"))
    stream.feed(answer(body(LINES)))

    assert "3 of 3 lines came, or not those that were sent: None" in stream.judge(3, None)


@pytest.mark.parametrize("argument", ["--seconds=0", "--rate=nan", "--rate=inf"])
def test_what_cannot_be_held_is_refused(argument):
    command = [sys.executable, str(BENCHMARKS / "held.py"), argument]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert "give a number above 0" in done.stderr
