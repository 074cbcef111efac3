"""The demonstration from the command line, as a process and within this one."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from componentstream.cli import main
from componentstream.cli.options import command_line
from tests import parts
from tests.timing import WAIT, passed_once

MODULES = ("starlette", "uvicorn", "httpx2")


@pytest.fixture
def httpx2():
    return [parts.module(name) for name in MODULES][-1]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "tale.jsonl"
    path.write_text('{"at": 0, "text": "Once "}\n{"at": 300, "text": "upon a time."}\n', encoding="utf-8")
    return path


@contextmanager
def started(*arguments, directory=None, cwd=None):
    """Run the command; give its process, and the URL, headers with the token, and the text it prints."""
    # Whoever runs the tests in the background has made them, and so the command, ignore an interrupt.
    attend = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    environment = os.environ | ({} if directory is None else {"TMPDIR": str(directory)})
    process = subprocess.Popen(
        [sys.executable, "-m", "componentstream", "demo", "--port", "0", "--no-preview", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=attend,  # noqa: PLW1509 - no other thread runs while it starts
        env=environment,
        cwd=cwd,
        text=True,
    )
    try:
        line = process.stdout.readline()
        match = re.fullmatch(
            r"componentstream demo: (http://127\.0\.0\.1:\d+/) \(stop it with Ctrl-C\)\n", line
        )
        assert match, line + process.communicate()[1]
        text = "".join(process.stdout.readline() for _ in range(10))
        token = re.search("^token=(.+)$", text, re.MULTILINE)[1]
        yield process, match[1], {"Authorization": f"Bearer {token}"}, text
    finally:
        process.kill()
        process.communicate()


def test_the_page_and_the_generation_are_there_when_the_url_is_printed(httpx2):
    with started("--rate", "0") as (process, url, headers, _):
        page = httpx2.get(url, follow_redirects=True, timeout=WAIT)
        answer = httpx2.post(f"{url}api/generate", json={"prompt": "x"}, headers=headers, timeout=WAIT)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=WAIT) == ("", "")
    assert "<title>componentstream demo</title>" in page.text
    assert '"reason":"complete"' in answer.text
    assert process.returncode == 0


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@passed_once
def test_a_signal_ends_it_at_once_despite_an_open_stream_and_leaves_no_files(
    httpx2, recording, tmp_path, sign
):
    directory = Path(tempfile.mkdtemp(dir=tmp_path))
    demo = started("--recording", str(recording), directory=directory)
    asked = {"json": {"prompt": "x"}, "timeout": WAIT}
    with (
        demo as (process, url, headers, _),
        httpx2.stream("POST", f"{url}api/generate", headers=headers, **asked) as response,
    ):
        pieces = response.iter_text()
        while "Once " not in next(pieces):
            pass
        assert [path.name for path in directory.glob("componentstream-*/*.db")] == ["streams.db"]
        began = time.monotonic()
        process.send_signal(sign)
        last = "".join(pieces)
        assert process.communicate(timeout=WAIT) == ("", "")
        assert time.monotonic() - began < 3.0
    assert '"type":"server_stopping"' in last
    assert '"type":"message_stop","reason":"failed"' in last
    assert process.returncode == 0
    assert list(directory.iterdir()) == []


def test_the_printed_commands_can_be_pasted_into_a_shell(recording):
    with started("--recording", str(recording), "--rate", "1000") as (process, _, _, text):
        token, begin, resume = re.findall(r"^(?:token=|curl )(?:\\\n|.)*$", text, re.MULTILINE)
        first = shell(f"{token}\n{begin}")
        stream = re.search(r"^stream-id: (.+?)$", first, re.MULTILINE | re.IGNORECASE)[1]
        again = shell(f"{token}\n{resume.replace('STREAM', stream)}")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WAIT)
    assert "upon a time." in first
    assert ids(first) == [str(number) for number in range(1, len(ids(first)) + 1)]
    assert ids(again) == ids(first)[5:] != []


def shell(commands):
    if shutil.which("curl") is None:
        parts.missing("curl is not installed; to run this test: apt-get install curl")
    done = subprocess.run(
        ["/bin/sh", "-c", commands], capture_output=True, text=True, check=True, timeout=WAIT
    )
    return done.stdout


def ids(text):
    return re.findall(r"^id: (\d+)$", text, re.MULTILINE)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_a_recording_is_played_at_the_given_rate(httpx2, recording, capsys):
    port = free_port()
    answers = []

    def ask_and_interrupt():
        end = time.monotonic() + WAIT
        while time.monotonic() < end and not answers:
            try:
                url = f"http://127.0.0.1:{port}"
                token = httpx2.get(f"{url}/demo/demo.json", timeout=WAIT).json()["token"]
                headers = {"Authorization": f"Bearer {token}"}
                asked = {"url": f"{url}/api/generate", "json": {"prompt": "x"}, "headers": headers}
                answers.append(httpx2.post(**asked, timeout=WAIT).text)
            except httpx2.ConnectError:
                time.sleep(0.02)
        if answers:  # so the server runs, and will catch it
            os.kill(os.getpid(), signal.SIGINT)

    asking = threading.Thread(target=ask_and_interrupt)
    asking.start()
    options = ["--no-preview", "--port", str(port), "--recording", str(recording), "--rate", "1000"]
    status = main(["demo", *options])
    asking.join(WAIT)
    assert status == 0
    assert "upon a time." in answers[0]
    assert capsys.readouterr().out.startswith(
        f"componentstream demo: http://127.0.0.1:{port}/ (stop it with Ctrl-C)\n"
    )


def test_a_port_in_use_is_reported(httpx2, capsys):
    del httpx2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"componentstream: Cannot listen on port {port} of 127.0.0.1: ")


def test_an_unreadable_recording_is_reported(httpx2, tmp_path, capsys):
    del httpx2
    absent = str(tmp_path / "absent.jsonl")
    assert main(["demo", "--recording", absent]) == 2
    assert capsys.readouterr().err == f"componentstream: {absent}: No such file or directory\n"
    Path(absent).write_text("x", encoding="utf-8")
    assert main(["demo", "--recording", absent]) == 2
    assert (
        capsys.readouterr().err
        == f"componentstream: {absent}, line 1: the line is not valid JSON in UTF-8.\n"
    )


@pytest.mark.parametrize(
    ("absent", "module"),
    [("starlette", "componentstream.server"), ("uvicorn", "componentstream.server.serving")],
)
def test_without_the_extra_the_message_names_it(absent, module):
    parts.module("starlette")
    program = (
        f"import sys; sys.modules[{absent!r}] = None; "
        "from componentstream.cli import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    expected = f"componentstream: {module} needs {absent}: pip install 'componentstream[server]'.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


def test_the_other_commands_do_not_load_the_server():
    program = "import sys; import componentstream.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"starlette", "uvicorn", "componentstream.server", "asyncio"} & set(done.stdout.split()) == set()


def test_the_defaults_are_this_machine_alone_and_port_8000():
    options = command_line().parse_args(["demo"])
    assert (options.host, options.port, options.recording, options.rate) == ("127.0.0.1", 8000, None, None)
    assert (options.app, options.preview) == (None, True)


MODEL = """
async def generate(request):
    yield f"/// START Hero\\n<h1>{request.prompt}</h1>\\n/// END Hero\\n"
"""


def run_until(httpx2, ready, *options):
    """Run the demo in this process until its facts, which are returned, are as wanted; then interrupt it."""
    port = free_port()
    found = []

    def watch():
        end = time.monotonic() + WAIT
        while time.monotonic() < end and not found:
            try:
                about = httpx2.get(f"http://127.0.0.1:{port}/demo/demo.json", timeout=WAIT).json()
                if ready(about):
                    found.append(about)
            except httpx2.ConnectError:
                pass
            time.sleep(0.02)
        if found:  # so the server runs, and will catch it
            os.kill(os.getpid(), signal.SIGINT)

    watching = threading.Thread(target=watch)
    watching.start()
    status = main(["demo", "--port", str(port), *options])
    watching.join(WAIT)
    assert status == 0
    return found[0]


def test_a_model_of_the_user_takes_the_place_of_the_recordings(httpx2, tmp_path):
    (tmp_path / "my_app.py").write_text(MODEL, encoding="utf-8")
    with started("my_app:generate", cwd=tmp_path) as (process, url, headers, _):
        answer = httpx2.post(f"{url}api/generate", json={"prompt": "my own"}, headers=headers, timeout=WAIT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WAIT)
    assert "<h1>my own</h1>" in answer.text
    assert process.returncode == 0


def test_with_a_model_the_page_has_a_prompt_and_no_recordings(httpx2, tmp_path, monkeypatch):
    (tmp_path / "my_other_app.py").write_text(MODEL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys.modules["componentstream.cli.demo"], "set_up_logging", lambda: None)
    about = run_until(httpx2, lambda _: True, "--no-preview", "my_other_app:generate")
    assert (about["recordings"], about["api"]) == ([], "../api/")


def test_a_model_is_checked_before_the_demo_starts(httpx2, tmp_path, monkeypatch, capsys):
    del httpx2
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["demo", "absent_model:generate"]) == 2
    assert capsys.readouterr() == (
        "",
        (
            "componentstream: The module 'absent_model' is neither in the current directory nor among the "
            "installed packages.\n"
        ),
    )


@pytest.mark.parametrize("option", ["--recording=tale.jsonl", "--rate=2"])
def test_options_of_recordings_are_refused_with_a_model(httpx2, capsys, option):
    del httpx2
    assert main(["demo", "my_app:generate", option]) == 2
    name = option.partition("=")[0]
    assert capsys.readouterr().err == (
        f"componentstream: {name} is about recordings; leave it out with my_app:generate.\n"
    )


def test_a_preview_that_is_missing_is_built_in_the_background(httpx2, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        parts.module("componentstream.browser.preview.bundle"), "source_folder", lambda: tmp_path
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = (sys.executable, "-c", "import sys; sys.exit('Node.js is missing')")
    monkeypatch.setattr(parts.module("componentstream.demo.preview"), "BUILD", command)
    about = run_until(httpx2, lambda about: about["preview"]["status"] == "failed")
    assert about["preview"]["message"] == "Node.js is missing"
    output = capsys.readouterr()
    assert output.err.startswith("componentstream: Node.js is missing\n")
    assert output.out.startswith("componentstream demo: ")


def test_the_preview_can_be_off(httpx2, recording):
    about = run_until(httpx2, lambda _: True, "--no-preview", "--recording", str(recording), "--rate", "0")
    assert about["preview"]["status"] == "off"
    assert about["recordings"][0]["name"] == "tale.jsonl"
    assert about["rate"] == 0


def test_the_default_speed_is_twice_that_of_the_recording(httpx2):
    about = run_until(httpx2, lambda _: True, "--no-preview")
    assert (about["recordings"][0]["name"], about["rate"]) == ("coffee_roastery.jsonl", 2)


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1.5", "\uff11", ""])
def test_an_invalid_port_is_rejected(port, capsys):
    with pytest.raises(SystemExit) as caught:
        command_line().parse_args(["demo", f"--port={port}"])
    assert caught.value.code == 2
    assert "is not an integer from 0 to 65535" in capsys.readouterr().err


def test_the_last_port_is_one():
    assert command_line().parse_args(["demo", "--port", "65535"]).port == 65_535
