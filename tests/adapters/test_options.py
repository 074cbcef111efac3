"""The checks of arguments that all adapters share: each mistake is named with its cure."""

import asyncio
from pathlib import Path

import pytest

from componentstream.adapters.options import check_arguments, check_async_arguments
from componentstream.core.errors import UsageError
from componentstream.session.session import GenerationSession
from componentstream.sources import SSESourceDecoder
from componentstream.wire import SSEEncoder


def generator():
    yield "text"


async def asynchronous():
    yield "text"


async def coroutine():
    return generator()


def ended(iterator):
    list(iterator)
    return iterator


def future():
    return asyncio.get_running_loop().create_future()


def check(source, *, send_timeout=20.0, **options):
    check_arguments("stream", source, send_timeout, options, twin="astream()")


def acheck(source, *, send_timeout=20.0, **options):
    check_async_arguments("astream", source, send_timeout, options)


check.name, acheck.name = "stream", "astream"
both = pytest.mark.parametrize("checked", [check, acheck])


@both
@pytest.mark.parametrize("source", [["text"], ("text",), generator(), iter(["text"])])
def test_every_iterable_is_a_source(checked, source):
    checked(source, session=None, decoder=None, batcher=None, heartbeat=None, encoder=None, headers={})


def test_an_asynchronous_iterable_is_a_source_of_asynchronous_adapters():
    acheck(asynchronous())


@both
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("text", "takes an iterable of chunks; wrap a single one in a list"),
        (b"text", "wrap a single one in a list"),
        ({"type": "text"}, "wrap a single one in a list"),
        (None, "is None; return it from the function that makes it."),
        (Path("answer.txt"), "open the file first"),
        (generator, "call it"),
        (7, "iterable of chunks, not int"),
        (ended(generator()), "exhausted"),
    ],
    ids=["str", "bytes", "event", "None", "path", "function", "number", "ended"],
)
def test_anything_else_is_refused_with_a_cure(checked, source, words):
    with pytest.raises(UsageError) as caught:
        checked(source)
    assert f"{checked.name}()" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("source", "kind"), [(asynchronous, "async_generator"), (coroutine, "coroutine"), (future, "Future")]
)
def test_a_synchronous_adapter_names_its_asynchronous_twin(source, kind):
    async def run():
        words = (
            rf"stream\(\) is synchronous and cannot read an asynchronous source \({kind}\); use astream\(\)"
        )
        with pytest.raises(UsageError, match=words):
            check(source())

    asyncio.run(run())


def test_an_awaitable_is_a_source_of_asynchronous_adapters():
    source = coroutine()
    acheck(source)
    source.close()


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
@pytest.mark.parametrize("send_timeout", [0, -1.0, float("nan"), float("inf")])
def test_the_send_timeout_must_be_above_zero(checked, send_timeout):
    words = f"send_timeout must be a finite number of seconds above 0, not {send_timeout}"
    with pytest.raises(UsageError, match=words):
        checked(["text"], send_timeout=send_timeout)


@both
@pytest.mark.parametrize("send_timeout", ["x", True, None, float("nan")])
def test_the_send_timeout_must_be_a_number(checked, send_timeout):
    with pytest.raises(UsageError, match="send_timeout must be a finite number of seconds above 0, not"):
        checked(["text"], send_timeout=send_timeout)


@both
@pytest.mark.parametrize("options", [{"sesion": None}, {"send_timeout": 0}, {"headers": "x"}])
def test_a_coroutine_is_closed_when_another_argument_is_refused(checked, options):
    source = coroutine()
    with pytest.raises(UsageError):
        checked(source, **options)
    assert source.cr_frame is None


@both
@pytest.mark.parametrize("heartbeat", ["x", 0, True, -1.0, float("nan"), float("inf")])
def test_the_heartbeat_must_be_a_number_above_zero_or_none(checked, heartbeat):
    words = "heartbeat must be a finite number of seconds above 0 or None, not"
    with pytest.raises(UsageError, match=words):
        checked(["text"], heartbeat=heartbeat)


def started():
    session = GenerationSession()
    session.start(0.0)
    return session


def cancelled():
    session = GenerationSession()
    session.cancel(0.0)
    return session


class BareEncoder:
    def encode(self, _event, /):
        return b""

    def heartbeat(self):
        return b""


@both
@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("session", started(), "The session has been started; make a new GenerationSession for each source."),
        ("session", cancelled(), "The session has ended; make a new GenerationSession for each source."),
        ("session", "x", "session must be a GenerationSession, not str; pass GenerationSession(...)."),
        ("session", GenerationSession, "not the class GenerationSession; call it: GenerationSession()."),
        (
            "encoder",
            SSEEncoder,
            "encoder must be an object, not the class SSEEncoder; call it: SSEEncoder().",
        ),
        ("encoder", "", "encoder must have encode() and heartbeat() and headers, as SSEEncoder() has; str"),
        ("encoder", BareEncoder(), "as SSEEncoder() has; BareEncoder lacks headers."),
        ("batcher", "x", "batcher must be a DeltaBatcher, not str; pass DeltaBatcher(...)."),
        ("decoder", "x", "decoder must have feed() and close(), as SourceDecoder() has; str lacks"),
    ],
)
def test_a_wrong_option_is_refused_at_the_call(checked, option, value, words):
    with pytest.raises(UsageError) as caught:
        checked(["text"], **{option: value})
    assert words in str(caught.value)


@both
def test_a_class_of_decoders_is_an_option(checked):
    checked(["text"], decoder=SSESourceDecoder)
    checked(["text"], decoder=SSESourceDecoder())


@both
def test_every_default_may_be_passed_explicitly(checked):
    checked(["text"], session=None, decoder=None, batcher=..., heartbeat=15.0, encoder=None, headers=())


@pytest.mark.parametrize("source", [asynchronous, coroutine])
def test_a_synchronous_adapter_names_its_twin_for_a_function_that_was_not_called(source):
    words = r"cannot read an asynchronous source \(asynchronous function\); use astream\(\)"
    with pytest.raises(UsageError, match=words):
        check(source)


@both
def test_malformed_headers_are_refused_at_the_call(checked):
    with pytest.raises(UsageError, match="is not a header"):
        checked(["text"], headers={"X-Kept": "1\r\nX-Other: 2"})


@both
def test_a_decoder_that_another_response_has_is_refused_at_the_call(checked):
    shared = SSESourceDecoder()
    checked(["text"], decoder=shared)
    for used in (shared, closed_decoder()):
        with pytest.raises(UsageError, match="pass a new one for each stream"):
            checked(["text"], decoder=used)


def closed_decoder():
    decoder = SSESourceDecoder()
    decoder.close()
    return decoder


@both
def test_a_refused_call_leaves_the_decoder_free(checked):
    decoder = SSESourceDecoder()
    with pytest.raises(UsageError):
        checked(None, decoder=decoder)
    checked(["text"], decoder=decoder)
