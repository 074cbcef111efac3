"""The address of a client, seen through trusted proxies."""

import ipaddress
import re
from typing import Final

from starlette.requests import HTTPConnection

# An address alone, or with a port: 192.0.2.7:80, [2001:db8::1], [2001:db8::1]:80.
_HOST: Final = re.compile(
    r"\[(?P<inner>[0-9a-f:.]+)(?:%[^\]]*)?\](?::[0-9]{1,5})?"
    r"|(?P<four>[0-9.]+)(?::[0-9]{1,5})?"
    r"|(?P<six>[0-9a-f:.]+)(?:%.*)?",
    re.IGNORECASE | re.ASCII,
)


def client_address(request: HTTPConnection, trusted_proxies: int = 0) -> str:
    """Return the address that a request came from, in the form by which limits count it.

    Each proxy appends the address of its peer to ``X-Forwarded-For``. Everything to the left of the entries
    that your own proxies appended was written by the client and may be forged, so the address is the entry
    as far from the right as there are trusted proxies. The ``Forwarded`` header is ignored: few proxies
    write it, and the others forward the one that the client sent.

    An IPv6 address is reduced to its /64 network: providers assign at least that much to each customer, who
    could use another address for every request.

    Args:
        request: the request.
        trusted_proxies: number of proxies of your own that every request passes; the server must not be
            reachable past them. With 0, and where the header is too short or has no valid address in that
            place, the peer of the connection is used. Keep the server from interpreting the header itself
            (uvicorn: ``proxy_headers=False``).

    Returns:
        ``192.0.2.7``, ``2001:db8:1:2::/64``, a name if the server reports one for the peer, or an empty
        string if the peer has no address, as on a Unix socket.
    """
    peer = request.client.host if request.client is not None else ""
    if trusted_proxies > 0:
        # Repeated header lines form one list, in order (RFC 9110): a proxy may append a line of its own.
        header = ",".join(request.headers.getlist("x-forwarded-for"))
        entries = header.rsplit(",", trusted_proxies)[-trusted_proxies:]
        # With fewer entries than proxies the request did not pass them all: trust none of the entries.
        address = _canonical(entries[0]) if len(entries) == trusted_proxies else None
        if address is not None:
            return address
    return _canonical(peer) or peer


def _canonical(text: str) -> str | None:
    match = _HOST.fullmatch(text.strip())
    if match is None:
        return None
    try:
        address = ipaddress.ip_address(match["inner"] or match["four"] or match["six"])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    # A dual-stack socket reports IPv4 clients this way; as an IPv6 network they would all be one client.
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False))
