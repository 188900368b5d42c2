"""Both suites of ciphers, one after the other."""

from typing import Any

import pytest


@pytest.fixture(params=["aes-gcm", "sm4-gcm"])
def suite(request: pytest.FixtureRequest, settings: Any) -> str:
    """What is written in this test; everything is read in either."""
    settings.VAULT_CIPHER = request.param
    return str(request.param)
