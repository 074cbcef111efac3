"""The answers of the model, which are computed from the prompt, so that a test can compute them too.

Every eight characters contain their own offset: a text that lacks or repeats a piece cannot look complete.
"""

import asyncio
import json
import os
from functools import lru_cache
from itertools import pairwise
from random import Random

import attrs

from componentstream import ComponentParser
from componentstream.core.events import ContentBlockDelta, ContentBlockStart, ContentBlockStop, ErrorEvent

NAMES = ("Hero", "Features", "Pricing", "Footer", "Stats.Row")


@attrs.frozen
class Plan:
    """The plan of an answer.

    Attributes:
        seed: Seed of the text.
        chars: Approximate length in characters.
        pieces: Number of chunks.
        seconds: Approximate duration in seconds.
        mark: Word in every line of text.
    """

    seed: int
    chars: int
    pieces: int
    seconds: float
    mark: str

    @property
    def prompt(self):
        return json.dumps(attrs.asdict(self))

    @classmethod
    def of(cls, prompt):
        return cls(**json.loads(prompt))

    def text(self):
        """Return the complete answer."""
        return _text(self.seed, self.chars, self.mark)

    def cut(self):
        """Return the answer in chunks."""
        text = self.text()
        inner = Random(self.seed).sample(range(1, len(text)), min(self.pieces, len(text)) - 1)
        return [text[first:last] for first, last in pairwise([0, *sorted(inner), len(text)])]

    def pauses(self):
        """Return the seconds before each chunk."""
        random = Random(self.seed + 1)
        return [random.uniform(0, 2) * self.seconds / self.pieces for _ in self.cut()]


@lru_cache(1000)
def _text(seed, chars, mark):
    random = Random(seed)
    text = ""
    open_names = []
    while len(text) < chars:
        act = random.random()
        if act < 0.2 and len(open_names) < 3:
            open_names.append(random.choice(NAMES))
            text += f'/// START {open_names[-1]} position="main" of="{seed}"\n'
        elif act < 0.4 and open_names:
            text += f"/// END {open_names.pop()}\n"
        elif act < 0.42:
            text += "/// END Nobody\n"
        else:
            text += f"{mark} "
            for _ in range(random.randint(1, 6)):
                text += f"{len(text):07d}|"
            text += "\n"
    return text + "".join(f"/// END {name}\n" for name in reversed(open_names))


def spell(events):
    """Return the contents of events as bytes, such that a prefix of a stream gives a prefix of them."""
    spelt = bytearray()
    for event in events:
        match event:
            case ContentBlockDelta(text=text):
                spelt += text.encode()
            case ContentBlockStart() | ContentBlockStop() | ErrorEvent():
                spelt += b"\x1e" + json.dumps(event.to_dict(), sort_keys=True).encode() + b"\x1e"
    return bytes(spelt)


def spelt_whole(plan):
    """Return the contents of the events of a complete answer."""
    parser = ComponentParser()
    return spell([*parser.feed(plan.text()), *parser.close()])


class Model:
    """Answers as the prompts say, and records each call in a file.

    A line is ``begin`` or ``end``, the PID, and the prompt.
    """

    def __init__(self, notes):
        self._notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def generate(self, request):
        """Answer a request."""
        self._note("begin", request)
        try:
            plan = Plan.of(request.prompt)
            for pause, piece in zip(plan.pauses(), plan.cut(), strict=True):
                await asyncio.sleep(pause)
                yield piece
        finally:
            self._note("end", request)

    def _note(self, event, request):
        # A single write, so that lines of two processes do not mix and a kill does not leave half a line.
        line = f"{event} {os.getpid()} {request.prompt}\n"
        os.write(self._notes, line.encode())
