"""The text of one argument of a tool call: the same for every cut, for any text of arguments."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.errors import UsageError
from componentstream.sources import SourceError, ToolArgumentDecoder
from tests.counting import counted_module
from tests.sources.memory import growth

STRINGS = ["", "x", "code", 'a"b', "a\\", "{", "}]", "\n\t", "é😀", "\ud83d", "\ude00\ud83d", "\0", "/", ","]


def pieces(fragments, argument="code"):
    decoder = ToolArgumentDecoder(argument)
    return [piece for fragment in fragments for piece in decoder.feed(fragment)] + decoder.close()


def result(fragments, argument="code"):
    """Return the joined text, and the codes of the errors."""
    found = pieces(fragments, argument)
    errors = [piece.code for piece in found if isinstance(piece, SourceError)]
    return "".join(piece for piece in found if isinstance(piece, str)), errors


def without_lone_surrogates(text):
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def expected(document, argument="code"):
    """Return the result of the standard library for a whole document."""
    pairs = json.loads(document, object_pairs_hook=list)
    if not isinstance(pairs, list) or not document.lstrip().startswith("{"):
        return "", ["invalid_chunk"]
    values = [value for key, value in pairs if key == argument and isinstance(value, str)]
    return (without_lone_surrogates(values[0]), []) if values else ("", ["invalid_chunk"])


class Documents:
    """Makes the text of random JSON objects, in random ways of writing them."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def white(self):
        return self.rng.choice(["", "", "", " ", "\n  ", "\t\r\n"])

    def string(self, value):
        return '"' + "".join(map(self.char, value)) + '"'

    def char(self, char):
        short = {"\n": r"\n", "\t": r"\t", '"': r"\"", "\\": r"\\", "/": r"\/"}
        if char in short and self.rng.random() < 0.7:
            return short[char]
        if char in '"\\' or char < " " or "\ud800" <= char <= "\udfff" or self.rng.random() < 0.2:
            units = char.encode("utf-16-be", "surrogatepass")
            return "".join(f"\\u{self.case(units[at : at + 2].hex())}" for at in range(0, len(units), 2))
        return char

    def case(self, text):
        return text.upper() if self.rng.random() < 0.5 else text

    def value(self, depth):
        kind = self.rng.randrange(7 if depth else 5)
        if kind < 3:
            return self.string("".join(self.rng.choices(STRINGS, k=self.rng.randint(0, 3))))
        if kind < 5:
            return self.rng.choice(["1", "-2.5e3", "true", "null", "false"])
        if kind == 5:
            return self.object(depth - 1)
        values = [self.value(depth - 1) for _ in range(self.rng.randint(0, 3))]
        return f"[{self.white()}{f'{self.white()},'.join(values)}{self.white()}]"

    def object(self, depth=2):
        keys = self.rng.choices(["code", "co", "codes", "x", "", "ü"], k=self.rng.randint(0, 4))
        members = [
            f"{self.white()}{self.string(key)}{self.white()}:{self.white()}{self.value(depth)}{self.white()}"
            for key in keys
        ]
        return f"{{{','.join(members) or self.white()}}}"

    def document(self):
        return self.white() + self.object() + self.white()

    def cut(self, text):
        if self.rng.random() < 0.3:
            return list(text)
        cuts = sorted(self.rng.choices(range(len(text) + 1), k=self.rng.randint(0, 5)))
        return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def compare_with_the_standard_library(count, seed):
    documents = Documents(seed)
    for _ in range(count):
        document = documents.document()
        text, errors = expected(document)
        assert result(documents.cut(document)) == (text, errors), document
        # The beginning of a document gives the beginning of its result.
        part = document[: documents.rng.randint(0, len(document))]
        started, told = result(documents.cut(part))
        assert text.startswith(started.rstrip("\ufffd")), (document, part)
        if started != text:
            assert told == ["source_incomplete" if part.strip() else "invalid_chunk"], (document, part)


@pytest.mark.parametrize("seed", range(4))
def test_random_documents_are_read_as_the_standard_library_reads_them(seed):
    compare_with_the_standard_library(1500, seed)


PARTS = ['"', "\\", "\\u", "d83d", "\\ude00", "\\n", *"{}[]:,", '"code"', " ", "x", "1", "\ud83d"]


@given(st.lists(st.sampled_from(PARTS), max_size=20), st.booleans(), st.randoms())
def test_any_text_may_be_cut_anywhere(parts, begins, rng):
    text = ('{"code": "' if begins else "") + "".join(parts)
    cuts = sorted(rng.choices(range(len(text) + 1), k=3))
    whole = result([text])
    assert result(list(text)) == whole
    assert result([text[: cuts[0]], text[cuts[0] : cuts[1]], "", text[cuts[1] :]]) == whole


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (r'{"code": "a\nb\"\\\/\b\f\r\t"}', 'a\nb"\\/\b\f\r\t'),
        (r'{"code": "\uD83D\uDE00"}', "😀"),
        (r'{"code": "\ud83d"}', "\ufffd"),
        (r'{"code": "\ude00x"}', "\ufffdx"),
        (r'{"code": "\ud83dx"}', "\ufffdx"),
        (r'{"code": "\ud83d\n"}', "\ufffd\n"),
        (r'{"code": "\ud83d\ud83d\ude00"}', "\ufffd😀"),
        ('{"code": "\ud83d\ude00"}', "😀"),
        ('{"code": "\ud83d\\ude00"}', "😀"),
        (r'{"code": "\d+\x41\u12G4\u"}', r"\d+\x41\u12G4\u"),
        ('{"code": "\\\ud83d\ude00"}', "\\😀"),
        ('{"code": "a\nb\x00"}', "a\nb\x00"),
        (r'{"co\u0064e": "x"}', "x"),
        ('{"codes": "y", "cod": "z", "code": "x"}', "x"),
        ('{"a": {"code": "y"}, "b": ["code", {"code": "}"}], "code": "x"}', "x"),
        (r'{"a": "\"code\": \"y\"", "b": "\\", "code": "x"}', "x"),
        ('{"code": "x", "code": "y"}', "x"),
        ('{"code": null, "code": 1, "code": ["z"], "code": "x"}', "x"),
        ('{"code": "x", "broken', "x"),
        ('{"a": , "b" "c", "code": "x"}', "x"),
        ('{"a" "code": "x"}', "x"),
        ('{"a", "code": "x"}', "x"),
        ('\ufeff {"code": "x"}', "x"),
    ],
)  # fmt: skip
def test_the_argument_is_found_and_its_escapes_are_resolved(document, text):
    assert result([document]) == (text, [])
    assert result(list(document)) == (text, [])


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{}",
        '{"a": 1}',
        '{"code": 5}',
        '{"code": {"code": "x"}}',
        '["code", "x"]',
        '"code"',
        "null",
        "{1}x",
    ],
)
def test_a_call_without_the_argument_is_told(document):
    for fragments in ([document], list(document)):
        [error] = pieces(fragments)
        assert isinstance(error, SourceError)
        assert (error.code, error.fatal, error.retryable) == ("invalid_chunk", False, False)
        assert "'code'" in error.message


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("{", ""),
        ('{"a": [', ""),
        ('{"a": "x', ""),
        ('{"cod', ""),
        ('{"code"', ""),
        ('{"code": ', ""),
        ('{"code": "', ""),
        ('{"code": "x', "x"),
        ('{"code": "x\\', "x\ufffd"),
        (r'{"code": "x\ud83', "x\ufffd"),
        (r'{"code": "x\ud83d', "x\ufffd"),
        (r'{"code": "x\ud83d\ude', "x\ufffd\ufffd"),
    ],
)
def test_a_call_that_ends_too_early_is_incomplete(document, text):
    for fragments in ([document], list(document)):
        *texts, error = pieces(fragments)
        assert "".join(texts) == text
        assert (error.code, error.fatal, error.retryable) == ("source_incomplete", True, True)


def test_text_leaves_with_its_fragment():
    decoder = ToolArgumentDecoder("code")
    assert decoder.feed('{"code": "a') == ["a"]
    assert decoder.feed("b\\") == ["b"]
    assert decoder.feed("nc\\ud8") == ["\nc"]
    assert decoder.feed("3d") == []
    assert decoder.feed("x") == ["\ufffdx"]
    assert decoder.feed('" , "code": "y"}') == []
    assert decoder.feed("more") == []


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"code": "a\nb"}, ("a\nb", [])),
        ({"code": "\ud83d\ude00\ud83d"}, ("😀\ufffd", [])),
        ({"code": ""}, ("", [])),
        ({"code": 5, "x": "y"}, ("", ["invalid_chunk"])),
        ({}, ("", ["invalid_chunk"])),
    ],
)
def test_arguments_may_come_whole(arguments, found):
    assert result([arguments]) == found


def test_arguments_that_have_begun_are_not_repeated_by_a_mapping():
    assert result(['{"code": "x"}', {"code": "x"}]) == ("x", [])
    assert result([{"code": "x"}, {"code": "y"}]) == ("x", [])
    assert result([{"a": 1}, {"code": "y"}]) == ("y", [])


def test_the_argument_may_have_any_name():
    assert result(['{"": "x", "code": "y"}'], argument="") == ("x", [])
    assert result([r'{"a\"\u00fc": "x"}'], argument='a"ü') == ("x", [])


def test_a_misuse_is_refused():
    with pytest.raises(UsageError, match="argument must be the name of an argument, not 5"):
        ToolArgumentDecoder(5)
    decoder = ToolArgumentDecoder("code")
    with pytest.raises(UsageError, match="not as bytes"):
        decoder.feed(b"{}")
    assert len(decoder.close()) == 1
    assert decoder.close() == []
    with pytest.raises(UsageError, match=r"feed\(\) after close\(\)"):
        decoder.feed("")


UNITS = ["x", "\\n", "\\", "\\u0041", "\\ud83d", "\\ud83d\\ude00", "\ud83d", "\\u12", '","', *'"{[},:']
PLACES = ["", "{", '{"', '{"a', '{"a": "', '{"a": [', '{"a":', '{"code": "']


@pytest.fixture(scope="module")
def counted():
    return counted_module("sources", "tool_arguments")


@pytest.mark.parametrize("unit", UNITS)
def test_at_most_three_characters_are_examined_for_one_of_the_text(counted, unit):
    module, counter = counted
    for place in PLACES:
        text = place + unit * (1000 // len(unit))
        for size in (1, 3, 4096):
            decoder = module.ToolArgumentDecoder("code")
            counter.examined = 0
            for at in range(0, len(text), size):
                decoder.feed(text[at : at + size])
            assert counter.examined <= 3 * len(text) + 64


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("unit", ["x", "\\", "{", '"a":'])
def test_long_arguments_take_no_memory(place, unit):
    decoder = ToolArgumentDecoder("code")
    decoder.feed(place)
    assert growth(decoder.feed, unit, feeds=10_000) < 16 * 1024


def test_it_is_known_whether_the_argument_has_begun():
    decoder = ToolArgumentDecoder("code")
    assert not decoder.found
    decoder.feed('{"code": "')
    assert decoder.found


@pytest.mark.parametrize("end", ['{"a": "x", "code": "y"', '{"a": "x"}'])
def test_it_is_known_whether_the_argument_has_ended(end):
    decoder = ToolArgumentDecoder("code")
    decoder.feed(end[:-1])
    assert not decoder.ended
    decoder.feed(end[-1])
    assert decoder.ended
