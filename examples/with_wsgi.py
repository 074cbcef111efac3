"""No framework: a WSGI application, here with the threaded server of the standard library.

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
    """Stream the page that the prompt asks for, at every path."""
    [prompt, *_] = parse_qs(environ["QUERY_STRING"]).get("prompt", [""])
    return WSGIStream(generate_sync(prompt))(environ, start_response)


class Server(ThreadingMixIn, WSGIServer):
    """Serves each client in its own thread."""

    daemon_threads = True


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    make_server("127.0.0.1", port, app, Server).serve_forever()
