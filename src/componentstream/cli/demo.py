"""``componentstream demo``: the full path from a request to a rendered page, on this machine."""

import argparse
import sys
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from componentstream.cli.output import say
from componentstream.cli.serve import load, run_until_interrupted, set_up_logging
from componentstream.core.errors import ConfigurationError

if TYPE_CHECKING:
    from componentstream.server import Generate

_STORE_WAIT: Final = 10.0
"""Seconds. A laptop's disk may be busy with other work, and a demonstration can wait for it."""

_RATE: Final = 2.0
"""Default speed: a page appears within two seconds, and a person can still watch how."""

_WELCOME: Final = """\
componentstream demo: {url} (stop it with Ctrl-C)

The page has a token of its own. To try the API by hand, use this one; it is valid for {hours} hours:

token={token}
curl --no-buffer --include {url}api/generate --header "Authorization: Bearer $token" \\
    --header 'Content-Type: application/json' --data '{{"prompt": "a page"}}'

Interrupt it, and resume after event 5 of the stream named by the header Stream-Id:

curl --no-buffer {url}api/streams/STREAM --header "Authorization: Bearer $token" --header 'Last-Event-ID: 5'
"""


def serve_demo(options: argparse.Namespace) -> int:
    """Serve the demo until an interrupt or a request to terminate; return the exit status.

    Raises:
        MissingExtraError: The packages of the server are not installed.
        ConfigurationError: The file is not a recording, or an option does not fit a model.
        UsageError: APP does not name a function, or the server cannot listen on the address.
        OSError: The file cannot be read.
    """
    # Fails with the name of the extra, before the demo fails with the name of one of its packages.
    import_module("componentstream.server")
    generate = _model(options)
    with TemporaryDirectory(prefix="componentstream-") as directory:
        run_until_interrupted(_serve(generate, options, Path(directory)))
    return 0


def _model(options: argparse.Namespace) -> "Generate | None":
    if options.app is None:
        return None
    for name in ("recording", "rate"):
        if getattr(options, name) is not None:
            raise ConfigurationError(f"--{name} is about recordings; leave it out with {options.app}.")
    generate = load(options.app)
    set_up_logging()
    return generate


async def _serve(generate: "Generate | None", options: argparse.Namespace, directory: Path) -> None:
    from componentstream.demo.app import (  # noqa: PLC0415 - see serve_demo
        TOKEN_SECONDS,
        create_model_demo,
        create_recorded_demo,
    )
    from componentstream.demo.playing import recordings  # noqa: PLC0415
    from componentstream.demo.preview import LivePreview  # noqa: PLC0415
    from componentstream.log import open_log  # noqa: PLC0415
    from componentstream.server import drain  # noqa: PLC0415
    from componentstream.server.serving import LocalServer  # noqa: PLC0415

    preview = LivePreview()
    async with open_log(f"sqlite:{directory / 'streams.db'}", call_timeout=_STORE_WAIT) as log:
        if generate is None:
            first = None if options.recording is None else Path(options.recording)
            rate = _RATE if options.rate is None else options.rate
            app = create_recorded_demo(recordings(first), rate, log, options.host, preview)
        else:
            app = create_model_demo(generate, log, options.host, preview)
        with LocalServer(app, options.host, options.port, drain=partial(drain, app)) as server:
            async with preview.building(app, say) if options.preview else nullcontext():
                hours = TOKEN_SECONDS // 3600
                token = app.state.new_token()
                sys.stdout.write(_WELCOME.format(url=server.url, token=token, hours=hours))
                sys.stdout.flush()
                await server.serve()
