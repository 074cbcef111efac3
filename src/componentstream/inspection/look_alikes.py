"""One line that looks like a marker and is text: how to find it, and how to say why.

The patterns run over many lines at once. A line is examined closely only where something like a prefix is
followed by something like a keyword, and the line is not simply a marker.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from componentstream.core.escaping import escape_control_chars
from componentstream.core.events import Finding, Span
from componentstream.core.grammar import WHITE, Grammar

RULE: Final = "near-miss"

MAX_DECORATION: Final = 8
"""Characters of decoration before, in or after a marker, white space not counted."""

_MAX_LINE: Final = 512
"""Characters of a line that are examined, its last ones: a marker behind code ends the line."""

KEPT_CHARS: Final = _MAX_LINE + len("\r\n")
"""Characters of a long line, with its line end, that decide about it: its last ones."""

_MAX_GAP: Final = 12
"""Characters between prefix, keyword and name, white space included."""

_VALUE: Final = rf"\"[^\"\n]*+\"|'[^'\n]*+'|[^{WHITE}\"'\n]++"
_REST: Final = (
    rf"(?:[{WHITE},;]++[A-Za-z_][\w-]*+[{WHITE}]*+[=:][{WHITE}]*+(?:{_VALUE})){{0,16}}+"
    r"(?P<behind>[^\w\n]*+)(?=\n|\Z)"
)
"""The rest of a line after the name: attributes, and decoration."""

_NAME: Final = r"\w*+(?:\.[A-Za-z]\w*+)*+"
"""A name without its first letter."""

_REST_OF_LINE: Final = re.compile(_REST, re.ASCII)
_FENCE: Final = re.compile(rf"[{WHITE}]*+(?:`{{3,}}+[^`]*+|~{{3,}}+.*+)\Z")
_LIST_ITEM: Final = re.compile(r"\(?[0-9]{1,3}[.)]|\(?[A-Za-z][.)]")

_Match: TypeAlias = Callable[..., re.Match[str] | None]


class LookAlikes:
    """Find the lines of one stream that look like markers and are text.

    Args:
        grammar: Grammar of the markers.
        room: Findings after which nothing more is reported.
    """

    __slots__ = ("_find", "filter", "room")

    def __init__(self, grammar: Grammar, room: int) -> None:
        self.room: int = room
        self.filter: _Match = _filter(grammar)
        self._find = _finder(grammar)

    def search(self, lines: str, *, base: int, start: int, number: int, last: bool) -> list[Finding]:
        """Return the findings of complete lines.

        Args:
            lines: The lines, behind the end of the line before them if there is one. Of a long first line
                only the end may be there, at least ``KEPT_CHARS``. Complete lines before it are passed over.
            base: Offset of the first character of ``lines``.
            start: Offset of the first line to search, before ``base`` if its beginning is missing.
            number: Number of that line, from 1.
            last: Whether the stream has ended, so that the last line needs no line end.
        """
        findings: list[Finding] = []
        stop = len(lines) if last else lines.rfind("\n") + 1
        begin = counted = max(0, start - base)
        while self.room and (hint := self.filter(lines, begin, stop)) is not None:
            first = lines.rfind("\n", begin, hint.start()) + 1 or begin
            begin = lines.find("\n", hint.start(), stop) + 1 or stop
            number += lines.count("\n", counted, first)
            counted = first
            finding = self._judge(
                lines[first:begin], number, (base + first if first else start, base + begin)
            )
            if finding is not None:
                self.room -= 1
                findings.append(finding)
        return findings

    def _judge(self, line: str, number: int, span: Span) -> Finding | None:
        """Return the finding of a line, or None; its beginning may be missing."""
        cut = span[1] - span[0] > len(line)
        if span[0] == 0 and not cut and line.startswith("\ufeff"):
            line, span = line[1:], (1, span[1])
        content = line.removesuffix("\n").removesuffix("\r")
        message = self._find(content[-_MAX_LINE:], cut or len(content) > _MAX_LINE)
        return None if message is None else Finding(RULE, "info", message, line=number, span=span)


def sign_of(grammar: Grammar) -> str:
    """Return the part of the prefix that every look-alike has: all of it, or all but one of its signs."""
    prefix = grammar.prefix
    return prefix[1:] if len(prefix) > 1 and len(set(prefix)) == 1 else prefix


def _marker(grammar: Grammar) -> _Match:
    """Return a function that matches the beginning of a line that the parser judges."""
    words = f"{grammar.start}|{grammar.end}"
    return re.compile(
        rf"[{WHITE}]*+{re.escape(grammar.prefix)}[{WHITE}]*+(?:{words})(?:[{WHITE}]|\r?$)", re.MULTILINE
    ).match


def _filter(grammar: Grammar) -> _Match:
    """Return a function that searches lines for the beginning of a look-alike.

    A marker at the beginning of its line is passed over, unless the line is the first. The rest of the line
    is left to :meth:`LookAlikes.search`, which reads it once: from here it would be read from each prefix in
    it. So at most a few characters are read behind a prefix here.
    """
    prefix, words = grammar.prefix, f"{grammar.start}|{grammar.end}"
    first, others = re.escape(prefix[0]), [re.escape(prefix[1:])]
    gap, spare = rf"[^\w\n]{{1,{_MAX_GAP}}}?", 0
    markers = [rf"(?<=\n{first}){others[0]}"]
    if len(prefix) > 1 and len(set(prefix)) == 1:
        # One sign less is a slip, so a look-alike may begin with the second sign of a marker.
        others, spare = [re.escape(prefix[2:])], 2
        markers.append(rf"(?<=\n{first}{first}){others[0]}")
    # A pattern that begins with one character is the fastest to search for.
    return re.compile(
        rf"{first}(?={others[0]}[^\w\n]{{0,{_MAX_GAP + spare}}}?"
        rf"(?:(?:{words}){gap}[A-Za-z]|(?i:{_words(grammar)}){gap}[A-Z]))"
        rf"(?!(?:{'|'.join(markers)})[{WHITE}]*+(?:{words})(?:[{WHITE}]|\r?\n))",
        re.ASCII,
    ).search


def _words(grammar: Grammar) -> str:
    return "|".join(dict.fromkeys(map(re.escape, (grammar.start, grammar.end, "BEGIN"))))


def _finder(grammar: Grammar) -> Callable[[str, bool], str | None]:
    """Return a function from the content of a line, and whether its beginning is missing, to a message."""
    signs = re.escape(grammar.prefix)
    if len(set(grammar.prefix)) == 1:
        # One sign repeated: once more or once less is a slip of the same kind.
        one, count = re.escape(grammar.prefix[0]), len(grammar.prefix)
        signs = rf"{one}(?<!{one}{one}){one}{{{max(0, count - 2)},{count}}}(?!{one})"
    marker = _marker(grammar)
    look_alike = re.compile(
        rf"(?P<signs>{signs})(?P<before>[^\w\n]{{0,{_MAX_GAP}}}?)(?P<word>(?i:{_words(grammar)}))"
        rf"(?P<after>[^\w\n]{{1,{_MAX_GAP}}}?)(?P<name>[A-Za-z]{_NAME})",
        re.ASCII,
    )

    def find(line: str, cut: bool) -> str | None:  # noqa: FBT001 - called by position, once for each line
        if not cut and _FENCE.match(line):
            # The parser holds it until the next line is known, and may drop it.
            return None
        judged = None if cut else marker(line)
        begin = 0 if judged is None else judged.end()
        for match in look_alike.finditer(line, begin):
            problem = _problem(grammar, line, match, second=judged is not None, cut=cut)
            if problem is not None:
                word = grammar.end if match["word"].upper() == grammar.end.upper() else grammar.start
                right = f"{grammar.prefix} {word} {match['name']}"
                return f'This looks like a marker, but {problem}. Put "{right}" on a line of its own.'
        return None

    return find


def _problem(grammar: Grammar, line: str, match: re.Match[str], *, second: bool, cut: bool) -> str | None:
    """Return why a look-alike does not act, or None if it is not meant as a marker.

    Args:
        grammar: The grammar.
        line: The line.
        match: The look-alike in it.
        second: Whether another marker is before it on the line, which the parser judges.
        cut: Whether the beginning of the line is missing.
    """
    rest = _REST_OF_LINE.match(line, match.end())
    front = line[: match.start()].strip(WHITE)
    slips = _slips(grammar, match)
    if rest is None or len(slips) > 1:
        return None
    signs = [front, match["before"], match["after"], rest["behind"]]
    decoration = sum(len(part) - sum(map(part.count, WHITE)) for part in signs[1:])
    if decoration > MAX_DECORATION:
        return None
    bare = _LIST_ITEM.sub("", front, count=1)
    decorated = len(bare) <= MAX_DECORATION and not re.search(r"\w", bare)
    if slips:
        # Two slashes, or a word in lower case, behind code is a comment.
        return slips[0] if decorated and not second and not cut and match["name"][0].isupper() else None
    if second:
        return "another marker is before it on the line"
    if cut or not decorated:
        return "other text is before it on the line"
    sign = next((part.strip(WHITE) for part in signs if part.strip(WHITE)), None)
    return None if sign is None else f'there is "{escape_control_chars(sign)}" on the line'


def _slips(grammar: Grammar, match: re.Match[str]) -> list[str]:
    slips = []
    if match["signs"] != grammar.prefix:
        slips.append(f'it begins with "{match["signs"]}" instead of "{grammar.prefix}"')
    word = match["word"]
    if word not in {grammar.start, grammar.end}:
        right = grammar.end if word.upper() == grammar.end.upper() else grammar.start
        slips.append(f'its keyword is "{word}" instead of "{right}"')
    return slips
