"""The language of the markers: its constants, and the settings that a caller may change."""

import string
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import attrs

from componentstream.core.arguments import shown
from componentstream.core.errors import ConfigurationError

WHITE: Final = (
    " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
"""The white space of the protocol; it does not include line ends."""

PUNCTUATION: Final = string.punctuation
"""The 32 ASCII signs that recovery passes over."""

POSITIONS: Final = frozenset(
    {
        "header", "main", "footer", "nav", "sidebar", "hero", "features", "testimonials", "pricing", "cta",
        "contact", "content", "stats", "faq", "team", "custom", "root",
    }
)  # fmt: skip
"""The positions on a page that a component may name by default."""

MAX_NAME_CHARS: Final = 128
MAX_KEY_CHARS: Final = 64
MAX_ATTRIBUTES: Final = 16
MAX_INFO_CHARS: Final = 128

Nesting: TypeAlias = Literal["sections", "nest", "close", "text"]
Fences: TypeAlias = Literal["strip", "keep"]
Outside: TypeAlias = Literal["emit", "discard"]


def _positions(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise ConfigurationError("Grammar: positions must be a set of names, not a single string.")
    try:
        return frozenset(names)
    except TypeError:
        problem = f"Grammar: positions must be a set of names, not {shown(names)}."
        raise ConfigurationError(problem) from None


def _is_lower_case(name: object) -> bool:
    return isinstance(name, str) and name == name.lower()


@attrs.frozen(kw_only=True)
class Grammar:
    """The language of the markers and how to handle them; the defaults are those of the protocol.

    Args:
        prefix: the first characters of a marker line, after white space.
        start: the keyword that opens a component, ASCII letters.
        end: the keyword that closes it.
        positions: the allowed values of ``position``, in lower case.
        default_position: the position of a component whose START omits it or names an unknown one.
        strict: whether an unknown position makes the marker malformed, instead of selecting the default; it
            turns ``recover`` off too.
        recover: whether a faulty marker line whose meaning is clear acts all the same, with its error.
        nesting: the effect of a START inside a component. ``sections``: one with a position closes the open
            components up to the innermost in position ``root`` and begins a section; any other, or a part
            such as ``Menu.Item`` inside ``Menu``, opens a child. ``nest``: it always opens a child.
            ``close``: it closes all open components. ``text``: the line is text.
        fences: ``strip`` drops the Markdown fences that models put around components and their bodies,
            ``keep`` treats them like any other text.
        outside: ``emit`` delivers the text between components in text blocks, ``discard`` drops it.

    Raises:
        ConfigurationError: a value is invalid.
    """

    prefix: str = "///"
    start: str = "START"
    end: str = "END"
    positions: frozenset[str] = attrs.field(default=POSITIONS, converter=_positions)
    default_position: str = "main"
    strict: bool = False
    recover: bool = True
    nesting: Nesting = "sections"
    fences: Fences = "strip"
    outside: Outside = "emit"

    def __attrs_post_init__(self) -> None:
        for name in ("prefix", "start", "end", "default_position"):
            if not isinstance(getattr(self, name), str):
                value = shown(getattr(self, name))
                raise ConfigurationError(f"Grammar: {name} must be a str, not {value}.")
        for name in ("strict", "recover"):
            if not isinstance(getattr(self, name), bool):
                value = shown(getattr(self, name))
                raise ConfigurationError(f"Grammar: {name} must be True or False, not {value}.")
        # The automaton relies on a prefix without white space, backticks and tildes: they decide alone.
        if not self.prefix or not self.prefix.isprintable() or set(self.prefix) & set(WHITE + "`~"):
            raise ConfigurationError(
                "Grammar: prefix must be printable characters without white space, backticks and tildes."
            )
        for keyword in (self.start, self.end):
            if not (keyword.isascii() and keyword.isalpha()):
                raise ConfigurationError(
                    f"Grammar: a keyword must be one or more ASCII letters, not {shown(keyword)}."
                )
        if self.start == self.end:
            raise ConfigurationError("Grammar: start and end must be different keywords.")
        for position in self.positions:
            if not _is_lower_case(position):
                raise ConfigurationError(
                    f"Grammar: positions must be names in lower case; {shown(position)} is not."
                )
        if self.default_position not in self.positions:
            raise ConfigurationError("Grammar: default_position must be one of positions; pass both.")
        for name, choices in (
            ("nesting", ("sections", "nest", "close", "text")),
            ("fences", ("strip", "keep")),
            ("outside", ("emit", "discard")),
        ):
            if getattr(self, name) not in choices:
                raise ConfigurationError(f"Grammar: {name} must be one of {', '.join(choices)}.")
