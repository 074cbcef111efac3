"""A server of this process that answers with recorded responses, for the real libraries of providers."""

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

SSE = "text/event-stream"


class Handler(BaseHTTPRequestHandler):
    """Answers every request with the response that the test has set."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", self.server.media_type)
        self.end_headers()
        for at in range(0, len(self.server.body), 700):
            self.wfile.write(self.server.body[at : at + 700])

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture(scope="module")
def home():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.media_type = SSE
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def url(home):
    return f"http://127.0.0.1:{home.server_port}"


@pytest.fixture(autouse=True)
def _no_other_network(monkeypatch):
    connect = socket.socket.connect

    def connect_at_home(self, address):
        assert address[0] == "127.0.0.1", f"a connection to {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_at_home)


@pytest.fixture
def answers(home, monkeypatch):
    """Return a function that sets the response of the server."""

    def answer(body, media_type=SSE):
        monkeypatch.setattr(home, "body", body, raising=False)
        monkeypatch.setattr(home, "media_type", media_type)

    return answer
