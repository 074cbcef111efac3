"""What a page expects of its components, and what a component's source text mentions.

A :class:`Catalog` tells a :class:`~componentstream.ComponentBuffer` which components are critical and which
are compound, that is, made of parts::

    catalog = Catalog([
        ComponentSpec("HeroSection", critical=True),
        ComponentSpec("Menu", parts=("Item", "Label")),
    ])

The two functions that read source text here do so with regular expressions. They are reading aids, not a
parser of JavaScript: where the text is unusual they guess, and nothing that must hold may rest on them.
"""

import re
from collections.abc import Collection, Iterable, Iterator

import attrs

from componentstream.core.errors import UsageError
from componentstream.core.grammar import MAX_NAME_CHARS

_IDENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")

# Each alternative either consumes what it matches or fails at most once for each line and kind of quote, so
# that the time is linear. A quote after a letter or a closing bracket is an apostrophe in the text of an
# element, two slashes after a colon are a URL there, and three backticks are a Markdown fence.
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

# What follows a tag's name tells `<Button ` from the type parameters `<T,` and `<T extends`.
_TAG = re.compile(
    r"(?<![\w$])<([A-Z][\w$]*+(?:\.[A-Za-z_$][\w$]*+)*+)(?=[\s/><{]|\Z)(?!\s++extends\b)",
)


def _parts(parts: Iterable[str]) -> tuple[str, ...]:
    if isinstance(parts, str):
        raise UsageError(f"parts must be several names, such as ({parts!r},), not a single string.")
    return tuple(parts)


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_NAME_CHARS and pattern.fullmatch(value) is not None


@attrs.frozen
class ComponentSpec:
    """What is expected of the components of one name.

    Args:
        name: the exact name, as in ``/// START name``.
        parts: the parts of a compound component, without the name of the whole: ``("Item", "Label")`` for a
            ``Menu`` with ``Menu.Item`` and ``Menu.Label``. Each once, in the order in which missing ones are
            to be listed.
        critical: the page is no good without it. A session makes a retryable failure of a critical
            component that does not end properly.

    Raises:
        UsageError: the name or a part is none, or a part is given twice.
    """

    name: str
    parts: tuple[str, ...] = attrs.field(default=(), converter=_parts)
    critical: bool = False

    def __attrs_post_init__(self) -> None:
        if not _is(_NAME, self.name):
            raise UsageError(
                f"{self.name!r} is no component name: write letters, digits and underscores, a letter "
                f"first, with dots between such words, {MAX_NAME_CHARS} characters at most."
            )
        for part in self.parts:
            if not _is(_IDENT, part):
                raise UsageError(
                    f"{part!r} is no part of {self.name}: write letters, digits and underscores, a letter "
                    "first, without the name of the whole."
                )
        if len(set(self.parts)) < len(self.parts):
            raise UsageError(f"{self.name}: each part may be given once.")

    def missing_parts(self, text: str, nested: Collection[str] = ()) -> tuple[str, ...]:
        """Return the parts that a component of this name lacks, in the order of ``parts``.

        A part ``Item`` of ``Menu`` is there when a component inside it is named ``Item``, ``Menu.Item`` or
        ``MenuItem``, or when its own text has the whole word ``Menu.Item`` or ``MenuItem`` outside of
        comments and strings. This is a reading aid, see the top of the module.

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
    return tuple(specs)


@attrs.frozen
class Catalog:
    """The specs of a page, found by exact name.

    Names are not guessed at: a model that writes ``Navbar`` or ``HHeroSection`` where ``Nav`` or
    ``HeroSection`` was asked for has written a component that the catalog does not know. List the spellings
    that you accept.

    Args:
        specs: the specs, in any order; iteration keeps theirs.

    Raises:
        UsageError: two specs have the same name.
    """

    specs: tuple[ComponentSpec, ...] = attrs.field(default=(), converter=_specs)
    _by_name: dict[str, ComponentSpec] = attrs.field(init=False, eq=False, repr=False)

    @_by_name.default
    def _index(self) -> dict[str, ComponentSpec]:
        by_name: dict[str, ComponentSpec] = {}
        for spec in self.specs:
            if not isinstance(spec, ComponentSpec):
                raise UsageError(f"A catalog is made of ComponentSpec, not of {spec!r:.80}.")
            if spec.name in by_name:
                raise UsageError(f"{spec.name} is in the catalog twice; give each name one ComponentSpec.")
            by_name[spec.name] = spec
        return by_name

    def get(self, name: str) -> ComponentSpec | None:
        """Return the spec of exactly this name, None when there is none."""
        return self._by_name.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[ComponentSpec]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)


def used_components(text: str, *, limit: int, itself: str = "") -> tuple[str, ...]:
    """Return the components that a source text uses as JSX tags, each once, in order of first appearance.

    A reading aid, see the top of the module: every ``<Name`` or ``<Name.Part`` with a capital first letter
    counts that is outside of comments and strings, unless a letter, digit, ``_`` or ``$`` stands directly
    before it, as in ``useState<User>(``. So a tag glued to the word before it is missed, a type assertion
    ``<User>value`` is taken for a tag, and so is ``a <B``. Names above 128 characters are passed over.

    Args:
        text: source text, possibly cut off anywhere.
        limit: how many names to return at most, the first ones.
        itself: the component's own name, which is left out.
    """
    found: dict[str, None] = {}
    for match in _TAG.finditer(_code(text)):
        if match[1] != itself and len(match[1]) <= MAX_NAME_CHARS:
            found[match[1]] = None
            if len(found) == limit:
                break
    return tuple(found)


def _code(text: str) -> str:
    """Return ``text`` with a space for each comment and each string."""
    return _NO_CODE.sub(" ", text)
