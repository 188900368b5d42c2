"""Every page in a third language: nothing Chinese and nothing English is left but names, what was typed and recorded,
the law's own text and statutory documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from complaints.documents import typesetting
from tests.language import known, pseudo
from tests.language.reading import texts_of
from tests.language.walking import SIDES, Walk
from tests.walls.world import World

#: Addresses whose answers are in no reader's language, and why.
LEFT_OUT = {
    "api:docs": "the description of the interface, for programmers, is a page of its library",
    "oversight:open-data-file": "published: the same file for everybody",
    "oversight:open-data-series": "published: the same file for everybody",
    "oversight:open-report-table": "published: the same file for everybody",
}
#: Papers that are in no reader's language, and why.
PAPERS_LEFT_OUT = {
    "document.typ": "a statutory document",
    "report.typ": "an authority's published report",
    "poster.typ": "hangs on a wall, where people speak Chinese and English",
}


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was set as PDF: its template and what it says."""
    found: list[tuple[str, dict[str, Any]]] = []
    honest = typesetting.pdf

    def noted(document: dict[str, Any], *, at: Any, template: Path = typesetting.PAPER) -> bytes:
        found.append((template.name, document))
        return honest(document, at=at, template=template)

    monkeypatch.setattr(typesetting, "pdf", noted)
    return found


@pytest.mark.parametrize("side", SIDES)
def test_every_page_is_in_the_third_language(
    world: World, names: known.Known, side: str, papers: list[tuple[str, dict[str, Any]]]
) -> None:
    wrong: set[str] = set()
    pages = 0
    for shown in Walk(world, side):
        if shown.name in LEFT_OUT:
            continue
        pages += shown.answer.status == 200
        wrong |= names.left((f"{shown.name}, {where}", text) for where, text in shown.texts())
        if "<html" in shown.answer.text and texts_of(shown.answer.text)[0] != pseudo.CODE:
            wrong.add(f"{shown.name} says that it is in another language: {shown.asked}")
    for template, document in papers:
        if template not in PAPERS_LEFT_OUT:
            wrong |= names.left((template, text) for text in known.texts_in(document))
    assert not wrong, f"{len(wrong)} left on {pages} pages\n" + "\n".join(sorted(wrong))
    assert pages > 5
