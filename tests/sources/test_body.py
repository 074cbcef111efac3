"""The format of a body, recognized by its first line wherever that is cut."""

import pytest

from componentstream.sources._body import Body
from componentstream.sources._body_formats import Damage, Foreign

LIMIT = 40
EVENT = {"a": 1}
BODIES = [
    (b'data: {"a":1}\n\n', "sse", [EVENT]),
    (b'data: {"a":1}\n\n', "lines", [EVENT]),
    (b'\xef\xbb\xbf\r\n\tdata: {"a":1}\n\n', "lines", [Damage("a line of plain text")]),
    (b'\xef\xbb\xbfevent: x\ndata: {"a":1}', "lines", [EVENT]),
    (b': comment\nid: 1\ndata: {"a":1}', "lines", [EVENT]),
    (b'retry: 1\ndata: {"a":1}', "lines", [EVENT]),
    (b'{"a":1}\n{"a":1}', "lines", [EVENT, EVENT]),
    (b'\xef\xbb\xbf{"a":1}\n{"a":1}', "sse", [EVENT, EVENT]),
    (b'\n\n{"a":1}', "sse", [EVENT]),
    (b'{\n  "a": 1\n}\n', "sse", [EVENT]),
    (b'{ \r\n  "a": 1\n}{"a":1}', "lines", [EVENT, EVENT]),
    (b'[{"a":1}\n,\n{\n"a":1}]', "sse", [EVENT, EVENT]),
    (b'[{"a":1},{"a":1}]', "lines", [EVENT, EVENT]),
    (b'{"a":"' + b"x" * LIMIT + b'",\n"b":1}', "lines", None),
    (b"\0", "sse", [Foreign("binary data")]),
    (b"dat", "lines", [Damage("a line of plain text")]),
    (b"", "lines", []),
    (b"\xef", "sse", [Damage("binary data")]),
    (b" \n \n", "sse", [Foreign("a line of plain text")] * 2),
]


def items(body, expected, size):
    stage = Body(expected, LIMIT)
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return [item for chunk in chunks for item in stage.feed(chunk)] + stage.close()


@pytest.mark.parametrize(("body", "expected", "found"), BODIES, ids=range(len(BODIES)))
def test_a_body_is_read_in_the_format_that_it_has(body, expected, found):
    whole = items(body, expected, len(body) or 1)
    if found is not None:
        assert whole == found
    for size in (1, 2, 3, 7):
        assert items(body, expected, size) == whole


def test_blank_bytes_are_not_kept_without_limit():
    for size in (1000, 100_000):
        assert items(b" " * 70_000 + b'\n{"a":1}', "lines", size)[-1] == EVENT
        assert items(b"\n" * 70_000 + b'{"a":1}', "sse", size)[-1] == Damage("a line of plain text")
