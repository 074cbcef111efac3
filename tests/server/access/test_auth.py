import hashlib
import json
import logging
from datetime import datetime
from time import time

import pytest

from componentstream.core.errors import ConfigurationError, UsageError
from tests import parts

parts.module("starlette")
parts.module("jwt")
parts.module("cryptography")

from cryptography.hazmat.primitives import hashes  # noqa: E402 - checked above
from starlette.requests import Request  # noqa: E402

from componentstream.server.access.auth import JWTBearer, Principal, reject_token_in_query  # noqa: E402
from componentstream.server.errors import RefusedRequestError  # noqa: E402
from tests.server.access.tokens import (  # noqa: E402
    AUDIENCE,
    ISSUER,
    KID,
    NONE,
    OTHER,
    OWN,
    PEM,
    SECRET,
    changed,
    entry_of,
    hs,
    json_bytes,
    rs,
    signed,
)

UNAUTHORIZED = {
    "type": "error",
    "error": {
        "type": "unauthorized",
        "message": "Authentication required: send a valid token in the header Authorization: Bearer <token>.",
        "fatal": True,
        "retryable": False,
        "line": None,
        "index": None,
        "recovered": False,
    },
}


class Issuer:
    """Issues tokens that one kind of JWTBearer accepts, unless a test makes them invalid."""

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
        """Return the longest token of at most ``chars`` characters, and the shortest longer one."""
        size = (chars - len(self.token(note=""))) * 3 // 4 - 4
        while len(token := self.token(note="x" * size)) <= chars:
            before = token
            size += 1
        return before, token


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
    # the contents of the parts
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
    # the header
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
    "crit of an unknown extension": lambda i: i.under(crit=["x"], x=1),
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
def test_hostile_token_gets_the_same_response_and_is_not_logged(issuer, name, caplog):
    caplog.set_level(logging.DEBUG)
    token = HOSTILE[name](issuer)
    assert_refused(issuer.bearer, b"Bearer " + token.encode("latin-1"))
    assert caplog.records == []


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_malformed_authorization_header_gets_the_same_response(issuer, name):
    assert_refused(issuer.bearer, *BAD_HEADERS[name](issuer.token().encode()))


@pytest.mark.parametrize(
    "good",
    {
        "unchanged": lambda i: i.token(),
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
def test_valid_token_identifies_the_user(issuer, good):
    token = good[1](issuer)
    assert ask(issuer.bearer, token).subject == "ada"


@pytest.mark.parametrize("scheme", [b"bearer ", b"BEARER ", b"bEaReR "])
def test_scheme_is_case_insensitive(issuer, scheme):
    assert issuer.bearer(request_with(scheme + issuer.token().encode())).subject == "ada"


@pytest.mark.parametrize(
    "subject", ["a" * 256, "\U0001f600" * 256, "auth0|5f7c", "Ada Lovelace", "\u2028", "ä"]
)
def test_subject_may_be_any_string_without_control_characters(issuer, subject):
    token = issuer.token(sub=subject)
    claims = ask(issuer.bearer, token).claims
    assert ask(issuer.bearer, token) == Principal(subject, claims)
    assert claims["sub"] == subject


def test_principal_has_all_claims_of_the_token(issuer):
    claims = issuer.claims(debug=True, roles=["writer"], iat=0.5)
    assert dict(ask(issuer.bearer, issuer.payload(claims)).claims) == claims


def test_tokens_are_accepted_up_to_8_kib(issuer):
    good, bad = issuer.longest(8192)
    assert 8189 <= len(good) <= 8192 < len(bad) <= 8195


def set_clock(monkeypatch, now):
    """Set the time of day that PyJWT checks tokens against."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(now, tz)

    monkeypatch.setattr("jwt.api_jwt.datetime", Clock)


def test_token_is_valid_until_it_expires_and_not_at_that_moment(issuer, monkeypatch):
    token = issuer.token(nbf=1_000, exp=2_000)
    for now, good in [(999.9, False), (1_000, True), (1_999.9, True), (2_000, False)]:
        set_clock(monkeypatch, now)
        if good:
            assert ask(issuer.bearer, token).subject == "ada"
        else:
            assert_refused(issuer.bearer, b"Bearer " + token.encode())


def test_leeway_applies_at_both_ends(monkeypatch):
    bearer = JWTBearer.from_secret(SECRET, audience=AUDIENCE, leeway=5)
    token = Issuer("HS256", hs(SECRET), bearer).token(nbf=1_000, exp=2_000)
    for now, good in [(994.9, False), (995, True), (2_004.9, True), (2_005, False)]:
        set_clock(monkeypatch, now)
        if good:
            assert ask(bearer, token).subject == "ada"
        else:
            assert_refused(bearer, b"Bearer " + token.encode())


def test_any_issuer_is_accepted_unless_one_is_required():
    bearer = JWTBearer.from_secret(SECRET.decode(), audience=AUDIENCE)
    issuer = Issuer("HS256", hs(SECRET), bearer)
    for iss in (ISSUER, "https://other.example", NONE):
        assert ask(bearer, issuer.token(iss=iss)).subject == "ada"


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"audience": ""}, "audience must be a non-empty string"),
        ({"audience": None}, "audience must be a non-empty string"),
        ({"audience": [AUDIENCE]}, "audience must be a non-empty string"),
        ({"issuer": ""}, "issuer must be a non-empty string"),
        ({"issuer": 7}, "issuer must be a non-empty string"),
        ({"leeway": -1}, "leeway must be a number of seconds from 0 to 300"),
        ({"leeway": 301}, "leeway must be"),
        ({"leeway": float("nan")}, "leeway must be"),
        ({"leeway": "1"}, "leeway must be"),
    ],
)
def test_invalid_arguments_are_refused(rule, problem):
    with pytest.raises(ConfigurationError, match=f"JWTBearer: {problem}"):
        JWTBearer.from_secret(SECRET, **{"audience": AUDIENCE, **rule})


@pytest.mark.parametrize(
    "query",
    [
        "access_token=x", "token=x", "jwt=x", "authorization=x", "Access_Token=x", "AUTHORIZATION=x", "token",
        "token=", "access%5Ftoken=x", "after=3&token=x",
    ],
)  # fmt: skip
def test_token_in_the_query_is_rejected_even_with_a_valid_header(issuer, query):
    token = issuer.token()
    query = query.replace("x", token).encode() if query.endswith("=x") else query.encode()
    with pytest.raises(RefusedRequestError) as caught:
        issuer.bearer(request_with(b"Bearer " + token.encode(), query=query))
    assert caught.value.status == 400
    assert caught.value.body["error"]["type"] == "token_in_query"
    assert caught.value.body["error"]["message"].startswith("Send the token in the header Authorization")
    assert token not in repr((caught.value.body, caught.value.headers, str(caught.value)))


def test_other_query_parameters_are_allowed(issuer):
    query = b"ticket=t-1&after=token&from=2&tokens=1&my_token=2"
    reject_token_in_query(request_with(query=query))
    header = b"Bearer " + issuer.token().encode()
    assert issuer.bearer(request_with(header, query=query)).subject == "ada"


def test_principal_has_read_only_claims_and_a_repr_without_them():
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


def test_anonymous_principal_has_an_empty_subject_and_no_claims():
    assert (Principal("").subject, dict(Principal("").claims)) == ("", {})


@pytest.mark.parametrize("subject", ["a" * 257, None, 7, b"ada"])
def test_subject_must_be_a_string_of_at_most_256_characters(subject):
    with pytest.raises(UsageError, match="must be a string of at most 256 characters"):
        Principal(subject)


@pytest.mark.parametrize("subject", ["\0", "a\nb", "\x7f", "\x85", "\ud800"])
def test_subject_must_not_contain_control_characters_or_surrogates(subject):
    with pytest.raises(UsageError, match="must not contain control characters or surrogates"):
        Principal(subject)
