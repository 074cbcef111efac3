"""The meaning of events, first from the real libraries of providers, offline, then from single events.

The libraries talk to a server of this process that answers with recorded responses, or to models of their
own that need no network; a connection to anywhere else is refused.
"""

import asyncio
import inspect
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from componentstream.sources import SourceDecoder, SourceError, extract_text
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import recorded

ASK = [{"role": "user", "content": "A page, please."}]
SSE = "text/event-stream"


class Handler(BaseHTTPRequestHandler):
    """Answers every request with the response that the test has set."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", self.server.media_type)
        self.end_headers()
        for at in range(0, len(self.server.body), 700):
            self.wfile.write(self.server.body[at : at + 700])

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture(scope="module")
def home():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.media_type = SSE
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def url(home):
    return f"http://127.0.0.1:{home.server_port}"


@pytest.fixture(autouse=True)
def _no_other_network(monkeypatch):
    connect = socket.socket.connect

    def connect_at_home(self, address):
        assert address[0] == "127.0.0.1", f"a connection to {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_at_home)


@pytest.fixture
def answers(home, monkeypatch):
    """Return a function that sets the response of the server."""

    def answer(body, media_type=SSE):
        monkeypatch.setattr(home, "body", body, raising=False)
        monkeypatch.setattr(home, "media_type", media_type)

    return answer


def pieces_of(events):
    decoder = SourceDecoder()
    return [piece for event in events for piece in decoder.feed(event)] + decoder.close()


def assert_is_the_answer(events, pieces=recorded.PIECES):
    """Assert that events give the text once: as a stream and one by one, as objects and as dicts."""
    assert all(not isinstance(event, str | bytes | dict) for event in events)
    assert pieces_of(events) == pieces
    assert "".join(text for text in map(extract_text, events) if text) == "".join(pieces)
    if all(hasattr(event, "model_dump") for event in events):
        assert pieces_of([event.model_dump() for event in events]) == pieces


async def all_of(stream):
    """Return all items of an asynchronous iterable, or of the one that a coroutine returns."""
    if inspect.isawaitable(stream):
        stream = await stream
    return [item async for item in stream]


# Anthropic.


def anthropic_request(**more):
    return {"model": "claude", "max_tokens": 9, "messages": ASK, **more}


def test_anthropic_raw(url, answers):
    anthropic = parts.module("anthropic")
    answers(recorded.sse(*recorded.anthropic(), named=True))
    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        assert_is_the_answer(list(client.messages.create(**anthropic_request(stream=True))))

    async def ask():
        async with anthropic.AsyncAnthropic(api_key="k", base_url=url) as client:
            return await all_of(client.messages.create(**anthropic_request(stream=True)))

    assert_is_the_answer(asyncio.run(ask()))


def test_anthropic_helper_whose_text_events_repeat_the_raw_ones(url, answers):
    anthropic = parts.module("anthropic")
    answers(recorded.sse(*recorded.anthropic(), named=True))
    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        with client.messages.stream(**anthropic_request()) as stream:
            events = list(stream)
        with client.messages.stream(**anthropic_request()) as stream:
            assert pieces_of(stream.text_stream) == recorded.PIECES
    assert {"text", "content_block_delta"} < {event.type for event in events}
    assert_is_the_answer(events)
    assert pieces_of(event for event in events if event.type == "text") == recorded.PIECES

    async def ask():
        async with (
            anthropic.AsyncAnthropic(api_key="k", base_url=url) as client,
            client.messages.stream(**anthropic_request()) as stream,
        ):
            return await all_of(stream)

    assert_is_the_answer(asyncio.run(ask()))


@pytest.mark.parametrize(
    ("reason", "code", "fatal"),
    [
        ("max_tokens", "source_truncated", False),
        ("model_context_window_exceeded", "source_truncated", False),
        ("pause_turn", "source_truncated", False),
        ("refusal", "source_failed", True),
    ],
)
def test_anthropic_stops(url, answers, reason, code, fatal):
    anthropic = parts.module("anthropic")
    answers(recorded.sse(*recorded.anthropic(reason), named=True))
    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        *texts, error = pieces_of(client.messages.create(**anthropic_request(stream=True)))
    assert texts == recorded.PIECES
    assert (error.code, error.fatal, error.retryable) == (code, fatal, False)
    assert error.message.endswith(f": {reason}.")


def test_anthropic_without_an_end(url, answers):
    anthropic = parts.module("anthropic")
    answers(recorded.sse(*recorded.anthropic()[:-1], named=True))
    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        events = list(client.messages.create(**anthropic_request(stream=True)))
        with client.messages.stream(**anthropic_request()) as stream:
            helped = list(stream)
    assert pieces_of(events) == [*recorded.PIECES, INCOMPLETE]
    assert pieces_of(helped) == [*recorded.PIECES, INCOMPLETE]


# OpenAI.


def openai_clients(url):
    openai = parts.module("openai")
    options = {"api_key": "k", "base_url": url, "max_retries": 0}
    return openai.OpenAI(**options), openai.AsyncOpenAI(**options)


def test_openai_chat(url, answers):
    sync, async_ = openai_clients(url)
    request = {"model": "gpt", "messages": ASK, "stream": True}
    answers(recorded.sse(*recorded.chat(), done=True))
    with sync as client:
        events = list(client.chat.completions.create(**request))
    assert events[-1].choices == []
    assert_is_the_answer(events)

    async def ask():
        async with async_ as client:
            return await all_of(client.chat.completions.create(**request))

    assert_is_the_answer(asyncio.run(ask()))


def test_openai_chat_helper_whose_events_repeat_the_chunks(url, answers):
    sync, async_ = openai_clients(url)
    request = {"model": "gpt", "messages": ASK}
    answers(recorded.sse(*recorded.chat(), done=True))
    with sync as client, client.chat.completions.stream(**request) as stream:
        events = list(stream)
    assert {"chunk", "content.delta", "content.done"} <= {event.type for event in events}
    assert_is_the_answer(events)

    async def ask():
        async with async_ as client, client.chat.completions.stream(**request) as stream:
            return await all_of(stream)

    assert_is_the_answer(asyncio.run(ask()))


def test_openai_responses(url, answers):
    sync, async_ = openai_clients(url)
    request = {"model": "gpt", "input": "A page, please."}
    answers(recorded.sse(*recorded.responses(), named=True))
    with sync as client:
        events = list(client.responses.create(**request, stream=True))
        with client.responses.stream(**request) as stream:
            assert_is_the_answer(list(stream))
    assert_is_the_answer(events)
    agents = [SimpleNamespace(type="raw_response_event", data=event) for event in events]
    assert_is_the_answer(agents)

    async def ask():
        async with async_ as client:
            return await all_of(client.responses.create(**request, stream=True))

    assert_is_the_answer(asyncio.run(ask()))


@pytest.mark.parametrize(
    ("events", "error"),
    [
        (
            recorded.responses("response.incomplete", incomplete_details={"reason": "max_output_tokens"}),
            SourceError(
                "source_truncated", "The model stopped before the end of its answer: max_output_tokens."
            ),
        ),
        (
            recorded.responses("response.incomplete"),
            SourceError("source_truncated", "The model stopped before the end of its answer: incomplete."),
        ),
        (
            recorded.responses("response.failed", error={"code": "server_error", "message": "secret"}),
            SourceError(
                "source_failed", "The provider sent an error: server_error.", fatal=True, retryable=True
            ),
        ),
        (
            recorded.responses("response.failed", error={"code": "invalid_prompt", "message": "secret"}),
            SourceError("source_failed", "The provider sent an error: invalid_prompt.", fatal=True),
        ),
        (
            [
                *recorded.responses()[:-1],
                {"type": "error", "code": "rate_limit_exceeded", "message": "secret", "sequence_number": 99},
            ],
            SourceError(
                "source_failed",
                "The provider sent an error: rate_limit_exceeded.",
                fatal=True,
                retryable=True,
            ),
        ),
        (recorded.responses()[:-1], INCOMPLETE),
    ],
)
def test_openai_responses_that_do_not_complete(url, answers, events, error):
    client, _ = openai_clients(url)
    answers(recorded.sse(*events, named=True))
    with client:
        pieces = pieces_of(client.responses.create(model="gpt", input="A page, please.", stream=True))
    assert pieces == [*recorded.PIECES, error]


@pytest.mark.parametrize(
    ("chunks", "code"),
    [
        (recorded.chat("length"), "source_truncated"),
        (recorded.chat("content_filter"), "source_failed"),
        (recorded.chat(finish_reason=None), "source_incomplete"),
    ],
)
def test_openai_chat_that_does_not_complete(url, answers, chunks, code):
    client, _ = openai_clients(url)
    answers(recorded.sse(*chunks))
    with client:
        *texts, error = pieces_of(client.chat.completions.create(model="gpt", messages=ASK, stream=True))
    assert (texts, error.code) == (recorded.PIECES, code)


# Google, Mistral, Ollama.


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_google_generate_content_whose_last_chunks_have_no_text(url, answers):
    genai = parts.module("google.genai")
    answers(recorded.sse(*recorded.gemini()))
    with genai.Client(api_key="k", http_options={"base_url": url}) as client:
        events = list(client.models.generate_content_stream(model="gemini", contents="x"))
        assert events[-1].text is None
        assert_is_the_answer(events)

        async def ask():
            async with client.aio as async_:
                return await all_of(async_.models.generate_content_stream(model="gemini", contents="x"))

        assert_is_the_answer(asyncio.run(ask()))


@pytest.mark.parametrize(
    ("reason", "code"), [("MAX_TOKENS", "source_truncated"), ("SAFETY", "source_failed")]
)
def test_google_generate_content_stops(url, answers, reason, code):
    genai = parts.module("google.genai")
    answers(recorded.sse(*recorded.gemini(reason)))
    with genai.Client(api_key="k", http_options={"base_url": url}) as client:
        *texts, error = pieces_of(client.models.generate_content_stream(model="gemini", contents="x"))
    assert (texts, error.code) == (recorded.PIECES, code)
    assert error.message.endswith(f": {reason.lower()}.")


def test_google_interactions(url, answers):
    genai = parts.module("google.genai")
    answers(recorded.sse(*recorded.interactions()))
    with genai.Client(api_key="k", http_options={"base_url": url}) as client:
        with client.interactions.create(model="gemini", input="x", stream=True) as stream:
            events = list(stream)
        assert_is_the_answer(events)
        answers(recorded.sse(*recorded.interactions("incomplete")))
        with client.interactions.create(model="gemini", input="x", stream=True) as stream:
            *texts, error = pieces_of(stream)
    assert (texts, error.code) == (recorded.PIECES, "source_truncated")


def test_mistral_whose_content_may_be_a_list(url, answers):
    client = parts.module("mistralai.client").Mistral(api_key="k", server_url=url)
    chunks = recorded.chat()
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "no text"}]}
    chunks[2]["choices"][0]["delta"]["content"] = [thinking, {"type": "text", "text": recorded.PIECES[1]}]
    answers(recorded.sse(*chunks, done=True))
    request = {"model": "mistral", "messages": ASK}
    with client:
        assert_is_the_answer(list(client.chat.stream(**request)))

    async def ask():
        async with client:
            return await all_of(client.chat.stream_async(**request))

    assert_is_the_answer(asyncio.run(ask()))


def test_ollama(url, answers):
    ollama = parts.module("ollama")
    answers(recorded.lines(*recorded.ollama()), "application/x-ndjson")
    request = {"model": "m", "messages": ASK, "stream": True}
    client = ollama.Client(host=url)
    assert_is_the_answer(list(client.chat(**request)))
    client.close()

    async def ask():
        async with ollama.AsyncClient(host=url) as client:
            return await all_of(client.chat(**request))

    assert_is_the_answer(asyncio.run(ask()))


def test_ollama_that_stops_at_its_length_or_not_at_all(url, answers):
    with parts.module("ollama").Client(host=url) as client:
        answers(recorded.lines(*recorded.ollama("length")), "application/x-ndjson")
        *texts, error = pieces_of(client.chat(model="m", messages=ASK, stream=True))
        assert (texts, error.code) == (recorded.PIECES, "source_truncated")
        answers(recorded.lines(*recorded.ollama()[:-1]), "application/x-ndjson")
        assert pieces_of(client.chat(model="m", messages=ASK, stream=True)) == [*recorded.PIECES, INCOMPLETE]


# Libraries over providers, with models of their own.


@pytest.fixture(scope="module")
def litellm():
    with pytest.MonkeyPatch.context() as patch:
        # It asks the network for its list of prices otherwise, at import.
        patch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
        return parts.module("litellm")


def litellm_request(**more):
    return {"model": "gpt-4o", "messages": ASK, "mock_response": recorded.TEXT, "stream": True, **more}


def test_litellm(litellm):
    usage = {"stream_options": {"include_usage": True}}
    for more in ({}, usage):
        events = list(litellm.completion(**litellm_request(**more)))
        assert {type(event).__name__ for event in events} == {"ModelResponseStream"}
        pieces = pieces_of(events)
        assert len(pieces) > 5
        assert "".join(pieces) == recorded.TEXT
        assert_is_the_answer(events, pieces)


def test_litellm_asynchronously(litellm):
    events = asyncio.run(all_of(litellm.acompletion(**litellm_request())))
    assert "".join(pieces_of(events)) == recorded.TEXT


def langchain_model(content):
    models = parts.module("langchain_core.language_models.fake_chat_models")
    messages = parts.module("langchain_core.messages")
    return models.GenericFakeChatModel(messages=iter([messages.AIMessage(content)] * 3))


def test_langchain_chunks_and_events():
    model = langchain_model(recorded.TEXT)
    events = list(model.stream("x"))
    pieces = pieces_of(events)
    assert (len(pieces) > 5, "".join(pieces)) == (True, recorded.TEXT)
    assert_is_the_answer(events, pieces)
    assert pieces_of((event, {"langgraph_node": "a"}) for event in events) == pieces
    assert pieces_of(event.text for event in events) == pieces

    events = asyncio.run(all_of(model.astream_events("x", version="v2")))
    assert {event["event"] for event in events} == {
        "on_chat_model_start", "on_chat_model_stream", "on_chat_model_end",
    }  # fmt: skip
    assert pieces_of(events) == pieces
    assert pieces_of([model.invoke("x")]) == [recorded.TEXT]


def test_langchain_content_may_be_a_list_and_the_reason_is_in_the_metadata():
    chunk = parts.module("langchain_core.messages").AIMessageChunk
    blocks = [{"type": "reasoning", "text": "no"}, "a", {"type": "text", "text": "b"}, {"type": "text"}]
    for metadata in ({"finish_reason": "length"}, {"stop_reason": "max_tokens"}, {"done_reason": "length"}):
        text, error = pieces_of([chunk(blocks), chunk("", response_metadata=metadata)])
        assert (text, error.code) == ("ab", "source_truncated")
    assert pieces_of([chunk("", response_metadata={"finish_reason": "stop"})]) == []


def test_langchain_of_old_whose_text_is_a_method():
    event = SimpleNamespace(type="AIMessageChunk", content="a", text=lambda: "a")
    assert pieces_of([event]) == ["a"]


def pydantic_ai_agent():
    async def answer(_messages, _info):
        for piece in recorded.PIECES:
            yield piece

    model = parts.module("pydantic_ai.models.function").FunctionModel(stream_function=answer)
    return parts.module("pydantic_ai").Agent(model)


def test_pydantic_ai_text_is_asked_for_in_pieces():
    async def ask(**options):
        async with pydantic_ai_agent().run_stream("x") as result:
            return await all_of(result.stream_text(debounce_by=None, **options))

    assert pieces_of(asyncio.run(ask(delta=True))) == recorded.PIECES
    # Without `delta`, each str holds those before it, and nothing tells that from new text.
    assert asyncio.run(ask())[1] == "".join(recorded.PIECES[:2])


def test_pydantic_ai_events_whose_first_has_the_first_piece_and_whose_last_has_all_of_them():
    async def ask():
        async with pydantic_ai_agent().run_stream_events("x") as events:
            return await all_of(events)

    events = asyncio.run(ask())
    kinds = {event.event_kind for event in events}
    assert {"part_start", "part_delta", "part_end", "agent_run_result"} <= kinds
    assert_is_the_answer(events)


# Single events.


def error_of(event):
    return read(event).error


@pytest.mark.parametrize(
    "event",
    [
        {"type": "content_block_start", "content_block": {"type": "text", "text": "a"}},
        {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "a"}}]},
        {
            "object": "chat.completion.chunk",
            "choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}],
        },
        {"candidates": [{"index": 1}, {"content": {"parts": [{"text": "a"}, {"text": None}]}}]},
        {"response": "a", "done": True, "done_reason": "stop"},
        {"type": "content-delta", "delta": {"message": {"content": {"text": "a"}}}},
        {"event_kind": "part_start", "part": {"part_kind": "text", "content": "a"}},
    ],
)
def test_events_that_have_text(event):
    assert read(event).text == "a"
    assert read(event).error is None


@pytest.mark.parametrize(
    "event",
    [
        {"type": "content_block_start", "content_block": {"type": "thinking", "text": "a"}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "text": "a"}},
        {"type": "text", "text": "a"},
        {"object": "chat.completion.chunk", "choices": [{"index": 1, "delta": {"content": "b"}}]},
        {"object": "chat.completion.chunk", "choices": {"0": "a"}},
        {"event_kind": "part_start", "part": {"part_kind": "thinking", "content": "a"}},
        {"event_kind": "part_delta", "delta": {"part_delta_kind": "thinking", "content_delta": "a"}},
        {"event_type": "step.delta", "delta": {"type": "thought_summary", "text": "a"}},
    ],
)
def test_events_that_have_none(event):
    assert read(event).text is None
    assert read(event).error is None


@pytest.mark.parametrize(
    ("event", "name", "retryable"),
    [
        ({"type": "error", "error": {"type": "overloaded_error"}}, "overloaded_error", True),
        ({"type": "error", "error": {"type": "rate_limit_error"}}, "rate_limit_error", True),
        ({"type": "error", "error": {"type": "api_error"}}, "api_error", True),
        ({"type": "error", "error": {"type": "timeout_error"}}, "timeout_error", True),
        ({"type": "error", "error": {"type": "invalid_request_error"}}, "invalid_request_error", False),
        ({"type": "error", "error": {"type": "authentication_error"}}, "authentication_error", False),
        ({"type": "error", "error": {"type": "new_error"}}, "new_error", False),
        ({"type": "error"}, None, False),
        ({"type": "error", "error": "a sentence"}, None, False),
        ({"type": "error", "error": {"type": "a sentence with /a/path"}}, None, False),
        ({"type": "error", "error": {"type": "x" * 65}}, None, False),
        ({"type": "error", "error": {"type": 7, "code": ["x"]}}, None, False),
        ({"type": "error", "code": "server_error"}, "server_error", True),
        ({"error": {"type": "requests", "code": "rate_limit_exceeded"}}, "rate_limit_exceeded", True),
        (
            {"error": {"type": "insufficient_quota", "code": "insufficient_quota"}},
            "insufficient_quota",
            False,
        ),
        ({"error": {"code": 503, "status": "UNAVAILABLE"}}, "UNAVAILABLE", True),
        ({"error": {"code": 404, "status": "NOT_FOUND"}}, "NOT_FOUND", False),
        ({"error": {"code": 429}}, None, True),
        ({"error": {"code": 408}}, None, True),
        ({"error": {"code": 529}}, None, True),
        ({"error": {"code": 499}}, None, False),
        ({"error": {"code": True}}, None, False),
        ({"error": "model requires more memory"}, None, False),
        ({"object": "error", "type": "BadRequestError", "code": 400}, "BadRequestError", False),
        ({"object": "error", "type": "InternalServerError", "code": 500}, "InternalServerError", True),
        ({"object": "chat.completion.chunk", "error": {"code": 502}, "choices": []}, None, True),
        ({"event_type": "error", "error": {"code": "https://errors/one"}}, None, False),
        ({"type": "response.failed", "response": {"error": None}}, None, False),
        ({"type": "message-end", "delta": {"finish_reason": "TIMEOUT"}}, "timeout", True),
    ],
)
def test_errors_of_providers_say_their_name_and_no_more(event, name, retryable):
    message = "The provider sent an error." if name is None else f"The provider sent an error: {name}."
    assert error_of(event) == SourceError("source_failed", message, fatal=True, retryable=retryable)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}, "max_tokens"),
        ({"type": "message-end", "delta": {"finish_reason": "MAX_TOKENS"}}, "max_tokens"),
        ({"object": "chat.completion.chunk", "choices": [{"finish_reason": "model_length"}]}, "model_length"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, "max_tokens"),
        ({"event_type": "interaction.completed", "interaction": {"status": "incomplete"}}, "incomplete"),
        ({"message": {"content": ""}, "done": True, "done_reason": "length"}, "length"),
    ],
)
def test_limits_of_length_are_no_failure(event, name):
    assert error_of(event) == SourceError(
        "source_truncated", f"The model stopped before the end of its answer: {name}."
    )


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"type": "message_delta", "delta": {"stop_reason": "refusal"}}, "refusal"),
        ({"type": "response.refusal.delta", "delta": "I cannot"}, "refusal"),
        ({"object": "chat.completion.chunk", "choices": [{"delta": {"refusal": "I cannot"}}]}, "refusal"),
        ({"object": "chat.completion.chunk", "choices": [{"finish_reason": "error"}]}, "error"),
        ({"candidates": [{"finishReason": "PROHIBITED_CONTENT"}]}, "prohibited_content"),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "blocked"),
        ({"prompt_feedback": {"block_reason": "SAFETY"}}, "blocked"),
        ({"event_type": "interaction.completed", "interaction": {"status": "failed"}}, "failed"),
        ({"type": "message-end", "delta": {"finish_reason": "ERROR"}}, "error"),
    ],
)
def test_an_answer_that_is_withheld_is_a_failure(event, name):
    assert error_of(event) == SourceError(
        "source_failed", f"The provider stopped the answer: {name}.", fatal=True
    )


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_delta", "delta": {"stop_reason": None}},
        {"type": "message_delta", "delta": {"stop_reason": ["refusal"]}},
        {"object": "chat.completion.chunk", "choices": [{"finish_reason": "tool_calls"}]},
        {"candidates": [{"finishReason": "STOP"}]},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
        {"type": "message_delta", "delta": {"stop_reason": "a reason of the future"}},
    ],
)
def test_other_ends_are_good_ones(event):
    assert error_of(event) is None


@pytest.mark.parametrize(
    ("delta", "opens"),
    [
        ({"content": "a"}, True),
        ({"role": "assistant", "content": ""}, True),
        ({"tool_calls": [{"index": 0}]}, True),
        ({"content": ""}, False),
        ({}, False),
    ],
)
def test_a_chat_begins_with_anything_that_belongs_to_an_answer(delta, opens):
    event = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
    assert read(event).opens is opens
    assert read({"type": "chunk", "chunk": event}).opens is opens
    assert read(event).ends is False
