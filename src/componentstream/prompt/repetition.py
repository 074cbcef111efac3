"""Find the end of one text at the beginning of another, which continues it."""

import re
from collections.abc import Collection
from typing import Final

from componentstream.core.grammar import WHITE, Grammar

_MIN_CHARS: Final = 24
"""Length of a repetition that is not a coincidence if its first line occurs once."""

_MAX_INDENTATION: Final = 256
_MAX_JUDGED: Final = 1024
_MIN_LETTERS: Final = 4
_MAX_WORD: Final = 24
_WORD: Final = re.compile(rf"(?<!\w)[^\W\d_]{{{_MIN_LETTERS},{_MAX_WORD}}}\Z")
_CLOSING: Final = re.compile(r"</[^>]*>|[^A-Za-z0-9]+")


def repeated(grammar: Grammar, names: Collection[str], received: str, text: str, *, started: bool) -> int:
    """Return how many characters at the beginning of `text` repeat the end of `received`.

    A short repetition may be a coincidence, as in a list with equal lines. One counts if it is the line or
    the word that was cut off, or the marker before, or long and unlike the text before it.

    Args:
        grammar: the language of the markers.
        names: the names of the open components.
        received: the end of the first answer.
        text: the beginning of the second.
        started: whether a START of an open component was repeated before `text`, which shows that the model
            repeats lines.
    """
    at = max(0, len(received) - len(text))
    while text and (at := received.find(text[0], at)) >= 0:
        size = len(received) - at
        if text.startswith(received[at:]) and _counts(grammar, names, received, size, started=started):
            return size
        at += 1
    return 0


def _counts(grammar: Grammar, names: Collection[str], received: str, size: int, *, started: bool) -> bool:
    text = received[-size:]
    # Providers strip the white space around an answer, so its first line may lack the indentation.
    at = len(received) - size
    if _is_cut_word(text, received, at):
        return True
    line_start = max(received.rfind("\n", 0, at) + 1, at - _MAX_INDENTATION)
    begins_line = not received[line_start:at].strip(WHITE)
    if begins_line and (started or "\n" not in text):
        return _has_letters(text)
    first, _, more = text.partition("\n")
    if begins_line and not more and (name := _ended(grammar, first)):
        # A component is ended twice only if another of its name is open.
        return name not in names
    return size >= _MIN_CHARS and _has_letters(first) and received.count(first) == 1


def _is_cut_word(text: str, received: str, at: int) -> bool:
    """Return whether the text behind `at` is one word, the second half of which may be missing.

    A word that itself repeats a part, such as ``haha``, may continue with that part once more.
    """
    return _WORD.match(received, at) is not None and text not in (text + text)[1:-1]


def _has_letters(text: str) -> bool:
    """Return whether a text is more than brackets and closing tags, which often follow their like."""
    return len(_CLOSING.sub("", text[:_MAX_JUDGED])) >= _MIN_LETTERS


def _ended(grammar: Grammar, line: str) -> str:
    """Return the name of the component that a line ends, or an empty string."""
    words = rf"[{WHITE}]*{re.escape(grammar.prefix)}[{WHITE}]*{grammar.end}[{WHITE}]+"
    match = re.match(rf"{words}([A-Za-z][A-Za-z0-9_.]*)[{WHITE}]*\r?\Z", line)
    return match[1] if match else ""
