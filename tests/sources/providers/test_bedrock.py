"""Amazon Bedrock, from bytes through the real parser of botocore, and as single events."""

import binascii

import pytest

from componentstream.sources import Reasoning, SourceDecoder, Usage
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import recorded
from tests.sources.libraries import all_pieces_of, outcome, pieces_of

START = {"messageStart": {"role": "assistant"}}
STOP = {"messageStop": {"stopReason": "end_turn"}}


def delta(index=0, **content):
    return {"contentBlockDelta": {"delta": content, "contentBlockIndex": index}}


def converse(stop_reason="end_turn"):
    """Return the events of a whole answer."""
    return [
        START,
        delta(reasoningContent={"text": "no text"}),
        {"contentBlockStop": {"contentBlockIndex": 0}},
        *(delta(text=piece) for piece in recorded.PIECES),
        {
            "contentBlockStart": {
                "start": {"toolUse": {"toolUseId": "t", "name": "look"}},
                "contentBlockIndex": 1,
            }
        },
        delta(1, toolUse={"input": '{"text": "no text"}'}),
        {"messageStop": {"stopReason": stop_reason}},
        {"metadata": {"usage": {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}}},
    ]


class Response:
    """The body of an HTTP response, cut anywhere."""

    def __init__(self, body):
        self._body = body

    def stream(self):
        return (self._body[at : at + 7] for at in range(0, len(self._body), 7))

    def close(self):
        """Do nothing."""


def through_botocore(operation, output, body):
    """Return the stream that the library of Amazon yields for the body of a response."""
    session = parts.module("botocore.session").get_session()
    service = session.get_service_model("bedrock-runtime")
    shape = service.operation_model(operation).output_shape.members[output]
    parser = parts.module("botocore.parsers").EventStreamJSONParser()
    return parts.module("botocore.eventstream").EventStream(Response(body), shape, parser, operation)


def conversed(*events):
    return through_botocore("ConverseStream", "stream", b"".join(map(recorded.message, events)))


def test_a_conversation_through_botocore():
    events = list(conversed(*converse()))
    assert events == converse()
    assert all_pieces_of(events, thinking="emit") == [
        Reasoning("no text"),
        *recorded.PIECES,
        Usage(9, 3),
    ]
    assert pieces_of(events[:5]) == [*recorded.PIECES[:2], INCOMPLETE]


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("max_tokens", "source_truncated(max_tokens)"),
        ("guardrail_intervened", "source_failed!(guardrail_intervened)"),
        ("content_filtered", "source_failed!(content_filtered)"),
        ("malformed_model_output", "source_failed!~(malformed_model_output)"),
        ("malformed_tool_use", "source_failed!~(malformed_tool_use)"),
    ],
)
def test_a_conversation_that_stops_early(reason, error):
    assert outcome(pieces_of(conversed(*converse(reason)))) == (recorded.TEXT, (error,))


def test_the_calls_of_a_tool_are_text_if_they_are_asked_for():
    decoder = SourceDecoder(tool="look", argument="text")
    pieces = [piece for event in converse("tool_use") for piece in decoder.feed(event)] + decoder.close()
    assert outcome(pieces) == ("no text", ())


def invoked(*bodies):
    """Return the events of ``invoke_model_with_response_stream``, through the library's parser."""
    chunks = ({"chunk": {"bytes": recorded.DATA(body).encode()}} for body in bodies)
    frames = [recorded.message({"chunk": {"bytes": base64_of(chunk["chunk"]["bytes"])}}) for chunk in chunks]
    return list(through_botocore("InvokeModelWithResponseStream", "body", b"".join(frames)))


def base64_of(data):
    return binascii.b2a_base64(data, newline=False).decode()


METRICS = {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 9, "outputTokenCount": 3}}
MODELS = {
    "titan": [
        {"outputText": "Hi ", "index": 0, "completionReason": None},
        {"outputText": "you", "index": 0, "completionReason": "FINISH", **METRICS},
    ],
    "llama": [
        {"generation": "Hi ", "stop_reason": None},
        {"generation": "you", "stop_reason": None},
        {"generation": "", "stop_reason": "stop", **METRICS},
    ],
    "mistral": [
        {"outputs": [{"text": "Hi ", "stop_reason": None}]},
        {"outputs": [{"text": "you", "stop_reason": "stop"}], **METRICS},
    ],
    "command": [
        {"text": "Hi ", "is_finished": False},
        {"text": "you", "is_finished": False},
        {"is_finished": True, "finish_reason": "COMPLETE", **METRICS},
    ],
}


@pytest.mark.parametrize("model", MODELS)
def test_the_own_forms_of_models(model):
    events = invoked(*MODELS[model])
    assert all_pieces_of(events) == ["Hi ", "you", Usage(9, 3)]
    assert pieces_of(events[:-1])[-1] == INCOMPLETE


@pytest.mark.parametrize(
    "bodies",
    [recorded.anthropic(), recorded.chat(), converse(), recorded.cohere()],
    ids=["anthropic", "openai", "nova", "cohere"],
)
def test_models_with_the_form_of_their_providers(bodies):
    assert pieces_of(invoked(*bodies)) == recorded.PIECES


def test_a_limit_of_a_model():
    bodies = [{"outputText": "Hi", "completionReason": "LENGTH"}]
    assert outcome(pieces_of(invoked(*bodies))) == ("Hi", ("source_truncated(length)",))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("throttlingException", "source_failed!~(throttlingException)"),
        ("modelStreamErrorException", "source_failed!~(modelStreamErrorException)"),
        ("modelTimeoutException", "source_failed!~(modelTimeoutException)"),
        ("internalServerException", "source_failed!~(internalServerException)"),
        ("serviceUnavailableException", "source_failed!~(serviceUnavailableException)"),
        ("validationException", "source_failed!(validationException)"),
    ],
)
def test_errors_in_a_stream(name, error):
    assert outcome(pieces_of([START, delta(text="Hi"), {name: {"message": "m"}}, STOP])) == ("Hi", (error,))


@pytest.mark.parametrize(
    "event",
    [
        {"chunk": {"bytes": b"{"}},
        {"chunk": {"bytes": b'{"a": 1' + b"0" * 5000 + b"}"}},
        {"chunk": {"bytes": b"[" * 100_000}},
        {"chunk": {"bytes": "text"}},
        {"chunk": "text"},
        {"metadata": {"title": "x"}},
        {"generation": 1},
        {"outputs": [1]},
    ],
)
def test_what_is_not_of_bedrock_is_not_known(event):
    assert read(event) is None
