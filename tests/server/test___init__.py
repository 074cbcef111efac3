"""What the package says when a library of its extra is not installed."""

import importlib
import sys

import pytest

import parts
from componentstream.errors import MissingExtraError

LIBRARIES = ["cryptography", "jwt", "limits", "prometheus_client", "starlette"]


@pytest.mark.parametrize("missing", LIBRARIES)
def test_a_library_that_is_not_installed_is_named_with_the_extra(monkeypatch, missing):
    for library in LIBRARIES:
        parts.module(library)
    for name in [name for name in sys.modules if name.startswith("componentstream.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError) as caught:
        importlib.import_module("componentstream.server")
    assert str(caught.value) == (
        f"componentstream.server needs {missing}: pip install 'componentstream[server]'."
    )
