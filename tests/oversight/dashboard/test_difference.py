"""What explains the difference of two sides: named beyond chance, adding up, each number that of its cases."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from html import unescape
from random import Random

import pytest
from django.db import connection
from django.utils import timezone

from authorities.models import Region
from oversight.counters import crossing
from oversight.dashboard import difference
from oversight.dashboard.difference import Cell
from oversight.figures.definitions import Period, Scope
from oversight.figures.dispersion import Dispersion
from oversight.models import DayRegion
from tests import missing_in
from tests.cast import World
from tests.oversight.counting import CHARGE, REPAIR, a_shop, received
from tests.oversight.dashboard.test_chance import poisson
from tests.oversight.looking import browser, page_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
COMPARE = "/oversight/compare/?period=30"
WEEK = Period(first=timezone.localdate() - 7 * DAY, last=timezone.localdate() - DAY)


def explained(first: Counter[Cell], second: Counter[Cell], share: float = 0.5) -> difference.Explained:
    return difference.explained(first, second, share=share, known=Dispersion(1.5, 30.0), days=WEEK, parts=[])


def side(dice: Random, times: dict[Cell, float]) -> Counter[Cell]:
    """Twelve enterprises with five problems, eight cases usual of each; of some so many times as much."""
    return Counter(
        {
            cell: poisson(dice, 8 * times.get(cell, 1.0))
            for cell in ((0, firm, f"p{problem}") for firm in range(1, 13) for problem in range(5))
        }
    )


def test_where_both_sides_are_alike_hardly_anything_is_named_and_all_adds_up() -> None:
    dice, named = Random(26), 0
    for _ in range(60):
        found = explained(side(dice, {}), side(dice, {}))
        named += bool(found.parts)
        assert found.usual + sum(part.excess for part in found.parts) + found.rest == found.n
    assert named <= 6


def test_one_enterprise_with_one_problem_is_named_alone_whichever_side_has_more() -> None:
    dice = Random(3)
    more, usual = side(dice, {(0, 4, "p2"): 9.0}), side(dice, {})
    for first, second in ((more, usual), (usual, more)):
        found = explained(first, second)
        assert found.is_first == (first is more)
        assert [part.cell for part in found.parts] == [(0, 4, "p2")]
        assert found.parts[0].n == more[0, 4, "p2"]
        assert found.parts[0].other == usual[0, 4, "p2"]


def test_a_whole_enterprise_is_one_part_and_not_five() -> None:
    dice = Random(4)
    times = {(0, 7, f"p{problem}"): 4.0 for problem in range(5)}
    found = explained(side(dice, times), side(dice, {}))
    assert [part.cell for part in found.parts] == [(0, 7, "")]


def test_of_sides_of_other_sizes_only_what_one_has_more_of_in_proportion_is_named() -> None:
    dice = Random(5)
    small, large = side(dice, {}), side(dice, dict.fromkeys(side(dice, {}), 6.0))
    n, other = sum(small.values()), sum(large.values())
    assert not explained(small, large, n / (n + other)).parts


def test_the_page_takes_a_difference_apart_by_one_press_and_each_number_is_that_of_its_rows(world: World) -> None:
    region, today = Region.objects.get(code="350102"), timezone.localdate()
    loud, quiet = a_shop(world, "多投诉商场"), a_shop(world, "平常商场")
    now, then = range(1, 31), range(31, 61)
    for pk in Region.objects.filter(code__in=("350100", "350102")).values_list("pk", flat=True):
        DayRegion.objects.bulk_create(DayRegion(region=pk, day=today - n * DAY, received=9) for n in range(1, 420))
    for shop, times in ((loud, 4), (quiet, 1)):
        for problem, factor in ((CHARGE, times), (REPAIR, 1)):
            same = {"region": region.pk, "enterprise": shop.pk, "problem": problem}
            received({today - n * DAY: 2 * factor for n in now}, **same)
            received({today - n * DAY: 2 for n in then}, **same)
    client = browser(world.su)
    page = page_of(client, COMPARE)
    assert "拆开收到的件数" in page
    answer = client.get(f"{COMPARE}&explain=1")
    [row] = answer.context["explained_rows"]
    assert row["name"].startswith("多投诉商场")
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) filter (where day >= %s), count(*) filter (where day < %s) from oversight_tally"
            " where kind = 'received' and enterprise = %s and problem = %s",
            [today - 30 * DAY, today - 30 * DAY, loud.pk, CHARGE],
        )
        counts = cursor.fetchone()
    assert [n for n, _url in row["sides"]] == [str(n) for n in counts]
    assert all(f"enterprise={loud.pk}" in unescape(url) for _n, url in row["sides"])
    assert not missing_in(answer.content.decode(), "这段时间多", row["excess"])
    # Beside another enterprise: what one has more of in proportion.
    other = client.get(f"{COMPARE}&explain=1&enterprise={loud.pk}&with_enterprise=平常商场")
    assert "平常商场" in other.content.decode()
    assert other.context["explained"].looked > 0
    wrong = client.get(f"{COMPARE}&with_enterprise=没有这家")
    assert "没有这家企业；请写全称" in wrong.content.decode()
    assert 'value="没有这家"' in wrong.content.decode()
    for query, why in (
        (f"&explain=1&against=chosen&other_first={today - 40 * DAY}&other_last={today - 2 * DAY}", "两段时间重叠"),
        ("&explain=1&with_region=350103", "有一边没有收到过投诉"),
    ):
        assert why in page_of(client, COMPARE + query), query


def test_atoms_are_the_rows_of_the_place(world: World) -> None:
    region, today = Region.objects.get(code="350102"), timezone.localdate()
    received({today - 3 * DAY: 4}, region=region.pk, enterprise=world.mobile.pk, problem=CHARGE)
    received({today - 3 * DAY: 2}, region=region.pk, problem=REPAIR)
    received({today - 9 * DAY: 5}, region=region.pk, problem=REPAIR)
    received({today - 3 * DAY: 7}, region=Region.objects.get(code="350121").pk, problem=REPAIR)
    found = crossing.atoms(Scope(regions=(region,)), WEEK)
    assert found == {(region.pk, world.mobile.pk, CHARGE): 4, (region.pk, 0, REPAIR): 2}
