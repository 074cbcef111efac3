from componentstream.prompt.german import GERMAN
from tests.prompt import languages


def test_it_has_every_text():
    languages.check(GERMAN)
