"""``componentstream serve``: the answers of a model, as resumable streams over HTTP."""

import argparse
import importlib
import inspect
import logging
import math
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from componentstream.cli.configuration import PREFIX, complete
from componentstream.cli.output import say
from componentstream.core.errors import UsageError
from componentstream.session.lifecycle import Timeouts

if TYPE_CHECKING:
    from componentstream.server import Generate, JWTBearer, ServerSettings

_HOST: Final = "127.0.0.1"
_PORT: Final = 8000
_LOG: Final = "sqlite:componentstream.db"
_SLACK: Final = 1.0
"""Seconds on top of the grace, which the drain keeps by itself."""

_SECRET: Final = f"{PREFIX}JWT_SECRET"
_PASSWORD: Final = re.compile("://[^/@]*:[^@]*@|[?&]password=")
_PLAIN: Final = (
    "trusted_proxies",
    "rate_limit_storage",
    "max_generations",
    "max_generations_per_user",
    "on_disconnect",
    "on_store_failure",
    "compress",
    "debug",
)
"""What the settings of the server have under the same name."""

_DEBUG: Final = (
    "Debug events are on: whoever has a token with the claim debug sees the inside of the parser. Leave it "
    "off in production."
)


def serve(options: argparse.Namespace) -> int:
    """Serve a function of the user's until an interrupt or a request to terminate; return the exit status.

    Raises:
        MissingExtraError: the packages of the server are not installed.
        UsageError: an option, a variable of the environment or APP is wrong; the message says what to do.
        OSError: a file cannot be read.
    """
    # Nothing else on the command line needs the server, or what it depends on.
    from componentstream.cli.running import run_until_interrupted  # noqa: PLC0415

    _refuse_passwords(options)
    complete(options, os.environ)
    authenticate = _authentication(options, os.environ.get(_SECRET, ""))
    settings = _settings(options, authenticate)
    generate = load(options.app)
    _set_up_logging()
    if options.debug:
        say(_DEBUG)
    run_until_interrupted(_serve(generate, settings, options))
    return 0


def load(app: str) -> "Generate":
    """Return the function that MODULE:NAME names.

    Its module is looked for in the current directory first. If it raises, its traceback goes to standard
    error, as the interpreter would show it.

    Raises:
        UsageError: there is no such module, it raised, it has no such name, or that is no function to serve.
    """
    module, _, name = app.partition(":")
    if not re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", app):
        raise UsageError(f"APP must be MODULE:NAME, such as my_app:generate, not {app!r}.")
    sys.path.insert(0, str(Path.cwd()))
    found: object = _import(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(f"The module {module!r} has no {name!r}; name a function that it has.")
        found = getattr(found, part)
    return _checked(app, found)


def _import(module: str) -> object:
    try:
        return importlib.import_module(module)
    except Exception as problem:  # noqa: BLE001 - whatever the user's module raises
        if isinstance(problem, ModuleNotFoundError) and f"{module}.".startswith(f"{problem.name}."):
            raise UsageError(
                f"There is no module {module!r}, in the current directory or among what is installed."
            ) from None
        _show(problem)
        raise UsageError(f"The module {module!r} failed when it was imported, as shown above.") from None


def _show(problem: Exception) -> None:
    """Print a traceback without what brought the interpreter to the module."""
    frames = problem.__traceback__
    own = (__file__, importlib.__file__)
    while frames is not None and (
        (path := frames.tb_frame.f_code.co_filename) in own or path.startswith("<frozen importlib")
    ):
        frames = frames.tb_next
    traceback.print_exception(problem.with_traceback(frames))


def _checked(app: str, found: object) -> "Generate":
    if not callable(found):
        kind = type(found).__name__
        raise UsageError(
            f"{app} is no function but of the type {kind}; name one that takes a GenerationRequest."
        )
    if _parameters(found) == ["scope", "receive", "send"]:
        raise UsageError(
            f"{app} is an application already: start it with uvicorn, or name the function that generates."
        )
    return found


def _parameters(function: Callable[..., object]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:  # some that are written in C have none
        return []


def _refuse_passwords(options: argparse.Namespace) -> None:
    for name in ("log", "rate_limit_storage"):
        if _PASSWORD.search(getattr(options, name) or ""):
            option = name.replace("_", "-")
            raise UsageError(
                f"Everybody on this machine sees the password in --{option}: set {PREFIX}{name.upper()} "
                "instead."
            )


def _authentication(options: argparse.Namespace, secret: str) -> "JWTBearer | None":
    ways = [
        bool(secret),
        options.jwt_secret_file is not None,
        options.jwks is not None,
        bool(options.no_auth),
    ]
    if ways.count(True) != 1:
        raise UsageError(
            f"Say in one way who may come in: by tokens, with --jwks, --jwt-secret-file or {_SECRET}, or "
            "everybody, with --no-auth."
        )
    if options.no_auth:
        return None
    from componentstream.server import JWTBearer  # noqa: PLC0415 - see serve

    if options.audience is None:
        raise UsageError(
            "Say with --audience what the claim aud of the tokens has, such as the name of this service."
        )
    claims = {"audience": options.audience, "issuer": options.issuer}
    if options.jwks is not None:
        return JWTBearer.from_key_set(options.jwks, **claims)
    if options.jwt_secret_file is not None:
        return JWTBearer.from_secret(Path(options.jwt_secret_file).read_bytes().strip(), **claims)
    return JWTBearer.from_secret(secret, **claims)


def _settings(options: argparse.Namespace, authenticate: "JWTBearer | None") -> "ServerSettings":
    """Return the settings, still without a log; what nobody said is left at its default."""
    from componentstream.observe import logging_hook  # noqa: PLC0415 - see serve
    from componentstream.server import ServerSettings  # noqa: PLC0415

    given = {name: getattr(options, name) for name in _PLAIN}
    given["allowed_origins"] = options.allowed_origin
    given["shutdown_grace"] = options.grace
    times = {"generation": options.generation_timeout, "chunk": options.chunk_timeout}
    chosen = {name: value for name, value in given.items() if value is not None}
    if options.rate_limit is not None:
        chosen["rate_limit"] = None if options.rate_limit == "none" else options.rate_limit
    return ServerSettings(
        authenticate=authenticate,
        hooks=(logging_hook(),),
        timeouts=Timeouts(
            **{
                name: None if value == math.inf else value
                for name, value in times.items()
                if value is not None
            }
        ),
        **chosen,
    )


def _set_up_logging() -> None:
    """Log to standard error, unless the user's module has set up something else."""
    if not logging.getLogger().hasHandlers():
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("componentstream").setLevel(logging.INFO)


async def _serve(generate: "Generate", settings: "ServerSettings", options: argparse.Namespace) -> None:
    from componentstream.log import open_log  # noqa: PLC0415
    from componentstream.server import create_app  # noqa: PLC0415
    from componentstream.server.serving import LocalServer, tune_gc  # noqa: PLC0415

    async with open_log(_LOG if options.log is None else options.log) as log:
        settings = attrs.evolve(settings, log=log)
        app = create_app(generate, settings)
        host = _HOST if options.host is None else options.host
        port = _PORT if options.port is None else options.port
        with LocalServer(
            app, host, port, drain=app.state.streams.drain, grace=settings.shutdown_grace + _SLACK
        ) as server:
            sys.stdout.write(f"componentstream serve: {server.url} (stop it with Ctrl-C)\n")
            sys.stdout.flush()
            tune_gc()
            await server.serve()
