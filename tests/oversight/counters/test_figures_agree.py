"""Every figure equals an independent slow count, on random worlds."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from authorities.models import Region
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from oversight.counters import figures as rollup_figures
from oversight.counters import making, reads
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.mirror import mirror
from oversight.models import Tally
from oversight.presenting import flow as further_figures
from oversight.presenting import leagues
from tests.cast import World
from tests.oversight import slow_count
from tests.oversight.worlds import CHANNELS, PROBLEMS, Walk

CASES, TICKS = int(os.environ.get("FIGURE_CASES", "36")), int(os.environ.get("FIGURE_TICKS", "50"))
#: For the tests of every day.
FEWER = (24, 36)
WHOLE = (date(2026, 9, 1), date(2027, 6, 30))


def regions() -> list[Region]:
    """A province and two of its counties."""
    return list(Region.objects.filter(code__in=["350000", "350121", "350128"]))


def compare(
    first: date,
    last: date,
    now: datetime,
    region: Region,
    *,
    enterprise: int | None = None,
    category: str = "",
    channel: str = "",
) -> dict[str, figures.Figure]:
    calendar = current_calendar()
    measure = Measure(
        Scope(regions=(region,), enterprise_id=enterprise, category=category, channel=channel),
        Period(first=first, last=last),
        now,
        calendar,
    )
    slow = slow_count.World(first, last, now, (region.pk, region.last), enterprise, category, channel)
    quick = figures.flow_figures(measure)
    assert (leagues.open_now(measure), quick["received"].n) == (slow.open_now(), slow.received())
    assert quick["closed"].n == len(slow.closed())
    success, counted = quick["settled"], slow.settled()
    for result in figures.RESULTS:
        assert success.beside[result] == counted.get(result, 0), result
    assert success.beside["in_part"] == counted.get("in_part", 0)
    assert success.numerator == counted.get("settled", 0)
    assert success.upper == counted.get("settled", 0) + counted.get("unconfirmed", 0)
    assert success.denominator == sum(
        counted.get(r, 0) for r in ("settled", "unconfirmed", "settled_elsewhere", "failed")
    )
    punctual, slowly = quick["on_time"], slow.on_time()
    late = [punctual.beside[name] for name in ("reported", "ended_late", "open_overdue")]
    assert [punctual.numerator, *late] == [slowly[k] for k in ("in_time", "reported", "late", "open_overdue")]
    assert punctual.denominator == slowly["in_time"] + slowly["late"] + slowly["open_overdue"]
    lengths = slow.response_lengths()
    same_spread(quick["first_response"], "minutes", lengths["minutes"])
    same_spread(quick["first_response"], "wd", lengths["days"])
    same_spread(quick["acceptance"], "minutes", slow.acceptance_lengths())
    handled = slow.handling_lengths()
    for unit in ("wd", "cd"):
        same_spread(quick["handling_time"], unit, handled[unit])
        if handled[unit]:
            mean = sum(handled[unit]) / len(handled[unit])
            assert quick["handling_time"].spread[f"{unit}_mean"] == pytest.approx(mean)
    ways, mediated = slow.mediated(), quick["mediated"]
    result = (mediated.numerator, mediated.beside["not_kept"], mediated.beside["terminated"])
    assert result == (ways["mediated"], ways["not_kept"], ways["terminated"])
    reviewed = slow.reviews()
    expected = (reviewed["met"], reviewed["late"])
    assert (quick["review_on_time"].numerator, quick["review_on_time"].beside["late"]) == expected
    kept = slow.kept()
    assert {"due": quick["kept"].denominator, "kept": quick["kept"].numerator, **quick["kept"].beside} == kept
    assert quick["recovered"].money == slow.recovered()
    wrong, mended = slow.misroutes(), quick["mended"]
    assert (quick["misrouted"].denominator, quick["misrouted"].numerator) == (wrong["ended"], wrong["misrouted"])
    result = (mended.numerator, mended.beside["late"], mended.beside["waiting"])
    assert result == (wrong["in_time"], wrong["late"], wrong["waiting"])
    same_from_counters(measure, quick)
    same_further(measure, slow)
    return quick


def same_from_counters(measure: Measure, quick: dict[str, figures.Figure]) -> None:
    """Folded or not, the counters say the same; medians of minutes are of buckets."""
    flow = rollup_figures.flow(measure)
    if flow is None:
        assert not Tally.objects.exists(), "only what must be looked up case by case waits until it is folded"
        return
    assert set(flow) == set(quick)
    for code, figure in quick.items():
        other = flow[code]
        expected = (figure.n, figure.numerator, figure.denominator, figure.upper, figure.money)
        assert (other.n, other.numerator, other.denominator, other.upper, other.money) == expected, code
        assert {name: n for name, n in other.beside.items() if name != "cases"} == {
            name: n for name, n in figure.beside.items() if name != "cases"
        }, code
        for name, value in other.spread.items():
            exact = name.endswith("_mean") or not name.startswith("minutes")
            assert value == pytest.approx(figure.spread[name], rel=1e-9 if exact else 0.049), (code, name)
    counters = reads.Counters.at(measure.now, measure.calendar)
    open_now = counters.sums(measure.scope, measure.period, names=("open", "overdue", "due_soon"))
    assert open_now is not None
    assert open_now[""] == leagues.open_now(measure)


def same_further(measure: Measure, slow: slow_count.World) -> None:
    """Those of further_figures: from the cases of the slow count, and as an enterprise's own mirror counts them."""
    result = further_figures.counted(measure)
    if not result:
        assert not Tally.objects.exists()
        return
    counted = slow.settled()
    assert (result["first_settled"].numerator, result["first_settled"].denominator) == (
        counted.get("settled", 0),
        slow.received(),
    )
    assert (result["withdrawn"].numerator, result["withdrawn"].denominator) == (
        counted.get("withdrawn", 0),
        len(slow.ended()),
    )
    marks = [case.facts["rating"]["overall"] for case, _entry in slow.closed() if "rating" in case.facts]
    assert (result["rating"].n, result["rating"].beside) == (
        len(marks),
        {"marks": sum(marks), "closed": len(slow.closed())},
    )
    for code, part, whole in (
        ("again", "again", "delivered"),
        ("last_day", "ended_last_day", "ended"),
        ("last_offer", "offered_last_day", "offered"),
    ):
        assert (result[code].numerator, result[code].denominator) == tuple(
            mirror.LISTS[name](measure).count() for name in (part, whole)
        ), code


def same_spread(figure: figures.Figure, unit: str, values: list[int]) -> None:
    assert figure.n == len(values), figure.code
    for name, share in (("median", 0.5), ("p90", 0.9)):
        if values:
            assert figure.spread[f"{unit}_{name}"] == pytest.approx(slow_count.quantile(values, share)), figure.code


@pytest.fixture(autouse=True)
def _all_is_still_to_be_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written in one transaction is never certain, so a fold would leave it."""
    monkeypatch.setattr(reads, "MOST_UNFOLDED", 100_000)


def check_world(world: World, seed: int, *, cases: int, ticks: int) -> None:
    walk = Walk(world, seed=seed, cases=cases, ticks=ticks)
    province = Region.objects.get(code="350000")
    later = walk.now + timedelta(days=2)
    middle = walk.now.date() - timedelta(days=9)
    result = compare(*WHOLE, walk.now, province)
    making.rebuild(now=walk.now)
    compare(*WHOLE, later, province)
    compare(date(2026, 9, 1), middle, later, province)
    compare(middle, WHOLE[1], later, province)
    compare(*WHOLE, later, province, enterprise=world.mobile.pk)
    compare(*WHOLE, later, province, category=PROBLEMS[0])
    for channel in CHANNELS:
        compare(*WHOLE, later, province, channel=channel)
    compare(middle, WHOLE[1], later, province, category=PROBLEMS[0], channel=CHANNELS[0], enterprise=world.mobile.pk)
    for region in regions():
        compare(middle, WHOLE[1], walk.now, region)
    assert result["settled"].n > 3, "a world in which nothing ends proves nothing"
    assert result["first_response"].n > 3
    assert result["on_time"].beside["ended_late"] + result["on_time"].beside["open_overdue"] > 0
    table(walk, province)
    counties_add_up(walk, province)


def counties_add_up(walk: Walk, region: Region) -> None:
    """What the counties counted, the province counts: no case is lost or doubled between them."""
    counties = list(Region.objects.filter(pk__in=set(Complaint.objects.values_list("handling_county", flat=True))))
    assert len(counties) > 1
    assert counted_in([region], walk) == counted_in(counties, walk)
    assert counted_in([*counties, *counties], walk, at_once=True) == counted_in([region], walk)


def counted_in(places: list[Region], walk: Walk, *, at_once: bool = False) -> Counter[str]:
    result: Counter[str] = Counter()
    for regions in [tuple(places)] if at_once else [(place,) for place in places]:
        measure = Measure(Scope(regions=regions), Period(first=WHOLE[0], last=WHOLE[1]), walk.now, current_calendar())
        result.update(leagues.open_now(measure))
        result.update(figures.stage_counts(measure))
        result["received"] += figures.received(measure)
    return result


def table(walk: Walk, region: Region) -> None:
    """A line of the table is the figure of that enterprise alone."""
    whole = Measure(Scope(regions=(region,)), Period(first=WHOLE[0], last=WHOLE[1]), walk.now, current_calendar())
    result = {line.enterprise_id: line for line in leagues.counted(whole)}
    assert set(result) == {side.enterprise.pk for side in walk.sides}
    for pk, line in result.items():
        slow = slow_count.World(*WHOLE, walk.now, (region.pk, region.last), pk)
        counted, slowly = slow.settled(), slow.on_time()
        assert line.success.numerator == counted.get("settled", 0)
        assert line.success.upper == counted.get("settled", 0) + counted.get("unconfirmed", 0)
        assert line.punctual.numerator == slowly["in_time"]
        assert line.punctual.n == slowly["in_time"] + slowly["late"] + slowly["open_overdue"]
        assert {"open": line.open, "overdue": line.overdue, "due_soon": line.due_soon} == slow.open_now()
        assert line.received == slow.received()
        lengths = slow.response_lengths()["minutes"]
        assert line.responses == len(lengths)
        if lengths:
            assert line.response_minutes == pytest.approx(slow_count.quantile(lengths, 0.5))


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_equals_a_slow_count(world: World, seed: int) -> None:
    check_world(world, seed, cases=FEWER[0], ticks=FEWER[1])


@pytest.mark.full
@pytest.mark.parametrize("seed", range(100, 100 + int(os.environ.get("FIGURE_SEEDS", "40"))))
def test_every_figure_equals_a_slow_count_in_many_worlds(world: World, seed: int) -> None:
    check_world(world, seed, cases=CASES, ticks=TICKS)
