"""The statistics of hot spots: what docs/hot-spots.md promises, measured by simulation, and the parts by exact
arithmetic.
"""

from fractions import Fraction
from itertools import pairwise, product
from math import comb, exp, sqrt
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from authorities.models import Region
from enterprises.models import Enterprise
from oversight.hot_spots import folding, hotspots, unusual
from oversight.hot_spots.unusual import DAY_LEVEL, DAYS, FEWEST, RATE, USUAL, WEEK_LEVEL, Spread
from oversight.models import HotSpot, Tally
from tests import missing_in
from tests.cast import World
from tests.oversight.counting import CHARGE, DAY, NOW, REPAIR, TODAY, received, weeks
from tests.oversight.hot_spots.test_hot_spots import URL
from tests.oversight.looking import browser, page_of

#: The promise of the issue: the nominal rate within a third.
LOW, HIGH = RATE * 2 / 3, RATE * 4 / 3


def poisson(random: Random, mean: float) -> int:
    if mean > 30:
        return poisson(random, mean / 2) + poisson(random, mean / 2)
    limit, product, result = exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        result += 1
    return result


def day_count(random: Random, mean: float, restless: float) -> int:
    """Complaints of a day: Poisson, or negative binomial with this variance over mean."""
    return poisson(random, mean if restless <= 1 else random.gammavariate(mean / (restless - 1), restless - 1))


def alarms(seed: int, *, cells: int, weeks: int, mean: float, restless: float) -> float:
    """How often a cell in which nothing changes is found, a cell and week; looked at every day as the sweep does."""
    random, span = Random(seed), DAYS * (USUAL + 1)
    days = [[day_count(random, mean / DAYS, restless) for _ in range(span)] for _ in range(cells)]
    sums = [[sum(own[span - DAYS * (back + 1) : span - DAYS * back]) for back in range(USUAL + 1)] for own in days]
    last, result = [-DAYS] * cells, 0
    for day in range(weeks * DAYS):
        for own, nine in zip(days, sums, strict=True):
            own.append(day_count(random, mean / DAYS, restless))
            end = len(own)
            for back in range(USUAL + 1):
                nine[back] += own[end - 1 - DAYS * back] - own[end - 1 - DAYS * (back + 1)]
        spreads = [Spread.of(nine[1:]) for nine in sums]
        pooled = unusual.restlessness(spreads)
        for at, (nine, spread) in enumerate(zip(sums, spreads, strict=True)):
            if nine[0] < FEWEST or day - last[at] < DAYS or nine[0] * USUAL <= spread.total:
                continue
            if nine[0] >= unusual.threshold(spread.total, unusual.restlessness_at(spread.mean, pooled), WEEK_LEVEL):
                last[at] = day
                result += 1
    return result / (cells * weeks)


def doublings_found(seed: int, *, runs: int, mean: float, restless: float) -> float:
    """In what part of the runs a doubling that begins with a day is found on the seventh day, at the latest."""
    random, result = Random(seed), 0
    for _run in range(runs):
        own = [day_count(random, mean / DAYS, restless) for _ in range(DAYS * (USUAL + 1))]
        for _day in range(DAYS):
            own.append(day_count(random, 2 * mean / DAYS, restless))
            nine = [sum(own[len(own) - DAYS * (back + 1) : len(own) - DAYS * back]) for back in range(USUAL + 1)]
            if nine[0] >= unusual.threshold(sum(nine[1:]), restless, WEEK_LEVEL):
                result += 1
                break
    return result / runs


def test_the_false_alarm_rate_is_what_is_promised_and_less_in_a_small_cell() -> None:
    assert LOW < alarms(1, cells=300, weeks=160, mean=40, restless=1.25) < HIGH
    assert alarms(2, cells=300, weeks=60, mean=1, restless=1.25) < HIGH


def test_a_real_doubling_is_found_within_seven_days() -> None:
    for mean, restless in ((40, 1.0), (60, 1.5)):
        assert doublings_found(3, runs=400, mean=mean, restless=restless) >= 0.9, mean


@pytest.mark.full
@pytest.mark.parametrize(("mean", "restless"), [(10, 1.0), (10, 1.5), (40, 1.0), (40, 1.5), (200, 1.25)])
def test_the_false_alarm_rate_at_length(mean: float, restless: float) -> None:
    assert LOW < alarms(4, cells=1000, weeks=300, mean=mean, restless=restless) < HIGH


@pytest.mark.full
@pytest.mark.parametrize("mean", [0.5, 2, 5])
def test_the_rate_of_small_cells_at_length(mean: float) -> None:
    assert alarms(5, cells=1000, weeks=300, mean=mean, restless=1.25) < HIGH


@pytest.mark.full
@pytest.mark.parametrize(("mean", "restless"), [(40, 1.0), (40, 1.1), (50, 1.25), (60, 1.5), (100, 1.5)])
def test_doublings_at_length(mean: float, restless: float) -> None:
    assert doublings_found(6, runs=4000, mean=mean, restless=restless) >= 0.9


def test_days_of_cells_that_never_change() -> None:
    """A day is looked at once; seven of them keep the promise of a week."""
    random, result, looks = Random(7), 0, 60_000
    for _look in range(looks):
        nine = [poisson(random, 12) for _ in range(USUAL + 1)]
        result += nine[0] >= unusual.threshold(sum(nine[1:]), 1.0, DAY_LEVEL)
    # Ten are expected; that few vary much, so the long bounds are those of five standard errors.
    assert abs(result - looks * DAY_LEVEL) < 5 * sqrt(looks * DAY_LEVEL)


def test_where_nothing_is_restless_the_chance_is_the_binomial_one() -> None:
    for count, usual in ((5, 0), (7, 11), (12, 40), (60, 320), (9, 8)):
        whole, share = count + usual, Fraction(1, USUAL + 1)
        terms = [comb(whole, k) * share**k * (1 - share) ** (whole - k) for k in range(count, whole + 1)]
        exact = float(sum(terms[1:]) + terms[0] / 2)
        assert unusual.chance(count, usual, 1.0) == pytest.approx(exact, rel=0.05), (count, usual)


def test_the_chance_is_the_beta_binomial_one_also_of_a_whole_country() -> None:
    """Against products of whole numbers: with shapes 2 and 16 the beta-binomial is a sum of binomial coefficients."""
    count, usual = 9, 9
    whole = count + usual
    restless = 1 + whole / ((USUAL + 1) * 2)
    ways = [comb(k + 1, k) * comb(whole - k + 15, whole - k) for k in range(count, whole + 1)]
    terms = [Fraction(n, comb(whole + 17, whole)) for n in ways]
    assert unusual.chance(count, usual, restless) == pytest.approx(float(sum(terms[1:]) + terms[0] / 2), rel=1e-9)
    assert unusual.chance(64_000, 8 * 64_000, 1.0) > 0.4
    assert unusual.chance(66_000, 8 * 64_000, 1.0) < 1e-9


def test_the_threshold_is_the_least_count_that_is_unusual() -> None:
    for usual, restless in product([0, 3, 40, 320, 5000], [1.0, 1.3, 2.5]):
        result = unusual.threshold(usual, restless, WEEK_LEVEL)
        assert unusual.chance(result, usual, restless) < WEEK_LEVEL or result == FEWEST
        assert result == FEWEST or unusual.chance(result - 1, usual, restless) >= WEEK_LEVEL
        assert result >= unusual.threshold(usual, 1.0, WEEK_LEVEL)


def test_restlessness_is_pooled_by_size_and_old_bursts_are_left_out() -> None:
    random = Random(8)
    calm = [Spread.of([day_count(random, 10, 1.4) for _ in range(USUAL)]) for _ in range(600)]
    wild = [Spread.of([day_count(random, 100, 3.0) for _ in range(USUAL)]) for _ in range(600)]
    bursts = [Spread.of([10] * 7 + [400]) for _ in range(6)]
    result = unusual.restlessness([*calm, *wild, *bursts])
    assert unusual.restlessness_at(10, result) == pytest.approx(1.4, abs=0.12)
    assert unusual.restlessness_at(100, result) == pytest.approx(3.0, abs=0.3)
    assert unusual.restlessness_at(1e6, result) == unusual.ASSUMED


def test_the_smaller_a_cell_the_larger_the_rise_that_it_can_show() -> None:
    rises = [unusual.detectable(usual * USUAL, 1.0, WEEK_LEVEL) for usual in (1, 2, 5, 10, 20, 40, 80, 160)]
    assert all(before > after for before, after in pairwise(rises))
    assert rises[5] <= 2.0 < rises[3]


def test_a_detectable_rise_is_detected() -> None:
    for mean, restless in ((3.0, 1.0), (12.0, 1.5), (90.0, 2.0)):
        random, usual = Random(9), round(mean * USUAL)
        rise, needed = unusual.detectable(usual, restless, WEEK_LEVEL), unusual.threshold(usual, restless, WEEK_LEVEL)
        seen = sum(day_count(random, mean * rise, restless) >= needed for _ in range(3000)) / 3000
        assert seen >= unusual.POWER - 0.02, mean
        assert unusual.at_least(needed, mean * (rise - 0.2), restless) < unusual.POWER, mean


def test_the_interval_of_a_ratio_holds_what_it_promises_and_a_change_that_came_everywhere_is_no_effect() -> None:
    random, held = Random(10), 0
    for _run in range(2000):
        ratio = unusual.rate_ratio(day_count(random, 200, 1.5), 56, day_count(random, 50, 1.5), 28, restless=1.5)
        assert ratio is not None
        held += ratio.low <= 0.5 <= ratio.high
    assert 0.93 <= held / 2000 <= 0.97

    everywhere = unusual.against((100, 50), (10_000, 5_000))
    alone = unusual.against((100, 40), (10_000, 10_000))
    assert (everywhere.is_fall, everywhere.value, alone.is_fall) == (False, pytest.approx(1.0), True)
    assert unusual.against((0, 0), (10, 10)) is None
    assert unusual.rate_ratio(10, 56, 3, 0) is None
    nothing_after = unusual.rate_ratio(20, 56, 0, 56)
    assert 0 < nothing_after.low < nothing_after.high < 1


pytestmark = pytest.mark.django_db


def of_the_week(enterprise: Enterprise | None, problem: str = CHARGE, **columns: Any) -> HotSpot:
    """The hot spot of an enterprise and problem, or of a region."""
    facts = {"kind": "week", "enterprise": enterprise, "facet": f"p:{problem}" if problem else ""}
    return HotSpot.objects.get(**facts | columns)


@pytest.fixture
def one_event(world: World) -> World:
    """Charges of one enterprise rise; everything else of it and of the county stays as it was."""
    for enterprise, problem, counts in (
        (world.mobile, CHARGE, [5] * 8 + [40]),
        (world.mobile, REPAIR, [10] * 9),
        (world.telecom, CHARGE, [8] * 9),
    ):
        cell = {"enterprise": enterprise.pk, "problem": problem, "thing": "service.telecom"}
        received(weeks(TODAY, counts), region=world.region.pk, **cell)
    return world


def test_the_narrowest_that_explains_an_event_stands_alone_and_each_page_names_the_others(one_event: World) -> None:
    hotspots.look(TODAY, now=NOW)
    head = of_the_week(one_event.mobile)
    others = HotSpot.objects.exclude(pk=head.pk)
    assert others.count() >= 8
    assert all(head.pk in one.explained_by for one in others)
    assert head.explained_by == []
    su = browser(one_event.su)
    [row] = su.get(URL).context["rows"]
    city = one_event.su.offices.get().authority.region
    assert row["spot"].pk == head.pk
    assert row["also"] == others.filter(place__gte=city.pk, place__lte=city.last).count() >= 6
    assert [row["spot"].pk for row in su.get("/oversight/").context["hot"]] == [head.pk]
    wide = of_the_week(None, "", region=one_event.region)
    page = page_of(one_event.rui, f"{URL}{head.pk}/")
    assert not missing_in(page, "同一件事也见于", f'href="{URL}{wide.pk}/"')
    page = page_of(one_event.rui, f"{URL}{wide.pk}/")
    assert not missing_in(page, "更窄的热点", f'href="{URL}{head.pk}/"')
    # The county stood out a day before the enterprise's own cell did: what is found later explains it all the same.
    head.delete()
    HotSpot.objects.update(explained_by=[], found_at=NOW)
    hotspots.look(TODAY, now=NOW)
    head = of_the_week(one_event.mobile)
    assert [row["whose"] for row in su.get(URL).context["rows"]] == [str(one_event.mobile)]
    seen: dict[int, list[int]] = dict(HotSpot.objects.values_list("pk", "explained_by"))
    in_a_circle = [pk for pk, narrower in seen.items() for narrow in narrower if pk in seen[narrow]]
    assert (in_a_circle, head.explained_by) == ([], []), "nothing is ever hidden by a circle"


def test_whoever_does_not_see_the_narrowest_gets_the_next_one(one_event: World) -> None:
    """The enterprise has its domicile elsewhere: the county sees its own cells, folded among themselves."""
    elsewhere = Region.objects.filter(level="county").exclude(pk=one_event.region.pk).first()
    assert elsewhere is not None
    one_event.mobile.domicile = elsewhere
    one_event.mobile.save(update_fields=["domicile"])
    hotspots.look(TODAY, now=NOW)
    [row] = browser(one_event.rui).get(URL).context["rows"]
    assert row["whose"] == str(one_event.region)


def test_two_events_stay_two(one_event: World) -> None:
    """Broadband of another enterprise rises in the same week: neither explains the other, both explain the county."""
    received(weeks(TODAY, [4] * 8 + [38]), region=one_event.region.pk, enterprise=one_event.telecom.pk, problem=REPAIR)
    hotspots.look(TODAY, now=NOW)
    enterprises = set(HotSpot.objects.filter(kind="week", explained_by=[]).values_list("enterprise_id", "facet"))
    assert {(one_event.mobile.pk, f"p:{CHARGE}"), (one_event.telecom.pk, f"p:{REPAIR}")} <= enterprises


def test_a_small_part_does_not_stand_for_a_rise_of_all(world: World) -> None:
    """Everything doubles and more, of which one problem is a tenth: the problem is no explanation."""
    received(weeks(TODAY, [30] * 8 + [110]), region=world.region.pk, problem=REPAIR)
    received(weeks(TODAY, [1] * 8 + [12]), region=world.region.pk, problem=CHARGE)
    hotspots.look(TODAY, now=NOW)
    small, all_ = (of_the_week(None, problem, region=world.region) for problem in (CHARGE, ""))
    assert small.pk not in all_.explained_by


def test_a_day_that_made_the_week_stands_for_it_and_a_day_of_a_long_rise_does_not(world: World) -> None:
    usual = {TODAY - back * DAY: 2 for back in range(1, 63)}
    received(usual | {TODAY: 30}, region=world.region.pk, enterprise=world.mobile.pk, problem=CHARGE)
    received(weeks(TODAY, [14] * 8 + [77]), region=world.region.pk, enterprise=world.telecom.pk, problem=REPAIR)
    hotspots.look(TODAY, now=NOW)
    day, week = (of_the_week(world.mobile, kind=kind) for kind in ("day", "week"))
    assert (day.pk in week.explained_by, week.pk in day.explained_by) == (True, False)
    day, week = (of_the_week(world.telecom, REPAIR, kind=kind) for kind in ("day", "week"))
    assert (week.pk in day.explained_by, day.pk in week.explained_by) == (True, False)


@pytest.mark.full
def test_folding_hides_no_real_doubling_and_raises_no_alarm(world: World) -> None:
    """Eight times sixty enterprises of forty complaints a week in places by chance; every second one doubles. Looked at
    on each of seven days as the sweep does, and then read as a director of the country reads the list: a doubling
    stands in it, or is named by a row that does.
    """
    enterprises = Enterprise.objects.bulk_create(
        [Enterprise(name=f"企业{n}", domicile=world.region, enrolled_by=world.mobile.enrolled_by) for n in range(60)]
    )
    counties = list(Region.objects.filter(level="county").values_list("pk", flat=True))
    shown = 0
    for seed in range(8):
        dice = Random(seed)
        Tally.objects.all().delete()
        HotSpot.objects.all().delete()
        for n, enterprise in enumerate(enterprises):
            by_day = {
                TODAY - back * DAY: poisson(dice, 40 / 7 * (2 if n % 2 and back < 7 else 1)) for back in range(7 * 9)
            }
            cell = {"enterprise": enterprise.pk, "problem": (CHARGE, REPAIR)[n // 2 % 2], "thing": "service.telecom"}
            received(by_day, region=dice.choice(counties), **cell)
        for back in reversed(range(7)):
            hotspots.look(TODAY - back * DAY, now=NOW - back * DAY)
            with connection.cursor() as cursor:
                # A test is one transaction, and a look has a minute.
                cursor.execute("set local transaction_timeout = 0")
        listed = set(folding.shown(HotSpot.objects.all(), Q()).values_list("pk", flat=True))
        rows = list(HotSpot.objects.filter(kind="week", enterprise__in=enterprises, facet__startswith="p:"))
        is_read = [row.pk in listed or listed & set(row.explained_by) for row in rows]
        assert all(is_read), "whatever is found is to be read"
        results = {row.enterprise_id for row in rows}
        # One in a thousand cells a week: of thirty in a week none, by these seeds.
        assert results <= {enterprise.pk for enterprise in enterprises[1::2]}
        shown += len(results)
    assert shown >= 0.9 * 8 * 30
