from componentstream.prompt.english import ENGLISH
from tests.prompt import languages


def test_it_has_every_text():
    languages.check(ENGLISH)
