import codecs

import pytest

from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta, ContentBlockStart, ContentBlockStop, TextBlock
from componentstream.testing import assert_cut_invariant, merge_deltas


class Echo:
    """Gives each chunk back as a delta."""

    def feed(self, chunk):
        return [ContentBlockDelta(0, chunk)] if chunk else []

    def close(self):
        return [ContentBlockStop(0, "end", 0)]


class Counter:
    """Gives the number of its chunks: all that a stage must not do."""

    def __init__(self, counts=lambda _chunk: True):
        self.counts = counts
        self.chunks = 0

    def feed(self, chunk):
        self.chunks += self.counts(chunk)
        return []

    def close(self):
        return [self.chunks]


class Lines:
    """Gives complete lines, and on close the rest."""

    def __init__(self):
        self.rest = ""

    def feed(self, chunk):
        *lines, self.rest = (self.rest + chunk).split("\n")
        return lines

    def close(self):
        return [self.rest]


class FirstChunkLines(Lines):
    """Gives the last line only if it was fed in one chunk, or only if not."""

    def __init__(self, *, keep_rest):
        super().__init__()
        self.chunks = 0
        self.keep_rest = keep_rest

    def feed(self, chunk):
        self.chunks += 1
        return super().feed(chunk)

    def close(self):
        return super().close() if self.keep_rest == (self.chunks == 1) else []


class PauseCounter(Counter):
    """Counts empty chunks that come after a chunk of two characters."""

    def __init__(self):
        super().__init__()
        self.last = ""

    def feed(self, chunk):
        self.chunks += not chunk and len(self.last) == 2
        self.last = chunk
        return []


def fed_with(stage):
    """Return a factory of such stages and the list of the chunks that each one has been fed."""
    runs = []

    def factory():
        chunks = []
        runs.append(chunks)
        made = stage()
        feed = made.feed
        made.feed = lambda chunk: (chunks.append(chunk), feed(chunk))[1]
        return made

    return factory, runs


def test_adjacent_deltas_of_a_block_are_joined_and_all_else_is_kept():
    start = ContentBlockStart(1, TextBlock())
    events = [
        ContentBlockDelta(0, "a"),
        ContentBlockDelta(0, "b"),
        ContentBlockDelta(1, "c"),
        start,
        start,
        "no event",
        ContentBlockDelta(1, "d"),
    ]
    assert merge_deltas(iter(events)) == [
        ContentBlockDelta(0, "ab"),
        ContentBlockDelta(1, "c"),
        start,
        start,
        "no event",
        ContentBlockDelta(1, "d"),
    ]


def test_a_stage_that_cuts_do_not_change_passes():
    assert_cut_invariant(Echo, "some text")
    assert_cut_invariant(Lines, "one\ntwo\n\nthree", chunkings=[["one\nt", "", "wo\n\nthree"]])
    assert_cut_invariant(Lines, "")


def test_a_stage_over_bytes_with_its_own_normalisation_passes():
    class Decoder:
        def __init__(self):
            self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

        def feed(self, chunk):
            return [self.decoder.decode(chunk)]

        def close(self):
            return [self.decoder.decode(b"", final=True)]

    assert_cut_invariant(Decoder, "é日😀".encode() + b"\xf0\x9f", normalise="".join)


def test_the_text_is_fed_whole_single_spaced_in_two_and_as_given():
    factory, runs = fed_with(Echo)
    assert_cut_invariant(factory, "abc", chunkings=[["ab", "", "c"]])
    assert runs == [
        ["abc"],
        ["a", "b", "c"],
        ["", "a", "", "b", "", "c"],
        ["a", "bc"],
        ["ab", "c"],
        ["ab", "", "c"],
    ]


def test_only_the_given_cuts_are_made():
    factory, runs = fed_with(Echo)
    assert_cut_invariant(factory, "abcdef", cuts=[4])
    assert runs[3:] == [["abcd", "ef"]]


def test_a_difference_is_shown_with_its_cut_and_both_outputs():
    with pytest.raises(AssertionError) as caught:
        assert_cut_invariant(lambda: Counter(lambda chunk: chunk == "89abc"), "0123456789abc")
    assert str(caught.value) == (
        "The text cut at 8, between '01234567' and '89abc' gives a different output than the whole text. "
        "Output 0 is 1; expected 0."
    )


def test_a_difference_in_small_chunks_is_shown():
    with pytest.raises(
        AssertionError, match=r"^The text one at a time gives .* Output 0 is 2; expected 1\.$"
    ):
        assert_cut_invariant(Counter, "ab")
    with pytest.raises(AssertionError, match=r"^The text one at a time with empty chunks between gives"):
        assert_cut_invariant(lambda: Counter(lambda chunk: not chunk), "ab")


def test_a_difference_in_a_given_chunking_is_shown():
    with pytest.raises(AssertionError, match=r"^The text fed as \['ab', '', 'c'\] gives a different output"):
        assert_cut_invariant(PauseCounter, "abc", chunkings=[["ab", "", "c"]])


def test_an_output_that_only_one_side_has_is_called_missing():
    with pytest.raises(AssertionError, match=r"Output 1 is missing; expected 'b'\.$"):
        assert_cut_invariant(lambda: FirstChunkLines(keep_rest=True), "a\nb")
    with pytest.raises(AssertionError, match=r"Output 1 is 'b'; expected missing\.$"):
        assert_cut_invariant(lambda: FirstChunkLines(keep_rest=False), "a\nb")


def test_a_chunking_of_another_text_is_the_callers_mistake():
    with pytest.raises(UsageError, match="join to the text"):
        assert_cut_invariant(Echo, "abc", chunkings=[["ab"]])
