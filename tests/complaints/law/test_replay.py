"""What recorded clocks would have come to under other rules."""

import random
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from authorities import calendar as loaded
from authorities.calendar import Year
from authorities.models import Authority, Region
from authorities.policies import Policies, PolicyNumber, PolicyRow
from complaints import handling
from complaints.handling.steps import consumer
from complaints.law import changing, working
from complaints.law.replaying import FIELDS, RecordedDeadline, ReplayOutcome, Rules, outcome
from complaints.models import Deadline, LawChange, LawEffect
from complaints.parties.conditions import current_calendar
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from database.sweeping import leased
from tests import given
from tests.cast import WEDNESDAY, World

S = Status
NUMBERS = {"negotiation@-.1": (10, "WD"), "mediation@-.1": (60, "CD"), "review@-.1": (7, "WD")}
EVERYWHERE = (0, 2**31 - 1)


def at(day: int, *, month: int = 11, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour - 8, tzinfo=WEDNESDAY.tzinfo)


def rules(name: str = "negotiation", number: int = 10, unit: str = "WD") -> Rules:
    calendar = current_calendar()
    policies = Policies.load(date(2026, 11, 11)).instead(
        PolicyRow(name, *EVERYWHERE, PolicyNumber(number, unit, "", ""))
    )
    return Rules(calendar, calendar, numbers=NUMBERS, policies=policies)


def recorded(clock: str) -> RecordedDeadline:
    return RecordedDeadline(*Deadline.objects.filter(clock=clock).order_by("-pk").values_list(*FIELDS)[0])


def ended(world: World, *, after: int) -> None:
    """Delivered on Wednesday 11 November; the consumer stops so many days later."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    handling.take(consumer.stop_negotiating(), [case.pk], actor=world.consumer, now=WEDNESDAY + timedelta(days=after))


def test_a_shorter_time_makes_late_what_was_done_after_it(world: World) -> None:
    ended(world, after=8)
    for length, expected in [
        (10, ("same", date(2026, 11, 25))),
        (12, ("moved", date(2026, 11, 27))),
        (8, ("moved", date(2026, 11, 23))),
        (6, ("moved", date(2026, 11, 19))),
        (5, ("late", date(2026, 11, 18))),
    ]:
        assert outcome(recorded("negotiation"), rules(number=length), now=at(30)) == ReplayOutcome(*expected)


def test_what_ran_out_before_the_offer_is_late_a_lapse_unknown_and_a_named_day_not_replayed(world: World) -> None:
    """With an offer on the 19th the clock rests; with five days it would have been over on the 18th."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    handling.take(given.an_offer(), [case.pk], actor=world.handler, now=at(19))
    handling.take(consumer.accept_offer(), [case.pk], actor=world.consumer, now=at(20))
    row = recorded("negotiation")
    assert outcome(row, rules(number=5), now=at(30)) == ReplayOutcome("late", date(2026, 11, 18))
    assert outcome(row, rules(number=6), now=at(30))[0] == "moved"
    case = given.a_complaint(world, status=S.NEGOTIATING)
    handling.sweep_clocks(now=at(26))
    case.refresh_from_db()
    assert case.status == S.REVIEW
    row = recorded("negotiation")
    assert outcome(row, rules(number=12), now=at(30))[0] == "unknown"
    assert outcome(row, rules(number=9), now=at(30))[0] == "moved"
    case = given.a_complaint(world, status=S.PERFORMING)
    row = recorded("performance")
    assert (row.complaint_id, outcome(row, rules("negotiation", 3), now=at(30))[0]) == (case.pk, "set")


def test_what_was_done_late_would_have_been_in_time(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    handling.sweep_clocks(now=at(21))
    handling.take(handling.MOVES["accept"](), [case.pk], actor=world.officer, now=at(23))
    row = recorded("review")
    assert row.lapsed_at is not None
    assert outcome(row, rules("review", 9), now=at(30))[0] == "in_time"
    assert outcome(row, rules("review", 7), now=at(30))[0] == "same"


def test_a_narrower_region_keeps_its_own_number(world: World) -> None:
    ended(world, after=8)
    gulou = world.region
    mine = Policies.load(date(2026, 11, 11)).instead(
        PolicyRow("negotiation", gulou.pk, gulou.last, PolicyNumber(7, "WD", "", ""))
    )
    national = mine.instead(PolicyRow("negotiation", *EVERYWHERE, PolicyNumber(3, "WD", "", "")))
    calendar = current_calendar()
    assert outcome(recorded("negotiation"), Rules(calendar, calendar, national, NUMBERS), now=at(30)).last_day == date(
        2026, 11, 20
    )


def test_the_same_rules_give_no_difference_in_random_worlds(world: World) -> None:
    """Whatever was done on whichever day, with pauses and lapses: counted again by the same numbers it is the same."""
    dice = random.Random(7)
    for status in (
        S.WITH_ENTERPRISE,
        S.NEGOTIATING,
        S.AWAITING_CONSUMER,
        S.PERFORMING,
        S.REVIEW,
        S.AWAITING_MATERIAL,
        S.MEDIATING,
    ):
        for _n in range(3):
            now = WEDNESDAY + timedelta(days=dice.randrange(-40, 30), hours=dice.randrange(9))
            given.a_complaint(world, status=status, now=now)
    handling.sweep_clocks(now=WEDNESDAY + timedelta(days=dice.randrange(1, 60)))
    calendar = current_calendar()
    numbers = {
        version: (length, unit)
        for version, length, unit in Deadline.objects.values_list("policy_version", "length", "unit")
    }
    today = Rules(calendar, calendar, Policies.load(date(2026, 11, 11)), numbers)
    rows = loaded.rows()
    copy = type(calendar).build(rows.days, rows.known_years, source=rows.source, version=rows.version)
    again = Rules(calendar, copy, None, numbers)
    results = [
        (row, outcome(row, today, now=at(30, month=12)), outcome(row, again, now=at(30, month=12)))
        for row in (RecordedDeadline(*values) for values in Deadline.objects.values_list(*FIELDS))
    ]
    assert len(results) > 30
    assert {(by_number.verdict, by_calendar.verdict) for _row, by_number, by_calendar in results} <= {
        ("same", "same"),
        ("set", "set"),
    }
    assert all(row.last_day == one.last_day for row, *both in results for one in both)


def test_another_calendar_moves_the_dates_that_it_names(world: World) -> None:
    ended(world, after=8)
    now = timezone.now()
    days = [day for day in loaded.rows().days if day[0].year == 2026]
    off = [(date(2026, 11, day), False, "试验假", "") for day in range(12, 21) if date(2026, 11, day).weekday() < 5]
    year = Year(2026, tuple(sorted([*days, *off])))
    asked = changing.ask_replay(
        by=None, authority=None, region=None, since=date(2026, 11, 1), until=date(2026, 11, 30), now=now, year=year
    )
    working.work(asked, now=at(30))
    assert LawEffect.objects.filter(change=asked).first() is None
    assert asked.counts["moved"] >= 1
    assert asked.state == "tried"


def replay(number: int, *, region: Region | None = None) -> LawChange:
    return changing.ask_replay(
        by=None,
        authority=None,
        region=region,
        since=date(2026, 11, 1),
        until=date(2026, 11, 30),
        now=at(30),
        name="negotiation",
        number=number,
    )


def test_a_replay_goes_in_pieces_and_goes_on_where_it_was_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _n in range(5):
        ended(world, after=8)
    whole = replay(5)
    working.work(whole, now=at(30))
    monkeypatch.setattr(working, "PIECE", 2)
    cut = replay(5)
    pieces: list[int] = []

    def is_late() -> bool:
        pieces.append(1)
        return len(pieces) > 2

    working.work(cut, now=at(30), is_late=is_late)
    cut = LawChange.objects.get(pk=cut.pk)
    assert (cut.state, cut.looked_at, cut.total) == ("trying", 4, 5)
    working.sweep_law(now=at(30))
    cut.refresh_from_db()
    assert (cut.state, cut.counts, cut.groups) == ("tried", whole.counts, whole.groups)
    assert (cut.counts, LawEffect.objects.filter(change=cut).count()) == ({"late": 5}, 5)


def test_only_the_region_that_was_asked_for_and_the_command_tells_who_would_have_been_late(world: World) -> None:
    ended(world, after=8)
    far = replay(5, region=Authority.objects.get(name="闽侯县市场监督管理局").region)
    working.work(far, now=at(30))
    assert (far.looked_at, far.counts) == (0, {})
    out = StringIO()
    call_command("replay_policy", "negotiation", "5", since=date(2026, 11, 1), until=date(2026, 11, 30), stdout=out)
    assert "1  would have been late" in out.getvalue()
    assert "2026-11-25 → 2026-11-18 (done 2026-11-19)" in out.getvalue()


def test_one_question_a_person_at_a_time_and_what_was_decided_comes_first(world: World) -> None:
    """Somebody who asks again and again does not keep a calendar from being carried out."""
    now = WEDNESDAY
    values: dict[str, Any] = {
        "authority": None,
        "region": None,
        "since": date(2026, 11, 1),
        "until": date(2026, 11, 30),
        "now": now,
        "name": "review",
        "number": 5,
    }
    first = changing.ask_replay(by=world.rui, **values)
    with pytest.raises(StepNotAllowed) as again:
        changing.ask_replay(by=world.rui, **values)
    assert again.value.code == "already_open"
    other = changing.ask_replay(by=world.su, **values)
    LawChange.objects.filter(pk=other.pk).update(state="applying", tried_at=now)
    assert leased(working.queue(), now=now).pk == other.pk
    LawChange.objects.filter(pk=first.pk).update(state="tried", tried_at=now)
    assert changing.ask_replay(by=world.rui, **values).pk
