"""The error of an adapter whose framework is not installed."""

import importlib
import sys

import pytest

from componentstream.core.errors import MissingExtraError


def words_without(framework, monkeypatch):
    """Import an adapter as if its framework were not installed; return the message of the error."""
    module = f"componentstream.adapters.{framework}"
    for name in [name for name in sys.modules if name.split(".")[0] == framework]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, framework, None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(MissingExtraError) as caught:
        importlib.import_module(module)
    return str(caught.value)
