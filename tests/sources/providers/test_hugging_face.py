"""Hugging Face text generation, from the real library's parser and as events on the wire."""

import pytest

from componentstream.sources import SSESourceDecoder, Usage
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import recorded
from tests.sources.libraries import all_pieces_of, outcome, pieces_of


def token(text, **more):
    return {"index": 1, "token": {"id": 1, "text": text, "logprob": 0.0, "special": False}, **more}


def generation(reason="eos_token"):
    details = {"finish_reason": reason, "generated_tokens": 3, "input_length": 9, "seed": None}
    end = token("</s>", generated_text=recorded.TEXT, details=details)
    end["token"]["special"] = True
    return [*(token(piece, generated_text=None, details=None) for piece in recorded.PIECES), end]


def objects(events):
    kind = parts.module("huggingface_hub").TextGenerationStreamOutput
    return [kind.parse_obj_as_instance(event) for event in events]


def wire(events):
    decoder = SSESourceDecoder()
    return decoder.feed(recorded.sse(*events)) + decoder.close()


@pytest.mark.parametrize("make", [list, objects])
def test_a_generation(make):
    assert all_pieces_of(make(generation())) == [*recorded.PIECES, Usage(9, 3)]
    assert pieces_of(make(generation()[:-1])) == [*recorded.PIECES, INCOMPLETE]
    limit = ("source_truncated(length)",)
    assert outcome(pieces_of(make(generation("length")))) == (recorded.TEXT, limit)


def test_a_generation_on_the_wire():
    assert wire(generation()) == all_pieces_of(generation())


def test_a_token_without_text_is_not_of_this_provider():
    assert read({"token": "secret"}) is None
    assert read(token(None)) is None
