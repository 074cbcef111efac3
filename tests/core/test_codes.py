"""The registry of error codes is complete, and the only place where a code is spelled out."""

import ast
from pathlib import Path
from typing import get_args

import attrs
import pytest

import componentstream
from componentstream.core import codes
from componentstream.core.codes import (
    CODES,
    ErrorCode,
    Layer,
    ParserErrorCode,
    SessionErrorCode,
    SourceErrorCode,
    codes_of,
)

SOURCE = Path(componentstream.__file__).parent
CONSTANTS = {
    name: value
    for name, value in vars(codes).items()
    if name.isupper() and name[0] != "_" and isinstance(value, str)
}
OTHER_MEANINGS = {
    ("sources/providers/outcomes.py", name) for name in ("internal_error", "rate_limited", "request_timeout")
}
"""Strings that happen to equal a code: an error name of a provider."""

every_code = pytest.mark.parametrize("record", CODES.values(), ids=CODES)


def strings(path):
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_code_has_exactly_one_constant_and_one_record():
    assert {name.lower(): value for name, value in CONSTANTS.items()} == {code: code for code in CODES}


@every_code
def test_a_code_is_found_under_its_own_name(record):
    assert CODES[record.code] is record


@pytest.mark.parametrize(
    ("layer", "alias"),
    [("parser", ParserErrorCode), ("source", SourceErrorCode), ("session", SessionErrorCode)],
)
def test_the_type_of_a_layers_codes_names_exactly_the_codes_of_that_layer(layer, alias):
    assert set(get_args(alias)) == codes_of(layer)


def test_every_layer_has_codes_and_every_code_has_a_layer():
    assert {record.layer for record in CODES.values()} == set(get_args(Layer))
    assert codes_of(*get_args(Layer)) == set(CODES)
    assert codes_of() == frozenset()


@every_code
def test_a_meaning_is_one_sentence(record):
    assert record.meaning[0].isupper()
    assert record.meaning.endswith(".")
    assert "\n" not in record.meaning


@every_code
def test_a_status_is_that_of_an_http_error(record):
    assert record.status is None or 400 <= record.status < 600


def test_what_a_response_can_consist_of_is_fatal_except_a_truncated_answer():
    mild = {record.code for record in CODES.values() if record.status is not None and not record.fatal}
    assert mild == {codes.SOURCE_TRUNCATED}


def test_the_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        CODES["mine"] = ErrorCode("mine", "server", "Mine.")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        CODES[codes.INVALID_NAME].fatal = True


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_other_module_spells_a_code_out(path):
    place = path.relative_to(SOURCE).as_posix()
    if place != "core/codes.py":
        spelled = {(place, text) for text in strings(path) & CODES.keys()}
        assert spelled - OTHER_MEANINGS == set(), "write codes.NAME of componentstream.core.codes instead"


def test_the_strings_with_other_meanings_exist():
    assert {(place, text) for place, text in OTHER_MEANINGS if text in strings(SOURCE / place)} == (
        OTHER_MEANINGS
    )
