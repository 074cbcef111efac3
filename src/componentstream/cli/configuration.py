"""What ``componentstream serve`` can be told, by an option or by the environment."""

import argparse
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from componentstream.cli.values import count, flag, natural, one_of, port, seconds, seconds_or_none
from componentstream.core.errors import UsageError


@attrs.frozen
class Setting:
    """One thing that ``serve`` can be told, by an option or by the environment.

    Attributes:
        name: as an attribute of the options has it; the option and the variable are made of it.
        metavar: what the option takes, None for a flag.
        help: what it is for, and what is taken if it is not told.
        read: makes a value of the text, or raises ``ArgumentTypeError``.
        many: it may be told several times; in the environment the values stand one behind the other, with
            spaces between.
    """

    name: str
    metavar: str | None
    help: str
    read: Callable[[str], object] = str
    many: bool = False

    @property
    def variable(self) -> str:
        """The name of the variable in the environment."""
        return f"{PREFIX}{self.name.upper()}"


PREFIX: Final = "COMPONENTSTREAM_"
"""How the names of all variables begin."""

SETTINGS: Final = (
    Setting("host", "ADDRESS", "address to listen at; default 127.0.0.1, this machine alone"),
    Setting("port", "N", "default 8000; 0 is any that is free", port),
    Setting(
        "log",
        "URL",
        "where streams are kept: sqlite:PATH for all processes of this machine, redis://HOST for those of "
        "many machines, memory: for this process alone; default sqlite:componentstream.db, in the current "
        "directory",
    ),
    Setting(
        "jwt_secret_file",
        "FILE",
        "file with the secret, 32 bytes or more, that signs the tokens of users by HS256; white space around "
        "it is no part of it",
    ),
    Setting("jwks", "FILE", "JSON web key set with the public keys of who signs the tokens by RS256"),
    Setting("audience", "TEXT", "what the claim aud of the tokens must have; needed with either of these"),
    Setting("issuer", "TEXT", "what the claim iss of the tokens must be; default any"),
    Setting("no_auth", None, "let everybody in, as one anonymous user", flag),
    Setting(
        "allowed_origin",
        "ORIGIN",
        "an origin whose pages may call, such as https://app.example.com; may be repeated; default none but "
        "the same origin",
        many=True,
    ),
    Setting(
        "trusted_proxies",
        "N",
        "how many proxies of yours a request passes, so that the address of a client can be taken from "
        "X-Forwarded-For; default 0",
        natural,
    ),
    Setting("rate_limit", "RATE", "most generations of a user in a time, or none; default 100/15 minutes"),
    Setting(
        "rate_limit_storage",
        "URL",
        "where they are counted: async+memory:// for this process, async+redis://HOST for all; default "
        "async+memory://",
    ),
    Setting("max_generations", "N", "most generations at once in this process; default 1000", count),
    Setting("max_generations_per_user", "N", "most of them for one user; default 10", count),
    Setting(
        "generation_timeout",
        "SECONDS",
        "how long a generation may take, or none; default 30",
        seconds_or_none,
    ),
    Setting(
        "chunk_timeout", "SECONDS", "how long the model may be silent, or none; default 15", seconds_or_none
    ),
    Setting(
        "on_disconnect",
        "continue|cancel",
        "when nobody reads a generation any more, go on into the log, for readers that come back, or end it; "
        "default continue",
        one_of("continue", "cancel"),
    ),
    Setting(
        "on_store_failure",
        "continue|fail",
        "when the log fails, send on what cannot be resumed then, or end the generation; default continue",
        one_of("continue", "fail"),
    ),
    Setting("grace", "SECONDS", "how long open generations may take to end at the end; default 5", seconds),
    Setting("compress", None, "compress streams; never where secrets and text of strangers mix", flag),
    Setting("debug", None, "send debug events, to tokens with the claim debug; not for production", flag),
)
"""All that ``serve`` can be told beside its APP."""


def complete(options: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Fill what the options of ``serve`` leave open from the environment; an empty variable says nothing.

    Raises:
        UsageError: the value of a variable is none.
    """
    for setting in SETTINGS:
        text = environment.get(setting.variable, "")
        if not text or getattr(options, setting.name) is not None:
            continue
        try:
            value = [setting.read(one) for one in text.split()] if setting.many else setting.read(text)
        except argparse.ArgumentTypeError as problem:
            raise UsageError(f"{setting.variable}: {problem}.") from None
        setattr(options, setting.name, value)
