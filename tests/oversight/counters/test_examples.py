"""Single cases whose figures can be said by hand."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given as such
from hypothesis import settings
from hypothesis import strategies as st

from authorities.models import Region
from complaints import handling
from complaints.handling import Answer, Promise
from complaints.handling.steps import consumer, enterprise, offers
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Outcome, Status
from oversight.counters.sums import EXACT, RATIO, bucket_of, quantile
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Figure, Measure
from tests import given, reloaded
from tests.cast import World
from tests.oversight import slow_count

S = Status
#: Thursday, 16:00, before the Mid-Autumn Festival (25 September) and the free days of October.
THURSDAY = datetime(2026, 9, 24, 16, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DAY = timedelta(days=1)


def found(now: datetime, *, last: date = date(2026, 12, 31)) -> dict[str, Figure]:
    measure = Measure(
        Scope(regions=(Region.objects.get(code="350000"),)),
        Period(first=date(2026, 9, 1), last=last),
        now,
        current_calendar(),
    )
    return figures.flow_figures(measure)


def negotiating(world: World) -> Complaint:
    return given.a_complaint(world, status=S.NEGOTIATING, now=THURSDAY, disputed_on=date(2026, 9, 1))


@pytest.mark.parametrize(
    ("after", "minutes", "days"),
    [
        (timedelta(minutes=45), 45, 0),  # within the afternoon
        (timedelta(hours=9), 60, 0),  # at night: the day ended at 17:00
        (2 * DAY, 60, 0),  # a Saturday after a festival
        (4 * DAY, 60 + 420, 1),  # Monday 28 September, 16:00
        (18 * DAY, 60 + 6 * 480 + 420, 7),  # 12 October: seven days free, Saturday the 10th worked
    ],
)
def test_working_hours_leave_nights_and_free_days_out(world: World, after: timedelta, minutes: int, days: int) -> None:
    given.step(negotiating(world), enterprise.send_message(text="正在核对账单。"), world.handler, THURSDAY + after)
    figure = found(THURSDAY + 30 * DAY)["first_response"]
    assert figure.n == 1
    assert (figure.spread["minutes_median"], figure.spread["wd_median"]) == (minutes, days)


def test_a_call_written_down_late_is_still_the_first_response(world: World) -> None:
    case = negotiating(world)
    given.step(case, enterprise.send_message(text="请补充账单。"), world.handler, THURSDAY + timedelta(minutes=50))
    move = enterprise.log_contact(channel="phone", reached=True, note="已接通", at=THURSDAY + timedelta(minutes=20))
    given.step(case, move, world.handler, THURSDAY + timedelta(minutes=55))
    assert found(THURSDAY + DAY)["first_response"].spread["minutes_median"] == 20


def test_a_call_remembered_days_later_counts_from_then(world: World) -> None:
    """Or a figure of last month could still be bettered today."""
    case = negotiating(world)
    for days, minute in ((1, 20), (4, 30)):
        given.step(
            case,
            enterprise.log_contact(
                channel="phone", reached=True, note="当天已接通", at=THURSDAY + timedelta(minutes=minute)
            ),
            world.handler,
            THURSDAY + days * DAY,
        )
        assert found(THURSDAY + 5 * DAY)["first_response"].spread["minutes_median"] == 20
    late = negotiating(world)
    move = enterprise.log_contact(channel="phone", reached=True, note="当天已接通", at=THURSDAY + timedelta(minutes=20))
    given.step(late, move, world.handler, THURSDAY + 5 * DAY)
    assert reloaded(late).engagements.get().first_contact_at == THURSDAY + 5 * DAY


def test_a_bare_accept_and_an_unanswered_call_are_no_response(world: World) -> None:
    case = negotiating(world)
    move = enterprise.log_contact(channel="phone", reached=False, note="没有接")
    given.step(case, move, world.handler, THURSDAY + DAY)
    figures_now = found(THURSDAY + 2 * DAY)
    assert (figures_now["first_response"].n, figures_now["first_response"].beside["unanswered"]) == (0, 1)
    assert figures_now["acceptance"].n == 1


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


def test_withdrawn_stands_apart(world: World) -> None:
    given.step(negotiating(world), consumer.withdraw(reason="mistake"), world.consumer, THURSDAY + DAY)
    success = found(THURSDAY + 2 * DAY)["settled"]
    assert (success.value, success.n, success.beside["withdrawn"]) == (None, 0, 1)


def test_overdue_counts_before_anybody_swept(world: World) -> None:
    negotiating(world)
    late = THURSDAY + 40 * DAY
    punctual = found(late)["on_time"]
    assert (punctual.numerator, punctual.beside["open_overdue"], punctual.value) == (0, 1, 0.0)
    assert found(late, last=date(2026, 10, 1))["on_time"].n == 0, "not yet late at the end of that period"
    handling.sweep_clocks(now=late)
    assert found(late)["on_time"].beside["ended_late"] == 1


def test_a_promise_that_waits_for_the_consumer_is_not_late(world: World) -> None:
    """The consumer's unmet part holds back what comes after it and is never the enterprise's breach."""
    case = negotiating(world)
    given.step(
        case,
        offers.make_offer(
            answers=[Answer(demand=1, verdict="grant", amount="128.50"), Answer(demand=2, verdict="grant")],
            promises=[
                Promise(kind="return_by_consumer", what="寄回设备", owed_by="consumer", due_on=date(2026, 9, 28)),
                Promise(kind="transfer", what="退款", amount="128.50", due_on=date(2026, 9, 29)),
            ],
        ),
        world.handler,
        THURSDAY,
    )
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


@such(
    values=st.lists(
        st.one_of(st.integers(0, 30), st.integers(0, 200_000), st.floats(0, 12).map(lambda x: int(2.718281828**x))),
        min_size=1,
        max_size=60,
    ),
    what=st.sampled_from(["response_minutes", "handled_wd"]),
    share=st.sampled_from([0.1, 0.5, 0.9, 0.99]),
)
@settings(max_examples=200, deadline=None)
def test_a_quantile_is_wrong_by_less_than_a_twentieth(values: list[int], what: str, share: float) -> None:
    """Whatever the distribution: few, many, all the same, long tails."""
    result = quantile(what, Counter(bucket_of(what, value) for value in values), share)
    assert result == pytest.approx(slow_count.quantile(values, share), rel=0.05, abs=1e-9)


def lognormal(random: Random, n: int) -> list[int]:
    return [int(random.lognormvariate(5, 1.6)) for _ in range(n)]


def two_humps(random: Random, n: int) -> list[int]:
    """Half within the hour and half after weeks: the median of an even number lies between the humps, where nobody
    is."""
    return [int(random.gauss(30, 6)) if at % 2 else int(random.gauss(9_000, 700)) for at in range(n)]


@pytest.mark.parametrize("shape", [lognormal, two_humps])
@pytest.mark.parametrize("n", [9, 100, 10_000, 20_001])
def test_skewed_and_two_humped_lengths_are_wrong_by_less_than_a_twentieth(
    db: None, shape: Callable[[Random, int], list[int]], n: int
) -> None:
    """As the database puts them into buckets and the pages read them, beside what it says of the lengths themselves."""
    values = [abs(value) for value in shape(Random(n), n)]
    exact = EXACT["response_minutes"]
    with connection.cursor() as cursor:
        cursor.execute(
            "select percentile_cont(array[0.5, 0.9]) within group (order by v) from unnest(%s::int[]) v", [values]
        )
        median, nine = cursor.fetchone()[0]
        cursor.execute(
            f"select case when v <= {exact} then v else {exact} + ceil(ln(v / {exact}::float8) / ln({RATIO}::float8))"
            " end::int, count(*) from unnest(%s::int[]) v group by 1",
            [values],
        )
        buckets = dict(cursor.fetchall())
    assert n < 1000 or len(buckets) < 130
    assert quantile("response_minutes", buckets, 0.5) == pytest.approx(median, rel=0.05)
    assert quantile("response_minutes", buckets, 0.9) == pytest.approx(nine, rel=0.05)


def test_python_and_the_database_take_the_same_buckets(db: None) -> None:
    values = [*range(400), *(int(1.37**n) for n in range(20, 50))]
    for what, exact in EXACT.items():
        with connection.cursor() as cursor:
            cursor.execute(
                f"select case when v <= {exact} then v else {exact} + ceil(ln(v / {exact}::float8) /"
                f" ln({RATIO}::float8)) end::int from unnest(%s::int[]) with ordinality u (v, i) order by i",
                [values],
            )
            assert [row[0] for row in cursor.fetchall()] == [bucket_of(what, value) for value in values]
