"""Components as files of one directory.

The names come from a model and are not trusted. A file lies directly in the directory, under a name of ASCII
letters, digits, underscores, hyphens and dots that no system treats as a device. It is opened only if it can
be created: an existing file or link of that name is neither followed nor changed.
"""

import re
from pathlib import Path

from componentstream.cli.output import utf8
from componentstream.core.buffer import Component

_LONGEST = 128
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:\.|\Z)", re.IGNORECASE)


class ComponentFiles:
    """Writes each component to a file of its own.

    A second ``Hero`` becomes ``Hero-2``, and so does a ``Hero`` or ``HERO`` if the directory has a ``hero``,
    so that the result is the same on systems that ignore case. A component with the name of a Windows device
    is written as ``_Con``.

    Args:
        directory: The directory; created if it is missing.
        suffix: The end of the file names, such as ``.tsx``.

    Raises:
        OSError: The directory cannot be created or read.
    """

    def __init__(self, directory: str, suffix: str) -> None:
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        self._suffix = suffix
        self._taken = {path.name.casefold() for path in self._directory.iterdir()}
        self._counts: dict[str, int] = {}

    def write(self, component: Component) -> Path:
        """Write the text of a component in UTF-8, with its line ends unchanged; return the path.

        Raises:
            OSError: The file cannot be written.
        """
        stem = _stem(component.name)
        while True:
            count = self._counts[stem.casefold()] = self._counts.get(stem.casefold(), 0) + 1
            name = f"{stem}-{count}{self._suffix}" if count > 1 else f"{stem}{self._suffix}"
            if name.casefold() in self._taken:
                continue
            self._taken.add(name.casefold())
            path = self._directory / name
            try:
                with path.open("xb") as file:
                    file.write(utf8(component.text))
            except FileExistsError:  # another process created it since the directory was read
                continue
            return path


def _stem(name: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9_.]", "_", name)[:_LONGEST].strip(".") or "_"
    return f"_{stem}" if _DEVICE.match(stem) else stem
