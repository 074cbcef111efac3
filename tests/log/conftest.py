import pytest

pytest.register_assert_rewrite("broken_sqlite", "contract", "shared_contract", "takeover_contract")
