import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.prompt.closing_fence import ClosingFence
from componentstream.testing import strategies

PIECES = st.sampled_from(
    ["```", "```\n", "```tsx", "~~~\n", "````", "`", "\n", "\r\n", "\r", " ", "x", " " * 511, "code\n"]
)


def through(stage, chunks):
    texts = [text for chunk in chunks for text in stage.feed(chunk)] + stage.close()
    assert all(texts)
    return "".join(texts)


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("a\n```\nb\n```\n", "a\nb\n```\n", "```\n"),
        ("a\n  ````  \r\nb", "a\nb", "  ````  \r\n"),
        ("a\n```", "a\n", "```"),
        ("```js\nx\n```\n```\n", "```js\nx\n```\n", "```\n"),
        ("a ```\n", "a ```\n", ""),
        ("~~~\n", "~~~\n", ""),
        ("``\n", "``\n", ""),
        ("``", "``", ""),
        ("a\n" + " " * 509 + "```\n", "a\n", " " * 509 + "```\n"),
        ("a\n" + " " * 510 + "```\n", "a\n" + " " * 510 + "```\n", ""),
    ],
)
def test_the_first_bare_fence_that_closes_nothing_else_is_dropped(text, kept, dropped):
    for chunks in ([text], list(text)):
        stage = ClosingFence("`")
        assert through(stage, chunks) == kept
        assert stage.dropped == dropped


def test_tildes_are_closed_by_tildes():
    stage = ClosingFence("~")
    assert through(stage, ["a\n```\n~~~\n"]) == "a\n```\n"
    assert stage.dropped == "~~~\n"


def test_without_a_fence_to_close_nothing_is_held():
    stage = ClosingFence("")
    assert stage.feed("```") == ["```"]
    assert stage.feed("") == []
    assert stage.close() == []


def test_text_that_cannot_be_the_fence_is_not_held():
    stage = ClosingFence("`")
    assert stage.feed("a\n``") == ["a\n"]
    assert stage.feed("x") == ["``x"]
    assert stage.feed("`") == ["`"]


@given(st.lists(PIECES).map("".join), st.sampled_from(["`", "~", ""]), st.data())
def test_the_text_does_not_depend_on_the_cuts_and_lacks_the_dropped_line_alone(text, char, data):
    whole, cut = ClosingFence(char), ClosingFence(char)
    kept = through(whole, [text])
    assert through(cut, data.draw(strategies.chunkings(text))) == kept
    assert cut.dropped == whole.dropped
    assert len(kept) + len(whole.dropped) == len(text)
    if whole.dropped:
        assert any(
            text[:at] + text[at + len(whole.dropped) :] == kept
            for at in range(len(text))
            if text.startswith(whole.dropped, at)
        )
