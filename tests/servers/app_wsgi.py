"""The adapter for any WSGI server, without a framework."""

from scenarios import chunks, options

from componentstream.adapters.wsgi import WSGIStream


def app(environ, start_response):
    _, scenario, key = environ["PATH_INFO"].split("/")
    stream = WSGIStream(chunks(scenario, key), **options(scenario))
    return stream(environ, start_response)
