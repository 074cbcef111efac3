import asyncio

from redis.asyncio import Connection
from typing_extensions import override

from tests.kills.foreign import cancel_calls, leave_streams


def test_no_call_of_a_log_gets_the_answer_of_one_that_was_cancelled():
    findings = asyncio.run(cancel_calls(200, seed=1))
    assert findings.wrong == []
    assert findings.foreign == 0
    assert findings.counts["cancels"] >= 200
    assert findings.counts["in flight"] >= 20
    assert findings.counts["streams"] > 0


class StaleConnection(Connection):
    """Goes back to the pool when it is cancelled, with the answer still to come."""

    connected = False

    @override
    async def on_connect_check_health(self, *given, **named):
        self.connected = False
        await super().on_connect_check_health(*given, **named)
        self.connected = True

    @override
    async def read_response(self, *given, **named):
        return await super().read_response(*given, **named, disconnect_on_error=not self.connected)


def test_a_client_that_keeps_a_connection_whose_answer_is_to_come_is_found_out():
    # Chance decides whose call gets a stale answer. The first wrong one may even stop all tenants, so that
    # the canary of the other is not in any answer: then try the next seed.
    for seed in range(1, 11):
        findings = asyncio.run(cancel_calls(100, seed, connection_class=StaleConnection))
        assert findings.wrong != []
        if findings.foreign > 0:
            break
    assert findings.foreign > 0


def test_no_reader_of_a_worker_gets_what_is_for_one_that_left():
    findings = asyncio.run(leave_streams(48, seed=1))
    assert findings.wrong == []
    assert findings.foreign == 0
    assert findings.counts["disconnects"] >= 48
    assert findings.counts["in flight"] > 0
    assert findings.counts["streams"] >= 24
