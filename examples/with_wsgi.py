"""No framework: a WSGI application, for any server that runs one; here with Python's own and a thread each.

pip install componentstream
python examples/with_wsgi.py
"""

import os
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIServer, make_server

from model import generate_sync

from componentstream.adapters.wsgi import Environ, StartResponse, WSGIStream


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Stream the page that is asked for, at every path."""
    [prompt, *_] = parse_qs(environ["QUERY_STRING"]).get("prompt", [""])
    return WSGIStream(generate_sync(prompt))(environ, start_response)


class Server(ThreadingMixIn, WSGIServer):
    """Answers several readers at a time."""

    daemon_threads = True


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    make_server("127.0.0.1", port, app, Server).serve_forever()
