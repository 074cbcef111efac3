"""Keys that verify tokens. The key determines the algorithm; the token cannot choose it."""

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

from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.server.strict_json import read_json

_logger: Final = logging.getLogger("componentstream.server")
_HS256: Final = "HS256"
_RS256: Final = "RS256"
_MIN_SECRET: Final = 32
"""Minimum length of a secret in bytes: that of the HS256 output, as RFC 7518 requires."""

_MIN_RSA_BITS: Final = 2048
"""Minimum key size for RS256, as RFC 7518 requires."""

# iat does not limit validity, and a clock difference must not make a token invalid.
_OPTIONS: Final[Options] = {"require": ["exp", "aud", "sub"], "verify_iat": False}

_FileVersion: TypeAlias = tuple[int, int, int]


@attrs.frozen(kw_only=True)
class RequiredClaims:
    """Claims that a token must have, besides an ``exp`` in the future.

    Attributes:
        audience: the required audience.
        issuer: the required issuer, None for any.
        leeway: tolerated clock difference in seconds.
    """

    audience: str
    issuer: str | None
    leeway: float


class Keys(Protocol):
    """One or more keys that verify tokens."""

    def verify(self, token: str, kid: str | None, required: RequiredClaims) -> bool:
        """Return whether the token has a valid signature and the required claims.

        Args:
            token: the token, three parts in Base64.
            kid: key id in the header of the token, if it has one.
            required: claims that the token must have.
        """
        ...


class SharedSecret:
    """HS256 with one shared secret.

    Raises:
        ConfigurationError: the secret is too short, or a key of another kind.
        UsageError: the secret is not a string or bytes.
    """

    def __init__(self, secret: str | bytes) -> None:
        if not isinstance(secret, str | bytes):
            raise UsageError("The secret must be str or bytes.")
        try:
            key = secret.encode() if isinstance(secret, str) else secret
        except UnicodeEncodeError:
            raise ConfigurationError(
                "The secret has characters that UTF-8 cannot encode; pass it as bytes."
            ) from None
        if len(key) < _MIN_SECRET:
            raise ConfigurationError(
                f"The secret has {len(key)} bytes but must have at least {_MIN_SECRET}. "
                'Generate one with: python -c "import secrets; print(secrets.token_hex(32))"'
            )
        try:
            self._key = HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(key)
        except PyJWTError:
            raise ConfigurationError(
                "The secret is a key of another kind. Pass a public key to JWTBearer.from_public_key, and a "
                "key set file to JWTBearer.from_key_set."
            ) from None

    def verify(self, token: str, kid: str | None, required: RequiredClaims) -> bool:
        """Verify with the secret; ``kid`` is ignored, since there is only one."""
        del kid
        return _verify(token, self._key, _HS256, required)


class PublicKey:
    """RS256 with one public key.

    Raises:
        ConfigurationError: the PEM does not contain a public RSA key, or the key is too short.
    """

    def __init__(self, pem: str | bytes) -> None:
        try:
            key = load_pem_public_key(pem.encode() if isinstance(pem, str) else pem)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPublicKey):
            raise ConfigurationError(
                "Expected an RSA public key in PEM, beginning with -----BEGIN PUBLIC KEY-----"
            )
        self._key = _check_size(key)

    def verify(self, token: str, kid: str | None, required: RequiredClaims) -> bool:
        """Verify with the key; ``kid`` is ignored, since there is only one."""
        del kid
        return _verify(token, self._key, _RS256, required)


class KeySet:
    """RS256 with the keys in a file, which is reloaded whenever it has changed.

    Raises:
        ConfigurationError: the file cannot be read, is not a valid key set, or has no usable key.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._last_warning = ""
        try:
            # Version before content: if the file is replaced in between, the next token reloads it.
            self._version = _file_version(self._path)
            self._keys = _read_keys(self._path)
        except OSError as error:
            raise ConfigurationError(f"Cannot read the key set {self._path}: {error.strerror}.") from error
        if not self._keys:
            raise ConfigurationError(
                f"The key set {self._path} has no RS256 verification key; add one with kty RSA and a kid."
            )

    def verify(self, token: str, kid: str | None, required: RequiredClaims) -> bool:
        """Verify with the key that has this ``kid``; a token without one is rejected."""
        self._reload_if_changed()
        key = None if kid is None else self._keys.get(kid)
        return key is not None and _verify(token, key, _RS256, required)

    def _reload_if_changed(self) -> None:
        try:
            version = _file_version(self._path)
            if version == self._version:
                return
            keys = _read_keys(self._path)
        except (OSError, ConfigurationError) as error:
            # Keep the previous keys: an incomplete deployment must not lock all users out. The version stays
            # as it was, so that every token tries again; the same problem is logged once.
            if str(error) != self._last_warning:
                self._last_warning = str(error)
                _logger.warning("Cannot reload the key set; the previous keys stay in force. %s", error)
            return
        self._keys, self._version, self._last_warning = keys, version, ""


def _file_version(path: Path) -> _FileVersion:
    """Return values of which at least one changes whenever the file is written or replaced."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read_keys(path: Path) -> dict[str, RSAPublicKey]:
    try:
        value = read_json(path.read_bytes())
    except ValueError:
        value = None
    entries = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError(f'{path} is not a key set, a JSON object {{"keys": [...]}}.')
    keys: dict[str, RSAPublicKey] = {}
    for entry in filter(_is_usable, entries):
        kid = entry["kid"]
        if kid in keys:
            raise ConfigurationError(f"The key set {path} has two keys with the same kid.")
        keys[kid] = _from_entry(entry, path)
    return keys


def _is_usable(entry: Mapping[str, object]) -> bool:
    """Return whether a key is meant for verifying RS256; a set may contain keys for other purposes."""
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
        raise ConfigurationError(
            f"The key set {path} contains a private key; remove it, and keep it only with the issuer."
        )
    try:
        key = RSAAlgorithm.from_jwk({name: entry[name] for name in ("kty", "n", "e")})
    except (PyJWTError, ValueError, TypeError, AttributeError, KeyError):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ConfigurationError(f"The key set {path} contains an RSA key whose n or e is not valid.")
    return _check_size(key)


def _check_size(key: RSAPublicKey) -> RSAPublicKey:
    if key.key_size < _MIN_RSA_BITS:
        raise ConfigurationError(
            f"The RSA key has {key.key_size} bits but must have at least {_MIN_RSA_BITS}."
        )
    return key


def _verify(token: str, key: RSAPublicKey | bytes, algorithm: str, required: RequiredClaims) -> bool:
    try:
        # A list of one algorithm: PyJWT rejects every other, so the header cannot choose (RFC 8725, 3.1).
        decode(
            token,
            key,
            [algorithm],
            options=_OPTIONS,
            audience=required.audience,
            issuer=required.issuer,
            leeway=required.leeway,
        )
    except PyJWTError:
        return False
    return True
