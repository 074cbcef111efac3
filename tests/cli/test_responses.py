import gzip
import json

import pytest

from componentstream.cli.responses import advice
from tests.sources import recorded

SSE = "looks like the response of a provider; read it with --decoder sse."
JSON_LINES = "looks like the response of a provider; read it with --decoder jsonlines."


@pytest.mark.parametrize(
    ("beginning", "told"),
    [
        (recorded.sse(*recorded.anthropic(), named=True), SSE),
        (recorded.sse(*recorded.chat(), done=True), SSE),
        (b": ping\n\n", SSE),
        (b"\xef\xbb\xbfdata: {}\n", SSE),
        (b"\0\0\0\x8a\0\0\0\x53\r:message-type\7", SSE),
        (recorded.lines(*recorded.ollama()), JSON_LINES),
        (json.dumps({"error": {"message": "model not found"}}).encode(), JSON_LINES),
        (b'[{"candidates": []}\n,\r\n', JSON_LINES),
        (b'{\n  "error": {}\n}', JSON_LINES),
        (b"[{\n", JSON_LINES),
    ],
)
def test_a_response_is_recognized_and_its_decoder_named(beginning, told):
    assert advice(beginning) == told


def test_compressed_bytes_and_web_pages_are_named():
    assert advice(gzip.compress(b"data: {}")) == "is compressed; decompress it first."
    for page in (b"<!DOCTYPE html>\n", b"\n<HTML lang=en>"):
        assert advice(page).startswith("looks like a web page, such as the error of a proxy")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0\1\2",
        b"Here it is.\n",
        b"/// START Hero\n",
        b'{"name": "x"}',
        b"{x",
        b"[1]",
        b"[" * 100_000,
        b"<nav>",
    ],
    ids=range(9),
)
def test_text_is_not_taken_for_a_response(text):
    assert advice(text) == ""
