"""Recorded answers in place of a model: which there are, and how one is played."""

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from functools import cached_property
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Final

import attrs

from componentstream.core import codes
from componentstream.core.events import ContentBlockStop
from componentstream.demo.recording import RECORDING, Chunk, read_recording
from componentstream.drive import parse
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import GenerationRequest
from componentstream.session.lifecycle import Timeouts

FOLDERS: Final = (RECORDING.parent, Path(__file__).resolve().parents[3] / "examples" / "data")
"""Where recordings are: in the package, into which a wheel puts the examples too, and in a clone."""

_NOT_OFFERED: Final = {"compound_menu.jsonl"}
"""Recordings of parts for other pages, which show nothing by themselves."""

MIN_RATE: Final = 0.25
MAX_RATE: Final = 1000.0
"""Range of the speeds that a client may ask for; 0, without pauses, is allowed as well."""

_GENERATION_SLACK: Final = 30.0
_CHUNK_SLACK: Final = 15.0
"""Seconds added to the recorded times: the default timeouts of a real model."""


@attrs.frozen
class Recording:
    """A recorded answer.

    Args:
        name: Name by which a request asks for it.
        chunks: Its chunks.
    """

    name: str
    chunks: Sequence[Chunk]

    @classmethod
    def read(cls, path: Path) -> "Recording":
        """Return the recording in a file, named like the file.

        Raises:
            ConfigurationError: The file is not a recording.
            OSError: The file cannot be read.
        """
        return cls(path.name, read_recording(path))

    @property
    def title(self) -> str:
        """The name for people: ``landing_page.jsonl`` is "Landing page"."""
        words = Path(self.name).stem.replace("_", " ").replace("-", " ").strip()
        return words[:1].upper() + words[1:]

    @cached_property
    def chars(self) -> int:
        """The number of characters of the output, which a real model cannot know in advance."""
        events = parse([chunk.text for chunk in self.chunks])
        return sum(event.chars for event in events if isinstance(event, ContentBlockStop))

    def longest(self) -> tuple[float, float]:
        """Return the seconds until the last chunk, and those of the longest pause before a chunk."""
        times = [0.0, *(chunk.at for chunk in self.chunks)]
        return times[-1], max((later - earlier for earlier, later in pairwise(times)), default=0.0)


def recordings(first: Path | None = None, folders: Sequence[Path] = FOLDERS) -> list[Recording]:
    """Return the recordings that the demo offers, the default one first.

    Args:
        first: File of the default recording; None for that of the package.
        folders: Folders of further recordings. Those that do not exist are passed over.

    Raises:
        ConfigurationError: A file is not a recording.
        OSError: A file cannot be read.
    """
    paths = [RECORDING if first is None else first]
    found_in_folders = (path for folder in folders for path in sorted(folder.glob("*.jsonl")))
    paths += [path for path in found_in_folders if path.name not in _NOT_OFFERED]
    found = {path.name: path for path in reversed(paths)}  # of two with the same name, the first
    return [Recording.read(found[name]) for name in dict.fromkeys(path.name for path in paths)]


@attrs.frozen
class RecordedGeneration:
    """A model that plays recorded answers, at the pace at which they were recorded.

    A request names the recording as its ``project``, and its speed as its ``version``: ``2`` is twice as fast
    as recorded, ``0`` without pauses. Both are optional.

    Args:
        recordings: The recordings; the first is played to a request that names none.
        rate: Speed for a request that names none.
    """

    recordings: Sequence[Recording]
    rate: float = 1.0

    def __call__(self, request: GenerationRequest) -> AsyncGenerator[str, None]:
        """Return the texts of the chunks, each at its time.

        Raises:
            RefusedRequestError: There is not such a recording, or such a speed.
        """
        return _play(self._recording(request.project).chunks, self._rate(request.version))

    def timeouts(self) -> Timeouts:
        """Return timeouts just long enough for each recording to play to its end at each speed."""
        rates = [rate for rate in (self.rate, MIN_RATE) if rate]
        longest = [recording.longest() for recording in self.recordings]
        slowest = min(rates)
        return Timeouts(
            generation=_later(max(end for end, _ in longest) / slowest, _GENERATION_SLACK),
            chunk=_later(max(pause for _, pause in longest) / slowest, _CHUNK_SLACK),
        )

    def _recording(self, name: str) -> Recording:
        if not name:
            return self.recordings[0]
        for recording in self.recordings:
            if recording.name == name:
                return recording
        names = ", ".join(recording.name for recording in self.recordings)
        raise _invalid(f"project must name a recording, not {name!r:.100}. The recordings are: {names}.")

    def _rate(self, text: str) -> float:
        if not text:
            return self.rate
        try:
            rate = float(text)
        except ValueError:
            rate = math.nan
        if rate in (0, self.rate) or MIN_RATE <= rate <= MAX_RATE:
            return rate
        raise _invalid(
            f"version must be the speed of the recording, 0 or from {MIN_RATE:g} to {MAX_RATE:g}, not "
            f"{text!r:.100}."
        )


async def _play(chunks: Sequence[Chunk], rate: float) -> AsyncGenerator[str, None]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for chunk in chunks:
        due = began + (chunk.at / rate if rate else 0.0)
        await asyncio.sleep(due - loop.time())
        yield chunk.text


def _invalid(message: str) -> RefusedRequestError:
    return RefusedRequestError(HTTPStatus.BAD_REQUEST, codes.INVALID_REQUEST, message)


def _later(seconds: float, slack: float) -> float | None:
    return seconds + slack if math.isfinite(seconds) else None
