from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream import Catalog, ComponentSpec, Grammar, Nesting, UsageError
from componentstream.prompt import instructions
from componentstream.prompt.languages import LANGUAGES
from componentstream.prompt.system_prompt import NAMES_WITHOUT_IMPORT
from tests.prompt import drawn


@given(drawn.grammars(), drawn.catalogs(), st.sampled_from(sorted(LANGUAGES)), st.lists(st.text(max_size=9)))
def test_nothing_but_the_example_which_is_without_fault_acts_in_the_instructions(
    grammar, catalog, language, names
):
    drawn.check_instructions(grammar, catalog, language, names)


def test_the_words_of_the_grammar_are_taught():
    grammar = Grammar(prefix="#!", start="BEGIN", end="FINISH", positions={"top", "main", "a b"})
    text = instructions(grammar)
    assert "of this form: #! BEGIN Name position=main\n" in text
    assert "of this form: #! FINISH Name\n" in text
    assert "- Write #!, BEGIN and FINISH exactly" in text
    assert "belongs: a b, main, top. Without it: main.\n" in text
    assert "START" not in text
    assert "///" not in text


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_policies_of_the_grammar_decide_which_rules_are_given(language):
    texts = LANGUAGES[language]
    for nesting in get_args(Nesting):
        text = instructions(Grammar(nesting=nesting), language=language)
        assert texts.nesting[nesting].format(end="END") in text
    for outside in ("emit", "discard"):
        assert texts.outside[outside] in instructions(Grammar(outside=outside), language=language)
    strict = texts.strict.format(start="START")
    assert strict in instructions(Grammar(strict=True), language=language)
    assert strict not in instructions(Grammar(), language=language)
    assert texts.root in instructions(language=language)
    assert texts.root not in instructions(Grammar(positions={"main"}), language=language)


def test_without_a_position_to_write_there_is_not_a_rule_about_positions():
    text = instructions(Grammar(positions={"<main>"}, default_position="<main>", nesting="close"))
    assert "position" not in text.partition("An example")[0]


def test_the_components_of_the_catalog_are_listed_with_their_purpose_and_parts():
    catalog = Catalog(
        [
            ComponentSpec("Menu", parts=("Item", "Label"), critical=True, description="The\n top"),
            ComponentSpec("Hero", description="A headline."),
            ComponentSpec("Table", parts=("Row",)),
            ComponentSpec("Footer"),
        ]
    )
    assert (
        "The components of this page:\n"
        "- Menu (required): The top; its parts: Menu.Item, Menu.Label\n"
        "- Hero: A headline.\n"
        "- Table: its parts: Table.Row\n"
        "- Footer\n"
    ) in instructions(catalog=catalog)
    assert "Die Komponenten dieser Seite:\n- Menu (erforderlich): " in instructions(
        catalog=catalog, language="de"
    )
    assert "The components of this page" not in instructions(catalog=Catalog())


def test_the_names_that_need_no_import_are_those_of_the_renderer():
    assert ", ".join(NAMES_WITHOUT_IMPORT) in instructions()
    assert "need no import: cn, Card, and the" in instructions(without_import=["cn", "Card"])
    assert "need no import" not in instructions(without_import=())


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (["///"], {}, "grammar must be a Grammar, not str"),
        ([Grammar(), []], {}, "catalog must be a Catalog, not list"),
        ([], {"language": "tlh"}, "language must be one of en, de, not 'tlh'"),
        ([], {"without_import": "React"}, "must be several names"),
    ],
)
def test_a_wrong_argument_is_refused(arguments, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        instructions(*arguments, **options)
