"""The law of linear work: however a text is cut, the parser examines at most 2n + 64 of its characters."""

import tracemalloc

import pytest

from componentstream import ComponentParser, Grammar, Limits
from tests.counting import counted_parser
from tests.oracle import comparable, parse_whole

LENGTH = 4000
LIMITS = Limits(max_components=10**6, max_errors=10**6, max_depth=10**6)

UNITS = {
    "slashes": "/",
    "prefixes": "/// ",
    "half-keywords": "/// STAR",
    "keywords": "/// START ",
    "lines-of-a-slash": "/\n",
    "lines-of-two-slashes": "//\n",
    "lines-of-a-prefix": "///\n",
    "lines-of-an-indented-slash": " /\n",
    "lines-of-half-a-marker": "/// E\n",
    "lines-of-a-longer-word": "/// STARTED\n",
    "prefix-at-the-end-of-a-line": "a ///\n",
    "prefix-within-a-line": "x /// y\n",
    "prefix-after-white-space": "x\n ///",
    "words-and-prefixes": "x///",
    "comments": "// x\n",
    "starts": "/// START A\n",
    "ends-of-nothing": "/// END Z\n",
    "pairs": "/// START A\n/// END A\n",
    "pairs-with-content": "/// START A\nx\n/// END A\n",
    "bad-names": "/// START 9\n",
    "bad-attributes": "/// START A b\n",
    "long-names": f"/// START {'x' * 400}-\n",
    "long-attributes": f"/// START A k='{'x' * 400}'\n",
    "too-long-markers": f"/// START {'y' * 600}\n",
    "far-indented-ends": f"{' ' * 500}/// END A\n",
    "far-indented-text": f"{' ' * 500}x\n",
    "far-indented-components": f"/// START A\n{' ' * 400}x\n/// END A\n{' ' * 400}x\n",
    "long-blank-lines": f"{' ' * 600}\n",
    "blank": " ",
    "blank-lines": "   \n",
    "line-ends": "\n",
    "carriage-returns": "\r",
    "crlf-lines": "x\r\n",
    "lines-of-one-character": "x\n",
    "lines-of-three-widths": " \t x\n",
    "code": '  <div className="a">\n',
    "non-breaking-comments": "\u00a0/// x\n",
    "emoji": "\U0001f600 x\n",
    "backticks": "`",
    "lines-of-two-backticks": "``\n",
    "bare-fences": "```\n",
    "fences-with-info": "```tsx\n",
    "text-and-fences": "x\n```\n",
    "fenced-components": "```\n/// START A\n```\n/// END A\n```\n",
    "tildes": "~",
    "fences-with-long-info": f"~~~{'i' * 128}\n",
    "fences-with-too-long-info": f"```{'i ' * 200}\n",
    "fenced-by-tildes": "~~~ts x\n/// START A position=nav\n~~~\n~~~\n",
    "sections": "/// START A position=hero\n",
    "roots": "/// START A position=root\n",
    "parts": "/// START A.B position=hero\n",
    "mirrored-ends": "/// START A\n/// END A position=hero\n",
    "long-mirrored-ends": f"/// START A\n/// END A {'x' * 400}\n",
    "ends-with-signs": f"/// START A\n/// END A{';' * 400}\n",
    "bare-ends": "/// END\n",
    "bare-ends-of-signs": f"/// END {'-' * 400}\n",
    "bare-ends-of-signs-apart": f"/// END {'- ' * 200}\n",
    "bare-ends-of-signs-and-a-word": f"/// END {'- ' * 200}x\n",
    "ends-in-the-other-case": "/// START A\n/// END a\n",
    "long-ends-in-the-other-case": f"/// START {'A' * 128}\n/// END {'a' * 128};\n",
    "starts-with-a-comma": "/// START A,\n",
    "recovered-starts": "/// START A position: hero, k = v\n",
    "starts-with-signs": f"/// START A {'* ' * 200}\n",
    "starts-with-signs-and-a-word": f"/// START A {'* ' * 200}x\n",
    "starts-with-words": f"/// START A {'a ' * 200}\n",
    "starts-with-separators": f"/// START A k=v {', ; ' * 100}\n",
    "starts-with-quotes": f"/// START A {chr(34) * 400}\n",
    "starts-with-quotes-apart": f"/// START A {chr(34) + ' '} {(chr(39) + ' ') * 200}\n",
    "starts-with-unclosed-values": f"/// START A {'k=' + chr(34)}{'a ' * 200}\n",
    "starts-with-equals": f"/// START A {'=' * 400}\n",
    "starts-with-keys": f"/// START A {'k=' * 200}\n",
    "starts-with-distant-values": f"/// START A k{' ' * 200}={' ' * 200}v,\n",
    "starts-with-distant-words": f"/// START A {('k' + ' ' * 40) * 10}\n",
    "starts-with-one-key": f"/// START A {'k=1 ' * 100}\n",
    "too-long-distant-names": f"/// START{' ' * 600}Y\n",
}
SIZES = (1, 2, 3, 5, 64, 4096)
PLACES = {"outside": "", "inside": "/// START A\nx\n", "fenced": "/// START A\n```tsx\n"}


@pytest.fixture(scope="module")
def counted():
    return counted_parser()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("unit", UNITS)
def test_no_character_is_examined_more_than_twice(counted, unit, place):
    make, counter = counted
    text = PLACES[place] + UNITS[unit] * (LENGTH // len(UNITS[unit]))
    expected = parse_whole(text, grammar=Grammar(), limits=LIMITS)
    for size in SIZES:
        parser = make(limits=LIMITS)
        counter.examined = 0

        events = [event for i in range(0, len(text), size) for event in parser.feed(text[i : i + size])]
        events += parser.close()

        assert counter.examined <= 2 * len(text) + 64, f"in chunks of {size}"
        assert counter.examined >= len(text) / 2, "the counter sees the work of the parser"
        assert comparable(events) == expected, f"in chunks of {size}"


def test_a_line_of_a_megabyte_is_examined_once_more_at_most(counted):
    make, counter = counted
    parser = make()
    counter.examined = 0
    for _ in range(2**20 // 1460):
        parser.feed("/// STARTx" + "x" * 1450)
    assert counter.examined <= 2 * 2**20 + 64


def test_a_million_characters_one_by_one_take_no_memory():
    parser = ComponentParser()
    line = '  <p className="text-lg">Plan, build and ship.</p>\n'
    for char in "/// START Hero\n" + line:
        parser.feed(char)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1_000_000 // len(line)):
            for char in line:
                parser.feed(char)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 64 * 1024
