"""A minimal HTTP client that reads a stream of events and notices where it was cut off."""

import asyncio
import json
from contextlib import asynccontextmanager

import attrs


class BrokenError(Exception):
    """The connection was refused, or ended before the response."""


@attrs.frozen
class Answer:
    """The head of a response, with access to its body.

    Attributes:
        status: HTTP status.
        headers: Headers, with names in lower case.
    """

    status: int
    headers: dict
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    async def pieces(self):
        """Yield the body in pieces as they arrive."""
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            length = int(self.headers.get("content-length", "0"))
            yield await _got(self._reader.readexactly(length))
            return
        while size := int(await _line(self._reader), 16):
            yield (await _got(self._reader.readexactly(size + 2)))[:-2]

    async def body(self):
        """Return the whole body."""
        return b"".join([piece async for piece in self.pieces()])

    async def events(self):
        """Yield ID, None without one, and data of each event; the data is a single line."""
        held = b""
        async for piece in self.pieces():
            *blocks, held = (held + piece).split(b"\n\n")
            for block in blocks:
                fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if line[:1] != b":")
                yield int(fields[b"id"]) if b"id" in fields else None, fields[b"data"]

    def abort(self):
        """Reset the connection instead of closing it."""
        self._writer.transport.abort()


@asynccontextmanager
async def asking(port, method, path, *, user, headers=(), content=None):
    """Send a request on a connection of its own; yield the response when its head has arrived.

    Raises:
        BrokenError: The response did not arrive, or, inside the block, did not end.
    """
    reader, writer = await _got(asyncio.open_connection("127.0.0.1", port))
    try:
        body = b"" if content is None else json.dumps(content).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += [f"Authorization: Bearer {user}", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json"] if body else []
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        status = int((await _line(reader)).split()[1])
        received = {}
        while line := await _line(reader):
            name, _, value = line.partition(":")
            received[name.lower()] = value.strip()
        yield Answer(status, received, reader, writer)
    finally:
        writer.close()


async def _line(reader):
    line = await _got(reader.readuntil(b"\r\n"))
    return line.decode("latin-1").removesuffix("\r\n")


async def _got(coming):
    try:
        return await coming
    except (OSError, EOFError) as error:
        raise BrokenError from error
