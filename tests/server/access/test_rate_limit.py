import asyncio
import logging
import subprocess
import sys
import time
import uuid

import pytest

from tests import parts

parts.module("starlette")
parts.module("limits")

from componentstream.core.errors import ConfigurationError, MissingExtraError  # noqa: E402 - checked above
from componentstream.server.access import rate_limit  # noqa: E402
from componentstream.server.access.rate_limit import RateLimiter  # noqa: E402
from componentstream.server.errors import RefusedRequestError  # noqa: E402
from tests.log.redis_server import RedisServer  # noqa: E402
from tests.timing import WAIT, at_best, passed_once  # noqa: E402

HOSTILE = [
    "",
    "\0",
    "a" * 1_000_000,
    "\ud800",
    "*",
    "}{",
    "LIMITER/1/1/minute",
    "a\r\nFLUSHALL\r\n",
    "\U0001f600",
]


def refusal_of(caught):
    error = caught.value
    assert error.body["error"]["fatal"] is True
    return error.status, error.body["error"]["type"], error.body["error"]["retryable"]


async def allowed(limiter, key, tries):
    """Return how many of some tries at once were allowed."""
    results = await asyncio.gather(*(limiter.check(key) for _ in range(tries)), return_exceptions=True)
    assert all(result is None or isinstance(result, RefusedRequestError) for result in results)
    return results.count(None)


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def storage(request):
    if request.param == "memory":
        return "async+memory://"
    server = request.getfixturevalue("redis")
    # Each test has a database of its own, and so keys of its own.
    request.config.stash[DATABASE] = database = request.config.stash.get(DATABASE, 0) + 1
    return f"async+redis://127.0.0.1:{server.port}/{database}"


DATABASE = pytest.StashKey[int]()


@pytest.fixture(autouse=True)
def long_store_timeout(monkeypatch):
    """Give Redis time on a machine that is busy with other tests."""
    monkeypatch.setattr(rate_limit, "_STORE_TIMEOUT", 10.0)


def with_limiter(rate, storage, scenario):
    async def main():
        limiter = RateLimiter(rate, storage)
        try:
            return await scenario(limiter)
        finally:
            await limiter.aclose()

    return asyncio.run(main())


def test_request_beyond_the_limit_is_refused_with_the_time_to_wait(storage):
    async def scenario(limiter):
        for _ in range(5):
            await limiter.check("a")
        with pytest.raises(RefusedRequestError) as caught:
            await limiter.check("a")
        await limiter.check("b")
        return caught

    caught = with_limiter("5/hour", storage, scenario)
    assert refusal_of(caught) == (429, "rate_limited", True)
    assert 1 <= int(caught.value.headers["Retry-After"]) <= 3600
    assert set(caught.value.headers) == {"Retry-After"}


def test_two_hundred_concurrent_requests_do_not_exceed_the_limit(storage):
    async def scenario(limiter):
        return (
            await allowed(limiter, "a", 200),
            await allowed(limiter, "a", 200),
            await allowed(limiter, "b", 7),
        )

    assert with_limiter("50/day", storage, scenario) == (50, 0, 7)


def test_hostile_keys_are_counted_like_others(storage):
    async def scenario(limiter):
        return [await allowed(limiter, key, 3) for key in HOSTILE]

    assert with_limiter("2/day", storage, scenario) == [2] * len(HOSTILE)


@passed_once
def test_client_that_waits_as_long_as_told_is_allowed(storage):
    key = uuid.uuid4().hex

    async def scenario(limiter):
        assert await allowed(limiter, key, 5) == 2
        with pytest.raises(RefusedRequestError) as caught:
            await limiter.check(key)
        wait = int(caught.value.headers["Retry-After"])
        assert wait in (1, 2)
        await asyncio.sleep(wait)
        await limiter.check(key)

    with_limiter("2/2 seconds", storage, scenario)


def test_setting_the_time_of_day_does_not_reset_the_limit(storage, monkeypatch):
    really = time.time

    async def scenario(limiter):
        assert await allowed(limiter, "a", 9) == 3
        waits = []
        for jump in (1e9, -1e9, 3601.0, 0.0):
            monkeypatch.setattr(time, "time", lambda jump=jump: really() + jump)
            with pytest.raises(RefusedRequestError) as caught:
                await limiter.check("a")
            waits.append(int(caught.value.headers["Retry-After"]))
        return waits

    waits = with_limiter("3/hour", storage, scenario)
    assert all(1 <= wait <= 3601 for wait in waits)


def test_setting_the_time_of_day_during_a_refusal_does_not_give_a_wait_of_years(redis, monkeypatch):
    async def scenario(limiter):
        await limiter.check("a")
        away = iter([1e9, 0.0, 0.0, 1e9])
        monkeypatch.setattr(time, "time", lambda: next(away))
        waits = []
        for _ in range(2):
            with pytest.raises(RefusedRequestError) as caught:
                await limiter.check("a")
            waits.append(int(caught.value.headers["Retry-After"]))
        return waits

    assert with_limiter("1/hour", f"async+redis://127.0.0.1:{redis.port}/0", scenario) == [3601, 1]


def test_workers_share_a_limit_in_redis(redis):
    address = f"async+redis://127.0.0.1:{redis.port}/15"

    async def main():
        limiters = [RateLimiter("30/day", address) for _ in range(3)]
        counts = await asyncio.gather(*(allowed(limiter, "a", 20) for limiter in limiters))
        for limiter in limiters:
            await limiter.aclose()
        return sum(counts)

    assert asyncio.run(main()) == 30


def test_redis_holds_hashes_instead_of_keys_of_clients(redis):
    address = f"async+redis://127.0.0.1:{redis.port}/14"
    with_limiter("5/day", address, lambda limiter: limiter.check("somebody@example.com"))
    command = ["redis-cli", "-p", str(redis.port), "-n", "14", "keys", "*"]
    keys = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert len(keys) == 1
    assert keys[0].startswith("componentstream-rate:")
    assert "somebody" not in keys[0]
    assert len(keys[0]) < 100


def test_each_process_counts_by_itself_while_the_store_is_down(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(rate_limit, "_STORE_TIMEOUT", WAIT / 5)
    server = RedisServer(tmp_path)

    async def scenario(limiter):
        began = time.monotonic()
        assert await allowed(limiter, "a", 10) == 2
        assert time.monotonic() - began < WAIT
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert await allowed(limiter, "a", 10) == 0
        with server:
            assert await allowed(limiter, "b", 10) == 2  # the store is not tried again yet
            monkeypatch.setattr(rate_limit, "_STORE_COOLDOWN", 0.0)
            limiter._retry_store_at = 0.0
            assert await allowed(limiter, "a", 10) == 2  # the store has not counted the earlier ones
            assert await allowed(limiter, "c", 1) == 1
        assert await allowed(limiter, "a", 10) == 0
        assert (
            await allowed(limiter, "c", 10) == 1
        )  # this process starts from the requests that it has allowed

    caplog.set_level(logging.INFO, "componentstream.server")
    with_limiter("2/day", f"async+redis://127.0.0.1:{server.port}", scenario)
    message = caplog.records[0].getMessage()
    assert message.startswith("The rate limit store failed; retrying in 5 seconds. ")
    assert "\n" not in message


def test_hanging_store_delays_one_request_by_half_a_second(tmp_path, monkeypatch):
    monkeypatch.setattr(rate_limit, "_STORE_TIMEOUT", 0.5)

    async def scenario(limiter):
        await limiter.check("a")
        server.hang()
        try:
            times = []
            for _ in range(3):
                began = time.monotonic()
                await limiter.check("a")
                times.append(time.monotonic() - began)
        finally:
            server.go_on()
        return times

    def slowest():
        first, *others = with_limiter("999/day", f"async+redis://127.0.0.1:{server.port}", scenario)
        assert first > 0.4
        return max(first - 0.8, *others)

    with RedisServer(tmp_path) as server:
        at_best(slowest, below=0.2)


INVALID_RATES = [
    "", "x", "0/second", "100/0 minutes", "-1/minute", "1.5/second", "1/second;2/minute", "5 per fortnight",
    "1" * 30 + "/day", "9" * 5000 + "/day", "5/second\n5/second", None, 5,
]  # fmt: skip


@pytest.mark.parametrize("rate", INVALID_RATES)
def test_invalid_rate_is_refused(rate):
    with pytest.raises(
        ConfigurationError, match=r"^Invalid rate .*: give an amount and a time, such as '100/15 minutes'\.$"
    ):
        RateLimiter(rate)


@pytest.mark.parametrize("rate", ["100/15 minutes", "5/second", "1 per day", "1000000000/year"])
def test_rates_use_the_notation_of_the_limits_package(rate):
    asyncio.run(RateLimiter(rate).check("a"))


@pytest.mark.parametrize("storage", ["", "memory://", "redis://localhost", "async+mongodb://localhost", None])
def test_unknown_storage_is_refused(storage):
    with pytest.raises(ConfigurationError) as caught:
        RateLimiter("1/day", storage)
    assert str(caught.value) == (
        "The rate limit storage must begin with async+memory://, "
        "async+redis:// or async+rediss:// or async+redis+unix://."
    )


def test_invalid_redis_url_is_refused_without_repeating_its_password():
    with pytest.raises(ConfigurationError) as caught:
        RateLimiter("1/day", "async+redis://:hunter2@localhost:port/0")
    assert str(caught.value) == "The Redis URL of the rate limit storage is not valid."


def test_redis_can_be_reached_through_a_unix_socket(tmp_path):
    with RedisServer(tmp_path, "--unixsocket", str(tmp_path / "s")):
        address = f"async+redis+unix://{tmp_path / 's'}"
        assert with_limiter("3/day", address, lambda limiter: allowed(limiter, "a", 9)) == 3


def test_missing_redis_py_is_reported_with_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(MissingExtraError) as caught:
        RateLimiter("1/day", "async+redis://localhost")
    assert str(caught.value).endswith("pip install 'componentstream[redis]'.")
