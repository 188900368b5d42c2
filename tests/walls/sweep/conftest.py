"""The world of the sweep, built once and rolled back: tests ask for ``world`` and never for ``db``."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.walls.world import World, standing


@pytest.fixture(scope="package")
def world(directory: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with standing(django_db_blocker, tmp_path_factory.mktemp("evidence")) as made:
        yield made
