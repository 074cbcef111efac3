"""Sessions as they go well and badly, for the tests of the hooks. All numbers are exact as floats."""

import sys

import pytest

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.errors import MissingExtraError
from componentstream.session.session import GenerationSession

TEXT = "const secret = 1;\n"
"""The text of a component; 18 characters, which no hook may tell."""


def begun(hook, *, stream="s1", at=100.0):
    session = GenerationSession(hooks=[hook], id=stream)
    session.start(at)
    return session


def complete(hook, *, stream="s1", at=100.0):
    """Two components in three chunks and 2.5 seconds: one ends, one is cut off, and one line is wrong."""
    session = begun(hook, stream=stream, at=at)
    session.feed(f"/// START Hero position=header\n{TEXT}", at + 0.5)
    session.feed("/// END Hero\n/// START Menu\n", at + 1.5)
    session.feed("/// END Nope\nlast words", at + 2.0)
    session.finish(at + 2.5)


def failed(hook, *, stream="s1", at=100.0, cause=None):
    session = begun(hook, stream=stream, at=at)
    session.feed(f"/// START Hero\n{TEXT}", at + 0.25)
    session.report_error("source_failed", "The source failed.", at + 0.5, fatal=True, cause=cause)


def timed_out(hook, *, stream="s1", at=100.0):
    begun(hook, stream=stream, at=at).tick(at + 15.0)


def cancelled(hook, *, stream="s1", at=100.0):
    begun(hook, stream=stream, at=at).cancel(at + 0.25)


def never_started(hook, *, stream="s1", at=100.0):
    GenerationSession(hooks=[hook], id=stream).cancel(at)


def lost(hook, *, stream="s1", at=100.0):
    """A session that ends as failed without a fatal error, because a critical component is cut off."""
    catalog = Catalog([ComponentSpec("Hero", critical=True)])
    session = GenerationSession(hooks=[hook], id=stream, buffer=ComponentBuffer(catalog=catalog))
    session.start(at)
    session.feed("/// START Hero\n", at + 0.25)
    session.finish(at + 0.5)


def raised(message):
    """Return an exception that has been raised, with a traceback."""
    with pytest.raises(ConnectionError) as caught:
        raise ConnectionError(message)
    return caught.value


def error_without(monkeypatch, library, factory):
    """Return what a factory says where its library is not installed."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError) as caught:
        factory()
    return str(caught.value)
