"""``componentstream demo``: the whole path from a request to a page, on this machine."""

import argparse
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from componentstream.cli.serve import run_until_interrupted

_STORE_WAIT: Final = 10.0
"""Seconds. A laptop's disk may be busy with other work, and a demonstration can wait for it."""

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
        ConfigurationError: The file is not a recording.
        UsageError: The server cannot listen on the address.
        OSError: The file cannot be read.
    """
    with TemporaryDirectory(prefix="componentstream-") as directory:
        run_until_interrupted(_serve(options, Path(directory)))
    return 0


async def _serve(options: argparse.Namespace, directory: Path) -> None:
    # Fails with the name of the extra, before the demo fails with the name of one of its packages.
    import_module("componentstream.server")
    from componentstream.demo.app import (  # noqa: PLC0415
        RECORDING,
        TOKEN_SECONDS,
        create_recorded_demo,
    )
    from componentstream.log import open_log  # noqa: PLC0415
    from componentstream.server import drain  # noqa: PLC0415
    from componentstream.server.serving import LocalServer  # noqa: PLC0415

    recording = RECORDING if options.recording is None else Path(options.recording)
    async with open_log(f"sqlite:{directory / 'streams.db'}", call_timeout=_STORE_WAIT) as log:
        app = create_recorded_demo(recording, options.rate, log, options.host)
        with LocalServer(app, options.host, options.port, drain=partial(drain, app)) as server:
            hours = TOKEN_SECONDS // 3600
            token = app.state.new_token()
            sys.stdout.write(_WELCOME.format(url=server.url, token=token, hours=hours))
            sys.stdout.flush()
            await server.serve()
