"""The text that a parser may hold back, derived from the protocol alone.

A character may be held only while its line can still become a marker, or a fence that would be dropped. The
functions here decide that from the text fed and the events returned; they do not use the state of the
parser.
"""

import re

from componentstream.core.events import ComponentBlock, ContentBlockStart, ContentBlockStop
from tests.properties.accounting import WS

_BLANKS = f"[{WS}]*"
_INFO = f"(?:[^`\\r{WS}](?:[^`\\r]{{0,126}}[^`\\r{WS}])?)?"


def why_not(text, events, pending, grammar, limits):
    """Return why `pending` may not be held after `text` gave `events`, None if it may.

    Before any text outside components the white space of a held line may be gone: it is dropped for any
    kind of line.
    """
    blank, lines = _whole_lines(text, len(text) - len(pending))
    if not text.endswith(pending) or blank.strip(WS) or (blank and _open_blocks(events)):
        return "it is not the end of the text from the beginning of a line"
    *fences, line = lines.split("\n")
    if len(fences) > 1:
        return "it is more than a fence and a line"
    if max(len(part.removesuffix("\r")) for part in (*fences, line)) > limits.max_marker_chars:
        return "a line is too long"
    top = _innermost(events)
    fence_kind = _droppable(text, top, len(text) - len(lines), grammar)
    if fences:
        return _why_not_fence(fences[0], line, fence_kind, top, grammar)
    fence = _partial_fence(fence_kind) if fence_kind else "(?!)"
    either = f"(?:{fence}|{_partial_marker(grammar, (grammar.start, grammar.end))})"
    if re.fullmatch(either, line, re.DOTALL):
        return None
    return "the line can be neither a marker nor a fence that is dropped"


def _why_not_fence(fence, line, kind, top, grammar):
    if kind == "first":
        return "a fence in the first line is dropped at once"
    if not kind or not _is_fence(fence, kind):
        return "its first line is not a fence that the next line could drop"
    if not line:
        return None
    keywords = (grammar.end,) if top else (grammar.start,)
    if top and _can_be_closed_by_a_start(top, grammar):
        keywords = (grammar.start, grammar.end)
    if re.fullmatch(_partial_marker(grammar, keywords), line, re.DOTALL):
        return None
    return f"the line after the fence cannot become {' or '.join(keywords)}"


def _can_be_closed_by_a_start(top, grammar):
    is_root = top.block.position == "root"
    return grammar.nesting == "close" or (grammar.nesting == "sections" and not is_root)


def _whole_lines(text, begin):
    """Return the text before `begin` in its line, and all text from the beginning of that line."""
    start = max(text.rfind("\n", 0, begin) + 1, text.startswith("\ufeff"))
    return text[start:begin], text[start:]


def _innermost(events):
    """Return the START event of the innermost open component."""
    blocks = _open_blocks(events)
    return blocks[-1] if blocks and isinstance(blocks[-1].block, ComponentBlock) else None


def _open_blocks(events):
    stack = []
    for event in events:
        if isinstance(event, ContentBlockStart):
            stack.append(event)
        elif isinstance(event, ContentBlockStop):
            stack.pop()
    return stack


def _droppable(text, top, line_begin, grammar):
    """Return which fences may be dropped in the line that begins there.

    The first line of a component gives "first", other lines outside "any", and inside the character of the
    bare fences that may be dropped, "" for none.
    """
    if grammar.fences == "keep":
        return ""
    if top is None:
        return "any" if grammar.outside == "emit" else ""
    body = top.span[1]
    if line_begin == body:
        return "first"
    first_line = text[body:].split("\n", 1)[0]
    return first_line.strip(WS)[0] if _is_fence(first_line, "any") else ""


def _is_fence(line, kind):
    return re.fullmatch(_fence(kind), line.removesuffix("\r"), re.DOTALL) is not None


def _partial_fence(kind):
    """Return the pattern of all beginnings of fences that may be dropped."""
    characters = kind if kind in ("`", "~") else "`~"
    few = "|".join(f"{char}{{0,2}}" for char in characters)
    return f"(?:{_BLANKS}(?:{few})|{_fence(kind)}\r?)"


def _fence(kind):
    if kind in ("`", "~"):
        return f"{_BLANKS}{kind}{{3,}}{_BLANKS}"
    return f"{_BLANKS}(?:`{{3,}}|~{{3,}}){_BLANKS}{_INFO}{_BLANKS}"


def _partial_marker(grammar, keywords):
    """Return the pattern of all beginnings of candidates, those that wait for the LF after a CR included."""
    prefix = re.escape(grammar.prefix)
    heads = "|".join(f"{_beginnings(word)}|{word}(?:\r|[{WS}].*)" for word in keywords)
    return f"{_BLANKS}(?:{_beginnings(grammar.prefix)}|{prefix}{_BLANKS}(?:{heads}))"


def _beginnings(word):
    return "(?:" + "|".join(re.escape(word[:size]) for size in range(len(word) + 1)) + ")"
