"""Hot spots: found from the counters and only where they are, once, and seen where they lie."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.models import Complaint
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Enterprise
from oversight.counters import making, rollups
from oversight.hot_spots import cells, hotspots, reduction_forms
from oversight.models import HotSpot, HotSpotAction, Tally
from tests import ROOT, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of
from tests.oversight.counting import CHARGE, DAY, NOW, TODAY, received, weeks
from tests.oversight.looking import browser, page_of, sent

URL = "/authority/hot-spots/"
pytestmark = pytest.mark.django_db


def test_a_risen_cell_is_found_on_each_level_once_a_steady_one_is_not_and_the_first_page_names_it(risen: World) -> None:
    assert hotspots.look(TODAY, now=NOW) == HotSpot.objects.count() > 0
    result = HotSpot.objects.get(kind="week", enterprise=risen.mobile, facet=f"p:{CHARGE}")
    assert (result.observed, round(result.expected, 6), result.usual) == (40, 10.0, [10] * 8)
    assert (result.first, result.last, result.state) == (TODAY - 6 * DAY, TODAY, "open")
    assert result.chance < hotspots.WEEK_LEVEL
    assert result.place == risen.mobile.domicile_id
    assert not HotSpot.objects.filter(enterprise=risen.telecom).exists()
    assert hotspots.look(TODAY, now=NOW + timedelta(hours=1)) == 0
    around = set(Region.objects.filter(pk__lte=risen.region.pk, last__gte=risen.region.pk).values_list("pk", flat=True))
    assert len(around) >= 4
    result = HotSpot.objects.filter(kind="week", region__isnull=False)
    assert set(result.values_list("region_id", flat=True)) == around
    assert set(result.values_list("facet", flat=True)) == {"", f"p:{CHARGE}", "o:service.telecom"}
    assert set(result.values_list("observed", flat=True)) == {50}
    # The same burst lies in the seven days that end tomorrow; it is the same news.
    for days in range(1, 7):
        hotspots.look(TODAY + days * DAY, now=NOW + days * DAY)
    assert HotSpot.objects.filter(kind="week", enterprise=risen.mobile, facet="").count() == 1
    hotspots.look(TODAY, now=NOW)
    page = browser(risen.su).get("/oversight/")
    spot = page.context["hot"]["rows"][0]["spot"]
    assert f'href="{URL}{spot.pk}/"' in page.content.decode()
    # Of what may be one of many that chance makes, the list tells, and the first page does not.
    HotSpot.objects.update(q=0.11)
    assert browser(risen.su).get("/oversight/").context["hot"]["rows"] == []
    assert browser(risen.su).get(URL).context["rows"]
    HotSpot.objects.update(q=0.1, state="dismissed")
    assert "没有足够确定的待判断热点" in page_of(risen.su, "/oversight/")
    assert browser(officer_of(risen, "far")).get("/oversight/").context["hot"]["rows"] == []


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


def test_a_sweep_looks_at_the_day_before_once_at_the_weeks_before_once_a_week_and_at_today_not_too_often(
    risen: World,
) -> None:
    def looks(now: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            hotspots.sweep(now=now)
        return sum("from cells" in " ".join(query["sql"].split()) for query in queries)

    assert (looks(NOW), looks(NOW + timedelta(minutes=5)), looks(NOW + timedelta(minutes=30))) == (3, 0, 1)
    # Thursday, Friday, Sunday, Monday.
    assert [looks(NOW + timedelta(days=days)) for days in (1, 3, 4)] == [2, 2, 3]
    assert HotSpot.objects.filter(kind="week", enterprise=risen.mobile, facet="").count() == 1


def slowly(day: Any) -> dict[tuple[str, int, str], Counter[int]]:
    """(whose, of, facet) → how many so many days ago; counted row by row in memory."""
    regions = list(Region.objects.all())
    result: dict[tuple[str, int, str], Counter[int]] = {}
    for row in Tally.objects.filter(kind="received", day__lte=day):
        back = (day - row.day).days
        facets = [facet for facet in ("", f"p:{row.problem}") if facet != "p:"]
        names = [("e", row.enterprise, facet) for facet in facets if row.enterprise]
        facets += [f"o:{row.object}"] if row.object else []
        names += [("r", one.pk, facet) for one in regions if one.pk <= row.region <= one.last for facet in facets]
        for name in names:
            result.setdefault(name, Counter())[back] += 1
    return result


@pytest.fixture
def mixed(risen: World) -> World:
    other = Region.objects.filter(level="county").exclude(pk=risen.region.pk).order_by("-pk").first()
    assert other is not None
    typed = {TODAY: 3, TODAY - 7 * DAY: 2, TODAY - 62 * DAY: 1, TODAY - 63 * DAY: 5, TODAY + DAY: 9}
    received(typed, region=other.pk, thing="goods.clothing")
    received({TODAY - DAY: 3, TODAY - 8 * DAY: 2}, region=other.pk, enterprise=risen.telecom.pk)
    return risen


def test_the_pass_counts_what_a_slow_count_counts(mixed: World) -> None:
    expected = {
        name: [sum(days[back] for back in chosen) for chosen in (range(7), range(7, 63), [0], range(7, 63, 7))]
        for name, days in slowly(TODAY).items()
    }
    looked = cells.counted(TODAY)
    assert {
        (cell.whose, cell.of, cell.facet): [own.week, own.usual_weeks, own.day, own.usual_days]
        for cell, own in looked.counts.items()
    } == {name: numbers for name, numbers in expected.items() if any(numbers)}
    enough = [sum(numbers[0] + numbers[1] >= 5 for numbers in expected.values())]
    enough.append(sum(numbers[2] + numbers[3] >= 5 for numbers in expected.values()))
    assert [looked.number("week"), looked.number("day")] == enough


def test_the_past_of_a_cell_and_the_exposure_of_its_like_are_what_a_slow_count_makes_of_them(mixed: World) -> None:
    received(weeks(TODAY, [310] * 8 + [620]), region=mixed.region.pk, enterprise=10**9, problem="price")
    slow = slowly(TODAY)
    names = [("e", mixed.mobile.pk, f"p:{CHARGE}"), ("e", 10**9, ""), ("r", mixed.region.pk, "o:service.telecom")]
    wanted = [cells.Cell(*name) for name in names]
    series = cells.series_of(wanted, TODAY)
    assert [series[cell] for cell in wanted] == [[slow[name][back] for back in range(245)] for name in names]
    exposure = cells.Exposure.read(TODAY)
    # Problems of enterprises beside this one: 310 and 10 a week, 620 and 10 in the newest.
    assert exposure.share(wanted[0], "week", 40, 80) == pytest.approx(630 / (630 + 8 * 320))
    # Ten a week beside the large one are too few to tell how all goes.
    assert exposure.share(wanted[1], "week", 620, 2480) == pytest.approx(1 / 9)
    others: Counter[int] = slow["e", 10**9, "p:price"] + slow["e", mixed.telecom.pk, f"p:{CHARGE}"]

    def of(days: Counter[int], back: int, long: int) -> int:
        return sum(days[back + at] for at in range(long))

    squares = []
    for back in range(7, 183, 7):
        now, past = of(others, back, 7), of(others, back + 7, 56)
        share = now / (now + past) if past >= 8 * 30 else 1 / 9
        mean = of(slow[names[0]], back + 7, 56) * share / (1 - share)
        squares.append((of(slow[names[0]], back, 7) - mean) ** 2 / (mean / (1 - share)))
    past_errors = exposure.past(wanted[0], "week", series[wanted[0]])
    assert [square for square, _mean in past_errors.errors] == pytest.approx(squares, abs=1e-6)
    assert len(exposure.past(wanted[0], "day", series[wanted[0]]).errors) == 182


def test_the_first_weeks_of_a_portal_are_no_past(world: World) -> None:
    """Before the portal began nothing was received; who takes that for usual takes every cell for restless."""
    received(weeks(TODAY, [40] * 14), region=world.region.pk, enterprise=world.mobile.pk)
    cell = cells.Cell("e", world.mobile.pk, "")
    days = cells.series_of([cell], TODAY)[cell]
    errors = cells.Exposure.read(TODAY).past(cell, "week", days).errors
    assert (len(errors), max(square for square, _mean in errors)) == (5, pytest.approx(0, abs=1e-6))


def found(*, is_running: bool) -> list[hotspots.UnusualCell]:
    exposure = cells.Exposure.read(TODAY, is_running=is_running)
    return list(hotspots.unusual_cells(cells.counted(TODAY), exposure, partial(cells.series_of, day=TODAY)))


def test_what_only_goes_with_all_others_is_no_hot_spot(world: World) -> None:
    """Ten enterprises double in one week, as on a day of sales; one of them rises sixfold."""
    for nth in range(10):
        last = 180 if nth == 0 else 60
        received(weeks(TODAY, [30] * 34 + [last]), region=world.region.pk, enterprise=10**9 + nth, problem=CHARGE)
    assert {one.cell.of for one in found(is_running=False) if one.cell.whose == "e"} == {10**9}


def test_a_day_that_runs_is_not_taken_for_a_quiet_one(world: World) -> None:
    """At nine in the morning hardly anything was received elsewhere; what came in here is compared with whole days."""
    for nth, today in enumerate((9, 0, 0, 0)):
        usual = {TODAY - back * DAY: 12 for back in range(1, 245)}
        received(usual | {TODAY: today}, region=world.region.pk, enterprise=10**9 + nth, problem=CHARGE)
    assert not found(is_running=True)


def test_officers_of_the_region_see_it_with_chart_and_numbers_and_no_others(risen: World, spot: HotSpot) -> None:
    url, far = f"{URL}{spot.pk}/", officer_of(risen, "far")
    for person, status in ((risen.rui, 200), (risen.su, 200), (officer_of(risen, "head"), 200), (far, 404)):
        assert browser(person).get(url).status_code == status
    assert browser(far).get(URL).context["rows"] == []
    for person in (risen.chen, risen.ming, risen.lead):
        assert browser(person).get(URL).status_code == 404
    # One of the whole city is the city's business.
    above = HotSpot.objects.filter(kind="week", facet="", region__level="city").get()
    assert browser(risen.rui).get(f"{URL}{above.pk}/").status_code == 404
    assert browser(risen.su).get(f"{URL}{above.pk}/").status_code == 200
    page = page_of(risen.rui, url)
    assert not missing_in(page, "收到50件，平时约20.0件，为平时的2.5倍", "每格每周0.1%", "方法二", "照此应有20.0件")
    assert page.count("<rect") == 9
    assert "平时的件数和看得出来的涨幅" in page_of(risen.rui, URL)
    Officer.objects.create(user=risen.otto, authority=risen.gulou, role=Role.ANALYST.post)
    assert "发起行政指导" not in page_of(risen.otto, url)
    assert sent(risen.otto, url, why="x").status_code == 405
    assert sent(risen.otto, f"{url}guidance/").status_code == 404


def test_what_the_older_method_found_says_so_and_claims_nothing_of_its_like(risen: World, spot: HotSpot) -> None:
    HotSpot.objects.update(method=1, share=None, df=None, q=1.0)
    page, listed = page_of(risen.rui, f"{URL}{spot.pk}/"), page_of(risen.rui, URL)
    assert "方法一：只与自己的前八周相比" in page
    assert "照此应有" not in page
    assert '<span class="muted">方法一</span>' in listed


def test_how_probable_it_is_by_chance_is_said_as_people_say_it() -> None:
    with override("zh-hans"):
        texts = [reduction_forms.chance_text(chance) for chance in (0.00083, 1.4e-4, 3.4e-10)]
    assert texts == ["约1,200分之一", "约7,100分之一", "不到百万分之一"]


def test_the_cases_behind_it_are_two_clicks_away_and_copies_stand_together(world: World) -> None:
    now = timezone.now()
    text = "商家在直播间宣传充一千送一千，充值以后说活动已经结束，要求退款被拒绝。"
    another = "宽带每个月多扣二十元，打电话问了三次都没有人解释清楚原因。"
    texts = (text, f"{text}请处理。", f"{text}！", another)
    *copied, other = (given.a_complaint(world, now=now, problem_category=CHARGE, statement=one) for one in texts)
    while rollups.fold(now=now):
        pass
    making.rebuild(now=now)
    today = timezone.localdate(now)
    received(weeks(today - 7 * DAY, [1] * 34), region=world.region.pk, problem=CHARGE)
    received({today: 30}, region=world.region.pk, problem=CHARGE)
    hotspots.look(today, now=now)
    result = HotSpot.objects.get(kind="week", region=world.region, facet=f"p:{CHARGE}")
    answer = browser(world.rui).get(f"{URL}{result.pk}/")
    links = [f'href="/authority/cases/{case.number}/"' for case in (*copied, other)]
    assert not missing_in(answer.content.decode(), *links)
    [group] = answer.context["groups"]
    assert (group["n"], {line["case"].pk for line in group["cases"]}) == (3, {case.pk for case in copied})
    listed = browser(world.rui).get(answer.context["cases_url"])
    assert (len(listed.context["rows"]), Complaint.objects.count()) == (4, 4)


def test_a_judgement_needs_a_reason_and_stays_with_who_and_when(risen: World, spot: HotSpot) -> None:
    client, url = browser(risen.rui), f"{URL}{spot.pk}/"
    refused = sent(client, url, why="")
    assert (refused.status_code, "请写明理由" in refused.content.decode()) == (422, True)
    assert sent(client, url, why="促销结束后的正常咨询，没有违法线索。").status_code == 302
    assert reloaded(spot).state == "dismissed"
    action = HotSpotAction.objects.get(hot_spot=spot)
    assert (action.kind, action.by, action.text) == ("dismissed", risen.rui, "促销结束后的正常咨询，没有违法线索。")
    assert "促销结束后的正常咨询" in page_of(client, url)
    assert sent(client, url, why="又有新情况。").status_code == 302
    assert reloaded(spot).state == "open"
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
        HotSpotAction.objects.filter(pk=action.pk).update(text="x")
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
        action.delete()


REGISTER = ROOT.parent / "shared" / "data" / "wa_ag" / "cases_all.csv.gz"
BUNGIE = "Bungie"


def counted_of_the_register(world: World, enterprise: Enterprise, last: date) -> None:
    """The tally of the weeks that end with ``last``, as if all of it lay in one county."""
    first = last - timedelta(days=cells.PAST_DAYS)
    numbers, rows = Counter[str](), []
    with gzip.open(REGISTER, "rt", encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            day = date.fromisoformat(row["opened_date"][:10])
            if not first <= day <= last:
                continue
            name = row["business_name"]
            numbers.setdefault(name, len(numbers))
            whose = enterprise.pk if name == BUNGIE else 10**9 + numbers[name] if name else None
            cell = {"region": world.region.pk, "enterprise": whose, "problem": row["practice_codes"][:20]}
            rows.append(Tally(complaint_id=number + 1, kind="received", ref=0, day=day, received=1, **cell))
    Tally.objects.bulk_create(rows, batch_size=5000)


@pytest.mark.full
@pytest.mark.skipif(not REGISTER.exists(), reason="the folder shared/data with the public registers is not there")
@pytest.mark.parametrize(("day", "is_one_enterprise"), [(date(2017, 12, 11), True), (date(2020, 4, 9), False)])
def test_a_known_burst_is_found_on_its_day(world: World, day: date, is_one_enterprise: bool) -> None:
    """Of a public register of complaints: not the day before."""
    enterprise = Enterprise.objects.create(name=BUNGIE, uscc="91350102MA88888889", domicile=world.region)
    counted_of_the_register(world, enterprise, day)
    whose = (
        {"enterprise": enterprise, "region": None}
        if is_one_enterprise
        else {"enterprise": None, "region": world.region}
    )
    cell = {"kind": "day", "facet": "", **whose}
    hotspots.look(day - DAY, now=datetime(day.year, day.month, day.day, tzinfo=SHANGHAI))
    assert not HotSpot.objects.filter(**cell, last=day - DAY).exists()
    hotspots.look(day, now=datetime(day.year, day.month, day.day, 23, tzinfo=SHANGHAI))
    result = HotSpot.objects.get(**cell, last=day)
    assert result.observed == (103 if is_one_enterprise else 282)
    assert result.observed > 3 * result.expected
