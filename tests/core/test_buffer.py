import gc
import weakref

import pytest

from componentstream.core.buffer import Component, ComponentBuffer, OpenComponent
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.errors import UsageError
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    MessageStop,
    StatusEvent,
    TextBlock,
)
from componentstream.core.limits import BufferLimits, Limits
from componentstream.core.parser import ComponentParser
from tests.shorthand import WITHOUT_BLOCK


def start(index, name="Hero", parent=None, position="main", **attributes):
    return ContentBlockStart(index, ComponentBlock(name, position, attributes, parent))


def delta(index, text):
    return ContentBlockDelta(index, text)


def stop(index, reason="end", trimmed=0):
    return ContentBlockStop(index, reason, 0, trimmed)


def run(buffer, *events):
    """Apply the events; return the component that the last one completed."""
    completed = None
    for event in events:
        completed = buffer.apply(event)
    return completed


def test_a_component_is_completed_by_its_stop_with_its_deltas_joined():
    buffer = ComponentBuffer()
    assert buffer.apply(start(0, "Hero", position="header", tone="dark")) is None
    assert buffer.apply(delta(0, "export ")) is None
    assert buffer.apply(delta(0, "default\n")) is None
    component = buffer.apply(stop(0))
    assert component == Component(
        index=0,
        name="Hero",
        position="header",
        attributes={"tone": "dark"},
        parent=None,
        text="export default\n",
        reason="end",
        trimmed=0,
        missing_parts=(),
        uses=(),
        critical=False,
    )
    assert buffer.components == (component,)


def test_many_deltas_are_joined_in_order():
    buffer = ComponentBuffer()
    texts = [f"{number} " for number in range(1000)]
    run(buffer, start(0), *(delta(0, text) for text in texts[:700]))
    assert buffer.open_components[0].text == "".join(texts[:700])
    component = run(buffer, *(delta(0, text) for text in texts[700:]), stop(0))
    assert component.text == "".join(texts)


def test_a_buffer_that_keeps_no_text_knows_of_components_all_the_same():
    catalog = Catalog([ComponentSpec("Menu", parts=("Item", "Label"), critical=True)])
    buffer = ComponentBuffer(catalog=catalog, keep_text=False)
    run(buffer, start(0, "Menu"), delta(0, "<Menu.Label/>"), start(1, "Item", parent=0), stop(1))
    assert buffer.open_components[0].text == ""
    component = run(buffer, stop(0))
    assert component == Component(
        0, "Menu", "main", {}, None, "", "end", missing_parts=("Label",), critical=True
    )


def test_components_are_values():
    first = run(ComponentBuffer(), start(0, a="1"), stop(0))
    second = run(ComponentBuffer(), start(0, a="1"), stop(0))
    assert first == second
    assert hash(first) == hash(second)
    with pytest.raises(AttributeError):
        first.text = "other"


def test_a_component_says_why_it_ended_and_what_was_trimmed():
    component = run(ComponentBuffer(), start(0), delta(0, "a"), stop(0, "truncated", trimmed=7))
    assert (component.reason, component.trimmed, component.text) == ("truncated", 7, "a")


def test_a_component_without_deltas_has_empty_text():
    assert run(ComponentBuffer(), start(0), stop(0)).text == ""


def test_children_complete_first_and_keep_their_text_to_themselves():
    buffer = ComponentBuffer()
    run(buffer, start(0, "Page"), delta(0, "a"), start(1, "Hero", parent=0), delta(1, "b"), stop(1))
    run(buffer, delta(0, "c"), stop(0))
    assert [(c.name, c.parent, c.text) for c in buffer.components] == [("Hero", 0, "b"), ("Page", None, "ac")]


def test_the_same_name_twice_gives_two_components():
    buffer = ComponentBuffer()
    run(buffer, start(0), delta(0, "a"), stop(0), start(1), delta(1, "b"), stop(1))
    assert [(c.index, c.name, c.text) for c in buffer.components] == [(0, "Hero", "a"), (1, "Hero", "b")]


def test_text_blocks_and_the_events_of_a_session_are_passed_over():
    buffer = ComponentBuffer()
    events = [
        StatusEvent("started", 0.0, 0, 0, 0),
        ContentBlockStart(0, TextBlock()),
        delta(0, "Here it is."),
        ErrorEvent("invalid_name", "No name."),
        stop(0),
        DebugEvent({}),
        MessageStop("complete"),
    ]
    assert [buffer.apply(event) for event in events] == [None] * len(events)
    assert buffer.components == ()
    assert buffer.open_components == ()


def test_open_components_are_listed_outermost_first_with_their_text_so_far():
    buffer = ComponentBuffer()
    assert buffer.open_components == ()
    run(buffer, ContentBlockStart(0, TextBlock()), stop(0), start(1, "Page", tone="x"), delta(1, "a"))
    run(buffer, delta(1, "b"), start(2, "Hero", parent=1, position="hero"))
    page = OpenComponent(1, "Page", "main", {"tone": "x"}, None, "ab")
    assert buffer.open_components == (page, OpenComponent(2, "Hero", "hero", {}, 1, ""))
    run(buffer, delta(2, "c"), stop(2), delta(1, "d"))
    assert [component.text for component in buffer.open_components] == ["abd"]
    assert page.text == "ab"
    assert buffer.apply(stop(1)).text == "abd"
    assert buffer.open_components == ()


def test_an_open_text_block_is_no_open_component():
    buffer = ComponentBuffer()
    buffer.apply(ContentBlockStart(0, TextBlock()))
    assert buffer.open_components == ()


def test_the_catalog_makes_components_critical_by_exact_name():
    buffer = ComponentBuffer(catalog=Catalog([ComponentSpec("Hero", critical=True), ComponentSpec("Menu")]))
    completed = [run(buffer, start(i, name), stop(i)) for i, name in enumerate(["Hero", "Menu", "hero"])]
    assert [component.critical for component in completed] == [True, False, False]


def test_parts_are_looked_for_in_nested_components_at_any_depth_and_in_the_own_text():
    menu = ComponentSpec("Menu", parts=("Item", "Label", "Icon", "Link"))
    buffer = ComponentBuffer(catalog=Catalog([menu, ComponentSpec("List")]))
    run(buffer, start(0, "Menu"), delta(0, "<Menu.L"), delta(0, "abel/>\n"))
    run(
        buffer,
        start(1, "List", parent=0),
        start(2, "MenuItem", parent=1),
        stop(2),
        delta(1, "MenuLink"),
        stop(1),
    )
    assert buffer.apply(stop(0)).missing_parts == ("Icon", "Link")


def test_a_component_beside_a_compound_one_is_no_part_of_it():
    buffer = ComponentBuffer(catalog=Catalog([ComponentSpec("Menu", parts=("Item",))]))
    run(buffer, start(0, "Page"), start(1, "Item", parent=0), stop(1))
    assert run(buffer, start(2, "Menu", parent=0), stop(2)).missing_parts == ("Item",)


def test_a_child_of_a_component_that_was_stopped_before_it_is_a_component_of_its_own():
    buffer = ComponentBuffer(catalog=Catalog([ComponentSpec("Menu", parts=("Item",))]))
    blocked = run(buffer, start(0, "Menu"), stop(0, "blocked"))
    assert blocked.missing_parts == ("Item",)
    assert run(buffer, start(1, "Item", parent=0), stop(1)).parent == 0


def test_uses_are_the_tags_of_the_whole_text_without_the_component_itself():
    buffer = ComponentBuffer(limits=BufferLimits(max_uses=2))
    events = [start(0, "Menu"), delta(0, "<Menu><But"), delta(0, "ton/><Menu.Item/><Card/></Menu>"), stop(0)]
    assert run(buffer, *events).uses == ("Button", "Menu.Item")


def test_the_oldest_components_are_dropped_when_there_are_too_many():
    buffer = ComponentBuffer(limits=BufferLimits(max_components=2))
    for index in range(5):
        run(buffer, start(index), stop(index))
    assert [component.index for component in buffer.components] == [3, 4]
    assert buffer.dropped == 3


def test_the_oldest_components_are_dropped_when_they_have_too_many_characters():
    buffer = ComponentBuffer(limits=BufferLimits(max_chars=10))
    for index, size in enumerate([4, 4, 2]):
        run(buffer, start(index), delta(index, "x" * size), stop(index))
    assert buffer.dropped == 0
    run(buffer, start(3), delta(3, "x" * 3), stop(3))
    assert [component.index for component in buffer.components] == [1, 2, 3]
    run(buffer, start(4), delta(4, "x" * 9), stop(4))
    assert [component.index for component in buffer.components] == [4]
    assert buffer.dropped == 4


def test_a_component_that_is_too_long_to_keep_is_returned_all_the_same():
    buffer = ComponentBuffer(limits=BufferLimits(max_chars=3))
    assert run(buffer, start(0), delta(0, "abcd"), stop(0)).text == "abcd"
    assert buffer.components == ()
    assert buffer.dropped == 1
    assert run(buffer, start(1), delta(1, "abc"), stop(1)) == buffer.components[0]


def test_nothing_is_kept_about_a_component_once_it_is_dropped():
    class Attributes(dict):
        pass

    attributes = Attributes(tone="dark")
    gone = weakref.ref(attributes)
    buffer = ComponentBuffer(
        limits=BufferLimits(max_components=1), catalog=Catalog([ComponentSpec("Hero", parts=("Title",))])
    )
    buffer.apply(ContentBlockStart(0, ComponentBlock("Hero", "main", attributes)))
    del attributes
    run(buffer, stop(0))
    assert gone() is not None
    run(buffer, start(1), stop(1))
    gc.collect()
    assert gone() is None


def test_a_delta_of_a_block_that_is_not_open_is_refused():
    buffer = ComponentBuffer()
    with pytest.raises(
        UsageError, match=r"Received a delta for block 0, which is not open; apply every event"
    ):
        buffer.apply(delta(0, "a"))
    run(buffer, start(0), stop(0))
    with pytest.raises(UsageError, match="Received a delta for block 0, which is not open"):
        buffer.apply(delta(0, "a"))


def test_a_stop_of_a_block_that_is_not_open_is_refused():
    buffer = ComponentBuffer()
    run(buffer, ContentBlockStart(0, TextBlock()), stop(0))
    with pytest.raises(UsageError, match="Received a stop for block 0, which is not open"):
        buffer.apply(stop(0))


@pytest.mark.parametrize("again", [start(1), start(0), ContentBlockStart(1, TextBlock())])
def test_an_index_that_starts_twice_or_out_of_order_is_refused_and_changes_nothing(again):
    buffer = ComponentBuffer()
    run(buffer, start(1), delta(1, "a"))
    with pytest.raises(UsageError, match=r"starts after block 1; .* a new ComponentBuffer for each stream"):
        buffer.apply(again)
    assert run(buffer, delta(1, "b"), stop(1)).text == "ab"


@pytest.mark.parametrize("parent", [3, 4])
def test_a_block_that_stands_in_itself_or_in_a_later_one_is_refused_and_changes_nothing(parent):
    buffer = ComponentBuffer(catalog=Catalog([ComponentSpec("Hero", parts=("Title",))]))
    with pytest.raises(UsageError, match=f"Block 3 cannot be inside block {parent}"):
        buffer.apply(start(3, parent=parent))
    assert run(buffer, start(3), stop(3)).index == 3


@pytest.mark.parametrize("thing", [None, "text", {"type": "message_stop"}])
def test_what_is_no_event_is_refused(thing):
    with pytest.raises(UsageError, match=rf"not {type(thing).__name__}; leave out the None"):
        ComponentBuffer().apply(thing)


def test_events_that_went_over_the_wire_give_the_same_components():
    events = [start(0, "Page", tone="x"), delta(0, "<Card/>"), start(1, "Card", parent=0), stop(1), stop(0)]
    near, far = ComponentBuffer(), ComponentBuffer()
    run(near, *events)
    run(far, *[event_from_dict(event.to_dict()) for event in events])
    assert near.components == far.components


def test_components_are_the_same_however_the_text_was_cut():
    text = (
        "Hi.\n/// START Menu position=nav\n<Menu.Item/>\n/// START Label tone=x\n<B/>\n/// END Label\nrest\n"
        "/// END Menu\n/// START Menu\nlost"
    )
    catalog = Catalog([ComponentSpec("Menu", parts=("Item", "Label"), critical=True)])
    results = []
    for size in (1, 7, len(text)):
        buffer, parser = ComponentBuffer(catalog=catalog), ComponentParser()
        for place in range(0, len(text), size):
            run(buffer, *parser.feed(text[place : place + size]))
        run(buffer, *parser.close())
        results.append(buffer.components)
    assert results[0] == results[1] == results[2]
    assert [(c.name, c.text, c.missing_parts, c.uses, c.reason) for c in results[0]] == [
        ("Label", "<B/>\n", (), ("B",), "end"),
        ("Menu", "<Menu.Item/>\nrest\n", (), ("Menu.Item",), "end"),
        ("Menu", "lost", ("Item", "Label"), (), "truncated"),
    ]


@pytest.mark.parametrize("name", ["max_components", "max_chars", "max_uses"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, None])
def test_a_limit_that_is_no_whole_number_from_1_up_is_refused(name, value):
    with pytest.raises(UsageError, match=rf"BufferLimits: {name} must be an integer >= 1"):
        BufferLimits(**{name: value})


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"limits": Limits()}, "limits must be a BufferLimits, not Limits"),
        ({"limits": 3}, "limits must be a BufferLimits, not int"),
        ({"catalog": ["Hero"]}, "catalog must be a Catalog, not list"),
    ],
)
def test_settings_of_the_wrong_type_are_rejected_at_once(arguments, problem):
    with pytest.raises(UsageError, match=f"^ComponentBuffer: {problem}"):
        ComponentBuffer(**arguments)


def test_events_outside_blocks_change_nothing():
    buffer = ComponentBuffer()
    assert [buffer.apply(event) for event in WITHOUT_BLOCK] == [None, None, None]
    assert buffer.components == ()
