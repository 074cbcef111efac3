"""Thoughts in the text of an answer: recognised however they are cut, and never in code.

The reference reads a whole answer character by character, with the operations of str alone.
"""

import random
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream import ComponentParser, Grammar
from componentstream.core.errors import UsageError
from componentstream.core.events import ComponentBlock, ContentBlockStart, ContentBlockStop
from componentstream.core.grammar import WHITE
from componentstream.sources import Reasoning, SourceError, ThinkingFilter, Usage
from componentstream.sources.thinking import thinking_filter
from tests.counting import counted_module
from tests.sources.memory import growth

TAGS = ("<think>", "<thinking>")


def pieces(chunks, mode="drop", grammar=None, *, fast=False):
    stage = ThinkingFilter(mode, grammar=grammar)
    found = []
    for chunk in chunks:
        # As a decoder does, for which this costs less.
        found += [chunk] if fast and chunk and stage.passes(chunk) else stage.feed(chunk)
    return found + stage.close()


def merged(found):
    """Return pieces with adjacent texts joined, and adjacent thoughts."""
    result = []
    for kind, group in groupby(found, type):
        if kind is str:
            result.append("".join(group))
        elif kind is Reasoning:
            result.append(Reasoning("".join(piece.text for piece in group)))
        else:
            result += group
    return result


def text_of(found):
    return "".join(piece for piece in found if isinstance(piece, str))


def one_each(text):
    return list(text)


def name_in(line, keyword):
    """Return the name in a marker line, and whether nothing else is in it; None for other lines."""
    rest = line.lstrip(WHITE)
    if not rest.startswith("///"):
        return None
    rest = rest[3:].lstrip(WHITE)
    if not rest.startswith(keyword) or not rest[len(keyword) :].startswith(tuple(WHITE)):
        return None
    rest = rest[len(keyword) :].lstrip(WHITE)
    name = ""
    for char in rest:
        letter = char.isascii() and char.isalpha()
        if not letter and not (name and name[-1] != "." and char in "0123456789_."):
            break
        name += char
    name = name.removesuffix(".")
    return (name, not rest[len(name) :].removesuffix("\r").strip(WHITE)) if name else None


def fence_in(line):
    """Return the fence that a line begins with, whether nothing else is in it, and its indentation."""
    indent = len(line[: len(line) - len(line.lstrip(WHITE))].expandtabs(4))
    rest = line.lstrip(WHITE).removesuffix("\r")
    for char in "`~":
        info = rest.lstrip(char)
        count = len(rest) - len(info)
        if count >= 3 and not (char == "`" and "`" in info):
            return char * count, not info.strip(WHITE), indent
    return None


class Reference:
    """The text of an answer and its thoughts, from the whole answer."""

    def __init__(self, answer):
        self.parts = []
        self.line = ""
        self.started = False
        self.open = []
        self.fence = ""
        self.indent = 0
        self.error = None
        while answer and self.error is None:
            answer = self.run(answer) if self.may_begin() and answer.startswith(TAGS) else self.char(answer)

    def may_begin(self):
        indented = self.line if self.started else ""
        return not (self.open or self.fence or indented)

    def run(self, answer):
        tag = next(tag for tag in TAGS if answer.startswith(tag))
        thought, end, rest = answer[len(tag) :].partition(tag.replace("<", "</"))
        self.parts.append((True, thought))
        if not end:
            self.error = "source_truncated" if self.started else "source_incomplete"
        return rest if self.started else rest.lstrip(WHITE + "\r\n\ufeff")

    def char(self, answer):
        self.parts.append((False, answer[0]))
        self.started = self.started or answer[0] not in WHITE + "\r\n\ufeff"
        if answer[0] == "\n":
            self.judge(self.line)
            self.line = ""
        elif self.started or answer[0] != "\ufeff":
            self.line += answer[0]
        return answer[1:]

    def judge(self, line):
        start, end, fence = name_in(line, "START"), name_in(line, "END"), fence_in(line)
        if start:
            self.open.append(start[0])
        elif end and end[1] and end[0] in self.open:
            self.open.remove(end[0])
        elif fence and not self.open:
            if not self.fence:
                self.fence, self.indent = fence[0], fence[2]
            elif fence[0].startswith(self.fence) and fence[1] and fence[2] < self.indent + 4:
                self.fence = ""

    def expected(self, mode):
        found = []
        for thought, text in self.parts:
            if not thought:
                found.append(text)
            elif mode == "drop":
                found.append(Reasoning(""))
            elif text:
                found.append(Reasoning(text))
        return merged(found)


def check(answer, chunks, mode):
    reference = Reference(answer)
    found = pieces(chunks, mode, fast=mode == "drop")
    error = [found.pop()] if found and isinstance(found[-1], SourceError) else []
    assert merged(found) == reference.expected(mode), answer
    assert [piece.code for piece in error] == ([reference.error] if reference.error else []), answer


FRAGMENTS = [
    *("<think>", "</think>", "<thinking>", "</thinking>", "<think", "<thi", "</thi", "<thinking", ">"),
    *(
        "<",
        "<<",
        "</",
        "/",
        "\n",
        "\n",
        "\n",
        "\r\n",
        " ",
        "  ",
        "\t",
        "\u00a0",
        "\ufeff",
        "x",
        "text ",
        "\r",
    ),
    *("/// START A\n", "/// START A.B position=hero\n", "/// START of it\n", "/// END A\n", "/// END A.B\n"),
    *("/// END A \r\n", "/// END A;\n", "/// START A, k=v\n", "/// START 9\n", "/// START\n", "///", "START"),
    *(
        "```\n",
        "```tsx\n",
        "````\n",
        "~~~\n",
        "~~~ a`b\n",
        "``` a`b\n",
        "``",
        "`",
        "~",
        "  ```\n",
        "    ```\n",
        "\t~~~\n",
        "```",
    ),
    *("<div>", "<think >", "<Think>", "// x\n", "a<think>", "/// END B\n", "/// START B\n"),
]


def random_answer(rng):
    return "".join(rng.choices(FRAGMENTS, k=rng.randint(1, 24)))


def random_cut(rng, text):
    cuts = sorted(rng.sample(range(len(text) + 1), min(len(text), rng.randint(0, 8))))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def compare_with_the_reference(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        answer = random_answer(rng)
        chunks = rng.choice([[answer], one_each(answer), random_cut(rng, answer)])
        check(answer, chunks, rng.choice(["drop", "emit"]))


@pytest.mark.parametrize("seed", range(4))
def test_random_answers_are_read_as_the_reference_reads_them(seed):
    compare_with_the_reference(1500, seed)


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=30), st.randoms(), st.booleans())
def test_the_pieces_do_not_depend_on_the_cuts(fragments, rng, emits):
    answer = "".join(fragments)
    mode = "emit" if emits else "drop"
    whole = merged(pieces([answer], mode))
    assert merged(pieces(one_each(answer), mode)) == whole
    assert merged(pieces(one_each(answer), mode, fast=True)) == whole
    assert merged(pieces(random_cut(rng, answer), mode)) == whole


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30), st.sampled_from(["nest", "close", "text"]))
def test_no_run_is_dropped_while_the_parser_has_an_open_component(fragments, nesting):
    stage = ThinkingFilter()
    parser = ComponentParser(Grammar(nesting=nesting))
    components = set()
    for char in "".join(fragments):
        for piece in stage.feed(char):
            if isinstance(piece, Reasoning):
                assert components == set()
                continue
            for event in parser.feed(piece):
                if isinstance(event, ContentBlockStart) and isinstance(event.block, ComponentBlock):
                    components.add(event.index)
                elif isinstance(event, ContentBlockStop):
                    components.discard(event.index)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
def test_only_a_text_that_may_become_a_tag_is_held(fragments):
    stage = ThinkingFilter()
    sent = received = ""
    for char in "".join(fragments):
        found = stage.feed(char)
        if any(isinstance(piece, Reasoning) for piece in found):
            return
        sent += char
        received += text_of(found)
        held = sent.removeprefix(received)
        assert sent == received + held
        assert held == "" or any(tag.startswith(held) and tag != held for tag in TAGS)


@given(st.text(alphabet=st.sampled_from("<think>ing/ \n`~ASTRE.x")), st.randoms())
def test_text_without_a_tag_is_unchanged(text, rng):
    text = text.replace("<think", "<thin")
    assert text_of(pieces(random_cut(rng, text))) == text
    assert text_of(pieces([text])) == text


WRAPPED = "```tsx\n/// START A\n```\nx\n/// END A\n```\n"


@pytest.mark.parametrize(
    ("answer", "text", "thoughts"),
    [
        ("<think>a</think>b", "b", "a"),
        ("<thinking>a</thinking>b", "b", "a"),
        ("<think>a</thinking>b</think>c", "c", "a</thinking>b"),
        ("<think>/// START A\nx\n/// END A\n</think>b", "b", "/// START A\nx\n/// END A\n"),
        ("<think></think>b", "b", ""),
        ("\n \t<think>a</think>\r\n\n  b", "\n \tb", "a"),
        ("\ufeff<think>a</think>b", "\ufeffb", "a"),
        ("<think>a</think>\n<think>b</think>\nc", "c", "ab"),
        ("a\n<think>b</think>\nc", "a\n\nc", "b"),
        ("a\n<think>b</think><think>c</think>d", "a\nd", "bc"),
        ("/// START A\nx\n/// END A\n<think>b</think>\n", "/// START A\nx\n/// END A\n\n", "b"),
        ("```\nx\n```\n<think>b</think>c", "```\nx\n```\nc", "b"),
        (f"{WRAPPED}<think>b</think>", WRAPPED, "b"),
        ("  ```\n     ```\n<think>b</think>", "  ```\n     ```\n", "b"),
        ("- a\n\t  ```\n\t\t ```\n<think>b</think>", "- a\n\t  ```\n\t\t ```\n", "b"),
        ("<think>a</thin</think>b", "b", "a</thin"),
        ("<think>a<<</</think>b", "b", "a<<</"),
    ],
)  # fmt: skip
def test_thoughts_are_told_from_the_text(answer, text, thoughts):
    for chunks in ([answer], one_each(answer)):
        found = pieces(chunks, "emit")
        assert text_of(found) == text
        assert "".join(piece.text for piece in found if isinstance(piece, Reasoning)) == thoughts
        assert all(isinstance(piece, str | Reasoning) for piece in found)
        dropped = pieces(chunks)
        assert text_of(dropped) == text
        assert {piece.text for piece in dropped if isinstance(piece, Reasoning)} == {""}


@pytest.mark.parametrize(
    "text",
    [
        "a <think>b</think>",
        "a\n <think>b</think>",
        "`<think>` begins a thought",
        "```\n<think>b</think>\n```\n",
        "```\n    ```\n<think>b</think>\n```\n",
        "~~~\n \t~~~\n<think>b</think>\n~~~\n",
        "~~~~ x`y\n<think>\n~~~\n<think>\n~~~~x\n<think>b</think>",
        "/// START A\n<think>b</think>\n/// END A\n",
        "\ufeff/// START A\n<think>b</think>\n",
        "/// START of the page\n<think>b</think>",
        "/// START A\n/// START B\n/// END A\n<think>b</think>",
        "/// START A\n/// START A\n/// END A\n<think>b</think>",
        "/// START A\n/// END A;\n<think>b</think>",
        f"/// START A\n{' ' * 600}/// END A\n<think>b</think>",
        f"/// START A\n/// END A{' ' * 504}\n<think>b</think>",
        "<Think>b</Think>",
        "<think>".replace("k", "K"),
        "<thinker>",
        "<thinking/>",
        "<think",
        "",
    ],
)
def test_code_and_other_tags_stay_as_they_are(text):
    for chunks in ([text], one_each(text)):
        found = pieces(chunks)
        assert "".join(found) == text


def test_an_end_line_as_long_as_the_parser_accepts_closes_its_component():
    text = f"/// START A\n{' ' * 100}/// END A{' ' * 403}\r\n<think>b</think>"
    assert merged(pieces([text])) == [text[:-16], Reasoning("")]


def test_a_marker_glued_to_a_thought_acts():
    answer = "<think></think>/// START A\nx\n/// END A\n"
    parser = ComponentParser()
    events = [
        event for text in pieces(one_each(answer)) if isinstance(text, str) for event in parser.feed(text)
    ]
    starts = [event.block.name for event in events if isinstance(event, ContentBlockStart)]
    assert starts == ["A"]


def test_white_space_behind_a_thought_makes_no_block_of_text():
    answer = "<think>a</think>\n\n/// START A\nx\n/// END A\n<think>b</think>\n\n/// START B\nx\n/// END B\n"
    parser = ComponentParser()
    events = [event for text in pieces([answer]) if isinstance(text, str) for event in parser.feed(text)]
    starts = [event.block for event in events if isinstance(event, ContentBlockStart)]
    assert [type(block) for block in starts] == [ComponentBlock, ComponentBlock]


@pytest.mark.parametrize("answer", ["<think>", "<think>a", "\n<thinking>a</think>", "<think>a</thi"])
def test_an_answer_that_ends_inside_its_first_thought_is_incomplete(answer):
    for chunks in ([answer], one_each(answer)):
        *_, error = pieces(chunks)
        assert isinstance(error, SourceError)
        assert (error.code, error.fatal, error.retryable) == ("source_incomplete", True, True)


def test_an_answer_that_ends_inside_a_later_thought_is_truncated():
    *found, error = pieces(["Hi\n<think>a"], "emit")
    assert found == ["Hi\n", Reasoning("a")]
    assert isinstance(error, SourceError)
    assert (error.code, error.fatal, error.retryable) == ("source_truncated", False, False)


def test_an_answer_of_nothing_but_a_complete_thought_is_complete():
    assert pieces(["<think>a</think>"]) == [Reasoning("")]


def test_a_thought_leaves_piece_by_piece():
    stage = ThinkingFilter("emit")
    assert stage.feed("<think>a") == [Reasoning("a")]
    assert stage.feed("b<") == [Reasoning("b")]
    assert stage.feed("c") == [Reasoning("<c")]
    assert stage.feed("</think>\nd") == ["d"]
    assert stage.feed("e\n<thin") == ["e\n"]
    assert stage.feed("g") == ["<thing"]


FATAL = SourceError("source_failed", "Overloaded.", fatal=True)
TRUNCATED = SourceError("source_truncated", "Too long.")


def test_other_pieces_pass_and_a_fatal_error_comes_behind_held_text():
    usage = Usage(output_tokens=1)
    assert pieces(["a\n<thi", usage, TRUNCATED, FATAL]) == ["a\n", usage, TRUNCATED, "<thi", FATAL]
    assert pieces(["<think>a</thi", FATAL], "emit") == [Reasoning("a"), Reasoning("</thi"), FATAL]


@pytest.mark.parametrize("error", [FATAL, TRUNCATED])
def test_an_incomplete_answer_is_told_once(error):
    assert pieces(["<think>a", error]) == [Reasoning(""), error]


def test_an_error_that_does_not_end_the_answer_leaves_the_open_thought_to_be_told():
    noise = SourceError("invalid_chunk", "An event is not a JSON object.")
    *_, error = pieces(["<think>a", noise])
    assert error.code == "source_incomplete"


def test_keep_returns_every_chunk_unchanged():
    chunks = ["<thi", "nk>a", "", "</think>\n", "<think>"]
    assert pieces(chunks, "keep") == ["<thi", "nk>a", "</think>\n", "<think>"]


def test_the_grammar_of_the_parser_decides_what_is_a_component():
    grammar = Grammar(prefix="@@", start="OPEN", end="CLOSE")
    inside = "@@ OPEN A\n<think>b</think>\n"
    assert pieces([inside], grammar=grammar) == [inside]
    assert merged(pieces([inside + "@@ CLOSE A\n<think>b</think>"], grammar=grammar))[-1] == Reasoning("")
    assert Reasoning("") in pieces([inside])


def test_after_very_many_open_components_all_text_stays():
    text = "".join(f"/// START A{number}\n" for number in range(1001))
    text += "".join(f"/// END A{number}\n" for number in range(1001))
    stage = ThinkingFilter()
    assert text_of(stage.feed(text)) == text
    assert stage.feed("\n<think>a</think>") == ["\n<think>a</think>"]


def test_a_filter_passes_within_a_line_that_cannot_matter():
    stage = ThinkingFilter()
    assert not stage.passing
    stage.feed("text")
    assert stage.passing
    assert stage.feed("<think>") == ["<think>"]
    stage.feed("\n")
    assert not stage.passing


def test_a_misuse_is_refused():
    with pytest.raises(UsageError, match="thinking must be one of drop, keep, emit, not 'show'"):
        ThinkingFilter("show")
    stage = ThinkingFilter()
    assert stage.close() == []
    assert stage.close() == []
    with pytest.raises(UsageError, match=r"feed\(\) after close\(\)"):
        stage.feed("a")


UNITS = [
    *("x", "\n", " ", "<", "<\n", "x\n", "<think></think>", "<think>\n", "<thinkinX\n", "</", "\n<thinking"),
    *(
        "   \n",
        "    x\n",
        "/\n",
        "/// START A\n/// END A\n",
        "/// START A\n",
        "/// END A\n",
        "/// x\n",
        "``\n",
    ),
    *(
        "```\n",
        "``` x\n",
        "`",
        "/",
        "~~~\n",
        "\r\n",
        f"{' ' * 600}/// END A\n",
        f"/// {'x' * 600}\n",
        "\ufeff",
    ),
]
PLACES = ["", "x\n", "/// START Z\n", "```\n", "<think>", "<think></think>"]


@pytest.fixture(scope="module")
def counted():
    return counted_module("sources", "thinking")


@pytest.mark.parametrize("unit", UNITS)
def test_at_most_four_characters_are_examined_for_one_of_the_text(counted, unit):
    module, counter = counted
    for place in PLACES:
        text = place + unit * (1000 // len(unit))
        for size in (1, 3, 4096):
            stage = module.ThinkingFilter()
            counter.examined = 0
            found = [piece for at in range(0, len(text), size) for piece in stage.feed(text[at : at + size])]
            assert counter.examined <= 4 * len(text) + 64
            assert counter.examined >= len(text) / 2
            assert merged(found + stage.close()) == merged(pieces([text]))


@pytest.mark.parametrize("place", ["", "x\n", "<think>", "<think></think>"])
@pytest.mark.parametrize("unit", [" ", "x", "<", "/"])
def test_a_long_answer_takes_no_memory(place, unit):
    stage = ThinkingFilter()
    stage.feed(place)
    assert growth(stage.feed, unit, feeds=20_000) < 16 * 1024


def test_several_pieces_are_filtered_in_order():
    assert ThinkingFilter("emit").feed_all(["<think>a", "b</think>c"]) == [
        Reasoning("a"),
        Reasoning("b"),
        "c",
    ]


def test_a_decoder_without_a_choice_drops_the_first_thoughts_alone():
    text = "<think>a</think>b\n<think>c</think>"
    dropped = [Reasoning(""), "b\n<think>c</think>"]
    assert thinking_filter(None, None, None).feed(text) == dropped
    assert thinking_filter("drop", None, None).feed(text) == [Reasoning(""), "b\n", Reasoning("")]
    assert thinking_filter("drop", object(), None).feed(text) == [text]
    with pytest.raises(UsageError, match="thinking must be one of drop, keep, emit, or None, not 'loud'"):
        thinking_filter("loud", None, None)


@pytest.mark.parametrize("prefix", ["<!--", "<<<", "<", "<t", "<think"])
@pytest.mark.parametrize("before", ["", "hi\n", "<think>no</think>", "<think>no</think>hi\n"])
def test_a_marker_may_begin_like_a_tag(prefix, before):
    body = "<think>keep</think>\ny\n"
    component = f"{prefix} START A\n{body}{prefix} END A\n"
    answer = f"{before}{component}<think>no</think>z"
    expected = answer.replace("<think>no</think>", "")
    for chunks in ([answer], one_each(answer)):
        assert text_of(pieces(chunks, grammar=Grammar(prefix=prefix))) == expected


@pytest.mark.parametrize("gaps", [(600, 1, 1), (1, 600, 1), (1, 1, 600), (600, 200, 200)])
def test_a_start_may_have_any_amount_of_white_space(gaps):
    first, second, third = (" " * gap for gap in gaps)
    answer = f"x\n{first}///{second}START{third}A\n<think>keep</think>\n/// END A\n<think>no</think>"
    expected = answer.removesuffix("<think>no</think>")
    for chunks in ([answer], one_each(answer), [answer[:301], answer[301:]]):
        assert text_of(pieces(chunks)) == expected
        assert text_of(pieces(chunks, fast=True)) == expected


@pytest.mark.parametrize("line", ["///" + " " * 2000 + "START A", "/// START" + " " * 2000 + "A"])
def test_behind_a_start_whose_name_is_far_away_all_text_stays(line):
    answer = f"{line}\n<think>keep</think>\n"
    for chunks in ([answer], one_each(answer)):
        assert text_of(pieces(chunks)) == answer
