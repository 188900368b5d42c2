"""Slow rises: found once a week from the counts of weeks, told since when, silent for eight weeks afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from accounts.models import OutgoingMessage
from authorities.models import Region
from complaints.procedure.working_calendar import SHANGHAI
from oversight import letters
from oversight.hot_spots import cells, hotspots, reduction_forms, runs
from oversight.hot_spots.cells import Cell, Exposure
from oversight.models import HotSpot
from tests import missing_in
from tests.cast import World
from tests.oversight.counting import CHARGE, DAY, TODAY, received, weeks
from tests.oversight.hot_spots.test_hot_spots import URL, slowly
from tests.oversight.looking import page_of

pytestmark = pytest.mark.django_db
#: The Sunday before today, and the Monday after it: when the sweep looks at runs.
SUNDAY = TODAY - 4 * DAY
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=SHANGHAI)
#: Sixty-two weeks before: nothing but forty a week.
LONG = 62


def of(spot: HotSpot) -> tuple[int, str, int]:
    return spot.enterprise_id or 0, spot.facet, len(spot.weeks)


@pytest.fixture
def rising(world: World) -> World:
    """Charges of Mobile: 30 a week, and in the last six weeks 45; another enterprise stays as it was."""
    for enterprise, counts in ((world.mobile, [30] * (LONG - 6) + [45] * 6), (world.telecom, [70] * LONG)):
        cell = {"enterprise": enterprise.pk, "problem": CHARGE, "thing": "service.telecom"}
        received(weeks(SUNDAY, counts), region=world.region.pk, **cell)
    return world


def test_a_slow_rise_is_found_with_its_weeks_and_since_when_and_no_steady_cell(rising: World) -> None:
    assert hotspots.look_at_runs(SUNDAY, now=MONDAY) == HotSpot.objects.count() > 0
    assert set(HotSpot.objects.filter(enterprise__isnull=False).values_list("enterprise", "kind")) == {
        (rising.mobile.pk, "run")
    }
    spot = HotSpot.objects.get(enterprise=rising.mobile, facet=f"p:{CHARGE}")
    assert (spot.weeks, spot.usual, spot.observed) == ([45] * 6, [30] * 26, 270)
    # All others stayed as they were, so six weeks at thirty are expected of it.
    assert (spot.expected, spot.usual_mean, spot.rise) == (pytest.approx(180), 180, 1.5)
    assert spot.rise_of_its_like == pytest.approx(1)
    assert (spot.first, spot.last) == (SUNDAY - 41 * DAY, SUNDAY)
    assert spot.chance < spot.q < 0.1
    assert hotspots.look_at_runs(SUNDAY, now=MONDAY + timedelta(hours=1)) == 0


def test_312_in_six_weeks_after_1040_in_26_are_no_row() -> None:
    """Of φ 1.4 its chance is 0.00108, more than the promise leaves to one look; 340 have one that is less."""
    exposure = Exposure({("e", ""): [100] * 7 * LONG})
    known = {6: runs.Dispersion(1.4, 30)}

    def least(six: int) -> tuple[float, int, float] | None:
        return runs._least(Cell("e", 1, ""), [six // 6] * 6 + [40] * 56, exposure, known)

    assert runs.tail_t(312, 1040, 6 / 32, known[6]) == pytest.approx(0.0010773, rel=1e-3)
    assert least(312) is None
    result = least(342)
    assert result is not None
    assert result[1] == 6


def test_the_weeks_of_cells_are_those_of_a_slow_count(rising: World) -> None:
    other = Region.objects.filter(level="county").exclude(pk=rising.region.pk).order_by("-pk").first()
    assert other is not None
    received({SUNDAY: 3, SUNDAY - 433 * DAY: 2, SUNDAY - 434 * DAY: 5, SUNDAY + DAY: 9}, region=other.pk, thing="goods")
    exposure = Exposure.read(SUNDAY, past_days=7 * LONG)
    assert exposure.weeks == LONG
    counted, number = cells.counted_weeks(SUNDAY, exposure)
    slow = slowly(SUNDAY)
    assert {(one.whose, one.of, one.facet): list(own.counts) for one, own in counted.items()} == {
        name: [sum(days[7 * at + nth] for nth in range(7)) for at in range(LONG)] for name, days in slow.items()
    }
    assert number == sum(sum(days[back] for back in range(7 * 39)) >= 5 for days in slow.values())


def test_a_cell_whose_run_may_stand_out_is_read_also_if_it_is_not_drawn(
    rising: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    exposure = Exposure.read(SUNDAY, past_days=7 * LONG)
    monkeypatch.setattr(cells, "_WEEKS", cells._WEEKS.replace("where is_drawn or exists", "where exists"))
    read, _number = cells.counted_weeks(SUNDAY, exposure)
    assert {Cell("e", rising.mobile.pk, facet) for facet in ("", f"p:{CHARGE}")} <= set(read)


def test_after_a_run_its_cell_is_silent_for_eight_weeks(rising: World) -> None:
    hotspots.look_at_runs(SUNDAY, now=MONDAY)
    same = HotSpot.objects.filter(enterprise=rising.mobile, facet=f"p:{CHARGE}")
    for week in range(1, 9):
        for enterprise, n in ((rising.mobile, 45), (rising.telecom, 70)):
            cell = {"enterprise": enterprise.pk, "problem": CHARGE, "thing": "service.telecom"}
            received(weeks(SUNDAY + 7 * week * DAY, [n]), region=rising.region.pk, **cell)
        hotspots.look_at_runs(SUNDAY + 7 * week * DAY, now=MONDAY + 7 * week * DAY)
        assert same.count() == (1 if week < 8 else 2), week
    first, second = same.order_by("last")
    assert (len(first.weeks), len(second.weeks)) == (6, 13)


def test_what_a_week_that_was_told_explains_is_no_run(world: World) -> None:
    """One week of eighty among weeks of thirty: two weeks together are high because of it alone."""
    for enterprise, counts in ((world.mobile, [30] * (LONG - 2) + [90, 30]), (world.telecom, [70] * LONG)):
        received(weeks(SUNDAY, counts), region=world.region.pk, enterprise=enterprise.pk, problem=CHARGE)
    own = HotSpot.objects.filter(enterprise=world.mobile, facet="")
    hotspots.look(SUNDAY - 7 * DAY, now=MONDAY - 7 * DAY)
    assert [spot.kind for spot in own] == ["week"]
    hotspots.look_at_runs(SUNDAY, now=MONDAY)
    assert [spot.kind for spot in own] == ["week"]
    own.delete()
    hotspots.look_at_runs(SUNDAY, now=MONDAY)
    assert [spot.kind for spot in own] == ["run"]


def test_before_28_weeks_there_is_no_run_and_no_length_that_the_portal_is_too_young_for(world: World) -> None:
    here = {"region": world.region.pk, "enterprise": world.mobile.pk}
    received(weeks(SUNDAY, [30] * 23 + [90] * 4), **here)
    assert hotspots.look_at_runs(SUNDAY, now=MONDAY) == 0
    received(weeks(SUNDAY - 27 * 7 * DAY, [30]), **here)
    assert hotspots.look_at_runs(SUNDAY, now=MONDAY) > 0
    assert {len(spot.weeks) for spot in HotSpot.objects.all()} == {2}


def test_a_run_goes_with_all_others_and_is_then_no_news(world: World) -> None:
    """All rise by half for six weeks; one of them doubles."""
    for nth in range(10):
        last = 60 if nth == 0 else 45
        received(
            weeks(SUNDAY, [30] * (LONG - 6) + [last] * 6),
            region=world.region.pk,
            enterprise=10**9 + nth,
            problem=CHARGE,
        )
    exposure = Exposure.read(SUNDAY, past_days=7 * LONG)
    counted, number = cells.counted_weeks(SUNDAY, exposure)
    found = [one for one in runs.unusual_runs(counted, exposure, number) if one.cell.whose == "e"]
    assert {one.cell.of for one in found} == {10**9}
    assert {one.cell.facet for one in found} == {"", f"p:{CHARGE}"}


def test_the_page_the_list_and_the_first_page_say_for_how_many_weeks_and_since_when(rising: World) -> None:
    hotspots.look_at_runs(SUNDAY, now=MONDAY)
    spot = HotSpot.objects.get(enterprise=rising.mobile, facet=f"p:{CHARGE}")
    said = "近6周高于此前26周，约从10月中旬起"
    page = page_of(rising.rui, f"{URL}{spot.pk}/")
    assert not missing_in(page, said, "收到270件；此前同样长的时间平均180.0件，为其1.5倍", "这几周和此前的26周")
    assert not missing_in(page, "方法二：与自己此前的26周和同类同期相比", "为平时的1.0倍，照此应有180.0件")
    assert page.count("<rect") == 32
    # All of the enterprise, in which the same event is seen.
    assert 'data-th="平时">180.0</td>' in page
    assert (page.count('class="f6"'), page.count('<span class="muted">热点</span>')) == (6, 6)
    assert said in page_of(rising.su, URL)
    assert said in page_of(rising.su, "/oversight/")
    with override("en"):
        assert reduction_forms.run_text(spot) == "Higher for 6 weeks than in the 26 before, since about mid-October"
        spot.first = spot.first.replace(day=31)
        assert reduction_forms.run_text(spot).endswith("since about late October")


def test_the_letter_of_a_director_tells_what_stands_out_and_what_may_be_chance_it_does_not(rising: World) -> None:
    hotspots.look_at_runs(SUNDAY, now=MONDAY)
    letters.choose(rising.su, "week", now=MONDAY - 7 * DAY)

    def letter() -> str:
        OutgoingMessage.objects.all().delete()
        letters.DirectorLetter.objects.update(sent_for=None)
        letters.sweep_director_letters(now=MONDAY)
        [message] = OutgoingMessage.objects.all()
        return message.body

    said = "近6周高于此前26周，约从10月中旬起，收到270件，平时180.0件"
    assert not missing_in(letter(), "新的热点，还没有判断：", said, "/authority/hot-spots/")
    HotSpot.objects.update(q=0.11)
    assert "热点" not in letter()
    HotSpot.objects.update(q=0.1, state="dismissed")
    assert "热点" not in letter()
    # Of another week.
    HotSpot.objects.update(state="open", first=SUNDAY - 48 * DAY, last=SUNDAY - 7 * DAY)
    assert "热点" not in letter()
