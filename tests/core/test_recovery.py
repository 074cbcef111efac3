"""Recovery: what a faulty marker line means, and that prose which begins like a marker stays text."""

import pytest

from componentstream.core.events import ContentBlockStart, ContentBlockStop, ErrorEvent
from componentstream.core.grammar import Grammar
from componentstream.core.markers import Fault, Marker, judge
from componentstream.core.parser import ComponentParser
from componentstream.core.recovery import looks_meant, recover_end, recover_start


def start(rest):
    """Recover the rest of a START line after the keyword."""
    fault = judge(rest, opens=True)
    assert isinstance(fault, Fault)
    return recover_start(fault)


def end(rest, *names, last=False):
    """Recover the rest of an END line; return the name that it closes and the code of the error."""
    fault = judge(rest, opens=False)
    if isinstance(fault, Marker):
        fault = Fault("unexpected_end", "Not open.", fault.name, fault.name)
    found = recover_end(fault, list(names), last=last)
    return None if found is None else (found[0], found[1].code)


def parsed(text, **settings):
    parser = ComponentParser(Grammar(**settings))
    return parser.feed(text) + parser.close()


# START.


@pytest.mark.parametrize(
    ("line", "position", "attributes"),
    [
        ("Hero,", None, {}),
        ("Hero;", None, {}),
        ("Hero:", None, {}),
        ("Hero -->", None, {}),
        ("Hero */}", None, {}),
        ("Hero ///", None, {}),
        ("Hero >", None, {}),
        ("Hero, position=hero", "hero", {}),
        ("Hero: position=HERO", "hero", {}),
        ("Hero position=hero,", "hero", {}),
        ("Hero position=hero;", "hero", {}),
        ("Hero position: hero", "hero", {}),
        ("Hero position : hero", "hero", {}),
        ('Hero position:"hero"', "hero", {}),
        ("Hero position = hero", "hero", {}),
        ("Hero position= hero", "hero", {}),
        ("Hero position=hero theme", "hero", {}),
        ("Hero dark position=hero", "hero", {}),
        ("Hero position=hero -->", "hero", {}),
        ("Hero position=hero */}", "hero", {}),
        ("Hero position=hero ///", "hero", {}),
        ("Hero position=hero, theme=dark", "hero", {"theme": "dark"}),
        ('Hero position="hero", theme="dark"', "hero", {"theme": "dark"}),
        ('Hero position=hero title="Tom\'s"', "hero", {}),
        ('Hero position=hero title="Q & A" theme=dark', "hero", {"theme": "dark"}),
        ('Hero position=hero title="<b>x</b>"', "hero", {}),
        ("Hero title='a \"b\"' position=hero", "hero", {}),
        ('Hero title="no end position=hero', "hero", {}),
        ("Hero position=hero position=nav", "hero", {}),
        ("Hero position=hero (the big one)", "hero", {}),
        ("Hero theme=dark, size = big", None, {"theme": "dark", "size": "big"}),
        ("Hero {position=hero} position=nav", "nav", {}),
        ("Menu.Item, position=nav", "nav", {}),
        ("H1 position=hero,", "hero", {}),
    ],
)
def test_a_start_acts_with_the_attributes_that_can_be_read(line, position, attributes):
    marker = start(f" {line} ")
    name = line.split()[0].rstrip(",;:")
    assert (marker.name, marker.position, marker.attributes) == (name, position, attributes)
    assert marker.fault.code == judge(f" {line}", opens=True).code
    assert not marker.stand_in


def test_a_position_that_cannot_be_read_stands_for_the_default():
    for line in (" Hero position=", " Hero position=<hero>", " Hero position: tone=dark"):
        marker = start(line)
        assert (marker.position, marker.stand_in, marker.has_position) == (None, True, True)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "---",
        "9",
        "then loop",
        "Then loop",
        "of the algorithm",
        "hero position=hero,",
        "hero,",
        "Hero-Section position=hero",
        "Hero/Section position=hero",
        "Hero,position=hero",
        "Hero;;",
        "Hero::",
        "Hero.",
        "Hero. position=hero",
        "Hero! position=hero",
        "Hero() position=hero",
        "<Hero> position=hero",
        '"Hero" position=hero',
        "_Hero position=hero,",
        "Héro position=hero,",
        "Hero\u200b position=hero",
        "A" * 129 + " position=hero",
        "Here comes the code",
        "Hero section of the page",
        "Hero position hero",
        "Hero: the big one",
    ],
)
def test_any_other_start_is_text(line):
    assert start(f" {line}") is None


def test_the_message_of_a_start_says_what_was_done():
    shown = "START 'Hero position=hero, dark' is not well-formed; Hero was started with position."
    assert start(" Hero position=hero, dark").repair == shown
    shown = "START 'Hero,' is not well-formed; Hero was started without attributes."
    assert start(" Hero,").repair == shown
    shown = "START 'Hero a=1, b=2' is not well-formed; Hero was started with a, b."
    assert start(" Hero a=1, b=2").repair == shown
    shown = (
        "START 'Hero position=hero title=\"Tom & Co\"' is not well-formed; Hero was started with position."
    )
    told = start(' Hero position=hero title="Tom & Co"').repair
    assert told == f"{shown} title was left out, because its value contains '&'."
    assert "left out" not in start(' Hero position=hero title=x title="<"').repair
    assert len(start(f" Hero {'k' * 60}=1, {'j' * 60}=2, {'v' * 300}").repair) < 300


@pytest.mark.parametrize(
    ("name", "meant"), [("A", True), ("Zed", True), ("a", False), ("", False), ("É", False)]
)
def test_a_start_is_meant_if_its_name_begins_with_a_capital(name, meant):
    assert looks_meant(name) is meant


# END.


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Hero position=hero", "invalid_attribute"),
        ("Hero section", "invalid_attribute"),
        ("Hero -->", "invalid_attribute"),
        ("Hero ///", "invalid_attribute"),
        ("Hero */}", "invalid_attribute"),
        ("Hero;", "invalid_name"),
        ("Hero.", "invalid_name"),
        ("Hero,", "invalid_name"),
        ("Hero:", "invalid_name"),
        ("Hero!", "invalid_name"),
        ("Hero>", "invalid_name"),
        ("Hero/>", "invalid_name"),
        ("Hero*/}", "invalid_name"),
        ("Hero-->", "invalid_name"),
        ("Hero///", "invalid_name"),
        ("Hero`", "invalid_name"),
        ("Hero**", "invalid_name"),
        ("Hero()", "invalid_name"),
        ("Hero-", "invalid_name"),
        ("Hero--x", "invalid_name"),
        ("Hero, position=hero", "malformed_marker"),
        ("Hero; // done", "malformed_marker"),
        ("Hero.9", "invalid_name"),
    ],
)
def test_an_end_with_an_open_name_closes_it_with_its_error(line, code):
    assert end(f" {line}", "Hero") == ("Hero", code)
    assert end(f" {line}", "Hero", "Inner", last=True) == ("Hero", code)
    assert end(f" {line}", "Other") is None
    assert end(f" {line}") is None


@pytest.mark.parametrize(
    "line",
    ["HeroSection", "Hero-Section", "Hero-2", "Hero_2", "Hero.Item", "Heroé", "Hero\r", "Her", "9", "x y"],
)
def test_an_end_with_another_name_is_text(line):
    assert end(f" {line}", "Hero") is None


@pytest.mark.parametrize("line", ["", " ", " ---", " ///", " */}", " - - -\t"])
def test_a_bare_end_closes_the_innermost(line):
    found, code = end(line, "Outer", "Hero")
    assert (found, code) == ("Hero", judge(line, opens=False).code)
    assert end(line) is None
    assert end(line, "Hero", last=True) is None


@pytest.mark.parametrize("line", ["hero", "HERO", "hero;", "hero position=hero", "heRo -->"])
def test_an_end_in_the_wrong_case_closes_with_invalid_name(line):
    assert end(f" {line}", "Hero", "Other") == ("Hero", "invalid_name")
    assert end(f" {line}", "hERO", "Hero") == ("Hero", "invalid_name")
    assert end(f" {line}", "Hero", last=True) is None
    assert end(f" x{line}", "Hero") is None


def test_the_exact_name_comes_before_one_in_another_case():
    assert end(" Hero;", "Hero", "HERO") == ("Hero", "invalid_name")


def test_a_name_is_read_up_to_128_characters():
    long = "A" * 128
    assert end(f" {long}.b", long) == (long, "invalid_name")
    assert end(f" {long}b", long) is None
    assert end(f" {long[1:]}.b", long[1:]) == (long[1:], "invalid_name")


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (" Hero a=b", "END 'Hero a=b' has attributes; they were ignored and Hero was closed."),
        (" Hero;", "END 'Hero;' has characters after the name; they were ignored and Hero was closed."),
        (" hero", "END 'hero' names no open component; Hero was closed."),
        (" --", "END '--' names no component; Hero was closed."),
        ("", "A bare END names no component; Hero was closed."),
    ],
)
def test_the_message_of_an_end_says_what_was_done(rest, message):
    fault = judge(rest, opens=False)
    if isinstance(fault, Marker):
        fault = Fault("unexpected_end", "Not open.", fault.name, fault.name)
    assert recover_end(fault, ["Hero"], last=False)[1].message == message


# Whole pages.

SLIPS_OF_AN_END = (
    "Hero position=hero",
    "Hero;",
    "Hero.",
    "Hero>",
    "Hero*/}",
    "Hero -->",
    "Hero-->",
    "Hero ///",
    "Hero///",
    "",
    "hero",
    "HERO",
    "Hero:",
    "Hero,",
    "Hero (end)",
    "Hero section",
    "Hero/",
    "/",
    "*/}",
    "-->",
    'Hero theme="dark"',
    "Hero position=hero, theme=dark",
    "Hero `",
    "Hero**",
    "hero;",
)


@pytest.mark.parametrize("slip", SLIPS_OF_AN_END)
def test_a_slip_in_an_end_costs_nothing_but_an_error(slip):
    page = "/// START Hero position=hero\n<h1/>\n/// END {}\n/// START Footer\n<p/>\n/// END Footer\n"
    right = [event for event in parsed(page.format("Hero")) if not isinstance(event, ErrorEvent)]
    events = parsed(page.format(slip), nesting="nest")
    errors = [event for event in events if isinstance(event, ErrorEvent)]
    assert [(error.recovered, error.fatal, error.line) for error in errors] == [(True, False, 3)]
    assert [bare(event) for event in events if event not in errors] == [bare(event) for event in right]


def bare(event):
    """Return an event without its span, which differs with the length of the line."""
    return event.to_dict()


SLIPS_OF_A_START = (
    "Hero position=hero,",
    "Hero, position=hero",
    "Hero: position=hero",
    "Hero position: hero",
    "Hero position=hero;",
    "Hero position=hero -->",
    "Hero position=hero */}",
    "Hero position=hero dark",
    "Hero position = hero",
    'Hero position=hero title="Tom\'s"',
    'Hero position=hero title="Q & A"',
)


@pytest.mark.parametrize("slip", SLIPS_OF_A_START)
def test_a_slip_in_a_start_costs_nothing_but_an_error(slip):
    page = "/// START {}\n<h1/>\n/// END Hero\n/// START Footer\n<p/>\n/// END Footer\n"
    right = [
        event for event in parsed(page.format("Hero position=hero")) if not isinstance(event, ErrorEvent)
    ]
    events = parsed(page.format(slip))
    errors = [event for event in events if isinstance(event, ErrorEvent)]
    assert [(error.recovered, error.fatal, error.line) for error in errors] == [(True, False, 1)]
    assert [bare(event) for event in events if event not in errors] == [bare(event) for event in right]


COMMENTS = (
    "/// <summary>",
    '/// <reference path="a.d.ts" />',
    "/// START",
    "/// START of the algorithm",
    "/// END",
    "/// START: read the file",
    "/// START - setup",
    "/// START Then loop over all items",
    "/// START then, loop",
    "/// START Phase 1",
    "/// START Phase 1: read",
    "/// START the server",
    "/// START (see below)",
    "/// START!",
    "/// START here",
    "/// Start of the list",
    "/// End of the list",
    "/// START >>>",
    "/// START <<<",
    "/// START ==",
    "/// START Of Section Two",
    "/// START A new game",
    "/// START With care, please",
    "/// START When x is 1",
    "/// START Iteration i of n",
    "/// START -1",
    "/// START 0x00",
    "/// START [n]",
    "/// START `main`",
    '/// START "main"',
    "/// START Reading the header: 4 bytes",
    "/// START *and* wait",
    "/// START, then wait",
    "/// END OF FILE",
    "/// END of the algorithm",
    "/// END: done",
    "/// END.",
    "/// END - cleanup",
    "/// END if",
    "/// END region",
    "/// END Then stop",
    "/// END -1",
    "/// END (see above)",
    "/// END (x)",
    '/// END "main"',
    "/// # Examples",
    "/// START Service::new()",
    "/// START Vec<T> handling",
    "/// START Foo::bar, baz",
)


@pytest.mark.parametrize("comment", COMMENTS)
def test_a_comment_of_code_is_not_recovered(comment):
    outside = parsed(f"fn main() {{}}\n{comment}\nlet x = 1;\n")
    assert not any(event.recovered for event in outside if isinstance(event, ErrorEvent))
    # Inside a component a bare END is what it looks like.
    if comment != "/// END":
        page = f"/// START Hero position=hero\nlet a = 1;\n{comment}\nlet b = 2;\n/// END Hero\n"
        inside = parsed(page)
        assert not any(event.recovered for event in inside if isinstance(event, ErrorEvent))
        assert [event.reason for event in inside if isinstance(event, ContentBlockStop)][-1] == "end"


def test_a_pair_of_comments_inside_a_component_stays_text():
    page = "/// START Hero\n/// START Then loop\nwork();\n/// END\n"
    page += "/// START Phase 2 of 3\n/// END ---\n/// END Hero\n"
    events = parsed(page)
    assert [event.recovered for event in events if isinstance(event, ErrorEvent)] == [False] * 4
    assert [type(event) for event in events].count(ContentBlockStart) == 1


@pytest.mark.parametrize("settings", [{"recover": False}, {"strict": True}])
def test_recovery_can_be_switched_off(settings):
    events = parsed("/// START A,\n/// START A\n/// END A;\n/// END\n/// END a\n", **settings)
    errors = [event for event in events if isinstance(event, ErrorEvent)]
    assert [error.code for error in errors] == [
        "invalid_name",
        "invalid_name",
        "malformed_marker",
        "unexpected_end",
        "unclosed_component",
    ]
    assert not any(error.recovered for error in errors)
