"""The beginning of a continued answer that is not part of it: an introduction, a fence, a repeated marker.

Lines are judged one by one. A line that may be an introduction is kept until a later line shows whether
it is: an introduction is followed by a fence or a repeated marker, or has the words of one.
"""

import re
from typing import Final, Literal, TypeAlias

import attrs

from componentstream.core.grammar import WHITE, Grammar
from componentstream.prompt.lines import acts

DroppedKind: TypeAlias = Literal["prose", "fence", "start", "repeat"]
"""The kinds of dropped text: an introduction, a code fence, a repeated START, a repetition of the end."""

_MAX_LINES: Final = 8
_MAX_PROSE_CHARS: Final = 200
_MAX_LINE_CHARS: Final = 1024
_FENCE: Final = re.compile(rf"[{WHITE}]*(`{{3,}}[^`]*|~{{3,}}.*)", re.DOTALL)
_CODE: Final = re.compile("[<>{};=]")
_QUOTED: Final = re.compile("`[^`]*`")
_INTRODUCTION: Final = re.compile(
    r"(?:sure|certainly|of course|okay|ok|here(?:['\u2019]s| is| are)|continu(?:e|ed|ing|ation)"
    r"|i(?:['\u2019]ll| will) continue|sorry|apologies|hier (?:ist|kommt|geht)|natürlich|gerne?|fortsetzung"
    r"|weiter|entschuldigung)\b",
    re.IGNORECASE,
)


@attrs.frozen
class Dropped:
    """Text that was left out of a continuation, and why."""

    kind: DroppedKind
    text: str


class Prologue:
    """Judges the first lines of a continued answer.

    Args:
        grammar: the language of the markers.
        names: the names of the open components.
        line: the text of the line in which the answer was cut off.
        held: whether that line may still become a marker.

    Attributes:
        dropped: the texts that were dropped so far.
        text: the lines that are kept so far; those before the end of the prologue are still undecided.
        fence: the character of a dropped fence, or empty.
        started: whether a repeated START was dropped.
        added: a line end that the answer lacks before its first line, or empty.
    """

    def __init__(self, grammar: Grammar, names: tuple[str, ...], line: str, *, held: bool) -> None:
        head = rf"[{WHITE}]*{re.escape(grammar.prefix)}[{WHITE}]*"
        known = "|".join(map(re.escape, names)) or r"\b\B"
        self._grammar = grammar
        self._start = re.compile(rf"{head}{grammar.start}[{WHITE}]+(?:{known})(?![A-Za-z0-9_.])")
        self._end = re.compile(rf"{head}{grammar.end}[{WHITE}]+(?:{known})[{WHITE}]*")
        self._names = names
        self._line = line.lstrip(WHITE)
        self._held = held and bool(self._line)
        self._lines = 0
        self.dropped: list[Dropped] = []
        self.text: str = ""
        self.fence: str = ""
        self.started: bool = False
        self.added: str = ""

    def expects(self, line: str) -> bool:
        """Return whether an incomplete line may become part of the prologue."""
        bare = line.lstrip(WHITE)
        if len(line) > _MAX_LINE_CHARS or not (self._names or self._held):
            return False
        prefix = self._grammar.prefix
        if prefix.startswith(bare) or bare.startswith(prefix):
            return True
        if bare.startswith(("```", "~~~")) or bare in ("`", "``", "~", "~~"):
            return True
        # A CR at the end may belong to the line end, and an open quotation may be closed.
        quoted = _QUOTED.sub("", line).partition("`")[0]
        return not self._anchored and len(line) <= _MAX_PROSE_CHARS + 1 and _CODE.search(quoted) is None

    def take(self, line: str) -> bool:
        """Judge a complete line, or the last one; return whether the prologue continues after it."""
        content = line.removesuffix("\n").removesuffix("\r")
        if len(line) > _MAX_LINE_CHARS or not (self._names or self._held):
            return self._finish(line)
        if self._drops(line, content):
            return True
        if acts(self._grammar, content):
            return self._finish(self._without_repeated_marker(line), content)
        if self._anchored or not self._may_introduce(content):
            return self._finish(line)
        self._lines += 1
        self.text += line
        return self._lines < _MAX_LINES or self._finish("")

    def _drops(self, line: str, content: str) -> bool:
        """Drop a fence, or the START of an open component."""
        if self._completes_marker:
            return False
        if self._names and (match := _FENCE.fullmatch(content)):
            self._drop("fence", line)
            self.fence = match[1][0]
            return True
        if self._names and not self._held and self._start.match(content):
            self._drop("start", line)
            self.started = True
            return True
        return False

    def _may_introduce(self, content: str) -> bool:
        """Return whether a line may be part of an introduction."""
        return _may_be_prose(content) and (
            not self._completes_marker or _INTRODUCTION.match(content) is not None
        )

    @property
    def _completes_marker(self) -> bool:
        """Whether the next line is expected to complete a marker that was cut off."""
        return self._held and not self._lines

    @property
    def _anchored(self) -> bool:
        return bool(self.dropped)

    def _drop(self, kind: DroppedKind, text: str) -> None:
        """Drop a line, and all before it as its introduction."""
        if self.text:
            self.dropped.append(Dropped("prose", self.text))
            self.text = ""
        self.dropped.append(Dropped(kind, text))

    def _without_repeated_marker(self, line: str) -> str:
        """Return a marker line without that part of it that the first answer had already."""
        bare = line.lstrip(WHITE)
        if self._held and bare.startswith(self._line):
            cut = len(line) - len(bare) + len(self._line)
            self._drop("repeat", line[:cut])
            return line[cut:]
        return line

    def _finish(self, line: str, content: str = "") -> bool:
        """End the prologue before `line`; drop the undecided lines if they sound like an introduction."""
        before = self.text.rstrip()
        # It ends with a colon or before an empty line.
        ends = before.endswith(":") or self.text.count("\n") > before.count("\n") + 1
        # Words that are indented are the text of an element.
        if line and ends and _INTRODUCTION.match(before.lstrip("\r\n")):
            self.dropped.append(Dropped("prose", self.text))
            self.text = ""
        if self._line and not (self._held or self.text) and self._end.fullmatch(content):
            # Providers strip the white space around an answer, and with it the line end before a marker.
            self.added = "\n"
        self.text += line
        return False


def _may_be_prose(line: str) -> bool:
    return len(line) <= _MAX_PROSE_CHARS and _CODE.search(_QUOTED.sub("", line)) is None
