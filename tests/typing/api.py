"""Code as users write it, for the type checker; it is never run."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from typing import assert_never, assert_type

from componentstream import (
    BufferLimits,
    Catalog,
    Component,
    ComponentBlock,
    ComponentBuffer,
    ComponentParser,
    ComponentSpec,
    ComponentStreamError,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    DeltaBatcher,
    ErrorEvent,
    ErrorWindow,
    Event,
    Finding,
    FindingEvent,
    GenerationSession,
    Grammar,
    Limits,
    MessageStop,
    MissingExtraError,
    ReasoningEvent,
    SessionStats,
    StatusEvent,
    TextBlock,
    Timeouts,
    UsageError,
    UsageEvent,
    WireError,
    aparse,
    astream,
    astream_bytes,
    event_from_dict,
    parse,
    stream,
    stream_bytes,
)
from componentstream.prompt import Continuation, Dropped, continue_prompt, instructions, repair
from componentstream.session.hooks import HookEvent, StreamFinished
from componentstream.sources import (
    Reasoning,
    SourceDecoder,
    SourceError,
    SSESourceDecoder,
    TextDecoder,
    Usage,
    extract_text,
)
from componentstream.testing import EventVerifier, assert_cut_invariant, merge_deltas
from componentstream.wire import JSONLinesDecoder, JSONLinesEncoder, SSEDecoder, SSEEncoder


def every_event_is_matched(event: Event) -> str:
    match event:
        case ContentBlockStart(index=index, block=ComponentBlock(name=name, position=position)):
            assert_type((index, name, position), tuple[int, str, str])
            shown = name
        case ContentBlockStart():
            shown = ""
        case ContentBlockDelta(text=text):
            shown = text
        case ContentBlockStop(reason=reason, span=span):
            assert_type(span, tuple[int, int] | None)
            shown = "" if reason == "end" else reason
        case ErrorEvent(code=code, line=line, fatal=fatal):
            assert_type((line, fatal), tuple[int | None, bool])
            shown = code
        case StatusEvent(elapsed=elapsed):
            shown = f"{elapsed:.1f} s"
        case MessageStop(reason=why, stats=stats):
            assert_type(stats, Mapping[str, object])
            shown = why
        case ReasoningEvent(text=text):
            shown = text
        case UsageEvent(output_tokens=tokens):
            shown = f"{tokens} tokens"
        case FindingEvent(finding=Finding(message=message)):
            shown = message
        case DebugEvent():
            shown = ""
        case _:
            assert_never(event)
    return shown


def blocks_are_matched(block: ComponentBlock | TextBlock) -> int | None:
    match block:
        case ComponentBlock(parent=parent):
            return parent
        case TextBlock():
            return None
        case _:
            assert_never(block)


def events_are_told_apart_by_type(event: Event) -> str:
    if event.type == "content_block_delta":
        return event.text
    return event.type


def a_list_is_parsed() -> list[Event]:
    assert_type(parse(["/// START A\n"]), Generator[Event, None, None])
    events: Iterator[Event] = parse([b"\xef\xbb\xbf", b"Hi"])
    return [*events, *parse(iter(["Hi"]), parser=ComponentParser(Grammar(strict=True), Limits(max_depth=2)))]


async def tokens() -> AsyncIterator[str]:
    yield "/// START A\n"


async def chunks() -> AsyncGenerator[bytes, None]:
    yield b"/// START A\n"


async def an_asynchronous_source_is_parsed() -> list[Event]:
    assert_type(aparse(tokens()), AsyncGenerator[Event, None])
    events = [event async for event in aparse(chunks())]
    events += [event async for event in aparse(["Hi"], parser=ComponentParser())]
    assert_type(events, list[Event])
    return events


def a_parser_is_driven_by_hand(text: str) -> list[Event]:
    parser = ComponentParser(
        grammar=Grammar(positions={"main", "left"}, nesting="close", fences="keep", outside="discard"),
        limits=Limits(max_total_chars=1_000),
    )
    events = parser.feed(text)
    assert_type(events, list[Event])
    snapshot = parser.snapshot()
    assert_type(snapshot, dict[str, object])
    again = ComponentParser.restore(snapshot, grammar=Grammar(), limits=Limits())
    assert_type(again, ComponentParser)
    assert_type(again.pending, str)
    return [*events, *(again.abort() if again.failed or again.closed else again.close())]


def components_are_collected() -> list[Component]:
    catalog = Catalog([ComponentSpec("Hero", critical=True), ComponentSpec("Menu", parts=["Item", "Label"])])
    Catalog((ComponentSpec("Hero"),))
    Catalog(specs=iter([ComponentSpec("Hero", ("Title",))]))
    assert_type([spec.parts for spec in catalog], list[tuple[str, ...]])
    assert_type(catalog.get("Hero"), ComponentSpec | None)
    buffer = ComponentBuffer(limits=BufferLimits(max_components=10), catalog=catalog)
    done = [component for event in parse(["Hi"]) if (component := buffer.apply(event)) is not None]
    assert_type(done, list[Component])
    assert_type(buffer.components, tuple[Component, ...])
    assert_type([growing.text for growing in buffer.open_components], list[str])
    return done


def components_are_shown(component: Component) -> str:
    assert_type(component.index, int)
    assert_type(component.parent, int | None)
    assert_type(component.attributes, Mapping[str, str])
    assert_type(component.missing_parts, tuple[str, ...])
    assert_type(component.uses, tuple[str, ...])
    assert_type(component.critical, bool)
    assert_type(component.trimmed, int)
    whole = component.reason == "end"
    return f"{component.name} at {component.position}: {component.text if whole else ''}"


def events_are_sent(events: list[Event]) -> bytes:
    encoder = SSEEncoder(named=True)
    headers: dict[str, str] = encoder.headers
    body = b"".join(encoder.encode(event, id=number) for number, event in enumerate(events))
    lines = JSONLinesEncoder()
    body += b"".join(lines.encode(event) for event in events) + encoder.heartbeat() + lines.heartbeat()
    return body + headers["Content-Type"].encode() + SSEEncoder.media_type.encode()


def events_are_received(body: bytes) -> list[Event]:
    decoder = SSEDecoder()
    events: list[Event] = [*decoder.feed(body), *decoder.close()]
    lines = JSONLinesDecoder()
    events += [*lines.feed(body), *lines.close()]
    event = event_from_dict({"type": "debug", "state": {}})
    assert_type(event, Event | None)
    return events if event is None else [*events, event]


def stages_are_chained(body: bytes) -> list[Event]:
    decoder, parser = TextDecoder(), ComponentParser()
    return [event for text in decoder.feed(body) for event in parser.feed(text)]


def sessions_are_driven(source: list[str]) -> list[Event]:
    def hook(record: HookEvent) -> None:
        if isinstance(record, StreamFinished):
            assert_type(record.stats, SessionStats)

    session = GenerationSession(
        timeouts=Timeouts(generation=60, chunk=None), error_window=ErrorWindow(0, 1.5), hooks=[hook], id="s"
    )
    events = session.start(0.0) + session.feed("Hi", 0.5) + session.tick(1.0)
    events += session.report_error("invalid_chunk", "No JSON.", 1.5)
    events += session.finish(2.0) + session.cancel(3.0)
    assert_type(session.next_deadline(), float | None)
    assert_type(stream(source, session=GenerationSession()), Generator[Event, None, None])
    assert_type(stream_bytes(source, batcher=DeltaBatcher(max_chars=64)), Generator[bytes, None, None])
    return events


async def sessions_are_driven_asynchronously(source: AsyncIterator[object]) -> None:
    async for event in astream(source, decoder=SSESourceDecoder()):
        assert_type(event, Event)
    async for chunk in astream_bytes(source, encoder=JSONLinesEncoder(), batcher=None, heartbeat=None):
        assert_type(chunk, bytes)


def providers_are_read(chunk: object) -> list[str]:
    assert_type(extract_text(chunk), str | None)
    texts: list[str] = []
    for piece in SourceDecoder().feed(chunk):
        match piece:
            case str():
                texts.append(piece)
            case Reasoning(text=text):
                texts.append(text)
            case Usage(output_tokens=tokens):
                assert_type(tokens, int | None)
            case SourceError(fatal=fatal):
                assert_type(fatal, bool)
            case _:
                assert_never(piece)
    return texts


def streams_are_verified(events: list[Event]) -> list[Event]:
    verifier = EventVerifier()
    for event in events:
        verifier.check(event)
    verifier.check_all(events)
    verifier.finish()
    assert_cut_invariant(ComponentParser, "/// START A\n", cuts=[1, 2])
    return merge_deltas(events)


def failures_are_caught() -> ComponentStreamError | None:
    try:
        parse(["Hi"]).close()
    except (UsageError, WireError, MissingExtraError) as problem:
        return problem
    return None


def models_are_instructed(events: list[Event], parser: ComponentParser, chunks: list[str]) -> list[Event]:
    text = instructions(Grammar(nesting="close"), Catalog([ComponentSpec("Hero", description="...")]))
    text += repair(events, [event.to_dict() for event in events]) + continue_prompt("", parser, language="de")
    stage = Continuation(parser.snapshot(), text)
    assert_type(stage.feed(text), list[str])
    assert_type(stage.dropped, tuple[Dropped, ...])
    return [event for chunk in chunks for text in stage.feed(chunk) for event in stage.parser.feed(text)]


def wrong_calls_are_found() -> None:
    ComponentParser().feed(b"Hi")  # type: ignore[arg-type]
    Grammar(nesting="deep")  # type: ignore[arg-type]
    Limits(512)  # type: ignore[call-arg]
    parse(["Hi"]).send("x")  # type: ignore[arg-type]
    ContentBlockDelta(0, "x").text = "y"  # type: ignore[misc]
    parse(3)  # type: ignore[arg-type]
    stream(["Hi"], session=ComponentParser())  # type: ignore[arg-type]
    GenerationSession().feed("Hi")  # type: ignore[call-arg]
    Timeouts(generation="30")  # type: ignore[arg-type]
