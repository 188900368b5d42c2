"""What recorded clocks would have come to under other rules, and under another rest while the consumer decides."""

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
from complaints.models import Complaint, Deadline, LawChange, LawEffect
from complaints.parties.conditions import current_calendar
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status as S
from database.sweeping import leased
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import shown, signed_in
from tests.unchanged import unchanged

NUMBERS = {"negotiation@-.1": (10, "WD"), "mediation@-.1": (60, "CD"), "review@-.1": (7, "WD")}
EVERYWHERE = (0, 2**31 - 1)
SINCE = date(2026, 11, 1)


def at(day: int, *, month: int = 11, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour - 8, tzinfo=WEDNESDAY.tzinfo)


def rules(name: str = "negotiation", number: int = 10, unit: str = "WD") -> Rules:
    calendar = current_calendar()
    row = PolicyRow(name, *EVERYWHERE, PolicyNumber(number, unit, "", ""))
    return Rules(calendar, calendar, numbers=NUMBERS, policies=Policies.load(date(2026, 11, 11)).instead(row))


def recorded(clock: str) -> RecordedDeadline:
    return RecordedDeadline(*Deadline.objects.filter(clock=clock).order_by("-pk").values_list(*FIELDS)[0])


def ended(world: World, *, after: int) -> None:
    """Delivered on Wednesday 11 November; the consumer stops so many days later."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    handling.take(consumer.stop_negotiating(), [case.pk], actor=world.consumer, now=WEDNESDAY + timedelta(days=after))


def test_a_shorter_time_makes_late_what_was_done_after_it_and_a_narrower_region_keeps_its_number(world: World) -> None:
    ended(world, after=8)
    for length, expected in [
        (10, ("same", date(2026, 11, 25))),
        (12, ("moved", date(2026, 11, 27))),
        (8, ("moved", date(2026, 11, 23))),
        (6, ("moved", date(2026, 11, 19))),
        (5, ("late", date(2026, 11, 18))),
    ]:
        assert outcome(recorded("negotiation"), rules(number=length), now=at(30)) == ReplayOutcome(*expected)
    gulou = world.region
    row = PolicyRow("negotiation", gulou.pk, gulou.last, PolicyNumber(7, "WD", "", ""))
    mine = Policies.load(date(2026, 11, 11)).instead(row)
    national = mine.instead(PolicyRow("negotiation", *EVERYWHERE, PolicyNumber(3, "WD", "", "")))
    own = Rules(current_calendar(), current_calendar(), national, NUMBERS)
    assert outcome(recorded("negotiation"), own, now=at(30)).last_day == date(2026, 11, 20)


def test_what_ran_out_before_the_offer_is_late_a_lapse_unknown_and_what_was_late_in_time(world: World) -> None:
    """With an offer on the 19th the clock rests; with five days it would have been over on the 18th."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    handling.take(given.an_offer(), [case.pk], actor=world.handler, now=at(19))
    handling.take(consumer.accept_offer(), [case.pk], actor=world.consumer, now=at(20))
    row = recorded("negotiation")
    assert outcome(row, rules(number=5), now=at(30)) == ReplayOutcome("late", date(2026, 11, 18))
    assert outcome(row, rules(number=6), now=at(30))[0] == "moved"
    case = given.a_complaint(world, status=S.NEGOTIATING)
    assert given.swept(case, at(26)).status == S.REVIEW
    row = recorded("negotiation")
    assert outcome(row, rules(number=12), now=at(30))[0] == "unknown"
    assert outcome(row, rules(number=9), now=at(30))[0] == "moved"
    case = given.a_complaint(world, status=S.PERFORMING)
    row = recorded("performance")
    assert (row.complaint_id, outcome(row, rules("negotiation", 3), now=at(30))[0]) == (case.pk, "set")
    case = given.a_complaint(world, status=S.REVIEW)
    handling.sweep_clocks(now=at(21))
    handling.take(handling.MOVES["accept"](), [case.pk], actor=world.officer, now=at(23))
    row = recorded("review")
    assert row.lapsed_at is not None
    assert outcome(row, rules("review", 9), now=at(30))[0] == "in_time"
    assert outcome(row, rules("review", 7), now=at(30))[0] == "same"


def test_the_same_rules_give_no_difference_in_random_worlds(world: World) -> None:
    """Whatever was done on whichever day, with pauses and lapses: counted again by the same numbers it is the same."""
    dice = random.Random(7)
    at_work = (S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING)
    for status in (*at_work, S.REVIEW, S.AWAITING_MATERIAL, S.MEDIATING):
        for _n in range(3):
            now = WEDNESDAY + timedelta(days=dice.randrange(-40, 30), hours=dice.randrange(9))
            given.a_complaint(world, status=status, now=now)
    handling.sweep_clocks(now=WEDNESDAY + timedelta(days=dice.randrange(1, 60)))
    calendar = current_calendar()
    lengths = Deadline.objects.values_list("policy_version", "length", "unit")
    numbers = {version: (length, unit) for version, length, unit in lengths}
    today = Rules(calendar, calendar, Policies.load(date(2026, 11, 11)), numbers)
    rows = loaded.rows()
    copy = type(calendar).build(rows.days, rows.known_years, source=rows.source, version=rows.version)
    again = Rules(calendar, copy, None, numbers)
    rows, then = [RecordedDeadline(*values) for values in Deadline.objects.values_list(*FIELDS)], at(30, month=12)
    results = [(row, outcome(row, today, now=then), outcome(row, again, now=then)) for row in rows]
    assert len(results) > 30
    assert {(one.verdict, other.verdict) for _row, one, other in results} <= {("same", "same"), ("set", "set")}
    assert all(row.last_day == one.last_day for row, *both in results for one in both)


def replay(number: int, name: str = "negotiation", *, region: Region | None = None, **when: Any) -> LawChange:
    asked = {"by": None, "authority": None, "region": region, "name": name, "number": number}
    return changing.ask_replay(**asked | {"since": SINCE, "until": date(2026, 11, 30), "now": at(30)} | when)


def test_a_replay_goes_in_pieces_and_goes_on_where_it_was_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _n in range(5):
        ended(world, after=8)
    whole = replay(5)
    with unchanged():
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
    assert (reloaded(cut).state, cut.counts, cut.groups) == ("tried", whole.counts, whole.groups)
    assert (cut.counts, LawEffect.objects.filter(change=cut).count()) == ({"late": 5}, 5)


def test_only_the_region_asked_for_is_replayed_and_another_calendar_moves_dates(world: World) -> None:
    ended(world, after=8)
    far = replay(5, region=Authority.objects.get(name="闽侯县市场监督管理局").region)
    working.work(far, now=at(30))
    assert (far.looked_at, far.counts) == (0, {})
    out = StringIO()
    call_command("replay_policy", "negotiation", "5", since=date(2026, 11, 1), until=date(2026, 11, 30), stdout=out)
    assert "1  would have been late" in out.getvalue()
    assert "2026-11-25 → 2026-11-18 (done 2026-11-19)" in out.getvalue()
    now = timezone.now()
    days = [day for day in loaded.rows().days if day[0].year == 2026]
    off = [(date(2026, 11, day), False, "试验假", "") for day in range(12, 21) if date(2026, 11, day).weekday() < 5]
    year = Year(2026, tuple(sorted([*days, *off])))
    until = date(2026, 11, 30)
    asked = changing.ask_replay(by=None, authority=None, region=None, since=SINCE, until=until, now=now, year=year)
    working.work(asked, now=at(30))
    assert LawEffect.objects.filter(change=asked).first() is None
    assert asked.counts["moved"] >= 1
    assert asked.state == "tried"


def test_one_question_a_person_at_a_time_and_what_was_decided_comes_first(world: World) -> None:
    """Somebody who asks again and again does not keep a calendar from being carried out."""
    now = WEDNESDAY
    values = {"authority": None, "region": None, "name": "review", "number": 5}
    values |= {"since": SINCE, "until": date(2026, 11, 30), "now": now}
    first = changing.ask_replay(by=world.rui, **values)
    assert given.raised(changing.ask_replay, by=world.rui, **values).code == "already_open"
    other = changing.ask_replay(by=world.su, **values)
    LawChange.objects.filter(pk=other.pk).update(state="applying", tried_at=now)
    assert leased(working.queue(), now=now).pk == other.pk
    LawChange.objects.filter(pk=first.pk).update(state="tried", tried_at=now)
    assert changing.ask_replay(by=world.rui, **values).pk


DECLINE = consumer.decline_offer(reason="amount_too_low")


def rested_twice(world: World) -> Complaint:
    """Delivered on 11 November. An offer on the 13th, declined on the 18th: three days; a second on the 19th, declined
    on the 24th: three days again, of which two count. The consumer stops on 1 December; the last day was the 2nd."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for offered, declined in ((13, 18), (19, 24)):
        handling.take(given.an_offer(), [case.pk], actor=world.handler, now=at(offered))
        handling.take(DECLINE, [case.pk], actor=world.consumer, now=at(declined))
    handling.take(consumer.stop_negotiating(), [case.pk], actor=world.consumer, now=at(1, month=12))
    return case


def capped(number: int) -> tuple[dict[str, int], list[tuple[str, date, date]]]:
    asked = replay(number, "negotiation_pause_cap", until=date(2026, 12, 31), now=at(31, month=12))
    working.work(asked, now=at(31, month=12))
    return asked.counts, list(LawEffect.objects.filter(change=asked).values_list("verdict", "before", "after"))


def test_a_shorter_rest_makes_late_what_was_done_after_it_on_page_and_command_too(world: World) -> None:
    rested_twice(world)
    for cap, verdict, after in [
        (0, "late", date(2026, 11, 25)),
        (3, "late", date(2026, 11, 30)),
        (5, "same", None),
        (6, "moved", None),
        (9, "moved", None),
    ]:
        assert capped(cap) == ({verdict: 1}, [(verdict, date(2026, 12, 2), after)] if after else [])
    assert 'value="negotiation_pause_cap"' in shown(signed_in(world.su).get("/authority/policies/replay/"))
    out, until = StringIO(), date(2026, 12, 31)
    call_command("replay_policy", "negotiation_pause_cap", "0", since=SINCE, until=until, stdout=out)
    assert "1  would have been late" in out.getvalue()
    assert "2026-12-02 → 2026-11-25 (done 2026-12-01)" in out.getvalue()


def test_a_longer_rest_is_counted_to_the_day_on_which_the_consumer_answered(world: World) -> None:
    """The answer came two working days after the cap; a longer one would have rested until then and no longer."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for offered, declined in ((13, 18), (19, 25)):
        handling.take(given.an_offer(), [case.pk], actor=world.handler, now=at(offered))
        handling.take(DECLINE, [case.pk], actor=world.consumer, now=at(declined))
    assert Deadline.objects.get(clock="negotiation").last_day == date(2026, 12, 2)
    handling.sweep_clocks(now=at(3, month=12))
    handling.take(handling.MOVES["accept"](), [case.pk], actor=world.officer, now=at(4, month=12))
    for cap in (7, 30):
        assert capped(cap)[1] == [("unknown", date(2026, 12, 2), date(2026, 12, 4))], cap


def test_what_was_taken_back_goes_on_resting(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    handling.take(given.an_offer(), [case.pk], actor=world.handler, now=at(13))
    handling.take(DECLINE, [case.pk], actor=world.consumer, now=at(16))
    handling.take(handling.MOVES["undo"](), [case.pk], actor=world.consumer, now=at(17))
    handling.take(DECLINE, [case.pk], actor=world.consumer, now=at(18))
    assert (capped(5)[0], capped(1)[0]) == ({"same": 1}, {"moved": 1})


def test_the_same_cap_gives_no_difference_in_random_cases(world: World) -> None:
    dice = random.Random(11)
    for _case in range(12):
        now = WEDNESDAY + timedelta(days=dice.randrange(20), hours=dice.randrange(8))
        case = given.a_complaint(world, status=S.NEGOTIATING, now=now)
        for _step in range(dice.randrange(1, 6)):
            now += timedelta(days=dice.randrange(4), minutes=dice.randrange(1, 300))
            case.refresh_from_db()
            offer = given.an_offer(due_on=(now + timedelta(days=30)).date())
            answer = handling.MOVES["answer_question"](text="原路退回。")
            asking = (DECLINE, consumer.ask_about_offer(text="怎么退？"), handling.MOVES["undo"]())
            choices = [(offer, world.handler), (answer, world.handler), *((move, world.consumer) for move in asking)]
            move, actor = dice.choice(choices)
            try:
                handling.take(move, [case.pk], actor=actor, now=now)
            except StepNotAllowed:
                continue
    handling.sweep_clocks(now=at(20, month=12))
    assert capped(5)[0] == {"same": 12}
    assert capped(0)[0].get("same", 0) < 12
