"""JSON from outside: what two parsers could read differently is rejected."""

import pytest

from tests import parts

parts.module("starlette")

from componentstream.server.strict_json import read_json  # noqa: E402 - it needs the module above


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("[1, 2.5, -1e3]", [1, 2.5, -1000.0]),
        ('{"a": {"a": 1}, "b": {"a": 2}}', {"a": {"a": 1}, "b": {"a": 2}}),
        ('"\\u00e9\U0001f600"', "\xe9\U0001f600"),
        (b' {"a": "\xc3\xa9"} ', {"a": "\xe9"}),
    ],
)
def test_json_is_read(text, value):
    assert read_json(text) == value


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-Infinity", '{"x": NaN}', "[Infinity]", '{"a": 1, "a": 1}',
     '[{"b": {"a": 1, "a": 2}}]',
     '{"a": 1, "\\u0061": 2}', "", "{", "{'a': 1}", b"\xff", b"\xff\xfe1\x00", "[" * 100_000],
    ids=lambda text: repr(text[:24]),
)  # fmt: skip
def test_a_document_that_is_not_json_or_is_ambiguous_is_rejected(text):
    with pytest.raises(ValueError, match=r".+"):
        read_json(text)


def test_the_message_names_the_reason():
    with pytest.raises(ValueError, match=r"^A JSON object has two members of the same name\.$"):
        read_json('{"a": 1, "a": 1}')
    with pytest.raises(ValueError, match=r"^JSON has no -Infinity\.$"):
        read_json("-Infinity")
    with pytest.raises(ValueError, match=r"^The JSON document is nested too deeply\.$"):
        read_json("[" * 100_000)
