"""The text of the calls of one tool, from the parts of calls that the events of a source bring."""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from typing import Final, NamedTuple

from componentstream.core import codes
from componentstream.core.arguments import shown
from componentstream.core.errors import UsageError
from componentstream.sources._names import Names
from componentstream.sources.pieces import Piece, SourceError
from componentstream.sources.tool_arguments import ToolArgumentDecoder

_MAX_CALLS: Final = 1024
_MAX_WAITING: Final = 1024 * 1024
"""Characters that wait for a call to end; a model writes 1 Mi characters in hours."""

_TOO_MUCH_WAITS: Final = SourceError(
    codes.SOURCE_INCOMPLETE,
    "Too much text of parallel calls of the tool waits for a call before them that does not end.",
    fatal=True,
    retryable=True,
)
_INTERLEAVED: Final = SourceError(
    codes.SOURCE_NOT_UNDERSTOOD,
    "Parallel calls of the tool came mixed, and its input is free-form; ask for one call at a time.",
    fatal=True,
)


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
    """A call of the tool.

    Attributes:
        given: Whether it has given its text, even an empty one.
        started: Whether any of its text has been returned.
        closed: Whether it has ended, and gets no more parts.
        held: Pieces that wait for the calls before it.
        arguments: Names of arguments that came and are not the text.
    """

    def __init__(self, argument: str | None) -> None:
        self.given = argument is None
        self.started = False
        self.closed = False
        self.held: list[Piece] = []
        self.arguments = Names()
        self._argument = argument
        self._decoder = None if argument is None else ToolArgumentDecoder(argument)

    @property
    def ended(self) -> bool:
        """Whether nothing that follows can add to the text."""
        return self.closed or (self._decoder is not None and self._decoder.ended)

    def feed(self, fragment: ToolFragment) -> list[Piece]:
        """Return the text that a part of the call adds."""
        decoder = self._decoder
        if decoder is None:
            return [fragment.text] if fragment.text else []
        pieces: list[Piece] = []
        self.arguments.add(*(fragment.added or ()))
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
        """Return the pieces that the end of the call adds."""
        self.closed = True
        if self._decoder is None or (self.given and not self._decoder.found):
            return []
        self.arguments.add(*self._decoder.others)
        return self._decoder.close()


class ToolCallDecoder:
    """A stage from parts of tool calls to the text of one tool's calls.

    Several calls give one text, in order. A line end separates two of them, so that a marker at the beginning
    of the second acts. Parts of parallel calls may come mixed: the text of the first call leaves at once, and
    that of the others waits until the calls before them have ended. The end of a free-form input is not
    visible, so another call ends it. Nothing follows a fatal error.

    Args:
        tool: Name of the tool.
        argument: Name of the argument that is the text; None for a tool whose input is not JSON.
    """

    def __init__(self, tool: str, argument: str | None) -> None:
        if not (tool and isinstance(tool, str)):
            raise UsageError(f"tool must be the name of a tool, not {shown(tool)}.")
        if argument is not None and not isinstance(argument, str):
            raise UsageError(f"argument must be the name of an argument or None, not {shown(argument)}.")
        self._tool = tool
        self._argument = argument
        # The id of each call in the message, by its key; the call itself, if it is one of the tool.
        self._known: dict[Hashable, tuple[str | None, _Call | None]] = {}
        self._open: deque[_Call] = deque()  # the calls of the tool that have not ended; the first is not held
        self._waiting = 0  # characters of the others
        self._given = False  # whether a call that has ended has given its text
        self._other_tools = Names()
        self._arguments = Names()  # of calls of the tool that have not given their text
        self._last = ""  # the last character of the text so far

    def feed(self, fragments: Iterable[ToolFragment]) -> list[Piece]:
        """Return the text that parts of calls add, and the errors of calls that they end."""
        pieces: list[Piece] = []
        for fragment in fragments:
            for step in (self._begin, self._add):
                pieces += step(fragment)
                if _is_failed(pieces):
                    self._forget()
                    return pieces
        return pieces

    def end_message(self, *, tentative: bool = False) -> list[Piece]:
        """Return the pieces that the end of a message adds; the next message numbers its calls anew.

        Args:
            tentative: Whether the message may continue: then it does not end while a call is incomplete.
        """
        if tentative and self._open:
            return []
        self._known.clear()
        for call in self._open:
            call.closed = True
        return self._advance()

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the source adds."""
        pieces = self.end_message()
        if self._given or _is_failed(pieces):
            return pieces
        which = "" if self._argument is None else f" with a string argument {self._argument!r:.80}"
        message = f"The answer has no call of the tool {self._tool!r:.80}{which}."
        if self._arguments:
            message += f" The arguments of its calls are {self._arguments}."
        elif self._other_tools:
            message += f" It calls {self._other_tools}."
        return [*pieces, SourceError(codes.SOURCE_NOT_UNDERSTOOD, message, fatal=True)]

    def _begins(self, fragment: ToolFragment) -> bool:
        if not fragment.name:
            return False
        if fragment.key is None or fragment.key not in self._known:
            return True
        # Some servers repeat the name in each part, and some give all calls of a message the same index.
        return fragment.id is not None and fragment.id != self._known[fragment.key][0]

    def _begin(self, fragment: ToolFragment) -> list[Piece]:
        if not self._begins(fragment):
            return []
        _, replaced = self._known.pop(fragment.key, (None, None))
        if replaced is not None:
            replaced.closed = True
        call = _Call(self._argument) if fragment.name == self._tool else None
        if len(self._known) >= _MAX_CALLS:
            del self._known[next(iter(self._known))]
        self._known[fragment.key] = fragment.id, call
        if call is not None:
            if self._open and self._argument is None:
                self._open[-1].closed = True
            self._open.append(call)
        else:
            self._other_tools.add(fragment.name)
        return [_TOO_MUCH_WAITS] if len(self._open) > _MAX_CALLS else self._advance()

    def _add(self, fragment: ToolFragment) -> list[Piece]:
        _, call = self._known.get(fragment.key, (None, None))
        if call is None:
            return []
        if call.closed:
            return [_INTERLEAVED] if fragment.text and self._argument is None else []
        pieces = call.feed(fragment)
        if call is self._open[0]:
            return [*self._separated(call, pieces), *self._advance()]
        call.held += pieces
        self._waiting += _characters(pieces)
        return [_TOO_MUCH_WAITS] if self._waiting > _MAX_WAITING else []

    def _advance(self) -> list[Piece]:
        """End the calls that can be ended, in order, and return their pieces and the text behind them."""
        pieces: list[Piece] = []
        while self._open and self._open[0].ended:
            call = self._open.popleft()
            pieces += self._separated(call, call.close())
            self._given = self._given or call.given
            self._arguments.add(*call.arguments)
            if _is_failed(pieces):
                self._forget()
            elif self._open:
                following = self._open[0]
                self._waiting -= _characters(following.held)
                pieces += self._separated(following, following.held)
                following.held = []
        return pieces

    def _forget(self) -> None:
        """Forget all calls: nothing follows a fatal error."""
        self._known.clear()
        self._open.clear()
        self._waiting = 0

    def _separated(self, call: _Call, pieces: list[Piece]) -> list[Piece]:
        texts = [piece for piece in pieces if isinstance(piece, str)]
        if not texts:
            return pieces
        separator = [] if call.started or self._last in ("", "\n") else ["\n"]
        call.started = True
        self._last = texts[-1][-1]
        return [*separator, *pieces]


def _characters(pieces: list[Piece]) -> int:
    return sum(len(piece) for piece in pieces if isinstance(piece, str))


def _is_failed(pieces: list[Piece]) -> bool:
    """Return whether pieces end with a fatal error."""
    return bool(pieces) and isinstance(pieces[-1], SourceError) and pieces[-1].fatal


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
