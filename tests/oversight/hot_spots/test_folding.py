"""One event, one hot spot: the narrowest that explains it stands in the list, and names where else it is seen."""

from datetime import datetime
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from authorities.models import Region
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Enterprise
from oversight.hot_spots import folding, hotspots
from oversight.models import HotSpot, Tally
from tests.cast import World
from tests.complaints.pages.at_the_authority import workspace
from tests.oversight.cells import DAY, TODAY, received, weeks
from tests.oversight.hot_spots.test_unusual import poisson

CHARGE, REPAIR = "telecom.fees.unexplained_charge", "telecom.broadband.repair"
NOW = datetime(2026, 11, 26, 14, 0, tzinfo=SHANGHAI)
URL = "/authority/hot-spots/"
pytestmark = pytest.mark.django_db


def listed(person: Any) -> list[tuple[str, str]]:
    return [(row["whose"], row["what"]) for row in workspace(person).get(URL).context["rows"]]


@pytest.fixture
def one_event(world: World) -> World:
    """Charges of one enterprise rise; everything else of it and of the county stays as it was."""
    received(
        weeks(TODAY, [5] * 8 + [40]),
        region=world.region.pk,
        enterprise=world.mobile.pk,
        problem=CHARGE,
        thing="service.telecom",
    )
    received(
        weeks(TODAY, [10] * 9),
        region=world.region.pk,
        enterprise=world.mobile.pk,
        problem=REPAIR,
        thing="service.telecom",
    )
    received(
        weeks(TODAY, [8] * 9),
        region=world.region.pk,
        enterprise=world.telecom.pk,
        problem=CHARGE,
        thing="service.telecom",
    )
    return world


def test_the_narrowest_that_explains_an_event_stands_alone_and_each_page_names_the_others(one_event: World) -> None:
    hotspots.look(TODAY, now=NOW)
    head = HotSpot.objects.get(kind="week", enterprise=one_event.mobile, facet=f"p:{CHARGE}")
    others = HotSpot.objects.exclude(pk=head.pk)
    assert others.count() >= 8
    assert all(head.pk in one.explained_by for one in others)
    assert head.explained_by == []
    page = workspace(one_event.su).get(URL)
    assert [row["spot"].pk for row in page.context["rows"]] == [head.pk]
    city = one_event.su.offices.get().authority.region
    assert page.context["rows"][0]["also"] == others.filter(place__gte=city.pk, place__lte=city.last).count() >= 6
    assert [row["spot"].pk for row in workspace(one_event.su).get("/oversight/").context["hot"]] == [head.pk]
    wide = HotSpot.objects.get(kind="week", region=one_event.region, facet="")
    page = workspace(one_event.rui).get(f"{URL}{head.pk}/").content.decode()
    assert "同一件事也见于" in page
    assert f'href="{URL}{wide.pk}/"' in page
    page = workspace(one_event.rui).get(f"{URL}{wide.pk}/").content.decode()
    assert "更窄的热点" in page
    assert f'href="{URL}{head.pk}/"' in page


def test_whoever_does_not_see_the_narrowest_gets_the_next_one(one_event: World) -> None:
    """The enterprise has its domicile elsewhere: the county sees its own cells, folded among themselves."""
    elsewhere = Region.objects.filter(level="county").exclude(pk=one_event.region.pk).first()
    assert elsewhere is not None
    one_event.mobile.domicile = elsewhere
    one_event.mobile.save(update_fields=["domicile"])
    hotspots.look(TODAY, now=NOW)
    result = listed(one_event.rui)
    assert (len(result), result[0][0]) == (1, str(one_event.region))


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
    small = HotSpot.objects.get(kind="week", region=world.region, facet=f"p:{CHARGE}")
    assert small.pk not in HotSpot.objects.get(kind="week", region=world.region, facet="").explained_by


def test_a_day_that_made_the_week_stands_for_it_and_a_day_of_a_long_rise_does_not(world: World) -> None:
    usual = {TODAY - back * DAY: 2 for back in range(1, 63)}
    received(usual | {TODAY: 30}, region=world.region.pk, enterprise=world.mobile.pk, problem=CHARGE)
    received(weeks(TODAY, [14] * 8 + [77]), region=world.region.pk, enterprise=world.telecom.pk, problem=REPAIR)
    hotspots.look(TODAY, now=NOW)
    day, week = (
        HotSpot.objects.get(kind=kind, enterprise=world.mobile, facet=f"p:{CHARGE}") for kind in ("day", "week")
    )
    assert day.pk in week.explained_by
    assert week.pk not in day.explained_by
    day, week = (
        HotSpot.objects.get(kind=kind, enterprise=world.telecom, facet=f"p:{REPAIR}") for kind in ("day", "week")
    )
    assert week.pk in day.explained_by
    assert day.pk not in week.explained_by


def test_what_is_found_later_explains_what_was_found_before(one_event: World) -> None:
    """The county stood out a day before the enterprise's own cell did; nothing is ever hidden by a circle."""
    hotspots.look(TODAY, now=NOW)
    head = HotSpot.objects.get(kind="week", enterprise=one_event.mobile, facet=f"p:{CHARGE}")
    head.delete()
    HotSpot.objects.update(explained_by=[], found_at=NOW)
    hotspots.look(TODAY, now=NOW)
    head = HotSpot.objects.get(kind="week", enterprise=one_event.mobile, facet=f"p:{CHARGE}")
    assert [whose for whose, _what in listed(one_event.su)] == [str(one_event.mobile)]
    seen: dict[int, list[int]] = dict(HotSpot.objects.values_list("pk", "explained_by"))
    assert all(pk not in seen[narrow] for pk, narrower in seen.items() for narrow in narrower)
    assert head.explained_by == []


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
            received(
                by_day,
                region=dice.choice(counties),
                enterprise=enterprise.pk,
                problem=(CHARGE, REPAIR)[n // 2 % 2],
                thing="service.telecom",
            )
        for back in reversed(range(7)):
            hotspots.look(TODAY - back * DAY, now=NOW - back * DAY)
            with connection.cursor() as cursor:
                # A test is one transaction, and a look has a minute.
                cursor.execute("set local transaction_timeout = 0")
        listed = set(folding.shown(HotSpot.objects.all(), Q()).values_list("pk", flat=True))
        rows = list(HotSpot.objects.filter(kind="week", enterprise__in=enterprises, facet__startswith="p:"))
        assert all(row.pk in listed or listed & set(row.explained_by) for row in rows), (
            "whatever is found is to be read"
        )
        results = {row.enterprise_id for row in rows}
        assert results <= {enterprise.pk for enterprise in enterprises[1::2]}, (
            "one in a thousand cells a week: of thirty in a week none, by these seeds"
        )
        shown += len(results)
    assert shown >= 0.9 * 8 * 30
