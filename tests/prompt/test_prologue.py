import pytest

from componentstream import Grammar
from componentstream.prompt.prologue import Prologue


def read(text, *, names=("Hero",), line="", held=False):
    prologue = Prologue(Grammar(), names, line, held=held)
    lines = text.splitlines(keepends=True)
    while lines and prologue.take(lines.pop(0)):
        pass
    prologue.text += "".join(lines)
    return prologue


def dropped(prologue):
    return [(item.kind, item.text) for item in prologue.dropped]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("lo</h1>\n", []),
        ("```tsx\nlo</h1>\n", [("fence", "```tsx\n")]),
        ("~~~ tsx {1}\r\nlo</h1>\n", [("fence", "~~~ tsx {1}\r\n")]),
        ("/// START Hero position=hero\nlo", [("start", "/// START Hero position=hero\n")]),
        ("\n  ///START Hero, x\nlo", [("prose", "\n"), ("start", "  ///START Hero, x\n")]),
        ("/// START HeroSection\nlo", []),
        ("/// START Hero.Item\nlo", []),
        ("Here you are\n\n```\n/// START Hero\nlo", [
            ("prose", "Here you are\n\n"), ("fence", "```\n"), ("start", "/// START Hero\n"),
        ]),
        ("/// START Hero\n```tsx\nlo", [("start", "/// START Hero\n"), ("fence", "```tsx\n")]),
        ("```tsx\nplain words\n```\n", [("fence", "```tsx\n")]),
        ("Sure, the rest:\nlo<", [("prose", "Sure, the rest:\n")]),
        ("Hier ist der Rest.\n\nlo<", [("prose", "Hier ist der Rest.\n\n")]),
        ("\nSure, the rest:\nlo<", [("prose", "\nSure, the rest:\n")]),
        ("Here\u2019s the rest:\nlo<", [("prose", "Here\u2019s the rest:\n")]),
        ("Continuing at `<h1>` here:\nlo<", [("prose", "Continuing at `<h1>` here:\n")]),
        ("Continuing at `<h1> here:\nlo<", []),
        ("  Sure, the rest:\nlo<", []),
        ("Sure, the rest.\nlo<", []),
        ("Baked every day:\nlo<", []),
        ("Sure, the rest:\n", []),
        ("Sure, the rest:\nmore words\n", []),
        ("word\n" * 8 + "```\n", []),
        ("w" * 201 + "\n```\n", []),
        ("Sure, the rest:\n/// END Hero\n", [("prose", "Sure, the rest:\n")]),
        ("```tsx" + "x" * 1024 + "\n", []),
    ],
)  # fmt: skip
def test_only_a_beginning_that_is_not_part_of_the_answer_is_dropped(text, items):
    prologue = read(text)
    assert dropped(prologue) == items
    assert "".join(piece for _, piece in items) + prologue.text == text


def test_the_rest_of_a_marker_is_not_an_introduction():
    assert dropped(read("RT Footer\n```tsx\n", line="/// STA", held=True)) == []
    assert dropped(read("\n```tsx\n", line="/// START Hero", held=True)) == []
    assert dropped(read("```tsx\n", line="/// START Hero", held=True)) == []


def test_a_marker_that_was_cut_off_may_be_written_again():
    again = read("/// START Footer\ncode", line="  /// STA", held=True, names=())
    assert dropped(again) == [("repeat", "/// STA")]
    assert again.text == "RT Footer\ncode"
    introduced = read("Continuing:\n /// END Hero\n", line="/// E", held=True)
    assert dropped(introduced) == [("prose", "Continuing:\n"), ("repeat", " /// E")]
    assert introduced.text == "ND Hero\n"
    fenced = read("Continuing:\n```\n/// END Hero\n", line="/// E", held=True)
    assert [kind for kind, _ in dropped(fenced)] == ["prose", "fence", "repeat"]
    assert fenced.fence == "`"
    assert dropped(read("/// END Hero\n", line="/// START", held=True)) == []


def test_without_an_open_component_nothing_is_dropped():
    assert dropped(read("Sure:\n```tsx\n/// START Hero\n", names=())) == []


def test_a_line_end_that_is_missing_before_the_end_of_an_open_component_is_added():
    assert read("/// END Hero\n", line="}").added == "\n"
    assert read("Sure, the rest:\n/// END Hero\n", line="}").added == "\n"
    assert read("\n/// END Hero\n", line="}").added == ""
    assert read("/// END Hero\n", line="").added == ""
    assert read("/// END Footer\n", line="}").added == ""
    assert read("/// END Hero x\n", line="}").added == ""
    assert read("/// START Footer\n", line="}").added == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", True), ("  ", True), ("/", True), ("/// START Hero x=", True), ("``", True), ("```tsx {", True),
        ("~~", True), ("Sure", True), ("word <", False), ("{", False), ("w" * 200 + "\r", True),
        ("w" * 202, False), ("a `<h1>` b", True),
        ("a `<h1", True), ("a `b` <", False), ("/// " + "x" * 1024, False),
    ],
)  # fmt: skip
def test_an_incomplete_line_is_expected_while_it_may_belong_to_the_prologue(line, expected):
    assert Prologue(Grammar(), ("Hero",), "", held=False).expects(line) is expected
    assert not Prologue(Grammar(), (), "", held=False).expects(line)


def test_after_a_dropped_line_words_belong_to_the_answer():
    prologue = Prologue(Grammar(), ("Hero",), "", held=False)
    assert prologue.take("```\n")
    assert not prologue.expects("word")
    assert prologue.expects("/")
