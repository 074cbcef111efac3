"""Canaries: what generated code would reach, were it able to leave its frame."""

import json
import socket
import threading
from contextlib import contextmanager, suppress

ZONE = "canary-of-the-preview.test"
"""Every name that is to be looked up ends so; nothing else asks for it."""


class Canaries:
    """A TCP and a UDP port on this machine that note who calls; names are in the browser's log.

    ``label`` says what is running, for the notes.
    """

    def __init__(self):
        self._sockets = [
            socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        ]
        self.tcp, self.udp = [], []
        self.label = ""
        for own in self._sockets:
            own.bind(("127.0.0.1", 0))
        self._sockets[0].listen(100)
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._accept, self._receive)]

    def fill(self, source, number, host):
        """Return the source of a component with the addresses of these canaries."""
        (_, tcp), (_, udp) = (own.getsockname() for own in self._sockets)
        addresses = {
            "$TCP": f"http://127.0.0.1:{tcp}/attack-{number}",
            "$UDP": f"127.0.0.1:{udp}",
            "$DNS": f"attack-{number}.{ZONE}",
            "$HOST": f"{host.rstrip('/')}/secret-{number}",
        }
        for name, address in addresses.items():
            source = source.replace(name, address)
        return source

    def _accept(self):
        while True:
            try:
                connection, _ = self._sockets[0].accept()
            except OSError:
                return
            connection.settimeout(1)
            try:
                data = connection.recv(2048)
            except OSError:
                data = b""
            request = data.partition(b"\r\n")[0].decode("latin-1") or "a connection without a request"
            self.tcp.append(f"{self.label}: {request}")
            connection.close()

    def _receive(self):
        while True:
            try:
                data, _ = self._sockets[1].recvfrom(2048)
            except OSError:
                return
            if data:
                self.udp.append(f"{self.label}: {len(data)} bytes")

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        for own in self._sockets:
            # A socket without a peer cannot be shut down; the attempt wakes its reader all the same.
            with suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)
            own.close()
        for thread in self._threads:
            thread.join(5)


@contextmanager
def logged_chromium(playwright, path, log):
    """Start a browser that logs all that its network does to a file, complete once it has closed."""
    arguments = ["--no-sandbox", f"--log-net-log={log}", "--net-log-capture-mode=Everything"]
    browser = playwright.chromium.launch(executable_path=path, args=arguments)
    try:
        yield browser
    finally:
        browser.close()


def looked_up(log):
    """Return the names below the zone that a browser has looked up, from its log."""
    text = log.read_text(encoding="utf-8", errors="replace")
    events = json.loads(text)["events"]
    assert len(events) > 100, "the log of the browser's network is empty"
    found = set()
    for event in events:
        words = (
            json.dumps(event.get("params", {})).replace('"', " ").replace("/", " ").replace(":", " ").split()
        )
        found |= {word.rstrip("\\") for word in words if ZONE in word}
    return sorted(found)
