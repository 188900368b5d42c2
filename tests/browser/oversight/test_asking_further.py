"""Equal treatment, notes, own goals, a difference taken apart: by keyboard and phone, in both languages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Region
from oversight.counters import making
from oversight.models import DayRegion
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.oversight.counting import CHARGE, REPAIR, a_shop, received
from tests.oversight.dashboard.test_fairness import ended

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)


def unequal(world: World) -> None:
    """Who files in the elder display waits longer; one shop got more of one kind."""
    today, now = timezone.localdate(), timezone.now()
    elder = given.filed(world, now=now - 9 * DAY, display="elder")
    plain = given.filed(world, now=now - 9 * DAY, display="standard")
    # Folded, so that what is added below is not taken for their steps.
    making.rebuild(now=now)
    loud, quiet = a_shop(world, "多投诉商场"), a_shop(world, "平常商场")
    for shop in (loud, quiet):
        ended(elder, shop.pk, in_time=60, late=40, settled=50)
        ended(plain, shop.pk, in_time=90, late=10, settled=50)
    for pk in Region.objects.filter(code__in=("350100", "350102")).values_list("pk", flat=True):
        days = [DayRegion(region=pk, day=today - n * DAY, received=9) for n in range(1, 420)]
        DayRegion.objects.bulk_create(days, ignore_conflicts=True)
    for problem, times in ((CHARGE, 8), (REPAIR, 2)):
        same = {"region": world.region.pk, "problem": problem}
        received({today - n * DAY: times for n in range(1, 31)}, enterprise=loud.pk, **same)
        received({today - n * DAY: 2 for n in range(31, 61)}, enterprise=loud.pk, **same)
        received({today - n * DAY: 2 for n in range(1, 61)}, enterprise=quiet.pk, **same)


@pytest.mark.parametrize("look", LOOKS)
def test_a_director_asks_who_is_treated_otherwise_and_takes_a_difference_apart(world: World, visit: Any) -> None:
    unequal(world)
    director = visit(user=world.su)
    page = director.look("/oversight/fairness/")
    assert page.locator("section[aria-labelledby=h-alike] tbody .is-bad").count() == 1
    page = director.go("/oversight/compare/?period=30")
    page.locator("section[aria-labelledby=h-explained] a.btn").click()
    page.wait_for_url("**explain=1**")
    director.look()
    rows = page.locator("section[aria-labelledby=h-explained] tbody tr")
    assert rows.count() == 2
    with page.expect_download() as download:
        page.locator('a[href*="sheet=xlsx"]').first.click()
    assert download.value.suggested_filename.endswith(".xlsx")
    director.look("/oversight/further/")


@pytest.mark.parametrize("look", LOOKS)
def test_an_officer_notes_a_day_and_the_picture_shows_it(world: World, visit: Any) -> None:
    unequal(world)
    officer = visit(user=world.su)
    page = officer.go("/oversight/")
    page.locator('a[href$="/oversight/notes/"]').click()
    officer.look()
    page.locator("main form .btn").first.click()
    officer.look()
    page.locator("input[name=text]").fill("温泉街道断网")
    page.locator("select[name=kind]").select_option("outage")
    page.locator("main form .btn").first.click()
    assert page.locator("h2", has_text="温泉街道断网").count() == 1
    officer.look()
    page = officer.go("/oversight/")
    assert page.locator("ol.marks", has_text="温泉街道断网").count() == 1


@pytest.mark.parametrize("look", LOOKS)
def test_a_manager_sets_a_goal_of_the_own(world: World, visit: Any) -> None:
    manager = visit(user=world.lead)
    page = manager.go("/enterprise/performance/")
    page.locator('a[href$="/performance/goals/"]').click()
    manager.look()
    page.locator("input[name=response]").fill("8")
    page.locator("main form .btn").first.click()
    assert page.locator("section[aria-labelledby=h-goals] dt").count() == 1
    manager.look()
