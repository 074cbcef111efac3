import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from componentstream import ComponentParser, Grammar, Limits, UsageError, parse
from componentstream.core.events import ErrorEvent
from componentstream.demo.recording import read_recording
from componentstream.prompt import Continuation, Dropped, continue_prompt
from componentstream.testing import merge_deltas, strategies

RECORDINGS = Path(__file__).parents[2] / "examples" / "data"
PAGE = """\
Here it is.
/// START Menu position=nav
import { useState } from "react";

export default function Menu() {
  const [open, setOpen] = useState(false);
  return (
    <nav onClick={() => setOpen(!open)}>
      <h1>Hello world</h1>
      <p>
        Fresh bread every day
      </p>
    </nav>
  );
}
/// START Menu.Item
export function MenuItem() {
  return <a href="#hours">Opening hours</a>;
}
/// END Menu.Item
/// END Menu
/// START Footer position=footer theme="light blue"
export function Footer() { return <footer />; }
/// END Footer
"""
CUT = PAGE.index("lo world")
REST = PAGE[CUT:]
GRAMMAR = Grammar(nesting="nest")


def snapshot_at(cut, page=PAGE):
    parser = ComponentParser(GRAMMAR)
    parser.feed(page[:cut])
    return parser.snapshot()


def joined(cut, chunks, page=PAGE, received=None):
    stage = Continuation(
        snapshot_at(cut, page), page[:cut] if received is None else received, grammar=GRAMMAR
    )
    texts = [text for chunk in chunks for text in stage.feed(chunk)]
    texts += stage.close()
    assert all(texts)
    return "".join(texts), stage.dropped


def line_at(cut):
    return PAGE.rfind("\n", 0, cut) + 1


SHAPES = {
    "fence": "```tsx\n{rest}",
    "fence and its other end": "```tsx\n{rest}```\n",
    "tildes": "~~~\n{rest}~~~",
    "introduction": "Sure, here is the rest of the page:\n\n{rest}",
    "introduction and fence": "I left off in the heading.\n\n```tsx\n{rest}```",
    "start": "/// START Menu position=nav\n{rest}",
    "start on a line of its own": "\n/// START Menu position=nav\n{rest}",
    "fence and start": "```tsx\n/// START Menu position=nav\n{rest}```",
    "line": "{line}{rest}",
    "lines": "{lines}{rest}",
    "from the beginning": "/// START Menu position=nav\n{body}{rest}",
    "all again": "Okay.\n```\n/// START Menu position=nav\n{body}{rest}\n```\n",
}
AGAIN = {
    "rest": REST,
    "line": PAGE[line_at(CUT) : CUT],
    "lines": PAGE[PAGE.index("  const [open") : CUT],
    "body": PAGE[PAGE.index("import") : CUT],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_the_answers_that_models_continue_with_are_joined(shape, size):
    answer = SHAPES[shape].format(**AGAIN)
    text, dropped = joined(CUT, [answer[at : at + size] for at in range(0, len(answer), size)])
    assert text.rstrip("\n") == REST.rstrip("\n")
    assert sum(len(item.text) for item in dropped) == len(answer) - len(text)
    assert dropped


def test_the_events_of_a_joined_answer_are_those_of_the_whole():
    parser = ComponentParser(GRAMMAR)
    events = parser.feed(PAGE[:CUT])
    stage = Continuation(parser.snapshot(), PAGE[:CUT], grammar=GRAMMAR)
    answer = f"Continuing:\n\n```tsx\n/// START Menu\n{AGAIN['line']}{REST}```"
    for text in [*stage.feed(answer), *stage.close()]:
        events += stage.parser.feed(text)
    events += stage.parser.close()
    whole = ComponentParser(GRAMMAR)
    assert merge_deltas(events) == merge_deltas([*whole.feed(PAGE), *whole.close()])
    assert not any(isinstance(event, ErrorEvent) for event in events)
    assert [item.kind for item in stage.dropped] == ["prose", "fence", "start", "repeat", "fence"]
    assert stage.dropped[0] == Dropped("prose", "Continuing:\n\n")


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_clean_continuation_passes_unchanged_from_every_cut(size):
    for cut in range(len(PAGE) + 1):
        rest = PAGE[cut:]
        chunks = [rest[at : at + size] for at in range(0, len(rest), size)]
        assert joined(cut, chunks) == (rest, ())


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_recorded_answers_that_are_cut_and_continued_give_the_same_events(path):
    page = "".join(chunk.text for chunk in read_recording(str(path)))
    whole = ComponentParser(GRAMMAR)
    expected = merge_deltas([*whole.feed(page), *whole.close()])
    for cut in range(0, len(page), 307):
        parser = ComponentParser(GRAMMAR)
        events = parser.feed(page[:cut])
        stage = Continuation(parser.snapshot(), page[:cut], grammar=GRAMMAR)
        for text in [*stage.feed(page[cut:]), *stage.close()]:
            events += stage.parser.feed(text)
        assert merge_deltas([*events, *stage.parser.close()]) == expected


def test_a_repeated_marker_is_completed():
    cut = PAGE.index("RT Footer")
    answer = '/// START Footer position=footer theme="light blue"\n'
    assert joined(cut, [answer]) == (answer[len("/// STA") :], (Dropped("repeat", "/// STA"),))
    cut = PAGE.index(" Footer\n", cut)
    assert joined(cut, list("/// END Footer\n")) == (" Footer\n", (Dropped("repeat", "/// END"),))


def test_a_repeated_end_is_dropped():
    cut = PAGE.index("/// START Footer")
    assert joined(cut, ["/// END Menu\n", PAGE[cut:]]) == (PAGE[cut:], (Dropped("repeat", "/// END Menu\n"),))


def test_the_line_end_before_a_marker_is_restored():
    cut = PAGE.index("\n/// END Footer")
    assert joined(cut, ["/// END Footer\n"]) == ("\n/// END Footer\n", ())


def test_without_the_first_answer_repeated_text_is_not_recognised():
    assert joined(CUT, [AGAIN["line"] + REST], received="") == (AGAIN["line"] + REST, ())
    cut = PAGE.index("RT Footer")
    assert joined(cut, ["/// START Footer\n"], received="")[1] == (Dropped("repeat", "/// STA"),)


def test_clean_text_is_not_held():
    stage = Continuation(snapshot_at(CUT), PAGE[:CUT], grammar=GRAMMAR)
    assert stage.feed("lo<") == ["lo<"]
    assert stage.feed("/h1>") == ["/h1>"]
    assert stage.feed("") == []


def test_all_that_is_held_is_returned_at_the_end():
    for answer in ("Sure", "Sure:\n\n", "``", "/// START Me", "lo\n"):
        assert joined(CUT, [answer]) == (answer, ())
    assert joined(CUT, []) == ("", ())
    assert joined(CUT, [AGAIN["line"]]) == ("", (Dropped("repeat", AGAIN["line"]),))


def test_the_stage_is_used_once():
    stage = Continuation(snapshot_at(CUT), grammar=GRAMMAR)
    stage.close()
    assert stage.close() == []
    with pytest.raises(UsageError, match="make a new Continuation"):
        stage.feed("x")


@pytest.mark.parametrize("value", [b"x", None, 7])
def test_anything_but_text_is_refused(value):
    with pytest.raises(UsageError, match="feed takes str, not "):
        Continuation(snapshot_at(CUT), grammar=GRAMMAR).feed(value)


def test_a_snapshot_after_the_end_is_refused():
    parser = ComponentParser()
    parser.close()
    with pytest.raises(UsageError, match=r"take the snapshot before close\(\)"):
        Continuation(parser.snapshot())
    failed = ComponentParser(limits=Limits(max_total_chars=1))
    failed.feed("xx")
    with pytest.raises(UsageError, match="the stream has ended"):
        Continuation(failed.snapshot(), limits=Limits(max_total_chars=1))


def test_another_text_than_the_parser_read_is_refused():
    with pytest.raises(UsageError, match="received must be the text that the parser was fed"):
        Continuation(snapshot_at(PAGE.index("RT Footer")), "another text", grammar=GRAMMAR)


@given(strategies.documents(grammar=GRAMMAR), strategies.documents(grammar=GRAMMAR), st.data())
def test_the_text_does_not_depend_on_the_cuts_and_nothing_is_dropped_in_silence(first, answer, data):
    parser = ComponentParser(GRAMMAR)
    parser.feed(first)
    assume(not parser.failed)
    again = data.draw(st.sampled_from(["", first[-40:], "```\n", "Sure:\n\n", "/// START A\n"]))
    answer = again + answer

    def read(chunks):
        stage = Continuation(parser.snapshot(), first, grammar=GRAMMAR)
        texts = [text for chunk in chunks for text in stage.feed(chunk)]
        return "".join([*texts, *stage.close()]), stage.dropped

    text, dropped = read([answer])
    assert read(data.draw(strategies.chunkings(answer, grammar=GRAMMAR))) == (text, dropped)
    assert read(list(answer)) == (text, dropped)
    if not dropped:
        assert text in (answer, f"\n{answer}")
    missing = len(answer) - len(text)
    assert missing in (sum(len(item.text) for item in dropped), sum(len(item.text) for item in dropped) - 1)


def test_a_long_answer_in_single_characters_takes_linear_time():
    received = "/// START A\n" + "abc <b>\n" * 4000
    parser = ComponentParser()
    parser.feed(received)
    stage = Continuation(parser.snapshot(), received)
    began = time.process_time()
    for char in "abc <b>\n" * 20_000:
        stage.feed(char)
    assert time.process_time() - began < 3


def test_the_request_names_the_open_components_and_the_last_line():
    parser = ComponentParser(GRAMMAR)
    parser.feed(PAGE[: PAGE.index("Opening")])
    text = continue_prompt(PAGE[: PAGE.index("Opening")], parser)
    assert text.startswith("Your answer was cut off. Continue it with exactly the character that comes next")
    assert "to be ended: Menu, Menu.Item. " in text
    assert text.endswith('The last line so far: return <a href="#hours">')
    assert "\n" not in text


def test_the_request_refuses_a_parser_whose_components_are_no_longer_open():
    parser = ComponentParser(GRAMMAR)
    list(parse([PAGE[:CUT]], parser=parser))
    with pytest.raises(UsageError, match="leave the loop over parse\\(\\) at the event source_truncated"):
        continue_prompt(PAGE[:CUT], parser)


def test_a_loop_over_parse_that_is_left_at_the_cut_can_be_continued():
    def chunk(finish_reason=None, **delta):
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}

    parser, got = ComponentParser(GRAMMAR), []
    with closing(parse([chunk(content=PAGE[:CUT]), chunk("length")], parser=parser)) as events:
        for event in events:
            if isinstance(event, ErrorEvent):
                break
            got.append(event)
    assert event.code == "source_truncated"
    assert "to be ended: Menu." in continue_prompt(PAGE[:CUT], parser)
    stage = Continuation(parser.snapshot(), PAGE[:CUT], grammar=GRAMMAR)
    got += parse(["<think>Where was I?</think>", *stage.feed(REST), *stage.close()], parser=stage.parser)
    assert merge_deltas(got) == merge_deltas(list(parse([PAGE], parser=ComponentParser(GRAMMAR))))


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_word_that_was_cut_off_and_is_repeated_is_joined(size):
    cut = PAGE.index("h bread every")
    answer = "Fresh bread" + PAGE[PAGE.index(" every") :]
    chunks = [answer[at : at + size] for at in range(0, len(answer), size)]
    assert joined(cut, chunks) == (PAGE[cut:], (Dropped("repeat", "Fres"),))


def test_the_request_needs_neither_components_nor_text():
    assert "open" not in continue_prompt("One\nTwo\n\n", ComponentParser())
    assert continue_prompt("One\nTwo\n\n").endswith("The last line so far: Two")
    assert "last line" not in continue_prompt(" \n")
    assert continue_prompt("x" * 300, language="de").endswith("Die letzte Zeile bisher: " + "x" * 200)
