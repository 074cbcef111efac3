import pytest

pytest.register_assert_rewrite(
    *(f"tests.log.{name}" for name in ("broken_sqlite", "contract", "shared_contract", "takeover_contract"))
)
