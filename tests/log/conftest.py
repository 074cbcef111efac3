import pytest

pytest.register_assert_rewrite("contract", "shared_contract", "takeover_contract")
