import asyncio

import pytest

from tests import parts

parts.module("starlette")
parts.module("limits")

from starlette.requests import HTTPConnection  # noqa: E402 - checked above

from componentstream.server.access.client_address import client_address  # noqa: E402
from componentstream.server.access.rate_limit import RateLimiter  # noqa: E402
from componentstream.server.errors import RefusedRequestError  # noqa: E402

PEER = "198.51.100.1"


def request_from(peer, *forwarded, **others):
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    headers += [(name.encode(), value.encode()) for name, value in others.items()]
    return HTTPConnection({"type": "http", "client": peer and (peer, 5000), "headers": headers})


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
def test_address_is_as_far_from_the_right_as_there_are_proxies(proxies, forwarded, expected):
    assert client_address(request_from(PEER, *forwarded), proxies) == expected


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
def test_all_spellings_of_an_address_give_the_same_key(written, expected):
    assert client_address(request_from(PEER, written), 1) == expected
    assert client_address(request_from(written), 0) == expected


GARBAGE = [
    "999.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4:port", "1.2.3.4:999999", "[::1", "[::1]x", "[1.2.3.4]]",
    ":::1", "12345::", "1.2.3.4\0", "1.2.3.4 5.6.7.8", "for=1.2.3.4", '"1.2.3.4"', "\xb2.1.1.1",
    "1" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE)
def test_invalid_address_is_skipped(garbage):
    assert client_address(request_from(PEER, garbage), 1) == PEER


def test_forwarded_header_is_ignored():
    request = request_from(PEER, forwarded="for=203.0.113.9")
    assert client_address(request, 1) == PEER


def test_peer_without_an_ip_address_is_identified_by_its_name_or_nothing():
    assert client_address(request_from(None)) == ""
    assert client_address(request_from(None, "203.0.113.9"), 1) == "203.0.113.9"
    assert client_address(request_from("testclient")) == "testclient"


def first_refused(requests, proxies=0):
    """Return the number of the first request that a limit of five by client address refuses."""

    async def main():
        limiter = RateLimiter("5/day")
        for number, request in enumerate(requests):
            try:
                await limiter.check(client_address(request, proxies))
            except RefusedRequestError:
                return number
        return None

    return asyncio.run(main())


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_client_that_forges_a_new_address_each_time_is_refused_all_the_same(proxies):
    """The proxies behave like real ones: each appends the address of its peer."""
    chain = ["203.0.113.9", *(f"10.0.0.{place}" for place in range(1, proxies + 1))]

    def forged(number):
        lines = [f"192.0.2.{number}", f"2001:db8:{number:x}::1, 192.0.2.{number}"][: number % 3]
        written = ", ".join(chain[:-1])
        return request_from(chain[-1], *lines, *([written] if written else []))

    assert first_refused(map(forged, range(200)), proxies) == 5


def test_client_that_uses_all_addresses_of_its_network_is_refused_all_the_same():
    assert first_refused(request_from(f"2001:db8:1:2:{number:x}::7") for number in range(200)) == 5
