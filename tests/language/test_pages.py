"""Every page in a third language: nothing Chinese and nothing English is left but names, what was typed and recorded,
the law's own text and statutory documents."""

import pytest

from tests.language import known
from tests.language.walking import SIDES, Walk
from tests.walls.world import World

#: Addresses whose answers are in no reader's language, and why.
LEFT_OUT = {
    "api:docs": "the description of the interface, for programmers, is a page of its library",
    "oversight:open-data-file": "published: the same file for everybody",
    "oversight:open-data-series": "published: the same file for everybody",
    "oversight:open-report-table": "published: the same file for everybody",
}


@pytest.mark.parametrize("side", SIDES)
def test_every_page_is_in_the_third_language(
    world: World, names: known.Known, side: str, papers: list[tuple[str, str]]
) -> None:
    wrong: set[str] = set()
    pages = 0
    for shown in Walk(world, side):
        if shown.name in LEFT_OUT:
            continue
        pages += shown.answer.status == 200
        wrong |= shown.left(names)
    wrong |= names.left(papers)
    assert not wrong, f"{len(wrong)} left on {pages} pages\n" + "\n".join(sorted(wrong))
    assert pages > 5
