from componentstream.core.buffer import ComponentBuffer
from componentstream.session._debug import described
from tests.shorthand import component, delta


def test_an_open_component_is_described_without_its_text():
    buffer = ComponentBuffer()
    buffer.apply(component(0, "Hero", (0, 27), position="hero"))
    buffer.apply(delta(0, "secret"))
    [open_component] = buffer.open_components
    assert described(open_component) == {
        "index": 0,
        "name": "Hero",
        "position": "hero",
        "parent": None,
        "chars": 6,
    }
