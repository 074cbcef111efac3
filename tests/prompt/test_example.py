from hypothesis import given, settings

from componentstream import Catalog, ComponentSpec, Grammar
from componentstream.inspection.near_misses import NearMissScanner
from componentstream.prompt.example import worked_example
from tests.prompt import drawn


@settings(max_examples=100, deadline=None)
@given(drawn.grammars(), drawn.catalogs())
def test_the_example_is_read_without_an_error_or_a_finding_by_its_own_grammar(grammar, catalog):
    scanner = NearMissScanner(grammar)
    assert scanner.feed(worked_example(grammar, catalog)) + scanner.close() == []
    components, errors, reasons = drawn.outline(grammar, worked_example(grammar, catalog))
    assert errors == []
    assert reasons == {"end"}
    expected = [spec.name for spec in catalog][:2] if catalog else ["Nav", "Hero"]
    assert [name for name, _, parent in components if parent is None] == expected
    if grammar.nesting in ("close", "text"):
        assert len(components) == len(expected)


def test_a_part_is_inside_its_whole_where_the_grammar_nests():
    components, _, _ = drawn.outline(Grammar(nesting="nest"), worked_example(Grammar(nesting="nest")))
    assert components == [("Nav", "nav", None), ("Nav.Item", "main", "Nav"), ("Hero", "hero", None)]
    assert "<NavItem />" in worked_example(Grammar(nesting="nest"))


def test_a_part_whose_full_name_is_too_long_is_left_out():
    grammar = Grammar(nesting="nest")
    catalog = Catalog([ComponentSpec("N" * 127, parts=("Item",))])
    components, _, _ = drawn.outline(grammar, worked_example(grammar, catalog))
    assert components == [("N" * 127, "main", None)]


def test_the_longest_position_in_a_name_is_its_position():
    grammar = Grammar(positions={"main", "hero", "heroes"})
    catalog = Catalog([ComponentSpec("HeroesOfToday"), ComponentSpec("Other")])
    components, _, _ = drawn.outline(grammar, worked_example(grammar, catalog))
    assert components == [("HeroesOfToday", "heroes", None), ("Other", "main", None)]


def test_a_position_that_cannot_be_written_is_left_out():
    grammar = Grammar(positions={"<main>"}, default_position="<main>")
    assert worked_example(grammar).startswith("/// START Nav\n")


def test_code_that_would_act_as_a_marker_is_written_another_way():
    assert "\nexport default function Hero() {\n" in worked_example(Grammar())
    exporting = Grammar(prefix="export", start="default", end="function")
    assert "\nfunction Hero() { return" in worked_example(exporting)
    functions = Grammar(prefix="f", start="unction", end="END")
    assert "\nexport default" in worked_example(functions)
