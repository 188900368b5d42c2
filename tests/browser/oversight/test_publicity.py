"""Pages for everybody of a region, a problem and an enterprise; posters, the quiz and the question, without scripts."""

from datetime import date
from typing import Any

import pytest

from accounts.models import User
from enterprises.models import Enterprise, Station, StationStaff
from oversight.published import league_making
from tests.browser.looks import LOOKS
from tests.cast import World, a_new_phone
from tests.oversight.counting import CHARGE, REPAIR, stages
from tests.oversight.hot_spots.test_campaigns import published
from tests.oversight.open_pages.test_places import NOW, a_year, number_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def a_public_world(world: World) -> None:
    Enterprise.objects.filter(pk__in=[world.mobile.pk, world.telecom.pk]).update(
        enrolled_by=world.gulou, enrolment="enrolled"
    )
    for firm, settled in ((world.mobile, 150), (world.telecom, 80)):
        same: Any = {"ended_failed": 30, "delivered": 210, "promise_due": 60, "promise_kept": 50}
        stages(firm, date(2026, 9, 1), ended_settled=settled, **same)
    a_year(newest=400, problems=((CHARGE, 250), (REPAIR, 60), ("quality", 55)))
    league_making.publish(now=NOW)
    published(world)


@pytest.mark.parametrize("look", LOOKS)
def test_from_a_region_to_a_problem_and_an_enterprise(world: World, visit: Any) -> None:
    a_public_world(world)
    visitor = visit()
    page = visitor.go(f"/open/?region={number_of('350100')}")
    visitor.look()
    assert page.locator("h1").inner_text().count("400") == 1
    page.locator("section[aria-labelledby=h-problems] details summary").click()
    visitor.look()
    page.locator(f"main a[href^='/open/problems/{CHARGE}/']").first.click()
    visitor.look()
    assert page.locator("main a[href='/file/']").count() == 1
    page.locator("main a.back").click()
    page.locator(f"main a[href='/open/enterprises/{world.mobile.code}/']").first.click()
    visitor.look()
    page.locator("main a[href^='/open/campaigns/']").click()
    assert page.locator("h1").count() == 1
    visitor.go(f"/open/problems/{CHARGE}/")
    visitor.look()


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_hung_up_and_the_two_forms(world: World, visit: Any) -> None:
    columns = {"code": "SD-01", "name": "东街口消费维权服务站", "kind": "mall", "address": "东街口1号"}
    station = Station.objects.create(authority=world.gulou, **columns)
    clerk = User.objects.create_user("clerk@example.com", name="站试", own_phone=a_new_phone())
    StationStaff.objects.create(user=clerk, station=station)
    visitor = visit()
    page = visitor.look("/survey/")
    page.locator("main form button.btn").click()
    assert page.locator(".error-summary").count() == 1
    visitor.look()
    page.locator("input[name=knows][value=heard_of]").check()
    page.locator("main form button.btn").click()
    page.wait_for_url("**/survey/?thanks")
    visitor.look()
    manager = visit(user=world.lead)
    page = manager.look("/enterprise/posters/")
    page.locator("main a[href='/enterprise/training/']").click()
    manager.look()
    for name in ("silence", "withdraw", "refuse", "others", "done", "counter"):
        page.locator(f"input[name={name}]").first.check()
    page.locator("main form button.btn").click()
    assert page.locator(".panel ol > li").count() == 6
    manager.look()
    visit(user=clerk).look("/station/poster/")
    officer = visit(user=world.rui)
    officer.look("/authority/posters/")
    officer.look("/authority/stations/")


@pytest.mark.parametrize("look", LOOKS)
def test_pages_without_numbers_the_sheet_and_the_station(world: World, visit: Any) -> None:
    a_public_world(world)
    visitor = visit()
    page = visitor.look(f"/open/?region={number_of('350104')}")
    assert page.locator("h1").count() == 1
    visitor.look(f"/open/problems/{CHARGE}/?region={number_of('350104')}")
    columns = {"code": "SD-01", "name": "东街口消费维权服务站", "kind": "mall", "address": "东街口1号"}
    station = Station.objects.create(authority=world.gulou, **columns)
    clerk = User.objects.create_user("clerk@example.com", name="站试", own_phone=a_new_phone())
    StationStaff.objects.create(user=clerk, station=station)
    visitor.look("/open/stations/SD-01/")
    own = visit(user=clerk)
    page = own.look("/station/training/?sheet")
    page.locator("main p a[href='/station/training/']").click()
    own.look()
