"""The texts that are parsed, how they are cut, and how it is checked that nothing of them got lost.

A workload is made of blocks, and its text is written from them. So what must come out is known without any
parser: the blocks that went in.
"""

import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol, TypeVar

import attrs

from componentstream import (
    ComponentBlock,
    ComponentParser,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    Limits,
)
from componentstream.demo.recording import read_recording

SIZES: Final = (1, 4, 16, 64, 1024, 65_536)
"""Characters in a chunk. A token of a language model has about four."""

LIMITS: Final = Limits(max_components=10_000, max_component_chars=16_777_216)
"""Wide enough that no limit of a component trips in any workload."""

_RECORDINGS: Final = Path(__file__).parents[1] / "examples" / "data"
_MARKER: Final = re.compile(r"^(/// (?:START|END) )(\w+)(.*\n)", re.MULTILINE)
_PAGE: Final = 250_000
_HUGE: Final = 500_000
_SMALL: Final = 8_000

Text = TypeVar("Text", str, bytes)
_Text_contra = TypeVar("_Text_contra", str, bytes, contravariant=True)


class Feeder(Protocol[_Text_contra]):
    """What all sides that parse look like."""

    def feed(self, text: _Text_contra, /) -> list[Event]:
        """Return the events of a chunk."""

    def close(self) -> list[Event]:
        """Return the last events."""


class WrongOutputError(Exception):
    """A side did not return what went in; its time would mean nothing."""


@attrs.frozen
class Block:
    """A component, or with an empty name text between components."""

    name: str
    text: str


@attrs.frozen
class Workload:
    """A text and the blocks that are in it."""

    name: str
    text: str
    blocks: tuple[Block, ...]


def build_workloads(*, small: bool = False) -> list[Workload]:
    """Return all workloads, the same ones at each call.

    Args:
        small: make texts of 7,500 to 21,000 characters, to see that everything runs.
    """
    page, huge = (_SMALL, _SMALL) if small else (_PAGE, _HUGE)
    code = "".join(block.text for block in _read_blocks(_recorded("landing_page")))
    seeded = random.Random(20)
    slashes = ("".join(seeded.choices(("/", "//", "///", " ", "\n"), k=40)) + "\n" for _ in range(page // 65))
    return [
        _repeated("landing page", "landing_page", page),
        _repeated("dashboard", "dashboard", page),
        _component("one component", (code * (huge // len(code) + 1))[:huge] + "\n"),
        _repeated("international", "international", page),
        _component("flood of ///", "///\n" * (page // 4)),
        _component("flood of /// STAR", "/// STAR\n" * (page // 9)),
        _component("flood of slashes", "".join(slashes)),
    ]


def _recorded(recording: str) -> str:
    return "".join(chunk.text for chunk in read_recording(_RECORDINGS / f"{recording}.jsonl"))


def _repeated(name: str, recording: str, characters: int) -> Workload:
    """Return a recording as often as it takes, its components under a different name each time."""
    text = _recorded(recording)
    text += "" if text.endswith("\n") else "\n"
    pages = [
        _MARKER.sub(rf"\g<1>\g<2>{number}\g<3>", text)
        for number in range(1, max(1, round(characters / len(text))) + 1)
    ]
    text = "".join(pages)
    return Workload(name, text, tuple(_read_blocks(text)))


def _component(name: str, text: str) -> Workload:
    return Workload(name, f"/// START Hero position=hero\n{text}/// END Hero\n", (Block("Hero", text),))


def _read_blocks(text: str) -> Iterable[Block]:
    """Read a text in which every line that looks like a marker is one and nothing is nested."""
    at = 0
    name = ""
    for marker in _MARKER.finditer(text):
        yield from _block(name, text[at : marker.start()])
        name = "" if marker[1] == "/// END " else marker[2]
        at = marker.end()
    yield from _block(name, text[at:])


def _block(name: str, text: str) -> Iterable[Block]:
    text = text if name else text.lstrip()
    if name or text:
        yield Block(name, text)


def cut(text: str, size: int) -> list[str]:
    """Return the text in chunks of `size` characters."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def parser() -> ComponentParser:
    """Return the parser that is measured."""
    return ComponentParser(limits=LIMITS)


def check(side: str, make: Callable[[], Feeder[Text]], chunks: list[Text], workload: Workload) -> None:
    """Feed the chunks and compare what comes out with the blocks of the workload.

    Raises:
        WrongOutputError: it is something else.
    """
    feeder = make()
    events = [event for chunk in chunks for event in feeder.feed(chunk)] + feeder.close()
    if _blocks_of(events) != workload.blocks:
        raise WrongOutputError(f"{side} did not return the blocks of {workload.name}, cut in {len(chunks)}.")


def _blocks_of(events: list[Event]) -> tuple[Block, ...] | None:
    """Return the blocks that the events describe one after another, None if they do not."""
    blocks: list[Block] = []
    name: str | None = None
    texts: list[str] = []
    for event in events:
        match event:
            case ContentBlockStart(index=index, block=block) if name is None and index == len(blocks):
                name = block.name if isinstance(block, ComponentBlock) else ""
            case ContentBlockDelta(index=index, text=text) if name is not None and index == len(blocks):
                texts.append(text)
            case ContentBlockStop(index=index) if name is not None and index == len(blocks):
                blocks.append(Block(name, "".join(texts)))
                texts.clear()
                name = None
            case _:
                return None
    return tuple(blocks) if name is None else None
