import gc
import logging

import pytest
from hypothesis import HealthCheck, settings

# The time that examples take says how busy the machine is, not whether a law holds.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest.register_assert_rewrite("componentstream.testing.log_contract")

# A loop in debug mode reports a callback that took long, on a busy machine any of them; tests of what is
# logged must not see that.
logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing "))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection():
    """Collect the tests without garbage collection, and exempt them from it.

    They are two million objects, which each full collection would visit, and they stay to the end.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(call):
    if call.excinfo is not None:
        # Python 3.11 fails (SystemError: AST constructor recursion depth mismatch) when the garbage collector
        # runs while the report parses a source file, and a finalizer raises: that ended the whole session.
        gc.collect()
    return (yield)
