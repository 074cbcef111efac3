"""Other push parsers, given the same components in their own format, delivering our events.

Each is driven as its documentation says, makes one :class:`ContentBlockDelta` of each piece of data that it
is called back with, and hands out the events of a chunk as a list, as our parser does.
"""

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pyexpat import ParserCreate
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import attrs
from workloads import Feeder, Workload

from componentstream import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    TextBlock,
)

EXTRA: Final = "componentstream[bench]"

_BOUNDARY: Final = "4f1d0a7c93b84e1d8f25a6c0e7b9d312"
_PROSE: Final = "prose."
_EXPAT_BUFFER: Final = 262_144


def to_xml(workload: Workload) -> str:
    """Return the blocks of the workload as elements of an XML document."""
    elements = (
        f"<block name={quoteattr(name)}>{escape(block.text, {chr(13): '&#13;'})}</block>"
        for name, block in zip(_names(workload), workload.blocks, strict=True)
    )
    return f"<stream>{''.join(elements)}</stream>"


def to_form_data(workload: Workload) -> str:
    """Return the blocks of the workload as parts of a ``multipart/form-data`` body."""
    parts = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{block.text}\r\n'
        for name, block in zip(_names(workload), workload.blocks, strict=True)
    )
    return f"{''.join(parts)}--{_BOUNDARY}--\r\n"


def _names(workload: Workload) -> list[str]:
    return [block.name or f"{_PROSE}{number}" for number, block in enumerate(workload.blocks)]


class _Adapter:
    """What the adapters share: the events of the chunk and the index of the block."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._index = -1

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _start(self, name: str) -> None:
        self._index += 1
        block = TextBlock() if name.startswith(_PROSE) else ComponentBlock(name, "main")
        self._events.append(ContentBlockStart(self._index, block))

    def _stop(self) -> None:
        self._events.append(ContentBlockStop(self._index, "end", 0))


class Expat(_Adapter):
    """The C parser of the standard library."""

    def __init__(self, _: Workload) -> None:
        super().__init__()
        self._parser = ParserCreate("utf-8")
        self._parser.buffer_text = True
        # Large enough that the largest chunk comes in one piece.
        self._parser.buffer_size = _EXPAT_BUFFER
        self._parser.StartElementHandler = self._on_start
        self._parser.EndElementHandler = self._on_end
        self._parser.CharacterDataHandler = self._on_data

    def feed(self, data: bytes) -> list[Event]:
        """Return the events of a chunk."""
        self._parser.Parse(data, False)  # noqa: FBT003 - it takes no keywords
        return self._take()

    def close(self) -> list[Event]:
        """Return the last events."""
        self._parser.Parse(b"", True)  # noqa: FBT003 - it takes no keywords
        return self._take()

    def _on_start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "block":
            self._start(attributes["name"])

    def _on_end(self, tag: str) -> None:
        if tag == "block":
            self._stop()

    def _on_data(self, text: str) -> None:
        self._events.append(ContentBlockDelta(self._index, text))


class PythonMultipart(_Adapter):
    """``MultipartParser`` of python-multipart, pure Python with callbacks."""

    def __init__(self, _: Workload) -> None:
        from python_multipart.multipart import (  # noqa: PLC0415 - it may be missing
            MultipartParser,
            parse_options_header,
        )

        super().__init__()
        self._options = parse_options_header
        self._header = b""
        self._parser = MultipartParser(
            _BOUNDARY,
            {
                "on_part_begin": self._on_begin,
                "on_header_value": self._on_header_value,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._stop,
            },
        )

    def feed(self, data: bytes) -> list[Event]:
        """Return the events of a chunk."""
        self._parser.write(data)
        return self._take()

    def close(self) -> list[Event]:
        """Return the last events."""
        self._parser.finalize()
        return self._take()

    def _on_begin(self) -> None:
        self._header = b""

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_headers(self) -> None:
        _, options = self._options(self._header)
        self._start(options[b"name"].decode())

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(ContentBlockDelta(self._index, data[start:end].decode()))


class Multipart(_Adapter):
    """``PushMultipartParser`` of multipart, pure Python, a generator."""

    def __init__(self, _: Workload) -> None:
        from multipart import MultipartSegment, PushMultipartParser  # noqa: PLC0415 - it may be missing

        super().__init__()
        self._segment = MultipartSegment
        self._parser = PushMultipartParser(_BOUNDARY)

    def feed(self, data: bytes) -> list[Event]:
        """Return the events of a chunk."""
        for item in self._parser.parse(data):
            if item is None:
                self._stop()
            elif isinstance(item, self._segment):
                self._start(item.name)
            else:
                self._events.append(ContentBlockDelta(self._index, item.decode()))
        return self._take()

    def close(self) -> list[Event]:
        """Return the last events."""
        self._parser.close()
        return self._take()


class StreamingFormData(_Adapter):
    """streaming-form-data, Cython, with targets that are registered before the first chunk."""

    def __init__(self, workload: Workload) -> None:
        from streaming_form_data import StreamingFormDataParser  # noqa: PLC0415 - it may be missing
        from streaming_form_data.targets import BaseTarget  # noqa: PLC0415 - it may be missing

        super().__init__()
        adapter = self

        class Target(BaseTarget):  # type: ignore[misc]
            def __init__(self, name: str) -> None:
                super().__init__()
                self._name = name

            def on_start(self) -> None:
                adapter._start(self._name)

            def on_data_received(self, chunk: bytes) -> None:
                adapter._events.append(ContentBlockDelta(adapter._index, chunk.decode()))

            def on_finish(self) -> None:
                adapter._stop()

        self._parser = StreamingFormDataParser(
            headers={"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        )
        for name in _names(workload):
            self._parser.register(name, Target(name))

    def feed(self, data: bytes) -> list[Event]:
        """Return the events of a chunk."""
        self._parser.data_received(data)
        return self._take()

    def close(self) -> list[Event]:
        """Return the last events; it has no end of its own."""
        return self._take()


@attrs.frozen
class Peer:
    """A parser to compare with, and how to write a workload for it."""

    name: str
    module: str
    make: Callable[[Workload], Feeder[bytes]]
    write: Callable[[Workload], str]

    @property
    def missing(self) -> bool:
        """Whether it is not installed."""
        return find_spec(self.module) is None


PEERS: Final = (
    Peer("expat", "pyexpat", Expat, to_xml),
    Peer("python-multipart", "python_multipart", PythonMultipart, to_form_data),
    Peer("multipart", "multipart", Multipart, to_form_data),
    Peer("streaming-form-data", "streaming_form_data", StreamingFormData, to_form_data),
)


def missing(peers: Iterable[Peer] = PEERS) -> dict[str, str]:
    """Return the peers that are not installed, each with the command that installs it."""
    return {peer.name: f"pip install '{EXTRA}'" for peer in peers if peer.missing}
