import copy
import importlib
import pickle
import pkgutil
import re
from contextlib import suppress

import pytest

import componentstream
import componentstream.log
import componentstream.server
from componentstream.core import errors
from componentstream.core.errors import (
    ComponentStreamError,
    ConfigurationError,
    MissingExtraError,
    UsageError,
    WireError,
)
from componentstream.core.grammar import Grammar

OF_THE_CORE = [ComponentStreamError, UsageError, ConfigurationError, WireError, MissingExtraError]


@pytest.mark.parametrize("error", OF_THE_CORE)
def test_one_except_clause_catches_every_exception_of_the_library(error):
    with pytest.raises(ComponentStreamError, match=r"^why$"):
        raise error("why")


def test_the_base_is_an_ordinary_exception():
    assert ComponentStreamError.__bases__ == (Exception,)


def test_malformed_data_is_a_value_error_too():
    assert WireError.__bases__ == (ComponentStreamError, ValueError)


def test_a_missing_extra_is_an_import_error_too():
    assert MissingExtraError.__bases__ == (ComponentStreamError, ImportError)


def test_misuse_is_neither_of_these():
    assert UsageError.__bases__ == (ComponentStreamError,)


def test_an_invalid_setting_is_a_usage_error_and_a_value_error():
    for kind in (ConfigurationError, UsageError, ValueError):
        with pytest.raises(kind, match=r"^Grammar: start and end must be different keywords\.$"):
            Grammar(start="END")


@pytest.mark.parametrize("error", OF_THE_CORE)
def test_every_exception_of_the_core_is_exported(error):
    assert getattr(componentstream, error.__name__) is error


def printed_tree():
    """Yield the names in the tree of the docstring, each with the name of its parent."""
    above = {}
    for line in errors.__doc__.splitlines():
        if match := re.match(r" {4}([ │├└─]*)(\w+Error)\b", line):
            depth = len(match[1]) // 4
            above[depth] = match[2]
            if depth:
                yield match[2], above[depth - 1]


def public_exception(name):
    for package in (componentstream, componentstream.log, componentstream.server):
        if hasattr(package, name):
            return getattr(package, name)
    raise AssertionError(name)


TREE = list(printed_tree())


def test_the_printed_tree_has_every_public_exception():
    defined = {
        name
        for package in (componentstream, componentstream.log, componentstream.server)
        for name in package.__all__
        if name.endswith("Error")
    }
    assert {name for name, _ in TREE} == defined - {"ComponentStreamError"}


@pytest.mark.parametrize(("name", "parent"), TREE)
def test_an_exception_has_the_parent_that_is_printed(name, parent):
    assert public_exception(parent) in public_exception(name).__bases__


ARGUMENTS = {
    "StreamUnknownError": (),
    "GapError": (3, 7),
    "ProducerLostError": (),
    "LeaseLostError": (),
    "SequenceError": ("The number does not fit.", 4),
    "RefusedRequestError": (429, "rate_limited", "Slow down.", {"Retry-After": "1"}),
    "DamagedEntriesError": (7, OSError("disk")),
}
"""The arguments of the exceptions that take something else than a message."""


def exception_classes():
    """Return all exception classes that the modules of the package define."""
    found = set()
    for module in pkgutil.walk_packages(componentstream.__path__, "componentstream."):
        if not module.name.endswith("__main__"):
            with suppress(MissingExtraError):
                vars(importlib.import_module(module.name))
    waiting = [BaseException]
    while waiting:
        kind = waiting.pop()
        waiting += [child for child in kind.__subclasses__() if child not in found]
        if kind.__module__.startswith("componentstream."):
            found.add(kind)
    return sorted(found, key=lambda kind: kind.__name__)


CLASSES = exception_classes()


def test_all_exception_classes_are_found():
    assert {name for name, _ in TREE} | {"ComponentStreamError"} <= {kind.__name__ for kind in CLASSES}
    assert ARGUMENTS.keys() <= {kind.__name__ for kind in CLASSES}


def pickled(error):
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    return [pickle.loads(pickle.dumps(error, protocol)) for protocol in protocols]  # noqa: S301 - our own


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_exception_survives_pickle_and_copy(kind):
    error = kind(*ARGUMENTS.get(kind.__name__, ("why",)))
    error.add_note("a note")
    for other in (*pickled(error), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert str(other) == str(error)
        assert other.args == error.args
        assert vars(other) == vars(error)
    assert vars(copy.copy(error)) is not vars(error)


def test_the_fields_of_an_import_error_survive():
    error = MissingExtraError("why", name="redis", path="/x")
    for other in (*pickled(error), copy.copy(error)):
        assert (other.msg, other.name, other.path) == ("why", "redis", "/x")


class ApplicationError(ComponentStreamError):
    def __init__(self, user, *, reason):
        super().__init__(f"{user}: {reason}")
        self.user = user


def test_an_exception_of_an_application_survives_too():
    for other in pickled(ApplicationError("ada", reason="late")):
        assert (type(other), str(other), other.user) == (ApplicationError, "ada: late", "ada")
