"""The application of a worker; the environment has its log, the file of the model's notes and the lease."""

import os

from componentstream.log import SQLiteEventLog
from componentstream.log.redis import RedisEventLog
from componentstream.server import ServerSettings, create_app
from componentstream.server.access.auth import Principal
from componentstream.server.errors import RefusedRequestError
from componentstream.session.lifecycle import Timeouts
from tests.kills.upstream import Model

KEEP = 300.0
"""Seconds; longer than any client here reads a stream."""

CALL_TIMEOUT = 10.0
"""Seconds for a call to the store. Only faults make a call fail here, however busy the machine is."""


def open_log(url):
    if url.startswith("redis:"):
        return RedisEventLog.from_url(url, keep=KEEP, call_timeout=CALL_TIMEOUT)
    return SQLiteEventLog(url.removeprefix("sqlite:"), keep=KEEP, call_timeout=CALL_TIMEOUT)


def authenticate(request):
    """Authenticate a user whose bearer token is the name."""
    scheme, _, user = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not user:
        raise RefusedRequestError(401, "unauthorized", "Send a bearer token.")
    return Principal(user)


app = create_app(
    Model(os.environ["KILLS_NOTES"]).generate,
    ServerSettings(
        log=open_log(os.environ["KILLS_LOG"]),
        lease=float(os.environ["KILLS_LEASE"]),
        # Only faults end a stream here, however busy the machine is.
        timeouts=Timeouts(generation=120.0, chunk=60.0),
        log_timeout=10.0,
        authenticate=authenticate,
        rate_limit=None,
        max_generations_per_user=1000,
        max_readers_per_user=1000,
    ),
)
