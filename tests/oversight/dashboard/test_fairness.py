"""Who is treated otherwise: named only beyond chance and beside the same enterprise and problem; the stages are found
again by SQL of its own. Complaints per customer with their interval.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from authorities.models import Region
from complaints.models import Complaint
from database.row_security import working_as_steps
from enterprises.models import CustomerCount, LeagueLine
from oversight.counters import making, treated
from oversight.counters.treated import Came, Stages
from oversight.figures import rates, strata
from oversight.figures.definitions import Period, Scope
from oversight.figures.dispersion import q_values
from oversight.models import MonthEnterprise, Tally
from oversight.presenting import fairness, per_customers
from tests import given, missing_in
from tests.cast import World
from tests.oversight import slow_count
from tests.oversight.counting import a_line, a_shop
from tests.oversight.dashboard.test_chance import poisson
from tests.oversight.looking import browser, opened, page_of
from tests.oversight.test_small_numbers import restless
from tests.oversight.worlds import Walk

DAY = timedelta(days=1)
URL = "/oversight/fairness/"
FIRMS, PROBLEMS = 30, 6


def drawn(dice: random.Random, n: int, share: float) -> int:
    return sum(dice.random() < share for _ in range(n))


def a_table(dice: random.Random, share: float, *, gap: float = 0.0) -> tuple[list[strata.Compared], bool]:
    """Sixteen comparisons of a group that has ``share`` of 3,000 stages and more of them where less is settled: in the
    first its share is lower by ``gap``, in the others nothing differs. Also whether raw shares of the first would be
    said to differ.
    """
    sizes = [dice.gammavariate(0.5, 1) for _ in range(FIRMS * PROBLEMS)]
    cells = []
    for size in sizes:
        p = dice.betavariate(4, 4)
        lean = min(0.9, share * math.exp(1.5 * (0.5 - p) + dice.gauss(0, 0.4)))
        n = poisson(dice, 3000 * size / sum(sizes))
        n1 = drawn(dice, n, lean)
        cells.append((n1, n - n1, p))
    results, is_raw = [], False
    for figure in range(16):
        lower = gap if figure == 0 else 0.0
        table = [
            ((drawn(dice, n1, max(0.01, p - lower)), n1), (drawn(dice, n0, p), n0)) for n1, n0, p in cells if n1 + n0
        ]
        results.append(strata.compared(table))
        if figure == 0:
            a, na, b, nb = (sum(row[side][at] for row in table) for side in (0, 1) for at in (0, 1))
            error = math.sqrt(a * (na - a) / na**3 + b * (nb - b) / nb**3)
            is_raw = abs(a / na - b / nb) > 1.96 * error
    return results, is_raw


def rates_of(seed: int, tables: int, share: float, *, gap: float = 0.0) -> dict[str, float]:
    """How often: any of the fifteen rows without a difference is named; the first is; raw shares would have said so;
    the 95 % interval of the first holds its difference.
    """
    dice, sums = random.Random(seed), defaultdict[str, float](float)
    for _ in range(tables):
        every, is_raw = a_table(dice, share, gap=gap)
        qs = q_values([one.p for one in every])
        named = [fairness.Cell(one, q, True).is_named for one, q in zip(every, qs, strict=True)]
        first = every[0].difference
        assert first is not None
        sums["any"] += any(named[1:])
        sums["first"] += named[0]
        sums["raw"] += is_raw
        sums["holds"] += abs(first.by + gap) <= every[0].half
        sums["half"] += every[0].half
    return {name: n / tables for name, n in sums.items()}


def test_without_a_difference_hardly_any_of_fifteen_rows_is_named_and_ten_points_are() -> None:
    assert rates_of(5, 40, 0.15)["any"] <= 0.15
    seen = rates_of(6, 25, 0.4, gap=0.10)
    assert seen["first"] >= 0.8
    assert seen["holds"] >= 0.8


@pytest.mark.full
@pytest.mark.parametrize("share", [0.05, 0.15, 0.4])
def test_of_fifteen_rows_without_a_difference_any_is_named_in_five_of_a_hundred_tables(
    share: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Statistics.md, section 6; the rates are printed."""
    tables = 600
    equal, ten = rates_of(12315, tables, share), rates_of(12316, tables // 2, share, gap=0.10)
    with capsys.disabled():
        print(f"\n{share:.0%} of 3,000: equal {equal}, ten points {ten}")
    # Two standard errors of what is drawn.
    assert equal["any"] <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / tables)
    assert ten["holds"] >= 0.92


def test_the_difference_is_that_within_strata_and_not_that_of_the_mix() -> None:
    # Everywhere as much is settled for both; the group has more of the stratum where little is.
    same = strata.compared([((9, 90), (1, 10)), ((8, 10), (72, 90))])
    assert same.difference is not None
    assert (same.group, same.others) == ((17, 100), (73, 100))
    assert same.difference.by == pytest.approx(0)
    assert same.p == pytest.approx(1)
    # One stratum: the difference of the shares; its variance nearly that of two binomial shares.
    [one] = [strata.compared([((30, 60), (80, 100))])]
    assert one.difference is not None
    assert one.difference.by == pytest.approx(-0.3)
    assert one.difference.variance == pytest.approx(0.25 / 60 + 0.16 / 100, rel=0.2)
    # Strata of one side only say nothing; where nothing ever happens the interval is not nothing.
    assert strata.compared([((3, 9), (0, 0))]).difference is None
    none = strata.compared([((0, 40), (0, 60))])
    assert none.difference is not None
    assert none.half > 0.01
    assert none.p == 1


def test_the_interval_of_a_count_is_garwoods() -> None:
    for n, low, high in ((0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (100, 81.3640, 121.6266)):
        assert rates.garwood(n) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
    assert rates.interval(100, 4.0) == (pytest.approx(100 - 2 * 18.636, abs=1e-2), pytest.approx(143.253, abs=1e-2))
    assert rates.interval(30, 16.0)[0] == 0.0


@pytest.mark.parametrize(("mean", "phi"), [(30.0, 1.0), (30.0, 2.0), (100.0, 3.0)])
def test_it_holds_the_mean_as_often_as_it_promises(mean: float, phi: float) -> None:
    dice, intervals = random.Random(7), dict[int, tuple[float, float]]()
    held = 0
    for _ in range(2000):
        n = restless(dice, mean, phi)
        if n not in intervals:
            intervals[n] = rates.interval(n, phi)
        low, high = intervals[n]
        held += low <= mean <= high
    assert 0.93 <= held / 2000 <= 0.985


pytestmark = pytest.mark.django_db
_refs = count(1)


def test_the_stages_are_those_of_the_rows_counted_by_other_sql(world: World) -> None:
    walk = Walk(world, seed=26, cases=24, ticks=36)
    with working_as_steps():
        for nth, case in enumerate(Complaint.objects.order_by("pk")):
            case.facts |= {"display": ("elder", "standard")[nth % 2]} if nth % 3 else {}
            case.facts |= {"need_help": ["elder"]} if nth % 5 == 0 else {}
            Complaint.objects.filter(pk=case.pk).update(facts=case.facts)
    making.rebuild(now=walk.now)
    region, today = Region.objects.get(code="350100"), timezone.localdate(walk.now)
    period = Period(first=date(2026, 9, 1), last=today)
    stages = treated.read(Scope(regions=(region,)), period, today)
    found: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * 6)
    for one in stages:
        key = (one.enterprise, one.came.channel, one.came.display, one.came.is_elder, one.came.is_assisted)
        numbers = [*one.pairs["on_time"], *one.pairs["settled"], *one.pairs["returned"]]
        found[key] = [a + b for a, b in zip(found[key], numbers, strict=True)]
    with working_as_steps(), connection.cursor() as cursor:
        cursor.execute(
            """
            with judged as (
                select e.*, case when accepted_refusal then 'failed' else odr_result end as result
                from complaints_engagement e where until_at is not null and ended_by <> 'succession'
            )
            select e.enterprise_id, c.channel, coalesce(c.facts->>'display', ''),
                coalesce(c.facts->'need_help' @> '"elder"', false),
                c.station_id is not null or exists (
                    select from complaints_handlingstep s
                    where s.complaint_id = c.id and s.step = 'file' and s.recorded_by_id is not null),
                count(*) filter (where not e.is_overdue), count(*) filter (where result = 'settled'),
                count(*) filter (where result in ('unconfirmed', 'settled_elsewhere', 'failed')),
                count(*) filter (where result = 'returned'), count(*) filter (where result <> 'returned')
            from judged e join complaints_complaint c on c.id = e.complaint_id
            group by 1, 2, 3, 4, 5"""
        )
        expected = {tuple(row[:5]): list(row[5:]) for row in cursor.fetchall()}
    assert expected.keys() <= found.keys()
    assert sum(row[0] for row in expected.values()) > 3
    for key, numbers in found.items():
        in_time, _late, settled, not_settled, returned, others = numbers
        assert [in_time, settled, not_settled, returned, others] == expected.get(key, [0] * 5), key
    for channel in ("web", "phone"):
        slow = slow_count.counted(period.first, period.last, walk.now, (region.pk, region.last), channel=channel)
        late = sum(numbers[1] for key, numbers in found.items() if key[1] == channel)
        assert late == slow.on_time()["late"] + slow.on_time()["open_overdue"], channel


def ended(case: Complaint, firm: int, *, in_time: int, late: int, settled: int = 0) -> None:
    """So many stages of one case yesterday, as if they were of as many."""
    same = {"complaint_id": case.pk, "kind": "ended", "day": timezone.localdate() - DAY, "enterprise": firm}
    same |= {"region": case.handling_region_id, "problem": case.problem_category, "channel": case.channel}
    rows = []
    for nth in range(in_time + late):
        share = {"in_time": 1} if nth < in_time else {"ended_late": 1}
        share |= {"ended_settled": 1} if nth < settled else {"ended_failed": 1}
        rows.append(Tally(ref=1_000_000 + next(_refs), **same, **share))
    Tally.objects.bulk_create(rows)


def test_the_page_names_who_waits_longer_and_says_what_it_could_not_have_seen(world: World) -> None:
    elder = given.filed(world, now=timezone.now() - 9 * DAY, display="elder")
    plain = given.filed(world, now=timezone.now() - 9 * DAY, display="standard")
    by_phone = given.filed(world, now=timezone.now() - 9 * DAY, channel="phone")
    few = given.filed(world, now=timezone.now() - 9 * DAY, channel="post")
    assert (elder.facts["display"], "display" in by_phone.facts) == ("elder", False)
    shops = [a_shop(world, f"测试商场{nth}") for nth in range(2)]
    for shop in shops:
        ended(elder, shop.pk, in_time=60, late=40, settled=50)
        ended(plain, shop.pk, in_time=90, late=10, settled=50)
        ended(by_phone, shop.pk, in_time=75, late=25, settled=50)
        ended(few, shop.pk, in_time=10, late=2)
    client = browser(world.su)
    answer = client.get(URL)
    lines = {row["line"].group.code: row["line"] for row in answer.context["lines"]}
    assert set(lines) == {"web", "phone", "post", "elder_display"}
    on_time, settled, returned = lines["elder_display"].cells
    # Whose display nobody noted is of neither side.
    assert (on_time.compared.group, on_time.compared.others) == ((120, 200), (180, 200))
    assert on_time.is_worse
    assert "低30.0个百分点" in on_time.text
    assert not settled.is_named
    assert "未见差别；小于10个百分点看不出来" in settled.text
    assert not returned.is_named
    assert "可比的不足30件" in lines["post"].cells[0].text
    # Of web and phone together as many are in time.
    assert not lines["phone"].cells[0].is_named
    page = answer.content.decode()
    assert not missing_in(page, "比较了9项，1项更差", "用长辈版填写", "60.0%", "其他90.0%")
    # Of each group its stages, and in each figure its own and the others that it is compared with.
    assert opened(world.su, page) > 4 * 4
    others = "/oversight/cases/?what=alike&group=elder_display&figure=on_time&side=others&period=30"
    shown = client.get(others)
    assert {row["row"].complaint.pk for row in shown.context["rows"]} == {plain.pk}
    assert "和“用长辈版填写”相比的其他阶段：按时办结" in shown.content.decode()
    second = client.get(shown.context["next_url"])
    assert (second.context["n"], len(second.context["rows"])) == (200, 25)
    for wrong in ("group=young", "group=web&figure=colour", ""):
        assert client.get(f"/oversight/cases/?what=alike&{wrong}").status_code == 404, wrong
    far = page_of(world.far_officer.user, URL)
    assert "这段时间没有结束的案件，没有可比的" in far
    assert "测试商场" not in far
    for stranger in (world.chen, world.ming):
        assert browser(stranger).get(URL).status_code == 404


def test_other_enterprises_and_problems_are_no_difference() -> None:
    def stages(firm: int, channel: str, in_time: int, late: int) -> Stages:
        return Stages(
            firm,
            "p",
            Came(channel, "", False, False),
            {"on_time": (in_time, late)} | dict.fromkeys(("settled", "returned"), (0, 0)),
        )

    # Who comes by phone complains of the firm that is late with everybody.
    every = [stages(1, "web", 95, 5), stages(1, "phone", 19, 1), stages(2, "web", 5, 15), stages(2, "phone", 25, 75)]
    cells = [line.cells[0] for line in fairness.lines(every)]
    assert [cell.is_named for cell in cells] == [False, False]
    few = fairness.lines([stages(1, "web", 9, 5), stages(1, "phone", 9, 1)])
    assert fairness.headline(few) == "可比的件数太少，说不清；两边各满30件才比"


def a_quarter(firm: Any, n: int, today: date) -> None:
    """So many complaints in the last quarter, and a third of that in each of 12 months before."""
    first = per_customers.last_quarter(today).first
    for back in range(-2, 13):
        month = per_customers._months_before(first, back)
        MonthEnterprise.objects.create(enterprise=firm.pk, branch=0, month=month, received=n // 3)


def test_complaints_per_customer_have_an_interval_and_places_that_may_be_shared(world: World) -> None:
    today = timezone.localdate()
    quarter = per_customers.last_quarter(today)
    numbers = {"多投诉": (300, 100_000), "少投诉": (300, 1_000_000), "差不多": (297, 1_000_000), "件数少": (27, 1_000)}
    for name, (n, customers) in numbers.items():
        firm = a_shop(world, name)
        a_quarter(firm, n, today)
        a_line(firm)
        counted_on = quarter.last - 30 * DAY
        CustomerCount.objects.create(
            enterprise=firm, counted_on=counted_on, number=customers, source="年报", noted_at=timezone.now()
        )
    old, silent = a_shop(world, "旧数"), a_shop(world, "没报")
    for firm in (old, silent):
        a_quarter(firm, 90, today)
    a_line(old)
    before = quarter.last - 366 * DAY
    CustomerCount.objects.create(enterprise=old, counted_on=before, number=9, source="年报", noted_at=timezone.now())
    LeagueLine.objects.update(main_sector="service.telecom")
    found = per_customers.read([world.region], today)
    [sector] = found.sectors
    rows = {row.enterprise.name: row for row in sector.rates}
    assert found.unknown == 1
    assert [rows[name].place for name in numbers] == [(1, 1), (2, 3), (2, 3), None]
    assert rows["多投诉"].rate == pytest.approx(300)
    assert rows["件数少"].rate is None
    low, high = rows["多投诉"].interval or (0, 0)
    garwood = rates.garwood(300)
    assert low < garwood[0] < 300 < garwood[1] < high, "wider than by chance alone"
    assert rows["旧数"].is_old
    assert rows["旧数"].rate is None
    page = page_of(world.rui, URL)
    assert not missing_in(page, "300.0", "第2–3", "用户数太旧，不算", "不足30件，不算")
    assert "1家收到30件以上、没有报用户数" in page
    assert "多投诉" not in page_of(world.far_officer.user, URL)
