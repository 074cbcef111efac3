"""The example of a real provider, with two client libraries and a server that answers like theirs."""

import json
import os
import runpy
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.events import ErrorEvent
from componentstream.core.grammar import Grammar
from componentstream.drive import parse
from tests import parts
from tests.sources import recorded

SCRIPT = Path(__file__).parents[2] / "examples" / "real_provider.py"
PROTOCOL = runpy.run_path(str(SCRIPT))["PROTOCOL"]
PROMPT = "a page for a bakery"
EVENT_STREAM = "text/event-stream; charset=utf-8"
HEADINGS = "index  component                 position        size  reason\n"
HERO = "    0  Hero                      main              27  end\n"


class Provider(BaseHTTPRequestHandler):
    """Sends the answer of the server, and records the requests."""

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.server.asked.append((self.path, self.headers, json.loads(self.rfile.read(length))))
        status, media_type, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Say nothing."""


@contextmanager
def provider(body, *, status=200, media_type=EVENT_STREAM):
    """Run a server that always sends the same answer; yield its address and its requests so far."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        server.answer, server.asked = (status, media_type, body), []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.asked
        finally:
            server.shutdown()
            thread.join()


def environment(library):
    """Return the environment without variables of the providers, but with a key for one of them."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OPENAI"))}
    return rest | {f"{library.upper()}_API_KEY": "a-key", "NO_PROXY": "127.0.0.1"}


def command(address):
    return [str(SCRIPT), "--model", "some-model", "--base-url", address, PROMPT]


def run(folder, library, address):
    """Run the script with one library, while the other cannot be imported; return status and output."""
    parts.module(library)
    other = {"anthropic": "openai", "openai": "anthropic"}[library]
    Path(folder, f"{other}.py").write_text("raise ImportError\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *command(address)],
        env=environment(library) | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Run the script in this process, where the libraries need be loaded but once."""

    def run(library, address):
        parts.module(library)
        with monkeypatch.context() as patch:
            patch.setattr(os, "environ", environment(library))
            patch.setattr(sys, "argv", command(address))
            with pytest.raises(SystemExit) as leaving:
                runpy.run_path(str(SCRIPT), run_name="__main__")
        return leaving.value.code, *capsys.readouterr()

    return run


def test_an_answer_of_anthropic_becomes_a_table(tmp_path):
    with provider(recorded.sse(*recorded.anthropic(), named=True)) as (address, asked):
        outcome = run(tmp_path, "anthropic", address)
    assert outcome == (0, HEADINGS + HERO, "Hero: 27 characters, end\n")
    [(path, headers, body)] = asked
    assert path == "/v1/messages"
    assert "a-key" in (headers["X-Api-Key"] or headers["Authorization"])
    assert body.pop("max_tokens") >= 8192
    assert body == {
        "model": "some-model",
        "stream": True,
        "system": PROTOCOL,
        "messages": [{"role": "user", "content": PROMPT}],
    }


def test_an_answer_of_openai_becomes_a_table(tmp_path):
    with provider(recorded.sse(*recorded.chat(), done=True)) as (address, asked):
        outcome = run(tmp_path, "openai", f"{address}/v1")
    assert outcome == (0, HEADINGS + HERO, "Hero: 27 characters, end\n")
    [(path, headers, body)] = asked
    assert (path, headers["Authorization"]) == ("/v1/chat/completions", "Bearer a-key")
    assert body == {
        "model": "some-model",
        "stream": True,
        "messages": [{"role": "system", "content": PROTOCOL}, {"role": "user", "content": PROMPT}],
    }


def test_a_refused_request_is_an_error_event_and_says_why(run_here):
    error = {"type": "error", "error": {"type": "authentication_error", "message": "invalid \x1b[31m key"}}
    body = json.dumps(error).encode()
    with provider(body, status=401, media_type="application/json") as (address, _):
        status, table, progress = run_here("anthropic", address)
    assert (status, table) == (1, HEADINGS)
    told, why = progress.splitlines()
    assert told == "source_failed: The provider sent an error: authentication_error."
    assert why.startswith("AuthenticationError: ")
    assert "invalid" in why
    assert "\x1b" not in why


def test_an_error_in_the_stream_ends_it_and_what_is_open(run_here):
    chunks = [*recorded.chat()[:3], {"error": {"message": "Too many requests.", "code": "slow_down"}}]
    with provider(recorded.sse(*chunks)) as (address, _):
        outcome = run_here("openai", f"{address}/v1")
    assert outcome == (
        1,
        HEADINGS + "    0  Hero                      main               7  aborted\n",
        (
            "source_failed: The provider sent an error: slow_down.\nHero: 7 characters, aborted\n"
            "APIError: 'Too many requests.'\n"
        ),
    )


def test_on_a_terminal_a_component_grows_in_its_line(run_here, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with provider(recorded.sse(*recorded.chat(), done=True)) as (address, _):
        status, table, progress = run_here("openai", f"{address}/v1")
    assert (status, table) == (0, HEADINGS + HERO)
    line = "\r\x1b[K"
    assert progress == f"{line}Hero 7{line}Hero 27{line}Hero: 27 characters, end\n"


@pytest.mark.parametrize("script", ["real_provider.py", "provider_over_httpx.py"])
@pytest.mark.parametrize(
    ("model", "given", "missing"),
    [("claude-sonnet-5-5", "OPENAI", "ANTHROPIC"), ("gpt-5.4", "ANTHROPIC", "OPENAI"), ("x", "NO", "OPENAI")],
)
def test_a_missing_key_is_named_and_is_that_of_the_model(script, model, given, missing, request):
    monkeypatch, capsys = map(request.getfixturevalue, ("monkeypatch", "capsys"))
    if script == "provider_over_httpx.py":
        parts.module("httpx")
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{given}_API_KEY", "a-key")
    path = SCRIPT.with_name(script)
    monkeypatch.setattr(sys, "argv", [str(path), "--model", model, PROMPT])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(path), run_name="__main__")
    assert leaving.value.code == 2
    assert f"error: set the environment variable {missing}_API_KEY, or" in capsys.readouterr().err


def test_the_prompt_shows_the_protocol_as_the_parser_reads_it():
    events = list(parse([PROTOCOL]))
    assert [event for event in events if isinstance(event, ErrorEvent)] == []
    buffer = ComponentBuffer()
    for event in events:
        buffer.apply(event)
    [hero] = buffer.components
    assert (hero.name, hero.position, hero.reason) == ("Hero", "hero", "end")
    assert f"  {', '.join(sorted(Grammar().positions))}.\n" in PROTOCOL
