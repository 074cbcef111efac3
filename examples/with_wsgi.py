"""No framework: a WSGI application, here with the threaded server of the standard library.

pip install componentstream
python examples/with_wsgi.py
"""

import json
import os
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIServer, make_server

from model import generate_sync

from componentstream.adapters.wsgi import Environ, StartResponse, WSGIStream


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Stream the page that the prompt asks for, at every path."""
    return WSGIStream(generate_sync(prompt_of(environ)))(environ, start_response)


def prompt_of(environ: Environ) -> str:
    """Return the prompt, from the JSON of a POST or from the query of a GET."""
    if environ["REQUEST_METHOD"] != "POST":
        return parse_qs(environ["QUERY_STRING"]).get("prompt", [""])[0]
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    return json.loads(body).get("prompt", "")


class Server(ThreadingMixIn, WSGIServer):
    """Serves each client in its own thread."""

    daemon_threads = True


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    make_server("127.0.0.1", port, app, Server).serve_forever()
