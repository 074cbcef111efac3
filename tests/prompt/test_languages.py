import pytest

from componentstream import UsageError
from componentstream.prompt.english import ENGLISH
from componentstream.prompt.german import GERMAN
from componentstream.prompt.languages import texts_in


def test_a_language_is_found_by_its_code():
    assert texts_in("en") is ENGLISH
    assert texts_in("de") is GERMAN


@pytest.mark.parametrize("language", ["fr", "", "EN", None, ["en"]])
def test_an_unknown_language_is_refused_and_the_known_ones_are_named(language):
    with pytest.raises(UsageError, match=r"^language must be one of en, de, not "):
        texts_in(language)
