"""What tests of exports share: a folder of their own, and forms."""

import uuid
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def export_root(settings: Any, tmp_path: Path) -> Path:
    settings.EXPORT_ROOT = str(tmp_path / "exports")
    return tmp_path / "exports"


def filled(**fields: Any) -> dict[str, Any]:
    """A form as a browser sends it."""
    return fields | {"idempotency_key": uuid.uuid4().hex}
