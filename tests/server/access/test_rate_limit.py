import asyncio
import logging
import random
import subprocess
import sys
import time
import tracemalloc
from math import floor

import pytest

from tests import parts

parts.module("starlette")
parts.module("limits")

from starlette.requests import HTTPConnection  # noqa: E402 - they need what is asked for above

from componentstream.core.errors import MissingExtraError, UsageError  # noqa: E402
from componentstream.server.access import rate_limit as limiting  # noqa: E402
from componentstream.server.access.rate_limit import RateLimiter, Slots, client_address  # noqa: E402
from componentstream.server.access.sliding_window import SlidingWindowCounter  # noqa: E402
from componentstream.server.errors import RefusedRequestError  # noqa: E402
from tests.log.redis_server import RedisServer  # noqa: E402

MINUTE = 60.0
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
def patience(monkeypatch):
    """Not Redis is slow here, but a machine that has other tests to run."""
    monkeypatch.setattr(limiting, "_PATIENCE", 10.0)


def with_limiter(rate, storage, scenario):
    async def main():
        limiter = RateLimiter(rate, storage)
        try:
            return await scenario(limiter)
        finally:
            await limiter.aclose()

    return asyncio.run(main())


class Clock:
    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


# The rate limit.


def test_the_request_after_the_last_is_refused_with_the_time_to_wait(storage):
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


def test_two_hundred_requests_at_once_are_not_let_through_beyond_the_limit(storage):
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


def test_who_waits_as_long_as_told_is_let_in(storage):
    async def scenario(limiter):
        assert await allowed(limiter, "a", 5) == 2
        with pytest.raises(RefusedRequestError) as caught:
            await limiter.check("a")
        wait = int(caught.value.headers["Retry-After"])
        assert wait in (1, 2)
        await asyncio.sleep(wait)
        await limiter.check("a")

    with_limiter("2/2 seconds", storage, scenario)


def test_a_jump_of_the_time_of_day_frees_nothing(storage, monkeypatch):
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


def test_a_jump_of_the_time_of_day_in_the_middle_of_a_refusal_tells_nobody_to_wait_for_years(
    redis, monkeypatch
):
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


def test_redis_holds_no_key_of_a_client(redis):
    address = f"async+redis://127.0.0.1:{redis.port}/14"
    with_limiter("5/day", address, lambda limiter: limiter.check("somebody@example.com"))
    command = ["redis-cli", "-p", str(redis.port), "-n", "14", "keys", "*"]
    keys = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert len(keys) == 1
    assert keys[0].startswith("componentstream-rate:")
    assert "somebody" not in keys[0]
    assert len(keys[0]) < 100


def test_a_store_that_is_down_leaves_each_process_counting_by_itself(tmp_path, caplog, monkeypatch):
    server = RedisServer(tmp_path)

    async def scenario(limiter):
        began = time.monotonic()
        assert await allowed(limiter, "a", 10) == 2
        assert time.monotonic() - began < 2.0
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert await allowed(limiter, "a", 10) == 0
        with server:
            assert await allowed(limiter, "b", 10) == 2  # not asked again yet
            monkeypatch.setattr(limiting, "_PAUSE", 0.0)
            limiter._resume_at = 0.0
            assert await allowed(limiter, "a", 10) == 2  # the store has not heard of those before
            assert await allowed(limiter, "c", 1) == 1
        assert await allowed(limiter, "a", 10) == 0
        assert await allowed(limiter, "c", 10) == 1  # this process goes on from what it has let through

    caplog.set_level(logging.INFO, "componentstream.server")
    with_limiter("2/day", f"async+redis://127.0.0.1:{server.port}", scenario)
    message = caplog.records[0].getMessage()
    assert message.startswith("The store of the rate limit failed, and is tried again in 5 seconds; this ")
    assert "\n" not in message


def test_a_store_that_hangs_costs_one_request_half_a_second(tmp_path, monkeypatch):
    monkeypatch.setattr(limiting, "_PATIENCE", 0.5)

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

    with RedisServer(tmp_path) as server:
        first, *others = with_limiter("9/day", f"async+redis://127.0.0.1:{server.port}", scenario)
    assert 0.4 < first < 1.0
    assert max(others) < 0.2


NO_RATES = [
    "", "x", "0/second", "100/0 minutes", "-1/minute", "1.5/second", "1/second;2/minute", "5 per fortnight",
    "1" * 30 + "/day", "9" * 5000 + "/day", "5/second\n5/second", None, 5,
]  # fmt: skip


@pytest.mark.parametrize("rate", NO_RATES)
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(UsageError, match=r"^A rate is an amount and a time, such as '100/15 minutes', not "):
        RateLimiter(rate)


@pytest.mark.parametrize("rate", ["100/15 minutes", "5/second", "1 per day", "1000000000/year"])
def test_rates_are_written_as_the_library_for_them_has_it(rate):
    asyncio.run(RateLimiter(rate).check("a"))


@pytest.mark.parametrize("storage", ["", "memory://", "redis://localhost", "async+mongodb://localhost", None])
def test_a_storage_that_is_none_is_refused(storage):
    with pytest.raises(UsageError) as caught:
        RateLimiter("1/day", storage)
    assert str(caught.value) == (
        "The storage of a rate limit begins with async+memory://, "
        "async+redis:// or async+rediss:// or async+redis+unix://."
    )


def test_a_wrong_address_of_a_redis_is_refused_without_its_password():
    with pytest.raises(UsageError) as caught:
        RateLimiter("1/day", "async+redis://:hunter2@localhost:port/0")
    assert str(caught.value) == "The address of the rate limit's Redis is not understood."


def test_redis_is_reached_by_a_socket_too(tmp_path):
    with RedisServer(tmp_path, "--unixsocket", str(tmp_path / "s")):
        address = f"async+redis+unix://{tmp_path / 's'}"
        assert with_limiter("3/day", address, lambda limiter: allowed(limiter, "a", 9)) == 3


def test_without_redis_py_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(MissingExtraError) as caught:
        RateLimiter("1/day", "async+redis://localhost")
    assert str(caught.value).endswith("pip install 'componentstream[redis]'.")


# The windows in memory.


def test_a_burst_at_the_end_of_a_window_leaves_little_for_the_start_of_the_next():
    clock = Clock(119.0)
    windows = SlidingWindowCounter(10, MINUTE, clock)
    assert [windows.hit("a") for _ in range(11)] == [None] * 10 + [pytest.approx(1.0)]
    clock.now = 120.0
    assert windows.hit("a") == 0.0  # free right after this moment
    clock.now = 120.5
    assert windows.hit("a") is None
    assert windows.hit("a") == pytest.approx(5.5)
    clock.now = 126.1
    assert windows.hit("a") is None


def test_what_is_older_than_two_windows_does_not_count():
    clock = Clock()
    windows = SlidingWindowCounter(3, MINUTE, clock)
    assert [windows.hit("a") for _ in range(3)] == [None] * 3
    clock.now = 120.0
    assert [windows.hit("a") for _ in range(4)] == [None] * 3 + [60.0]


@pytest.mark.parametrize("seed", range(5))
def test_the_wait_that_is_told_is_the_shortest(seed):
    choose = random.Random(seed)
    clock = Clock()
    limit = choose.choice([1, 2, 7, 100])
    windows = SlidingWindowCounter(limit, MINUTE, clock)
    refused = 0
    for _ in range(2000):
        wait = windows.hit("a")
        if wait is None:
            clock.now += choose.choice([0.0, 0.01, MINUTE / limit / 3, MINUTE / limit])
            continue
        refused += 1
        assert 0.0 <= wait <= MINUTE
        if wait > 0.002:
            clock.now += wait - 0.001
            assert windows.hit("a") is not None
            clock.now += 0.001
        clock.now += 0.001
        assert windows.hit("a") is None
    assert refused > 20


@pytest.mark.parametrize("seed", range(5))
def test_no_window_from_its_start_has_more_than_the_limit(seed):
    choose = random.Random(seed)
    clock = Clock()
    windows = SlidingWindowCounter(20, MINUTE, clock)
    counts = {}
    for _ in range(5000):
        clock.now += choose.choice([0.0, 0.0, 0.0, 0.5, 9.0])
        if windows.hit("a") is None:
            window = floor(clock.now / MINUTE)
            counts[window] = counts.get(window, 0) + 1
    assert max(counts.values()) == 20


def test_a_hundred_thousand_keys_take_few_bytes_and_are_counted_each():
    windows = SlidingWindowCounter(2, MINUTE, Clock())
    tracemalloc.start()
    try:
        assert all(windows.hit(f"user-{number}") is None for number in range(100_000))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20_000_000  # hardly more for ten times as many: most of it is the groups
    assert all(windows.hit(f"user-{number}") is None for number in range(0, 100_000, 100))
    assert all(windows.hit(f"user-{number}") is not None for number in range(0, 100_000, 100))


def test_more_keys_than_there_is_room_for_free_nobody(monkeypatch):
    monkeypatch.setattr("componentstream.server.access.sliding_window._GROUPS", 4)
    clock = Clock()
    windows = SlidingWindowCounter(50, MINUTE, clock)
    let_in = 0
    for turn in range(100):
        let_in += windows.hit("a") is None
        for number in range(400):
            windows.hit(f"user-{turn}-{number}")
    assert 1 <= let_in <= 50
    assert windows.hit("a") is not None
    assert sum(len(keys) for keys, _ in windows._current._groups.values()) == 4 * 46
    clock.now = MINUTE + 0.1
    assert windows.hit("a") is None
    assert windows.hit("a") is not None


# Slots.


def test_a_user_has_so_many_slots_and_no_more():
    slots = Slots(10, 2)
    first, _ = slots.take("a"), slots.take("a")
    with pytest.raises(RefusedRequestError) as caught:
        slots.take("a")
    assert refusal_of(caught) == (429, "too_many_generations", True)
    assert caught.value.headers == {"Retry-After": "5"}
    assert caught.value.body["error"]["message"] == (
        "You have 2 generations open here, which is the most; wait until one ends."
    )
    slots.take("b")
    first.release()
    slots.take("a")
    assert slots.taken == 3


def test_all_users_together_have_so_many_slots_and_no_more():
    slots = Slots(2, 2, "readers", retry_after=3)
    slots.take("a")
    slot = slots.take("b")
    with pytest.raises(RefusedRequestError) as caught:
        slots.take("c")
    assert refusal_of(caught) == (503, "server_busy", True)
    assert caught.value.headers == {"Retry-After": "3"}
    slot.release()
    slots.take("c")


def test_the_slots_of_readers_have_a_code_of_their_own():
    slots = Slots(9, 1, "readers")
    slots.take("a")
    with pytest.raises(RefusedRequestError) as caught:
        slots.take("a")
    assert refusal_of(caught) == (429, "too_many_readers", True)


def test_releasing_twice_gives_back_one_slot():
    slots = Slots(2, 2)
    slot = slots.take("a")
    slots.take("a")
    slot.release()
    slot.release()
    assert slots.taken == 1


def test_users_without_a_slot_are_forgotten():
    slots = Slots(10, 10)
    for number in range(1000):
        slots.take(f"user-{number}").release()
    assert slots._by_user == {}
    assert slots.taken == 0


# Addresses.


def came_from(peer, *forwarded, **others):
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    headers += [(name.encode(), value.encode()) for name, value in others.items()]
    return HTTPConnection({"type": "http", "client": peer and (peer, 5000), "headers": headers})


PEER = "198.51.100.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, [], PEER),
        (0, ["203.0.113.9"], PEER),
        (1, [], PEER),
        (1, ["203.0.113.9"], "203.0.113.9"),
        (1, ["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (1, ["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        (1, ["6.6.6.6,203.0.113.9\t"], "203.0.113.9"),
        (2, ["6.6.6.6, 203.0.113.9, 10.0.0.1"], "203.0.113.9"),
        (2, ["6.6.6.6, 203.0.113.9", "10.0.0.1"], "203.0.113.9"),
        (2, ["203.0.113.9, 10.0.0.1"], "203.0.113.9"),
        (2, ["203.0.113.9"], PEER),
        (2, ["nothing, 10.0.0.1"], PEER),
        (1, ["203.0.113.9,"], PEER),
        (1, [""], PEER),
        (1, ["203.0.113.9, unknown"], PEER),
        (1, ["_hidden"], PEER),
    ],
)
def test_the_address_is_as_far_from_the_right_as_there_are_proxies(proxies, forwarded, expected):
    assert client_address(came_from(PEER, *forwarded), proxies) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("203.0.113.9:443", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::FFFF:cb00:7109", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:443", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::7]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::7]:443", "2001:db8:1:2::/64"),
        ("[fe80::1%eth0]:443", "fe80::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("[::1]:443", "::/64"),
    ],
)
def test_one_client_has_one_name_however_its_address_is_written(written, expected):
    assert client_address(came_from(PEER, written), 1) == expected
    assert client_address(came_from(written), 0) == expected


GARBAGE = [
    "999.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4:port", "1.2.3.4:999999", "[::1", "[::1]x", "[1.2.3.4]]",
    ":::1", "12345::", "1.2.3.4\0", "1.2.3.4 5.6.7.8", "for=1.2.3.4", '"1.2.3.4"', "\xb2.1.1.1",
    "1" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE)
def test_what_is_no_address_is_passed_over(garbage):
    assert client_address(came_from(PEER, garbage), 1) == PEER


def test_the_header_forwarded_is_not_read():
    request = came_from(PEER, forwarded="for=203.0.113.9")
    assert client_address(request, 1) == PEER


def test_the_other_end_of_a_unix_socket_has_no_address():
    assert client_address(came_from(None)) == ""
    assert client_address(came_from(None, "203.0.113.9"), 1) == "203.0.113.9"
    assert client_address(came_from("testclient")) == "testclient"


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_a_client_that_writes_another_address_each_time_is_refused_all_the_same(proxies):
    """The proxies are as real ones: each writes down, at the end, from where it was called."""
    chain = ["203.0.113.9", *(f"10.0.0.{place}" for place in range(1, proxies + 1))]

    async def scenario(limiter):
        for number in range(200):
            lines = [f"192.0.2.{number}", f"2001:db8:{number:x}::1, 192.0.2.{number}"][: number % 3]
            written = ", ".join(chain[:-1])
            request = came_from(chain[-1], *lines, *([written] if written else []))
            try:
                await limiter.check(client_address(request, proxies))
            except RefusedRequestError:
                return number
        return None

    assert with_limiter("5/day", "async+memory://", scenario) == 5


def test_a_client_that_uses_all_addresses_of_its_network_is_refused_all_the_same():
    async def scenario(limiter):
        for number in range(200):
            try:
                await limiter.check(client_address(came_from(f"2001:db8:1:2:{number:x}::7")))
            except RefusedRequestError:
                return number
        return None

    assert with_limiter("5/day", "async+memory://", scenario) == 5
