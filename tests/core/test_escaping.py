import pytest

from componentstream.core.escaping import escape_control_chars


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcödé 漢字 😀", "plain text, ünïcödé 漢字 😀"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\r\n\tb\x00", r"a\r\n\tb\x00"),
        ("\u202eabc\u2028\ud83d\u200b", r"\u202eabc\u2028\ud83d\u200b"),
        ("\x7f", r"\x7f"),
    ],
)
def test_what_a_terminal_might_act_on_is_escaped(text, shown):
    assert escape_control_chars(text) == shown
