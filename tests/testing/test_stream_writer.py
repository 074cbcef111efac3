import pytest

from componentstream import ComponentBlock, MessageStop, TextBlock
from componentstream.testing import EventVerifier
from componentstream.testing._stream_writer import StreamWriter

ENDINGS = ["complete", "failed", "timeout", "cancelled"]


def component(name, parent):
    return ComponentBlock(name, "body", {}, parent)


def written():
    """Return a writer with a closed text block, a trimmed component, one inside it, and text in that."""
    writer = StreamWriter()
    writer.start(TextBlock())
    writer.delta("Here it is:")
    writer.start(component("Menu", writer.parent))
    writer.trim(5)
    writer.start(component("Item", writer.parent))
    writer.delta("<li />")
    return writer


def test_text_is_stopped_before_a_component_starts():
    writer = StreamWriter()
    writer.start(TextBlock())
    assert writer.parent is None
    writer.start(component("Menu", writer.parent))
    assert [event.type for event in writer.events] == [
        "content_block_start",
        "content_block_stop",
        "content_block_start",
    ]


def test_a_component_inside_another_has_it_as_parent():
    writer = written()
    assert [block.name for block in writer.open] == ["Menu", "Item"]
    assert writer.parent == 2


def test_a_stop_has_the_figures_of_its_block():
    writer = written()
    writer.stop("end")
    assert (writer.events[-1].chars, writer.events[-1].trimmed) == (6, 0)
    writer.stop("end")
    assert (writer.events[-1].chars, writer.events[-1].trimmed) == (0, 5)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("text_is_open", [False, True])
def test_every_ending_is_well_formed(ending, text_is_open):
    writer = StreamWriter() if text_is_open else written()
    if text_is_open:
        writer.start(TextBlock())
    writer.end(ending)
    verifier = EventVerifier()
    verifier.check_all([*writer.events, MessageStop(ending)])
    verifier.finish()
    assert writer.open == []
