"""Events reach a program once each and without a gap, whoever commits first."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from complaints.handling.steps import authority, enterprise
from complaints.models import HandlingStep
from complaints.procedure.workflow import Status
from complaints.record import events
from tests import PATIENCE, given
from tests.cast import WEDNESDAY, World

pytestmark = pytest.mark.django_db(transaction=True)


def in_a_thread_of_its_own(work: Any) -> Any:
    """A connection beside this one."""

    def run() -> Any:
        with closing(connection):
            return work()

    with ThreadPoolExecutor() as threads:
        return threads.submit(run).result(PATIENCE)


def all_after(cursor: str, user: Any) -> tuple[list[tuple[str, str]], str]:
    rows, after = events.events_after(cursor, visible=events.known_to(user, on=WEDNESDAY.date()), limit=500)
    return [(row.complaint.number, row.step) for row in rows], after


def test_F46_an_entry_that_commits_late_is_not_skipped(world: World) -> None:
    given.filed(world)
    _, start = all_after("", world.chen)
    with transaction.atomic():
        # T1 takes its numbers and stays open while T2 begins and commits.
        first = given.filed(world)
        second, (seen, cursor) = in_a_thread_of_its_own(
            lambda: (given.filed(world).number, all_after(start, world.chen))
        )
        assert seen == [], "T2 is told only when nothing older can still appear"
    later, after = all_after(cursor, world.chen)
    assert (later, all_after(after, world.chen)[0]) == ([(first.number, "file"), (second, "file")], [])


def test_pages_follow_each_other(world: World) -> None:
    given.a_complaint(world, status=Status.AWAITING_CONSUMER)
    whole, _ = all_after("", world.chen)
    rows, cursor = events.events_after("", visible=events.known_to(world.chen), limit=2)
    walked: list[Any] = []
    while rows:
        walked += [(row.complaint.number, row.step) for row in rows]
        rows, cursor = events.events_after(cursor, visible=events.known_to(world.chen), limit=2)
    assert walked == whole
    assert [step for _, step in whole] == ["file", "forward", "accept_case", "make_offer"]


def test_T63_what_is_for_the_enterprise_alone_stays_there_and_who_gave_the_case_up_hears_no_more(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    given.step(case, enterprise.add_internal_note(text="账单系统已查"), world.handler, WEDNESDAY)
    given.step(case, enterprise.flag_concern(text="疑似职业索赔"), world.handler, WEDNESDAY)
    assert "add_internal_note" in [step for _, step in all_after("", world.ming)[0]]
    for who, hears in ((world.chen, set()), (world.rui, {"flag_concern"}), (world.ming, {"add_internal_note"})):
        steps = {step for _, step in all_after("", who)[0]}
        assert steps & {"add_internal_note", "flag_concern"} == hears
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    later = WEDNESDAY + timedelta(hours=1)
    back = enterprise.return_case(reason="wrong_entity", enterprise_id=world.telecom.pk, text="不是我们的。")
    given.step(case, back, world.handler, later)
    if case.status == Status.FILED:
        move = authority.refer_to_triage(reason="returned", explanation=given.BECAUSE)
        given.step(case, move, world.actor("system"), later + timedelta(minutes=1))
    steps = [step for _, step in all_after("", world.ming)[0]]
    assert ("return_case" in steps, "refer_to_triage" in steps) == (True, False)
    assert "refer_to_triage" in [step for _, step in all_after("", world.chen)[0]]
    assert all_after("", world.hua)[0] == []


def test_a_cursor_from_before_a_restore_goes_on_by_the_entries_and_an_odd_one_is_named_as_one(world: World) -> None:
    given.filed(world)
    _, before = all_after("", world.chen)
    seen = HandlingStep.objects.order_by("pk").last()
    assert seen is not None
    era, transaction_id, _entry = before.split(".")
    old = f"{int(era) + 7}.{int(transaction_id) + 1_000_000}.{seen.pk}"
    assert (given.filed(world).number, "file") in all_after(old, world.chen)[0]

    for odd in ["x", "1", "1.2", "1.2.x", "1.2.3.4", "-1.2.3", "１.２.３", "9" * 40 + ".1.1"]:
        with pytest.raises(events.OddCursor):
            events.events_after(odd, visible=HandlingStep.objects.all())
