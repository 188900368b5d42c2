"""What is kept of the days before a comparison is what they say at each moment, whatever happens to cases meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authorities.models import Authority, Region
from complaints import handling
from complaints.handling.steps import authority, casework, consumer
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from oversight.counters import making, rollups
from oversight.counters.reads import Counters
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.models import DayRegion
from oversight.presenting import choosing, overview
from oversight.presenting.places import Places
from tests import given
from tests.cast import WEDNESDAY, World
from tests.oversight.looking import browser
from tests.oversight.worlds import Walk

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
#: Who looks: at a city with its counties, at a province with its cities, at one county.
CODES = ("350100", "350000", "350102")


class Reader:
    """Who looks at a place, at so many days of which the last was so many days ago."""

    def __init__(self, code: str, *, days: int = 7, ended: int = 1) -> None:
        self.days, self.ended = days, ended
        self.place = Region.objects.get(code=code)
        self.parts = tuple(Region.objects.filter(parent=self.place).exclude(level=Region.Level.TOWNSHIP))

    def read(self, now: datetime) -> tuple[overview.Before, bool]:
        """What the first page says is usual; whether the days before were read for it."""
        with CaptureQueriesContext(connection) as seen:
            result = overview.read(
                Scope(regions=(self.place,)),
                Places((self.place,), None, self.parts, None),
                self._periods(now),
                measure=self._measure(now),
            )
        before = overview.Before(result.usual, result.usual_of_parts, result.trend, result.flows)
        return before, any("array_agg(nth)" in one["sql"] for one in seen)

    def anew(self, now: datetime) -> overview.Before:
        """The same found out now."""
        counters = Counters.at(now, current_calendar())
        return overview._read_before(counters, Scope(regions=(self.place,)), self.parts, self._periods(now))

    def _periods(self, now: datetime) -> list[Period]:
        last = current_calendar().local_day(now) - self.ended * DAY
        days = Period(first=last - (self.days - 1) * DAY, last=last)
        return [days, choosing.before(days, choosing.WEEK), choosing.a_year_before(days, choosing.WEEK)]

    def _measure(self, now: datetime) -> Measure:
        return Measure(Scope(regions=(self.place,)), self._periods(now)[0], now, current_calendar())


def fold(now: datetime) -> None:
    assert rollups.fold(now=now) > 0
    assert rollups.fold(now=now) == 0


def same_as_anew(readers: list[Reader], now: datetime) -> list[overview.Before]:
    """Each asks twice."""
    results = [reader.anew(now) for reader in readers]
    for reader, result in zip(readers, results, strict=True):
        assert [reader.read(now)[0] for _ in range(2)] == [result] * 2, reader.place.code
    return results


def a_history(world: World, now: datetime) -> None:
    """Cases of two years, one in eight days, two on some."""
    days = [n for n in range(1, 720) if n % 8 == 0 or n % 35 == 0]
    requests = [given.a_request(world, now=now, received_at=now - n * DAY) for n in days]
    handling.file(requests, actor=world.consumer, now=now)


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_to_days_that_are_over_is_told_at_once_and_what_happens_today_reads_no_day_again(
    world: World,
) -> None:
    now = WEDNESDAY
    a_history(world, now)
    late = given.a_complaint(world, status=Status.TRIAGE, now=now, received_at=now - 30 * DAY)
    ended = given.a_complaint(world, status=Status.NEGOTIATING, now=now - 33 * DAY)
    given.step(ended, consumer.withdraw(reason="mistake"), world.consumer, now - 30 * DAY)
    elsewhere = Authority.objects.filter(has_power=True, region__code="350104").earliest("pk")

    def came_before(at: datetime) -> None:
        given.filed(world, now=at, received_at=at - 20 * DAY)

    def moved(at: datetime) -> None:
        given.step(late, authority.assign_authority(authority_id=elsewhere.pk), world.intake, at)

    def reopened(at: datetime) -> None:
        given.step(ended, casework.reopen(ground="clerical_error", text="办错了"), world.officer, at)

    def came_today(at: datetime) -> None:
        given.filed(world, now=at)

    fold(now)
    readers = [Reader(code) for code in CODES]
    before = same_as_anew(readers, now)
    assert not any(usual is None or usual.why for usual in before[0][0]), "each comparison is judged"
    assert before[0][1], "each part is judged"
    happened: list[Callable[[datetime], None]] = [came_before, moved, reopened]
    for event in happened:
        now += HOUR
        event(now)
        waiting = same_as_anew(readers, now)
        assert waiting != before, f"{event.__name__}: told before it is folded"
        fold(now)
        assert same_as_anew(readers, now) == waiting, event.__name__
        assert [reader.read(now)[1] for reader in readers] == [False] * 3, "kept again"
        before = waiting
    now += HOUR
    came_today(now)
    assert [reader.read(now)[1] for reader in readers] == [False] * 3, "today is none of the days before"
    assert same_as_anew(readers, now) == before
    fold(now)
    assert [reader.read(now)[1] for reader in readers] == [False] * 3
    assert same_as_anew(readers, now) == before


@pytest.mark.django_db(transaction=True)
def test_what_a_comparison_mends_and_a_rebuild_makes_anew_is_told_at_once(world: World) -> None:
    now = WEDNESDAY
    a_history(world, now)
    making.rebuild(now=now)
    readers = [Reader(code) for code in CODES]
    right = same_as_anew(readers, now)
    for mend in (lambda: rollups.compare(now=now), lambda: making.rebuild(now=now)):
        DayRegion.objects.filter(day__lt=now.date() - 9 * DAY, received=1).update(received=9)
        # Nobody but a fold may write there, so nobody is told.
        assert [reader.anew(now) for reader in readers] != right
        cache.clear()
        wrong = same_as_anew(readers, now)
        assert wrong != right
        mend()
        assert same_as_anew(readers, now) == right
    # A case that is another without an entry that says so: the comparison folds it.
    first = Complaint.objects.earliest("received_at")
    Complaint.objects.filter(pk=first.pk).update(received_at=now - 100 * DAY)
    assert same_as_anew(readers, now) == right
    assert rollups.compare(now=now) == [first.number]
    assert same_as_anew(readers, now) != right


@pytest.mark.django_db(transaction=True)
def test_a_day_that_is_over_here_and_not_yet_for_who_folds_is_read_each_time(world: World) -> None:
    """Clocks of two hosts differ: at one it is midnight already."""
    now = WEDNESDAY.replace(hour=15, minute=59)
    ahead = now + timedelta(minutes=2)
    assert current_calendar().local_day(ahead) != current_calendar().local_day(now)
    a_history(world, now)
    fold(now)
    # What a weekday is worth is told by yesterday, too, where that is not compared.
    readers = [Reader("350100", days=5, ended=14)]
    before = same_as_anew(readers, ahead)
    given.filed(world, now=now)
    fold(now)
    assert readers[0].read(ahead) == (readers[0].anew(ahead), True)
    assert same_as_anew(readers, ahead) != before, "what came in a minute ago counts as of yesterday"
    # Who writes and who folds are at times ahead, at times behind.
    for written, folded in ((ahead, ahead), (ahead, now), (now, now), (ahead, ahead), (now, ahead), (now, now)):
        given.filed(world, now=written)
        fold(folded)
        same_as_anew(readers, ahead)
        same_as_anew(readers, now)


@pytest.mark.django_db(transaction=True)
def test_the_first_page_costs_no_statement_more_than_before_a_change_was_judged(world: World) -> None:
    """Who calls is one of them; begin and savepoints go with others."""
    now = timezone.now()
    a_history(world, now)
    making.rebuild(now=now)
    client = browser(world.su)
    client.get("/oversight/")
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/oversight/").status_code == 200
    assert len(seen) == 13


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(2))
def test_in_random_worlds_what_is_kept_is_what_is_found_anew(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers, act, n_kept = [Reader(code) for code in CODES], Walk._some_act, 0

    def looked_at(walk: Walk, ids: list[int]) -> None:
        nonlocal n_kept
        act(walk, ids)
        for _ in range(2):
            same_as_anew(readers, walk.now)
            n_kept += sum(not reader.read(walk.now)[1] for reader in readers)
            rollups.fold(now=walk.now, limit=walk.dice.choice([3, 50]))

    a_history(world, WEDNESDAY - 60 * DAY)
    monkeypatch.setattr(Walk, "_some_act", looked_at)
    Walk(world, seed=seed, cases=14, ticks=16)
    assert Complaint.objects.count() > 14
    assert n_kept > 10, "else nothing was looked at"
