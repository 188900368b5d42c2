"""A folder of its own for each test's files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    return tmp_path / "evidence"


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """The words of the source, whatever language another test left behind."""
    with translation.override("zh-hans"):
        yield
