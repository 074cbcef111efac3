"""The formats of a body, with faults in them."""

import math

import pytest

from componentstream.sources._body_formats import (
    INVALID,
    JOINED,
    TOO_LONG,
    Damage,
    Foreign,
    JSONLines,
    JSONObjects,
    MessageEnd,
    ServerSentEvents,
    json_item,
)

EVENT = {"a": "x"}
BETWEEN = Damage("text between JSON objects")
LIMIT = 60


def items(kind, data, size):
    stage = kind(LIMIT)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    return [item for chunk in chunks for item in stage.feed(chunk)] + stage.close()


def check(kind, data, expected):
    for size in (1, 2, 5, len(data)):
        assert items(kind, data, size) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'data: {"a":"x"}\n\n', [EVENT]),
        (b"data: [DONE] \n\n", [MessageEnd()]),
        (b"data: null\n\n", [Foreign("a value of the type NoneType")]),
        (b"data: {x\n\n", [INVALID]),
        (b"data: {x", []),
        (b"event: error\ndata: Internal Server Error\n\n", [{"type": "error"}]),
        (b"event: error\ndata: 7\n\n", [{"type": "error"}]),
        (b"event: message_stop\ndata: {}\n\n", [{"type": "message_stop"}]),
        (b"event: new\ndata: {}\n\n", [{}]),
        (b'error: {"code":503}\n', [{"error": {"code": 503}}]),
        (b'error: {"error":{"code":503}}\n', [{"error": {"code": 503}}]),
        (b"error: out of memory\n", [{"error": INVALID}]),
        (b'{"error":{"code":503}}\n', [{"error": {"code": 503}}]),
        (b'{"error":null}\nx y\n', [Damage("a line of plain text")] * 2),
        (b'a: {"a":"x"}\nata:[DONE]\n: "x"\nta: "x"\n', [Damage("a line of plain text")] * 3),
        (
            b'data {"a":"x"}\n<p>\nx\0: y\n',
            [Damage("a line of plain text"), Damage("a line of HTML"), Damage("binary data")],
        ),
        (b" \ndata:  \n\ndata: \t\ndata:\n\n", [Foreign("a line of plain text")]),
        (b"other\nx-other: y\n\n", [Foreign("a line of plain text")] * 2),
        (
            b'data: []\n\ndata: ""\n\n',
            [Foreign("a value of the type list"), Foreign("a value of the type str")],
        ),
        (
            b'data: "b "\n\ndata: 7\n\ndata: [1]\n\n',
            [
                Damage("a value of the type str"),
                Damage("a value of the type int"),
                Damage("a value of the type list"),
            ],
        ),
        (b"dat", []),
        (b"event: x\nda", []),
        (b": comment\nid: 1\nretry: 1\nid\n\n", []),
        (b"data: " + b"x" * LIMIT + b"\n\ndata: {}\n\n", [TOO_LONG, {}]),
        (b"x" * LIMIT + b"x\n" + b"x" * LIMIT + b"x\n\ndata: {}\n\n", [TOO_LONG, {}]),
        (b"data: x\n" * LIMIT + b"data: x\n\n", [TOO_LONG]),
    ],
)
def test_server_sent_events(data, expected):
    check(ServerSentEvents, data, expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":"x"}\r\n \n{"a":"x"}', [EVENT, EVENT]),
        (b'\xef\xbb\xbf{"a":"x"}', [EVENT]),
        (b"{x\nnull\n<p>\n", [INVALID, Foreign("a value of the type NoneType"), Damage("a line of HTML")]),
        (
            b'"b "\n5\n[1]\n',
            [
                Damage("a value of the type str"),
                Damage("a value of the type int"),
                Damage("a value of the type list"),
            ],
        ),
        (b"WARN x\n[]\n:\n: x\n", [Damage("a line of plain text"), Foreign("a value of the type list")]),
        (b"[1\n5 x", [Damage("a line of plain text")] * 2),
        (b"{" + b"x" * LIMIT + b"\n{}", [TOO_LONG, {}]),
    ],
)
def test_json_lines(data, expected):
    check(JSONLines, data, expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'[{"a":"x"}\n,\r\n{"a": "x"}]\n', [EVENT, EVENT]),
        (b'{"a":\n"x"}{"a":"x"}', [EVENT, EVENT]),
        (rb'[{"a":"}\\\"{\\"},{"b":{"c":[{}]}}]', [{"a": '}\\"{\\'}, {"b": {"c": [{}]}}]),
        (b'["{", null, 7, {"a":"x"}}]', [BETWEEN, EVENT]),
        (b'\xef\xbb\xbf[null,\n{"a":"x"}, null,null , {"a":"x"},null]', [EVENT, EVENT]),
        (b'[{"a":"x"} "a":"x"},{"a":"x"}]<p>', [EVENT, BETWEEN, EVENT]),
        (b'[{"a":"x"},' + b"null," * LIMIT + b'{"a":"x"}]', [EVENT, BETWEEN, EVENT]),
        (b"[{x},{}]", [INVALID, {}]),
        (b'[{"a":"x"},{"a":"', [EVENT]),
        (b'[{"a":"' + b"x" * LIMIT + b'"},{"a":"x"}]', [TOO_LONG, EVENT]),
        (b"", []),
        (b"\xef\xbb\xbf[ \r\n,[]\t]", []),
        (b"[{", []),
        (b'["{', [Damage("a document without an object")]),
        *((data, [Damage("a document without an object")]) for data in (b"[ERROR] x", b'["a{"]', b"[1,\n2]")),
    ],
)
def test_json_objects(data, expected):
    stage = JSONObjects(LIMIT)
    assert stage.feed(b"") == []
    for size in (1, 2, 5, len(data) or 1):
        assert items(JSONObjects, data, size) == expected


@pytest.mark.parametrize(
    "line",
    [
        b'data: {"a":"x"}data: [DONE]',
        b'data:{"a":"x"}event: ydata: {"a":',
        b'event: messagedata: {"a":"x"}',
        b'id: 7data: {"a":"x"}',
        b': PROCESSINGdata: {"a":"x"}',
        b'\xef\xbb\xbfdata: {"a":"x"} data: {"a":',
    ],
)
def test_lines_without_line_ends_are_told(line):
    check(ServerSentEvents, line, [JOINED])
    assert items(ServerSentEvents, line + b"\n\n", 7) != [JOINED]
    assert (JOINED.code, JOINED.fatal, JOINED.retryable) == ("source_not_understood", True, False)


def test_json_lines_without_line_ends_are_told():
    check(JSONLines, b'{"a":"x"}{"a":"x"}', [JOINED])
    check(JSONLines, b'{"a":"x"} {"a":', [JOINED])
    check(JSONLines, b'{"a":"x"}{"a":"x"}\n', [INVALID])
    check(JSONLines, b"{" * 50 + b"{", [INVALID])


@pytest.mark.parametrize(
    "line", [b'data: {"a":"data: {"}', b'data: {"a":"xdata: {', b"event: data", b"data: x", b": c", b"id: 7"]
)
def test_a_single_line_is_not_joined(line):
    assert JOINED not in items(ServerSentEvents, line, 7)


def test_deep_json_is_not_valid():
    assert json_item(b"[" * 100_000) is INVALID


def test_an_integer_of_many_digits_does_not_make_an_event_invalid():
    assert json_item(b'{"a": 1%s, "b": 2}' % (b"0" * 5000)) == {"a": math.inf, "b": 2}
    assert json_item(b'{"a": 1%s, "b": 2' % (b"0" * 5000)) is INVALID
