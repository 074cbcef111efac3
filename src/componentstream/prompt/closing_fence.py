"""Drop the fence that closes one which was dropped before."""

import re
from typing import Final

from componentstream.core.grammar import WHITE

_MAX_HELD: Final = 512
_UNDECIDED: Final = re.compile(rf"[{WHITE}]*(?:`*|~*)[{WHITE}]*\r?")
_FENCE: Final = re.compile(rf"[{WHITE}]*(`{{3,}}|~{{3,}})[{WHITE}]*")
_BARE: Final = re.compile(r"\r?\n?")


class ClosingFence:
    """A stage that drops one bare fence: the first that does not close a fence opened in the text.

    Args:
        char: the character of the fence, a backtick or a tilde; empty to drop none.
    """

    def __init__(self, char: str) -> None:
        self._char = char
        self._held = ""
        self._line_start = True
        self._nested = 0
        self.dropped: str = ""

    def feed(self, text: str) -> list[str]:
        """Return the text without the fence; a line that may be the fence is held."""
        kept: list[str] = []
        text, self._held = self._held + text, ""
        at = 0
        while self._char and at < len(text):
            end = text.find("\n", at) + 1
            line = text[at : end or None]
            if self._line_start:
                # One more than the limit, which may be the CR of the line end.
                if not end and len(line) <= _MAX_HELD + 1 and _UNDECIDED.fullmatch(line):
                    self._held = line
                    break
                if self._closes(line):
                    self._char, self.dropped, line = "", line, ""
            kept.append(line)
            self._line_start = bool(end)
            at = end or len(text)
        else:
            kept.append(text[at:])
        return ["".join(kept)] if any(kept) else []

    def close(self) -> list[str]:
        """Return the held text, unless it is the fence."""
        held, self._held = self._held, ""
        if held and self._closes(held):
            self._char, self.dropped, held = "", held, ""
        return [held] if held else []

    def _closes(self, line: str) -> bool:
        """Return whether a line is the fence to drop; count the fences that are opened and closed before."""
        match = _FENCE.match(line)
        # Judged by the part that decides: the rest of the line may be in another chunk.
        if match is None or match.end() > _MAX_HELD or match[1][0] != self._char:
            return False
        if not _BARE.fullmatch(line, match.end()):
            self._nested += 1
            return False
        self._nested -= 1
        return self._nested < 0
