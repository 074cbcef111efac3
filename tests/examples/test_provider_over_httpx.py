"""The example of a provider without its library, against a server on real sockets."""

import json
import os
import runpy
import sys

import pytest

from tests import parts
from tests.examples.test_real_provider import SCRIPT as OTHER_SCRIPT
from tests.examples.test_real_provider import provider
from tests.sources import recorded

SCRIPT = OTHER_SCRIPT.with_name("provider_over_httpx.py")
BLOCK = ["Hero begins at main", "block 0: 27 characters, end"]


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Run the script in this process; return its exit status and the lines that it prints."""

    def run(name, address):
        parts.module("httpx")
        rest = {
            key: value for key, value in os.environ.items() if not key.startswith(("ANTHROPIC", "OPENAI"))
        }
        with monkeypatch.context() as patch:
            patch.setattr(os, "environ", rest | {f"{name.upper()}_API_KEY": "a-key", "NO_PROXY": "127.0.0.1"})
            patch.setattr(sys, "argv", [str(SCRIPT), "--model", "m", "--base-url", address, "a bakery"])
            with pytest.raises(SystemExit) as leaving:
                runpy.run_path(str(SCRIPT), run_name="__main__")
        return leaving.value.code, capsys.readouterr().out.splitlines()

    return run


def test_a_complete_answer_of_anthropic_is_complete(run_here):
    with provider(recorded.sse(*recorded.anthropic(), named=True)) as (address, asked):
        status, lines = run_here("anthropic", address)
    assert status == 0
    assert [line for line in lines if not line.startswith("tokens")] == BLOCK
    assert lines[-1].startswith("tokens: 9 read, ") or any(line.startswith("tokens: 9") for line in lines)
    [(path, headers, body)] = asked
    assert (path, headers["x-api-key"], body["stream"]) == ("/v1/messages", "a-key", True)
    assert "/// START" in body["system"]


def test_a_complete_answer_of_openai_is_complete(run_here):
    with provider(recorded.sse(*recorded.chat(), done=True)) as (address, asked):
        status, lines = run_here("openai", address)
    assert status == 0
    assert [line for line in lines if not line.startswith("tokens")] == BLOCK
    [(path, headers, body)] = asked
    assert (path, headers["Authorization"], body["stream"]) == ("/v1/chat/completions", "Bearer a-key", True)


@pytest.mark.parametrize(
    ("name", "body", "word"),
    [
        ("anthropic", recorded.sse(*recorded.anthropic("max_tokens"), named=True), "max_tokens"),
        ("openai", recorded.sse(*recorded.chat("length"), done=True), "length"),
    ],
)
def test_an_answer_that_reached_its_length_limit_is_told(run_here, name, body, word):
    with provider(body) as (address, _):
        _, lines = run_here(name, address)
    [told] = [line for line in lines if line.startswith("source_truncated")]
    assert word in told


def test_an_answer_that_broke_off_is_not_complete(run_here):
    with provider(recorded.sse(*recorded.anthropic()[:9], named=True)) as (address, _):
        status, lines = run_here("anthropic", address)
    assert status == 1
    [told] = [line for line in lines if line.startswith("source_incomplete")]
    assert told.endswith("Try again.")


@pytest.mark.parametrize(
    ("status_code", "kind", "again"), [(529, "overloaded_error", True), (401, "authentication_error", False)]
)
def test_a_refusal_is_the_error_in_its_body(run_here, status_code, kind, again):
    error = {"type": "error", "error": {"type": kind, "message": "a secret"}}
    body = json.dumps(error).encode()
    with provider(body, status=status_code, media_type="application/json") as (address, _):
        status, lines = run_here("anthropic", address)
    assert status == 1
    [told] = [line for line in lines if line.startswith("source_failed")]
    assert kind in told
    assert told.endswith("Try again.") == again
    assert "secret" not in told


def test_a_provider_that_cannot_be_reached_is_a_retryable_error(run_here):
    with provider(b"") as (address, _):
        pass
    status, lines = run_here("openai", address)
    assert status == 1
    [told] = [line for line in lines if line.startswith("source_")]
    assert "ConnectError" in told
    assert told.endswith("Try again.")
