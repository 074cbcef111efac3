"""The law of the instructions for a model: of all their lines, only those of the example act."""

from hypothesis import given, settings
from hypothesis import strategies as st

from componentstream.prompt.languages import LANGUAGES
from tests.prompt import drawn

# Few of the grammars have a word of the texts in the place where it does harm.
more = settings(max_examples=2 * settings.default.max_examples)


@more
@given(drawn.grammars(), drawn.catalogs(), st.sampled_from(sorted(LANGUAGES)), st.lists(st.text(max_size=9)))
def test_only_the_example_acts_in_the_instructions(grammar, catalog, language, names):
    drawn.check_instructions(grammar, catalog, language, names)
