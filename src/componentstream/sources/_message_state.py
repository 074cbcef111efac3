"""The state of a provider's message, from all of its events together."""

from typing import Final

from componentstream.core import codes
from componentstream.sources._kinds import kind_of
from componentstream.sources._message_order import MessageOrder
from componentstream.sources._message_usage import MessageUsage
from componentstream.sources._names import Names
from componentstream.sources._tool_calls import ToolCallDecoder
from componentstream.sources.pieces import INCOMPLETE, Piece, Reasoning, SourceError, Thinking
from componentstream.sources.providers.reading import NOTHING, Reading

_SPLICED: Final = SourceError(
    codes.SOURCE_INCOMPLETE,
    "Another message began before the provider had ended its answer.",
    fatal=True,
    retryable=True,
)
_MAX_KINDS: Final = 3
_NO_ECHO: Final = 1_000_000


class ProviderMessageState:
    """Turns the readings of the events of one source into pieces.

    Args:
        thinking: ``emit`` returns reasoning; otherwise an empty piece shows that the model is thinking.
        tool: Decoder of the tool whose calls are the text; None if the answer itself is.

    Attributes:
        failed: Whether a fatal error has come; further calls return [].
        recognized: Whether any event was known.
        ignored: Number of events that were not known.
        has_text: Whether the source has given text as it is, beside events.
    """

    def __init__(self, thinking: Thinking = "drop", tool: ToolCallDecoder | None = None) -> None:
        self.failed = False
        self.recognized = False
        self.ignored = 0
        self.has_text = False
        self._kinds: list[str] = []
        self._tool = tool
        self._tool_echo = _NO_ECHO  # the lowest number of an echo that had calls
        self._gave_text = False
        self._has_calls = False
        self._called_tools = Names()
        self._emits_reasoning = thinking == "emit"
        self._is_thinking = False
        self._began = False  # an event had a meaning
        self._open = False
        self._ended = False
        self._stop_reported = False
        self._echo = _NO_ECHO  # the lowest number of an echo that had text
        self._order = MessageOrder()
        self._usage = MessageUsage()

    def add(self, event: object, reading: Reading | None) -> list[Piece]:
        """Return the pieces that the reading of an event adds; None means that the event is not known."""
        if self.failed:
            return []
        if reading is None:
            self.ignore(kind_of(event))
            return []
        self.recognized = True
        self._began = self._began or reading != NOTHING
        has_content = bool((reading.text and not reading.echo) or reading.tool)
        if self._open and self._order.is_spliced(
            reading.id, starts=reading.starts, has_content=has_content or bool(reading.reasoning)
        ):
            return self.fail(_SPLICED)
        if reading.tool or reading.calls:
            self._has_calls = True
            self._called_tools.add(*(part.name for part in reading.calls))
        self._usage.add(reading, ended=self._ended)
        self._move(reading, has_content=has_content)
        text = self._text(reading) if self._tool is None else self._called(reading, self._tool)
        pieces: list[Piece] = [*self._reasoning(reading), *text]
        if self.failed:  # the error of a call is the last piece
            return [*pieces[:-1], *self._usage.changes(), pieces[-1]]
        if self._ended or (reading.error is not None and reading.error.fatal):
            pieces += self._usage.changes()
        if reading.error is not None:
            pieces += self._error(reading.error)
        return [*pieces, *self._calls_ended(tentative=reading.tentative)] if reading.ends else pieces

    def fail(self, error: SourceError) -> list[Piece]:
        """Return the pieces for a fatal error that is not an event; nothing follows them."""
        self.failed = True
        return [*self._usage.changes(), error]

    @property
    def touched(self) -> bool:
        """Whether anything has come, known or not."""
        return self.recognized or bool(self._kinds)

    def ignore(self, kind: str) -> None:
        """Count an event that is not known; ``kind`` describes it in a message."""
        self.ignored += 1
        self.note(kind)

    def note(self, kind: str) -> None:
        """Remember the kind of something that is not a known event."""
        if len(self._kinds) < _MAX_KINDS and kind not in self._kinds:
            self._kinds.append(kind)

    def message_ended(self) -> list[Piece]:
        """Return the pieces that the end of a message adds, if that is not an event."""
        self._open = False
        self._ended = True
        return [*self._usage.changes(), *self._calls_ended()]

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the source adds."""
        if self.failed:
            return []
        pieces: list[Piece] = [*self._usage.changes()]
        if self._open or (self.recognized and not self._began and not self.has_text):
            pieces.append(INCOMPLETE)
        elif self._kinds and not self.recognized and not self.has_text:
            pieces.append(_not_understood(self._kinds))
        elif self._tool is not None:
            pieces += self._from_calls(self._tool.close())
        elif self._has_calls and not (self._gave_text or self.has_text or self._stop_reported):
            pieces.append(_without_text(self._called_tools))
        return pieces

    def _move(self, reading: Reading, *, has_content: bool) -> None:
        # An agent may ask for several messages in one stream; each must be ended, and may be cut short.
        if not self._open and (reading.starts or (reading.opens and (has_content or not self._ended))):
            self._open = True
            self._ended = False
            self._stop_reported = False
            self._order = MessageOrder()
            self._order.is_spliced(
                reading.id, starts=False, has_content=has_content or bool(reading.reasoning)
            )
        if reading.ends:
            self._open = False
            self._ended = True

    def _reasoning(self, reading: Reading) -> list[Piece]:
        if not reading.reasoning:
            return []
        if self._emits_reasoning:
            return [Reasoning(reading.reasoning)]
        if self._is_thinking:
            return []
        self._is_thinking = True
        return [Reasoning("")]

    def _text(self, reading: Reading) -> list[Piece]:
        # An event that could have had text of its own silences echoes too: these may repeat another choice.
        if reading.text is None or reading.echo > self._echo:
            return []
        if reading.text or not reading.echo:
            self._echo = reading.echo
        if not reading.text:
            return []
        self._is_thinking = False
        # Models write line ends before a call.
        self._gave_text = self._gave_text or not reading.text.isspace()
        return [reading.text]

    def _called(self, reading: Reading, tool: ToolCallDecoder) -> list[Piece]:
        if not reading.calls or reading.echo > self._tool_echo:
            return []
        self._tool_echo = reading.echo
        self._is_thinking = False
        return self._from_calls(tool.feed(reading.calls))

    def _calls_ended(self, *, tentative: bool = False) -> list[Piece]:
        """Return the pieces that the end of a message adds to the calls of the tool."""
        if self._tool is None or self.failed:
            return []
        return self._from_calls(self._tool.end_message(tentative=tentative))

    def _from_calls(self, pieces: list[Piece]) -> list[Piece]:
        # A call that the provider's own stop has cut short is told already.
        told = self._stop_reported
        kept = [piece for piece in pieces if not (told and isinstance(piece, SourceError) and piece.fatal)]
        self.failed = self.failed or any(isinstance(piece, SourceError) and piece.fatal for piece in kept)
        return kept

    def _error(self, error: SourceError) -> list[Piece]:
        # Some servers repeat the reason in a last chunk that reports usage.
        if not error.fatal and self._stop_reported:
            return []
        self.failed = error.fatal
        self._stop_reported = True
        return [error]


def _without_text(tools: Names) -> SourceError:
    named = f": {tools}" if tools else ""
    return SourceError(
        codes.SOURCE_WITHOUT_TEXT,
        f"The answer has no text, only tool calls{named}. If the page is an argument of one, pass the names "
        "of both to the decoder, as tool= and argument=.",
    )


def _not_understood(kinds: list[str]) -> SourceError:
    return SourceError(
        codes.SOURCE_NOT_UNDERSTOOD,
        f"Nothing in the source was understood. It began with: {', '.join(kinds)}. "
        "Choose the decoder that fits the source, or map its chunks to their text.",
        fatal=True,
    )
