"""The mistakes that the entry points notice at the call."""

import asyncio
import contextlib
import functools
import traceback
import warnings
from collections import UserDict
from pathlib import Path

import pytest

from componentstream.core.errors import UsageError
from componentstream.core.parser import ComponentParser
from componentstream.drive import aparse, astream, astream_bytes, parse, stream, stream_bytes
from componentstream.drive.checks import (
    check_any_iterable,
    check_iterable,
    check_source,
    discard_on_error,
    is_async_function,
    is_awaitable_source,
)
from componentstream.session.session import GenerationSession
from tests import parts
from tests.drive.kinds import AsyncClosable

CURE = "; pass a list, a generator or the stream of a provider's library"


def chunks():
    yield "a"


async def achunks():
    yield "a"


async def opened():
    return ["a"]


def refusal(check, *arguments):
    with pytest.raises(UsageError) as raised:
        check(*arguments)
    return str(raised.value)


def sync(source):
    return refusal(check_iterable, source, "name", "aname")


def asynchronous(source):
    return refusal(check_any_iterable, source, "name")


both = pytest.mark.parametrize("refused", [sync, asynchronous])


@pytest.mark.parametrize(
    "chunk", ["text", b"text", bytearray(b"text"), memoryview(b"text"), {"type": "x"}, UserDict(type="x")]
)
def test_a_single_chunk_is_refused(chunk):
    assert refusal(check_source, chunk, "name") == (
        "name() takes an iterable of chunks; wrap a single one in a list: name([chunk])."
    )


@pytest.mark.parametrize("kind", [dict, UserDict])
def test_a_response_with_a_stream_inside_is_refused(kind):
    response = kind(ResponseMetadata={}, stream=iter([]))
    assert refusal(check_source, response, "name") == (
        'name() takes an iterable of chunks; pass the stream inside: name(response["stream"]).'
    )
    assert "[chunk]" in refusal(check_source, kind(stream="x"), "name")


@both
def test_a_whole_answer_of_a_library_is_refused(refused):
    class Completion(parts.module("pydantic").BaseModel):
        text: str

    class Stream(Completion):
        def __iter__(self):
            return iter(["a"])

    assert refused(Completion(text="a")) == (
        "name() takes an iterable of chunks, not Completion; ask for a stream, usually with stream=True, or "
        "wrap a whole answer in a list: name([answer])."
    )
    check_source(Stream(text="a"), "name")


def test_a_response_is_refused_with_the_method_for_its_bytes():
    response = parts.module("httpx").Response(200, content=b"a")
    cure = "pass its bytes, and the decoder for them: name(response."
    assert f"{cure}iter_bytes(), decoder=SSESourceDecoder)." in sync(response)
    assert f"{cure}aiter_bytes(), decoder=SSESourceDecoder)." in asynchronous(response)


def test_something_that_has_to_be_opened_is_refused():
    @contextlib.contextmanager
    def manager():
        yield ["a"]

    @contextlib.asynccontextmanager
    async def amanager():
        yield ["a"]

    assert sync(contextlib.nullcontext()).endswith("; open it first: with source as stream: name(stream).")
    assert asynchronous(contextlib.nullcontext()).endswith("async with source as stream: name(stream).")
    assert sync(manager()).endswith("open it first: with source as stream: name(stream).")
    assert asynchronous(amanager()).endswith("open it first: async with source as stream: name(stream).")


@both
def test_a_path_is_refused(refused):
    assert refused(Path("answer.txt")) == (
        "name() takes an iterable of chunks, not a path; open the file first: "
        'name(path.open(encoding="utf-8")).'
    )


def test_iterables_are_accepted():
    for source in (["text"], chunks(), iter(["text"])):
        check_iterable(source, "name", "aname")
        check_any_iterable(source, "name")
    check_any_iterable(AsyncClosable("text"), "name")
    check_any_iterable(achunks(), "name")


def test_an_object_that_is_not_iterable_is_refused():
    assert sync(7) == f"name() takes an iterable of chunks, not int{CURE}."
    assert asynchronous(7) == f"name() takes an asynchronous iterable of chunks, not int{CURE}."
    assert sync(AsyncClosable()) == (
        "name() takes an iterable of chunks, not AsyncClosable; read an asynchronous source with aname()."
    )


@both
def test_a_generator_function_that_was_not_called_is_refused(refused):
    assert refused(chunks).endswith("of chunks, not function; call it: name(chunks()).")
    assert refused(functools.partial(chunks)).endswith("of chunks, not partial; call it: name(source()).")
    assert refused(lambda: [*chunks()]).endswith("of chunks, not function; call it: name(source()).")
    assert refused(list).endswith("of chunks, not the class list; call it: name(list()).")


@pytest.mark.parametrize("function", [achunks, opened])
def test_an_asynchronous_function_that_was_not_called_is_referred_to_the_twin(function):
    assert is_async_function(function)
    assert not is_async_function(chunks)
    call = f"call it: aname({function.__name__}())."
    assert sync(function) == f"name() takes an iterable of chunks, not function; {call}"
    assert sync(functools.partial(function)).endswith("not partial; call it: aname(source()).")
    assert asynchronous(function).endswith(f"not function; call it: name({function.__name__}()).")


@both
@pytest.mark.parametrize("end", [list, lambda source: source.close()])
def test_a_generator_that_is_used_up_is_refused(refused, end):
    source = chunks()
    end(source)
    assert refused(source) == (
        "name() takes a source that can still be read; this generator is exhausted or closed. "
        "Call the function that made it again."
    )


def test_an_asynchronous_generator_or_a_coroutine_that_is_used_up_is_refused():
    generator, coroutine = achunks(), opened()

    async def use():
        async for _ in generator:
            pass
        await coroutine

    asyncio.run(use())
    assert "this async_generator is exhausted or closed" in asynchronous(generator)
    assert "this coroutine is exhausted or closed" in asynchronous(coroutine)


def test_an_awaitable_is_accepted_by_the_asynchronous_functions_alone():
    async def test():
        future = asyncio.ensure_future(opened())
        check_any_iterable(future, "name")
        assert sync(future) == (
            "name() takes an iterable of chunks, not Task; await it first, or read it with aname()."
        )
        assert await future == ["a"]

    asyncio.run(test())
    with warnings.catch_warnings(action="error"):  # of a coroutine that was never awaited
        assert sync(opened()) == (
            "name() takes an iterable of chunks, not coroutine; await it first, or read it with aname()."
        )


def test_objects_that_can_be_awaited_and_iterated_are_iterated():
    class Awaitable:
        def __await__(self):
            return iter(())

    class Iterable(Awaitable):
        def __iter__(self):
            return iter(["a"])

    class AsyncIterable(Awaitable):
        def __aiter__(self):
            return achunks()

    kinds = (Awaitable(), Iterable(), AsyncIterable(), [])
    assert [is_awaitable_source(kind) for kind in kinds] == [True, False, False, False]
    check_iterable(Iterable(), "name", "aname")


@pytest.mark.parametrize("function", [parse, aparse, stream, astream, stream_bytes, astream_bytes])
def test_a_mistake_is_raised_at_the_call(function):
    used_up = chunks()
    list(used_up)
    for source in ("text", Path("answer.txt"), used_up, 7):
        with pytest.raises(UsageError) as raised:
            function(source)
        caller = traceback.extract_tb(raised.value.__traceback__)[0]
        assert caller.line == "function(source)"
        assert str(raised.value).startswith(f"{function.__name__}() takes ")


@pytest.mark.parametrize("function", [parse, stream, stream_bytes])
def test_a_synchronous_function_refuses_an_awaitable_at_the_call(function):
    with pytest.raises(UsageError, match=rf"await it first, or read it with a{function.__name__}\(\)\.$"):
        function(opened())


@pytest.mark.parametrize("function", [aparse, astream, astream_bytes])
@pytest.mark.parametrize("source", [list, lambda _: chunks(), lambda _: achunks()])
def test_an_asynchronous_function_awaits_its_source(function, source):
    async def later():
        await asyncio.sleep(0)
        return source(["a"])

    async def read(source):
        return [item async for item in function(source)]

    def untimed(items):
        return [item for item in items if getattr(item, "type", "") not in ("status", "message_stop")]

    awaited, given = asyncio.run(read(later())), asyncio.run(read(["a"]))
    if function is astream_bytes:
        assert b'"text":"a"' in b"".join(awaited)
    else:
        assert untimed(awaited) == untimed(given) != []


def test_a_coroutine_is_closed_when_another_argument_is_refused():
    coroutine = opened()
    with pytest.raises(UsageError, match="another argument"), discard_on_error(coroutine):
        raise UsageError("another argument")
    assert coroutine.cr_frame is None


def test_a_source_that_is_not_a_coroutine_is_left_alone_when_another_argument_is_refused():
    generator = (chunk for chunk in ["a"])
    with pytest.raises(UsageError), discard_on_error(generator):
        raise UsageError("another argument")
    assert list(generator) == ["a"]


@pytest.mark.parametrize(
    "call",
    [
        lambda source: aparse(source, parser=closed_parser()),
        lambda source: astream(source, session=started_session()),
        lambda source: astream_bytes(source, heartbeat=0),
    ],
    ids=["aparse", "astream", "astream_bytes"],
)
def test_an_entry_point_closes_a_coroutine_when_it_refuses_another_argument(call):
    coroutine = opened()
    with pytest.raises(UsageError):
        call(coroutine)
    assert coroutine.cr_frame is None


def closed_parser():
    parser = ComponentParser()
    parser.close()
    return parser


def started_session():
    session = GenerationSession()
    session.start(0.0)
    return session
