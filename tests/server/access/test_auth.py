"""Tokens that are to be believed, and many more that are not. They are signed here by hand, not by PyJWT."""

import base64
import hashlib
import hmac
import json
import logging
from datetime import datetime
from time import time

import pytest

from componentstream.core.errors import UsageError
from tests import parts

parts.module("starlette")
parts.module("jwt")
parts.module("cryptography")

from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402 - asked for above
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: E402
from starlette.requests import Request  # noqa: E402

from componentstream.server.access.auth import JWTBearer, Principal, refuse_token_in_query  # noqa: E402
from componentstream.server.errors import RefusedRequestError  # noqa: E402

AUDIENCE = "pages"
ISSUER = "https://issuer.example"
SECRET = b"0123456789abcdef0123456789abcdef"
KID = "2026-07"
OWN = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
UNAUTHORIZED = {
    "type": "error",
    "error": {
        "type": "unauthorized",
        "message": "Send a valid token, in the header Authorization: Bearer ...",
        "fatal": True,
        "retryable": False,
        "line": None,
        "index": None,
    },
}
NONE = object()
"""In place of a value: leave it out."""


def pem_of(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def private_pem_of(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


PEM = pem_of(OWN)


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def entry_of(key, **more):
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": KID, "n": number(numbers.n), "e": number(numbers.e)} | more


def b64(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def hs(key, digest=hashlib.sha256):
    return lambda message: hmac.new(key, message, digest).digest()


def rs(key, digest=hashes.SHA256):
    return lambda message: key.sign(message, padding.PKCS1v15(), digest())


def json_bytes(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def signed(header, payload, sign):
    """Return a token of whatever it is made of."""
    message = f"{b64(json_bytes(header))}.{b64(json_bytes(payload))}"
    return f"{message}.{b64(sign(message.encode()))}"


class Issuer:
    """Makes tokens that one kind of JWTBearer believes, unless they are made to be wrong."""

    def __init__(self, algorithm, sign, bearer):
        self.algorithm, self.sign, self.bearer = algorithm, sign, bearer

    def header(self, **changes):
        return changed({"typ": "JWT", "alg": self.algorithm, "kid": KID}, changes)

    def claims(self, **changes):
        good = {"sub": "ada", "aud": AUDIENCE, "iss": ISSUER, "exp": int(time()) + 600}
        return changed(good, changes)

    def token(self, **changes):
        return signed(self.header(), self.claims(**changes), self.sign)

    def under(self, **changes):
        return signed(self.header(**changes), self.claims(), self.sign)

    def payload(self, payload):
        return signed(self.header(), payload, self.sign)

    def longest(self, chars):
        """Return the longest token of at most so many characters, and the shortest one of more."""
        size = (chars - len(self.token(note=""))) * 3 // 4 - 4
        while len(token := self.token(note="x" * size)) <= chars:
            before = token
            size += 1
        return before, token


def changed(good, changes):
    return {name: value for name, value in (good | changes).items() if value is not NONE}


def issuers(folder):
    rules = {"audience": AUDIENCE, "issuer": ISSUER}
    keys = folder / "jwks.json"
    keys.write_text(json.dumps({"keys": [entry_of(OTHER, kid="2026-01"), entry_of(OWN)]}))
    return {
        "secret": Issuer("HS256", hs(SECRET), JWTBearer.from_secret(SECRET, **rules)),
        "public key": Issuer("RS256", rs(OWN), JWTBearer.from_public_key(PEM, **rules)),
        "key set": Issuer("RS256", rs(OWN), JWTBearer.from_key_set(keys, **rules)),
    }


@pytest.fixture(params=["secret", "public key", "key set"])
def issuer(request, tmp_path):
    return issuers(tmp_path)[request.param]


@pytest.fixture
def key_set_issuer(tmp_path):
    return issuers(tmp_path)["key set"]


def request_with(*headers, query=b""):
    return Request(
        {
            "type": "http",
            "headers": [(b"authorization", header) for header in headers],
            "query_string": query,
        }
    )


def ask(bearer, token):
    return bearer(request_with(b"Bearer " + token.encode("latin-1")))


def assert_refused(bearer, *headers):
    with pytest.raises(RefusedRequestError) as caught:
        bearer(request_with(*headers))
    refusal = caught.value
    assert (refusal.status, refusal.body) == (401, UNAUTHORIZED)
    assert refusal.headers == {"WWW-Authenticate": "Bearer"}
    assert str(refusal) == UNAUTHORIZED["error"]["message"]
    assert refusal.__cause__ is None
    assert refusal.__suppress_context__


def without_signature(token):
    return token.rpartition(".")[0]


def with_payload_of(token, other):
    header, _, signature = token.split(".")
    return f"{header}.{other.split('.')[1]}.{signature}"


def doubled(name, text):
    """Return JSON that has one name twice, first with another value."""
    return b'{"' + name.encode() + b'":"bob",' + text[1:]


HOSTILE = {
    # the algorithm
    "alg none": lambda i: signed(i.header(alg="none"), i.claims(), lambda _: b"") + "AA",
    "alg None": lambda i: signed(i.header(alg="None"), i.claims(), i.sign),
    "alg nOnE": lambda i: signed(i.header(alg="nOnE"), i.claims(), i.sign),
    "alg none, empty signature": lambda i: signed(i.header(alg="none"), i.claims(), lambda _: b""),
    "no alg": lambda i: i.under(alg=NONE),
    "alg null": lambda i: i.under(alg=None),
    "alg a number": lambda i: i.under(alg=256),
    "alg a list": lambda i: i.under(alg=[i.algorithm]),
    "alg in small letters": lambda i: i.under(alg=i.algorithm.lower()),
    "HS256 with the public key": lambda i: signed(i.header(alg="HS256"), i.claims(), hs(PEM)),
    "HS256 with the public key, stripped": lambda i: signed(i.header(alg="HS256"), i.claims(), hs(PEM[:-1])),
    "HS256 with an empty key": lambda i: signed(i.header(alg="HS256"), i.claims(), hs(b"")),
    "HS512 with the secret": lambda i: signed(i.header(alg="HS512"), i.claims(), hs(SECRET, hashlib.sha512)),
    "HS256 that is HS512": lambda i: signed(i.header(alg="HS256"), i.claims(), hs(SECRET, hashlib.sha512)),
    "RS512 with the key": lambda i: signed(i.header(alg="RS512"), i.claims(), rs(OWN, hashes.SHA512)),
    "RS256 that is RS512": lambda i: signed(i.header(alg="RS256"), i.claims(), rs(OWN, hashes.SHA512)),
    "RS256 with another key": lambda i: signed(i.header(alg="RS256"), i.claims(), rs(OTHER)),
    "another secret": lambda i: signed(i.header(alg="HS256"), i.claims(), hs(SECRET[::-1])),
    # the signature
    "signature empty": lambda i: without_signature(i.token()) + ".",
    "signature left out": lambda i: without_signature(i.token()),
    "signature cut": lambda i: i.token()[:-4],
    "signature longer": lambda i: i.token() + "AAAA",
    "signature of another token": lambda i: with_payload_of(i.token(), i.token(sub="bob")),
    "signature of zeros": lambda i: signed(i.header(), i.claims(), lambda _: bytes(256)),
    # the form
    "nothing": lambda _: "",
    "dots": lambda _: "..",
    "four parts": lambda i: i.token() + ".AAAA",
    "five parts": lambda i: signed(i.header(alg="dir", enc="A128GCM"), b"", i.sign) + ".AA.AA",
    "dot at the start": lambda i: "." + i.token(),
    "dot at the end": lambda i: i.token() + ".",
    "padded": lambda i: i.token() + "==",
    "payload padded": lambda i: i.token().replace(".", "=.", 1),
    "other alphabet": lambda i: i.token()[:-8] + "++//++//",
    "a space in it": lambda i: i.token().replace(".", " .", 1),
    "a line feed at the end": lambda i: i.token() + "\n",
    "NUL at the end": lambda i: i.token() + "\0",
    "in quotes": lambda i: f'"{i.token()}"',
    "64 KB": lambda i: i.token(note="x" * 49_000),
    "longer than 8 KiB": lambda i: i.longest(8192)[1],
    "64 KB of dots": lambda _: "." * 65_536,
    # what is in the parts
    "header no JSON": lambda i: signed(b"header", i.claims(), i.sign),
    "header an array": lambda i: signed([i.header()], i.claims(), i.sign),
    "header empty": lambda i: signed(b"", i.claims(), i.sign),
    "header of one character": lambda i: "A." + i.token().partition(".")[2],
    "header nested": lambda i: signed(b"[" * 2500, i.claims(), i.sign),
    "header not UTF-8": lambda i: signed(b"\xff" + json_bytes(i.header()), i.claims(), i.sign),
    "alg twice": lambda i: signed(doubled("alg", json_bytes(i.header())), i.claims(), i.sign),
    "payload no JSON": lambda i: i.payload(b"payload"),
    "payload an array": lambda i: i.payload([i.claims()]),
    "payload a text": lambda i: i.payload("ada"),
    "payload null": lambda i: i.payload(None),
    "payload nested": lambda i: i.payload(b"[" * 2500),
    "payload not UTF-8": lambda i: i.payload(json_bytes(i.claims())[:-1] + b',"name":"\xff"}'),
    "payload UTF-16": lambda i: i.payload(json.dumps(i.claims()).encode("utf-16")),
    "payload with a byte order mark": lambda i: i.payload(b"\xef\xbb\xbf" + json_bytes(i.claims())),
    "payload and more": lambda i: i.payload(json_bytes(i.claims()) + b"{}"),
    "sub twice": lambda i: i.payload(doubled("sub", json_bytes(i.claims()))),
    "a name twice further inside": lambda i: i.payload(json_bytes(i.claims())[:-1] + b',"a":{"b":1,"b":2}}'),
    "NaN": lambda i: i.payload(json_bytes(i.claims(exp=float("nan")))),
    "Infinity": lambda i: i.payload(json_bytes(i.claims(exp=float("inf")))),
    "NaN elsewhere": lambda i: i.token(note=float("nan")),
    # what is in the header
    "kid a number": lambda i: i.under(kid=7),
    "kid null": lambda i: i.under(kid=None),
    "kid a list": lambda i: i.under(kid=[KID]),
    "kid a path": lambda i: signed(
        i.header(alg="HS256", kid="../../../../dev/null"), i.claims(), hs(b"")
    ),
    "kid a statement": lambda i: signed(
        i.header(alg="HS256", kid="' UNION SELECT 'key'--"), i.claims(), hs(b"key")
    ),
    "kid of another key": lambda i: signed(i.header(kid="2026-01"), i.claims(), lambda _: bytes(256)),
    "jku": lambda i: i.under(jku="https://evil.example/jwks.json"),
    "x5u": lambda i: i.under(x5u="https://evil.example/x.pem"),
    "x5c": lambda i: i.under(x5c=["MIIB"]),
    "jwk": lambda i: i.under(jwk=entry_of(OWN)),
    "jwk of the key that has signed": lambda i: signed(
        i.header(alg="RS256", kid=NONE, jwk=entry_of(OTHER)), i.claims(), rs(OTHER)
    ),
    "crit": lambda i: i.under(crit=["exp"]),
    "crit of what nobody knows": lambda i: i.under(crit=["x"], x=1),
    "crit empty": lambda i: i.under(crit=[]),
    "crit null": lambda i: i.under(crit=None),
    "b64 as usual": lambda i: i.under(b64=True),
    "b64": lambda i: i.under(b64=False, crit=["b64"]),
    "typ of a logout token": lambda i: i.under(typ="logout+jwt"),
    "typ JWE": lambda i: i.under(typ="JWE"),
    "typ empty": lambda i: i.under(typ=""),
    "typ a number": lambda i: i.under(typ=1),
    "typ null": lambda i: i.under(typ=None),
    # times
    "expired": lambda i: i.token(exp=int(time()) - 1),
    "expired long ago": lambda i: i.token(exp=0),
    "no exp": lambda i: i.token(exp=NONE),
    "exp null": lambda i: i.token(exp=None),
    "exp a text": lambda i: i.token(exp=str(int(time()) + 600)),
    "exp not whole": lambda i: i.token(exp=time() + 600),
    "exp true": lambda i: i.token(exp=True),
    "exp a list": lambda i: i.token(exp=[int(time()) + 600]),
    "exp in milliseconds": lambda i: i.token(exp=(int(time()) + 600) * 1000),
    "exp of a thousand digits": lambda i: i.token(exp=10**1000),
    "exp of five thousand digits": lambda i: i.payload(
        json_bytes(i.claims(exp=0)).replace(b'"exp": 0', b'"exp": ' + b"9" * 5000)
    ),
    "exp beyond all numbers": lambda i: i.payload(
        json_bytes(i.claims(exp=0)).replace(b'"exp": 0', b'"exp": 1e999')
    ),
    "exp below 0": lambda i: i.token(exp=-1),
    "nbf later": lambda i: i.token(nbf=int(time()) + 60),
    "nbf a text": lambda i: i.token(nbf="0"),
    "nbf not whole": lambda i: i.token(nbf=0.5),
    "nbf null": lambda i: i.token(nbf=None),
    "nbf true": lambda i: i.token(nbf=True),
    # for whom and by whom
    "no aud": lambda i: i.token(aud=NONE),
    "aud null": lambda i: i.token(aud=None),
    "aud another": lambda i: i.token(aud="page"),
    "aud with more": lambda i: i.token(aud="pages "),
    "aud in large letters": lambda i: i.token(aud="PAGES"),
    "aud a list without": lambda i: i.token(aud=["page", "pages2"]),
    "aud an empty list": lambda i: i.token(aud=[]),
    "aud a list with a number": lambda i: i.token(aud=[AUDIENCE, 7]),
    "aud a list in a list": lambda i: i.token(aud=[[AUDIENCE]]),
    "aud an object": lambda i: i.token(aud={AUDIENCE: True}),
    "aud a number": lambda i: i.token(aud=7),
    "no iss": lambda i: i.token(iss=NONE),
    "iss another": lambda i: i.token(iss="https://issuer.example.evil.example"),
    "iss a list": lambda i: i.token(iss=[ISSUER]),
    "iss null": lambda i: i.token(iss=None),
    "no sub": lambda i: i.token(sub=NONE),
    "sub null": lambda i: i.token(sub=None),
    "sub empty": lambda i: i.token(sub=""),
    "sub a number": lambda i: i.token(sub=7),
    "sub a list": lambda i: i.token(sub=["ada"]),
    "sub too long": lambda i: i.token(sub="a" * 257),
    "sub with a line feed": lambda i: i.token(sub="ada\nroot"),
    "sub with NUL": lambda i: i.token(sub="ada\0"),
    "sub with a C1 control": lambda i: i.token(sub="ada\x85"),
    "sub with half a surrogate pair": lambda i: i.token(sub="ada\ud800"),
}  # fmt: skip

BAD_HEADERS = {
    "none": lambda _: [],
    "empty": lambda _: [b""],
    "scheme alone": lambda _: [b"Bearer"],
    "scheme and a space": lambda _: [b"Bearer "],
    "no scheme": lambda token: [token],
    "another scheme": lambda token: [b"Basic " + token],
    "scheme with more": lambda token: [b"BearerX " + token],
    "scheme with a colon": lambda token: [b"Bearer: " + token],
    "two spaces": lambda token: [b"Bearer  " + token],
    "a tab": lambda token: [b"Bearer\t" + token],
    "a space before": lambda token: [b" Bearer " + token],
    "a space behind": lambda token: [b"Bearer " + token + b" "],
    "two tokens": lambda token: [b"Bearer " + token + b", Bearer " + token],
    "a parameter": lambda token: [b"Bearer " + token + b",realm=x"],
    "two headers": lambda token: [b"Bearer " + token, b"Bearer " + token],
    "a header of another scheme besides": lambda token: [b"Bearer " + token, b"Basic YTpi"],
    "not ASCII": lambda token: [b"Bearer " + token + b"\xff"],
    "scheme not ASCII": lambda token: ["\u212aearer ".encode() + token],
    "not ASCII in UTF-8": lambda token: [b"Bearer " + token + "\u0664".encode()],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_is_refused_with_the_same_answer_and_no_trace(issuer, name, caplog):
    caplog.set_level(logging.DEBUG)
    token = HOSTILE[name](issuer)
    assert_refused(issuer.bearer, b"Bearer " + token.encode("latin-1"))
    assert caplog.records == []


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_header_of_another_form_is_refused_with_the_same_answer(issuer, name):
    assert_refused(issuer.bearer, *BAD_HEADERS[name](issuer.token().encode()))


@pytest.mark.parametrize(
    "good",
    {
        "as it is": lambda i: i.token(),
        "aud a list with ours": lambda i: i.token(aud=["other", AUDIENCE]),
        "aud a list of ours": lambda i: i.token(aud=[AUDIENCE]),
        "nbf before": lambda i: i.token(nbf=int(time()) - 1),
        "iat later": lambda i: i.token(iat=int(time()) + 5),
        "no typ": lambda i: i.under(typ=NONE),
        "typ in small letters": lambda i: i.under(typ="jwt"),
        "typ of an access token": lambda i: i.under(typ="at+jwt"),
        "typ of an access token in full": lambda i: i.under(typ="application/at+jwt"),
        "8 KiB long": lambda i: i.longest(8192)[0],
        "a header that means nothing here": lambda i: i.under(cty="JWT", x5t="abc"),
    }.items(),
    ids=lambda good: good[0],
)
def test_a_good_token_says_who_asks(issuer, good):
    token = good[1](issuer)
    assert ask(issuer.bearer, token).subject == "ada"


@pytest.mark.parametrize("scheme", [b"bearer ", b"BEARER ", b"bEaReR "])
def test_the_scheme_may_be_written_in_any_case(issuer, scheme):
    assert issuer.bearer(request_with(scheme + issuer.token().encode())).subject == "ada"


@pytest.mark.parametrize(
    "subject", ["a" * 256, "\U0001f600" * 256, "auth0|5f7c", "Ada Lovelace", "\u2028", "ä"]
)
def test_a_subject_is_any_text_without_controls(issuer, subject):
    assert ask(issuer.bearer, issuer.token(sub=subject)) == Principal(
        subject, ask(issuer.bearer, issuer.token(sub=subject)).claims
    )
    assert ask(issuer.bearer, issuer.token(sub=subject)).subject == subject


def test_all_claims_are_those_of_the_principal(issuer):
    claims = issuer.claims(debug=True, roles=["writer"], iat=0.5)
    assert dict(ask(issuer.bearer, issuer.payload(claims)).claims) == claims


def test_the_longest_good_token_and_the_first_that_is_refused_differ_by_little(issuer):
    good, bad = issuer.longest(8192)
    assert 8189 <= len(good) <= 8192 < len(bad) <= 8195


def set_clock(monkeypatch, now):
    """Let the library that judges the times of a token take this for the time."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(now, tz)

    monkeypatch.setattr("jwt.api_jwt.datetime", Clock)


def test_a_token_is_good_before_its_end_and_not_at_it(issuer, monkeypatch):
    token = issuer.token(nbf=1_000, exp=2_000)
    for now, good in [(999.9, False), (1_000, True), (1_999.9, True), (2_000, False)]:
        set_clock(monkeypatch, now)
        if good:
            assert ask(issuer.bearer, token).subject == "ada"
        else:
            assert_refused(issuer.bearer, b"Bearer " + token.encode())


def test_leeway_is_given_at_both_ends(monkeypatch):
    bearer = JWTBearer.from_secret(SECRET, audience=AUDIENCE, leeway=5)
    token = Issuer("HS256", hs(SECRET), bearer).token(nbf=1_000, exp=2_000)
    for now, good in [(994.9, False), (995, True), (2_004.9, True), (2_005, False)]:
        set_clock(monkeypatch, now)
        if good:
            assert ask(bearer, token).subject == "ada"
        else:
            assert_refused(bearer, b"Bearer " + token.encode())


def test_without_an_issuer_any_is_good():
    bearer = JWTBearer.from_secret(SECRET.decode(), audience=AUDIENCE)
    issuer = Issuer("HS256", hs(SECRET), bearer)
    for iss in (ISSUER, "https://other.example", NONE):
        assert ask(bearer, issuer.token(iss=iss)).subject == "ada"


def test_a_single_key_has_any_name_and_none(tmp_path):
    both = issuers(tmp_path)
    for issuer in (both["secret"], both["public key"]):
        for kid in ("another", "../../../../dev/null", NONE):
            assert ask(issuer.bearer, issuer.under(kid=kid)).subject == "ada"


@pytest.mark.parametrize(
    "kid", ["another", "", "2026-01", "../../../../dev/null", KID + "\n", KID.upper() + "x", NONE]
)
def test_of_a_key_set_the_key_that_is_named_must_have_signed(key_set_issuer, kid):
    token = key_set_issuer.under(kid=kid)
    assert_refused(key_set_issuer.bearer, b"Bearer " + token.encode())


def test_each_key_of_a_set_is_good_under_its_own_name(key_set_issuer):
    header, claims = key_set_issuer.header(kid="2026-01"), key_set_issuer.claims()
    assert ask(key_set_issuer.bearer, signed(header, claims, rs(OTHER))).subject == "ada"


def test_a_token_that_names_no_key_has_none(tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [entry_of(OWN, kid="")]}))
    bearer = JWTBearer.from_key_set(keys, audience=AUDIENCE)
    assert ask(bearer, signed_by(OWN, "")).subject == "ada"
    assert_refused(bearer, b"Bearer " + signed_by(OWN, NONE).encode())


@pytest.fixture
def keys(tmp_path):
    """Return what replaces a key set in one step, and makes a bearer of the first."""

    class Keys:
        path = tmp_path / "keys.json"

        def put(self, *entries):
            self.write(json.dumps({"keys": entries}))

        def write(self, text):
            beside = tmp_path / "beside.json"
            beside.write_text(text)
            beside.replace(self.path)

        def bearer(self):
            return JWTBearer.from_key_set(self.path, audience=AUDIENCE)

    return Keys()


def signed_by(key, kid=KID):
    issuer = Issuer("RS256", rs(key), None)
    return signed(issuer.header(kid=kid), issuer.claims(), issuer.sign)


def test_keys_that_are_replaced_hold_from_the_next_token_on(keys):
    keys.put(entry_of(OWN))
    bearer = keys.bearer()
    ask(bearer, signed_by(OWN))
    keys.put(entry_of(OWN), entry_of(OTHER, kid="new"))
    ask(bearer, signed_by(OWN))
    ask(bearer, signed_by(OTHER, "new"))
    keys.put(entry_of(OTHER, kid="new"))
    ask(bearer, signed_by(OTHER, "new"))
    assert_refused(bearer, b"Bearer " + signed_by(OWN).encode())
    keys.put()
    assert_refused(bearer, b"Bearer " + signed_by(OTHER, "new").encode())


@pytest.mark.parametrize("text", [None, "", "{", '{"keys": 7}', '{"keys": [7]}', "[]"])
def test_while_a_key_set_cannot_be_used_the_keys_from_before_hold_and_one_warning_says_so(keys, text, caplog):
    caplog.set_level(logging.DEBUG)
    keys.put(entry_of(OWN))
    bearer = keys.bearer()
    if text is None:
        keys.path.unlink()
    else:
        keys.write(text)
    for _ in range(3):
        assert ask(bearer, signed_by(OWN)).subject == "ada"
    assert_refused(bearer, b"Bearer " + signed_by(OTHER).encode())
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("componentstream.server", "WARNING")
    assert record.getMessage().startswith("The key set cannot be read again; the keys from before hold. ")
    assert str(keys.path) in record.getMessage()
    keys.put(entry_of(OTHER))
    assert ask(bearer, signed_by(OTHER)).subject == "ada"
    keys.write("{")
    ask(bearer, signed_by(OTHER))
    assert len(caplog.records) == 2


def test_of_a_key_set_what_is_for_other_uses_is_left_alone(keys):
    keys.put(
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
    bearer = keys.bearer()
    assert ask(bearer, signed_by(OWN)).subject == "ada"
    assert_refused(bearer, b"Bearer " + signed_by(OTHER).encode())


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([], "has no key to verify RS256 with"),
        ([{"kty": "oct", "kid": KID, "k": b64(SECRET)}], "has no key to verify RS256 with"),
        ([entry_of(OWN), entry_of(OTHER)], "has two keys with one kid"),
        ([entry_of(OWN, d="AQAB")], "has a private key in it"),
        ([entry_of(OWN, n=NONE)], "without a right n and e"),
        ([entry_of(OWN, n=7)], "without a right n and e"),
        ([entry_of(OWN, n="")], "without a right n and e"),
        ([entry_of(OWN, n="é")], "without a right n and e"),
        ([entry_of(OWN, e="AA")], "without a right n and e"),
        ([entry_of(OWN, n=number((1 << 1023) + 1))], "has 1024 bits and needs 2048 or more"),
    ],
)
def test_a_key_set_that_is_wrong_is_refused_with_what_is_wrong(keys, entries, problem):
    keys.put(*(changed({}, entry) for entry in entries))
    with pytest.raises(UsageError, match=problem):
        keys.bearer()


@pytest.mark.parametrize(
    "text", ["", "keys", "[]", '{"key": []}', '{"keys": {}}', '{"keys": ["a"]}', "[" * 99_999]
)
def test_a_file_that_is_no_key_set_is_refused(keys, text):
    keys.write(text)
    with pytest.raises(UsageError, match="is no key set, a JSON object"):
        keys.bearer()


def test_a_key_set_that_is_not_there_is_refused(keys):
    with pytest.raises(UsageError, match=r"Cannot read the key set .*keys\.json: No such file or directory"):
        keys.bearer()


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
def test_what_is_no_public_rsa_key_is_refused(pem):
    with pytest.raises(UsageError, match="Give an RSA public key in PEM"):
        JWTBearer.from_public_key(pem, audience=AUDIENCE)


def test_a_short_rsa_key_is_refused():
    short = rsa.RSAPublicNumbers(65537, (1 << 1023) + 1).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = short.public_bytes(serialization.Encoding.PEM, form)
    with pytest.raises(UsageError, match="has 1024 bits and needs 2048 or more"):
        JWTBearer.from_public_key(pem, audience=AUDIENCE)


def test_a_public_key_may_be_text():
    bearer = JWTBearer.from_public_key(PEM.decode(), audience=AUDIENCE)
    assert ask(bearer, signed_by(OWN)).subject == "ada"


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("", "has 0 bytes and needs 32"),
        (b"a" * 31, "has 31 bytes and needs 32"),
        ("é" * 15, "has 30 bytes and needs 32"),
        (None, "must be str or bytes"),
        (PEM, "is a key of another kind"),
        (PEM.decode(), "is a key of another kind"),
    ],
)
def test_what_is_no_good_secret_is_refused(secret, problem):
    with pytest.raises(UsageError, match=problem):
        JWTBearer.from_secret(secret, audience=AUDIENCE)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"audience": ""}, "audience must be a text"),
        ({"audience": None}, "audience must be a text"),
        ({"audience": [AUDIENCE]}, "audience must be a text"),
        ({"issuer": ""}, "issuer must be a text"),
        ({"issuer": 7}, "issuer must be a text"),
        ({"leeway": -1}, "leeway must be a number of seconds from 0 to 300"),
        ({"leeway": 301}, "leeway must be"),
        ({"leeway": float("nan")}, "leeway must be"),
        ({"leeway": "1"}, "leeway must be"),
    ],
)
def test_rules_that_are_none_are_refused(rule, problem):
    with pytest.raises(UsageError, match=f"JWTBearer: {problem}"):
        JWTBearer.from_secret(SECRET, **{"audience": AUDIENCE, **rule})


@pytest.mark.parametrize(
    "query",
    [
        "access_token=x", "token=x", "jwt=x", "authorization=x", "Access_Token=x", "AUTHORIZATION=x", "token",
        "token=", "access%5Ftoken=x", "after=3&token=x",
    ],
)  # fmt: skip
def test_a_token_in_the_query_is_refused_even_with_a_good_header(issuer, query):
    token = issuer.token()
    query = query.replace("x", token).encode() if query.endswith("=x") else query.encode()
    with pytest.raises(RefusedRequestError) as caught:
        issuer.bearer(request_with(b"Bearer " + token.encode(), query=query))
    assert caught.value.status == 400
    assert caught.value.body["error"]["type"] == "token_in_query"
    assert caught.value.body["error"]["message"].startswith("Send the token in the header Authorization")
    assert token not in repr((caught.value.body, caught.value.headers, str(caught.value)))


def test_what_else_is_in_a_query_is_let_through(issuer):
    query = b"ticket=t-1&after=token&from=2&tokens=1&my_token=2"
    refuse_token_in_query(request_with(query=query))
    header = b"Bearer " + issuer.token().encode()
    assert issuer.bearer(request_with(header, query=query)).subject == "ada"


def test_a_principal_has_read_only_claims_and_shows_none():
    given = {"debug": True}
    principal = Principal("ada", given)
    given["debug"] = False
    assert principal.claims["debug"] is True
    with pytest.raises(TypeError):
        principal.claims["debug"] = False
    with pytest.raises(AttributeError):
        principal.subject = "bob"
    assert repr(principal) == "Principal(subject='ada')"
    assert principal == Principal("ada", {"debug": True})
    assert principal != Principal("ada")
    assert len({principal, Principal("ada", {"debug": True})}) == 1


def test_the_anonymous_principal_has_no_subject_and_no_claims():
    assert (Principal("").subject, dict(Principal("").claims)) == ("", {})


@pytest.mark.parametrize("subject", ["a" * 257, None, 7, b"ada"])
def test_a_subject_is_a_text_of_at_most_256_characters(subject):
    with pytest.raises(UsageError, match="must be a text of at most 256 characters"):
        Principal(subject)


@pytest.mark.parametrize("subject", ["\0", "a\nb", "\x7f", "\x85", "\ud800"])
def test_a_subject_has_no_controls_and_no_surrogates(subject):
    with pytest.raises(UsageError, match="no control characters and no surrogates"):
        Principal(subject)
