from importlib import import_module
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path.relative_to(CORPUS) for path in CORPUS.glob("*/*"))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_the_target_accepts(file):
    import_module(f"tests.fuzz.fuzz_{file.parent}").check((CORPUS / file).read_bytes())


def test_every_target_has_a_corpus():
    assert {file.parent.name for file in FILES} == {"parser", "sse", "utf8"}
