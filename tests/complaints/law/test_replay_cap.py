"""How long a negotiation may rest while the consumer decides: recorded cases under another cap."""

import random
from datetime import date, datetime, timedelta
from io import StringIO

from django.core.management import call_command

from complaints import handling
from complaints.handling.steps import consumer
from complaints.law import changing, working
from complaints.models import Complaint, Deadline, LawEffect
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import shown, signed_in

S = Status
DECLINE = consumer.decline_offer(reason="amount_too_low")


def at(day: int, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, 2, tzinfo=WEDNESDAY.tzinfo)


def rested_twice(world: World) -> Complaint:
    """Delivered on 11 November. An offer on the 13th, declined on the 18th: three days; a second on the 19th, declined
    on the 24th: three days again, of which two count. The consumer stops on 1 December; the last day was the 2nd."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for offered, declined in ((13, 18), (19, 24)):
        handling.take(given.an_offer(), [case.pk], actor=world.handler, now=at(offered))
        handling.take(DECLINE, [case.pk], actor=world.consumer, now=at(declined))
    handling.take(consumer.stop_negotiating(), [case.pk], actor=world.consumer, now=at(1, month=12))
    return case


def replayed(number: int, *, since: date = date(2026, 11, 1)) -> tuple[dict[str, int], list[tuple[str, date, date]]]:
    asked = changing.ask_replay(
        by=None,
        authority=None,
        region=None,
        since=since,
        until=date(2026, 12, 31),
        now=at(31, month=12),
        name="negotiation_pause_cap",
        number=number,
    )
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
        counts, effects = replayed(cap)
        assert (counts, effects) == ({verdict: 1}, [(verdict, date(2026, 12, 2), after)] if after else [])
    assert 'value="negotiation_pause_cap"' in shown(signed_in(world.su).get("/authority/policies/replay/"))
    out = StringIO()
    since = date(2026, 11, 1)
    call_command("replay_policy", "negotiation_pause_cap", "0", since=since, until=date(2026, 12, 31), stdout=out)
    assert "1  would have been late" in out.getvalue()
    assert "2026-12-02 → 2026-11-25 (done 2026-12-01)" in out.getvalue()


def test_a_longer_rest_is_counted_to_the_day_on_which_the_consumer_answered(world: World) -> None:
    """The answer came on the second working day after the cap; a longer one would have rested until then and no
    longer."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for offered, declined in ((13, 18), (19, 25)):
        handling.take(given.an_offer(), [case.pk], actor=world.handler, now=at(offered))
        handling.take(DECLINE, [case.pk], actor=world.consumer, now=at(declined))
    assert Deadline.objects.get(clock="negotiation").last_day == date(2026, 12, 2)
    handling.sweep_clocks(now=at(3, month=12))
    handling.take(handling.MOVES["accept"](), [case.pk], actor=world.officer, now=at(4, month=12))
    for cap in (7, 30):
        assert replayed(cap)[1] == [("unknown", date(2026, 12, 2), date(2026, 12, 4))], cap


def test_what_was_taken_back_goes_on_resting(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    handling.take(given.an_offer(), [case.pk], actor=world.handler, now=at(13))
    handling.take(DECLINE, [case.pk], actor=world.consumer, now=at(16))
    handling.take(handling.MOVES["undo"](), [case.pk], actor=world.consumer, now=at(17))
    handling.take(DECLINE, [case.pk], actor=world.consumer, now=at(18))
    assert (replayed(5)[0], replayed(1)[0]) == ({"same": 1}, {"moved": 1})


def test_the_same_cap_gives_no_difference_in_random_cases(world: World) -> None:
    dice = random.Random(11)
    for _case in range(12):
        now = WEDNESDAY + timedelta(days=dice.randrange(20), hours=dice.randrange(8))
        case = given.a_complaint(world, status=S.NEGOTIATING, now=now)
        for _step in range(dice.randrange(1, 6)):
            now += timedelta(days=dice.randrange(4), minutes=dice.randrange(1, 300))
            case.refresh_from_db()
            move, actor = dice.choice(
                [
                    (given.an_offer(due_on=(now + timedelta(days=30)).date()), world.handler),
                    (DECLINE, world.consumer),
                    (consumer.ask_about_offer(text="怎么退？"), world.consumer),
                    (handling.MOVES["answer_question"](text="原路退回。"), world.handler),
                    (handling.MOVES["undo"](), world.consumer),
                ]
            )
            try:
                handling.take(move, [case.pk], actor=actor, now=now)
            except StepNotAllowed:
                continue
    handling.sweep_clocks(now=at(20, month=12))
    counts, _effects = replayed(5)
    assert counts == {"same": 12}
    assert replayed(0)[0].get("same", 0) < 12
