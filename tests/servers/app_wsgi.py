"""The adapter for any WSGI server, without a framework."""

from componentstream.adapters.wsgi import WSGIStream
from tests.servers.scenarios import chunks, options


def app(environ, start_response):
    _, scenario, key = environ["PATH_INFO"].split("/")
    stream = WSGIStream(chunks(scenario, key), **options(scenario))
    return stream(environ, start_response)
