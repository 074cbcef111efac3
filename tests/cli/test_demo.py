"""The demonstration from the command line, as a process and within this one."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

import parts
from componentstream.cli import main
from componentstream.cli.options import command_line

WAIT = 10.0
MODULES = ("starlette", "uvicorn", "httpx2")


@pytest.fixture
def httpx2():
    return [parts.module(name) for name in MODULES][-1]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "tale.jsonl"
    path.write_text('{"at": 0, "text": "Once "}\n{"at": 300, "text": "upon a time."}\n', encoding="utf-8")
    return path


def start(*arguments):
    """Start the command; return its process and the URL that it prints."""
    # Whoever runs the tests in the background has made them, and so the command, ignore an interrupt.
    attend = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        [sys.executable, "-m", "componentstream", "demo", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=attend,  # noqa: PLW1509 - no other thread runs while it starts
        text=True,
    )
    line = process.stdout.readline()
    match = re.fullmatch(r"componentstream demo: (http://127\.0\.0\.1:\d+/) \(stop it with Ctrl-C\)\n", line)
    assert match, line + process.communicate()[1]
    return process, match[1]


def test_the_page_and_the_generation_are_there_when_the_url_is_printed(httpx2):
    process, url = start("--rate", "0")
    with process:
        page = httpx2.get(url, follow_redirects=True, timeout=WAIT)
        answer = httpx2.post(f"{url}api/generate", json={"prompt": "x"}, timeout=WAIT)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=WAIT) == ("", "")
    assert "<title>componentstream demo</title>" in page.text
    assert '"reason":"complete"' in answer.text
    assert process.returncode == 0


def test_an_interrupt_ends_it_at_once_although_a_stream_is_open(httpx2, recording):
    process, url = start("--recording", str(recording))
    with process, httpx2.stream("POST", f"{url}api/generate", json={"prompt": "x"}, timeout=WAIT) as response:
        pieces = response.iter_text()
        while "Once " not in next(pieces):
            pass
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=WAIT) == ("", "")
        assert time.monotonic() - began < 3.0
    assert process.returncode == 0


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_a_recording_is_played_at_the_rate_that_is_asked_for(httpx2, recording, capsys):
    port = free_port()
    answers = []

    def ask_and_interrupt():
        end = time.monotonic() + WAIT
        while time.monotonic() < end and not answers:
            try:
                url = f"http://127.0.0.1:{port}/api/generate"
                answers.append(httpx2.post(url, json={"prompt": "x"}, timeout=WAIT).text)
            except httpx2.ConnectError:
                time.sleep(0.02)
        if answers:  # so the server runs, and will catch it
            os.kill(os.getpid(), signal.SIGINT)

    asking = threading.Thread(target=ask_and_interrupt)
    asking.start()
    status = main(["demo", "--port", str(port), "--recording", str(recording), "--rate", "1000"])
    asking.join(WAIT)
    assert status == 0
    assert "upon a time." in answers[0]
    assert (
        capsys.readouterr().out == f"componentstream demo: http://127.0.0.1:{port}/ (stop it with Ctrl-C)\n"
    )


def test_a_port_that_is_taken_is_told(httpx2, capsys):
    del httpx2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"componentstream: Cannot listen at port {port} of 127.0.0.1: ")


def test_a_recording_that_cannot_be_read_is_told(httpx2, tmp_path, capsys):
    del httpx2
    absent = str(tmp_path / "absent.jsonl")
    assert main(["demo", "--recording", absent]) == 2
    assert capsys.readouterr().err == f"componentstream: {absent}: No such file or directory\n"
    Path(absent).write_text("x", encoding="utf-8")
    assert main(["demo", "--recording", absent]) == 2
    assert capsys.readouterr().err == f"componentstream: {absent}, line 1: this is no JSON in UTF-8.\n"


@pytest.mark.parametrize(
    ("absent", "module"),
    [("starlette", "componentstream.server"), ("uvicorn", "componentstream.server.serving")],
)
def test_without_the_extra_it_says_what_to_install(absent, module):
    parts.module("starlette")
    program = (
        f"import sys; sys.modules[{absent!r}] = None; "
        "from componentstream.cli import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    name = absent.replace("starlette", "Starlette")
    expected = f"componentstream: {module} needs {name}: pip install 'componentstream[server]'.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


def test_the_other_commands_do_not_load_the_server():
    program = "import sys; import componentstream.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"starlette", "uvicorn", "componentstream.server", "asyncio"} & set(done.stdout.split()) == set()


def test_the_defaults_are_this_machine_alone_and_port_8000():
    options = command_line().parse_args(["demo"])
    assert (options.host, options.port, options.recording, options.rate) == ("127.0.0.1", 8000, None, 1.0)


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1.5", "\uff11", ""])
def test_what_is_no_port_is_refused(port, capsys):
    with pytest.raises(SystemExit) as caught:
        command_line().parse_args(["demo", f"--port={port}"])
    assert caught.value.code == 2
    assert "is no whole number from 0 to 65535" in capsys.readouterr().err


def test_the_last_port_is_one():
    assert command_line().parse_args(["demo", "--port", "65535"]).port == 65_535
