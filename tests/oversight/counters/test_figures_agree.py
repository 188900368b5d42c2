"""Every figure equals an independent slow count, on random worlds; and single cases whose figures are said by hand."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from authorities.models import Region
from complaints import handling
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import authority, consumer, enterprise, offers
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Outcome, Status
from oversight.counters import figures as rollup_figures
from oversight.counters import making, reads
from oversight.counters.statements import OPEN_NAMES
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Figure, Measure
from oversight.mirror import mirror
from oversight.models import Tally
from oversight.presenting import flow as further_figures
from oversight.presenting import leagues
from tests import given, reloaded
from tests.audit.core import last_day
from tests.audit.core.counting import World as Slow
from tests.audit.core.counting import quantile, within
from tests.cast import World
from tests.oversight import slow_count
from tests.oversight.worlds import CHANNELS, PROBLEMS, Walk

CASES, TICKS = int(os.environ.get("FIGURE_CASES", "36")), int(os.environ.get("FIGURE_TICKS", "50"))
#: For the tests of every day.
FEWER = (24, 36)
WHOLE = (date(2026, 9, 1), date(2027, 6, 30))


def compare(
    first: date, last: date, now: datetime, region: Region, *, enterprise: int | None = None, **of: str
) -> dict[str, figures.Figure]:
    """``of``: a category, a channel."""
    scope = Scope(regions=(region,), enterprise_id=enterprise, **of)
    measure = Measure(scope, Period(first=first, last=last), now, current_calendar())
    slow = slow_count.counted(first, last, now, (region.pk, region.last), enterprise, **of)
    quick = figures.flow_figures(measure)
    assert (leagues.open_now(measure), quick["received"].n) == (slow.open_now(), slow.received())
    assert quick["closed"].n == len(slow.closed())
    success, counted = quick["settled"], slow.settled()
    for result in figures.RESULTS:
        assert success.beside[result] == counted.get(result, 0), result
    for part in ("let_rest", "in_part"):
        assert success.beside[part] == counted.get(part, 0), part
    assert success.numerator == counted.get("settled", 0)
    assert success.upper == counted.get("settled", 0) + counted.get("unconfirmed", 0)
    judged = ("settled", "unconfirmed", "settled_elsewhere", "failed")
    assert success.denominator == sum(counted.get(result, 0) for result in judged)
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
    kept, wrong = slow.kept(), slow.misroutes()
    assert {"due": quick["kept"].denominator, "kept": quick["kept"].numerator, **quick["kept"].beside} == kept
    assert quick["recovered"].money == slow.recovered()
    assert (quick["misrouted"].denominator, quick["misrouted"].numerator) == (wrong["ended"], wrong["misrouted"])
    for code, of_it, part, beside in (
        ("mediated", slow.mediated(), "mediated", ("not_kept", "terminated")),
        ("review_on_time", slow.reviews(), "met", ("late",)),
        ("mended", wrong, "in_time", ("late", "waiting")),
    ):
        result = [quick[code].numerator, *(quick[code].beside[name] for name in beside)]
        assert result == [of_it[name] for name in (part, *beside)], code
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
        beside, same = ({name: n for name, n in f.beside.items() if name != "cases"} for f in (other, figure))
        assert beside == same, code
        for name, value in other.spread.items():
            exact = name.endswith("_mean") or not other.is_about
            assert value == pytest.approx(figure.spread[name], rel=1e-9 if exact else 0.0205), (code, name)
            assert value >= figure.spread[name] or not name.endswith("_p90"), (code, name)
    counters = reads.Counters.at(measure.now, measure.calendar)
    open_now = counters.sums(measure.scope, measure.period, names=OPEN_NAMES)
    assert open_now is not None
    assert figures.standing(open_now[""]) == leagues.open_now(measure)


def same_further(measure: Measure, slow: Slow) -> None:
    """Those of further_figures: from the cases of the slow count, and as an enterprise's own mirror counts them."""
    result = further_figures.counted(measure)
    if not result:
        assert not Tally.objects.exists()
        return
    counted, closed, marks = slow.settled(), slow.closed(), slow.marks()
    assert (result["rating"].n, result["rating"].beside) == (len(marks), {"marks": sum(marks), "closed": len(closed)})

    def length(name: str) -> int:
        return mirror.LISTS[name](measure).count()

    for code, part, whole in (
        ("first_settled", counted.get("settled", 0), slow.received()),
        ("withdrawn", counted.get("withdrawn", 0), len(slow.ended())),
        ("again", length("again"), length("delivered")),
        ("last_day", *(len(stages) for stages in reversed(last_day.answered(slow)))),
        ("last_offer", *(len(stages) for stages in reversed(last_day.offered(slow)))),
    ):
        assert (result[code].numerator, result[code].denominator) == (part, whole), code
    for names, of in (
        (("answered", "ended_last_day"), last_day.answered(slow)),
        (("offered", "offered_last_day"), last_day.offered(slow)),
    ):
        for name, stages in zip(names, of, strict=True):
            assert set(mirror.LISTS[name](measure).values_list("pk", flat=True)) == {s.row.pk for s in stages}, name


def same_spread(figure: figures.Figure, unit: str, values: list[int]) -> None:
    assert figure.n == len(values), figure.code
    if values:
        median, nine = quantile(values, 0.5), within(values, 0.9)
        assert figure.spread[f"{unit}_median"] == pytest.approx(median), figure.code
        assert figure.spread[f"{unit}_p90"] == nine, figure.code


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
    for region in Region.objects.filter(code__in=["350000", "350121", "350128"]):
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
        slow = slow_count.counted(*WHOLE, walk.now, (region.pk, region.last), pk)
        counted, slowly = slow.settled(), slow.on_time()
        assert line.success.numerator == counted.get("settled", 0)
        assert line.success.upper == counted.get("settled", 0) + counted.get("unconfirmed", 0)
        assert line.punctual.numerator == slowly["in_time"]
        assert line.punctual.n == slowly["in_time"] + slowly["late"] + slowly["open_overdue"]
        open_now = slow.open_now()
        assert (line.open, line.due_soon) == (open_now["open"], open_now["due_soon"])
        assert line.overdue == open_now["late_outside"], "what only authorities know of is no firm's"
        assert line.received == slow.received()
        lengths = slow.response_lengths()["minutes"]
        assert line.responses == len(lengths)
        if lengths:
            assert line.response_minutes == pytest.approx(quantile(lengths, 0.5))


@pytest.mark.parametrize("seed", [2, 7])
def test_every_figure_equals_a_slow_count(world: World, seed: int) -> None:
    check_world(world, seed, cases=FEWER[0], ticks=FEWER[1])


@pytest.mark.full
@pytest.mark.parametrize("seed", range(100, 100 + int(os.environ.get("FIGURE_SEEDS", "40"))))
def test_every_figure_equals_a_slow_count_in_many_worlds(world: World, seed: int) -> None:
    check_world(world, seed, cases=CASES, ticks=TICKS)


S = Status
#: Thursday, 16:00, before the Mid-Autumn Festival (25 September) and the free days of October.
THURSDAY = datetime(2026, 9, 24, 16, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DAY = timedelta(days=1)


def found(now: datetime, *, last: date = date(2026, 12, 31)) -> dict[str, Figure]:
    scope, period = Scope(regions=(Region.objects.get(code="350000"),)), Period(first=date(2026, 9, 1), last=last)
    return figures.flow_figures(Measure(scope, period, now, current_calendar()))


def negotiating(world: World) -> Complaint:
    return given.a_complaint(world, status=S.NEGOTIATING, now=THURSDAY, disputed_on=date(2026, 9, 1))


def call(minute: int) -> Move:
    at = THURSDAY + timedelta(minutes=minute)
    return enterprise.log_contact(channel="phone", reached=True, note="当天已接通", at=at)


def test_working_hours_leave_nights_and_free_days_out(world: World) -> None:
    case = negotiating(world)
    for after, minutes, days in (
        (timedelta(minutes=45), 45, 0),  # within the afternoon
        (timedelta(hours=9), 60, 0),  # at night: the day ended at 17:00
        (2 * DAY, 60, 0),  # a Saturday after a festival
        (4 * DAY, 60 + 420, 1),  # Monday 28 September, 16:00
        (18 * DAY, 60 + 6 * 480 + 420, 7),  # 12 October: seven days free, Saturday the 10th worked
    ):
        with transaction.atomic():
            given.step(case, enterprise.send_message(text="正在核对账单。"), world.handler, THURSDAY + after)
            figure = found(THURSDAY + 30 * DAY)["first_response"]
            assert figure.n == 1
            assert (figure.spread["minutes_median"], figure.spread["wd_median"]) == (minutes, days)
            transaction.set_rollback(True)
        case.refresh_from_db()


def test_a_call_written_down_late_is_still_the_first_response_and_one_remembered_days_later_counts_from_then(
    world: World,
) -> None:
    """Or a figure of last month could still be bettered today."""
    case = negotiating(world)
    given.step(case, enterprise.send_message(text="请补充账单。"), world.handler, THURSDAY + timedelta(minutes=50))
    for minute, written, counts in (
        (30, THURSDAY + timedelta(minutes=55), 30),
        (20, THURSDAY + DAY, 20),
        (10, THURSDAY + 4 * DAY, 10),  # the next working day
        (5, THURSDAY + 5 * DAY, 10),
    ):
        given.step(case, call(minute), world.handler, written)
        assert found(THURSDAY + 5 * DAY)["first_response"].spread["minutes_median"] == counts
    late = negotiating(world)
    given.step(late, call(20), world.handler, THURSDAY + 5 * DAY)
    assert reloaded(late).engagements.get().first_contact_at == THURSDAY + 5 * DAY


def test_a_bare_accept_and_an_unanswered_call_are_no_response_and_withdrawn_stands_apart(world: World) -> None:
    case = negotiating(world)
    move = enterprise.log_contact(channel="phone", reached=False, note="没有接")
    given.step(case, move, world.handler, THURSDAY + DAY)
    figures_now = found(THURSDAY + 2 * DAY)
    assert (figures_now["first_response"].n, figures_now["first_response"].beside["unanswered"]) == (0, 1)
    assert figures_now["acceptance"].n == 1
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, THURSDAY + DAY)
    success = found(THURSDAY + 2 * DAY)["settled"]
    assert (success.value, success.n, success.beside["withdrawn"]) == (None, 0, 1)


def test_silence_is_the_upper_bound_until_somebody_says_no(world: World) -> None:
    case = negotiating(world)
    given.step(case, given.an_offer(due_on=None), world.handler, THURSDAY)
    handling.sweep_clocks(now=THURSDAY + 20 * DAY)
    silent = found(THURSDAY + 20 * DAY)["settled"]
    assert (silent.numerator, silent.upper, silent.denominator) == (0, 1, 1)
    given.step(case, consumer.answer_late(accept=False), world.consumer, THURSDAY + 21 * DAY)
    declined = found(THURSDAY + 21 * DAY)["settled"]
    assert (declined.numerator, declined.upper, declined.denominator) == (0, 0, 1)
    assert declined.beside["failed"] == 1


def test_overdue_counts_before_anybody_swept(world: World) -> None:
    negotiating(world)
    late = THURSDAY + 40 * DAY
    punctual = found(late)["on_time"]
    assert (punctual.numerator, punctual.beside["open_overdue"], punctual.value) == (0, 1, 0.0)
    assert found(late, last=date(2026, 10, 1))["on_time"].n == 0, "not yet late at the end of that period"
    handling.sweep_clocks(now=late)
    assert found(late)["on_time"].beside["ended_late"] == 1


def test_what_is_given_back_in_the_moment_of_its_filing_is_mended_once(world: World) -> None:
    """The clock of its filing began, and ended, in the moment in which that of the return began."""
    consents = {**given.a_request(world).consents, "entities": [world.mobile.pk, world.telecom.pk]}
    case = given.a_complaint(
        world, status=S.WITH_ENTERPRISE, now=THURSDAY, disputed_on=date(2026, 9, 1), consents=consents
    )
    move = enterprise.return_case(reason="wrong_entity", enterprise_id=world.telecom.pk)
    given.step(case, move, world.handler, THURSDAY)
    handling.sweep_clocks(now=THURSDAY + 6 * DAY)
    forward = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=given.BECAUSE)
    given.step(case, forward, world.intake, THURSDAY + 7 * DAY)
    later = THURSDAY + 8 * DAY
    making.rebuild(now=later)
    result = compare(date(2026, 9, 1), date(2026, 12, 31), later, Region.objects.get(code="350000"))["mended"]
    assert (result.numerator, result.denominator) == (0, 1)


def test_a_promise_that_waits_for_the_consumer_is_not_late(world: World) -> None:
    """The consumer's unmet part holds back what comes after it and is never the enterprise's breach."""
    case = negotiating(world)
    refused = Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE)
    answers = [Answer(demand=1, verdict="grant", amount="128.50"), refused]
    promises = [
        Promise(kind="return_by_consumer", what="寄回设备", owed_by="consumer", due_on=date(2026, 9, 28)),
        Promise(kind="transfer", what="退款", amount="128.50", due_on=date(2026, 9, 29)),
    ]
    given.step(case, offers.make_offer(answers=answers, promises=promises), world.handler, THURSDAY)
    given.step(case, consumer.accept_offer(), world.consumer, THURSDAY)
    later = datetime(2026, 9, 30, 10, 0, tzinfo=THURSDAY.tzinfo)
    assert found(later)["kept"].n == 0, "it rests"
    given.step(case, enterprise.report_performed(obligations=[1], proof="已寄回"), world.consumer, later)
    given.step(case, enterprise.report_performed(obligations=[2], proof="流水"), world.handler, later)
    given.step(case, consumer.confirm_performed(obligations=[1]), world.handler, later)
    given.step(case, consumer.confirm_performed(obligations=[2]), world.consumer, later)
    assert case.outcome == Outcome.SETTLED
    kept = found(later + 9 * DAY)
    assert (kept["kept"].numerator, kept["kept"].denominator) == (1, 1)
    assert str(kept["recovered"].money["CNY"]["confirmed"]) == "128.50"
