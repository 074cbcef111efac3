"""``componentstream demo``: the whole way from a request to a page, on this machine."""

import argparse
import sys
from pathlib import Path


def serve_demo(options: argparse.Namespace) -> int:
    """Serve the demonstration until an interrupt from the keyboard; return the exit status.

    Raises:
        MissingExtraError: the packages of the server are not installed.
        UsageError: the file is no recording, or the address cannot be listened at.
        OSError: the file cannot be read.
    """
    # Nothing else on the command line needs the server, or what it depends on.
    from componentstream.server.demonstration import RECORDING, create_recorded_demo  # noqa: PLC0415
    from componentstream.server.serving import LocalServer  # noqa: PLC0415

    recording = RECORDING if options.recording is None else Path(options.recording)
    app = create_recorded_demo(recording, options.rate)
    with LocalServer(app, options.host, options.port) as server:
        sys.stdout.write(f"componentstream demo: {server.url} (stop it with Ctrl-C)\n")
        sys.stdout.flush()
        server.run()
    return 0
