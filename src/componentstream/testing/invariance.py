"""The first law of every stage: its output does not depend on how the input is cut."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Literal, Protocol, TypeVar, cast

from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_Input = TypeVar("_Input", str, bytes)
_Input_contra = TypeVar("_Input_contra", str, bytes, contravariant=True)

_CONTEXT = 12
"""Number of characters shown on either side of a cut."""


class Stage(Protocol[_Input_contra, _T_co]):
    """A pure stage of a pipeline; a ``ComponentParser`` is one."""

    def feed(self, chunk: _Input_contra, /) -> Iterable[_T_co]:
        """Return the results of the next chunk."""

    def close(self) -> Iterable[_T_co]:
        """Return the results of the end of the input."""


def merge_deltas(events: Iterable[_T]) -> list[_T]:
    """Return the events with adjacent deltas of the same block joined into one.

    Two runs over the same text give equal lists, however the text was cut. Other values pass through
    unchanged.
    """
    merged: list[_T] = []
    for index, run in groupby(events, _delta_index):
        if index is None:
            merged.extend(run)
        else:
            text = "".join(cast("ContentBlockDelta", event).text for event in run)
            merged.append(cast("_T", ContentBlockDelta(index, text)))
    return merged


def assert_cut_invariant(
    factory: Callable[[], Stage[_Input, _T]],
    text: _Input,
    *,
    chunkings: Iterable[Sequence[_Input]] = (),
    cuts: Literal["all"] | Iterable[int] = "all",
    normalise: Callable[[list[_T]], Sequence[object]] = merge_deltas,
) -> None:
    """Assert that a stage gives the same output for ``text`` whole and cut.

    The text is fed whole, cut in two at each of ``cuts``, one character at a time, one character at a time
    with empty chunks between, and in each of ``chunkings``. Each run has a new stage; the outputs of all its
    ``feed`` calls and of ``close`` are concatenated.

    Args:
        factory: Creates a stage: an object whose ``feed(chunk)`` and ``close()`` return an iterable, such as
            ``ComponentParser`` or your own pipeline.
        text: The whole input; bytes for a stage that takes bytes.
        chunkings: Further ways to cut it, each a sequence of chunks that join to ``text``.
        cuts: Offsets at which to cut the text in two; ``"all"`` tries each one, which is quadratic in the
            length of the text.
        normalise: Makes outputs comparable. The default joins adjacent deltas; for a stage that returns
            pieces of text, pass ``"".join``.

    Raises:
        AssertionError: Two outputs differ; the message shows the cut and the first difference.
        UsageError: A chunking does not join to ``text``.
    """
    whole = normalise(_run(factory, [text]))
    single = [text[at : at + 1] for at in range(len(text))]
    spaced = [chunk for one in single for chunk in (text[:0], one)]
    _compare(whole, normalise(_run(factory, single)), "one at a time")
    _compare(whole, normalise(_run(factory, spaced)), "one at a time with empty chunks between")
    for cut in range(1, len(text)) if cuts == "all" else cuts:
        halves = [text[:cut], text[cut:]]
        before, after = text[max(0, cut - _CONTEXT) : cut], text[cut : cut + _CONTEXT]
        _compare(whole, normalise(_run(factory, halves)), f"cut at {cut}, between {before!r} and {after!r}")
    for chunks in chunkings:
        if text[:0].join(chunks) != text:
            raise UsageError(f"A chunking must join to the text; {list(chunks)!r:.200} does not.")
        _compare(whole, normalise(_run(factory, chunks)), f"fed as {list(chunks)!r:.400}")


def _delta_index(event: object) -> int | None:
    return event.index if isinstance(event, ContentBlockDelta) else None


def _run(factory: Callable[[], Stage[_Input, _T]], chunks: Iterable[_Input]) -> list[_T]:
    stage = factory()
    outputs = [output for chunk in chunks for output in stage.feed(chunk)]
    outputs.extend(stage.close())
    return outputs


def _compare(whole: Sequence[object], cut: Sequence[object], how: str) -> None:
    if whole == cut:
        return
    at = next(
        (at for at, (one, other) in enumerate(zip(whole, cut, strict=False)) if one != other),
        min(len(whole), len(cut)),
    )
    raise AssertionError(
        f"The text {how} gives a different output than the whole text. "
        f"Output {at} is {_show(cut, at)}; expected {_show(whole, at)}."
    )


def _show(outputs: Sequence[object], at: int) -> str:
    return f"{outputs[at]!r:.300}" if at < len(outputs) else "missing"
