"""The settings of the server, each with its reason."""

import math
from collections.abc import Sequence
from typing import Final, Literal, get_args

import attrs

from componentstream.core.catalog import Catalog
from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.log.base import MAX_SECONDS
from componentstream.log.protocol import LEASE_SECONDS, EventLog
from componentstream.server.access.auth import Authenticate
from componentstream.session.batching import DeltaBatcher
from componentstream.session.hooks import Hook
from componentstream.session.lifecycle import Timeouts

OnDisconnect = Literal["continue", "cancel"]
OnStoreFailure = Literal["continue", "fail"]

_BATCHER: Final = "batch_chars and batch_delay are those of a DeltaBatcher"


@attrs.frozen(kw_only=True)
class ServerSettings:
    """How the server treats every request; the defaults suit a model that writes a page.

    Args:
        timeouts: how long a generation may take, and be silent; see :class:`~componentstream.Timeouts`.
        grammar: what markers look like.
        limits: of the parser, for each generation.
        catalog: what is known of components by their names.
        hooks: told of every generation, with the stream's id; see :mod:`componentstream.session.hooks`.
        batch_chars: code points at which held text leaves; see :class:`~componentstream.DeltaBatcher`. 256
            make the frame around the text small, and show no jerks.
        batch_delay: seconds that text is held at most. 0.05 is 20 updates a second, so that text flows.
        heartbeat: seconds of silence after which a heartbeat is sent, None for never. Proxies cut
            connections that were silent for 29 seconds or more, and 15 leave room for one that was late.
        send_timeout: seconds that a reader may take nothing before it is dropped. A phone that changes its
            network is silent for less; one that comes back later goes on after its last id.
        log: where streams are kept. None is a ``MemoryEventLog`` of the application's own, for one process;
            one that you give is yours to close.
        lease: seconds after which a worker that died is taken for dead.
        log_timeout: seconds for which a log that fails is asked again while readers wait.
        on_store_failure: what becomes of a generation when the log fails for longer: ``continue`` sends the
            rest to the readers of this worker, after the error ``not_resumable`` and without ids; ``fail``
            ends it with the error ``log_unavailable``.
        on_disconnect: what becomes of a generation that nobody on its worker reads any more: ``continue``
            goes on into the log until its end, which ``timeouts`` bound, so that the reader finds it whole;
            ``cancel`` ends it at once, so that nobody pays for what is not read. One that was started without
            an idempotency key, and whose reader left before it was told the id, always ends at once.
        max_body_bytes: longest body of a request. 64 KiB is ten pages of prompt; what is longer belongs into
            a store of the application's, named by ``project`` and ``version``.
        body_timeout: seconds in which the body must be there. A phone sends 64 KiB in a few.
        authenticate: says who asks, or refuses; :class:`~componentstream.server.JWTBearer` does it by bearer
            tokens. None takes everybody for the same anonymous user: then whoever knows the id of a stream
            can read it.
        ticket_seconds: how long a ticket for an ``EventSource`` may be used, 30 at most. It is used at once.
        debug: send debug events, to readers whose token has the claim ``debug`` with the value true.
        allowed_origins: the origins whose pages may call, such as ``https://app.example.com``; none by
            default, which leaves the pages of the same origin.
        trusted_proxies: how many proxies of yours a request passes; the address of the client is counted
            from the right of ``X-Forwarded-For`` by it, and the header ignored where it is 0.
        rate_limit: how many generations and tickets a user may ask for, as the package ``limits`` writes it;
            None for any number. 100 in 15 minutes is more than a person asks for.
        rate_limit_storage: where they are counted: ``async+memory://`` counts for this process,
            ``async+redis://...`` for all workers.
        max_generations: most generations at once in this process; more are refused with 503. Each holds a
            connection to the model.
        max_generations_per_user: most generations at once for a user in this process; more are refused with
            429. A person with some tabs open has fewer.
        max_readers: most streams that are being read at once in this process.
        max_readers_per_user: as much for one user.
        shutdown_grace: seconds that open generations may take to end when the server stops.
        compress: compress streams and answers, each event flushed. It saves a fifth to a third of the bytes
            and costs some hundred KiB for each reader. A page that mixes secrets with text of strangers in
            one stream must leave it off (BREACH).
        metrics: answer ``GET /metrics``. It holds counts only, but let no stranger through to it.

    Raises:
        UsageError: a value is out of its range.
    """

    timeouts: Timeouts = Timeouts()
    grammar: Grammar = Grammar()
    limits: Limits = Limits()
    catalog: Catalog | None = None
    hooks: Sequence[Hook] = ()
    batch_chars: int = 256
    batch_delay: float = 0.05
    heartbeat: float | None = 15.0
    send_timeout: float = 20.0
    log: EventLog | None = None
    lease: float = LEASE_SECONDS
    log_timeout: float = 1.0
    on_store_failure: OnStoreFailure = "continue"
    on_disconnect: OnDisconnect = "continue"
    max_body_bytes: int = 65_536
    body_timeout: float = 10.0
    authenticate: Authenticate | None = None
    ticket_seconds: float = 30.0
    debug: bool = False
    allowed_origins: Sequence[str] = ()
    trusted_proxies: int = 0
    rate_limit: str | None = "100/15 minutes"
    rate_limit_storage: str = "async+memory://"
    max_generations: int = 1000
    max_generations_per_user: int = 10
    max_readers: int = 10_000
    max_readers_per_user: int = 100
    shutdown_grace: float = 5.0
    compress: bool = False
    metrics: bool = True

    def __attrs_post_init__(self) -> None:
        for name in _COUNTS:
            if type(value := getattr(self, name)) is not int or value < 1:
                raise UsageError(f"ServerSettings: {name} must be a whole number from 1 up.")
        for name in _SECONDS:
            if not _are_seconds(getattr(self, name)):
                raise UsageError(f"ServerSettings: {name} must be a number of seconds above 0.")
        if self.lease > MAX_SECONDS:
            raise UsageError(f"ServerSettings: lease must be at most {MAX_SECONDS} seconds.")
        if self.heartbeat is not None and not _are_seconds(self.heartbeat):
            raise UsageError("ServerSettings: heartbeat must be a number of seconds above 0, or None.")
        if type(self.trusted_proxies) is not int or self.trusted_proxies < 0:
            raise UsageError("ServerSettings: trusted_proxies must be a whole number from 0 up.")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise UsageError(f"ServerSettings: {name} must be {' or '.join(map(repr, choices))}.")
        try:
            self.new_batcher()
        except UsageError as problem:
            raise UsageError(f"ServerSettings: {_BATCHER}. {problem}") from None

    def new_batcher(self) -> DeltaBatcher:
        """Return the batcher of one more stream."""
        return DeltaBatcher(max_chars=self.batch_chars, max_delay=self.batch_delay)


_COUNTS: Final = (
    "max_body_bytes",
    "max_generations",
    "max_generations_per_user",
    "max_readers",
    "max_readers_per_user",
)
_SECONDS: Final = (
    "send_timeout",
    "lease",
    "log_timeout",
    "body_timeout",
    "ticket_seconds",
    "shutdown_grace",
)
_CHOICES: Final = {"on_disconnect": get_args(OnDisconnect), "on_store_failure": get_args(OnStoreFailure)}


def _are_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
