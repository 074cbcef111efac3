"""The properties that each language of the prompt kit has."""

import string
from typing import get_args

import attrs

from componentstream.core.codes import ParserErrorCode
from componentstream.core.grammar import Grammar, Outside
from componentstream.prompt.english import ENGLISH

NESTING = {"sections", "nest", "close", "text"}


def fields_of(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def texts_of(language):
    for name, texts in attrs.asdict(language).items():
        for key, text in texts.items() if isinstance(texts, dict) else [("", texts)]:
            yield f"{name} {key}".strip(), text


def check(language):
    """Check that a language has every text, each on one line and with the fields of the English one."""
    assert language.parser.keys() == set(get_args(ParserErrorCode))
    assert language.nesting.keys() == NESTING
    assert Grammar().nesting in NESTING
    assert language.outside.keys() == set(get_args(Outside))
    texts, english = dict(texts_of(language)), dict(texts_of(ENGLISH))
    assert texts.keys() == english.keys()
    for name, text in texts.items():
        assert text
        assert text == " ".join(text.split()) or name.startswith("lines")
        assert "\n" not in text
        assert fields_of(text) == fields_of(english[name]), name
