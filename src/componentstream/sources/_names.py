"""Names of tools and arguments, for messages to developers."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

# A word, since a model may write anything in place of a name.
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_MAX_NAMES: Final = 3

MAX_NAME_CHARS: Final = 65
"""The characters of a name that matter here; with that many it is too long to be shown."""


class Names:
    """The first names of several, each once; false while there are none.

    Args:
        names: Names to begin with.
    """

    def __init__(self, names: Iterable[object] = ()) -> None:
        self._names: list[str] = []
        self.add(*names)

    def add(self, *names: object) -> None:
        """Add names; one that is not a word is left out."""
        for name in names:
            if len(self._names) == _MAX_NAMES:
                return
            if isinstance(name, str) and name not in self._names and _WORD.fullmatch(name):
                self._names.append(str(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __bool__(self) -> bool:
        return bool(self._names)

    def __str__(self) -> str:
        return ", ".join(map(repr, self._names))
