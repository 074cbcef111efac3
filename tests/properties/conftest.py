"""How many examples each law is tested with.

========  ========  ==============================================================================
profile   examples  command
========  ========  ==============================================================================
laws      60        the default of the normal suite
ci        500       pytest tests/properties --hypothesis-profile=ci
long      5,000     pytest tests/properties --hypothesis-profile=long --timeout=1800 -n 2
========  ========  ==============================================================================
"""

from hypothesis import HealthCheck, settings

PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("laws", max_examples=60, **PATIENT)
# On a machine that is thrown away the blob is the only way to reproduce a failure.
settings.register_profile("ci", max_examples=500, **PATIENT, print_blob=True)
settings.register_profile("long", max_examples=5000, **PATIENT, print_blob=True)


def pytest_configure(config):
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("laws")
