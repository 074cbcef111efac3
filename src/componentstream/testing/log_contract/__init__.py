"""The contract of an event log as a test suite, for backends of your own.

Subclass :class:`LogContract` in a test file, name the class ``Test...`` and open your log in it; pytest
collects its tests. Use :class:`SharedLogContract` instead if several processes may use one store::

    import pytest
    from contextlib import aclosing
    from componentstream.testing.log_contract import SharedLogContract

    class TestMyLog(SharedLogContract):
        @pytest.fixture(autouse=True)
        def store(self, tmp_path):
            self.path = tmp_path / "store"

        def open_log(self, **options):
            return aclosing(MyLog(self.path, **options))

Neither class needs pytest: with ``class TestMyLog(LogContract, unittest.TestCase)`` the standard library runs
the tests too. To exclude a test that your backend fails on purpose, set its name to None in your class. To
see the values in failed assertions, call
``pytest.register_assert_rewrite("componentstream.testing.log_contract")`` in ``conftest.py``.
"""

from componentstream.testing.log_contract._entries import EntryContract
from componentstream.testing.log_contract._leases import LeaseContract
from componentstream.testing.log_contract._reading import ReadingContract
from componentstream.testing.log_contract._shared import SharingContract
from componentstream.testing.log_contract._takeover import TakeOverContract

__all__ = ["LogContract", "SharedLogContract"]


class LogContract(LeaseContract, TakeOverContract, EntryContract, ReadingContract):
    """The tests that every log must pass; override :meth:`open_log`."""


class SharedLogContract(LogContract, SharingContract):
    """The tests of a log whose store several processes share.

    Within one test every call of :meth:`open_log` must open the same store.
    """
