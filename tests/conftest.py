import pytest
from hypothesis import HealthCheck, settings

# The time that examples take says how busy the machine is, not whether a law holds.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest.register_assert_rewrite("componentstream.testing.log_contract")
