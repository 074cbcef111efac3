"""Who asks: principals, and bearer tokens that are signed JSON web tokens.

The server asks one function who a request comes from. :class:`JWTBearer` makes such a function of a key; any
other that takes a request and returns a :class:`Principal`, or awaits one, does as well::

    ServerSettings(authenticate=JWTBearer.from_key_set("/etc/pages/jwks.json", audience="pages"))

Raise :class:`~componentstream.server.errors.RefusedRequestError` in it to refuse.
"""

import base64
import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NoReturn, Self, TypeAlias
from unicodedata import category

import attrs
from starlette.requests import Request

from componentstream.core import codes
from componentstream.core.errors import UsageError
from componentstream.server.access.keys import Keys, KeySet, PublicKey, Rules, SharedSecret
from componentstream.server.errors import RefusedRequestError

_MAX_SUBJECT: Final = 256
_MAX_TOKEN: Final = 8192
"""Characters of a token. Those of identity providers have 1,000 to 2,000, and many servers take no longer
header than this."""

_MAX_LEEWAY: Final = 300
_MAX_TIME: Final = 253_402_300_799
"""The last second of the year 9999; what is later was meant as milliseconds, or as never."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_TYPES: Final = frozenset({"jwt", "application/jwt", "at+jwt", "application/at+jwt"})
_REFUSED_HEADERS: Final = frozenset({"crit", "b64", "jku", "jwk", "x5u", "x5c"})
"""What extends the format, of which nothing is understood here, and keys that a token brings along."""

_TIMES: Final = frozenset({"exp", "nbf"})

_IN_QUERY: Final = frozenset({"access_token", "token", "jwt", "authorization"})


def _read_only(claims: Mapping[str, object]) -> Mapping[str, object]:
    return MappingProxyType(dict(claims))


@attrs.frozen
class Principal:
    """For whom something is done.

    Attributes:
        subject: tells users apart, 1 to 256 characters without control characters. Empty is the anonymous
            user alone.
        claims: what else is known of the user; ``debug`` is the one that the server looks at.

    Raises:
        UsageError: the subject is none.
    """

    subject: str
    claims: Mapping[str, object] = attrs.field(default={}, converter=_read_only, repr=False, hash=False)

    def __attrs_post_init__(self) -> None:
        subject: object = self.subject
        if not isinstance(subject, str) or len(subject) > _MAX_SUBJECT:
            raise UsageError(
                f"The subject of a Principal must be a text of at most {_MAX_SUBJECT} characters."
            )
        if any(category(char) in ("Cc", "Cs") for char in subject):
            raise UsageError("The subject of a Principal must have no control characters and no surrogates.")


Authenticate: TypeAlias = Callable[[Request], Principal | Awaitable[Principal]]
"""Says who a request comes from, or raises ``RefusedRequestError``."""


class JWTBearer:
    """Says who a request comes from by the token in its ``Authorization: Bearer ...``.

    Make one with :meth:`from_secret`, :meth:`from_public_key` or :meth:`from_key_set`. The key says which
    algorithm its tokens have. A token must have the claims ``exp`` and ``nbf`` (if there) as whole numbers of
    seconds, ``aud``, a text or a list that has the audience in it, and ``sub``, which becomes the subject of
    the :class:`Principal`; all claims become its claims. What is refused is refused with the same answer
    always: it tells a stranger nothing.

    A token that has run out is refused with the next request. A stream that has begun goes on.
    """

    def __init__(self, keys: Keys, *, audience: str, issuer: str | None = None, leeway: float = 0.0) -> None:
        if not _is_name(audience):
            raise UsageError("JWTBearer: audience must be a text, the one that the aud of your tokens has.")
        if issuer is not None and not _is_name(issuer):
            raise UsageError("JWTBearer: issuer must be a text, the iss of your tokens, or None for any.")
        if not _is_leeway(leeway):
            raise UsageError(f"JWTBearer: leeway must be a number of seconds from 0 to {_MAX_LEEWAY}.")
        self._keys = keys
        self._rules = Rules(audience=audience, issuer=issuer, leeway=leeway)

    @classmethod
    def from_secret(
        cls, secret: str | bytes, *, audience: str, issuer: str | None = None, leeway: float = 0.0
    ) -> Self:
        """Return one for HS256: whoever knows the secret can make tokens, this server too.

        Args:
            secret: at least 32 bytes, random ones; take it from the environment or a file.
            audience: the name of this service in the tokens.
            issuer: who made the tokens, None for any who has the key.
            leeway: seconds that the clock of the issuer may differ from the one here.

        Raises:
            UsageError: an argument is wrong in itself.
        """
        return cls(SharedSecret(secret), audience=audience, issuer=issuer, leeway=leeway)

    @classmethod
    def from_public_key(
        cls, pem: str | bytes, *, audience: str, issuer: str | None = None, leeway: float = 0.0
    ) -> Self:
        """Return one for RS256 with one key, of 2,048 bits or more.

        Args:
            pem: the public key, which begins with ``-----BEGIN PUBLIC KEY-----``.
            audience: see :meth:`from_secret`, and for the others and the errors too.
            issuer: see there.
            leeway: see there.
        """
        return cls(PublicKey(pem), audience=audience, issuer=issuer, leeway=leeway)

    @classmethod
    def from_key_set(
        cls,
        path: str | os.PathLike[str],
        *,
        audience: str,
        issuer: str | None = None,
        leeway: float = 0.0,
    ) -> Self:
        """Return one for RS256 with the keys of a file, of which a token names one by its ``kid``.

        Replace the file to change keys, in one step as with ``mv``: the next token is judged by it. While
        it is gone or cannot be used, a warning is logged and the keys from before hold; an empty list of
        keys is obeyed.

        Args:
            path: a JSON web key set. Of its keys those are used that have ``kty`` RSA, a ``kid``, and no
                ``use``, ``alg`` or ``key_ops`` of something else.
            audience: see :meth:`from_secret`, and for the others and the errors too.
            issuer: see there.
            leeway: see there.
        """
        return cls(KeySet(path), audience=audience, issuer=issuer, leeway=leeway)

    def __call__(self, request: Request) -> Principal:
        """Return who asks.

        Raises:
            RefusedRequestError: 401 ``unauthorized``, or 400 ``token_in_query``.
        """
        refuse_token_in_query(request)
        try:
            return self._principal(_bearer_token(request.headers.getlist("authorization")))
        except _BadTokenError:
            # The reason is in none of the answers: each would tell who guesses how far the guess got.
            raise RefusedRequestError(
                HTTPStatus.UNAUTHORIZED,
                codes.UNAUTHORIZED,
                "Send a valid token, in the header Authorization: Bearer ...",
                {"WWW-Authenticate": "Bearer"},
            ) from None

    def _principal(self, token: str) -> Principal:
        header, payload, _signature = token.split(".")
        claims = _json_object(payload)
        for name in _TIMES & claims.keys():
            _check_seconds(claims[name])
        if not self._keys.verify(token, self._kid(_json_object(header)), self._rules):
            raise _BadTokenError
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise _BadTokenError
        try:
            return Principal(subject, claims)
        except UsageError:
            raise _BadTokenError from None

    def _kid(self, header: Mapping[str, object]) -> str | None:
        """Return the key that a header names, if all else but its algorithm is as it must be."""
        type_, kid = header.get("typ", "JWT"), header.get("kid", "")
        if (
            not isinstance(type_, str)
            or type_.lower() not in _TYPES
            or not isinstance(kid, str)
            or not _REFUSED_HEADERS.isdisjoint(header)
        ):
            raise _BadTokenError
        return kid if "kid" in header else None


def refuse_token_in_query(request: Request) -> None:
    """Refuse a request with a token in its URL, where logs, histories and other sites get to read it.

    Call it wherever a request is let in by something else than ``JWTBearer``, which calls it itself.

    Raises:
        RefusedRequestError: 400 ``token_in_query``.
    """
    if any(name.lower() in _IN_QUERY for name in request.query_params):
        raise RefusedRequestError(
            HTTPStatus.BAD_REQUEST,
            codes.TOKEN_IN_QUERY,
            "Send the token in the header Authorization: Bearer ..., never in the URL. Get a new one: "
            "this one may be in logs.",
        )


class _BadTokenError(Exception):
    """There is no token, or one that is not to be trusted, for whatever reason."""


def _bearer_token(headers: Sequence[str]) -> str:
    if len(headers) != 1:
        raise _BadTokenError
    scheme, _, token = headers[0].partition(" ")
    if scheme.lower() != "bearer" or len(token) > _MAX_TOKEN or _TOKEN.fullmatch(token) is None:
        raise _BadTokenError
    return token


def _json_object(part: str) -> Mapping[str, object]:
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _BadTokenError from None
    if not isinstance(value, dict):
        raise _BadTokenError
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse what two readers may read in two ways."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _BadTokenError
    return value


def _no_number(_name: str) -> NoReturn:
    raise _BadTokenError


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_leeway(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= _MAX_LEEWAY


def _check_seconds(value: object) -> None:
    """Refuse what a lenient reader would take for another time than its issuer meant."""
    if type(value) is not int or not 0 <= value <= _MAX_TIME:
        raise _BadTokenError
