"""What docs/prompt.md shows is what its programs print."""

import json
import re

from componentstream.core.codes import CODES
from tests import prompt_page

PAGE = prompt_page.PATH.read_text(encoding="utf-8")


def test_the_programs_print_what_is_shown_below_them():
    assert prompt_page.written(PAGE) == PAGE


def test_the_page_shows_a_prompt_an_answer_events_and_both_messages():
    shown = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert [language for language, _ in shown].count("python") == 4
    prompt, events, repair, rest = [text for language, text in shown if language in ("text", "json")]
    assert prompt.startswith("Write your answer as React components")
    types = [json.loads(line)["type"] for line in events.splitlines()]
    assert types[0] == "content_block_start"
    assert "error" not in types
    assert repair.startswith("Your last answer broke rules of the markers:\n- Line ")
    assert "DroppedKind" not in rest
    assert "Your answer was cut off." in rest


def test_codes_are_known():
    assert set(re.findall(r"`(source_\w+)`", PAGE)) <= CODES.keys()
