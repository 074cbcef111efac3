import json
import logging
from time import time

import pytest

from componentstream.core.errors import ConfigurationError, UsageError
from tests import parts

parts.module("starlette")
parts.module("jwt")
parts.module("cryptography")

from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: E402 - checked above

from componentstream.server.access.keys import KeySet, PublicKey, RequiredClaims, SharedSecret  # noqa: E402
from tests.server.access.tokens import (  # noqa: E402
    AUDIENCE,
    ISSUER,
    KID,
    NONE,
    OTHER,
    OWN,
    PEM,
    SECRET,
    b64,
    changed,
    entry_of,
    hs,
    number,
    pem_of,
    private_pem_of,
    rs,
    signed,
)

REQUIRED = RequiredClaims(audience=AUDIENCE, issuer=ISSUER, leeway=0.0)


def token_of(algorithm, sign, **claims):
    good = {"sub": "ada", "aud": AUDIENCE, "iss": ISSUER, "exp": int(time()) + 600}
    return signed({"alg": algorithm}, changed(good, claims), sign)


def hs_token(secret=SECRET, **claims):
    return token_of("HS256", hs(secret), **claims)


def rs_token(key=OWN, **claims):
    return token_of("RS256", rs(key), **claims)


class KeyFile:
    """A key set file that is replaced atomically."""

    def __init__(self, folder):
        self.path = folder / "keys.json"

    def put(self, *entries):
        self.write(json.dumps({"keys": entries}))

    def write(self, text):
        beside = self.path.with_name("beside.json")
        beside.write_text(text)
        beside.replace(self.path)


@pytest.fixture
def file(tmp_path):
    return KeyFile(tmp_path)


# One key.


@pytest.mark.parametrize("kid", [None, "another", "", "../../../../dev/null"])
def test_single_key_verifies_tokens_with_any_key_id_or_none(kid):
    assert SharedSecret(SECRET).verify(hs_token(), kid, REQUIRED)
    assert SharedSecret(SECRET.decode()).verify(hs_token(), kid, REQUIRED)
    assert PublicKey(PEM).verify(rs_token(), kid, REQUIRED)
    assert PublicKey(PEM.decode()).verify(rs_token(), kid, REQUIRED)


def test_token_of_another_key_or_algorithm_is_rejected():
    assert not SharedSecret(SECRET).verify(hs_token(SECRET[::-1]), None, REQUIRED)
    assert not SharedSecret(SECRET).verify(rs_token(), None, REQUIRED)
    assert not PublicKey(PEM).verify(rs_token(OTHER), None, REQUIRED)
    assert not PublicKey(PEM).verify(hs_token(PEM), None, REQUIRED)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NONE}, {"exp": 0}, {"aud": NONE}, {"aud": "other"}, {"iss": NONE}, {"iss": "other"},
        {"sub": NONE}, {"nbf": 9_999_999_999},
    ],
)  # fmt: skip
def test_token_without_the_required_claims_is_rejected(claims):
    assert not SharedSecret(SECRET).verify(hs_token(**claims), None, REQUIRED)
    assert not PublicKey(PEM).verify(rs_token(**claims), None, REQUIRED)


def test_any_issuer_is_accepted_unless_one_is_required():
    anyone = RequiredClaims(audience=AUDIENCE, issuer=None, leeway=0.0)
    for issuer in (ISSUER, "other", NONE):
        assert SharedSecret(SECRET).verify(hs_token(iss=issuer), None, anyone)


def test_leeway_extends_the_validity():
    lenient = RequiredClaims(audience=AUDIENCE, issuer=ISSUER, leeway=300.0)
    expired = hs_token(exp=int(time()) - 60)
    assert SharedSecret(SECRET).verify(expired, None, lenient)
    assert not SharedSecret(SECRET).verify(expired, None, REQUIRED)


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("", "has 0 bytes but must have at least 32"),
        (b"a" * 31, "has 31 bytes but must have at least 32"),
        ("é" * 15, "has 30 bytes but must have at least 32"),
        (PEM, "is a key of another kind"),
        (PEM.decode(), "is a key of another kind"),
        ("\udcff" * 40, "has characters that UTF-8 cannot encode; pass it as bytes"),
    ],
)
def test_weak_or_wrong_secret_is_refused(secret, problem):
    with pytest.raises(ConfigurationError, match=problem):
        SharedSecret(secret)


def test_secret_of_the_wrong_type_is_refused():
    with pytest.raises(UsageError, match="must be str or bytes"):
        SharedSecret(None)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        "",
        SECRET,
        "é",
        7,
        None,
        PEM[:-40],
        private_pem_of(OWN),
        pem_of(ec.generate_private_key(ec.SECP256R1())),
    ],
)
def test_anything_but_a_public_rsa_key_is_refused(pem):
    with pytest.raises(ConfigurationError, match="Expected an RSA public key in PEM"):
        PublicKey(pem)


def test_short_rsa_key_is_refused():
    short = rsa.RSAPublicNumbers(65537, (1 << 1023) + 1).public_key()

    class Holder:
        public_key = staticmethod(lambda: short)

    with pytest.raises(ConfigurationError, match="has 1024 bits but must have at least 2048"):
        PublicKey(pem_of(Holder))


# A key set.


@pytest.mark.parametrize(
    "kid", ["another", "", "2026-01", "../../../../dev/null", KID + "\n", KID.upper() + "x", None]
)
def test_token_is_verified_only_with_the_key_that_it_names(file, kid):
    file.put(entry_of(OTHER, kid="2026-01"), entry_of(OWN))
    keys = KeySet(file.path)
    assert keys.verify(rs_token(), KID, REQUIRED)
    assert keys.verify(rs_token(OTHER), "2026-01", REQUIRED)
    assert not keys.verify(rs_token(), kid, REQUIRED)


def test_token_without_a_key_id_does_not_match_an_empty_one(file):
    file.put(entry_of(OWN, kid=""))
    assert KeySet(file.path).verify(rs_token(), "", REQUIRED)
    assert not KeySet(file.path).verify(rs_token(), None, REQUIRED)


def test_replaced_keys_take_effect_with_the_next_token(file):
    file.put(entry_of(OWN))
    keys = KeySet(file.path)
    assert keys.verify(rs_token(), KID, REQUIRED)
    file.put(entry_of(OWN), entry_of(OTHER, kid="new"))
    assert keys.verify(rs_token(), KID, REQUIRED)
    assert keys.verify(rs_token(OTHER), "new", REQUIRED)
    file.put(entry_of(OTHER, kid="new"))
    assert keys.verify(rs_token(OTHER), "new", REQUIRED)
    assert not keys.verify(rs_token(), KID, REQUIRED)
    file.put()
    assert not keys.verify(rs_token(OTHER), "new", REQUIRED)


@pytest.mark.parametrize("text", [None, "", "{", '{"keys": 7}', '{"keys": [7]}', "[]"])
def test_unusable_key_set_leaves_the_previous_keys_in_force_and_is_logged_once(file, text, caplog):
    caplog.set_level(logging.DEBUG)
    file.put(entry_of(OWN))
    keys = KeySet(file.path)
    if text is None:
        file.path.unlink()
    else:
        file.write(text)
    for _ in range(3):
        assert keys.verify(rs_token(), KID, REQUIRED)
    assert not keys.verify(rs_token(OTHER), KID, REQUIRED)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("componentstream.server", "WARNING")
    assert record.getMessage().startswith("Cannot reload the key set; the previous keys stay in force. ")
    assert str(file.path) in record.getMessage()
    file.put(entry_of(OTHER))
    assert keys.verify(rs_token(OTHER), KID, REQUIRED)
    file.write("{")
    assert keys.verify(rs_token(OTHER), KID, REQUIRED)
    assert len(caplog.records) == 2


def test_keys_for_other_purposes_are_ignored(file):
    file.put(
        entry_of(OTHER, use="enc"),
        entry_of(OTHER, alg="RS512"),
        entry_of(OTHER, key_ops=["encrypt"]),
        entry_of(OTHER, key_ops="verify"),
        entry_of(OTHER, kid=7),
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "oct", "kid": KID, "k": b64(SECRET)},
        {"kty": "EC", "kid": KID, "crv": "P-256", "x": "AA", "y": "AA"},
        entry_of(OWN, use="sig", alg="RS256", key_ops=["verify"], x5t="abc"),
    )
    keys = KeySet(file.path)
    assert keys.verify(rs_token(), KID, REQUIRED)
    assert not keys.verify(rs_token(OTHER), KID, REQUIRED)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([], "has no RS256 verification key"),
        ([{"kty": "oct", "kid": KID, "k": b64(SECRET)}], "has no RS256 verification key"),
        ([entry_of(OWN), entry_of(OTHER)], "has two keys with the same kid"),
        ([entry_of(OWN, d="AQAB")], "contains a private key"),
        ([entry_of(OWN, n=NONE)], "whose n or e is not valid"),
        ([entry_of(OWN, n=7)], "whose n or e is not valid"),
        ([entry_of(OWN, n="")], "whose n or e is not valid"),
        ([entry_of(OWN, n="é")], "whose n or e is not valid"),
        ([entry_of(OWN, e="AA")], "whose n or e is not valid"),
        ([entry_of(OWN, n=number((1 << 1023) + 1))], "has 1024 bits but must have at least 2048"),
    ],
)
def test_invalid_key_set_is_refused_with_the_reason(file, entries, problem):
    file.put(*(changed({}, entry) for entry in entries))
    with pytest.raises(ConfigurationError, match=problem):
        KeySet(file.path)


@pytest.mark.parametrize(
    "text", ["", "keys", "[]", '{"key": []}', '{"keys": {}}', '{"keys": ["a"]}', "[" * 99_999]
)
def test_file_that_is_not_a_key_set_is_refused(file, text):
    file.write(text)
    with pytest.raises(ConfigurationError, match="is not a key set, a JSON object"):
        KeySet(file.path)


def test_missing_key_set_file_is_refused(file):
    with pytest.raises(
        ConfigurationError, match=r"Cannot read the key set .*keys\.json: No such file or directory"
    ):
        KeySet(file.path)
