import time

import pytest

from componentstream import Grammar
from componentstream.prompt.repetition import repeated

CODE = "function Hero() {\n  return <h1>Fresh bread</h1>;\n}\n"


def size(received, text, names=(), *, started=False):
    return repeated(Grammar(), names, received, text, started=started)


@pytest.mark.parametrize(
    ("received", "text", "count"),
    [
        ("", "", 0),
        ("", "abc", 0),
        ("abc", "", 0),
        ("<p>\n  <h1>Hel", "  <h1>Hello", 9),
        ("<p>\n  <h1>Hel", "<h1>Hello", 7),
        ("<p> <h1>Hel", "<h1>Hello", 0),
        ("<p>\n  <h1>Hel", "lo</h1>", 0),
        ("  <h1>Hel", "  <h1>Hello", 9),
        ("x\n</div>", "</div>", 0),
        ("x\n  });", "  });", 0),
        ("x\nabc", "abc", 0),
        (f"x\n{CODE}", f"{CODE}more", len(CODE)),
        (f"x\n{CODE}", f"{CODE[5:]}more", len(CODE) - 5),
        (f"{CODE}{CODE}", f"{CODE}more", 0),
        ("x\n      <Star />\n", "      <Star />\n", 0),
        ("x\n/// END Hero\n", "/// END Hero\n/// START A\n", 13),
        ("x\n/// END Hero\r\n", "/// END Hero\r\n/// START A\n", 14),
        ("x\n///\n", "///\n", 0),
        ("<p> <h1>Fres", "Fresh</h1>", 4),
        ("<p> <h1>Fresh", "Fresh</h1>", 5),
        ("<p> <h1>Größ", "Größe</h1>", 4),
        ("<p> <h1>Fre", "Fresh</h1>", 0),
        ("<p> Refres", "Fresh", 0),
        ("<p> haha", "haha", 0),
        ("<p> 1234", "1234", 0),
        (f"<p> {'abc' * 7}def", f"{'abc' * 7}def", 24),
        ("\nlong lines that are like others\n", "\nlong lines that are like others\n", 0),
    ],
)
def test_a_repetition_counts_unless_it_may_be_a_coincidence(received, text, count):
    assert size(received, text) == count


def test_an_end_may_follow_its_like_while_another_component_of_the_name_is_open():
    assert size("x\n/// END Hero\n", "/// END Hero\n", ["Hero"]) == 0
    assert size("x\n/// END Hero\n", "/// END Hero\n", ["Her"]) == 13


def test_after_a_repeated_start_a_short_line_counts():
    assert size("/// START A\nabcd\n", "abcd\nef", started=True) == 5
    assert size("/// START A\nabcd\n", "abcd\nef") == 0
    assert size("/// START A\n}\n", "}\nef", started=True) == 0


def test_the_longest_repetition_that_counts_is_taken():
    received = "const first = 1;\nconst first = 1;\nconst first"
    assert size(received, "const first = 2;") == len("const first")


@pytest.mark.parametrize("piece", ["a", "ab", "\n", "a\n", " "])
def test_the_longest_texts_are_compared_in_a_moment(piece):
    received = piece * (16_384 // len(piece))
    began = time.process_time()
    size(received, received + "x")
    size(received, received[1:] + "x")
    size(received + "b", received)
    assert time.process_time() - began < 2
