"""The texts of the prompt kit, in the languages that it speaks."""

from collections.abc import Mapping
from typing import Final

from componentstream.core.arguments import shown
from componentstream.core.errors import UsageError
from componentstream.prompt.english import ENGLISH
from componentstream.prompt.german import GERMAN
from componentstream.prompt.texts import Texts

LANGUAGES: Final[Mapping[str, Texts]] = {"en": ENGLISH, "de": GERMAN}
"""The texts by language code."""


def texts_in(language: str) -> Texts:
    """Return the texts in a language.

    Raises:
        UsageError: the language is unknown.
    """
    # A list, which an unhashable value can be searched for in.
    if language not in list(LANGUAGES):
        raise UsageError(f"language must be one of {', '.join(LANGUAGES)}, not {shown(language)}.")
    return LANGUAGES[language]
