import pytest

pytest.register_assert_rewrite("componentstream.testing.log_contract")
