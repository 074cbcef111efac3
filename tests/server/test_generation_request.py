"""The request that ``generate`` receives."""

import attrs
import pytest

from tests import parts

parts.module("starlette")

from componentstream import server  # noqa: E402 - it needs what is asked for above
from componentstream.server.generation_request import Generate, GenerationRequest  # noqa: E402


def test_project_and_version_are_empty_by_default():
    assert GenerationRequest("x") == GenerationRequest(prompt="x", project="", version="")


def test_a_request_is_frozen_and_equal_to_one_with_the_same_fields():
    assert GenerationRequest("x", "p", "1") == GenerationRequest("x", "p", "1")
    assert GenerationRequest("x", "p", "1") != GenerationRequest("x", "p", "2")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        GenerationRequest("x").prompt = "y"


def test_the_server_exports_the_request_and_the_type_of_the_function():
    assert (server.GenerationRequest, server.Generate) == (GenerationRequest, Generate)
