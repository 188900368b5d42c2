"""Every page in a third language: only names, typed and recorded texts, the law's own and documents stay."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import missing_in
from tests.language import reading
from tests.language.pseudo import CODE, readable, transformed
from tests.language.reading import Known, texts_of
from tests.language.walking import SIDES, Walk
from tests.walls.world import World

#: Addresses whose answers are in no reader's language, and why.
LEFT_OUT = {
    "api:docs": "the description of the interface, for programmers, is a page of its library",
    "open-api-docs": "the same of the read API",
    "oversight:open-campaign-table": "published: the same file for everybody",
    "oversight:open-data-file": "published: the same file for everybody",
    "oversight:open-data-series": "published: the same file for everybody",
    "oversight:open-report-table": "published: the same file for everybody",
}


def every_side() -> Iterator[Any]:
    """Of the long walks, half in the short run."""
    for side in SIDES:
        is_long = side in ("enterprise", "authority")
        yield pytest.param(side, True, id=f"half-{side}") if is_long else pytest.param(side, False, id=side)
        if is_long:
            yield pytest.param(side, False, id=side, marks=pytest.mark.full)


@pytest.mark.parametrize(("side", "half"), list(every_side()))
def test_every_page_is_in_the_third_language(
    world: World, names: reading.Known, side: str, half: bool, papers: list[tuple[str, str]]
) -> None:
    wrong: set[str] = set()
    pages = 0
    for shown in Walk(world, side, half=half):
        if shown.name in LEFT_OUT:
            continue
        pages += shown.answer.status == 200
        wrong |= shown.left(names)
    wrong |= names.left(papers)
    assert not wrong, f"{len(wrong)} left on {pages} pages\n" + "\n".join(sorted(wrong))
    assert pages > 5


NAME = "鼓楼区市场监督管理局"


@pytest.mark.parametrize(
    ("page", "left"),
    [
        ("<p>投诉 received</p>", ["投诉", "received"]),
        ("<p>{0}<b>办理</b></p>", ["办理"]),
        ('<input type="submit" value="Send {0}">', ["Send"]),
        ('<img alt="{0} map">', ["map"]),
        ('<p data-confirm="are {0}?">{0}</p>', ["are"]),
        ('<script type="application/json">"Total"</script>', ["Total"]),
        (f"<p>{NAME}决定</p>", [f"{NAME}决定"]),
        ("<p>{0} 鼓楼** 楼区**</p>", ["楼区"]),
        ("<p>{0}</p>", []),
        (f"<p>{{0}} {NAME}</p>", []),
        ("<p>{0} 鼓市监举告〔2026〕第1号</p>", []),
        ("<p>{0} 受理〔号〕</p>", ["受理", "号"]),
        ('<p lang="zh-Hans">消费者权益保护法</p><p>{0}</p>', []),
        ("<p>{0} <code>manage.py verify</code> PDF 128.50 https://example.com/a a@example.com</p>", []),
        ("<script>let total = 'Total'</script><style>p {{}}</style>", []),
    ],
)
def test_what_is_left_on_a_page_is_found(page: str, left: list[str]) -> None:
    names = Known()
    names.add(NAME)
    language, texts = texts_of(f'<html lang="{CODE}">{page.format(transformed("Your complaint"))}</html>')
    assert language == CODE
    assert [word for _where, text in texts for word in names.unknown(text)] == left
    assert bool(names.left(texts)) == bool(left)


def test_the_language_is_made_of_the_english_and_keeps_what_a_program_reads() -> None:
    made = transformed("Answer <b>%(name)s</b> in {days} &amp; 2 days")
    kept = ("<b>%(name)s</b>", "{days}", "&amp;")
    assert not missing_in(made, *kept)
    assert not Known().left([("made", re.sub("|".join(map(re.escape, kept)), "", made))])
    assert readable(made) == "Answer <b>%(name)s</b> in {days} &amp; 2 days"
