"""Search one chunk for the lines that matter: the part of the scanner that keeps no state.

Positions are indexes into the chunk. All functions respect the promise that no character is examined more
than twice, so none of them searches a part of the chunk that its caller has searched already.
"""

import re
from typing import Final, TypeAlias

from componentstream.core.automaton import (
    CANDIDATE_END,
    CANDIDATE_START,
    INFO_TICKS,
    LEAD,
    NO_FENCES,
    TEXT,
    TICKS,
    LineMachine,
)
from componentstream.core.grammar import WHITE

CANDIDATES: Final = frozenset({CANDIDATE_START, CANDIDATE_END})
NOWHERE: Final = -1

BLANK_LINES: Final = re.compile(rf"((?:[{WHITE}\r]*+\n)*+)[{WHITE}]*+(\r[{WHITE}\r]*+)?")
"""Blank lines (group 1) and the white space before text. Group 2 is a CR in the latter, and all after it."""

# A plain tuple, because a NamedTuple is slower to create: by 2 % of the parser's time per chunk.
LineScan: TypeAlias = tuple[int, int, int, int, int]
"""The part of a chunk that a fast path has examined before it gave the chunk to the slow path.

The slow path continues from there, because a character may be examined twice at most. The items are: the
first LF, which ends a line of text or a candidate; the last LF; the first marker prefix in the complete
lines between them; how far the last line has been read; and its state at that position. A position is
`NOWHERE` if it was not searched for. Without a first LF the last line is the one that the chunk begins with.
"""

UNSCANNED: Final[LineScan] = (NOWHERE, NOWHERE, NOWHERE, 0, LEAD)


def run_machine(
    machine: LineMachine, chunk: str, pos: int, *, limit: int, state: int, fences: int
) -> tuple[int, int]:
    """Run the line machine from `pos` until the line is decided or ends.

    A line that is undecided at position `limit` is text: a marker or fence may not be longer.

    Args:
        machine: the machine of the language.
        chunk: the text.
        pos: where to begin.
        limit: position at which the line has its maximum length.
        state: state of the line at `pos`.
        fences: which fences would be dropped on this line.

    Returns:
        the position reached and the state of the line there.
    """
    steps, others, end = machine.steps[fences], machine.others[fences], len(chunk)
    while pos < end and pos <= limit:
        char = chunk[pos]
        if char == "\n":
            break
        state = steps[state].get(char, others[state])
        pos += 1
        if state < LEAD:
            break
    if state >= LEAD and pos > limit:
        # Over the limit by a CR alone: it belongs to the line end if an LF follows, here or later.
        returned = state in machine.returns and (pos == end or chunk[pos] == "\n")
        state = state if returned else TEXT
    return pos, state


def skip_text(
    machine: LineMachine, chunk: str, pos: int, *, stop: int, hit: int, fences: int
) -> tuple[int, int, int, re.Pattern[str]]:
    """Skip complete lines of text, up to one that begins like a marker or like a fence to be dropped.

    Args:
        machine: the machine of the language.
        chunk: the text.
        pos: where the first line begins.
        stop: the position after the last LF.
        hit: position of the first prefix if known, `stop` if there is none, `NOWHERE` if unknown.
        fences: which fences would be dropped on these lines.

    Returns:
        the number of lines skipped, where the line that was found begins, how far it has been read (`stop`
        in both if there is none), and the pattern for the rest of it.
    """
    if fences != NO_FENCES:
        # Two beginnings are searched for at once. The search starts at the LF before `pos`, which is always
        # in the chunk, because the pattern needs a line end.
        match = machine.interest.search(chunk, pos - 1, stop - 1)
        start, at = (match.start() + 1, match.end()) if match else (stop, stop)
        pattern = machine.rest[match.lastindex or 0] if match else machine.keyword
        return chunk.count("\n", pos, start), start, at, pattern
    # Only the prefix matters: `find` is several times faster than a pattern. A prefix after something other
    # than white space is text, and the search continues on the next line.
    prefix, lines, start = machine.prefix, 0, pos
    while 0 <= (lead := hit if hit >= start else chunk.find(prefix, start, stop - 1)) < stop:
        begin, char = lead, ""
        while begin > start and (char := chunk[begin - 1]) in WHITE:
            begin -= 1
        lines += chunk.count("\n", start, begin)
        if begin == start or char == "\n":
            return lines, begin, lead + len(prefix), machine.keyword
        start = chunk.find("\n", lead + len(prefix)) + 1
        lines += 1
    return lines + chunk.count("\n", start, stop), stop, stop, machine.keyword


def classify(pattern: re.Pattern[str], line: str, room: int) -> tuple[int | None, int]:
    """Return the kind of a complete line, None for text, and the length of its decisive part.

    Args:
        pattern: the pattern of the machine that fits `line`.
        line: the rest of the line, without its LF.
        room: the number of characters of it that a marker or fence may have.
    """
    match = pattern.match(line)
    kind = match.lastindex if match else None
    if match is None or kind is None:
        return None, 0
    # A candidate that is too long is an error, reported later. A fence that is too long is text, and so is a
    # line whose keyword lies beyond the limit: in parts it could not have been held that far.
    needed = match.end() if kind >= TICKS else match.end(kind)
    if needed > room:
        return None, 0
    return kind + INFO_TICKS - TICKS if kind >= TICKS and match[kind] else kind, match.end()
