"""Authentication: principals, and bearer tokens in the form of signed JSON Web Tokens.

The server authenticates each request with one callable. :class:`JWTBearer` makes one from a key; any other
callable that takes a request and returns a :class:`Principal`, or an awaitable of one, works as well::

    ServerSettings(authenticate=JWTBearer.from_key_set("/etc/pages/jwks.json", audience="pages"))

It rejects a request by raising :class:`~componentstream.server.errors.RefusedRequestError`.
"""

import base64
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, Self, TypeAlias
from unicodedata import category

import attrs
from starlette.requests import Request

from componentstream.core import codes
from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.server.access.keys import Keys, KeySet, PublicKey, RequiredClaims, SharedSecret
from componentstream.server.errors import RefusedRequestError
from componentstream.server.strict_json import read_json

_MAX_SUBJECT: Final = 256
_MAX_TOKEN: Final = 8192
"""Maximum length of a token in characters. Those of identity providers have 1,000 to 2,000, and many servers
reject headers longer than this."""

_MAX_LEEWAY: Final = 300
_MAX_TIME: Final = 253_402_300_799
"""The last second of the year 9999; a later time is in milliseconds by mistake, or means never."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_TYPES: Final = frozenset({"jwt", "application/jwt", "at+jwt", "application/at+jwt"})
_REJECTED_HEADERS: Final = frozenset({"crit", "b64", "jku", "jwk", "x5u", "x5c"})
"""Extensions of the format, none of which is supported, and keys that a token brings along."""

_TIME_CLAIMS: Final = frozenset({"exp", "nbf"})
_TOKEN_PARAMETERS: Final = frozenset({"access_token", "token", "jwt", "authorization"})


def _read_only(claims: Mapping[str, object]) -> Mapping[str, object]:
    return MappingProxyType(dict(claims))


@attrs.frozen
class Principal:
    """The user on whose behalf a request is made.

    Attributes:
        subject: unique identifier of the user, 1 to 256 characters without control characters; empty only for
            the anonymous user.
        claims: further facts about the user; the server itself reads only ``debug``.

    Raises:
        UsageError: the subject is not valid.
    """

    subject: str
    claims: Mapping[str, object] = attrs.field(default={}, converter=_read_only, repr=False, hash=False)

    def __attrs_post_init__(self) -> None:
        subject: object = self.subject
        if not isinstance(subject, str) or len(subject) > _MAX_SUBJECT:
            raise UsageError(
                f"The subject of a Principal must be a string of at most {_MAX_SUBJECT} characters."
            )
        if any(category(char) in ("Cc", "Cs") for char in subject):
            raise UsageError("The subject of a Principal must not contain control characters or surrogates.")


Authenticate: TypeAlias = Callable[[Request], Principal | Awaitable[Principal]]
"""Returns the principal of a request, or raises ``RefusedRequestError``."""


class JWTBearer:
    """Authenticate requests by the token in ``Authorization: Bearer <token>``.

    Make one with :meth:`from_secret`, :meth:`from_public_key` or :meth:`from_key_set`. The key determines the
    algorithm of its tokens. A token must have the claims ``exp`` and, optionally, ``nbf`` as integers in
    seconds, ``aud``, a string equal to the audience or a list that contains it, and ``sub``, which becomes
    the subject of the :class:`Principal`. All claims become the claims of the principal. Every invalid token
    gets the same response, which reveals nothing about the reason.

    An expired token is rejected with the next request. A stream that has started is sent to its end.
    """

    def __init__(self, keys: Keys, *, audience: str, issuer: str | None = None, leeway: float = 0.0) -> None:
        if not _is_name(audience):
            raise ConfigurationError(
                "JWTBearer: audience must be a non-empty string, the aud claim of your tokens."
            )
        if issuer is not None and not _is_name(issuer):
            raise ConfigurationError(
                "JWTBearer: issuer must be a non-empty string, the iss claim of your tokens, or None for any."
            )
        if not _is_leeway(leeway):
            raise ConfigurationError(
                f"JWTBearer: leeway must be a number of seconds from 0 to {_MAX_LEEWAY}."
            )
        self._keys = keys
        self._required = RequiredClaims(audience=audience, issuer=issuer, leeway=leeway)

    @classmethod
    def from_secret(
        cls, secret: str | bytes, *, audience: str, issuer: str | None = None, leeway: float = 0.0
    ) -> Self:
        """Verify HS256 tokens; everyone who knows the secret, including this server, can issue them.

        Args:
            secret: at least 32 random bytes; read it from the environment or a file.
            audience: name of this service in the ``aud`` claim.
            issuer: the required ``iss`` claim, None for any.
            leeway: tolerated difference between the clocks of the issuer and the server, in seconds.

        Raises:
            ConfigurationError: an argument is not valid.
        """
        return cls(SharedSecret(secret), audience=audience, issuer=issuer, leeway=leeway)

    @classmethod
    def from_public_key(
        cls, pem: str | bytes, *, audience: str, issuer: str | None = None, leeway: float = 0.0
    ) -> Self:
        """Verify RS256 tokens with one key of at least 2,048 bits.

        Args:
            pem: the public key in PEM, beginning with ``-----BEGIN PUBLIC KEY-----``.
            audience: see :meth:`from_secret`.
            issuer: see :meth:`from_secret`.
            leeway: see :meth:`from_secret`.

        Raises:
            ConfigurationError: the key or another argument is not valid.
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
        """Verify RS256 tokens with the keys in a file; a token selects its key by ``kid``.

        To rotate keys, replace the file atomically, as ``mv`` does: the next token is verified with the new
        keys. While the file is missing or invalid, a warning is logged and the previous keys stay in force;
        an empty list of keys is valid and takes effect.

        Args:
            path: file with a JSON Web Key Set. Keys are used if they have ``kty`` RSA, a ``kid``, and no
                ``use``, ``alg`` or ``key_ops`` for another purpose.
            audience: see :meth:`from_secret`.
            issuer: see :meth:`from_secret`.
            leeway: see :meth:`from_secret`.

        Raises:
            ConfigurationError: the file cannot be read or is not a valid key set, or another argument is not
                valid.
        """
        return cls(KeySet(path), audience=audience, issuer=issuer, leeway=leeway)

    def __call__(self, request: Request) -> Principal:
        """Return the principal of a request.

        Raises:
            RefusedRequestError: 401 ``unauthorized``, or 400 ``token_in_query``.
        """
        reject_token_in_query(request)
        try:
            return self._principal(_bearer_token(request.headers.getlist("authorization")))
        except _BadTokenError:
            # Every reason gets the same response: a precise one would tell an attacker how far a guess got.
            raise RefusedRequestError(
                HTTPStatus.UNAUTHORIZED,
                codes.UNAUTHORIZED,
                "Authentication required: send a valid token in the header Authorization: Bearer <token>.",
                {"WWW-Authenticate": "Bearer"},
            ) from None

    def _principal(self, token: str) -> Principal:
        header, payload, _signature = token.split(".")
        claims = _json_object(payload)
        for name in _TIME_CLAIMS & claims.keys():
            _check_seconds(claims[name])
        if not self._keys.verify(token, self._kid(_json_object(header)), self._required):
            raise _BadTokenError
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise _BadTokenError
        try:
            return Principal(subject, claims)
        except UsageError:
            raise _BadTokenError from None

    def _kid(self, header: Mapping[str, object]) -> str | None:
        """Return the key id of a JOSE header after checking its other fields, except the algorithm."""
        # The algorithm is not checked here: each kind of key verifies with its own and ignores the header's.
        type_, kid = header.get("typ", "JWT"), header.get("kid", "")
        if (
            not isinstance(type_, str)
            or type_.lower() not in _TYPES
            or not isinstance(kid, str)
            or not _REJECTED_HEADERS.isdisjoint(header)
        ):
            raise _BadTokenError
        return kid if "kid" in header else None


def reject_token_in_query(request: Request) -> None:
    """Reject a request with a token in its URL, which logs, browser histories and other sites can see.

    Call it wherever a request is authenticated by other means than ``JWTBearer``, which calls it itself.

    Raises:
        RefusedRequestError: 400 ``token_in_query``.
    """
    if any(name.lower() in _TOKEN_PARAMETERS for name in request.query_params):
        raise RefusedRequestError(
            HTTPStatus.BAD_REQUEST,
            codes.TOKEN_IN_QUERY,
            "Send the token in the header Authorization: Bearer <token>, never in the URL. Replace this "
            "token: logs may contain it.",
        )


class _BadTokenError(Exception):
    """The token is missing or not valid."""


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
        value = read_json(text)
    except ValueError:
        raise _BadTokenError from None
    if not isinstance(value, dict):
        raise _BadTokenError
    return value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_leeway(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= _MAX_LEEWAY


def _check_seconds(value: object) -> None:
    """Reject times that a lenient parser could read differently from how the issuer meant them."""
    if type(value) is not int or not 0 <= value <= _MAX_TIME:
        raise _BadTokenError
