"""Slips in markers as models make them: the component is whole, and its neighbours are not damaged."""

import pytest

from componentstream import ComponentBlock, ComponentParser, ContentBlockStart, ErrorEvent, Grammar, parse
from componentstream.testing import assert_cut_invariant, merge_deltas

DEFAULT = Grammar()
BODY = "export default () => <h1>Hi</h1>;\n"
BEFORE = "/// START Nav position=nav\n<nav/>\n/// END Nav\n"
AFTER = "/// START Footer\n<footer/>\n/// END Footer\n"
SECTION = "/// START Footer position=footer\n<footer/>\n/// END Footer\n"

# What follows the keyword END of the component Hero, and the code that tells the slip.
END_SLIPS = {
    " Hero position=hero": "invalid_attribute",
    ' Hero position="hero" theme="dark"': "invalid_attribute",
    " Hero;": "invalid_name",
    " Hero.": "invalid_name",
    " Hero,": "invalid_name",
    " Hero:": "invalid_name",
    " Hero!": "invalid_name",
    " Hero>": "invalid_name",
    " Hero/>": "invalid_name",
    " Hero */": "invalid_attribute",
    " Hero */}": "invalid_attribute",
    " Hero*/}": "invalid_name",
    " Hero -->": "invalid_attribute",
    " Hero-->": "invalid_name",
    " Hero ///": "invalid_attribute",
    " Hero///": "invalid_name",
    " Hero `": "invalid_attribute",
    " Hero```": "invalid_name",
    " Hero**": "invalid_name",
    " Hero)": "invalid_name",
    " Hero()": "invalid_name",
    " Hero (hero)": "invalid_attribute",
    " Hero component": "invalid_attribute",
    " Hero - done": "invalid_attribute",
    " Hero. The footer follows:": "malformed_marker",
    " hero": "invalid_name",
    " HERO": "invalid_name",
    " hero;": "invalid_name",
    " hero position=hero": "invalid_name",
    "": "malformed_marker",
    " ": "malformed_marker",
    " ///": "invalid_name",
    " */}": "invalid_name",
    " -->": "invalid_name",
    " ---": "invalid_name",
    " ;": "invalid_name",
}
# ENDs that close nothing; the next section closes the component.
END_MISSES = {
    " HeroSection": "unexpected_end",
    " Hero-Section": "invalid_name",
    " Hero_1": "unexpected_end",
    " Hero.tsx": "unexpected_end",
    " <Hero>": "invalid_name",
    " of the hero section": "invalid_attribute",
}
# What follows START Hero: the code, the position and the attributes.
START_SLIPS = {
    " position=hero,": ("invalid_attribute", "hero", {}),
    " position=hero;": ("invalid_attribute", "hero", {}),
    " position: hero": ("invalid_attribute", "hero", {}),
    " position:hero": ("invalid_attribute", "hero", {}),
    " position = hero": ("invalid_attribute", "hero", {}),
    ' position = "hero"': ("invalid_attribute", "hero", {}),
    " position= hero": ("invalid_attribute", "hero", {}),
    ' position: "hero",': ("invalid_attribute", "hero", {}),
    " section position=hero": ("invalid_attribute", "hero", {}),
    " position=hero section": ("invalid_attribute", "hero", {}),
    " (position=hero) position=hero": ("invalid_attribute", "hero", {}),
    " - position=hero": ("invalid_attribute", "hero", {}),
    ' title="It\'s here" position=hero': ("invalid_attribute", "hero", {}),
    ' title="Q & A" position=hero': ("invalid_attribute", "hero", {}),
    ' position=hero title="Fish & chips"': ("invalid_attribute", "hero", {}),
    ' title="<b>Hi</b>" position=hero': ("invalid_attribute", "hero", {}),
    ' title="Say \\"hi\\"" position=hero': ("invalid_attribute", "hero", {}),
    ' title="Hello position=hero': ("invalid_attribute", "hero", {}),
    ' title="Hello"position=hero': ("invalid_attribute", "hero", {}),
    " title={'Hello'} position=hero": ("invalid_attribute", "hero", {}),
    " onClick={() => go(1)} position=hero": ("invalid_attribute", "hero", {"onClick": "{()"}),
    " theme=dark, position=hero": ("invalid_attribute", "hero", {"theme": "dark"}),
    ' theme="dark", size="2"; position=hero': ("invalid_attribute", "hero", {"theme": "dark", "size": "2"}),
    " theme: dark position=hero": ("invalid_attribute", "hero", {}),
    " theme=dark theme=light position=hero": ("invalid_attribute", "hero", {"theme": "dark"}),
    " position=hero position=nav": ("invalid_attribute", "hero", {}),
    " position=hero -->": ("invalid_attribute", "hero", {}),
    " position=hero */}": ("invalid_attribute", "hero", {}),
    " position=hero ///": ("invalid_attribute", "hero", {}),
    " position=hero {": ("invalid_attribute", "hero", {}),
    " position=hero # the hero": ("invalid_attribute", "hero", {}),
    " position=hero />": ("invalid_attribute", "hero", {}),
    ' position="Q & A"': ("invalid_attribute", "main", {}),
    " position=": ("invalid_attribute", "main", {}),
    " position=<hero>": ("invalid_attribute", "main", {}),
    ", position=hero": ("invalid_name", "hero", {}),
    "; position=hero": ("invalid_name", "hero", {}),
    ": position=hero": ("invalid_name", "hero", {}),
    ", position: hero": ("malformed_marker", "hero", {}),
    ",": ("invalid_name", "main", {}),
    ":": ("invalid_name", "main", {}),
    ";": ("invalid_name", "main", {}),
    " {": ("invalid_attribute", "main", {}),
    " -->": ("invalid_attribute", "main", {}),
    " */}": ("invalid_attribute", "main", {}),
    " ///": ("invalid_attribute", "main", {}),
    " />": ("invalid_attribute", "main", {}),
}


def read(text, grammar=DEFAULT):
    """Return the components with their texts, and the errors, after comparing all cuts in two."""
    assert_cut_invariant(lambda: ComponentParser(grammar=grammar), text)
    events = merge_deltas(list(parse([text], parser=ComponentParser(grammar=grammar))))
    starts = [event for event in events if isinstance(event, ContentBlockStart)]
    blocks = [event for event in starts if isinstance(event.block, ComponentBlock)]
    texts = {event.index: "" for event in blocks}
    for event in events:
        if event.type == "content_block_delta" and event.index in texts:
            texts[event.index] += event.text
    errors = [event for event in events if isinstance(event, ErrorEvent)]
    return [(event.block, texts[event.index]) for event in blocks], errors


def told(errors):
    return [(error.code, error.recovered, error.fatal, error.line) for error in errors]


@pytest.mark.parametrize(("slip", "code"), END_SLIPS.items())
def test_end_with_a_slip_closes_its_component(slip, code):
    components, errors = read(f"{BEFORE}/// START Hero position=hero\n{BODY}/// END{slip}\n{AFTER}")
    assert [(block.name, block.parent, text) for block, text in components] == [
        ("Nav", None, "<nav/>\n"),
        ("Hero", None, BODY),
        ("Footer", None, "<footer/>\n"),
    ]
    assert told(errors) == [(code, True, False, 6)]


@pytest.mark.parametrize(("slip", "code"), END_MISSES.items())
def test_end_of_another_name_leaves_the_component_to_the_next_section(slip, code):
    components, errors = read(f"/// START Hero position=hero\n{BODY}/// END{slip}\n{SECTION}")
    assert [(block.name, block.parent, text) for block, text in components] == [
        ("Hero", None, f"{BODY}/// END{slip}\n"),
        ("Footer", None, "<footer/>\n"),
    ]
    assert told(errors) == [(code, False, False, 3), ("unclosed_component", False, False, 4)]


@pytest.mark.parametrize(("slip", "expected"), START_SLIPS.items())
def test_start_with_a_slip_opens_its_component(slip, expected):
    code, position, attributes = expected
    components, errors = read(f"{BEFORE}/// START Hero{slip}\n{BODY}/// END Hero\n{AFTER}")
    assert [(block.name, block.parent, text) for block, text in components] == [
        ("Nav", None, "<nav/>\n"),
        ("Hero", None, BODY),
        ("Footer", None, "<footer/>\n"),
    ]
    hero = components[1][0]
    assert (hero.position, hero.attributes) == (position, attributes)
    assert told(errors) == [(code, True, False, 4)]


@pytest.mark.parametrize("slip", END_SLIPS)
def test_end_with_a_slip_closes_a_part_and_its_parent_resumes(slip):
    text = f"/// START Page position=main\na\n/// START Hero\n{BODY}/// END{slip}\nb\n/// END Page\n{AFTER}"
    components, errors = read(text)
    assert [(block.name, block.parent, text) for block, text in components] == [
        ("Page", None, "a\nb\n"),
        ("Hero", 0, BODY),
        ("Footer", None, "<footer/>\n"),
    ]
    assert [error.recovered for error in errors] == [True]


@pytest.mark.parametrize("slip", START_SLIPS)
def test_a_section_with_a_slip_closes_the_one_before_or_is_its_part(slip):
    text = f"/// START Nav position=nav\n<nav/>\n/// START Hero{slip}\n{BODY}/// END Hero\n{SECTION}"
    components, errors = read(text)
    parent = None if "position" in slip else 0
    assert [(block.name, block.parent, text) for block, text in components] == [
        ("Nav", None, "<nav/>\n"),
        ("Hero", parent, BODY),
        ("Footer", None, "<footer/>\n"),
    ]
    assert [error.code for error in errors].count("unclosed_component") == 1
    assert [error.recovered for error in errors].count(True) == 1


@pytest.mark.parametrize("grammar", [Grammar(recover=False), Grammar(strict=True)])
def test_nothing_is_recovered_where_recovery_is_off(grammar):
    for slip in END_SLIPS:
        _, errors = read(f"/// START Hero position=hero\n{BODY}/// END{slip}\n{AFTER}", grammar)
        assert not any(error.recovered for error in errors)
    for slip in START_SLIPS:
        _, errors = read(f"/// START Hero{slip}\n{BODY}/// END Hero\n", grammar)
        assert not any(error.recovered for error in errors)
