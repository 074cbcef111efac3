"""Join the answer of a second call to that of a first one, which a length limit cut off."""

from collections.abc import Mapping
from typing import Final

from componentstream.core.arguments import described
from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.prompt.closing_fence import ClosingFence
from componentstream.prompt.languages import texts_in
from componentstream.prompt.prologue import Dropped, Prologue
from componentstream.prompt.repetition import repeated

_WINDOW: Final = 16_384
_MAX_SHOWN: Final = 200
_LEAVE: Final = (
    "so its components are closed; take the snapshot before close(), and leave the loop over parse() "
    "at the event source_truncated."
)


def continue_prompt(received: str, parser: ComponentParser | None = None, *, language: str = "en") -> str:
    """Return the message that asks a model to continue an answer that was cut off.

    Send it after the answer so far. Read the new answer through a :class:`Continuation`.

    Args:
        received: the text of the answer so far, or its end.
        parser: the parser that read it, before its end; the message names its open components.
        language: the language of the message: ``en`` or ``de``.

    Raises:
        UsageError: the language is unknown, or the stream of `parser` has ended.
    """
    texts = texts_in(language)
    if parser is not None and (parser.closed or parser.failed):
        raise UsageError(f"continue_prompt: the stream of the parser has ended, {_LEAVE}")
    sentences = [texts.go_on]
    if parser is not None and parser.open_components:
        sentences.append(texts.still_open.format(names=", ".join(parser.open_components)))
    if last := received[-_WINDOW:].rstrip().rpartition("\n")[2]:
        sentences.append(texts.ended_with.format(line=last.strip()[-_MAX_SHOWN:]))
    return " ".join(sentences)


class Continuation:
    """A stage between the answer of a second call and the parser of the first.

    It drops, from the beginning of the second answer, all that would damage the component in which the first
    was cut off: an introduction, a code fence, the START of a component that is open, and text that repeats
    the end of the first answer. A fence that was dropped is dropped at its other end too. Any other text is
    passed on unchanged::

        snapshot = parser.snapshot()  # before close()
        ...
        joined = Continuation(snapshot, received)
        for chunk in second_answer:
            for text in joined.feed(chunk):
                use(joined.parser.feed(text))

    The text does not depend on the chunks. Up to 8 short lines of the answer are held until it is clear
    whether they are an introduction, and a repetition is held while it lasts.

    Args:
        snapshot: the snapshot of the parser that read the first answer.
        received: the first answer, or its end; without it repeated text is not recognised. The last 16,384
            characters are used.
        grammar: the grammar of that parser.
        limits: its limits.

    Attributes:
        parser: the restored parser, to be fed with the text that this stage returns.

    Raises:
        UsageError: the snapshot cannot be restored or was taken after the end of the stream, or `received`
            is not the text that the parser had read.
    """

    def __init__(
        self,
        snapshot: Mapping[str, object],
        received: str = "",
        *,
        grammar: Grammar = Grammar(),
        limits: Limits = Limits(),
    ) -> None:
        self.parser: ComponentParser = ComponentParser.restore(snapshot, grammar=grammar, limits=limits)
        if self.parser.closed or self.parser.failed:
            raise UsageError(f"Continuation: the stream has ended, {_LEAVE}")
        pending = self.parser.pending
        if received and not received.endswith(pending):
            raise UsageError("Continuation: received must be the text that the parser was fed, or its end.")
        self._received = received[-_WINDOW:] or pending
        line = self._received.rpartition("\n")[2]
        held = bool(pending) and not pending.endswith("\n")
        self._grammar = grammar
        self._prologue: Prologue | None = Prologue(grammar, self.parser.open_components, line, held=held)
        self._repetition: Prologue | None = None
        self._fence = ClosingFence("")
        self._dropped: list[Dropped] = []
        self._text = ""
        self._at = 0
        self._closed = False

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """All that was dropped so far, in the order of the text."""
        closing = self._fence.dropped
        return (*self._dropped, *([Dropped("fence", closing)] if closing else []))

    def feed(self, text: str) -> list[str]:
        """Return the text of a chunk that belongs to the continued answer, and that held before.

        Raises:
            UsageError: `text` is not a str, or the stage is closed.
        """
        if not isinstance(text, str):
            raise UsageError(f"feed takes str, not {described(text)}.")
        if self._closed:
            raise UsageError("feed after close; make a new Continuation for each answer.")
        # Reading comes first: it may replace the stage for the closing fence.
        text = self._read(text, last=False)
        return self._fence.feed(text)

    def close(self) -> list[str]:
        """End the answer; return the text that was still held."""
        if self._closed:
            return []
        self._closed = True
        text = self._read("", last=True)
        return [*self._fence.feed(text), *self._fence.close()]

    def _read(self, text: str, *, last: bool) -> str:
        """Return the text that is decided, without prologue and repetition."""
        self._text += text
        if self._prologue is not None:
            self._read_prologue(self._prologue, last=last)
        if self._prologue is None and self._repetition is not None:
            self._read_repetition(self._repetition, last=last)
        if self._prologue is not None or self._repetition is not None:
            return ""
        text, self._text = self._text, ""
        return text

    def _read_prologue(self, prologue: Prologue, *, last: bool) -> None:
        while True:
            end = self._text.find("\n") + 1
            if not end and (not self._text or prologue.expects(self._text)) and not last:
                return
            line, self._text = self._text[: end or None], self._text[end or len(self._text) :]
            # An incomplete line that cannot be part of the prologue ends it, as the end of the answer does.
            if not prologue.take(line) or not end:
                break
        self._text = prologue.text + self._text
        self._dropped += prologue.dropped
        self._prologue, self._repetition = None, prologue

    def _read_repetition(self, prologue: Prologue, *, last: bool) -> None:
        # Where the text occurred last is looked at first, so that a long repetition is not searched anew.
        if not self._received.startswith(self._text, self._at):
            self._at = self._received.find(self._text, self._at)
        if not last and self._at >= 0 and len(self._text) < len(self._received):
            return
        size = repeated(
            self._grammar,
            self.parser.open_components,
            self._received,
            self._text,
            started=prologue.started,
        )
        if size:
            self._dropped.append(Dropped("repeat", self._text[:size]))
            self._text = self._text[size:]
        self._text = prologue.added + self._text
        self._repetition = None
        self._fence = ClosingFence(prologue.fence)
