"""The settings of the server, each with the reason for its default.

The fields of :class:`ServerSettings` are the one place where settings are declared. Their metadata (a
:class:`Setting` under the key ``"setting"``) says how a value is checked, and how ``componentstream serve``
offers it as an option and as an environment variable.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs
from typing_extensions import get_protocol_members

from componentstream.core.arguments import are_seconds, described, shown
from componentstream.core.catalog import Catalog
from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.drive.decoding import DECODERS, Decoder, DecoderFactory, check_decoder, decoder_of
from componentstream.log.base import MAX_SECONDS
from componentstream.log.protocol import LEASE_SECONDS, EventLog
from componentstream.server.access.auth import Authenticate
from componentstream.session.batching import DeltaBatcher
from componentstream.session.hooks import Hook
from componentstream.session.lifecycle import Timeouts

DecoderName: TypeAlias = Literal["text", "sse", "jsonlines"]
"""The decoders that have a name, for the command line."""

OnDisconnect: TypeAlias = Literal["continue", "cancel"]
"""Policy for a generation whose last client disconnects."""

OnStoreFailure: TypeAlias = Literal["continue", "fail"]
"""Policy for a generation when the log fails for longer than ``log_timeout``."""

SettingKind: TypeAlias = Literal[
    "count", "natural", "seconds", "flag", "choice", "text", "texts", "fields", "python"
]
"""How a setting is written: an integer >= 1 (``count``) or >= 0 (``natural``), a number of seconds > 0, on or
off, one of ``choices``, a text, several texts, as the fields of an object (``fields``), or in Python only."""


def _is_list_of(value: object, is_item: Callable[[object], bool]) -> bool:
    # A text is a sequence too, of texts.
    return isinstance(value, Sequence) and not isinstance(value, str | bytes) and all(map(is_item, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_log(value: object) -> bool:
    return not isinstance(value, type) and all(
        callable(getattr(value, name, None)) for name in get_protocol_members(EventLog)
    )


_CHECKS: Final[Mapping[SettingKind, tuple[Callable[[object], bool], str]]] = {
    "count": (lambda value: type(value) is int and value >= 1, "an integer >= 1"),
    "natural": (lambda value: type(value) is int and value >= 0, "an integer >= 0"),
    "seconds": (are_seconds, "a number of seconds > 0"),
    "flag": (lambda value: isinstance(value, bool), "True or False"),
    "text": (_is_text, "a str"),
    "texts": (lambda value: _is_list_of(value, _is_text), "a list of str"),
}
_SHOWN: Final = frozenset({"count", "natural", "seconds", "flag", "choice"})


@attrs.frozen(kw_only=True)
class Setting:
    """The metadata of one field of :class:`ServerSettings`.

    Args:
        help: Help text of the option; for the kind ``python``, the reason why no option can express it.
        kind: Kind of value.
        optional: Whether None is allowed; the option writes it as ``none``.
        choices: The allowed values of the kind ``choice``.
        maximum: Largest allowed value, in seconds.
        option: Name of the option where it differs from that of the field.
        suffix: For the kind ``fields``, the end of the options' names behind those of the fields.
        check: For the kinds ``fields`` and ``python``, returns whether a value is allowed.
        expected: For the same kinds, and for others where it helps, the allowed values as a text.
    """

    help: str
    kind: SettingKind
    optional: bool = False
    choices: tuple[str, ...] = ()
    maximum: float = math.inf
    option: str | None = None
    suffix: str = ""
    check: Callable[[object], bool] | None = None
    expected: str = ""

    def expected_instead_of(self, value: object) -> str | None:
        """Return the allowed values as a text, such as "an integer >= 1", or None if `value` is one."""
        if value is None and self.optional:
            return None
        if self.kind == "choice":
            if value in self.choices or (self.check is not None and self.check(value)):
                return None
            return " or ".join([*map(repr, self.choices), *filter(None, [self.expected])])
        is_allowed, expected = _CHECKS.get(self.kind, (self.check, ""))
        expected = self.expected or expected
        if is_allowed is not None and not is_allowed(value):
            return f"{expected}, or None" if self.optional else expected
        if isinstance(value, int | float) and value > self.maximum:
            return f"at most {self.maximum:.0f} seconds"
        return None


def _set_by(kind: SettingKind, help_text: str, **details: Any) -> dict[str, Setting]:
    """Return the metadata of a field; `details` are further arguments of :class:`Setting`."""
    return {"setting": Setting(kind=kind, help=help_text, **details)}


@attrs.frozen(kw_only=True)
class ServerSettings:
    """The settings of one server; the defaults suit a model that writes a page.

    Args:
        timeouts: Timeouts of a generation; see :class:`~componentstream.Timeouts`.
        grammar: Syntax of the markers.
        limits: Limits of the parser, for each generation.
        catalog: Expected components by name.
        hooks: Called for each generation, with the stream id; see :mod:`componentstream.session.hooks`.
        decoder: How the bytes of a model's answer are read: ``text`` for UTF-8, ``sse`` for the server-sent
            events of a provider's response, ``jsonlines`` for its JSON lines; or a class of decoders, or a
            function that returns a new one. ``text`` also reads str and the events of a provider's library.
        batch_chars: Number of code points at which buffered text is sent; see
            :class:`~componentstream.DeltaBatcher`. With 256 the frame around the text is small, and the text
            does not visibly jump.
        batch_delay: Longest time that text is buffered, in seconds. 0.05 is 20 updates a second, so that text
            flows.
        heartbeat: Seconds of silence before a heartbeat is sent, None to send none. Proxies close connections
            that were silent for 29 seconds or more; 15 leaves room for a late one.
        send_timeout: Seconds that a client may accept no data before it is disconnected. A phone that changes
            its network is silent for less; a client that reconnects resumes after its last id.
        log: Where streams are kept. None creates a ``MemoryEventLog``, for one process; a log that you pass
            in is yours to close.
        lease: Lease TTL in seconds: how long after its death another worker may take over its streams.
        log_timeout: Seconds for which a failing log is retried while clients wait.
        on_store_failure: Policy when the log fails for longer: ``continue`` sends the rest to the clients of
            this worker, after the error ``not_resumable`` and without ids; ``fail`` ends the generation with
            the error ``log_unavailable``.
        on_disconnect: Policy when the last client of a generation on its worker disconnects: ``continue``
            writes it to the log until its end, which ``timeouts`` bound, so that a client that reconnects
            finds it complete; ``cancel`` ends it at once, so that unread output costs nothing. A generation
            that was started without an idempotency key always ends at once if its client disconnected before
            it received the stream id.
        max_body_bytes: Largest request body in bytes. 64 KiB is ten pages of prompt; keep longer input in a
            store of the application, named by ``project`` and ``version``.
        body_timeout: Seconds in which the request body must arrive. A phone sends 64 KiB in a few.
        authenticate: Returns the principal of a request, or rejects it;
            :class:`~componentstream.server.JWTBearer` does so by bearer tokens. None disables authentication:
            all clients share one anonymous user, and each of them can read any stream whose id it knows.
        ticket_seconds: Lifetime of a ticket for an ``EventSource`` in seconds, at most 30. It is used at
            once.
        near_misses: Report lines that look like markers and are text, as ``finding`` events, while you
            develop a prompt or choose a model; see :class:`~componentstream.inspection.NearMissParser`. The
            parser then takes a quarter longer.
        debug: Send debug events to clients whose token has the claim ``debug`` with the value true.
        allowed_origins: Origins whose pages may call, such as ``https://app.example.com``; by default only
            pages of the same origin.
        trusted_proxies: Number of your own proxies that a request passes. The client address is taken from
            that position of ``X-Forwarded-For``, counted from the right; with 0 the header is ignored.
        rate_limit: Most generations and tickets for each user, in the notation of the package ``limits``;
            None for no limit. 100 in 15 minutes is more than a person asks for.
        rate_limit_storage: Where requests are counted: ``async+memory://`` for this process,
            ``async+redis://...`` for all workers.
        max_generations: Most concurrent generations in this process; more are rejected with 503. Each holds a
            connection to the model.
        max_generations_per_user: Most concurrent generations of one user in this process; more are rejected
            with 429. A person with some open tabs has fewer.
        max_readers: Most streams that clients read at once in this process.
        max_readers_per_user: Most streams that one user reads at once in this process.
        shutdown_grace: Shutdown grace period of open generations in seconds.
        compress: Compress streams and other responses; each event is flushed. It saves a fifth to a third of
            the bytes and costs some hundred KiB for each client. Leave it off where one stream mixes secrets
            with text of strangers (BREACH).
        metrics: Serve ``GET /metrics``. It holds counts only, but do not expose it to strangers.

    Raises:
        ConfigurationError: A value is not allowed; the message names the setting, the value and the range.
    """

    timeouts: Timeouts = attrs.field(
        default=Timeouts(),
        metadata=_set_by(
            "fields",
            "timeouts of a generation",
            suffix="_timeout",
            check=lambda value: isinstance(value, Timeouts),
            expected="Timeouts(...), with None in it for a timeout that is off",
        ),
    )
    grammar: Grammar = attrs.field(
        default=Grammar(),
        metadata=_set_by(
            "fields",
            "syntax of the markers",
            check=lambda value: isinstance(value, Grammar),
            expected="Grammar(...)",
        ),
    )
    limits: Limits = attrs.field(
        default=Limits(),
        metadata=_set_by(
            "fields",
            "limits of the parser; sizes in characters",
            check=lambda value: isinstance(value, Limits),
            expected="Limits(...)",
        ),
    )
    catalog: Catalog | None = attrs.field(
        default=None,
        metadata=_set_by(
            "python",
            "it holds objects; use create_app",
            optional=True,
            check=lambda value: isinstance(value, Catalog),
            expected="Catalog([ComponentSpec(...), ...])",
        ),
    )
    hooks: Sequence[Hook] = attrs.field(
        default=(),
        metadata=_set_by(
            "python",
            "they are functions; use create_app",
            check=lambda value: _is_list_of(value, callable),
            expected="a list of callables, such as [logging_hook()]",
        ),
    )
    decoder: DecoderName | DecoderFactory = attrs.field(
        default="text",
        metadata=_set_by(
            "choice",
            "how the bytes of a model's answer are read: as text, or as a provider's response in SSE or JSON "
            "lines",
            choices=get_args(DecoderName),
            check=lambda value: callable(value) or hasattr(value, "feed"),
            expected="a class of decoders",
        ),
    )
    batch_chars: int = attrs.field(
        default=256, metadata=_set_by("count", "number of characters at which buffered text is sent")
    )
    batch_delay: float = attrs.field(
        default=0.05, metadata=_set_by("seconds", "longest time that text is buffered")
    )
    heartbeat: float | None = attrs.field(
        default=15.0,
        metadata=_set_by("seconds", "silence before a heartbeat is sent, or none", optional=True),
    )
    send_timeout: float = attrs.field(
        default=20.0,
        metadata=_set_by("seconds", "time that a client may accept no data before it is disconnected"),
    )
    log: EventLog | None = attrs.field(
        default=None,
        metadata=_set_by(
            "python",
            "it is an object; --log opens one by its URL",
            optional=True,
            check=_is_log,
            expected='an EventLog (with a URL, "async with open_log(url) as log" opens one)',
        ),
    )
    lease: float = attrs.field(
        default=LEASE_SECONDS,
        metadata=_set_by("seconds", "lease TTL: when another worker may take over", maximum=MAX_SECONDS),
    )
    log_timeout: float = attrs.field(
        default=1.0, metadata=_set_by("seconds", "time for which a failing log is retried while clients wait")
    )
    on_store_failure: OnStoreFailure = attrs.field(
        default="continue",
        metadata=_set_by(
            "choice",
            "when the log fails for longer, send the rest without ids, or end the generation",
            choices=get_args(OnStoreFailure),
        ),
    )
    on_disconnect: OnDisconnect = attrs.field(
        default="continue",
        metadata=_set_by(
            "choice",
            "when the last client disconnects, write the generation to the log until its end, or cancel it",
            choices=get_args(OnDisconnect),
        ),
    )
    max_body_bytes: int = attrs.field(
        default=65_536, metadata=_set_by("count", "largest request body in bytes")
    )
    body_timeout: float = attrs.field(
        default=10.0, metadata=_set_by("seconds", "time in which the request body must arrive")
    )
    authenticate: Authenticate | None = attrs.field(
        default=None,
        metadata=_set_by(
            "python",
            "it is a function; --jwks, --jwt-secret-file and COMPONENTSTREAM_JWT_SECRET make one",
            optional=True,
            check=lambda value: callable(value) and not isinstance(value, type),
            expected="a function of a request, such as JWTBearer.from_secret(...)",
        ),
    )
    ticket_seconds: float = attrs.field(
        default=30.0,
        metadata=_set_by("seconds", "lifetime of a ticket for an EventSource, at most 30", maximum=30.0),
    )
    near_misses: bool = attrs.field(
        default=False,
        metadata=_set_by("flag", "report lines that look like markers and are text"),
    )
    debug: bool = attrs.field(
        default=False,
        metadata=_set_by("flag", "send debug events to tokens with the claim debug; not for production"),
    )
    allowed_origins: Sequence[str] = attrs.field(
        default=(),
        metadata=_set_by(
            "texts",
            "origin whose pages may call, such as https://app.example.com; by default the same origin only",
            option="allowed_origin",
            expected='a list of origins, such as ["https://app.example.com"]',
        ),
    )
    trusted_proxies: int = attrs.field(
        default=0,
        metadata=_set_by(
            "natural", "number of your own proxies before this server, to find addresses in X-Forwarded-For"
        ),
    )
    rate_limit: str | None = attrs.field(
        default="100/15 minutes",
        metadata=_set_by("text", "most generations of a user in a time, or none", optional=True),
    )
    rate_limit_storage: str = attrs.field(
        default="async+memory://",
        metadata=_set_by(
            "text",
            "where requests are counted: async+memory:// in this process, async+redis://HOST for all workers",
        ),
    )
    max_generations: int = attrs.field(
        default=1000, metadata=_set_by("count", "most concurrent generations in this process")
    )
    max_generations_per_user: int = attrs.field(
        default=10, metadata=_set_by("count", "most concurrent generations of one user")
    )
    max_readers: int = attrs.field(
        default=10_000, metadata=_set_by("count", "most streams that clients read at once in this process")
    )
    max_readers_per_user: int = attrs.field(
        default=100, metadata=_set_by("count", "most streams that one user reads at once")
    )
    shutdown_grace: float = attrs.field(
        default=5.0, metadata=_set_by("seconds", "shutdown grace period", option="grace")
    )
    compress: bool = attrs.field(
        default=False,
        metadata=_set_by(
            "flag", "compress streams; never where one stream mixes secrets and text of strangers"
        ),
    )
    metrics: bool = attrs.field(default=True, metadata=_set_by("flag", "serve GET /metrics"))

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(ServerSettings):
            value = getattr(self, field.name)
            expected = field.metadata["setting"].expected_instead_of(value)
            if expected is not None:
                # Objects and texts are not shown: the URL of a log may hold a password.
                given = shown(value) if field.metadata["setting"].kind in _SHOWN else described(value)
                raise ConfigurationError(f"ServerSettings: {field.name} must be {expected}, not {given}.")
        if not isinstance(self.decoder, str):
            try:
                check_decoder(self.decoder, factory=True)
            except UsageError as error:
                raise ConfigurationError(f"ServerSettings: {error}") from None

    def new_decoder(self) -> Decoder:
        """Return the decoder for one new stream."""
        decoder = DECODERS[self.decoder] if isinstance(self.decoder, str) else self.decoder
        return decoder_of(decoder, self.grammar)

    def new_batcher(self) -> DeltaBatcher:
        """Return the batcher for one new stream."""
        return DeltaBatcher(max_chars=self.batch_chars, max_delay=self.batch_delay)
