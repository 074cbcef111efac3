"""Real servers in their own processes, read over real sockets."""

import http.client
import os
import socket
import struct
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
STARTING = 30.0
STOPPING = 5.0

UVICORN = ["-m", "uvicorn", "--port", "{port}"]
HYPERCORN = ["-m", "hypercorn", "--bind", "127.0.0.1:{port}"]
GUNICORN = ["-m", "gunicorn", "--worker-class", "gthread", "--threads", "8", "--bind", "127.0.0.1:{port}"]

SERVERS = {
    "uvicorn-httptools": [*UVICORN, "app_starlette:app", "--http", "httptools"],
    "uvicorn-h11": [*UVICORN, "app_fastapi:app", "--http", "h11"],
    "hypercorn": [*HYPERCORN, "app_asgi:app"],
    "granian": ["-m", "granian", "--interface", "asgi", "app_starlette:app", "--port", "{port}"],
    "gunicorn": [*GUNICORN, "app_wsgi:app"],
    "aiohttp": ["app_aiohttp.py", "{port}"],
    "django-asgi": [*UVICORN, "app_django:asgi"],
    "django-wsgi": [*GUNICORN, "app_django:wsgi"],
    "flask-werkzeug": ["app_flask.py", "{port}"],
    "flask-gunicorn": [*GUNICORN, "app_flask:app"],
    "litestar": [*UVICORN, "app_litestar:app"],
    "quart": [*HYPERCORN, "app_quart:app"],
    "sanic": ["app_sanic.py", "{port}"],
}
"""The arguments of Python that start each server."""


@contextmanager
def serving(arguments, traces, folder=HERE):
    """Run a server in its folder; give its port when it answers; stop it."""
    port = free_port()
    command = [sys.executable, *(argument.format(port=port) for argument in arguments)]
    environment = {
        **os.environ,
        "TRACES": str(traces),
        "PYTHONPATH": os.pathsep.join([str(folder), str(HERE.parents[1])]),
    }
    log = Path(traces, "server.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(port, process, log)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process, log):
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"{process.args} does not answer: {log.read_text(encoding='utf-8')}")


@contextmanager
def asking(port, path, *, method="GET", headers=(), receive_buffer=None, reset=False, timeout=10.0):
    """Send a request over a socket; give the response, unread; close both, by a reset if that is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with socket.socket() as client:
        client.settimeout(timeout)
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.connect(("127.0.0.1", port))
        connection.sock = client
        connection.request(method, path, headers=dict(headers))
        with connection.getresponse() as response:
            yield response
