"""The world of the walls in which everybody reads the third language; built once for all tests of this folder.

Tests here ask for ``world`` and never for ``db``: they work inside the world's own transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.language import known, pseudo
from tests.walls.world import World, standing


@pytest.fixture(scope="package")
def world(directory: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("evidence")
    with (
        pseudo.spoken(tmp_path_factory.mktemp("locale")),
        standing(django_db_blocker, root, language=pseudo.CODE) as made,
    ):
        yield made


@pytest.fixture(scope="package")
def names(world: World) -> known.Known:
    """What this world may show as it is; whatever a test does to it is undone."""
    return known.read()
