"""All providers, and the interpreters for an event."""

import math
import re
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest

from componentstream.sources import SourceDecoder
from componentstream.sources.extract import read
from componentstream.sources.providers import registry
from componentstream.sources.providers.registry import interpreters, names_event_type

ROOT = Path(__file__).resolve().parents[3]


class ChatResponse(SimpleNamespace):
    """Has the name of a class that Ollama's library has too."""


def test_an_object_is_known_by_its_class_and_package():
    fields = {"message": {"content": "a"}, "done": False}
    assert read(ChatResponse(**fields)) is None
    ollama = type("ChatResponse", (SimpleNamespace,), {"__module__": "ollama._types"})
    assert read(ollama(**fields)).text == "a"
    assert read(type("Mine", (ollama,), {})(**fields)).text == "a"
    other = type("ChatResponse", (SimpleNamespace,), {"__module__": "ollama2"})
    assert read(other(**fields)) is None


def test_a_mapping_is_known_by_a_key_unless_it_has_an_unknown_name():
    event = {"message": {"content": "a"}, "done": False}
    assert read(MappingProxyType(event)).text == "a"
    assert read({**event, "type": "other"}) is None
    assert read({**event, "type": None}).text == "a"


def test_a_tuple_is_known_by_its_items():
    assert read(({"type": "ai", "content": "a"}, {})).text == "a"
    assert read(()) is None


def test_the_names_of_events_are_known():
    assert names_event_type("message_stop")
    assert not names_event_type("new")


def test_an_error_counts_before_other_keys():
    assert read({"done": False, "error": {"type": "x"}}).error is not None


def test_an_object_is_not_known_by_common_keys():
    assert read(SimpleNamespace(done=False, response="a")) is None


def test_a_shape_is_known_beside_an_unknown_name():
    assert read({"object": "new", "choices": [{"delta": {"content": "a"}}]}).text == "a"
    assert read(SimpleNamespace(choices=[SimpleNamespace(delta={"content": "a"})])).text == "a"


@pytest.mark.parametrize("event", [{"other": 1}, {"type": "other"}, SimpleNamespace(), None, "text", ()])
def test_an_unknown_event_has_no_interpreter_that_knows_it(event):
    assert [interpret(event) for interpret in interpreters(event)] in ([], [None], [None, None])


def test_the_page_lists_every_provider():
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)`: ", page, re.MULTILINE)
    helpers = {"__init__", "outcomes", "reading", "registry", "tools", "usage"}
    modules = {path.stem for path in Path(registry.__file__).parent.glob("*.py")} - helpers
    assert sorted(rows) == sorted(modules)
    assert len(registry.PROVIDERS) == len(modules)


class Deep(dict):
    """An event that has each field which is asked for, down to a depth, where each is the same value."""

    def __init__(self, marks, value, depth, *, in_list=False):
        super().__init__(marks)
        self.rest = (value, depth, in_list)

    def get(self, key, default=None):
        value, depth, in_list = self.rest
        if key in self or not depth:
            return super().get(key, default if depth else value)
        inner = Deep({}, value, depth - 1, in_list=in_list)
        return [inner] if in_list and depth % 2 else inner


MARKS = [
    *({name: value} for one in registry.PROVIDERS for name, values in one.fields.items() for value in values),
    *({key: True} for one in registry.PROVIDERS for key in (*one.shapes, *one.keys)),
]
VALUES = [[], {}, [[]], [{}], set(), -1, 10**5000, math.inf, math.nan, True, "", "x", b"x", object()]


@pytest.mark.parametrize("in_list", [False, True])
@pytest.mark.parametrize("depth", range(5))
def test_no_value_in_any_field_makes_an_interpreter_raise(depth, in_list):
    known = 0
    for mark in MARKS:
        for value in VALUES:
            event = Deep(mark, value, depth, in_list=in_list)
            decoder = SourceDecoder(tool="show", argument="code")
            known += bool(decoder.feed(event) or decoder.ignored == 0)
            decoder.close()
    assert known > len(VALUES) * len(MARKS) // 2
