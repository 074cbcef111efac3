"""The checks of arguments that all adapters share: each mistake is named with its cure."""

import asyncio
from pathlib import Path

import pytest

from componentstream.adapters.options import check_arguments, check_async_arguments
from componentstream.core.errors import UsageError


def generator():
    yield "text"


async def asynchronous():
    yield "text"


async def coroutine():
    return generator()


def ended(iterator):
    list(iterator)
    return iterator


async def _closed(iterator):
    await iterator.aclose()
    return iterator


def check(source, *, send_timeout=20.0, **options):
    check_arguments("stream", source, send_timeout, options, twin="astream()")


def acheck(source, *, send_timeout=20.0, **options):
    check_async_arguments("astream", source, send_timeout, options)


both = pytest.mark.parametrize("checked", [check, acheck])


@both
@pytest.mark.parametrize("source", [["text"], ("text",), generator(), iter(["text"])])
def test_every_iterable_is_a_source(checked, source):
    checked(source, session=None, decoder=None, batcher=None, heartbeat=None, encoder=None, headers={})


def test_an_asynchronous_iterable_is_a_source_of_asynchronous_adapters():
    acheck(asynchronous())


@both
@pytest.mark.parametrize(
    ("source", "kind"),
    [("text", "str"), (b"text", "bytes"), (bytearray(), "bytearray"), ({"type": "text"}, "dict")],
)
def test_a_single_chunk_must_be_wrapped_in_a_list(checked, source, kind):
    with pytest.raises(UsageError, match=f"takes an iterable of chunks, not one {kind}; wrap .* list: "):
        checked(source)


@both
@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "not None; return the iterable from the function that makes it"),
        (Path("answer.txt"), f"not {type(Path()).__name__}; open the file and pass the open file"),
        (generator, "not function; call the function and pass its result"),
        (7, "not int; pass a generator, a list or the stream of a provider's library"),
    ],
    ids=["None", "path", "function", "number"],
)
def test_anything_else_is_refused_with_a_cure(checked, source, words):
    with pytest.raises(UsageError) as caught:
        checked(source)
    assert words in str(caught.value)


@both
def test_a_generator_that_has_ended_is_refused(checked):
    with pytest.raises(
        UsageError, match=r"The generator that a?stream\(\) was given has ended; create a new"
    ):
        checked(ended(generator()))


def test_an_asynchronous_generator_that_has_ended_is_refused():
    with pytest.raises(UsageError, match=r"The async_generator that .* has ended"):
        acheck(asyncio.run(_closed(asynchronous())))


def test_a_synchronous_adapter_names_its_asynchronous_twin():
    words = (
        r"stream\(\) is synchronous and cannot read an asynchronous source \(async_generator\); use astream"
    )
    with pytest.raises(UsageError, match=words):
        check(asynchronous())


def test_a_synchronous_adapter_refuses_awaitables_and_closes_coroutines():
    source = coroutine()
    with pytest.raises(UsageError, match=r"asynchronous source \(coroutine\); use astream"):
        check(source)
    assert source.cr_frame is None


def test_a_future_is_not_mistaken_for_an_iterable():
    async def run():
        with pytest.raises(UsageError, match=r"asynchronous source \(Future\)"):
            check(asyncio.get_running_loop().create_future())

    asyncio.run(run())


@both
def test_an_unknown_option_is_refused_with_the_nearest_name(checked):
    with pytest.raises(UsageError, match=r"does not have an option 'sesion'; did you mean 'session'\?"):
        checked(["text"], sesion=None)


@both
def test_an_option_like_no_other_is_refused_with_all_names(checked):
    words = (
        "option 'x'; its options are batcher, decoder, encoder, headers, heartbeat, send_timeout, session."
    )
    with pytest.raises(UsageError, match=words):
        checked(["text"], x=None)


@both
@pytest.mark.parametrize("send_timeout", [0, -1.0, float("nan")])
def test_the_send_timeout_must_be_above_zero(checked, send_timeout):
    words = f"send_timeout must be a number of seconds above 0, not {send_timeout}"
    with pytest.raises(UsageError, match=words):
        checked(["text"], send_timeout=send_timeout)
