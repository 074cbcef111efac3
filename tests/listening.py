"""Applications served over real sockets."""

import threading
from contextlib import contextmanager

from tests import parts
from tests.timing import WAIT


@contextmanager
def serving(app, port=0, **options):
    """Serve an application with uvicorn, from a thread of its own; give its URL."""
    local_server = parts.module("componentstream.server.serving").LocalServer
    with local_server(app, port=port, **options) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.url
        finally:
            server.stop()
            thread.join(WAIT)
            assert not thread.is_alive()
