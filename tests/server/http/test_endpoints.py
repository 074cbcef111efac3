import asyncio
import json
import math
import re
import time

import pytest

from tests import parts

for name in ("starlette", "limits", "prometheus_client"):
    parts.module(name)
jwt = parts.module("jwt")

from starlette.exceptions import HTTPException  # noqa: E402 - checked above

from componentstream.core.events import ContentBlockStart, DebugEvent, ErrorEvent, TextBlock  # noqa: E402
from componentstream.log import MemoryEventLog  # noqa: E402
from componentstream.server import JWTBearer, Principal, RefusedRequestError  # noqa: E402
from tests.server.application import (  # noqa: E402
    Model,
    application,
    by_name,
    decoded,
    error_of,
    events_of,
    happens,
    ids_of,
    run,
    user,
)
from tests.server.stream_helpers import new_log  # noqa: E402
from tests.timing import WAIT  # noqa: E402

UNKNOWN = (404, "stream_unknown", "Stream not found: it was never started, or is no longer kept.")
JSON = "application/json"


async def started(ask, prompt="text", **headers):
    """Start a generation; return the id of its stream."""
    answer = await ask("POST", "/generate", prompt=prompt, headers={"Prefer": "respond-async", **headers})
    assert answer.status == 202
    return answer.json()["stream"]


# Starting


def test_generation_is_streamed_from_its_first_event_to_its_last():
    async def scenario():
        async with application(model := Model()) as ask:
            answer = await ask("POST", "/generate", prompt="text")
            events = events_of(answer)
            assert events[-1].reason == "complete"
            assert re.fullmatch("s-[0-9a-f]{32}", answer.headers["stream-id"])
            assert answer.headers["cache-control"] == "no-cache, no-transform"
            assert ids_of(answer.content) == list(range(1, len(events) + 1))
            assert [asked.prompt for asked in model.asked] == ["text"]

    run(scenario())


ASYNC = [
    ["respond-async"],
    ["Respond-Async"],
    ["wait=10, respond-async"],
    ["respond-async; foo=bar"],
    ['respond-async=""'],
    ["handling=lenient", " respond-async "],
]
NOT_ASYNC = [
    [],
    [""],
    ["respond-asynchronously"],
    ["wait=respond-async"],
    ["x; respond-async"],
    ["return=minimal"],
]


@pytest.mark.parametrize("preferences", ASYNC, ids=repr)
def test_respond_async_returns_the_location_of_the_stream(preferences):
    async def scenario():
        async with application(model := Model()) as ask:
            headers = [("Prefer", preference) for preference in preferences]
            answer = await ask("POST", "/generate", prompt="held", headers=headers)
            stream = answer.headers["stream-id"]
            assert re.fullmatch("s-[0-9a-f]{32}", stream)
            assert (answer.status, answer.json()) == (202, {"stream": stream})
            assert answer.headers["location"] == f"streams/{stream}"
            assert answer.headers["content-type"] == JSON
            assert answer.headers["cache-control"] == "no-store"
            model.go_on()
            read = await ask("GET", f"/streams/{stream}")
            assert events_of(read)[-1].reason == "complete"
            assert ids_of(read.content)[0] == 1
            assert len(model.asked) == 1

    run(scenario())


@pytest.mark.parametrize("preferences", NOT_ASYNC, ids=repr)
def test_other_preferences_are_ignored(preferences):
    async def scenario():
        async with application() as ask:
            headers = [("Prefer", preference) for preference in preferences]
            events_of(await ask("POST", "/generate", prompt="text", headers=headers))

    run(scenario())


def test_repeated_start_gets_the_same_stream_byte_for_byte():
    async def scenario():
        async with application(model := Model()) as ask:
            headers = {"Idempotency-Key": "k1"}
            first = await ask("POST", "/generate", prompt="text", headers=headers)
            again = await ask("POST", "/generate", prompt="text", headers=headers)
            assert re.fullmatch("k-[0-9a-f]{64}", first.headers["stream-id"])
            assert again == first
            elsewhere = await ask(
                "POST", "/generate", prompt="text", headers={**headers, "Prefer": "respond-async"}
            )
            assert elsewhere.json() == {"stream": first.headers["stream-id"]}
            other = await ask("POST", "/generate", prompt="text 2", headers=headers)
            assert error_of(other)[:2] == (422, "idempotency_key_reused")
            assert len(model.asked) == 1

    run(scenario())


def test_invalid_key_is_rejected_before_the_body_is_read():
    async def scenario():
        async with application(model := Model()) as ask:
            answer = await ask("POST", "/generate", headers={"Idempotency-Key": "a b"}, body=b"{")
            assert error_of(answer)[:2] == (400, "invalid_idempotency_key")
            assert model.asked == []

    run(scenario())


@pytest.mark.parametrize("prompt", ["early", "early again"])
def test_model_that_fails_before_its_first_text_is_reported_by_the_status_every_time(prompt):
    async def scenario():
        async with application() as ask:
            for _ in range(2):
                answer = await ask("POST", "/generate", prompt=prompt, headers={"Idempotency-Key": "k1"})
                assert error_of(answer) == (502, "source_failed", "The source failed.")
                assert answer.headers["stream-id"].startswith("k-")

    run(scenario())


def test_location_is_right_behind_a_trailing_slash():
    async def scenario():
        async with application(Model()) as ask:
            answer = await ask("POST", "/generate/", prompt="text", headers=[("Prefer", "respond-async")])
            assert answer.headers["location"] == f"../streams/{answer.headers['stream-id']}"

    run(scenario())


def test_a_repeat_with_a_known_key_does_not_count_against_the_rate_limit():
    async def scenario():
        async with application(model := Model(), rate_limit="2/hour") as ask:
            keyed = {"prompt": "text", "headers": [("Idempotency-Key", "k")]}
            for _ in range(6):
                assert events_of(await ask("POST", "/generate", **keyed))[-1].reason == "complete"
            assert (await ask("POST", "/generate", prompt="text")).status == 200
            assert error_of(await ask("POST", "/generate", prompt="text"))[:2] == (429, "rate_limited")
            fresh = [("Idempotency-Key", "another")]
            assert error_of(await ask("POST", "/generate", prompt="text", headers=fresh))[0] == 429
            assert (await ask("POST", "/generate", **keyed)).status == 200
            assert len(model.asked) == 2

    run(scenario())


def test_of_requests_at_once_only_those_that_may_subscribe_call_the_model():
    async def scenario():
        async with application(model := Model(), max_readers_per_user=1) as ask:
            asking = [asyncio.create_task(ask("POST", "/generate", prompt="held")) for _ in range(8)]
            await happens(lambda: sum(task.done() for task in asking) == 7)
            assert len(model.asked) == 1
            model.go_on()
            answers = await asyncio.gather(*asking)
            assert sorted(answer.status for answer in answers) == [200] + 7 * [429]
            assert {error_of(answer)[1] for answer in answers if answer.status == 429} == {"too_many_readers"}
            # A start that fails gives the slot back.
            assert (await ask("POST", "/generate", prompt="")).status == 400
            assert events_of(await ask("POST", "/generate", prompt="text"))[-1].reason == "complete"

    run(scenario())


def test_generation_is_not_started_for_a_client_that_may_not_subscribe():
    async def scenario():
        async with application(model := Model(), max_readers_per_user=1) as ask:
            stream = await started(ask, "held")
            reading = asyncio.create_task(ask("GET", f"/streams/{stream}"))
            await happens(lambda: model.asked)
            await asyncio.sleep(0)
            refused = await ask("POST", "/generate", prompt="text")
            assert error_of(refused)[:2] == (429, "too_many_readers")
            assert refused.headers["retry-after"].isdecimal()
            assert len(model.asked) == 1
            assert error_of(await ask("GET", f"/streams/{stream}"))[:2] == (429, "too_many_readers")
            await started(ask, "text")  # who does not read it yet needs no place
            model.go_on()
            assert events_of(await reading)[-1].reason == "complete"
            events_of(await ask("POST", "/generate", prompt="text"))

    run(scenario())


# Resuming


def test_stream_can_be_resumed_after_each_of_its_events():
    async def scenario():
        async with application() as ask:
            whole = await ask("POST", "/generate", prompt="text")
            path = f"/streams/{whole.headers['stream-id']}"
            last = ids_of(whole.content)[-1]
            blocks = whole.content.split(b"\n\n")[:-1]
            assert len(blocks) == last
            for after in range(last):
                rest = b"".join(block + b"\n\n" for block in blocks[after:])
                by_header = await ask("GET", path, headers={"Last-Event-ID": str(after)})
                assert (by_header.status, by_header.content) == (200, rest)
                assert by_header.headers["stream-id"] == whole.headers["stream-id"]
                by_query = await ask("GET", path, query=f"after={after}")
                assert (by_query.status, by_query.content) == (200, rest)
            for given in ({"headers": {"Last-Event-ID": str(last)}}, {"query": f"after={last}"}):
                done = await ask("GET", path, **given)
                assert (done.status, done.content) == (204, b"")
                assert done.headers["stream-id"] == whole.headers["stream-id"]
                assert done.headers["cache-control"] == "no-store"
            beyond = await ask("GET", path, headers={"Last-Event-ID": str(last + 1)})
            assert error_of(beyond)[:2] == (400, "invalid_last_event_id")

    run(scenario())


def test_client_that_has_every_event_waits_for_the_next():
    async def scenario():
        async with application(model := Model(), log=(log := MemoryEventLog())) as ask:
            stream = await started(ask, "held")
            await happens(lambda: log._streams[stream].last)
            rest = asyncio.create_task(ask("GET", f"/streams/{stream}", query="after=1"))
            await asyncio.sleep(0.05)
            model.go_on()
            whole = await ask("GET", f"/streams/{stream}")
            assert (await rest).content == whole.content.partition(b"\n\n")[2]

    run(scenario())


def test_failed_stream_is_resumed_as_a_stream():
    async def scenario():
        async with application() as ask:
            failed = await ask("POST", "/generate", prompt="early")
            again = await ask("GET", f"/streams/{failed.headers['stream-id']}")
            assert [event.to_dict()["type"] for event in events_of(again)] == [
                "status",
                "error",
                "message_stop",
            ]

    run(scenario())


@pytest.mark.parametrize("name", ["from", "blocks"])
def test_a_filter_given_twice_is_rejected(name):
    async def scenario():
        value = {"from": "1", "blocks": "all"}[name]
        async with application() as ask:
            stream = await started(ask)
            query = f"{name}={value}&{name}={value}"
            status, code, message = error_of(await ask("GET", f"/streams/{stream}", query=query))
            assert (status, code) == (400, "invalid_request")
            assert message == f"{name} in the query must be given once."

    run(scenario())


@pytest.mark.parametrize(
    "query",
    ["from=-1", "from=x", "from=1.0", "from=", "from=%D9%A1", "from=12345678901", "blocks=", "blocks=some"],
)
def test_invalid_filter_is_rejected(query):
    async def scenario():
        async with application() as ask:
            stream = await started(ask)
            status, code, message = error_of(await ask("GET", f"/streams/{stream}", query=query))
            assert (status, code) == (400, "invalid_request")
            assert (
                message
                == {
                    "f": "from in the query must be the index of a block, an integer >= 0.",
                    "b": "blocks in the query must be all or components.",
                }[query[0]]
            )

    run(scenario())


def test_client_may_filter_blocks():
    async def scenario():
        async with application() as ask:
            whole = await ask("POST", "/generate", prompt="text")
            path = f"/streams/{whole.headers['stream-id']}"
            for query in ("blocks=all", "from=0", "blocks=all&from=0", "from=0000000000"):
                assert (await ask("GET", path, query=query)).content == whole.content
            components = await ask("GET", path, query="blocks=components")
            from_1 = await ask("GET", path, query="from=1")
            assert components.content == from_1.content
            begun = [event for event in decoded(components.content) if isinstance(event, ContentBlockStart)]
            assert [(event.index, isinstance(event.block, TextBlock)) for event in begun] == [(1, False)]
            left_out = [block for block in whole.content.split(b"\n\n") if b'"index":0' in block]
            assert len(left_out) == 3
            kept = [block for block in whole.content.split(b"\n\n") if block not in left_out]
            assert components.content.split(b"\n\n") == kept
            none = await ask("GET", path, query="from=9999999999")
            assert [event.to_dict()["type"] for event in decoded(none.content)] == [
                "status", "status", "status", "message_stop",
            ]  # fmt: skip

    run(scenario())


def test_client_that_filters_blocks_can_resume():
    async def scenario():
        async with application() as ask:
            whole = await ask("POST", "/generate", prompt="text")
            path = f"/streams/{whole.headers['stream-id']}"
            view = await ask("GET", path, query="blocks=components")
            for after in range(len(ids_of(whole.content))):
                rest = await ask("GET", path, query=f"blocks=components&after={after}")
                kept = [
                    block
                    for block in view.content.split(b"\n\n")[:-1]
                    if int(block.rpartition(b"id: ")[2]) > after
                ]
                assert rest.content == b"".join(block + b"\n\n" for block in kept)
            last = len(ids_of(whole.content))
            done = await ask("GET", path, query=f"blocks=components&after={last}")
            assert done.status == 204

    run(scenario())


def test_trimmed_events_are_reported_as_gone():
    async def scenario():
        log = MemoryEventLog(max_entries=4)
        async with application(log=log) as ask:
            whole = await ask("POST", "/generate", prompt="text")
            path = f"/streams/{whole.headers['stream-id']}"
            last = ids_of(whole.content)[-1]
            for query in (
                "",
                "after=0",
                f"after={last - 5}",
                "blocks=components",
                f"after={last - 1}&from=1",
            ):
                answer = await ask("GET", path, query=query)
                assert error_of(answer) == (
                    410,
                    "events_trimmed",
                    "The next events are no longer kept; start a new generation.",
                )
            rest = await ask("GET", path, query=f"after={last - 4}")
            assert ids_of(rest.content) == list(range(last - 3, last + 1))
            for query in (f"after={last}", f"after={last}&blocks=components"):
                assert (await ask("GET", path, query=query)).status == 204

    run(scenario())


def test_a_key_whose_stream_has_lost_its_first_events_is_reported_as_gone():
    async def scenario():
        async with application(log=MemoryEventLog(max_entries=4)) as ask:
            headers = {"Idempotency-Key": "k1"}
            assert (await ask("POST", "/generate", prompt="text", headers=headers)).status == 200
            again = await ask("POST", "/generate", prompt="text", headers=headers)
            assert error_of(again)[:2] == (410, "events_trimmed")
            other = await ask("POST", "/generate", prompt="text", headers={"Idempotency-Key": "k2"})
            assert other.status == 200

    run(scenario())


def test_head_gets_the_headers_of_a_stream_immediately():
    async def scenario():
        async with application(model := Model(), authenticate=by_name, max_readers=1) as ask:
            stream = await started(ask, "held", **user("ada"))
            path = f"/streams/{stream}"
            answer = await asyncio.wait_for(ask("HEAD", path, headers=user("ada")), WAIT)
            assert (answer.status, answer.content) == (200, b"")
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert answer.headers["stream-id"] == stream
            assert (await ask("HEAD", path, headers=user("bob"))).status == 404
            ticket = (await ask("POST", f"{path}/tickets", headers=user("ada"))).json()["ticket"]
            assert (await ask("HEAD", path, query=f"ticket={ticket}")).status == 401
            assert (await ask("GET", path, query=f"ticket={ticket}&after=x")).status == 400
            model.go_on()
            assert (await ask("GET", path, query=f"ticket={ticket}")).status == 200
            whole = await ask("GET", path, headers=user("ada"))
            assert whole.headers == answer.headers
            last = ids_of(whole.content)[-1]
            assert (await ask("HEAD", path, query=f"after={last}", headers=user("ada"))).status == 204

    run(scenario())


# Whose streams


def test_stranger_cannot_read_a_stream_or_learn_that_it_exists():
    async def scenario():
        async with application(model := Model(), authenticate=by_name) as ask:
            mine = await started(ask, "endless", **user("ada"))
            finished = await ask("POST", "/generate", prompt="text", headers=user("ada"))
            streams = [mine, finished.headers["stream-id"], f"s-{'0' * 32}", "x", "t-" + "a" * 32, "%20", "é"]
            tries = set()
            for _ in range(6):
                for stream in streams:
                    for name in ("bob", "ad", "ada ", "user ada"):
                        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/tickets")):
                            answer = await ask(method, f"/streams/{stream}{path}", headers=user(name))
                            assert error_of(answer) == UNKNOWN
                            tries.add((answer.content, *answer.headers.items()))
            assert len(tries) == 1
            assert model.closed == 1
            stopped = await ask("DELETE", f"/streams/{mine}", headers=user("ada"))
            assert (stopped.status, stopped.content) == (204, b"")
            await happens(lambda: model.closed == 2)

    run(scenario())


def test_same_key_of_another_user_is_a_different_key():
    async def scenario():
        async with application(model := Model(), authenticate=by_name) as ask:
            streams = set()
            for name in ("ada", "bob", "ada"):
                headers = {"Idempotency-Key": "k1", **user(name)}
                answer = await ask("POST", "/generate", prompt="text", headers=headers)
                streams.add(answer.headers["stream-id"])
            assert len(streams) == len(model.asked) == 2
            other = await ask(
                "POST", "/generate", prompt="else", headers={"Idempotency-Key": "k1", **user("eve")}
            )
            assert other.status == 200

    run(scenario())


def test_anonymous_stream_can_be_used_by_everyone_who_knows_its_id():
    async def scenario():
        async with application() as ask:
            stream = await started(ask, "endless")
            assert (await ask("POST", f"/streams/{stream}/tickets", client="192.0.2.9")).status == 201
            assert (await ask("DELETE", f"/streams/{stream}", client="192.0.2.9")).status == 204
            answer = await ask("GET", f"/streams/{stream}", client="192.0.2.9", headers=user("eve"))
            assert events_of(answer)[-1].reason == "cancelled"

    run(scenario())


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/generate"), ("GET", "/streams/x"), ("DELETE", "/streams/x"), ("POST", "/streams/x/tickets")],
)
def test_unauthenticated_request_is_rejected_first(method, path):
    async def scenario():
        async with application(model := Model(), authenticate=by_name, rate_limit="1/hour") as ask:
            for _ in range(3):
                answer = await ask(method, path, prompt="text", headers={"Idempotency-Key": "a b"})
                assert error_of(answer) == (401, "unauthorized", "Say who you are.")
                assert answer.headers["www-authenticate"] == "Bearer"
            assert model.asked == []

    run(scenario())


def test_authenticate_may_be_awaitable_and_may_reject_with_its_own_message():
    async def authenticate(request):
        await asyncio.sleep(0)
        name = request.headers.get("x-name", "")
        if name == "late":
            raise HTTPException(403, "Come back tomorrow.", {"Retry-After": "86400"})
        if name == "blocked":
            raise RefusedRequestError(403, "blocked", "You are blocked.")
        return Principal(name)

    async def scenario():
        async with application(authenticate=authenticate) as ask:
            stream = await started(ask, "text", **{"X-Name": "ada"})
            assert (await ask("GET", f"/streams/{stream}", headers={"X-Name": "ada"})).status == 200
            assert (await ask("GET", f"/streams/{stream}", headers={"X-Name": "bob"})).status == 404
            blocked = await ask("GET", f"/streams/{stream}", headers={"X-Name": "blocked"})
            assert error_of(blocked) == (403, "blocked", "You are blocked.")
            late = await ask("POST", "/generate", prompt="text", headers={"X-Name": "late"})
            assert error_of(late) == (403, "refused", "Come back tomorrow.")
            assert late.headers["retry-after"] == "86400"

    run(scenario())


SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - a key of this test alone


def token(subject, **claims):
    claims = {"sub": subject, "aud": "pages", "exp": int(time.time()) + 60, **claims}
    return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}


def test_users_are_identified_by_their_bearer_tokens():
    async def scenario():
        bearer = JWTBearer.from_secret(SECRET, audience="pages")
        async with application(authenticate=bearer, debug=True) as ask:
            whole = await ask("POST", "/generate", prompt="text", headers=token("ada"))
            path = f"/streams/{whole.headers['stream-id']}"
            assert (await ask("GET", path, headers=token("ada"))).content == whole.content
            assert error_of(await ask("GET", path, headers=token("bob"))) == UNKNOWN
            for headers in ({}, token("ada", exp=1), token("ada", aud="other"), user("ada")):
                refused = await ask("GET", path, headers=headers)
                assert error_of(refused)[:2] == (401, "unauthorized")
                assert refused.headers["www-authenticate"] == "Bearer"
            in_query = await ask("GET", path, query="access_token=x", headers=token("ada"))
            assert error_of(in_query)[:2] == (400, "token_in_query")
            assert any_debug(await ask("POST", "/generate", prompt="text", headers=token("ada", debug=True)))
            assert not any_debug(await ask("POST", "/generate", prompt="text", headers=token("ada", debug=1)))

    run(scenario())


# Tickets


def test_ticket_reads_its_stream_once():
    async def scenario():
        async with application(authenticate=by_name) as ask:
            whole = await ask("POST", "/generate", prompt="text", headers=user("ada"))
            path = f"/streams/{whole.headers['stream-id']}"
            issued = await ask("POST", f"{path}/tickets", headers=user("ada"))
            assert (issued.status, issued.headers["cache-control"]) == (201, "no-store")
            assert issued.json() == {"ticket": issued.json()["ticket"], "expires_in": 30}
            query = f"ticket={issued.json()['ticket']}"
            assert (await ask("GET", path, query=query)).content == whole.content
            again = await ask("GET", path, query=query)
            assert error_of(again)[:2] == (401, "unauthorized")
            assert again.headers["www-authenticate"] == "Bearer"

    run(scenario())


def test_ticket_can_resume_after_an_event():
    async def scenario():
        async with application(authenticate=by_name, ticket_seconds=7.5) as ask:
            whole = await ask("POST", "/generate", prompt="text", headers=user("ada"))
            path = f"/streams/{whole.headers['stream-id']}"
            last = ids_of(whole.content)[-1]
            for given in ({"query": "&after=2"}, {"query": "&after=1", "headers": {"Last-Event-ID": "2"}}):
                issued = (await ask("POST", f"{path}/tickets", headers=user("ada"))).json()
                assert issued["expires_in"] == 7.5
                rest = await ask(
                    "GET", path, **{**given, "query": f"ticket={issued['ticket']}{given['query']}"}
                )
                assert ids_of(rest.content) == list(range(3, last + 1))
            ticket = (await ask("POST", f"{path}/tickets", headers=user("ada"))).json()["ticket"]
            assert (await ask("GET", path, query=f"ticket={ticket}&after={last}")).status == 204

    run(scenario())


def test_ticket_can_only_read_its_own_stream():
    async def scenario():
        async with application(authenticate=by_name) as ask:
            streams = [await started(ask, **user("ada")) for _ in range(2)]

            async def ticket():
                path = f"/streams/{streams[0]}/tickets"
                return (await ask("POST", path, headers=user("ada"))).json()["ticket"]

            for method, path in [
                ("GET", f"/streams/{streams[1]}"), ("GET", "/streams/x"),
                ("DELETE", f"/streams/{streams[0]}"), ("POST", f"/streams/{streams[0]}/tickets"),
                ("POST", "/generate"),
            ]:  # fmt: skip
                answer = await ask(method, path, query=f"ticket={await ticket()}", prompt="text")
                assert error_of(answer)[:2] == (401, "unauthorized")
            spent = await ticket()
            assert (await ask("GET", f"/streams/{streams[1]}", query=f"ticket={spent}")).status == 401
            assert (await ask("GET", f"/streams/{streams[0]}", query=f"ticket={spent}")).status == 401
            assert (await ask("GET", f"/streams/{await ticket()}", headers=user("ada"))).status == 404

    run(scenario())


@pytest.mark.parametrize("ticket", ["", "x", "t-" + "a" * 32, "t-" + "a" * 100_000, "%00", "t-*"])
def test_invalid_ticket_is_rejected_even_with_a_token(ticket):
    async def scenario():
        async with application(authenticate=by_name) as ask:
            stream = await started(ask, **user("ada"))
            answer = await ask("GET", f"/streams/{stream}", query=f"ticket={ticket}", headers=user("ada"))
            assert error_of(answer)[:2] == (401, "unauthorized")

    run(scenario())


def test_token_next_to_a_ticket_is_rejected_without_using_the_ticket_up():
    async def scenario():
        async with application(authenticate=by_name) as ask:
            stream = await started(ask, **user("ada"))
            issued = await ask("POST", f"/streams/{stream}/tickets", headers=user("ada"))
            query = f"ticket={issued.json()['ticket']}"
            refused = await ask("GET", f"/streams/{stream}", query=f"{query}&access_token=x")
            assert error_of(refused)[:2] == (400, "token_in_query")
            assert (await ask("GET", f"/streams/{stream}", query=query)).status == 200

    run(scenario())


def test_ticket_is_ignored_without_authentication():
    async def scenario():
        async with application() as ask:
            stream = await started(ask)
            assert (await ask("GET", f"/streams/{stream}", query="ticket=x")).status == 200

    run(scenario())


# Debug events


def any_debug(answer):
    return any(isinstance(event, DebugEvent) for event in events_of(answer))


def test_debug_events_require_the_setting_and_the_claim():
    async def scenario():
        for debug in (False, True):
            async with application(authenticate=by_name, debug=debug) as ask:
                with_claim = await ask("POST", "/generate", prompt="text", headers=user("dora"))
                without = await ask("POST", "/generate", prompt="text", headers=user("ada"))
                assert any_debug(with_claim) is debug
                assert not any_debug(without)
                path = f"/streams/{with_claim.headers['stream-id']}"
                again = await ask("GET", path, headers=user("dora"), query="debug=1")
                assert again.content == with_claim.content
                ticket = (await ask("POST", f"{path}/tickets", headers=user("dora"))).json()["ticket"]
                assert not any_debug(await ask("GET", path, query=f"ticket={ticket}"))

    run(scenario())


# Stopping


def test_stopped_stream_stays_stopped():
    async def scenario():
        async with application(model := Model()) as ask:
            stream = await started(ask, "endless")
            reading = asyncio.create_task(ask("GET", f"/streams/{stream}"))
            await happens(lambda: model.begun)
            for _ in range(2):
                answer = await ask("DELETE", f"/streams/{stream}")
                assert (answer.status, answer.content) == (204, b"")
                assert answer.headers["cache-control"] == "no-store"
            assert model.closed == 1
            read = await reading
            assert events_of(read)[-1].reason == "cancelled"
            assert (await ask("GET", f"/streams/{stream}")).content == read.content

    run(scenario())


def test_stopping_a_finished_stream_has_no_effect():
    async def scenario():
        async with application() as ask:
            whole = await ask("POST", "/generate", prompt="text")
            path = f"/streams/{whole.headers['stream-id']}"
            assert (await ask("DELETE", path)).status == 204
            assert (await ask("GET", path)).content == whole.content
            assert error_of(await ask("DELETE", "/streams/s-0")) == UNKNOWN

    run(scenario())


# How much


def test_client_beyond_the_rate_limit_is_told_the_time_to_wait():
    async def scenario():
        async with application(model := Model(), authenticate=by_name, rate_limit="3/hour") as ask:
            stream = await started(ask, **user("ada"))
            assert (await ask("POST", f"/streams/{stream}/tickets", headers=user("ada"))).status == 201
            bad = await ask("POST", "/generate", body=b"{", headers=user("ada"))
            assert error_of(bad)[:2] == (400, "invalid_request")
            for method, path in (("POST", "/generate"), ("POST", f"/streams/{stream}/tickets")):
                refused = await ask(method, path, prompt="text", headers=user("ada"))
                assert error_of(refused)[:2] == (429, "rate_limited")
                assert 0 < int(refused.headers["retry-after"]) <= 3600
                assert refused.json()["error"]["retryable"] is True
            assert (await ask("GET", f"/streams/{stream}", headers=user("ada"))).status == 200
            assert (await ask("DELETE", f"/streams/{stream}", headers=user("ada"))).status == 204
            assert (await ask("POST", "/generate", prompt="text", headers=user("bob"))).status == 200
            assert len(model.asked) == 2

    run(scenario())


def test_anonymous_client_is_counted_by_its_address():
    async def scenario():
        async with application(rate_limit="1/hour") as ask:
            for client in ("192.0.2.1", "192.0.2.2"):
                for expected in (200, 429):
                    headers = {"X-Forwarded-For": f"192.0.2.{expected % 251}"}
                    answer = await ask("POST", "/generate", prompt="text", client=client, headers=headers)
                    assert answer.status == expected
        async with application(rate_limit="1/hour", trusted_proxies=1) as ask:
            for client, forwarded, expected in [
                ("192.0.2.1", "192.0.2.7", 200),
                ("192.0.2.1", "192.0.2.8", 200),
                ("192.0.2.9", "192.0.2.8", 429),
                ("192.0.2.9", "192.0.2.9, 192.0.2.7", 429),
            ]:
                headers = {"X-Forwarded-For": forwarded}
                answer = await ask("POST", "/generate", prompt="text", client=client, headers=headers)
                assert answer.status == expected

    run(scenario())


def test_subject_cannot_imitate_an_address():
    async def scenario():
        names = lambda request: Principal(request.headers.get("x-name", ""))  # noqa: E731
        async with application(authenticate=names, rate_limit="1/hour") as ask:
            for headers in ({}, {"X-Name": "192.0.2.1"}, {"X-Name": "address 192.0.2.1"}):
                assert (await ask("POST", "/generate", prompt="text", headers=headers)).status == 200
            assert (await ask("POST", "/generate", prompt="text")).status == 429

    run(scenario())


def test_generations_and_streams_are_limited_for_each_user():
    async def scenario():
        settings = {"max_generations_per_user": 1, "max_generations": 2, "authenticate": by_name}
        async with application(model := Model(), **settings) as ask:
            await started(ask, "held", **user("ada"))
            mine = await ask("POST", "/generate", prompt="text", headers=user("ada"))
            assert error_of(mine)[:2] == (429, "too_many_generations")
            await started(ask, "held", **user("bob"))
            other = await ask("POST", "/generate", prompt="text", headers=user("eve"))
            assert error_of(other)[:2] == (503, "server_busy")
            for answer in (mine, other):
                assert answer.headers["retry-after"].isdecimal()
                assert answer.json()["error"]["retryable"] is True
            assert len(model.asked) == 2
            model.go_on()
            await happens(lambda: ask.args[0].state.streams._generations.taken == 0)
            assert (await ask("POST", "/generate", prompt="text", headers=user("ada"))).status == 200

    run(scenario())


def test_streams_of_all_users_together_are_limited():
    async def scenario():
        async with application(model := Model(), max_readers=1, authenticate=by_name) as ask:
            stream = await started(ask, "held", **user("ada"))
            reading = asyncio.create_task(ask("GET", f"/streams/{stream}", headers=user("ada")))
            await happens(lambda: model.begun)
            other = await started(ask, "text", **user("bob"))
            for refused in (
                await ask("GET", f"/streams/{other}", headers=user("bob")),
                await ask("POST", "/generate", prompt="text", headers=user("bob")),
            ):
                assert error_of(refused)[:2] == (503, "server_busy")
                assert refused.headers["retry-after"].isdecimal()
            model.go_on()
            assert events_of(await reading)[-1].reason == "complete"
            assert (await ask("GET", f"/streams/{other}", headers=user("bob"))).status == 200
            assert len(model.asked) == 2

    run(scenario())


# For operators


def test_health_reports_the_state_of_the_log_and_the_server():
    async def scenario():
        log = new_log()
        async with application(log=log) as ask:
            well = await ask("GET", "/health")
            assert (well.status, well.json()) == (200, {"status": "ok"})
            log.trouble("status")
            ill = await ask("GET", "/health")
            assert (ill.status, ill.json()) == (503, {"status": "log_unavailable"})
            assert (await ask("GET", "/health")).status == 200
            await ask.args[0].state.streams.drain()
            leaving = await ask("GET", "/health")
            assert (leaving.status, leaving.json()) == (503, {"status": "server_stopping"})
            assert [answer.headers["cache-control"] for answer in (well, ill, leaving)] == ["no-store"] * 3

    run(scenario())


def test_metrics_count_requests_and_streams():
    async def scenario():
        async with application() as ask:
            whole = await ask("POST", "/generate", prompt="text")
            path = f"/streams/{whole.headers['stream-id']}"
            await ask("GET", path)
            await ask("GET", path, headers={"Last-Event-ID": "3"})
            await ask("GET", path, query="after=2")
            await ask("GET", "/streams/x")
            await ask("POST", "/generate")
            metrics = await ask("GET", "/metrics")
            assert metrics.headers["content-type"].startswith("text/plain; version=")
            assert metrics.headers["cache-control"] == "no-store"
            lines = metrics.content.decode().splitlines()
            assert "componentstream_resumed_total 2.0" in lines
            assert "componentstream_readers 0.0" in lines
            assert 'componentstream_refused_requests_total{code="stream_unknown"} 1.0' in lines
            assert 'componentstream_refused_requests_total{code="unsupported_media_type"} 1.0' in lines
            assert any(line.startswith("componentstream_") and "complete" in line for line in lines)
            other = await ask("GET", "/metrics", headers={"Accept": "application/openmetrics-text"})
            assert other.headers["content-type"].startswith("application/openmetrics-text")

    run(scenario())


# The log is down


def test_failing_log_is_reported_wherever_it_is_needed():
    async def scenario():
        log = new_log()
        async with application(model := Model(), log=log, authenticate=by_name) as ask:
            stream = await started(ask, **user("ada"))
            for name in ("acquire", "status"):
                log.trouble(name, math.inf)
            for method, path, headers in [
                ("POST", "/generate", {}), ("POST", "/generate", {"Idempotency-Key": "k1"}),
                ("POST", "/generate", {"Prefer": "respond-async"}), ("GET", f"/streams/{stream}", {}),
                ("DELETE", f"/streams/{stream}", {}), ("POST", f"/streams/{stream}/tickets", {}),
            ]:  # fmt: skip
                answer = await ask(method, path, prompt="text", headers={**headers, **user("ada")})
                assert error_of(answer)[:2] == (503, "log_unavailable")
                assert answer.headers["retry-after"] == "1"
                assert answer.json()["error"]["retryable"] is True
            by_ticket = await ask("GET", f"/streams/{stream}", query=f"ticket=t-{'a' * 32}")
            assert error_of(by_ticket)[:2] == (503, "log_unavailable")
            assert len(model.asked) == 1
            log.works()
            assert (await ask("POST", "/generate", prompt="text", headers=user("ada"))).status == 200

    run(scenario())


def test_log_that_fails_before_the_first_event_is_reported_by_the_status_if_it_ends_the_stream():
    async def scenario():
        log = new_log()
        async with application(Model(), log=log, log_timeout=0.05, on_store_failure="fail") as ask:
            log.trouble("append", math.inf)
            answer = await ask("POST", "/generate", prompt="silent")
            assert error_of(answer)[:2] == (503, "log_unavailable")
            assert answer.headers["retry-after"] == "1"
            assert answer.json()["error"]["retryable"] is True

    run(scenario())


def test_stream_whose_log_fails_continues_without_ids_and_reports_it():
    async def scenario():
        log = new_log()
        async with application(model := Model(), log=log, log_timeout=0.05) as ask:
            log.trouble("append", math.inf)
            reading = asyncio.create_task(ask("POST", "/generate", prompt="silent"))
            await happens(
                lambda: b"log_failures_total 1.0" in ask.args[0].state.streams.metrics.render("")[0]
            )
            model.go_on()
            answer = await reading
            events = events_of(answer)
            errors = [event.code for event in events if isinstance(event, ErrorEvent)]
            assert (errors, events[-1].reason) == (["not_resumable"], "complete")
            assert ids_of(answer.content) == []

    run(scenario())


def test_json_responses_have_the_json_media_type():
    async def scenario():
        async with application() as ask:
            for answer in (
                await ask("GET", "/health"),
                await ask("GET", "/openapi.json"),
                await ask("POST", "/generate", prompt="text", headers={"Prefer": "respond-async"}),
            ):
                assert answer.headers["content-type"] == JSON
                assert answer.headers["content-length"] == str(len(answer.content))
                json.loads(answer.content)

    run(scenario())
