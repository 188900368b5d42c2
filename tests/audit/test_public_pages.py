"""What is published of random worlds names nothing before what could be more, and shows no share of under thirty; one
withheld number that is ranked, and one share of 29, turn the auditor red.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection

from oversight.counters import making
from oversight.models import MonthlyReport
from oversight.published import indicator_making, league_making
from oversight.reports import figures, keeping, shares
from tests.audit import Pair
from tests.audit.compare import Audit, public_pages
from tests.audit.core import rows
from tests.audit.test_audit import wrong
from tests.cast import World
from tests.oversight.counting import issued
from tests.oversight.small_reader import tree_of
from tests.oversight.worlds import Walk

full = pytest.mark.full
pytestmark = pytest.mark.django_db
MONTHS = [date(2026, month, 1) for month in (9, 10)]


def a_world(world: World, seed: int, cases: int) -> Walk:
    walk = Walk(world, seed=seed, cases=cases, ticks=24)
    walk.now = walk.now.replace(year=2026, month=11, day=20)
    making.rebuild(now=walk.now)
    issued(*MONTHS, now=walk.now)
    return walk


def told(world: World, walk: Walk, spoil: Callable[[dict[str, Any]], None] = lambda figures: None) -> None:
    """What is made of the files: the first page, the league, a report of a county and one of its city; ``spoil`` makes
    the figures of reports wrong.
    """
    indicator_making.publish(now=walk.now)
    league_making.publish(now=walk.now)
    for authority in (world.gulou, world.city):
        for month in MONTHS:
            report = keeping.draft(authority=authority, month=month, by=world.rui, now=walk.now)
            spoil(report.figures)
            report.save(update_fields=["figures"])
            keeping.submit(report)
            keeping.approve(report, by=world.head_officer.user, heads=[authority], text="", now=walk.now)
            keeping.publish(MonthlyReport.objects.get(pk=report.pk), now=walk.now)


def audited(walk: Walk) -> list[Pair]:
    with connection.cursor() as cursor:
        audit = Audit(rows.read(cursor), walk.now)
    return list(public_pages.compared(audit))


@full
@pytest.mark.parametrize(("seed", "cases"), [(7, 90), (9, 30)])
def test_what_is_published_of_a_random_world(world: World, seed: int, cases: int) -> None:
    walk = a_world(world, seed, cases)
    told(world, walk)
    pairs = audited(walk)
    assert wrong(pairs) == []
    assert sum(pair.figure.startswith("shares") for pair in pairs) > 20
    assert any(pair.figure.startswith("place") for pair in pairs) or cases < 60


@full
def test_one_withheld_number_that_is_ranked_turns_it_red(world: World) -> None:
    walk = a_world(world, 7, 90)

    def first_of_all(of_report: dict[str, Any]) -> None:
        for name in ("objects", "problems"):
            for line in [line for line in of_report[name] if line["received"] is None][:1]:
                line["place"] = [1, 1]

    told(world, walk, first_of_all)
    differing = {pair.figure.partition(":")[0] for pair in audited(walk) if pair.differs}
    assert "places of withheld numbers" in differing
    assert any(name.startswith("place of") for name in differing), differing


@full
def test_one_share_of_29_turns_it_red(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = a_world(world, 9, 29)
    told(world, walk)
    assert wrong(audited(walk)) == []
    for module in (figures, shares):
        monkeypatch.setattr(module, "ENOUGH", 5)
    assert any(pair.differs for pair in audited(walk))


@pytest.mark.parametrize(("n", "wrong"), [("30", 0), ("29", 1), ("1,200", 0)])
def test_a_share_beside_its_own_number_is_of_that(n: str, wrong: int) -> None:
    """Whatever larger number stands in the row."""
    row = f"<tr><td>400</td><th>某公司</th><td><b>47%</b> <span>共{n}件 35–60%</span></td></tr>"
    assert len(public_pages.wrong_on_page(tree_of(f"<table>{row}</table>"), {})) == wrong
