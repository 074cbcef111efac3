import attrs
import pytest

from componentstream.prompt.english import ENGLISH
from componentstream.prompt.texts import Texts


def test_texts_cannot_be_changed():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ENGLISH.intro = "x"


def test_a_language_without_one_of_the_texts_is_not_complete():
    with pytest.raises(TypeError, match="intro"):
        Texts()
