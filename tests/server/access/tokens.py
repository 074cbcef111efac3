"""Tokens and keys for tests. Tokens are signed by hand, not by PyJWT, so that any part can be wrong."""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "pages"
ISSUER = "https://issuer.example"
SECRET = b"0123456789abcdef0123456789abcdef"
KID = "2026-07"
OWN = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
NONE = object()
"""Instead of a value: leave the name out."""


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
    """Return a token with this header and payload, valid or not."""
    message = f"{b64(json_bytes(header))}.{b64(json_bytes(payload))}"
    return f"{message}.{b64(sign(message.encode()))}"


def changed(good, changes):
    return {name: value for name, value in (good | changes).items() if value is not NONE}
