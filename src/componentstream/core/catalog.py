"""Describe the components that a page expects, and find the names that a source text uses.

A :class:`Catalog` tells a :class:`~componentstream.ComponentBuffer` which components are critical and which
are compound, that is, consist of parts::

    catalog = Catalog([
        ComponentSpec("HeroSection", critical=True),
        ComponentSpec("Menu", parts=("Item", "Label")),
    ])

``missing_parts`` and ``used_components`` read source text with regular expressions. They are heuristics, not
a JavaScript parser: on unusual text they guess, so do not rely on them for correctness or security.
"""

import re
from collections.abc import Collection, Iterable, Iterator

import attrs

from componentstream.core.arguments import shown
from componentstream.core.errors import ConfigurationError
from componentstream.core.grammar import MAX_NAME_CHARS

_IDENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")

# Each alternative consumes its match or fails at most once per line and kind of quote, so the time is linear.
# A quote after a letter or a closing bracket is an apostrophe in the text of an element, two slashes after a
# colon are part of a URL there, and three backticks are a Markdown fence.
_NO_CODE = re.compile(
    r"""
      (?<!:)//[^\n]*+
    | /\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?
    | `{3,}+
    | `[^`\\]*+(?:\\[\s\S][^`\\]*+)*+\\?`?
    | (?<![\w$\\)\]}])"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"
    | (?<![\w$\\)\]}])'[^'\\\n]*+(?:\\[^\n][^'\\\n]*+)*+'
    """,
    re.VERBOSE,
)

# The lookahead tells a tag such as `<Button ` from the type parameters `<T,` and `<T extends`.
_TAG = re.compile(
    r"(?<![\w$])<([A-Z][\w$]*+(?:\.[A-Za-z_$][\w$]*+)*+)(?=[\s/><{]|\Z)(?!\s++extends\b)",
)


def _parts(parts: Iterable[str]) -> tuple[str, ...]:
    if isinstance(parts, str):
        # A string is an iterable of characters, each of which would pass as a name.
        raise ConfigurationError(f"parts must be several names, such as ({parts!r},), not a single string.")
    if not isinstance(parts, Iterable):
        raise ConfigurationError(f"parts must be several names, such as ('Item',), not {shown(parts)}.")
    return tuple(parts)


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_NAME_CHARS and pattern.fullmatch(value) is not None


@attrs.frozen
class ComponentSpec:
    """The expectations for all components of one name.

    Args:
        name: the exact name, as in ``/// START name``.
        parts: the parts of a compound component, without the name of the whole: ``("Item", "Label")`` for a
            ``Menu`` with ``Menu.Item`` and ``Menu.Label``. Each once, in the order in which missing ones are
            listed.
        critical: the page is useless without it. A session fails, with a retryable error, if a critical
            component does not end properly.
        description: the purpose and the attributes of the component, for the prompt of a model (see
            ``componentstream.prompt``).

    Raises:
        ConfigurationError: the name or a part is invalid, a part occurs twice, or the description is not a
            str.
    """

    name: str
    parts: tuple[str, ...] = attrs.field(default=(), converter=_parts)
    critical: bool = False
    description: str = ""

    def __attrs_post_init__(self) -> None:
        if not _is(_NAME, self.name):
            raise ConfigurationError(
                f"{self.name!r} is not a component name: write letters, digits and underscores, a letter "
                f"first, with dots between such words, {MAX_NAME_CHARS} characters at most."
            )
        for part in self.parts:
            if not _is(_IDENT, part):
                raise ConfigurationError(
                    f"{part!r} is not a part of {self.name}: write letters, digits and underscores, a letter "
                    "first, without the name of the whole."
                )
        if not isinstance(self.critical, bool):
            raise ConfigurationError(f"{self.name}: critical must be True or False.")
        if len(set(self.parts)) < len(self.parts):
            raise ConfigurationError(f"{self.name}: a part occurs twice; list each part once.")
        if not isinstance(self.description, str):
            raise ConfigurationError(
                f"{self.name}: description must be a str, not {shown(self.description)}."
            )

    def missing_parts(self, text: str, nested: Collection[str] = ()) -> tuple[str, ...]:
        """Return the parts that a component of this name lacks, in the order of ``parts``.

        A part ``Item`` of ``Menu`` is present if a component inside it is named ``Item``, ``Menu.Item`` or
        ``MenuItem``, or if its own text contains the whole word ``Menu.Item`` or ``MenuItem`` outside of
        comments and strings. This is a heuristic, see the module docstring.

        Args:
            text: the component's own text.
            nested: the names of the components inside it, at any depth.
        """
        if not self.parts:
            return ()
        code = _code(text)
        return tuple(part for part in self.parts if not self._has(part, code, nested))

    def _has(self, part: str, code: str, nested: Collection[str]) -> bool:
        dotted = f"{self.name}.{part}"
        joined = dotted.replace(".", "")
        if part in nested or dotted in nested or joined in nested:
            return True
        word = rf"(?<![\w$])(?:{re.escape(dotted)}|{joined})(?![\w$])"
        return re.search(word, code) is not None


def _specs(specs: Iterable[ComponentSpec]) -> tuple[ComponentSpec, ...]:
    given: object = specs
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ConfigurationError(f"A catalog consists of ComponentSpec, not of {shown(specs)}.")
    return tuple(specs)


@attrs.frozen
class Catalog:
    """The specs of a page, looked up by exact name.

    Lookup does not guess: if a model writes ``Navbar`` or ``HHeroSection`` instead of ``Nav`` or
    ``HeroSection``, the catalog does not know that component. List all spellings that you accept.

    Args:
        specs: the specs; iteration keeps their order.

    Raises:
        ConfigurationError: two specs have the same name, or an item is not a ComponentSpec.
    """

    specs: tuple[ComponentSpec, ...] = attrs.field(default=(), converter=_specs)
    _by_name: dict[str, ComponentSpec] = attrs.field(init=False, eq=False, repr=False)

    @_by_name.default
    def _index(self) -> dict[str, ComponentSpec]:
        by_name: dict[str, ComponentSpec] = {}
        for spec in self.specs:
            if not isinstance(spec, ComponentSpec):
                raise ConfigurationError(f"A catalog consists of ComponentSpec, not of {shown(spec)}.")
            if spec.name in by_name:
                raise ConfigurationError(
                    f"{spec.name} is in the catalog twice; give each name one ComponentSpec."
                )
            by_name[spec.name] = spec
        return by_name

    def get(self, name: str) -> ComponentSpec | None:
        """Return the spec of exactly this name, None for an unknown name."""
        return self._by_name.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[ComponentSpec]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)


def used_components(text: str, *, limit: int, itself: str = "") -> tuple[str, ...]:
    """Return the components that a source text uses as JSX tags, each once, in order of first appearance.

    This is a heuristic, see the module docstring. A tag is ``<Name`` or ``<Name.Part`` with a capital first
    letter outside of comments and strings, unless a letter, digit, ``_`` or ``$`` precedes it directly, as in
    ``useState<User>(``. So a tag directly after a word is missed, while a type assertion ``<User>value`` and
    the comparison ``a <B`` are reported as tags. Names of more than 128 characters are ignored.

    Args:
        text: source text, possibly cut off anywhere.
        limit: maximum number of names to return, the first ones.
        itself: the name of the component itself, which is omitted.
    """
    found: dict[str, None] = {}
    for match in _TAG.finditer(_code(text)):
        if match[1] != itself and len(match[1]) <= MAX_NAME_CHARS:
            found[match[1]] = None
            if len(found) == limit:
                break
    return tuple(found)


def _code(text: str) -> str:
    """Return ``text`` with each comment and each string replaced by a space."""
    return _NO_CODE.sub(" ", text)
