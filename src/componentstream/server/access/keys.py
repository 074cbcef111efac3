"""The keys that tokens are verified with. A key brings its algorithm; a token has no say in that."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import attrs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWTError, decode
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm
from jwt.types import Options

from componentstream.core.errors import UsageError

_LOGGER: Final = logging.getLogger("componentstream.server")
_HS256: Final = "HS256"
_RS256: Final = "RS256"
_MIN_SECRET: Final = 32
"""Bytes of a secret: as many as HS256 has in its output, which RFC 7518 asks for."""

_MIN_RSA_BITS: Final = 2048
"""What RFC 7518 asks for with RS256."""

# When a token was issued says nothing about whether it is good now.
_OPTIONS: Final[Options] = {"require": ["exp", "aud", "sub"], "verify_iat": False}

_Stamp: TypeAlias = tuple[int, int, int]


@attrs.frozen(kw_only=True)
class Rules:
    """What a token must say, beside that it has not run out.

    Attributes:
        audience: for whom it is.
        issuer: who made it, None for anybody with the key.
        leeway: seconds that clocks may differ.
    """

    audience: str
    issuer: str | None
    leeway: float


class Keys(Protocol):
    """What verifies a token, by the algorithm of the key."""

    def verify(self, token: str, kid: str | None, rules: Rules) -> bool:
        """Whether one of the keys has signed the token, and it says what it must.

        Args:
            token: three parts of Base64.
            kid: the key that its header names, if it does.
            rules: what it must say.
        """
        ...


class SharedSecret:
    """HS256 with one secret, which both ends know.

    Raises:
        UsageError: the secret is short, or a key of another kind.
    """

    def __init__(self, secret: str | bytes) -> None:
        if not isinstance(secret, str | bytes):
            raise UsageError("The secret must be str or bytes.")
        key = secret.encode() if isinstance(secret, str) else secret
        if len(key) < _MIN_SECRET:
            raise UsageError(
                f"The secret has {len(key)} bytes and needs {_MIN_SECRET} or more: "
                'python -c "import secrets; print(secrets.token_hex(32))" makes a good one.'
            )
        try:
            self._key = HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(key)
        except PyJWTError:
            raise UsageError(
                "The secret is a key of another kind. Give a public key to JWTBearer.from_public_key, and a "
                "file of keys to JWTBearer.from_key_set."
            ) from None

    def verify(self, token: str, kid: str | None, rules: Rules) -> bool:
        """Whether the token is signed with the secret and right; there is one, whatever it is called."""
        del kid
        return _is_right(token, self._key, _HS256, rules)


class PublicKey:
    """RS256 with one public key.

    Raises:
        UsageError: it is no public RSA key in PEM, or a short one.
    """

    def __init__(self, pem: str | bytes) -> None:
        try:
            key = load_pem_public_key(pem.encode() if isinstance(pem, str) else pem)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPublicKey):
            raise UsageError("Give an RSA public key in PEM, which begins with -----BEGIN PUBLIC KEY-----")
        self._key = _long_enough(key)

    def verify(self, token: str, kid: str | None, rules: Rules) -> bool:
        """Whether the token is signed with the key and right; there is one, whatever it is called."""
        del kid
        return _is_right(token, self._key, _RS256, rules)


class KeySet:
    """RS256 with the keys of a file, which is read again whenever it has changed.

    Raises:
        UsageError: the file cannot be read, is no key set, or has no key that can be used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._complaint = ""
        try:
            self._stamp = _stamp(self._path)
            self._keys = _read_keys(self._path)
        except OSError as problem:
            raise UsageError(f"Cannot read the key set {self._path}: {problem.strerror}.") from problem
        if not self._keys:
            raise UsageError(
                f"The key set {self._path} has no key to verify RS256 with: one with kty RSA and a kid."
            )

    def verify(self, token: str, kid: str | None, rules: Rules) -> bool:
        """Whether the token is signed with the key of that name and right."""
        self._refresh()
        key = None if kid is None else self._keys.get(kid)
        return key is not None and _is_right(token, key, _RS256, rules)

    def _refresh(self) -> None:
        """Read the file again if it has changed; keep the keys as long as it cannot be used."""
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return
            keys = _read_keys(self._path)
        except (OSError, UsageError) as problem:
            if str(problem) != self._complaint:
                self._complaint = str(problem)
                _LOGGER.warning("The key set cannot be read again; the keys from before hold. %s", problem)
            return
        self._keys, self._stamp, self._complaint = keys, stamp, ""


def _stamp(path: Path) -> _Stamp:
    """Return what changes whenever a file is written or replaced."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read_keys(path: Path) -> dict[str, RSAPublicKey]:
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        value = None
    entries = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f'{path} is no key set, a JSON object {{"keys": [...]}}.')
    keys: dict[str, RSAPublicKey] = {}
    for entry in filter(_is_ours, entries):
        kid = entry["kid"]
        if kid in keys:
            raise UsageError(f"The key set {path} has two keys with one kid.")
        keys[kid] = _from_entry(entry, path)
    return keys


def _is_ours(entry: Mapping[str, object]) -> bool:
    """Whether a key is there to verify RS256; a set may hold others, for other uses."""
    operations = entry.get("key_ops", ["verify"])
    return (
        entry.get("kty") == "RSA"
        and isinstance(entry.get("kid"), str)
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", _RS256) == _RS256
        and isinstance(operations, list)
        and "verify" in operations
    )


def _from_entry(entry: Mapping[str, object], path: Path) -> RSAPublicKey:
    if "d" in entry:
        raise UsageError(f"The key set {path} has a private key in it; keep that where tokens are issued.")
    try:
        key = RSAAlgorithm.from_jwk({name: entry[name] for name in ("kty", "n", "e")})
    except (PyJWTError, ValueError, TypeError, AttributeError, KeyError):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise UsageError(f"The key set {path} has an RSA key without a right n and e.")
    return _long_enough(key)


def _long_enough(key: RSAPublicKey) -> RSAPublicKey:
    if key.key_size < _MIN_RSA_BITS:
        raise UsageError(f"The RSA key has {key.key_size} bits and needs {_MIN_RSA_BITS} or more.")
    return key


def _is_right(token: str, key: RSAPublicKey | bytes, algorithm: str, rules: Rules) -> bool:
    try:
        decode(
            token,
            key,
            [algorithm],
            options=_OPTIONS,
            audience=rules.audience,
            issuer=rules.issuer,
            leeway=rules.leeway,
        )
    except PyJWTError:
        return False
    return True
