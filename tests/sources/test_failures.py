"""Exceptions of providers' libraries, known by their fields and the names of their classes."""

import asyncio
import http.client
from collections import UserDict
from enum import Enum
from types import SimpleNamespace

import pytest

from componentstream.sources import SourceError, source_failure
from tests import parts


def raised(name, base=Exception, /, **fields):
    """Return an exception of a class with this name and with these fields."""
    error = type(name, (base,), {})("a sentence with a secret")
    vars(error).update(fields)
    return error


def caused(error, cause):
    error.__cause__ = cause
    return error


def boto(code):
    return raised("EventStreamError", response={"Error": {"Code": code}})


class OddBody(UserDict):
    """A body whose method raises."""

    def get(self, key, default=None):
        raise RuntimeError(key, default)


FAILED = SourceError("source_failed", "The source failed.", fatal=True)
API = type("APIError", (Exception,), {})


class Grpc(Enum):
    """A status of gRPC."""

    UNAVAILABLE = 14


@pytest.mark.parametrize(
    ("error", "name", "retryable"),
    [
        (raised("APIStatusError", API, type="overloaded_error", status_code=200), "overloaded_error", True),
        (raised("APIError", type="server_error", code=None), "server_error", True),
        (raised("APIError", type=None, code="rate_limit_exceeded"), "rate_limit_exceeded", True),
        (raised("APIError", type=None, code=502), None, True),
        (
            raised("APIError", type="invalid_request_error", code="context_length_exceeded"),
            "context_length_exceeded",
            False,
        ),
        (raised("APIError", body={"type": "a_type", "code": "a_code"}), "a_code", False),
        (raised("APIError", type="invalid_request_error", code="400"), "invalid_request_error", False),
        (raised("APIError", body={"error": {"type": "api_error"}}), "api_error", True),
        (raised("APIError", body={"code": "503"}), None, True),
        (raised("ServerError", code=503, status="UNAVAILABLE"), "UNAVAILABLE", True),
        (raised("ClientError", code=404, status="NOT_FOUND"), "NOT_FOUND", False),
        (
            raised("EventStreamError", response={"Error": {"Code": "throttlingException"}}),
            "throttlingException",
            True,
        ),
        (
            raised("EventStreamError", response={"Error": {"Code": "validationException"}}),
            "validationException",
            False,
        ),
        (raised("ClientError", response={"ResponseMetadata": {"HTTPStatusCode": 500}}), "ClientError", True),
        (raised("HTTPStatusError", response=SimpleNamespace(status_code=429)), "HTTPStatusError", True),
        (raised("ClientResponseError", status=403), "ClientResponseError", False),
        (raised("RpcError", code=lambda: Grpc.UNAVAILABLE), "UNAVAILABLE", True),
        (raised("RateLimitError", API), "RateLimitError", True),
        (raised("ModelError", raised("InternalServerError").__class__), "InternalServerError", True),
        (raised("ThrottlingException"), "ThrottlingException", True),
        (caused(RuntimeError("wrapped"), raised("X", code="overloaded")), "overloaded", True),
        (ExceptionGroup("", [ValueError(), raised("X", status_code=529)]), "X", True),
    ],
)
def test_an_exception_that_names_an_error_is_that_error(error, name, retryable):
    found = source_failure(error)
    assert (found.code, found.fatal, found.retryable) == ("source_failed", True, retryable)
    shown = "" if name is None else f": {name}"
    assert found.message == f"The provider sent an error{shown}."


@pytest.mark.parametrize(
    "error",
    [
        raised("APIConnectionError", API, type=None, code=None, body=None),
        raised("APITimeoutError", raised("APIConnectionError").__class__),
        raised("RemoteProtocolError"),
        raised("ReadTimeout"),
        raised("ReadError"),
        raised("ClientPayloadError"),
        raised("ServerDisconnectedError"),
        raised("ConnectionClosedError", code=1006),
        raised("ResponseStreamingError"),
        http.client.IncompleteRead(b""),
        asyncio.IncompleteReadError(b"", 1),
        ConnectionResetError(),
        TimeoutError(),
        caused(RuntimeError("wrapped"), caused(ValueError(), raised("ReadError"))),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_broken_connection_is_an_incomplete_answer(error):
    found = source_failure(error)
    assert (found.code, found.fatal, found.retryable) == ("source_incomplete", True, True)
    assert "secret" not in found.message


@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret"),
        KeyError("secret"),
        raised("MyError", code="a sentence", type="error", status=True, status_code=200),
        raised("MyError", code=lambda: 1 / 0),
        raised("APIError"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_another_exception_says_nothing(error):
    assert source_failure(error) == FAILED


def test_causes_without_end_are_not_followed():
    error = ValueError()
    for _ in range(1000):
        error = caused(ValueError(), error)
    assert source_failure(caused(error, error)) == FAILED


def test_the_exceptions_of_real_libraries():
    httpx = parts.module("httpx")
    openai = parts.module("openai")
    request = httpx.Request("POST", "http://localhost")
    response = httpx.Response(200, request=request)
    broken = source_failure(openai.APIConnectionError(request=request))
    assert (broken.code, broken.retryable) == ("source_incomplete", True)
    sent = openai.APIError("m", request, body={"type": "server_error", "code": None})
    assert source_failure(sent).message == "The provider sent an error: server_error."
    anthropic = parts.module("anthropic")
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}
    overloaded = anthropic.APIStatusError("m", response=response, body=body)
    assert source_failure(overloaded) == SourceError(
        "source_failed", "The provider sent an error: overloaded_error.", fatal=True, retryable=True
    )
    genai = parts.module("google.genai.errors")
    unavailable = genai.ServerError(503, {"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}})
    assert source_failure(unavailable).message == "The provider sent an error: UNAVAILABLE."
    botocore = parts.module("botocore.exceptions")
    throttled = botocore.EventStreamError({"Error": {"Code": "throttlingException"}}, "ConverseStream")
    assert source_failure(throttled).retryable


def test_a_body_that_cannot_be_read_says_nothing():
    assert source_failure(raised("APIError", body=OddBody())) == FAILED
