"""Recorded answers in place of a model: found, named, played at a speed, refused if a request is wrong."""

import asyncio
import runpy
import time
from pathlib import Path

import pytest

from componentstream import ComponentBlock, ConfigurationError, ContentBlockStart, ErrorEvent, parse
from componentstream.demo.recording import RECORDING, Chunk, read_recording
from componentstream.session.lifecycle import Timeouts
from tests import parts
from tests.timing import WAIT, at_best

parts.module("uvicorn")
parts.module("starlette")

from componentstream.demo.playing import FOLDERS, RecordedGeneration, Recording, recordings  # noqa: E402
from componentstream.server import GenerationRequest, RefusedRequestError  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
CHUNKS = [Chunk(0.05, "/// START He"), Chunk(0.1, "ro\nx"), Chunk(0.25, "y\n/// END Hero\n")]
TALE = Recording("a_short-tale.jsonl", CHUNKS)


def play(generation, **request):
    """The texts of a generation and the seconds at which they came."""

    async def run():
        began = time.monotonic()
        texts = generation(GenerationRequest(prompt="anything", **request))
        return [(text, time.monotonic() - began) async for text in texts]

    return asyncio.run(run())


def text_of(played):
    return "".join(text for text, _ in played)


def one(*chunks, rate=1.0):
    return RecordedGeneration([Recording("tale.jsonl", chunks)], rate)


def test_a_recording_is_played_at_its_own_pace():
    texts, times = zip(*play(one(*CHUNKS)), strict=True)
    assert texts == ("/// START He", "ro\nx", "y\n/// END Hero\n")
    assert all(at >= chunk.at - 0.002 for at, chunk in zip(times, CHUNKS, strict=True))
    at_best(lambda: play(one(*CHUNKS))[-1][1], below=2.0)


def test_a_rate_is_how_many_times_as_fast():
    generation = one(Chunk(100.0, "x"), rate=1000.0)
    assert at_best(lambda: play(generation)[0][1], below=0.19) > 0.01


def test_rate_0_plays_without_pauses():
    assert play(one(Chunk(1e9, "x"), rate=0.0))[0][1] < WAIT


def test_the_length_is_that_of_the_text_a_client_receives():
    assert TALE.chars == len("xy\n")
    assert Recording("empty.jsonl", []).chars == 0


def test_the_title_is_the_name_for_people():
    assert TALE.title == "A short tale"


def test_the_timeouts_leave_room_for_each_recording_at_each_speed():
    chunks = [Chunk(10.0, "a"), Chunk(40.0, "b"), Chunk(60.0, "c")]
    assert one(*chunks).timeouts() == Timeouts(generation=270.0, chunk=135.0)
    assert one(*chunks, rate=0.0).timeouts() == Timeouts(generation=270.0, chunk=135.0)
    assert one(*chunks, rate=0.1).timeouts() == Timeouts(generation=630.0, chunk=315.0)
    assert one().timeouts() == Timeouts(generation=30.0, chunk=15.0)
    assert one(*chunks, rate=1e-308).timeouts() == Timeouts(generation=None, chunk=None)
    both = RecordedGeneration([Recording("a", chunks), Recording("b", [Chunk(80.0, "x")])])
    assert both.timeouts() == Timeouts(generation=350.0, chunk=335.0)


def test_a_request_names_a_recording_and_a_speed():
    generation = RecordedGeneration(
        [Recording("a.jsonl", [Chunk(0.0, "a")]), Recording("b.jsonl", [Chunk(1e6, "b")])], rate=0.0
    )
    assert text_of(play(generation)) == "a"
    assert text_of(play(generation, project="b.jsonl")) == "b"
    assert text_of(play(generation, project="b.jsonl", version="0")) == "b"
    [(_, seconds)] = play(one(Chunk(100.0, "x"), rate=0.0), version="1000")
    assert 0.09 < seconds < WAIT


@pytest.mark.parametrize("version", ["fast", "nan", "-1", "0.2", "1001", "inf", "2x", " "])
def test_a_speed_out_of_range_is_refused(version):
    with pytest.raises(RefusedRequestError, match="version must be the speed of the recording") as caught:
        one()(GenerationRequest("x", version=version))
    assert (caught.value.status, caught.value.code) == (400, "invalid_request")


def test_the_speed_of_the_command_line_is_allowed_whatever_it_is():
    assert play(one(Chunk(0.0, "x"), rate=1e6), version="1000000") != []


def test_an_unknown_recording_is_refused_with_the_names_of_those_that_exist():
    with pytest.raises(
        RefusedRequestError, match=r"not 'epic'\. The recordings are: tale\.jsonl\."
    ) as caught:
        one()(GenerationRequest("x", project="epic"))
    assert (caught.value.status, caught.value.code) == (400, "invalid_request")


def write(path, text="x"):
    path.write_text(f'{{"at": 0, "text": "{text}"}}\n', encoding="utf-8")
    return path


def test_the_recordings_are_those_of_all_folders_and_the_given_one_is_first(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for path in ("one/b.jsonl", "one/a.jsonl", "two/c.jsonl", "two/a.jsonl"):
        write(tmp_path / path, path)
    mine = write(tmp_path / "mine.jsonl")
    folders = (tmp_path / "one", tmp_path / "absent", tmp_path / "two")
    found = recordings(mine, folders)
    assert [one.name for one in found] == ["mine.jsonl", "a.jsonl", "b.jsonl", "c.jsonl"]
    assert found[1].chunks == [Chunk(0.0, "one/a.jsonl")]
    assert [one.name for one in recordings(folders=())] == ["coffee_roastery.jsonl"]
    assert recordings(tmp_path / "two" / "a.jsonl", folders)[0].chunks == [Chunk(0.0, "two/a.jsonl")]


def test_the_demo_offers_its_own_recording_first_and_those_of_the_examples():
    names = [one.name for one in recordings()]
    assert names[0] == "coffee_roastery.jsonl"
    assert {"landing_page.jsonl", "dashboard.jsonl", "truncated.jsonl"} <= set(names)
    assert "compound_menu.jsonl" not in names  # parts for another page, of which nothing is visible
    assert FOLDERS[0] == RECORDING.parent


def test_a_file_that_is_not_a_recording_is_rejected(tmp_path):
    path = tmp_path / "answer.txt"
    path.write_text("Hello", encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"answer\.txt, line 1: the line is not valid JSON in UTF-8\."
    ):
        recordings(path)


def test_the_recording_of_the_package_has_three_components_prose_and_one_mistake():
    texts = [chunk.text for chunk in read_recording(RECORDING)]
    events = list(parse(texts))
    starts = [event for event in events if isinstance(event, ContentBlockStart)]
    components = [start.block.name for start in starts if isinstance(start.block, ComponentBlock)]
    assert components == ["HeroSection", "CoffeeList", "VisitFooter"]
    assert len(starts) == 7
    assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["invalid_position"]


def test_the_first_words_of_the_page_come_early_enough_for_a_page_within_two_seconds():
    """At the speed of the command, which leaves 0.7 seconds for the page and the frame to start."""
    chunks = read_recording(RECORDING)
    texts = ["".join(chunk.text for chunk in chunks[: end + 1]) for end in range(len(chunks))]
    first = next(chunk.at for chunk, text in zip(chunks, texts, strict=True) if "since 2011" in text)
    assert first / 2.0 < 1.3


def test_the_recording_of_the_package_is_the_output_of_the_example():
    text = "".join(chunk.text for chunk in read_recording(RECORDING))
    record = runpy.run_path(str(ROOT / "examples" / "record.py"))["record"]
    assert RECORDING.read_text(encoding="utf-8").splitlines() == list(record(text))
    assert 4000 < len(text) < 5000
