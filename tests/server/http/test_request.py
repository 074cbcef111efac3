"""Requests as Starlette hands them on, without a server around them."""

import asyncio
import json

import pytest

from tests import parts

parts.module("starlette")

from starlette.requests import ClientDisconnect, Request  # noqa: E402 - checked above

from componentstream.server.generation_request import GenerationRequest  # noqa: E402
from componentstream.server.http.request import (  # noqa: E402
    RefusedRequestError,
    read_idempotency_key,
    read_last_event_id,
    read_request,
    unknown_event_id,
)

LIMIT = 1000
CALL_TIMEOUT = 5.0
SEND = 'Send {"prompt": "...", "project": "...", "version": "..."}; project and version are optional.'
JSON = (b"content-type", b"application/json")


def request_of(*headers, query="", receive=None):
    """Return a request with these headers, pairs of bytes."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": headers,
        "query_string": query.encode(),
    }
    return Request(scope, receive) if receive else Request(scope)


def read(
    *pieces, headers=(JSON,), length=None, leaves=False, stalls=False, limit=LIMIT, patience=CALL_TIMEOUT
):
    """Read a request whose body comes in these pieces; return it with the number of pieces that were read."""
    if length is not None:
        headers = (*headers, (b"content-length", length.encode("latin-1")))
    count = 0

    async def receive():
        nonlocal count
        count += 1
        if count > len(pieces) and leaves:
            return {"type": "http.disconnect"}
        if count > len(pieces) and stalls:
            await asyncio.Event().wait()
        more = leaves or stalls or count < len(pieces)
        return {"type": "http.request", "body": pieces[count - 1], "more_body": more}

    return asyncio.run(read_request(request_of(*headers, receive=receive), limit, patience)), count


def refused(call, *given, **options):
    """Return the refusal that a call raises."""
    with pytest.raises(RefusedRequestError) as caught:
        call(*given, **options)
    assert caught.value.body["error"]["message"] == str(caught.value)
    return caught.value


def refusal(*pieces, **options):
    """Return status, code and message of the refusal of a body."""
    problem = refused(read, *pieces, **options)
    return problem.status, problem.code, str(problem)


# Valid requests


def test_request_fields_are_read_from_the_body():
    body = json.dumps({"prompt": "A page \U0001f600", "project": "p", "version": "2", "debug": True}).encode()
    expected = GenerationRequest(prompt="A page \U0001f600", project="p", version="2")
    assert read(body)[0] == expected
    assert read(*(body[at : at + 1] for at in range(len(body))))[0] == expected


def test_escaped_surrogate_pair_is_decoded_to_its_character():
    assert read(b'{"prompt":"\\ud83d\\ude00"}')[0].prompt == "\U0001f600"


def test_project_and_version_are_optional():
    assert read(b'{"prompt":"x"}')[0] == GenerationRequest(prompt="x", project="", version="")


def test_prompt_is_kept_unchanged():
    assert read(b'{"prompt":" \\n x\\u0000 "}')[0].prompt == " \n x\0 "


@pytest.mark.parametrize(
    "media_type",
    [b"application/json", b"Application/JSON; charset=utf-8", b" application/json ;x", b"application/json;"],
)
def test_json_media_type_is_accepted(media_type):
    assert read(b'{"prompt":"x"}', headers=[(b"content-type", media_type)])[0].prompt == "x"


@pytest.mark.parametrize(
    "media_type",
    [
        b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"",
        b"text/plain; application/json", b"application/json, text/plain", b"application/jsonp",
        b"application/problem+json", None,
    ],
)  # fmt: skip
def test_other_media_type_is_rejected_without_reading_the_body(media_type):
    headers = [] if media_type is None else [(b"content-type", media_type)]
    problem = refused(read, headers=headers)  # reading the body would fail
    assert (problem.status, problem.code) == (415, "unsupported_media_type")
    assert str(problem) == "Send the request as JSON, with the header Content-Type: application/json."
    assert problem.headers == {"Accept": "application/json"}


# Invalid requests


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "The body is not valid JSON in UTF-8, or repeats a name."),
        (b"{", "The body is not valid JSON in UTF-8, or repeats a name."),
        (b'{"prompt": "x"} {}', "The body is not valid JSON in UTF-8, or repeats a name."),
        (b"prompt=x", "The body is not valid JSON in UTF-8, or repeats a name."),
        (b'{"prompt": "\xff"}', "The body is not valid JSON in UTF-8, or repeats a name."),
        (b'\xef\xbb\xbf{"prompt": "x"}', "The body is not valid JSON in UTF-8, or repeats a name."),
        ('{"prompt": "x"}'.encode("utf-16"), "The body is not valid JSON in UTF-8, or repeats a name."),
        (b'{"prompt": "x", "project": NaN}', "The body is not valid JSON in UTF-8, or repeats a name."),
        (b'{"prompt": "x", "other": [Infinity]}', "The body is not valid JSON in UTF-8, or repeats a name."),
        (b'{"prompt": "x", "prompt": "y"}', "The body is not valid JSON in UTF-8, or repeats a name."),
        (b"[" * LIMIT, "The body is not valid JSON in UTF-8, or repeats a name."),
        (b'["x"]', "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
        (b'"prompt"', "The body must be a JSON object."),
        (b"{}", "prompt is missing or blank."),
        (b'{"Prompt": "x"}', "prompt is missing or blank."),
        (b'{"prompt": ""}', "prompt is missing or blank."),
        (b'{"prompt": " \\n\\u00a0"}', "prompt is missing or blank."),
        (b'{"project": "p", "version": "1"}', "prompt is missing or blank."),
        (b'{"prompt": null}', "prompt must be a string."),
        (b'{"prompt": ["x"]}', "prompt must be a string."),
        (b'{"prompt": {"x": "y"}}', "prompt must be a string."),
        (b'{"prompt": true}', "prompt must be a string."),
        (b'{"prompt": "x", "project": 1}', "project must be a string."),
        (b'{"prompt": "x", "project": null}', "project must be a string."),
        (b'{"prompt": "x", "version": 1.5}', "version must be a string."),
    ],
)
def test_invalid_request_is_rejected_with_a_valid_example(body, problem):
    assert refusal(body) == (400, "invalid_request", f"{problem} {SEND}")


@pytest.mark.parametrize("name", ["prompt", "project", "version"])
@pytest.mark.parametrize("half", [b"\\ud800", b"\\udbff", b"\\udc00", b"\\udfff", b"a\\ude00\\ud83db"])
def test_unpaired_surrogate_is_rejected(name, half):
    first = b"" if name == "prompt" else b'"prompt": "x", '
    body = b'{%b"%b": "%b"}' % (first, name.encode(), half)
    message = f"{name} contains an unpaired surrogate. {SEND}"
    assert refusal(body) == (400, "invalid_request", message)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"prompt":"x","a":' + b"9" * 100_000 + b"}"]
)
def test_deep_or_long_values_are_rejected_as_invalid(body):
    assert refusal(body, limit=1_000_000)[:2] == (400, "invalid_request")


# Bodies that are too long, too slow, or cut off


TOO_LONG = (413, "request_too_large", "The body exceeds 1000 bytes; shorten the prompt.")


def test_body_may_have_exactly_the_maximum_length():
    body = b'{"prompt":"x"}'.ljust(LIMIT)
    assert read(body, length=str(LIMIT))[0].prompt == "x"
    assert read(body[:500], body[500:])[0].prompt == "x"
    assert refusal(body + b" ") == TOO_LONG
    assert refusal(body, b" ") == TOO_LONG


@pytest.mark.parametrize("length", [str(LIMIT + 1), "9" * 15, "9" * 400, "9" * 5000, "0" * 5000 + "1001"])
def test_body_with_a_content_length_beyond_the_limit_is_not_read(length):
    assert refusal(length=length) == TOO_LONG


def test_body_without_a_length_is_read_up_to_the_limit():
    async def receive():
        nonlocal count
        count += 1
        return {"type": "http.request", "body": b" " * 300, "more_body": True}

    count = 0
    with pytest.raises(RefusedRequestError) as caught:
        asyncio.run(read_request(request_of(JSON, receive=receive), LIMIT, CALL_TIMEOUT))
    assert caught.value.status == 413
    assert count == 4


@pytest.mark.parametrize("length", ["", "-5", "+5", "1e9", "0x7fffffff", "\xb2", "1001, 1001", "many"])
def test_invalid_content_length_is_ignored(length):
    assert read(b'{"prompt":"x"}', length=length)[0].prompt == "x"


def test_understated_content_length_does_not_raise_the_limit():
    assert refusal(b" " * (LIMIT + 1), length="1") == TOO_LONG


@pytest.mark.parametrize("pieces", [(), (b'{"prompt":',)])
def test_slow_body_is_rejected_after_the_timeout(pieces):
    problem = refused(read, *pieces, stalls=True, patience=0.01)
    assert (problem.status, problem.code) == (408, "request_timeout")
    assert str(problem) == "The body was not complete within 0.01 seconds."
    assert problem.headers == {"Connection": "close"}
    assert problem.body["error"]["retryable"] is True


@pytest.mark.parametrize("pieces", [(), (b'{"prompt":',)])
def test_disconnect_before_the_end_of_the_body_is_raised(pieces):
    with pytest.raises(ClientDisconnect):
        read(*pieces, leaves=True)


# Idempotency-Key


KEY = b"idempotency-key"
BAD_KEY = "Send one Idempotency-Key of 1 to 255 visible ASCII characters, or none."


def test_idempotency_key_is_optional():
    assert read_idempotency_key(request_of()) is None


@pytest.mark.parametrize("key", ["a", "!~", '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "k" * 255, "null", "0"])
def test_idempotency_key_is_kept_unchanged(key):
    assert read_idempotency_key(request_of((KEY, key.encode()))) == key


@pytest.mark.parametrize(
    "keys",
    [
        [b""], [b" "], [b"a b"], [b" a"], [b"a "], [b"a\t"], [b"a\n"], [b"a\0"], [b"a\x7f"], [b"\xe9"],
        [b"\xf0\x9f\x98\x80"], [b"\xa0"], [b"k" * 256], [b"k" * 100_000], [b"a", b"a"], [b"a", b""],
        [b"", b""],
    ],
)  # fmt: skip
def test_invalid_idempotency_key_is_rejected(keys):
    problem = refused(read_idempotency_key, request_of(*((KEY, key) for key in keys)))
    assert (problem.status, problem.code, str(problem)) == (400, "invalid_idempotency_key", BAD_KEY)


# Last-Event-ID


LAST = b"last-event-id"


@pytest.mark.parametrize(
    ("header", "query", "after"),
    [
        (None, "", 0),
        (b"", "", 0),
        (b"0", "", 0),
        (b"1", "", 1),
        (b"007", "", 7),
        (b"999999999999999", "", 999_999_999_999_999),
        (None, "after=", 0),
        (None, "after=0", 0),
        (None, "after=12", 12),
        (None, "after=%31", 1),
        (None, "After=12", 0),
        (b"5", "after=12", 5),
        (b"5", "after=", 5),
        (b"0", "after=12", 0),
        (b"", "after=12", 12),
    ],
)
def test_last_event_id_comes_from_the_header_or_else_from_the_query(header, query, after):
    headers = [] if header is None else [(LAST, header)]
    assert read_last_event_id(request_of(*headers, query=query)) == after


NO_EVENTS = [
    "-1", "+1", "1.0", "1e3", " 1", "1 ", "1_0", "0x1", "*", "$", "0-1", "null", "' OR 1=1 --", "1,2",
    "1\x00", "1\n", "1000000000000000", "9" * 400, "9" * 100_000, "\xb2", "x",
]  # fmt: skip


@pytest.mark.parametrize("given", NO_EVENTS, ids=lambda given: repr(given[:20]))
def test_invalid_last_event_id_is_rejected_in_header_and_query(given):
    in_header = request_of((LAST, given.encode("latin-1")))
    in_query = request_of(query="after=" + "".join(f"%{byte:02x}" for byte in given.encode()))
    for request in (in_header, in_query):
        problem = refused(read_last_event_id, request)
        assert (problem.status, problem.code) == (400, "invalid_last_event_id")
        assert problem.body == unknown_event_id().body


@pytest.mark.parametrize("header", [b"5", b"0", b""])
@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=%00", "after=1&after=1"])
def test_an_invalid_id_in_the_query_is_rejected_beside_a_valid_header(header, query):
    problem = refused(read_last_event_id, request_of((LAST, header), query=query))
    assert problem.code == "invalid_last_event_id"


@pytest.mark.parametrize("digits", ["\u0661", "\uff11", "\u0967", "1\u0661"])
def test_digits_of_other_scripts_are_rejected(digits):
    query = "after=" + "".join(f"%{byte:02x}" for byte in digits.encode())
    assert refused(read_last_event_id, request_of(query=query)).code == "invalid_last_event_id"


@pytest.mark.parametrize(
    "request_", [request_of((LAST, b"1"), (LAST, b"1")), request_of(query="after=1&after=1")]
)
def test_repeated_last_event_id_is_rejected(request_):
    assert refused(read_last_event_id, request_).code == "invalid_last_event_id"
