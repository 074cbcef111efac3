"""Two of the components that freeze a frame; all of them: ``python -m tests.preview.freezes``."""

import pytest

from tests import parts
from tests.timing import WAIT


@pytest.fixture(scope="module")
def freezes():
    parts.preview_frames()
    parts.module("starlette")
    return parts.module("tests.preview.freezes")


def test_there_are_enough_components():
    module = parts.module("tests.preview.freezes")
    assert len(module.bombs()) >= 12


def test_a_frozen_frame_is_replaced_and_the_others_are_shown_again(freezes):
    names = {"endless loop in an effect", "busy loop of 400 ms in each frame"}
    # How fast it is depends on the machine, and is measured by the command; here it has to happen.
    figures = list(freezes.run(names, wait=WAIT))
    assert len(figures) == 2
    for figure in figures:
        assert figure.replaced is not None
        assert figure.shown
        assert figure.blamed
