"""The example scripts do as they say, and the recordings contain the promised content."""

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ErrorEvent,
    TextBlock,
)
from componentstream.core.grammar import Grammar
from componentstream.core.parser import ComponentParser
from componentstream.demo.recording import read_recording
from componentstream.testing import EventVerifier, merge_deltas

EXAMPLES = Path(__file__).parents[2] / "examples"
RECORDINGS = sorted((EXAMPLES / "data").glob("*.jsonl"))
RECORD_NAMES = [path.stem for path in RECORDINGS]

# Of each recording: its components as (name, position, reason, name of the parent) in the order of their
# START lines, its errors as (code, line), and how many text blocks it has.
EXPECTED = {
    "landing_page": (
        [
            ("SiteHeader", "header", "end", None),
            ("Hero", "hero", "end", None),
            ("Features", "features", "end", None),
            ("Testimonials", "testimonials", "end", None),
            ("Pricing", "pricing", "end", None),
            ("Faq", "faq", "end", None),
            ("CallToAction", "cta", "end", None),
            ("Footer", "footer", "end", None),
        ],
        [],
        0,
    ),
    "dashboard": (
        [
            ("Sidebar", "sidebar", "end", None),
            ("StatCards", "stats", "end", None),
            ("RidesChart", "content", "end", None),
            ("BikeTable", "main", "end", None),
            ("TeamList", "team", "end", None),
        ],
        [],
        0,
    ),
    "compound_menu": (
        [
            ("Menu", "nav", "end", None),
            ("Menu.Trigger", "nav", "end", "Menu"),
            ("Menu.List", "nav", "end", "Menu"),
            ("Menu.Item", "nav", "end", "Menu.List"),
            ("Menu.Label", "nav", "end", "Menu.Item"),
            ("Menu.Separator", "nav", "end", "Menu.List"),
            ("Card", "content", "end", None),
            ("Card.Header", "content", "end", "Card"),
            ("Card.Body", "content", "end", "Card"),
        ],
        [],
        0,
    ),
    "prose_and_mistakes": (
        [
            ("Announcement", "main", "end", None),
            ("Newsletter", "cta", "end", None),
            ("OpeningHours", "contact", "implied", None),
            ("Faq", "faq", "end", None),
        ],
        [
            ("invalid_position", 4),
            ("unexpected_end", 24),
            ("malformed_marker", 65),
            ("unclosed_component", 99),
        ],
        4,
    ),
    "truncated": (
        [
            ("TripHeader", "header", "end", None),
            ("PackingList", "sidebar", "end", None),
            ("Timeline", "main", "truncated", None),
        ],
        [("unclosed_component", None)],
        0,
    ),
    "international": (
        [
            ("WillkommenHero", "hero", "end", None),
            ("TeaMenu", "content", "end", None),
            ("ContactCard", "contact", "end", None),
            ("TeamRow", "team", "end", None),
        ],
        [],
        2,
    ),
    "climbing_gym": (
        [
            ("styles", "main", "end", None),
            ("SiteNavigation", "nav", "end", None),
            ("HeroSection", "hero", "end", None),
            ("WallsSection", "features", "end", None),
            ("PricesSection", "pricing", "end", None),
            ("VoicesSection", "testimonials", "end", None),
            ("VisitSection", "contact", "end", None),
            ("SiteFooter", "footer", "end", None),
            ("RootLayout", "root", "end", None),
        ],
        [],
        0,
    ),
    "tea_club": (
        [
            ("styles", "custom", "end", None),
            ("TopBar", "header", "end", None),
            ("Welcome", "hero", "end", None),
            ("TeaShelf", "content", "end", None),
            ("Numbers", "stats", "end", None),
            ("Questions", "faq", "end", None),
            ("JoinForm", "cta", "end", None),
            ("Colophon", "footer", "end", None),
            ("RootLayout", "root", "end", None),
        ],
        [],
        0,
    ),
}

QUICKSTART = """\
{"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Here it is:\\n"}}
{"type": "content_block_stop", "index": 0, "reason": "end", "chars": 12, "trimmed": 0}
{"type": "content_block_start", "index": 1, "content_block": {"type": "component", "name": "Hero", \
"position": "hero", "attributes": {}, "parent": null}}
{"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "<h1>Hel"}}
{"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "lo</h1>\\n"}}
{"type": "content_block_stop", "index": 1, "reason": "end", "chars": 15, "trimmed": 0}
"""

OWN_GRAMMAR = """\
0 begins: ComponentBlock(name='Opening', position='title', attributes={}, parent=None)
0 ends:   end, 19 characters, 0 trimmed
1 begins: ComponentBlock(name='Forage', position='body', attributes={}, parent=None)
error:    invalid_position: Unknown position 'left'; 'body' was used. Known: body, notes, title.
error:    unclosed_component: Component Forage was not closed.
1 ends:   implied, 29 characters, 0 trimmed
2 begins: ComponentBlock(name='Hives', position='body', attributes={}, parent=None)
2 ends:   end, 37 characters, 0 trimmed
3 begins: ComponentBlock(name='Speaker', position='notes', attributes={}, parent=None)
error:    component_too_large: Component Speaker is longer than 60 characters.
3 ends:   end, 60 characters, 34 trimmed
"""

COMPOUND_MENU = """\
Menu.Trigger (nav, 470 characters)
Menu.Label (nav, 303 characters)
Menu.Item (nav, 510 characters)
Menu.Separator (nav, 109 characters)
Menu.List (nav, 859 characters)
Menu (nav, 1888 characters); uses MenuContext.Provider, Menu.Trigger, Menu.List, Menu.Item, Menu.Label, \
Menu.Separator; lacks Shortcut
Card.Header (content, 321 characters)
Card.Body (content, 166 characters)
Card (content, 805 characters); uses Card.Header, Card.Body; lacks Footer
"""


def run(script, *arguments, stdin=b""):
    """Run an example as a user does and return its output, line ends as LF."""
    command = [sys.executable, str(EXAMPLES / script), *map(str, arguments)]
    environment = os.environ | {"PYTHONUTF8": "1"}
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode().replace("\r\n", "\n")


def text_of(name):
    return "".join(chunk.text for chunk in read_recording(EXAMPLES / "data" / f"{name}.jsonl"))


def events_of(chunks, **policies):
    parser = ComponentParser(Grammar(**policies))
    return [event for chunk in chunks for event in parser.feed(chunk)] + parser.close()


def components_of(events):
    buffer = ComponentBuffer()
    for event in events:
        buffer.apply(event)
    return sorted(buffer.components, key=lambda component: component.index)


def prose_of(events):
    """Return the text of each block between the components."""
    texts = {}
    for event in events:
        if isinstance(event, ContentBlockStart) and isinstance(event.block, TextBlock):
            texts[event.index] = ""
        elif isinstance(event, ContentBlockDelta) and event.index in texts:
            texts[event.index] += event.text
    return list(texts.values())


def errors_of(events):
    return [(event.code, event.line) for event in events if isinstance(event, ErrorEvent)]


def outline_of(events):
    components = components_of(events)
    names = {component.index: component.name for component in components}
    return [(c.name, c.position, c.reason, names.get(c.parent)) for c in components]


def test_the_quickstart_prints_the_events_of_the_readme():
    assert run("quickstart.py") == QUICKSTART


def test_the_example_of_an_own_grammar_reads_it():
    assert run("own_grammar.py") == OWN_GRAMMAR


def test_a_page_in_an_argument_of_a_tool_is_shown_as_it_grows():
    assert run("tool_argument.py") == (
        "Hero begins at hero\n  '<h1 className=\"big'\n  '\">Brot & Käse '\n  '🧀</h1>\\n'\nit ends: end\n"
    )


def test_an_answer_that_was_cut_off_is_continued():
    assert run("continue_an_answer.py") == (
        "call 1 was cut off: 'Open'\n"
        "Nav, end:\n<nav>\n  <h1>Bread</h1> <a href='#hours'>Opening hours</a>\n</nav>\n"
        "Hours, end:\n<p id='hours'>Every day from six</p>\n"
    )


def test_recorded_answers_are_scored_with_inspect_ai(tmp_path):
    # No extra brings it: it needs 300 MB.
    pytest.importorskip(
        "inspect_ai", reason="inspect_ai is not installed; to run this: pip install inspect-ai"
    )
    lines = run("inspect_ai_scorer.py", tmp_path).splitlines()
    assert [line.split() for line in lines] == [
        ["clean", "0.67"],
        ["components", "5.67"],
        ["errors", "1.33"],
        ["recovered", "0.00"],
        ["near_misses", "0.00"],
        ["truncated", "0.00"],
    ]


def test_the_components_of_the_compound_menu_are_listed_by_default():
    assert run("components_of_a_page.py") == COMPOUND_MENU


def test_the_components_of_a_given_recording_are_listed():
    lines = run("components_of_a_page.py", EXAMPLES / "data" / "landing_page.jsonl").splitlines()
    assert lines[1] == "Hero (hero, 2599 characters); uses BedPlan; critical"
    assert len(lines) == 8


def test_a_component_that_was_cut_off_is_listed_as_such():
    lines = run("components_of_a_page.py", EXAMPLES / "data" / "truncated.jsonl").splitlines()
    assert lines[-1] == "Timeline (main, 907 characters); truncated: may be incomplete"


def test_the_fuzzer_passes_the_sound_page_and_finds_the_bug_of_the_hasty_one():
    output = run("fuzz_your_app.py")
    assert output.startswith(
        "Page: cuts_make_no_difference holds\n"
        "Page: the_model_writes_no_tags holds\n"
        "HastyPage: cuts_make_no_difference is broken\n"
    )
    assert "gives a different output than the whole text" in output
    assert "\\r\\n" in output
    assert output.endswith("HastyPage: the_model_writes_no_tags holds\n")


def test_every_script_and_recording_is_in_the_readme_of_the_examples():
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    files = [path.name for path in [*EXAMPLES.glob("*.py"), *RECORDINGS]]
    assert [name for name in files if f"`{name}`" not in readme] == []


def test_there_is_a_specification_of_every_recording():
    assert set(RECORD_NAMES) == set(EXPECTED)


def test_the_recordings_stay_small_enough_to_ship():
    assert sum(path.stat().st_size for path in RECORDINGS) < 500_000


@pytest.mark.parametrize("path", RECORDINGS, ids=RECORD_NAMES)
def test_a_recording_is_lines_of_json_with_a_time_and_a_text(path):
    content = path.read_bytes()
    assert content.isascii()
    assert content.endswith(b"\n")
    chunks = [json.loads(line) for line in content.decode().splitlines()]
    assert all(list(chunk) == ["at", "text"] for chunk in chunks)
    assert all(chunk["at"] == round(chunk["at"], 3) for chunk in chunks)


@pytest.mark.parametrize("path", RECORDINGS, ids=RECORD_NAMES)
def test_a_recording_is_timed_and_cut_as_a_model_sends(path):
    chunks = read_recording(path)
    assert 0.3 <= chunks[0].at <= 0.5
    gaps = [round(later.at - earlier.at, 3) for earlier, later in pairwise(chunks)]
    assert min(gaps) >= 0.01
    assert sum(gap <= 0.04 for gap in gaps) > 0.98 * len(gaps)
    assert 0.2 <= max(gaps) <= 0.95
    sizes = [len(chunk.text) for chunk in chunks]
    assert min(sizes) == 0
    assert 20 <= max(sizes) < 60
    assert sum(1 <= size <= 9 for size in sizes) > 0.95 * len(sizes)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recording_parses_to_the_components_and_errors_of_its_specification(name):
    components, errors, text_blocks = EXPECTED[name]
    events = events_of(chunk.text for chunk in read_recording(EXAMPLES / "data" / f"{name}.jsonl"))
    assert outline_of(events) == components
    assert errors_of(events) == errors
    assert len(prose_of(events)) == text_blocks
    verifier = EventVerifier()
    verifier.check_all(events)
    verifier.finish()


@pytest.mark.parametrize("name", EXPECTED)
def test_the_cuts_of_a_recording_make_no_difference(name):
    text = text_of(name)
    chunks = [chunk.text for chunk in read_recording(EXAMPLES / "data" / f"{name}.jsonl")]
    assert merge_deltas(events_of(chunks)) == merge_deltas(events_of([text]))
    assert merge_deltas(events_of(text)) == merge_deltas(events_of([text]))


@pytest.mark.parametrize("name", EXPECTED)
def test_each_component_of_a_recording_declares_itself(name):
    for component in components_of(events_of([text_of(name)])):
        declarations = (f"function {component.name}(", f"{component.name} = function ")
        if component.name == "styles":  # no component, but values that the others share
            declarations = ("const sharedStyles = {",)
        assert any(declaration in component.text for declaration in declarations), component.name
        assert "```" not in component.text


def test_the_landing_page_is_a_page_of_realistic_size():
    sizes = [len(component.text) for component in components_of(events_of([text_of("landing_page")]))]
    assert all(2_000 <= size <= 4_000 for size in sizes)
    assert sum(sizes) > 20_000


@pytest.mark.parametrize("name", ["climbing_gym", "tea_club"])
def test_pages_without_imports_end_with_the_layout_that_uses_every_section(name):
    *others, layout = components_of(events_of([text_of(name)]))
    assert not any("import " in component.text for component in [*others, layout])
    sections = {component.name for component in others if component.name != "styles"}
    assert len(sections) == 7
    assert set(re.findall(r"<([A-Z]\w*)", layout.text)) == sections


def test_the_attributes_of_the_recordings_arrive():
    blocks = [
        event.block
        for name in ("landing_page", "dashboard", "international")
        for event in events_of([text_of(name)])
        if isinstance(event, ContentBlockStart) and isinstance(event.block, ComponentBlock)
    ]
    assert {block.name: block.attributes for block in blocks if block.attributes} == {
        "Hero": {"tone": "warm and plain"},
        "Pricing": {"currency": "EUR"},
        "Sidebar": {"collapsible": "true"},
        "RidesChart": {"title": "Rides by hour"},
        "WillkommenHero": {"lang": "de"},
        "TeaMenu": {"lang": "ja", "title": "お茶の献立"},
        "ContactCard": {"lang": "ar", "dir": "rtl"},
    }


def test_comments_of_the_dashboard_that_look_like_markers_are_code():
    texts = {component.name: component.text for component in components_of(events_of([text_of("dashboard")]))}
    assert '/// <reference types="react" />\n' in texts["Sidebar"]
    assert "\n/// STARTED and ended at the same hour" in texts["StatCards"]
    assert "//// closed along the time axis\n" in texts["RidesChart"]
    assert "\n  /// end of the list first" in texts["BikeTable"]
    assert "`/// START Shift ${member.name}\n" in texts["TeamList"]


def test_a_compound_component_has_its_own_lines_without_those_of_its_parts():
    texts = {
        component.name: component.text for component in components_of(events_of([text_of("compound_menu")]))
    }
    assert "Menu.Item = function" not in texts["Menu"]
    assert "<Menu.Item onSelect=" in texts["Menu"]
    assert texts["Menu"].count("///") == 0
    assert "/// Arrow keys move the focus" in texts["Menu.List"]


def test_in_the_mistakes_fences_go_with_their_component_and_prose_keeps_its_own():
    events = events_of([text_of("prose_and_mistakes")])
    first, second, third, _ = prose_of(events)
    assert first.startswith("Sure! ")
    assert "`/// START Name`" in first
    assert first.endswith("one by one.\n\n")
    assert second.startswith("That replaces the old banner")
    assert "\n/// END Hero\n" in second
    assert "\n```bash\nNEWSLETTER_URL=https://example.org/subscribe\n```\n" in second
    assert '\n/// START "Opening Hours" position=contact\n' in third


def test_a_forgotten_end_costs_no_other_section_unless_every_start_nests():
    events = events_of([text_of("prose_and_mistakes")])
    assert prose_of(events)[-1].startswith("That is the whole page.")
    assert prose_of(events)[-1].endswith("Enjoy the bread!\n")
    assert events_of([text_of("prose_and_mistakes")], nesting="close") == events
    nested = events_of([text_of("prose_and_mistakes")], nesting="nest")
    assert outline_of(nested)[2:] == [
        ("OpeningHours", "contact", "truncated", None),
        ("Faq", "faq", "end", "OpeningHours"),
    ]
    assert errors_of(nested)[3:] == [("unclosed_component", None)]


def test_the_truncated_answer_ends_inside_a_class_name():
    last = components_of(events_of([text_of("truncated")]))[-1]
    assert last.text.endswith('<p className="mt-1 text-sm te')


def test_text_of_all_scripts_and_line_ends_arrives_as_it_was_written():
    texts = {
        component.name: component.text for component in components_of(events_of([text_of("international")]))
    }
    assert "Fahrradreparaturwerkstattöffnungszeiten" in texts["WillkommenHero"]
    assert "古池や\u2028蛙飛びこむ\u2028水の音" in texts["TeaMenu"]
    assert texts["ContactCard"].count("\n") == texts["ContactCard"].count("\r\n") == 23
    assert "اتصل بنا" in texts["ContactCard"]
    assert "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" in texts["TeamRow"]
    assert "Zoe\u0308" in texts["TeamRow"]
    assert "\r" not in texts["TeaMenu"]


@pytest.mark.parametrize("path", RECORDINGS, ids=RECORD_NAMES)
def test_a_recording_is_what_the_recorder_makes_of_its_text(path):
    text = "".join(chunk.text for chunk in read_recording(path))
    assert run("record.py", stdin=text.encode()) == path.read_text(encoding="utf-8")


def test_the_recorder_takes_a_file_and_gives_other_cuts_and_times_for_another_seed(tmp_path):
    text = text_of("international")
    file = tmp_path / "answer.txt"
    file.write_bytes(text.encode())
    first, again, other = (run("record.py", "--seed", seed, file) for seed in (7, 7, 8))
    assert first == again
    assert first == run("record.py", "--seed", "7", stdin=text.encode())
    chunks = {
        seed: [json.loads(line) for line in lines.splitlines()] for seed, lines in ((7, first), (8, other))
    }
    for seed in (7, 8):
        assert "".join(chunk["text"] for chunk in chunks[seed]) == text
    assert [chunk["text"] for chunk in chunks[7]] != [chunk["text"] for chunk in chunks[8]]
    assert [chunk["at"] for chunk in chunks[7]][:50] != [chunk["at"] for chunk in chunks[8]][:50]


@pytest.mark.parametrize("text", ["", "a", "\ufeff/// START A\r\n\r\r\n", "\x00\u0085\u2028\U0001f600" * 40])
def test_the_recorder_loses_no_character(text):
    lines = run("record.py", stdin=text.encode()).splitlines()
    assert "".join(json.loads(line)["text"] for line in lines) == text
    assert (lines == []) == (text == "")
