"""Ask for the rest of an answer that met the length limit of its call, until the page is complete.

    python examples/continue_an_answer.py

Runs without a provider: ``ask`` plays two answers in the events of OpenAI's chat completions. The second
begins as answers of models do, with a thought, an introduction and a fence, and it repeats half a word.
Replace ``ask`` with a call of yours that takes the same messages.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing

from componentstream import (
    ComponentBuffer,
    ComponentParser,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Grammar,
    parse,
)
from componentstream.core.codes import SOURCE_TRUNCATED
from componentstream.prompt import Continuation, continue_prompt, instructions
from componentstream.sources import SourceDecoder, SourceError

GRAMMAR = Grammar(nesting="close")
MAX_CALLS = 4

FIRST = "/// START Nav position=nav\n<nav>\n  <h1>Bread</h1> <a href='#hours'>Open"
SECOND = """\
<think>Where was I?</think>Sure, here is the rest:

```jsx
Opening hours</a>
</nav>
/// END Nav
```
/// START Hours
<p id='hours'>Every day from six</p>
/// END Hours
"""
ANSWERS = {1: (FIRST, "length"), 2: (SECOND, "stop")}


def ask(messages: list[dict[str, str]]) -> Iterator[dict[str, object]]:
    """Yield the chunks of an answer; a conversation gains two messages with each call."""
    text, reason = ANSWERS[len(messages) // 2]
    for at in range(0, len(text), 20):
        yield {"choices": [{"index": 0, "delta": {"content": text[at : at + 20]}, "finish_reason": None}]}
    yield {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def decoded(chunks: Iterable[object]) -> Iterator[object]:
    """Yield the pieces of one call. A decoder for each call drops the thoughts at the beginning of each."""
    decoder = SourceDecoder(grammar=GRAMMAR)
    for chunk in chunks:
        yield from decoder.feed(chunk)
    yield from decoder.close()


def continued(pieces: Iterable[object], joined: Continuation) -> Iterator[object]:
    """Yield the pieces of a further call, without introductions, fences and repetitions."""
    for piece in pieces:
        if isinstance(piece, str):
            yield from joined.feed(piece)
            continue
        if isinstance(piece, SourceError):
            # The text that was held comes before the error about its end.
            yield from joined.close()
        yield piece
    yield from joined.close()


def noted(pieces: Iterable[object], received: list[str]) -> Iterator[object]:
    """Yield the pieces, and note the text that the parser receives."""
    for piece in pieces:
        if isinstance(piece, str):
            received.append(piece)
        yield piece


def events_of_the_page(prompt: str) -> Iterator[Event]:
    """Yield the events of one answer, however many calls it takes."""
    messages = [{"role": "system", "content": instructions(GRAMMAR)}, {"role": "user", "content": prompt}]
    parser, joined = ComponentParser(GRAMMAR), None
    received: list[str] = []
    for call in range(1, MAX_CALLS + 1):
        pieces = decoded(ask(messages))
        source = continued(pieces, joined) if joined else pieces
        with closing(parse(noted(source, received), parser=parser)) as events:
            for event in events:
                if isinstance(event, ErrorEvent) and event.code == SOURCE_TRUNCATED and call < MAX_CALLS:
                    # Leave here: the next event would end the open component, and with it the parser.
                    break
                yield event
            else:
                return
        answer = "".join(received)
        print(f"call {call} was cut off: {answer[-4:]!r}")
        messages += [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": continue_prompt(answer, parser)},
        ]
        joined = Continuation(parser.snapshot(), answer, grammar=GRAMMAR)
        parser = joined.parser


buffer = ComponentBuffer()
for event in events_of_the_page("a page for a bakery"):
    component = buffer.apply(event)
    if isinstance(event, ContentBlockStop) and component is not None:
        print(f"{component.name}, {component.reason}:\n{component.text}", end="")
    elif isinstance(event, ErrorEvent):
        print(f"{event.code}: {event.message}")
