"""docs/errors.md documents every error code as the registry has it."""

from typing import get_args

from componentstream.core.codes import CODES, Layer
from tests.errors_page import COMMAND, PAGE, layers, with_tables


def test_the_tables_of_the_page_are_those_of_the_registry():
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), f"docs/errors.md differs from the registry; rewrite it: {COMMAND}"


def test_the_page_has_one_table_for_each_layer():
    assert sorted(layers(PAGE.read_text(encoding="utf-8"))) == sorted(get_args(Layer))


def test_a_row_of_a_changed_code_is_rewritten():
    page = PAGE.read_text(encoding="utf-8")
    for code in CODES:
        changed = page.replace(f"| `{code}` |", f"| `{code}_old` |")
        assert changed != page
        assert with_tables(changed) == page
