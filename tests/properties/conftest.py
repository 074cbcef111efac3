"""How many examples each law is tried on.

The normal suite tries 120. For 5,000 run::

    pytest tests/properties --hypothesis-profile=ci --timeout=1800
"""

from hypothesis import settings

settings.register_profile("laws", max_examples=120, deadline=None)
settings.register_profile("ci", max_examples=5000, deadline=None, print_blob=True)


def pytest_configure(config):
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("laws")
