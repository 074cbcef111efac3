"""The parser over a source: what comes out, and that on every way out the source is closed."""

import asyncio
import gc
from contextlib import aclosing, closing

import pytest

from componentstream.core.arguments import described
from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    TextBlock,
)
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.drive.plain import aparse, parse
from componentstream.sources import SourceError as PieceError
from componentstream.sources import SSESourceDecoder
from tests.drive.kinds import (
    EVENTS_OF_PIECES,
    PIECES,
    Aclosable,
    AsyncClosable,
    AsyncResponse,
    Closable,
    ClosingError,
    Refusing,
    Response,
    Source,
    SourceError,
    Stalled,
    StalledStream,
)
from tests.drive.test_checks import CURE

PAGE = "/// START Hero\n<h1>é</h1>\n/// END Hero\n"
EVENTS = [
    ContentBlockStart(0, ComponentBlock("Hero", "main"), (0, 15)),
    ContentBlockDelta(0, "<h1>é</h1>\n"),
    ContentBlockStop(0, "end", 11, span=(26, 39)),
]


CAUGHT = (UsageError, SourceError, ClosingError)


def whole(events):
    """The events, the deltas that follow one another in a block as one."""
    merged = []
    for event in events:
        last = merged[-1] if merged else None
        if isinstance(event, ContentBlockDelta) and isinstance(last, ContentBlockDelta):
            merged[-1] = ContentBlockDelta(event.index, last.text + event.text)
        else:
            merged.append(event)
    return merged


def run(driver, source, **options):
    """The events and the exception that a driver gives for a source, to its end."""
    if driver is parse:
        return drain(parse(source, **options))

    async def collect():
        return await adrain(aparse(source, **options))

    return asyncio.run(collect())


def drain(events):
    got = []
    try:
        for event in events:
            got.append(event)  # noqa: PERF402 - what came before an exception counts
    except CAUGHT as error:
        return got, error
    return got, None


async def adrain(events):
    got = []
    try:
        async for event in events:
            got.append(event)  # noqa: PERF401 - what came before an exception counts
    except CAUGHT as error:
        return got, error
    return got, None


def made(driver, *chunks, on_close=None):
    """A source and the generator of it that suits the driver."""
    source = Source(*chunks, on_close=on_close)
    return source, source.items() if driver is parse else source.aitems()


both = pytest.mark.parametrize("driver", [parse, aparse])


# What comes out


@both
def test_the_pieces_of_a_decoder_are_a_source(driver):
    assert run(driver, made(driver, *PIECES)[1]) == (EVENTS_OF_PIECES, None)


@both
def test_a_fatal_piece_ends_the_stream(driver):
    failed = PieceError("source_failed", "Overloaded.", fatal=True, retryable=True)
    for text in ("a", b"a"):
        source, items = made(driver, text, failed, text)
        events, error = run(driver, items)
        assert (error, source.closed) == (None, 1)
        assert events[2:] == [
            ErrorEvent("source_failed", "Overloaded.", fatal=True, retryable=True),
            ContentBlockStop(0, "aborted", 1),
        ]


@both
def test_a_decoder_chooses_how_bytes_are_read(driver):
    data = b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"abc"}}\n\n'
    for decoder in (SSESourceDecoder, SSESourceDecoder()):
        events, error = run(driver, made(driver, data[:20], data[20:])[1], decoder=decoder)
        assert error is None
        assert [event.text for event in events if type(event) is ContentBlockDelta] == ["abc"]
    with pytest.raises(UsageError, match=r"^This SSESourceDecoder is closed; pass a new one"):
        driver([data], decoder=decoder)
    with pytest.raises(UsageError, match=r"^decoder must have feed\(\) and close\(\)"):
        driver([data], decoder="sse")


@both
def test_a_truncated_answer_of_a_raw_decoder_driven_by_hand_is_told(driver):
    body = (
        b'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"},'
        b'"finish_reason":"length"}]}\n\n'
    )
    decoder = SSESourceDecoder()
    pieces = [*decoder.feed(body), *decoder.close()]
    events, error = run(driver, made(driver, *pieces)[1])
    assert error is None
    assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["source_truncated"]
    assert [event.text for event in events if type(event) is ContentBlockDelta] == ["Hi"]


@both
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("data", [PAGE, PAGE.encode()], ids=["str", "bytes"])
def test_the_events_are_those_of_the_parser(driver, data, size):
    source, items = made(driver, *(data[at : at + size] for at in range(0, len(data), size)))
    events, error = run(driver, items)
    assert (whole(events), error) == (EVENTS, None)
    assert source.closed == 1


@both
def test_a_plain_iterable_is_a_source(driver):
    assert run(driver, [PAGE]) == (EVENTS, None)
    assert run(driver, (PAGE.encode(),)) == (EVENTS, None)
    assert run(driver, []) == ([], None)


@both
def test_an_event_comes_before_the_next_chunk_is_asked_for(driver):
    source, items = made(driver, "abc", "def")
    if driver is parse:
        with closing(parse(items)) as events:
            assert next(events) == ContentBlockStart(0, TextBlock())
            assert next(events) == ContentBlockDelta(0, "abc")
            assert source.read == 1
    else:

        async def look():
            async with aclosing(aparse(items)) as events:
                assert await anext(events) == ContentBlockStart(0, TextBlock())
                assert await anext(events) == ContentBlockDelta(0, "abc")
                assert source.read == 1

        asyncio.run(look())


@both
def test_the_parser_may_be_the_callers(driver):
    parser = ComponentParser()
    parser.feed("/// START Hero\n")
    events, error = run(driver, ["x"], parser=parser)
    assert error is None
    assert [event.type for event in events] == [
        "content_block_delta",
        "error",
        "content_block_stop",
    ]
    assert parser.closed


@both
def test_a_character_that_the_end_cuts_off_is_not_lost(driver):
    events, error = run(driver, [b"a\xe2", b"\x82"])
    assert error is None
    assert whole(events) == [
        ContentBlockStart(0, TextBlock()),
        ContentBlockDelta(0, "a\ufffd"),
        ContentBlockStop(0, "end", 2),
    ]


# Events of a provider


def said(text):
    return {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}


@both
def test_events_of_a_provider_are_a_source(driver):
    source, items = made(driver, {"type": "ping"}, said(PAGE[:20]), said(PAGE[20:]))
    events, error = run(driver, items)
    assert (whole(events), error) == (EVENTS, None)
    assert source.closed == 1


@both
def test_an_error_of_the_provider_is_told_behind_the_text_and_ends_the_reading(driver):
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    source, items = made(driver, said("/// START Hero\nab\n/// EN"), overloaded, said("never read"))
    events, error = run(driver, items)
    assert error is None
    events = whole(events)
    assert [event.type for event in events] == [
        "content_block_start",
        "content_block_delta",
        "error",
        "content_block_stop",
    ]
    assert events[1] == ContentBlockDelta(0, "ab\n/// EN")
    assert (events[2].code, events[2].fatal, events[2].retryable) == ("source_failed", True, True)
    assert events[3] == ContentBlockStop(0, "aborted", 9)
    assert (source.read, source.closed) == (2, 1)


@both
def test_an_answer_that_was_cut_short_is_told_and_ends_well(driver):
    cut = {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}
    _, items = made(driver, said("abc"), cut)
    events, error = run(driver, items)
    assert error is None
    assert [event.type for event in events] == [
        "content_block_start",
        "content_block_delta",
        "error",
        "content_block_stop",
    ]
    assert (events[2].code, events[2].fatal) == ("source_truncated", False)
    assert events[3].reason == "end"


@both
def test_an_answer_without_its_end_is_told_and_aborted(driver):
    source, items = made(driver, {"type": "message_start", "message": {}}, said("/// START Hero\nabc"))
    events, error = run(driver, items)
    assert error is None
    assert (events[-2].code, events[-2].fatal, events[-1].reason) == ("source_incomplete", True, "aborted")
    assert source.closed == 1


@both
def test_after_the_parser_has_failed_nothing_of_the_provider_is_told(driver):
    chunk = {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "abcdefgh"}}]}
    chunk["choices"][0]["finish_reason"] = "length"
    _, items = made(driver, chunk)
    events, error = run(driver, items, parser=failing())
    assert error is None
    assert [event.type for event in events][-2:] == ["error", "content_block_stop"]
    assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["stream_too_large"]


# Nothing begins before the first event is asked for


@both
def test_nothing_is_read_before_the_first_event_is_asked_for(driver):
    source = Closable(PAGE)
    events = driver(source)
    assert source.read == 0
    if driver is parse:
        events.close()
    else:
        asyncio.run(events.aclose())
    assert (source.read, source.closed) == (0, 0)


# What is no source


@both
@pytest.mark.parametrize("chunk", ["text", "", b"text", bytearray(b"text"), memoryview(b"text")])
def test_a_single_chunk_is_refused_at_the_call(driver, chunk):
    name = driver.__name__
    with pytest.raises(UsageError) as raised:
        driver(chunk)
    assert str(raised.value) == (
        f"{name}() takes an iterable of chunks; wrap a single one in a list: {name}([chunk])."
    )


@both
@pytest.mark.parametrize(
    ("parser", "words"),
    [
        ("x", "parser must be a ComponentParser, not str; pass ComponentParser(...)."),
        (ComponentParser, "not the class ComponentParser; call it: ComponentParser()."),
    ],
)
def test_a_parser_of_the_wrong_type_is_refused_at_the_call(driver, parser, words):
    with pytest.raises(UsageError) as raised:
        driver(["a"], parser=parser)
    assert words in str(raised.value)


def test_parse_refuses_an_asynchronous_source_at_the_call():
    with pytest.raises(
        UsageError,
        match=r"^parse\(\) takes an iterable of chunks, not AsyncClosable; read an .* aparse\(\)\.$",
    ):
        parse(AsyncClosable("x"))


def test_parse_refuses_what_cannot_be_iterated_at_the_call():
    for thing in (None, 7, 1.5):
        with pytest.raises(UsageError) as raised:
            parse(thing)
        assert str(raised.value) == (f"parse() takes an iterable of chunks, not {described(thing)}{CURE}.")


def test_aparse_refuses_what_cannot_be_iterated_at_the_call():
    for thing in (None, 7, 1.5):
        with pytest.raises(UsageError) as raised:
            aparse(thing)
        assert str(raised.value) == (
            f"aparse() takes an asynchronous iterable of chunks, not {described(thing)}{CURE}."
        )


@both
@pytest.mark.parametrize(
    "end", [ComponentParser.close, ComponentParser.abort, lambda parser: parser.feed("too long")]
)
def test_a_parser_that_has_ended_its_stream_is_refused_at_the_call(driver, end):
    parser = failing()
    end(parser)
    source = Closable("x")
    with pytest.raises(UsageError) as raised:
        driver(source, parser=parser)
    assert str(raised.value) == (
        "The parser has ended its stream; make a new ComponentParser for each source."
    )
    assert (source.read, source.closed) == (0, 0)


@both
def test_the_blocks_of_a_parser_that_was_at_work_are_aborted_when_the_source_will_not_begin(driver):
    parser = ComponentParser()
    parser.feed("/// START Hero\n")
    events, error = run(driver, Refusing(), parser=parser)
    assert [event.reason for event in events] == ["aborted"]
    assert isinstance(error, SourceError)


@both
@pytest.mark.parametrize("chunk", [None, 7, [], bytearray(b"x")], ids=lambda chunk: type(chunk).__name__)
def test_a_chunk_of_another_kind_ends_the_stream_as_a_broken_source_does(driver, chunk):
    source, items = made(driver, "/// START Hero\n", chunk, "never read")
    events, error = run(driver, items)
    assert [event.type for event in events] == ["content_block_start", "content_block_stop"]
    assert events[1].reason == "aborted"
    assert isinstance(error, UsageError)
    assert str(error).startswith(
        f"A source must yield str, bytes or the events of a known provider, not {type(chunk).__name__}; map "
    )
    assert (source.read, source.closed) == (2, 1)


@both
@pytest.mark.parametrize("chunks", [("a", b"b"), (b"a", "b"), (b"a\xc3", "b")])
def test_a_source_of_str_and_bytes_is_refused(driver, chunks):
    source, items = made(driver, *chunks)
    events, error = run(driver, items)
    assert events[-1].reason == "aborted"
    assert isinstance(error, UsageError)
    assert str(error) == "A source must yield str only or bytes only; this one yields both."
    assert source.closed == 1


# The source raises


@both
def test_when_the_source_raises_the_open_blocks_are_aborted_and_its_exception_follows(driver):
    broken = SourceError("connection lost")
    source, items = made(driver, "/// START Hero\nab\n/// EN", broken, "never read")
    events, error = run(driver, items)
    assert whole(events) == [
        ContentBlockStart(0, ComponentBlock("Hero", "main"), (0, 15)),
        ContentBlockDelta(0, "ab\n/// EN"),
        ContentBlockStop(0, "aborted", 9),
    ]
    assert error is broken
    assert not hasattr(error, "__notes__")
    assert (source.read, source.closed) == (2, 1)


@both
def test_when_the_source_raises_half_a_character_is_not_lost(driver):
    _, items = made(driver, b"ab\xf0\x9f", SourceError())
    events, error = run(driver, items)
    assert whole(events)[1:] == [ContentBlockDelta(0, "ab\ufffd"), ContentBlockStop(0, "aborted", 3)]
    assert isinstance(error, SourceError)


@both
def test_a_source_that_raises_at_once_gives_only_its_exception(driver):
    broken = SourceError()
    source, items = made(driver, broken)
    assert run(driver, items) == ([], broken)
    assert source.closed == 1


@both
def test_a_source_that_cannot_be_iterated_after_all_is_closed(driver):
    source = Refusing()
    events, error = run(driver, source)
    assert events == []
    assert isinstance(error, SourceError)
    assert source.closed == 1


@both
def test_the_source_is_closed_before_the_last_events_of_a_broken_stream(driver):
    source = (Closable if driver is parse else AsyncClosable)("ab", SourceError())
    closed_at = closes_seen(driver, source)
    assert closed_at == {
        "content_block_start": 0,
        "content_block_delta": 0,
        "content_block_stop": 1,
    }


# The parser fails


def failing():
    return ComponentParser(limits=Limits(max_total_chars=5))


@both
def test_a_failed_parser_ends_the_reading(driver):
    source, items = made(driver, "abc", "defghi", "never read", "never read")
    events, error = run(driver, items, parser=failing())
    assert error is None
    assert [event.type for event in whole(events)] == [
        "content_block_start",
        "content_block_delta",
        "error",
        "content_block_stop",
    ]
    assert isinstance(events[-2], ErrorEvent)
    assert (source.read, source.closed) == (2, 1)


@both
def test_the_source_is_closed_before_the_fatal_error_is_told(driver):
    source = (Closable if driver is parse else AsyncClosable)("abc", "defghi", "never read")
    closed_at = closes_seen(driver, source, parser=failing())
    assert closed_at["error"] == 1
    assert source.read == 2


def closes_seen(driver, source, parser=None):
    """How often the source had been closed when the first event of each type came."""
    seen = {}
    if driver is parse:
        try:
            for event in parse(source, parser=parser):
                seen.setdefault(event.type, source.closed)
        except SourceError:
            pass
        return seen

    async def look():
        try:
            async for event in aparse(source, parser=parser):
                seen.setdefault(event.type, source.closed)
        except SourceError:
            pass

    asyncio.run(look())
    return seen


# The consumer stops


def test_closing_the_generator_closes_the_source():
    source = Source("abc", "def")
    with closing(parse(source.items())) as events:
        next(events)
        assert source.closed == 0
    assert (source.read, source.closed) == (1, 1)
    assert list(events) == []
    events.close()
    assert source.closed == 1


def test_dropping_the_generator_closes_the_source():
    source = Source("abc", "def")
    for _ in parse(source.items()):
        break
    gc.collect()
    assert source.closed == 1


def test_an_exception_thrown_in_closes_the_source_and_comes_back():
    source = Source("/// START Hero\n", "def")
    events = parse(source.items())
    next(events)
    assert events.throw(SourceError()).reason == "aborted"
    with pytest.raises(SourceError):
        next(events)
    assert source.closed == 1


def test_closing_the_asynchronous_generator_closes_the_source():
    source = Source("abc", "def")

    async def stop_early():
        async with aclosing(aparse(source.aitems())) as events:
            await anext(events)
            assert source.closed == 0
        assert (source.read, source.closed) == (1, 1)
        assert [event async for event in events] == []
        await events.aclose()
        assert source.closed == 1

    asyncio.run(stop_early())


def test_dropping_the_asynchronous_generator_closes_the_source_when_the_loop_gets_to_it():
    source = Source("abc", "def")

    async def stop_early():
        async for _ in aparse(source.aitems()):
            break
        gc.collect()
        for _ in range(10):
            await asyncio.sleep(0)
        assert source.closed == 1

    asyncio.run(stop_early())


@both
def test_stopping_among_the_last_events_is_quiet(driver):
    source, items = made(driver, "/// START A\n/// START B\n", SourceError())
    if driver is parse:
        with closing(parse(items)) as events:
            assert [next(events).type for _ in range(3)][2] == "content_block_stop"
    else:

        async def stop_early():
            async with aclosing(aparse(items)) as events:
                assert [(await anext(events)).type for _ in range(3)][2] == "content_block_stop"

        asyncio.run(stop_early())
    assert source.closed == 1


# The task is cancelled


async def cancel_while_waiting(source, iterable):
    got = []

    async def consume():
        try:
            async for event in aparse(iterable):
                got.append(event.type)  # noqa: PERF401 - what came before the cancellation counts
        except asyncio.CancelledError as error:
            got.append(error)
            raise

    task = asyncio.create_task(consume())
    await source.waiting.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert len(asyncio.all_tasks()) == 1
    return got[:-1], got[-1]


def test_a_cancellation_arrives_in_the_source():
    source = Stalled("abc")
    got, error = asyncio.run(cancel_while_waiting(source, source.aitems()))
    assert got == ["content_block_start", "content_block_delta"]
    assert type(error) is asyncio.CancelledError
    assert source.ended_by is asyncio.CancelledError
    assert source.closed == 1


def test_a_cancelled_wait_closes_a_stream_that_does_not_close_itself():
    source = StalledStream()
    got, error = asyncio.run(cancel_while_waiting(source, source))
    assert (got, type(error), source.closed) == ([], asyncio.CancelledError, 1)


def test_a_failed_close_does_not_hide_the_cancellation():
    source = StalledStream(on_close=ClosingError("no"))
    _, error = asyncio.run(cancel_while_waiting(source, source))
    assert type(error) is asyncio.CancelledError
    assert error.__notes__ == ["Closing the source failed too: ClosingError('no')"]
    assert source.closed == 1


def test_a_timeout_around_the_wait_closes_the_source():
    source = Stalled("abc")

    async def wait():
        async with aclosing(aparse(source.aitems())) as events:
            async with asyncio.timeout(0.01):
                async for _ in events:
                    pass

    with pytest.raises(TimeoutError):
        asyncio.run(wait())
    assert source.ended_by is asyncio.CancelledError
    assert source.closed == 1


# How a source is closed


@pytest.mark.parametrize(
    ("driver", "kind"), [(parse, Closable), (aparse, Closable), (aparse, AsyncClosable), (aparse, Aclosable)]
)
@pytest.mark.parametrize("end", ["exhausted", "raises", "stopped"])
def test_a_stream_with_a_close_of_its_own_is_closed_once(driver, kind, end):
    source = kind("abc", *([SourceError()] if end == "raises" else []))
    if end != "stopped":
        run(driver, source)
    elif driver is parse:
        with closing(parse(source)) as events:
            next(events)
    else:

        async def stop_early():
            async with aclosing(aparse(source)) as events:
                await anext(events)

        asyncio.run(stop_early())
    assert source.closed == 1


@pytest.mark.parametrize(
    ("driver", "kind", "iterator"),
    [(parse, Response, Closable), (aparse, Response, Closable), (aparse, AsyncResponse, AsyncClosable)],
)
def test_a_response_is_closed_and_so_is_the_iterator_that_it_made(driver, kind, iterator):
    source = iterator("abc", "def")
    response = kind(source)
    if driver is parse:
        with closing(parse(response)) as events:
            next(events)
    else:

        async def stop_early():
            async with aclosing(aparse(response)) as events:
                await anext(events)

        asyncio.run(stop_early())
    assert (source.closed, response.closed) == (1, 1)


def test_a_response_is_closed_even_when_closing_its_iterator_fails():
    response = Response(Closable("abc", "def", on_close=ClosingError("no")))
    events = parse(response)
    next(events)
    with pytest.raises(ClosingError):
        events.close()
    assert response.closed == 1


def test_both_failures_to_close_are_told():
    response = Response(Closable("abc", "def", on_close=ClosingError("iterator")))

    def fail():
        raise ClosingError("response")

    response.close = fail
    events = parse(response)
    next(events)
    with pytest.raises(ClosingError, match="iterator") as raised:
        events.close()
    assert raised.value.__notes__ == ["Closing the source failed too: ClosingError('response')"]


# Closing fails


@both
def test_when_closing_fails_at_a_good_end_all_events_come_and_then_the_failure(driver):
    kind = Closable if driver is parse else AsyncClosable
    failure = ClosingError("no")
    events, error = run(driver, kind(PAGE, on_close=failure))
    assert events == EVENTS
    assert error is failure


@both
def test_when_closing_fails_after_a_fatal_error_all_events_come_and_then_the_failure(driver):
    kind = Closable if driver is parse else AsyncClosable
    failure = ClosingError("no")
    events, error = run(driver, kind("abcdefghi", on_close=failure), parser=failing())
    assert [event.type for event in events][-2:] == ["error", "content_block_stop"]
    assert error is failure


@both
def test_when_closing_fails_after_the_source_raised_its_own_exception_is_kept_and_noted(driver):
    kind = Closable if driver is parse else AsyncClosable
    broken = SourceError("connection lost")
    events, error = run(driver, kind("abc", broken, on_close=ClosingError("no")))
    assert events[-1] == ContentBlockStop(0, "aborted", 3)
    assert error is broken
    assert error.__notes__ == ["Closing the source failed too: ClosingError('no')"]


@both
def test_when_closing_fails_as_the_consumer_stops_the_consumer_is_told(driver):
    source, items = made(driver, "abc", "def", on_close=ClosingError("no"))
    if driver is parse:
        events = parse(items)
        next(events)
        with pytest.raises(ClosingError):
            events.close()
    else:

        async def stop_early():
            events = aparse(items)
            await anext(events)
            with pytest.raises(ClosingError):
                await events.aclose()

        asyncio.run(stop_early())
    assert source.closed == 1


def test_an_interrupt_passes_through_without_events():
    source = Source("abc")

    def interrupted():
        yield from source.items()
        raise KeyboardInterrupt

    got = []
    with pytest.raises(KeyboardInterrupt):
        got.extend(event.type for event in parse(interrupted()))
    assert source.closed == 1
    assert got == ["content_block_start", "content_block_delta"]


# A consumer that meddles


@both
def test_a_parser_closed_from_outside_ends_the_stream_with_a_usage_error(driver):
    parser = ComponentParser()
    source, items = made(driver, b"abc\xc3", b"\xa4")
    if driver is parse:
        events = parse(items, parser=parser)
        next(events)
        parser.abort()
        got, error = drain(events)
    else:

        async def meddle():
            events = aparse(items, parser=parser)
            await anext(events)
            parser.abort()
            return await adrain(events)

        got, error = asyncio.run(meddle())
    assert [event.type for event in got] == ["content_block_delta"]
    assert isinstance(error, UsageError)
    assert source.closed == 1
