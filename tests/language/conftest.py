"""The world of the walls in the third language, built once: tests ask for ``world`` and never for ``db``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from complaints.documents import printing
from tests.language import pseudo, reading
from tests.walls.forms import TYPED
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
def names(world: World) -> reading.Known:
    """What this world may show as it is; whatever a test does to it is undone."""
    result = reading.read()
    result.add(TYPED)
    return result


#: Papers that are in no reader's language, and why.
PAPERS_LEFT_OUT = {
    "document.typ": "a statutory document",
    "report.typ": "an authority's published report",
    "poster.typ": "hangs on a wall, where people speak Chinese and English",
}


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was set as PDF: (template, text); nothing of what is in no reader's language."""
    results: list[tuple[str, str]] = []
    honest = printing.typeset

    def noted(document: dict[str, Any], *, at: Any, template: Path = printing.PAPER) -> bytes:
        if template.name not in PAPERS_LEFT_OUT:
            results.extend((template.name, text) for text in reading.texts_in(document | {"qr": ""}))
        return honest(document, at=at, template=template)

    monkeypatch.setattr(printing, "typeset", noted)
    return results
