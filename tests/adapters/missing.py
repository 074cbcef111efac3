"""What an adapter says when its framework is not installed."""

import importlib
import sys

import pytest

from componentstream.core.errors import MissingExtraError


def words_without(framework, monkeypatch):
    """Import the adapter of a framework as if that were not there; return what the error says."""
    module = f"componentstream.adapters.{framework}"
    for name in [name for name in sys.modules if name.split(".")[0] == framework]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, framework, None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(MissingExtraError) as caught:
        importlib.import_module(module)
    return str(caught.value)
