"""The statistics of hot spots: what docs/hot-spots.md promises, measured by simulation. The long runs print their
rates.
"""

from itertools import pairwise, product
from math import exp
from random import Random
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from authorities.models import Region
from enterprises.models import Enterprise
from oversight.figures.dispersion import COLD, Dispersion, tail_t
from oversight.hot_spots import folding, hotspots, unusual
from oversight.hot_spots.cells import RUN_WEEKS
from oversight.hot_spots.unusual import DAYS, FEWEST, USUAL, WEEK_LEVEL
from oversight.models import HotSpot, Tally
from tests import missing_in
from tests.cast import World
from tests.oversight.counting import CHARGE, DAY, NOW, REPAIR, TODAY, received, weeks
from tests.oversight.hot_spots.alarms import (
    AWorld,
    day_count,
    days_until_found,
    false_alarms,
    grows,
    mixed_sizes,
    poisson,
    rises,
    share_found,
    told,
)
from tests.oversight.hot_spots.test_hot_spots import URL
from tests.oversight.looking import browser, page_of

NINTH = 1 / (USUAL + 1)
KNOWN = [Dispersion(1.0, 30), Dispersion(1.5, 60), Dispersion(2.5, 20), COLD]


def test_cells_that_never_change_are_hardly_ever_found_and_a_large_rise_at_once_is() -> None:
    """What the long run measures, on a few cells: of 1,800 cells and weeks two are expected for each kind."""
    world = AWorld(21, sizes=mixed_sizes(300), phi=[1.25] * 300, days=42)
    assert max(false_alarms(world).values()) < 3.4
    risen = range(0, 160, 16)
    world = AWorld(22, sizes=[20.0] * 160, phi=[1.25] * 160, days=7, change=rises(risen, 4))
    assert share_found(world, risen, 7) > 0.9


@pytest.mark.full
@pytest.mark.parametrize("phi", [1.0, 1.25, 1.5])
def test_the_false_alarm_rate_at_length(phi: float, capsys: pytest.CaptureFixture[str]) -> None:
    rates = false_alarms(AWorld(23, sizes=mixed_sizes(1200), phi=[phi] * 1200, days=84 * DAYS))
    told(capsys, f"nothing changes, phi {phi}, 100,800 cells and weeks", **rates)
    assert max(rates.values()) <= 1.33


@pytest.mark.full
def test_the_false_alarm_rate_of_restless_cells_at_length(capsys: pytest.CaptureFixture[str]) -> None:
    """A tenth of the cells has four times the variance of chance."""
    wild = range(3, 1200, 10)
    phi = [4.0 if cell in wild else 1.25 for cell in range(1200)]
    rates = false_alarms(AWorld(24, sizes=mixed_sizes(1200), phi=phi, days=84 * DAYS), wild)
    told(capsys, "phi 4, a tenth of the cells", **rates)
    assert max(rates.values()) <= 6


@pytest.mark.full
def test_the_false_alarm_rate_while_all_rise_at_length(capsys: pytest.CaptureFixture[str]) -> None:
    """All cells have 1.6 times as much for ten days of every ten weeks."""

    def sale(_cell: int, day: int) -> float:
        return 1.6 if day >= 0 and day % 70 < 10 else 1.0

    rates = false_alarms(AWorld(25, sizes=mixed_sizes(1200), phi=[1.25] * 1200, days=84 * DAYS, change=sale))
    told(capsys, "all rise 1.6-fold for ten days", **rates)
    assert max(rates.values()) <= 2


@pytest.mark.full
@pytest.mark.parametrize("mean", [0.5, 2.0, 5.0])
def test_the_rate_of_small_cells_at_length(mean: float, capsys: pytest.CaptureFixture[str]) -> None:
    """Among larger ones, which tell how all goes."""
    sizes = [mean if cell < 900 else 40.0 for cell in range(1200)]
    rates = false_alarms(AWorld(26, sizes=sizes, phi=[1.25] * 1200, days=56 * DAYS), range(900))
    told(capsys, f"{mean} a week", **rates)
    assert max(rates.values()) <= 1.33


@pytest.mark.full
def test_doublings_at_length(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for seed in range(8):
        risen = range(seed, 600, 20)
        world = AWorld(30 + seed, sizes=[40.0] * 600, phi=[1.25] * 600, days=7, change=rises(risen, 2))
        found.append(share_found(world, risen, 7))
    told(capsys, "doubled at 40 a week, found within 7 days", share=sum(found) / len(found))
    assert sum(found) / len(found) >= 0.7


#: Weeks after which a rise is to be found, and how it rises. A growth by 4 % a week comes to half as much in ten.
SLOW_RISES = {
    "1.5 times as much": (8, lambda risen: rises(risen, 1.5)),
    "4 % more each week": (18, lambda risen: grows(risen, 1.04)),
}


@pytest.mark.full
@pytest.mark.parametrize("how", SLOW_RISES)
def test_slow_rises_at_length(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    weeks, change = SLOW_RISES[how]
    days: list[int] = []
    for seed in range(8):
        risen = range(seed, 600, 20)
        world = AWorld(40 + seed, sizes=[40.0] * 600, phi=[1.25] * 600, days=weeks * DAYS, change=change(risen))
        days += days_until_found(world, risen)
    share = sum(one <= weeks * DAYS for one in days) / len(days)
    told(capsys, f"{how} at 40 a week, found by week {weeks}; median days", share=share, days=median(days))
    assert share >= 0.95


@pytest.mark.full
def test_the_false_alarm_rate_of_wandering_levels_at_length(capsys: pytest.CaptureFixture[str]) -> None:
    """The level of each cell wanders: by 12 % (one standard deviation), and 0.8 of it is left a week later."""
    weeks, random = RUN_WEEKS + 84, Random(28)
    levels = []
    for _cell in range(1200):
        at, own = random.gauss(0, 0.12), []
        for _week in range(weeks):
            at = 0.8 * at + random.gauss(0, 0.12 * 0.6)
            own.append(exp(at))
        levels.append(own)

    def wanders(cell: int, day: int) -> float:
        return levels[cell][day // DAYS + RUN_WEEKS]

    rates = false_alarms(AWorld(27, sizes=mixed_sizes(1200), phi=[1.25] * 1200, days=84 * DAYS, change=wanders))
    told(capsys, "levels wander", **rates)
    assert max(rates.values()) <= 2


def test_the_threshold_is_the_least_count_that_is_unusual() -> None:
    for usual, dispersion, share in product([0, 3, 40, 320, 5000], KNOWN, [NINTH, 1 / 6]):
        result = unusual.threshold(usual, share, dispersion, WEEK_LEVEL)
        assert tail_t(result, usual, share, dispersion) < WEEK_LEVEL or result == FEWEST
        assert result == FEWEST or tail_t(result - 1, usual, share, dispersion) >= WEEK_LEVEL
        assert result >= unusual.threshold(usual, share, Dispersion(1.0, 1000), WEEK_LEVEL)


def test_the_smaller_a_cell_the_larger_the_rise_that_it_can_show() -> None:
    rises = [unusual.detectable(usual * USUAL, NINTH, KNOWN[0], WEEK_LEVEL) for usual in (1, 2, 5, 10, 20, 40, 80, 160)]
    assert all(before > after for before, after in pairwise(rises))
    assert rises[6] <= 2.0 < rises[3]


def test_a_detectable_rise_is_detected() -> None:
    for mean, dispersion in ((3.0, KNOWN[0]), (12.0, KNOWN[1]), (90.0, Dispersion(2.0, 50))):
        random, usual = Random(9), round(mean * USUAL)
        rise = unusual.detectable(usual, NINTH, dispersion, WEEK_LEVEL)
        needed = unusual.threshold(usual, NINTH, dispersion, WEEK_LEVEL)
        seen = sum(day_count(random, mean * rise, dispersion.phi) >= needed for _ in range(3000)) / 3000
        assert seen >= unusual.POWER - 0.02, mean
        assert unusual.at_least(needed, mean * (rise - 0.2), dispersion.phi) < unusual.POWER, mean


pytestmark = pytest.mark.django_db


def of_the_week(enterprise: Enterprise | None, problem: str = CHARGE, **columns: Any) -> HotSpot:
    """The hot spot of an enterprise and problem, or of a region."""
    facts = {"kind": "week", "enterprise": enterprise, "facet": f"p:{problem}" if problem else ""}
    return HotSpot.objects.get(**facts | columns)


@pytest.fixture
def one_event(world: World) -> World:
    """Charges of one enterprise rise; everything else of it and of the county stays as it was."""
    for enterprise, problem, counts in (
        (world.mobile, CHARGE, [5] * 34 + [40]),
        (world.mobile, REPAIR, [10] * 35),
        (world.telecom, CHARGE, [8] * 35),
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
    assert [row["spot"].pk for row in su.get("/oversight/").context["hot"]["rows"]] == [head.pk]
    wide = of_the_week(None, "", region=one_event.region)
    page = page_of(one_event.rui, f"{URL}{head.pk}/")
    assert not missing_in(page, "同一件事也见于", f'href="{URL}{wide.pk}/"')
    page = page_of(one_event.rui, f"{URL}{wide.pk}/")
    assert not missing_in(page, "别的热点解释了这里增加的大部分", f'href="{URL}{head.pk}/"')
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
    received(weeks(TODAY, [4] * 34 + [38]), region=one_event.region.pk, enterprise=one_event.telecom.pk, problem=REPAIR)
    hotspots.look(TODAY, now=NOW)
    enterprises = set(HotSpot.objects.filter(kind="week", explained_by=[]).values_list("enterprise_id", "facet"))
    assert {(one_event.mobile.pk, f"p:{CHARGE}"), (one_event.telecom.pk, f"p:{REPAIR}")} <= enterprises


def test_a_small_part_does_not_stand_for_a_rise_of_all(world: World) -> None:
    """Everything doubles, and one problem rises more: a fifth of all that came in addition is no explanation."""
    received(weeks(TODAY, [40] * 34 + [100]), region=world.region.pk, problem=REPAIR)
    received(weeks(TODAY, [1] * 34 + [18]), region=world.region.pk, problem=CHARGE)
    hotspots.look(TODAY, now=NOW)
    small, all_ = (of_the_week(None, problem, region=world.region) for problem in (CHARGE, ""))
    assert small.pk not in all_.explained_by


def test_a_day_that_made_the_week_stands_for_it_and_a_day_of_a_long_rise_does_not(world: World) -> None:
    usual = {TODAY - back * DAY: 2 for back in range(1, 245)}
    received(usual | {TODAY: 30}, region=world.region.pk, enterprise=world.mobile.pk, problem=CHARGE)
    received(weeks(TODAY, [14] * 34 + [77]), region=world.region.pk, enterprise=world.telecom.pk, problem=REPAIR)
    hotspots.look(TODAY, now=NOW)
    day, week = (of_the_week(world.mobile, kind=kind) for kind in ("day", "week"))
    assert (day.pk in week.explained_by, week.pk in day.explained_by) == (True, False)
    day, week = (of_the_week(world.telecom, REPAIR, kind=kind) for kind in ("day", "week"))
    assert (week.pk in day.explained_by, day.pk in week.explained_by) == (True, False)


@pytest.mark.full
def test_folding_hides_no_real_doubling_and_raises_no_alarm(world: World) -> None:
    """Eight times sixty enterprises of forty complaints a week in places by chance; every tenth doubles (where half of
    all do, that is what all like them do). Looked at on each of seven days as the sweep does, and then read as a
    director of the country reads the list: a doubling stands in it, or is named by a row that does.
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
                TODAY - back * DAY: poisson(dice, 40 / 7 * (2 if n % 10 == 1 and back < 7 else 1))
                for back in range(7 * 35)
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
        # One in a thousand cells a week: of fifty-four in a week none, by these seeds.
        assert results <= {enterprise.pk for enterprise in enterprises[1::10]}
        shown += len(results)
    assert shown >= 0.7 * 8 * 6
