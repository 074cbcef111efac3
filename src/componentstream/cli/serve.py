"""``componentstream serve``: the output of a model as resumable streams over HTTP."""

import argparse
import importlib
import inspect
import logging
import os
import re
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from componentstream.cli.output import has_password, say
from componentstream.cli.settings import SECRET_VARIABLE, Option, complete, given_fields, server_options
from componentstream.core.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from componentstream.log import EventLog
    from componentstream.server import Generate, JWTBearer, ServerSettings

_HOST: Final = "127.0.0.1"
_PORT: Final = 8000
_LOG: Final = "sqlite:componentstream.db"
_SLACK: Final = 1.0
"""Seconds on top of the shutdown grace period, which the drain observes by itself."""

_DEBUG: Final = (
    "Debug events are on: clients with the claim debug in their token see the internals of the parser. Leave "
    "it off in production."
)


def serve(given: argparse.Namespace) -> int:
    """Serve a function of the user's until an interrupt or a request to terminate; return the exit status.

    Raises:
        MissingExtraError: The packages of the server are not installed.
        ConfigurationError: An option or an environment variable is wrong; the message says how to correct it.
        UsageError: APP does not name a function, or the server cannot listen on the address.
        OSError: A file cannot be read.
    """
    options = server_options()
    _refuse_passwords(given, options)
    complete(given, options, os.environ)
    authenticate = _authentication(given, os.environ.get(SECRET_VARIABLE, ""))
    settings = _settings(given, options, authenticate)
    generate = load(given.app)
    set_up_logging()
    if settings.debug:
        say(_DEBUG)
    run_until_interrupted(_serve(generate, settings, given))
    return 0


def run_until_interrupted(work: Coroutine[object, object, None]) -> None:
    """Run `work` until it ends, is interrupted from the keyboard, or is asked to terminate (SIGTERM).

    A signal cancels `work`, which closes its resources as usual; it is not an error.
    """
    # The other commands start faster without it.
    import asyncio  # noqa: PLC0415

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(work)
    finally:
        signal.signal(signal.SIGTERM, before)


def load(app: str) -> "Generate":
    """Return the function that MODULE:NAME names.

    The current directory is put at the front of ``sys.path`` and stays there, as with ``python -m``: the
    module is searched for there first, and so is everything that it imports later. If the module raises, its
    traceback is printed on standard error, as the interpreter would show it.

    Raises:
        UsageError: The module does not exist or raised, the name is not in it, or it is not a function.
    """
    module, _, name = app.partition(":")
    if not re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", app):
        raise UsageError(f"APP must be MODULE:NAME, such as my_app:generate, not {app!r}.")
    sys.path.insert(0, str(Path.cwd()))
    found: object = _import(module)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise UsageError(
                f"The module {module!r} does not define {name!r}; name a function that it defines."
            ) from None
        except SystemExit as end:
            raise _ended(module, end) from None
        except Exception as problem:  # noqa: BLE001 - the user's object may raise any exception
            _show(problem)
            raise UsageError(f"Reading {name!r} of {module!r} failed; see the traceback above.") from None
    return _checked(app, found)


def _import(module: str) -> object:
    try:
        return importlib.import_module(module)
    except SystemExit as end:
        raise _ended(module, end) from None
    except Exception as problem:  # noqa: BLE001 - the user's module may raise any exception
        if isinstance(problem, ModuleNotFoundError) and f"{module}.".startswith(f"{problem.name}."):
            raise UsageError(
                f"The module {module!r} is neither in the current directory nor among the installed packages."
            ) from None
        _show(problem)
        raise UsageError(f"Importing the module {module!r} failed; see the traceback above.") from None


def _ended(module: str, end: SystemExit) -> UsageError:
    return UsageError(
        f"Importing the module {module!r} ended the program (sys.exit({end.code!r:.80})); put its commands "
        'under if __name__ == "__main__".'
    )


def _show(problem: Exception) -> None:
    """Print a traceback without the frames of this module and of the import system."""
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
            f"{app} is not a function but of the type {kind}; name a function of a GenerationRequest."
        )
    if _parameters(found) == ["scope", "receive", "send"]:
        raise UsageError(
            f"{app} is an ASGI application: start it with uvicorn, or name the function that generates."
        )
    return found


def _parameters(function: Callable[..., object]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:  # some functions written in C have no signature
        return []


def _refuse_passwords(given: argparse.Namespace, options: Iterable[Option]) -> None:
    """Refuse passwords on the command line; called before the environment fills in the rest."""
    for option in options:
        value = getattr(given, option.name, None)
        if isinstance(value, str) and has_password(value):
            raise ConfigurationError(
                f"Everybody on this machine can read the password in {option.option}: set {option.variable} "
                "instead."
            )


def _authentication(given: argparse.Namespace, secret: str) -> "JWTBearer | None":
    secret_file, jwks = getattr(given, "jwt_secret_file", None), getattr(given, "jwks", None)
    anonymous = getattr(given, "no_auth", False)
    if [bool(secret), bool(secret_file), bool(jwks), anonymous].count(True) != 1:
        raise ConfigurationError(
            f"Choose exactly one of --jwks, --jwt-secret-file, {SECRET_VARIABLE} in the environment, and "
            "--no-auth for a server without authentication."
        )
    audience, issuer = getattr(given, "audience", None), getattr(given, "issuer", None)
    if anonymous:
        if audience is not None or issuer is not None:
            raise ConfigurationError(
                "--no-auth disables the checks of tokens, so leave out --audience and --issuer with it."
            )
        return None
    from componentstream.server import JWTBearer  # noqa: PLC0415 - see server_options

    if audience is None:
        raise ConfigurationError(
            "Set --audience to the claim aud that tokens must have, such as the name of this service."
        )
    if jwks:
        return JWTBearer.from_key_set(jwks, audience=audience, issuer=issuer)
    if secret_file:
        secret_bytes = Path(secret_file).read_bytes().strip()
        return JWTBearer.from_secret(secret_bytes, audience=audience, issuer=issuer)
    # The bytes of the environment, which need not be UTF-8.
    return JWTBearer.from_secret(os.fsencode(secret), audience=audience, issuer=issuer)


def _settings(
    given: argparse.Namespace, options: Iterable[Option], authenticate: "JWTBearer | None"
) -> "ServerSettings":
    """Return the settings, still without a log; a setting that was not given has its default."""
    from componentstream.observe import logging_hook  # noqa: PLC0415 - see server_options
    from componentstream.server import ServerSettings  # noqa: PLC0415

    options = list(options)
    defaults = ServerSettings()
    return ServerSettings(
        authenticate=authenticate,
        hooks=(logging_hook(),),
        timeouts=attrs.evolve(defaults.timeouts, **given_fields(given, options, "timeouts")),
        grammar=attrs.evolve(defaults.grammar, **given_fields(given, options, "grammar")),
        limits=attrs.evolve(defaults.limits, **given_fields(given, options, "limits")),
        **given_fields(given, options),
    )


def set_up_logging() -> None:
    """Log to standard error, unless the user's module has configured logging."""
    if not logging.getLogger().hasHandlers():
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("componentstream").setLevel(logging.INFO)


async def _serve(generate: "Generate", settings: "ServerSettings", given: argparse.Namespace) -> None:
    from componentstream.demo.app import create_page  # noqa: PLC0415 - see server_options
    from componentstream.demo.preview import LivePreview  # noqa: PLC0415
    from componentstream.log import open_log  # noqa: PLC0415
    from componentstream.server import create_app, drain, tune_gc  # noqa: PLC0415
    from componentstream.server.serving import LocalServer  # noqa: PLC0415

    bounds = {
        name.removeprefix("log_"): getattr(given, name)
        for name in ("log_keep", "log_max_entries", "log_call_timeout")
        if name in given
    }
    url = getattr(given, "log", _LOG)
    async with open_log(url, **bounds) as log:
        if url.startswith("sqlite:"):
            await _check_file(log, url)
        settings = attrs.evolve(settings, log=log)
        host, port = getattr(given, "host", _HOST), getattr(given, "port", _PORT)
        page, preview = getattr(given, "page", False), LivePreview()
        if page:
            app = create_page(generate, settings, host=host, preview=preview)
        else:
            app = create_app(generate, settings)
        if page and not preview.serve(app):
            say(preview.message)
        with LocalServer(
            app, host, port, drain=partial(drain, app), grace=settings.shutdown_grace + _SLACK
        ) as server:
            sys.stdout.write(f"componentstream serve: {server.url} (stop it with Ctrl-C)\n")
            sys.stdout.flush()
            tune_gc()
            await server.serve()


async def _check_file(log: "EventLog", url: str) -> None:
    """Write to the file of a log, so that a wrong path is told before the server starts.

    A store on another machine is not checked: it may start after the server.
    """
    from componentstream.log import StoreError  # noqa: PLC0415 - see server_options

    try:
        await log.delete("startup")
    except StoreError as failure:
        cause = failure.__cause__
        # A disk or another process that is busy now does not have to be so later.
        if isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise UsageError(
                f"The file of --log {url} cannot be used: {cause}. Check its directory and its permissions."
            ) from None
