"""What the model says here, which is computed from the prompt: whoever has the prompt can compute it too.

Every eight characters name the place they stand at: a text that lacks or repeats a piece cannot look whole.
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
    """An answer: which, how long, how fast.

    Attributes:
        seed: tells one from another of the same length.
        chars: how long it is, about.
        pieces: in how many pieces it comes.
        seconds: how long it takes, about.
        mark: a word that stands in every line of text.
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
        """Return the whole answer."""
        return _text(self.seed, self.chars, self.mark)

    def cut(self):
        """Return the answer in its pieces."""
        text = self.text()
        inner = Random(self.seed).sample(range(1, len(text)), min(self.pieces, len(text)) - 1)
        return [text[first:last] for first, last in pairwise([0, *sorted(inner), len(text)])]

    def pauses(self):
        """Return the seconds before each piece."""
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
    """Return what is said in events as bytes: those of a part of a stream begin those of the whole."""
    spelt = bytearray()
    for event in events:
        match event:
            case ContentBlockDelta(text=text):
                spelt += text.encode()
            case ContentBlockStart() | ContentBlockStop() | ErrorEvent():
                spelt += b"\x1e" + json.dumps(event.to_dict(), sort_keys=True).encode() + b"\x1e"
    return bytes(spelt)


def spelt_whole(plan):
    """Return what the events of a whole answer spell."""
    parser = ComponentParser()
    return spell([*parser.feed(plan.text()), *parser.close()])


class Model:
    """Answers as the prompts say, and notes each call in a file.

    A line is ``begin`` or ``end``, the id of the process, and the prompt.
    """

    def __init__(self, notes):
        self._notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def generate(self, request):
        """Answer one request."""
        self._note("begin", request)
        try:
            plan = Plan.of(request.prompt)
            for pause, piece in zip(plan.pauses(), plan.cut(), strict=True):
                await asyncio.sleep(pause)
                yield piece
        finally:
            self._note("end", request)

    def _note(self, what, request):
        # One write, so that the lines of two processes do not mix and a kill leaves no half of one.
        line = f"{what} {os.getpid()} {request.prompt}\n"
        os.write(self._notes, line.encode())
