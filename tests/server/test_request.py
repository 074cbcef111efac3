"""Requests as Starlette hands them on, without a server around them."""

import asyncio
import json

import pytest

import parts

parts.module("starlette")

from starlette.requests import ClientDisconnect, Request  # noqa: E402 - they need what is asked for above

from componentstream.server.request import (  # noqa: E402
    GenerationRequest,
    RefusedRequestError,
    read_request,
)

LIMIT = 1000
SEND = 'Send {"prompt": "...", "project": "...", "version": "..."}; project and version may be left out.'


def read(*pieces, method="POST", query="", media_type="application/json", length=None, leaves=False):
    """Read a request whose body comes in these pieces; return it with the number of pieces that were read."""
    headers = [] if media_type is None else [(b"content-type", media_type.encode())]
    if length is not None:
        headers.append((b"content-length", length.encode()))
    scope = {
        "type": "http",
        "method": method,
        "query_string": query.encode(),
        "headers": headers,
        "path": "/",
    }
    count = 0

    async def receive():
        nonlocal count
        count += 1
        if count > len(pieces) and leaves:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces[count - 1], "more_body": leaves or count < len(pieces)}

    return asyncio.run(read_request(Request(scope, receive), LIMIT)), count


def refusal(*pieces, **options):
    with pytest.raises(RefusedRequestError) as caught:
        read(*pieces, **options)
    refused = caught.value
    assert refused.body["error"]["message"] == str(refused)
    return refused.status, refused.body["error"]["type"], str(refused)


def test_a_post_has_its_fields_in_the_body():
    body = json.dumps({"prompt": "A page \U0001f600", "project": "p", "version": "2", "debug": True}).encode()
    expected = GenerationRequest(prompt="A page \U0001f600", project="p", version="2")
    assert read(body)[0] == expected
    assert read(*(body[at : at + 1] for at in range(len(body))))[0] == expected


def test_project_and_version_may_be_left_out():
    assert read(b'{"prompt":"x"}')[0] == GenerationRequest(prompt="x", project="", version="")


def test_a_get_has_its_fields_in_the_query():
    request, count = read(method="GET", query="prompt=A%20page&project=p&version=2&debug=1", media_type=None)
    assert request == GenerationRequest(prompt="A page", project="p", version="2")
    assert count == 0


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_known_by_its_media_type(media_type):
    assert read(b'{"prompt":"x"}', media_type=media_type)[0].prompt == "x"


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", None])
def test_another_media_type_is_refused_with_what_to_send(media_type):
    assert refusal(b'{"prompt":"x"}', media_type=media_type) == (
        415,
        "unsupported_media_type",
        "Send the request as JSON, with the header Content-Type: application/json.",
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "The body is no JSON in UTF-8."),
        (b"{", "The body is no JSON in UTF-8."),
        (b'{"prompt": "\xff"}', "The body is no JSON in UTF-8."),
        (b"[" * LIMIT, "The body is no JSON in UTF-8."),
        (b'["x"]', "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
        (b"{}", "prompt is missing or empty."),
        (b'{"prompt": " \\n"}', "prompt is missing or empty."),
        (b'{"prompt": null}', "prompt must be a string."),
        (b'{"prompt": ["x"]}', "prompt must be a string."),
        (b'{"prompt": "x", "project": 1}', "project must be a string."),
        (b'{"prompt": "x", "version": 1.5}', "version must be a string."),
        (b'{"prompt": "\\ud800"}', "prompt has half of a surrogate pair in it, which is no character."),
    ],
)
def test_what_is_no_request_is_refused_with_what_to_send(body, problem):
    assert refusal(body) == (400, "invalid_request", f"{problem} {SEND}")


def test_a_query_without_a_prompt_is_refused_too():
    assert refusal(method="GET", query="project=p", media_type=None)[0] == 400


def test_nesting_without_end_is_no_json():
    with pytest.raises(RefusedRequestError) as caught:
        asyncio.run(read_request(Request(scope_of_json(), once(b"[" * 100_000)), 200_000))
    assert caught.value.status == 400


def scope_of_json():
    return {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}


def once(body):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


TOO_LONG = (413, "request_too_large", "The body is longer than 1000 bytes; send a shorter prompt.")


def test_a_body_may_have_exactly_so_many_bytes():
    body = b'{"prompt":"x"}'.ljust(LIMIT)
    assert read(body, length=str(LIMIT))[0].prompt == "x"
    assert refusal(body + b" ") == TOO_LONG


def test_a_body_that_says_it_is_too_long_is_not_read():
    assert refusal(length=str(LIMIT + 1)) == TOO_LONG


def test_a_body_that_says_nothing_is_read_only_until_it_is_too_long():
    async def receive():
        nonlocal count
        count += 1
        return {"type": "http.request", "body": b" " * 300, "more_body": True}

    count = 0
    with pytest.raises(RefusedRequestError) as caught:
        asyncio.run(read_request(Request(scope_of_json(), receive), LIMIT))
    assert caught.value.status == 413
    assert count == 4


def test_a_length_that_is_no_number_says_nothing():
    assert read(b'{"prompt":"x"}', length="-5")[0].prompt == "x"


def test_a_client_that_leaves_has_asked_for_nothing():
    with pytest.raises(ClientDisconnect):
        read(b'{"prompt":', leaves=True)


def test_a_request_is_frozen():
    with pytest.raises(AttributeError):
        GenerationRequest("x").prompt = "y"
