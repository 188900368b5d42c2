"""Hot spots: found from the counters and only where they are, once, and seen where they lie."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.models import Complaint
from complaints.procedure.working_calendar import SHANGHAI
from oversight.counters import making, rollups
from oversight.hot_spots import hotspots, reduction_forms
from oversight.models import HotSpot, HotSpotAction, Tally
from tests import given, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of, workspace
from tests.oversight.cells import DAY, TODAY, received, weeks

CHARGE = "telecom.fees.unexplained_charge"
NOW = datetime(2026, 11, 26, 14, 0, tzinfo=SHANGHAI)
URL = "/authority/hot-spots/"
pytestmark = pytest.mark.django_db


def key() -> dict[str, str]:
    return {"idempotency_key": uuid4().hex}


def sent(who: Any, url: str, **said: Any) -> Any:
    return who.post(url, said | key())


@pytest.fixture
def risen(world: World) -> World:
    """Mobile's unexplained charges: ten a week for eight weeks, forty in this one; another enterprise stays as it
    was."""
    for enterprise, counts in ((world.mobile, [10] * 8 + [40]), (world.telecom, [10] * 9)):
        cell = {"enterprise": enterprise.pk, "problem": CHARGE, "thing": "service.telecom"}
        received(weeks(TODAY, counts), region=world.region.pk, **cell)
    return world


def test_a_risen_cell_is_found_on_each_level_and_a_steady_one_is_not_nor_anything_twice(risen: World) -> None:
    assert hotspots.look(TODAY, now=NOW) > 0
    result = HotSpot.objects.get(kind="week", enterprise=risen.mobile, facet=f"p:{CHARGE}")
    assert (result.observed, result.expected, result.usual) == (40, 10.0, [10] * 8)
    assert (result.first, result.last, result.state) == (TODAY - 6 * DAY, TODAY, "open")
    assert result.chance < hotspots.WEEK_LEVEL
    assert result.place == risen.mobile.domicile_id
    assert not HotSpot.objects.filter(enterprise=risen.telecom).exists()
    hotspots.look(TODAY, now=NOW)
    around = set(Region.objects.filter(pk__lte=risen.region.pk, last__gte=risen.region.pk).values_list("pk", flat=True))
    assert len(around) >= 4
    result = HotSpot.objects.filter(kind="week", region__isnull=False)
    assert set(result.values_list("region_id", flat=True)) == around
    assert set(result.values_list("facet", flat=True)) == {"", f"p:{CHARGE}", "o:service.telecom"}
    assert set(result.values_list("observed", flat=True)) == {50}


def test_the_first_page_of_oversight_names_it_and_looking_again_finds_nothing_twice(risen: World) -> None:
    first = hotspots.look(TODAY, now=NOW)
    assert first == HotSpot.objects.count() > 0
    assert hotspots.look(TODAY, now=NOW + timedelta(hours=1)) == 0
    # The same burst lies in the seven days that end tomorrow; it is the same news.
    for days in range(1, 7):
        hotspots.look(TODAY + days * DAY, now=NOW + days * DAY)
    assert HotSpot.objects.filter(kind="week", enterprise=risen.mobile, facet="").count() == 1
    hotspots.look(TODAY, now=NOW)
    page = workspace(risen.su).get("/oversight/")
    spot = page.context["hot"][0]["spot"]
    assert f'href="{URL}{spot.pk}/"' in page.content.decode()
    HotSpot.objects.update(state="dismissed")
    assert "没有待判断的热点" in workspace(risen.su).get("/oversight/").content.decode()
    assert workspace(officer_of(risen, "far")).get("/oversight/").context["hot"] == []


def test_the_row_of_a_day_that_runs_takes_over_the_higher_count(world: World) -> None:
    usual = {TODAY - back * DAY: 2 for back in range(1, 64)}
    received(usual | {TODAY: 20}, region=world.region.pk, enterprise=world.mobile.pk)
    hotspots.look(TODAY, now=NOW)
    received({TODAY: 7}, region=world.region.pk, enterprise=world.mobile.pk)
    assert hotspots.look(TODAY, now=NOW + timedelta(hours=2)) == 0
    row = HotSpot.objects.get(kind="day", enterprise=world.mobile, facet="")
    assert (row.observed, row.usual, row.first, row.last) == (27, [2] * 8, TODAY, TODAY)


def test_a_portal_that_just_began_has_nothing_usual(world: World) -> None:
    received(weeks(TODAY, [0, 0, 0, 10, 10, 40]), region=world.region.pk, enterprise=world.mobile.pk)
    assert hotspots.look(TODAY, now=NOW) == 0


def test_a_sweep_looks_at_the_day_before_once_and_at_today_not_too_often(risen: World) -> None:
    def looks(now: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            hotspots.sweep(now=now)
        return sum("from cells group by 1, 2, 3" in " ".join(query["sql"].split()) for query in queries)

    assert (looks(NOW), looks(NOW + timedelta(minutes=5)), looks(NOW + timedelta(minutes=30))) == (2, 0, 1)
    assert looks(NOW + timedelta(days=1)) == 2
    assert HotSpot.objects.filter(kind="week", enterprise=risen.mobile, facet="").count() == 1


def slowly(day: Any) -> dict[tuple[str, int, str], list[list[int]]]:
    """(whose, of, facet) → nine weeks and nine days, newest first; counted row by row in memory."""
    regions = list(Region.objects.all())
    result: dict[tuple[str, int, str], list[list[int]]] = {}
    for row in Tally.objects.filter(kind="received"):
        back = (day - row.day).days
        if not 0 <= back < 63:
            continue
        cells = [("e", row.enterprise, facet) for facet in ("", f"p:{row.problem}") if row.enterprise and facet != "p:"]
        for region in regions:
            if region.pk <= row.region <= region.last:
                cells += [
                    ("r", region.pk, facet)
                    for facet in ("", f"p:{row.problem}", f"o:{row.object}")
                    if facet not in ("p:", "o:")
                ]
        for cell in cells:
            weeks_of, days_of = result.setdefault(cell, [[0] * 9, [0] * 9])
            weeks_of[back // 7] += 1
            days_of[back // 7] += back % 7 == 0
    return result


def test_the_pass_counts_what_a_slow_count_counts(risen: World) -> None:
    other = Region.objects.filter(level="county").exclude(pk=risen.region.pk).order_by("-pk").first()
    typed = {TODAY: 3, TODAY - 7 * DAY: 2, TODAY - 62 * DAY: 1, TODAY - 63 * DAY: 5, TODAY + DAY: 9}
    received(typed, region=other.pk, thing="goods.clothing")
    received({TODAY - DAY: 3, TODAY - 8 * DAY: 2}, region=other.pk, enterprise=risen.telecom.pk)
    expected = slowly(TODAY)
    result = {(cell.whose, cell.of, cell.facet): cell for cell in hotspots.counted(TODAY)}
    assert result.keys() == expected.keys()
    for name, (weeks_of, days_of) in expected.items():
        cell = result[name]
        assert (cell.week, cell.usual_weeks) == (weeks_of[0], hotspots.Spread.of(weeks_of[1:])), name
        assert (cell.day, cell.usual_days) == (days_of[0], hotspots.Spread.of(days_of[1:])), name


# --- pages ---


def spot(world: World) -> HotSpot:
    hotspots.look(TODAY, now=NOW)
    return HotSpot.objects.get(kind="week", region=world.region, facet=f"p:{CHARGE}")


def test_officers_of_the_region_see_it_with_chart_and_numbers_and_no_others(risen: World) -> None:
    result = spot(risen)
    for person in (risen.rui, risen.su, officer_of(risen, "head")):
        assert workspace(person).get(f"{URL}{result.pk}/").status_code == 200
    assert workspace(officer_of(risen, "far")).get(f"{URL}{result.pk}/").status_code == 404
    assert workspace(officer_of(risen, "far")).get(URL).context["rows"] == []
    for person in (risen.chen, risen.ming, risen.lead):
        assert workspace(person).get(URL).status_code == 404
    # One of the whole city is the city's business.
    above = HotSpot.objects.filter(kind="week", facet="", region__level="city").get()
    assert workspace(risen.rui).get(f"{URL}{above.pk}/").status_code == 404
    assert workspace(risen.su).get(f"{URL}{above.pk}/").status_code == 200
    page = workspace(risen.rui).get(f"{URL}{result.pk}/").content.decode()
    assert "收到50件，平时约20.0件，为平时的2.5倍" in page
    assert page.count("<rect") == 9
    assert "每格每周0.1%" in page
    assert "平时的件数和看得出来的涨幅" in workspace(risen.rui).get(URL).content.decode()
    Officer.objects.create(user=risen.otto, authority=risen.gulou, role=Role.ANALYST.post)
    page = workspace(risen.otto).get(f"{URL}{result.pk}/").content.decode()
    assert "发起行政指导" not in page
    assert sent(workspace(risen.otto), f"{URL}{result.pk}/", why="x").status_code == 405
    assert sent(workspace(risen.otto), f"{URL}{result.pk}/guidance/").status_code == 404


@pytest.mark.parametrize(
    ("chance", "words"), [(0.00083, "约1,200分之一"), (1.4e-4, "约7,100分之一"), (3.4e-10, "不到百万分之一")]
)
def test_how_probable_it_is_by_chance_is_said_as_people_say_it(chance: float, words: str) -> None:
    with override("zh-hans"):
        assert reduction_forms.chance_text(chance) == words


def test_the_list_costs_the_same_however_long_it_is(risen: World) -> None:
    result = spot(risen)
    client = workspace(risen.rui)
    client.get(URL)

    def queries() -> int:
        with CaptureQueriesContext(connection) as context:
            assert client.get(URL).status_code == 200
        return len(context)

    few = queries()
    for back in range(1, 30):
        result.pk, result.last = None, TODAY - back * DAY
        result.first = result.last - 6 * DAY
        result.save()
    assert queries() == few <= 16


def test_the_cases_behind_it_are_two_clicks_away_and_copies_stand_together(world: World) -> None:
    now = timezone.now()
    text = "商家在直播间宣传充一千送一千，充值以后说活动已经结束，要求退款被拒绝。"
    copied = [
        given.a_complaint(world, now=now, problem_category=CHARGE, statement=text + end)
        for end in ("", "请处理。", "！")
    ]
    other = given.a_complaint(
        world, now=now, problem_category=CHARGE, statement="宽带每个月多扣二十元，打电话问了三次都没有人解释清楚原因。"
    )
    while rollups.fold(now=now):
        pass
    making.rebuild(now=now)
    today = timezone.localdate(now)
    received(weeks(today - 7 * DAY, [1] * 8), region=world.region.pk, problem=CHARGE)
    received({today: 30}, region=world.region.pk, problem=CHARGE)
    hotspots.look(today, now=now)
    result = HotSpot.objects.get(kind="week", region=world.region, facet=f"p:{CHARGE}")
    answer = workspace(world.rui).get(f"{URL}{result.pk}/")
    page = answer.content.decode()
    for case in (*copied, other):
        assert f'href="/authority/cases/{case.number}/"' in page
    groups = answer.context["groups"]
    assert [group["n"] for group in groups] == [3]
    assert {line["case"].pk for line in groups[0]["cases"]} == {case.pk for case in copied}
    listed = workspace(world.rui).get(answer.context["cases_url"])
    assert (len(listed.context["rows"]), Complaint.objects.count()) == (4, 4)


def test_a_judgement_needs_a_reason_and_stays_with_who_and_when(risen: World) -> None:
    result = spot(risen)
    client, url = workspace(risen.rui), f"{URL}{result.pk}/"
    refused = sent(client, url, why="")
    assert (refused.status_code, "请写明理由" in refused.content.decode()) == (422, True)
    assert sent(client, url, why="促销结束后的正常咨询，没有违法线索。").status_code == 302
    assert reloaded(result).state == "dismissed"
    action = HotSpotAction.objects.get(hot_spot=result)
    assert (action.kind, action.by, action.text) == ("dismissed", risen.rui, "促销结束后的正常咨询，没有违法线索。")
    assert "促销结束后的正常咨询" in client.get(url).content.decode()
    assert sent(client, url, why="又有新情况。").status_code == 302
    assert reloaded(result).state == "open"
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
        HotSpotAction.objects.filter(pk=action.pk).update(text="x")
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
        action.delete()
