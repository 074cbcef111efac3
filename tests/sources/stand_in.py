"""Objects in place of those of libraries that are too large for the tests.

A reader knows an object by its class and the package that defines the class. Where the library itself is
installed, ``of`` returns its class, so that the same tests show that the fields have these names.
"""

import importlib
from types import SimpleNamespace


def of(module, name):
    """Return a class of a library, or one with its name and module that takes any field."""
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError:
        return type(name, (SimpleNamespace,), {"__module__": module})
