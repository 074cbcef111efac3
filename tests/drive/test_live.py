"""The four live drivers as users see them."""

import ast
import asyncio
import gc
import inspect
import threading
import time
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from componentstream.core.arguments import shown
from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ContentBlockDelta,
    ErrorEvent,
    MessageStop,
    UsageEvent,
)
from componentstream.core.parser import ComponentParser
from componentstream.demo.recording import read_recording
from componentstream.drive import Decoder, Encoder, live
from componentstream.drive.live import astream, astream_bytes, stream, stream_bytes
from componentstream.session.batching import DeltaBatcher
from componentstream.session.hooks import StreamFinished
from componentstream.session.session import GenerationSession, Timeouts
from componentstream.sources import JSONLinesSourceDecoder, SSESourceDecoder
from componentstream.sources import SourceError as PieceError
from componentstream.testing import EventVerifier, merge_deltas
from componentstream.wire import JSONLinesDecoder, JSONLinesEncoder, SSEDecoder, SSEEncoder
from tests.drive.kinds import (
    EVENTS_OF_PIECES,
    LONG,
    PIECES,
    AsyncClosable,
    Closable,
    ClosingError,
    Source,
    SourceError,
    Stalled,
    gone,
    soon,
)
from tests.drive.virtual import run
from tests.timing import MS, WAIT, passed_once

DATA = Path(__file__).parents[2] / "examples" / "data"
RECORDED = ["truncated", "international", "prose_and_mistakes"]
DRIVERS = [stream, astream, stream_bytes, astream_bytes]

each = pytest.mark.parametrize("driver", DRIVERS)
asynchronous = pytest.mark.parametrize("driver", [astream, astream_bytes])
plain = pytest.mark.parametrize("driver", [stream, stream_bytes])


def is_async(driver):
    return driver in {astream, astream_bytes}


def gives_bytes(driver):
    return driver in {stream_bytes, astream_bytes}


def chunks_of(name, size=9):
    """The chunks of a recording, so many of them as one."""
    texts = [chunk.text for chunk in read_recording(DATA / f"{name}.jsonl")]
    return ["".join(texts[at : at + size]) for at in range(0, len(texts), size)]


def drained(driver, source, *, loop_factory=None, **options):
    """The events that a driver gives, to the end, and the exception behind them."""
    items = []
    try:
        if is_async(driver):

            async def read():
                async for item in driver(source, **options):
                    items.append(item)  # noqa: PERF401 - what came before an exception counts

            run(read(), **({"loop_factory": loop_factory} if loop_factory else {}))
        else:
            for item in driver(source, **options):
                items.append(item)  # noqa: PERF402 - what came before an exception counts
    except (SourceError, ClosingError, UsageError) as error:
        return events_of(items), error
    return events_of(items), None


def events_of(items):
    return SSEDecoder().feed(b"".join(items)) if items and isinstance(items[0], bytes) else items


def verified(events):
    """The events, which are a whole stream."""
    verifier = EventVerifier()
    verifier.check_all(events)
    verifier.finish()
    assert [type(event) for event in events].count(MessageStop) == 1
    assert type(events[-1]) is MessageStop
    return events


def made(driver, *chunks, on_close=None):
    source = Source(*chunks, on_close=on_close)
    return source, source.aitems() if is_async(driver) else source.items()


def watched(**options):
    ends = []

    def hook(record):
        if isinstance(record, StreamFinished):
            ends.append(record.reason)

    return ends, GenerationSession(hooks=[hook], **options)


# What comes out


@each
@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_generation_comes_out_as_the_parser_reads_it(driver, name):
    chunks = chunks_of(name, 1)
    parser = ComponentParser()
    expected = [event for chunk in chunks for event in parser.feed(chunk)] + parser.close()
    source, items = made(driver, *chunks)
    ends, session = watched()
    events, error = drained(driver, items, session=session)
    found = [event for event in verified(events) if event.type not in {"status", "message_stop"}]
    assert [event.to_dict() for event in merge_deltas(found)] == [
        event.to_dict() for event in merge_deltas(expected)
    ]
    assert (events[0].phase, events[-1].reason, ends) == ("started", "complete", ["complete"])
    assert (error, source.closed) == (None, 1)


@each
@pytest.mark.parametrize("for_ever", [False, True])
@pytest.mark.parametrize("name", RECORDED)
def test_wherever_the_source_raises_the_stream_ends_once_and_well(driver, name, for_ever, caplog):
    chunks = chunks_of(name, 24)
    for at in range(len(chunks) + 1):
        broken = SourceError(at)
        kind = AsyncClosable if is_async(driver) else Closable
        source = kind(*chunks[:at], broken, on_close=ClosingError() if for_ever else None)
        ends, session = watched()
        caplog.clear()
        events, error = drained(driver, source, session=session)
        verified(events)
        assert [event.code for event in events if event.type == "error"][-1] == "source_failed"
        assert (events[-1].reason, ends, source.closed) == ("failed", ["failed"], 1)
        assert session.stats.chars == sum(map(len, chunks[:at]))
        if gives_bytes(driver):
            assert error is None
            error = caplog.records[-1].exc_info[1]
        assert error is broken
        assert getattr(error, "__notes__", []) == ["Closing the source failed too: ClosingError()"] * for_ever


@each
def test_the_exception_of_a_source_is_not_told_to_the_reader(driver):
    _, items = made(driver, "a", SourceError("/home/secret"))
    events, _ = drained(driver, items)
    assert [event.message for event in events if event.type == "error"] == ["The source failed."]


@each
def test_a_chunk_of_an_unknown_kind_ends_the_stream(driver, caplog):
    source, items = made(driver, "a", 7)
    events, error = drained(driver, items)
    assert verified(events)[-1].reason == "failed"
    if gives_bytes(driver):
        error = caplog.records[-1].exc_info[1]
    assert isinstance(error, UsageError)
    assert source.closed == 1


@each
def test_a_failed_close_after_a_good_end_is_told(driver, caplog):
    kind = AsyncClosable if is_async(driver) else Closable
    events, error = drained(driver, kind("a", on_close=ClosingError()))
    assert verified(events)[-1].reason == "complete"
    if gives_bytes(driver):
        error = caplog.records[-1].exc_info[1]
    assert isinstance(error, ClosingError)


@each
def test_the_decoder_may_be_the_callers(driver):
    data = b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"abc"}}\n\n'
    _, items = made(driver, data[:20], data[20:])
    events, error = drained(driver, items, decoder=SSESourceDecoder())
    assert error is None
    assert [event.text for event in events if type(event) is ContentBlockDelta] == ["abc"]


@each
def test_a_class_of_decoders_makes_one_and_a_used_decoder_is_refused_at_the_call(driver):
    data = b'{"message":{"role":"assistant","content":"abc"},"done":false}\n'
    for _ in range(2):
        _, items = made(driver, data)
        events, _ = drained(driver, items, decoder=JSONLinesSourceDecoder)
        assert [event.text for event in events if type(event) is ContentBlockDelta] == ["abc"]
    decoder = JSONLinesSourceDecoder()
    drained(driver, made(driver, data)[1], decoder=decoder)
    with pytest.raises(UsageError, match=r"^This JSONLinesSourceDecoder is closed; pass a new one"):
        driver([data], decoder=decoder)
    shared = SSESourceDecoder()
    driver([data], decoder=shared)
    with pytest.raises(UsageError, match=r"^This SSESourceDecoder decodes another stream; pass a new one"):
        driver([data], decoder=shared)


@each
def test_a_call_that_is_refused_does_not_use_up_the_decoder(driver):
    decoder = SSESourceDecoder()
    with pytest.raises(UsageError):
        driver([b""], decoder=decoder, session="x")
    with pytest.raises(UsageError):
        driver([b""], decoder=decoder, clock=0.0)
    assert drained(driver, made(driver, b"")[1], decoder=decoder)[1] is None


@each
def test_the_pieces_of_a_decoder_are_a_source(driver):
    events, error = drained(driver, made(driver, *PIECES)[1])
    assert error is None
    shown = [event for event in verified(events) if event.type not in {"status", "message_stop"}]
    assert shown == EVENTS_OF_PIECES
    assert events[1].phase == "thinking"
    assert events[-1].stats["usage"] == UsageEvent(8, 2).counts()


@each
def test_a_fatal_piece_ends_the_stream_as_the_provider_would(driver):
    failed = PieceError("source_failed", "Overloaded.", fatal=True, retryable=True)
    for chunks in (["a", failed], [b"a", failed]):
        events, error = drained(driver, made(driver, *chunks, chunks[0])[1])
        assert error is None
        [shown] = [event for event in verified(events) if type(event) is ErrorEvent]
        assert shown == ErrorEvent("source_failed", "Overloaded.", fatal=True, retryable=True)
        assert events[-1].reason == "failed"


@each
def test_what_the_decoder_did_not_know_is_counted(driver):
    unknown, known = b'data: {"type":"mystery"}\n\n', b'data: {"type":"message_stop"}\n\n'
    events, _ = drained(driver, made(driver, unknown, known, unknown + unknown)[1], decoder=SSESourceDecoder)
    assert events[-1].stats["ignored"] == 3


@each
def test_deltas_are_merged_by_a_batcher(driver):
    _, items = made(driver, *"abcdef")
    events, _ = drained(driver, items, batcher=DeltaBatcher(max_delay=WAIT))
    assert [event.text for event in events if type(event) is ContentBlockDelta] == ["a", "bcdef"]


@pytest.mark.parametrize("driver", [stream_bytes, astream_bytes])
@passed_once
def test_bytes_are_batched_unless_they_are_not_to_be(driver):
    for options, texts in (({}, ["a", "bcdef"]), ({"batcher": None}, list("abcdef"))):
        _, items = made(driver, *"abcdef")
        events, _ = drained(driver, items, **options)
        assert [event.text for event in events if type(event) is ContentBlockDelta] == texts


@pytest.mark.parametrize("driver", [stream_bytes, astream_bytes])
def test_the_encoder_may_be_the_callers(driver):
    _, items = made(driver, "abc")
    read = []
    if is_async(driver):

        async def collect():
            read.extend([item async for item in driver(items, encoder=JSONLinesEncoder())])

        run(collect())
    else:
        read.extend(driver(items, encoder=JSONLinesEncoder()))
    verified(JSONLinesDecoder().feed(b"".join(read)))


def test_all_that_is_there_is_one_item():
    async def test():
        items = [item async for item in astream_bytes(["a", "b", "c"], batcher=None)]
        assert len(items) == 2
        assert len(SSEDecoder().feed(items[1])) == 7

    run(test())


def test_what_comes_one_at_a_time_leaves_one_at_a_time():
    async def slowly():
        for text in "abcdefgh":
            await asyncio.sleep(0.005)
            yield text

    async def test():
        items = [item async for item in astream_bytes(slowly(), batcher=None)]
        assert [len(SSEDecoder().feed(item)) for item in items] == [1, 2, 1, 1, 1, 1, 1, 1, 4]

    run(test())


def test_what_comes_in_a_burst_leaves_a_few_at_a_time():
    async def test():
        source, items = made(astream_bytes, *"abcdefgh" * 4)
        # By a clock that stands still the chunks come at once, however slow the machine is.
        read = [item async for item in astream_bytes(items, batcher=None, clock=lambda: 0.0)]
        assert source.read == 32
        assert 8 <= len(read) <= 16
        assert sum(len(SSEDecoder().feed(item)) for item in read) == 1 + 1 + 32 + 3

    run(test())


# What is refused at the call


@each
def test_what_is_no_source_is_refused(driver):
    name = driver.__name__
    with pytest.raises(UsageError, match=rf"^{name}\(\) takes an iterable of chunks; wrap"):
        driver("text")
    with pytest.raises(UsageError, match=rf"^{name}\(\) takes an .*iterable of chunks, not int"):
        driver(7)


@plain
def test_an_asynchronous_source_is_referred_to_the_twin(driver):
    with pytest.raises(UsageError, match=rf"with a{driver.__name__}\(\)\.$"):
        driver(AsyncClosable())


@each
def test_a_session_that_was_started_is_refused(driver):
    session = GenerationSession()
    session.start(0)
    with pytest.raises(UsageError) as raised:
        driver([], session=session)
    assert str(raised.value) == (
        "The session has been started; make a new GenerationSession for each source."
    )


@pytest.mark.parametrize("driver", [stream_bytes, astream_bytes])
@pytest.mark.parametrize("name", ["heartbeat", "send_timeout"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "x", 10**400])
def test_a_timeout_that_is_not_a_number_of_seconds_is_refused(driver, name, value):
    with pytest.raises(UsageError) as raised:
        driver([], **{name: value})
    words = f"{name} must be a finite number of seconds above 0 or None, not "
    assert str(raised.value) == f"{words}{shown(value)}."


@each
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"session": "x"}, "session must be a GenerationSession, not str; pass GenerationSession(...)."),
        ({"session": GenerationSession}, "the class GenerationSession; call it: GenerationSession()."),
        ({"decoder": "x"}, "decoder must have feed() and close(), as SourceDecoder() has; str lacks"),
        ({"decoder": dict}, "a class of decoders; the class dict lacks feed() and close(). Pass one of"),
        ({"batcher": "x"}, "batcher must be a DeltaBatcher, not str; pass DeltaBatcher(...)."),
        ({"batcher": DeltaBatcher}, "the class DeltaBatcher; call it: DeltaBatcher()."),
        ({"clock": 0.0}, "clock must be a function that returns seconds, not float; pass time.monotonic."),
    ],
)
def test_a_part_of_the_wrong_type_is_refused_at_the_call(driver, options, words):
    with pytest.raises(UsageError) as raised:
        driver(["a"], **options)
    assert words in str(raised.value)


@pytest.mark.parametrize("driver", [stream_bytes, astream_bytes])
@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        (SSEEncoder, "encoder must be an object, not the class SSEEncoder; call it: SSEEncoder()."),
        ("utf-8", "encoder must have encode() and heartbeat(), as SSEEncoder() has; str lacks heartbeat()."),
    ],
)
def test_a_wrong_encoder_is_refused_at_the_call(driver, encoder, words):
    with pytest.raises(UsageError) as raised:
        driver(["a"], encoder=encoder)
    assert str(raised.value) == words


@pytest.mark.parametrize("driver", [astream, astream_bytes])
def test_an_awaited_source_of_the_wrong_type_is_told_with_the_name_of_the_function(driver, caplog):
    async def opened():
        return 7

    _, error = drained(driver, opened())
    if gives_bytes(driver):
        error = caplog.records[-1].exc_info[1]
    assert str(error).startswith(f"{driver.__name__}() takes an asynchronous iterable of chunks, not int")


@each
def test_nothing_is_read_before_the_first_item_is_asked_for(driver):
    source = (AsyncClosable if is_async(driver) else Closable)("a")
    items = driver(source)
    if is_async(driver):
        run(items.aclose())
    else:
        items.close()
    assert (source.read, source.closed) == (0, 0)


# The consumer stops


@plain
@pytest.mark.parametrize("drop", [False, True])
def test_leaving_a_plain_stream_anywhere_closes_the_source(driver, drop):
    chunks = ["/// START A\n", "a", "b\n", "/// END A\n", *"cdefg"]
    for at in range(1, 8):
        source, items = made(driver, *chunks)
        ends, session = watched()
        events = driver(items, session=session)
        for _ in range(at):
            if next(events, None) is None:
                break
        if drop:
            del events
        else:
            events.close()
            events.close()
        assert gone()
        assert (source.closed, len(ends)) == (1, 1)


@asynchronous
@pytest.mark.parametrize("way", ["close", "drop", "throw"])
def test_leaving_an_asynchronous_stream_anywhere_closes_the_source(driver, way):
    chunks = ["/// START A\n", "a", "b\n", "/// END A\n", *"cdefg"]

    async def test(at, way):
        source, items = made(driver, *chunks)
        ends, session = watched()
        events = driver(items, session=session)
        for _ in range(at):
            if await anext(events, None) is None:
                way = "close"
        if way == "close":
            await events.aclose()
            await events.aclose()
        elif way == "throw":
            with pytest.raises(SourceError):
                await events.athrow(SourceError())
        del events
        for _ in range(10):
            await asyncio.sleep(0)
        # A generator that was not begun has nothing to close.
        assert (source.closed, len(ends)) == (min(source.read, 1), 1)

    for at in range(1, 8):
        run(test(at, way))


@plain
def test_an_exception_thrown_into_a_plain_stream_comes_back(driver):
    source, items = made(driver, "a", "b")
    ends, session = watched()
    events = driver(items, session=session)
    next(events)
    with pytest.raises(SourceError):
        events.throw(SourceError())
    assert (source.closed, len(ends)) == (1, 1)
    assert gone()


@asynchronous
def test_two_may_not_ask_at_the_same_time(driver):
    async def test():
        source = Stalled()
        async with aclosing(driver(source.aitems())) as events:
            await anext(events)
            first = asyncio.ensure_future(anext(events))
            await source.waiting.wait()
            with pytest.raises(RuntimeError, match="already running"):
                await anext(events)
            with pytest.raises(RuntimeError, match="already running"):
                await events.aclose()
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
        assert source.closed == 1

    run(test())


@asynchronous
def test_a_cancelled_consumer_closes_the_source_at_once(driver):
    async def test():
        source = Stalled("a")
        ends, session = watched()

        async def consume():
            async for _ in driver(source.aitems(), session=session):
                pass

        task = asyncio.create_task(consume())
        await source.waiting.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert (source.closed, source.ended_by, ends) == (1, asyncio.CancelledError, ["cancelled"])
        assert asyncio.get_running_loop().time() == 0

    run(test())


@asynchronous
def test_a_timeout_around_the_wait_is_a_timeout(driver):
    async def test():
        source = Stalled("a")

        async def read():
            async with asyncio.timeout(0.5):
                async for _ in driver(source.aitems()):
                    pass

        with pytest.raises(TimeoutError):
            await read()
        assert source.closed == 1

    run(test())


def test_a_loop_that_ends_takes_its_streams_along():
    source = Stalled("a")
    ends, session = watched()

    async def forget():
        events = astream(source.aitems(), session=session)
        keep.append(events)
        await anext(events)
        await source.waiting.wait()

    keep = []
    with asyncio.Runner(debug=True) as runner:
        runner.run(forget())
    assert (source.closed, ends) == (1, ["cancelled"])


# Time


@plain
def test_a_stalled_plain_source_is_left_at_its_deadline(driver):
    freed = threading.Event()
    source = Source()

    def stalled():
        try:
            yield "a"
            assert freed.wait(LONG)
        finally:
            source.leave()

    ends, session = watched(timeouts=Timeouts(chunk=50 * MS))
    begun = time.monotonic()
    with closing(driver(stalled(), session=session)) as items:
        for item in items:
            if b"message_stop" in item if isinstance(item, bytes) else item.type == "message_stop":
                break
        assert 50 * MS <= time.monotonic() - begun < LONG
        freed.set()
    assert (source.closed, ends) == (1, ["timeout"])
    assert gone()


@asynchronous
def test_a_stalled_asynchronous_source_is_left_at_its_deadline(driver):
    async def test():
        loop = asyncio.get_running_loop()
        source = Stalled("a")
        session = GenerationSession(timeouts=Timeouts(chunk=5))
        items = [item async for item in driver(source.aitems(), session=session, clock=loop.time)]
        assert loop.time() == pytest.approx(5, abs=0.05)
        assert source.closed == 1
        assert verified(events_of(items))[-1].reason == "timeout"

    run(test())


def test_a_plain_source_in_an_asynchronous_stream_keeps_its_deadlines():
    freed = threading.Event()

    class Stuck(Closable):
        def __next__(self):
            assert freed.wait(LONG)
            raise StopIteration

        def close(self):
            freed.set()
            self.leave()

    source = Stuck()
    session = GenerationSession(timeouts=Timeouts(chunk=50 * MS))
    events, error = drained(astream, source, session=session, loop_factory=asyncio.SelectorEventLoop)
    assert error is None
    assert (verified(events)[-1].reason, source.closed) == ("timeout", 1)
    assert gone()


def test_heartbeats_break_the_silence_of_bytes():
    async def test():
        loop = asyncio.get_running_loop()
        source = Stalled("a")
        session = GenerationSession(timeouts=Timeouts(generation=None, chunk=50))
        items = [item async for item in astream_bytes(source.aitems(), session=session, clock=loop.time)]
        assert items.count(SSEEncoder().heartbeat()) == 3

    run(test())


def test_heartbeats_break_the_silence_of_plain_bytes():
    heartbeat = SSEEncoder().heartbeat()
    enough = threading.Event()

    def silent_until_there_are_enough():
        yield "a"
        assert enough.wait(LONG)

    items = []
    for item in stream_bytes(silent_until_there_are_enough(), heartbeat=10 * MS):
        items.append(item)
        if items.count(heartbeat) == 2:
            enough.set()
    assert items.count(heartbeat) >= 2

    def slow():
        yield "a"
        time.sleep(30 * MS)

    assert list(stream_bytes(slow(), heartbeat=None)).count(heartbeat) == 0


def test_a_reader_that_does_not_come_back_is_dropped(caplog):
    async def test():
        loop = asyncio.get_running_loop()
        source = Stalled("a")
        ends, session = watched(timeouts=Timeouts(None, None))
        async with aclosing(astream_bytes(source.aitems(), session=session, clock=loop.time)) as items:
            await anext(items)
            await asyncio.sleep(20.1)
            assert (source.closed, ends) == (1, ["cancelled"])
            assert [item async for item in items] == []

    run(test())
    assert [record.message for record in caplog.records] == [
        "A client took nothing for 20 s; its stream was ended."
    ]


def test_a_reader_of_plain_bytes_that_does_not_come_back_is_dropped():
    source, items = made(stream_bytes, *"x" * 200)
    ends, session = watched()
    with closing(stream_bytes(items, session=session, send_timeout=50 * MS)) as sent:
        next(sent)
        assert soon(lambda: source.closed)
        assert list(sent) == []
    assert ends == ["cancelled"]


def test_the_last_events_come_before_a_slow_close_is_done():
    async def slow():
        try:
            yield "a"
        finally:
            await asyncio.sleep(0.5)

    class Slow(AsyncClosable):
        async def close(self):
            await asyncio.sleep(0.5)
            self.leave()

    async def test():
        loop = asyncio.get_running_loop()
        source = Slow("a")
        async for event in astream(source, clock=loop.time):
            assert (source.closed, loop.time()) == (0, 0), event
        assert (source.closed, loop.time()) == (1, 0.5)

    run(test())


# Many


def test_no_driver_yields_inside_a_scope():
    tree = ast.parse(inspect.getsource(live))
    inside = [
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.With | ast.AsyncWith)
        for node in ast.walk(block)
        if isinstance(node, ast.Yield | ast.YieldFrom)
    ]
    assert inside == []


def test_abandoned_streams_leave_no_thread():
    sources = [Source(*"x" * 100) for _ in range(20)]
    for source in sources:
        for _ in stream(source.items()):
            break
    gc.collect()
    assert gone()
    assert [source.closed for source in sources] == [1] * 20


def test_two_loops_do_not_meddle():
    def one():
        source, items = made(astream, *"abc")
        events, error = drained(astream, items)
        results.append((verified(events)[-1].reason, error, source.closed))

    results = []
    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert results == [("complete", None, 1)] * 4


def test_a_long_stream_is_whole():
    async def items():
        for number in range(20_000):
            yield "x\n" if number % 40 == 39 else "y"

    async def test():
        chars = 0
        async for event in astream(items()):
            if type(event) is ContentBlockDelta:
                chars += len(event.text)
        assert chars == 20_500

    run(test(), debug=False)


def test_a_decoder_and_an_encoder_of_ones_own_are_used():
    class Shouting(Decoder):
        def feed(self, chunk, /):
            return [chunk.decode().upper()]

        def close(self):
            return ["!"]

    class Types(Encoder):
        def encode(self, event, /):
            return getattr(event, "text", "").encode()

        def heartbeat(self):
            return b""

    sent = b"".join(stream_bytes([b"a", b"b"], decoder=Shouting(), encoder=Types()))
    assert sent == b"AB!"
