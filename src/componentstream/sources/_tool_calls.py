"""The text of the calls of one tool, from the parts of calls that the events of a source bring."""

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

from componentstream.core import codes
from componentstream.core.errors import UsageError
from componentstream.sources.pieces import Piece, SourceError
from componentstream.sources.tool_arguments import ToolArgumentDecoder


class ToolFragment(NamedTuple):
    """A part of a call of a tool.

    Attributes:
        key: Distinguishes the call from the others in its message. Of several parts with the key None, each
            that has a name begins a call, and the others continue it.
        name: Name of the tool, in the first part of a call at least.
        id: Id of the call, where the provider gives one. Another id begins another call with the same key.
        text: Fragment of the arguments as JSON text, or of a free-form input.
        arguments: The whole arguments.
        added: Text that is added to arguments that are strings, by their names.
    """

    key: Hashable = None
    name: str | None = None
    id: str | None = None
    text: str | None = None
    arguments: Mapping[str, object] | None = None
    added: Mapping[str, str] | None = None


class _Call:
    """The current call of the tool.

    Attributes:
        given: Whether it has given its text, even an empty one.
    """

    def __init__(self, argument: str | None) -> None:
        self.given = argument is None
        self._argument = argument
        self._decoder = None if argument is None else ToolArgumentDecoder(argument)

    def feed(self, fragment: ToolFragment) -> list[Piece]:
        decoder = self._decoder
        if decoder is None:
            return [fragment.text] if fragment.text else []
        pieces: list[Piece] = []
        if fragment.added and (added := fragment.added.get(decoder.argument)) is not None:
            self.given = True
            pieces += [added] if added else []
        if fragment.arguments:
            pieces += decoder.feed(fragment.arguments)
        if fragment.text:
            pieces += decoder.feed(fragment.text)
        self.given = self.given or decoder.found
        return pieces

    def close(self) -> list[Piece]:
        if self._decoder is None or (self.given and not self._decoder.found):
            return []
        return self._decoder.close()


class ToolCallDecoder:
    """A stage from parts of tool calls to the text of one tool's calls.

    Several calls give one text, in order. A line end separates two of them, so that a marker at the beginning
    of the second acts. Another call of the tool ends the current one, which must be complete then: providers
    send the calls of one message one after the other.

    Args:
        tool: Name of the tool.
        argument: Name of the argument that is the text; None for a tool whose input is not JSON.
    """

    def __init__(self, tool: str, argument: str | None) -> None:
        if not (tool and isinstance(tool, str)):
            raise UsageError(f"tool must be the name of a tool, not {tool!r:.80}.")
        if argument is not None and not isinstance(argument, str):
            raise UsageError(f"argument must be the name of an argument or None, not {argument!r:.80}.")
        self._tool = tool
        self._argument = argument
        self._ids: dict[Hashable, str | None] = {}  # of the calls in the message, by their keys
        self._key: Hashable = None  # of the current call
        self._call: _Call | None = None
        self._given = False  # whether a call that has ended has given its text
        self._separates = False  # whether a line end belongs before the next text
        self._last = ""  # the last character of the text so far

    def feed(self, fragments: Iterable[ToolFragment]) -> list[Piece]:
        """Return the text that parts of calls add, and the errors of calls that they end."""
        pieces: list[Piece] = []
        for fragment in fragments:
            if self._begins(fragment):
                pieces += self._begin(fragment)
            if self._call is not None and fragment.key == self._key:
                pieces += self._separated(self._call.feed(fragment))
        return pieces

    def end_message(self) -> list[Piece]:
        """Return the pieces that the end of a message adds; the next message numbers its calls anew."""
        self._ids.clear()
        return self._end()

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the source adds."""
        pieces = self._end()
        if self._given or any(isinstance(piece, SourceError) and piece.fatal for piece in pieces):
            return pieces
        which = "" if self._argument is None else f" with a string argument {self._argument!r:.80}"
        message = f"The answer has no call of the tool {self._tool!r:.80}{which}."
        return [*pieces, SourceError(codes.SOURCE_NOT_UNDERSTOOD, message, fatal=True)]

    def _begins(self, fragment: ToolFragment) -> bool:
        if not fragment.name:
            return False
        if fragment.key is None or fragment.key not in self._ids:
            return True
        # Some servers repeat the name in each part, and some give all calls of a message the same index.
        return fragment.id is not None and fragment.id != self._ids[fragment.key]

    def _begin(self, fragment: ToolFragment) -> list[Piece]:
        self._ids[fragment.key] = fragment.id
        wanted = fragment.name == self._tool
        # A call of another tool does not end the current one, unless it takes its key.
        ended = self._end() if wanted or fragment.key == self._key else []
        if wanted:
            self._key = fragment.key
            self._call = _Call(self._argument)
            self._separates = self._last not in ("", "\n")
        return ended

    def _end(self) -> list[Piece]:
        call, self._call = self._call, None
        if call is None:
            return []
        self._given = self._given or call.given
        return self._separated(call.close())

    def _separated(self, pieces: list[Piece]) -> list[Piece]:
        texts = [piece for piece in pieces if isinstance(piece, str)]
        if not texts:
            return pieces
        separator: list[Piece] = ["\n"] if self._separates else []
        self._separates = False
        self._last = texts[-1][-1]
        return [*separator, *pieces]


def tool_call_decoder(tool: str | None, argument: str | None) -> ToolCallDecoder | None:
    """Return the decoder for the options of a source decoder; None if the answer itself is the text.

    Raises:
        UsageError: An option is invalid, or ``argument`` comes without ``tool``.
    """
    if tool is not None:
        return ToolCallDecoder(tool, argument)
    if argument is not None:
        raise UsageError("argument names an argument of a tool; pass the name of the tool too, as tool=.")
    return None
