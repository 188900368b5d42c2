"""Cases, and columns of cases, from before entries spoke of them: compared as far as an entry does, and named for
nothing else."""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from complaints import handling
from complaints.handling.steps import consumer
from complaints.models import Complaint, HandlingStep
from complaints.parties.actors import SYSTEM
from complaints.procedure.workflow import Status as S
from complaints.record import columns, house, state, words
from complaints.record.comparing import Compared
from tests import given
from tests.cast import WEDNESDAY, World
from tests.proof.test_state import Superuser, cases, found, thief

__all__ = ["cases", "thief"]


@pytest.mark.django_db(transaction=True)
def test_a_case_from_before_is_compared_where_it_was_changed_and_wholly_once_it_is_taken_over(
    world: World, superuser_connection: Any
) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    before = Superuser(superuser_connection, random.Random(1))
    before.run("update complaints_handlingstep set state = '', body = (body::jsonb - 'state' - 'form')::text")
    compared = Compared()
    assert found(compared=compared) == []
    assert compared == Compared(cases=1, proved=0)
    given.step(case, given.an_offer(), world.handler, WEDNESDAY + timedelta(hours=1))
    Complaint.objects.filter(pk=case.pk).update(amount=5)
    assert found() == []
    Complaint.objects.filter(pk=case.pk).update(status="review")
    assert [one.column for one in found()] == ["status"]
    Complaint.objects.filter(pk=case.pk).update(status="awaiting_consumer", amount="128.50")
    handling.take(handling.MOVES["keep_state"](), [case.pk], actor=SYSTEM, now=WEDNESDAY + timedelta(hours=2))
    compared = Compared()
    assert found(compared=compared) == []
    assert compared == Compared(cases=1, proved=1)
    Complaint.objects.filter(pk=case.pk).update(amount=5)
    assert [(one.row, one.column) for one in found()] == [("case", "amount")]
    assert given.refused(case, handling.MOVES["keep_state"](), SYSTEM, WEDNESDAY + timedelta(hours=3)) == "kept"


@pytest.mark.django_db(transaction=True)
def test_cases_of_before_are_taken_over_once_but_those_that_stand_otherwise(
    cases: list[Complaint], thief: Superuser, capsys: Any
) -> None:
    """Each was filed before entries carried a state; of three something was changed since, one has lost its file."""
    before = "(body::jsonb - 'state' - 'form')::text"
    thief.run(f"update complaints_handlingstep set state = '', tag = '', body = {before}")
    chained_anew(thief)
    thief.run("update complaints_complaint set status = 'review' where id = %s", cases[3].pk)
    thief.run("update complaints_demand set amount = 1 where complaint_id = %s and ordinal = 1", cases[4].pk)
    thief.run("update complaints_personaltext set sealed = '' where complaint_id = %s", cases[5].pk)
    with pytest.raises(SystemExit):
        call_command("take_over_state")
    said = capsys.readouterr().out
    assert f"case {cases[3].number} case column status" in said
    assert f"case {cases[4].number} demand/1 column amount" in said
    assert f"LEFT OUT case {cases[5].number}" in said
    assert f"The state of {len(cases) - 4} cases was taken over." in said
    compared = Compared()
    assert found(compared=compared) == []
    assert compared == Compared(cases=len(cases), proved=len(cases) - 4)
    taken = house.entries("state_taken_over").get()
    assert taken.data == {"cases": len(cases) - 4}
    with pytest.raises(SystemExit):
        call_command("verify_record")
    told = f"{len(cases) - 4} of {len(cases)} cases were compared in every proved column with what their entries say"
    assert f"{told}, those from before since {taken.at:%Y-%m-%d %H:%M} (UTC) at the latest." in capsys.readouterr().out
    thief.run("update complaints_complaint set status = 'negotiating' where id = %s", cases[3].pk)
    with pytest.raises(SystemExit):
        call_command("take_over_state")
    assert "The state of 1 cases was taken over." in capsys.readouterr().out
    thief.run("update complaints_complaint set amount = 1 where id = %s", cases[6].pk)
    with pytest.raises(CommandError, match=f"case {cases[6].number} case column amount"):
        call_command("rebuild_rollups")


@pytest.mark.django_db(transaction=True)
def test_a_column_that_is_proved_since_an_update_is_compared_from_the_entry_on_that_speaks_of_it(
    world: World, superuser_connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases of before are named for nothing and are not counted as proved; what is new is proved, also where empty."""
    later = {"case": frozenset({"status_since", "platform_number"}), "offer": frozenset({"message"})}

    def without(columns_of: Any, name: str) -> Any:
        return lambda table: tuple(
            one for one in columns_of(table) if getattr(one, name) not in later.get(table.name, ())
        )

    with monkeypatch.context() as before:
        before.setattr(state, "columns_of", without(state.columns_of, "attribute"))
        before.setattr(words, "fields_of", without(words.fields_of, "attname"))
        old = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    assert {(one.row, one.column) for one in found()} == {("case", "status_since"), ("offer/1", "message")}
    for table, columns_of_it in later.items():
        monkeypatch.setitem(columns.LATER, table, columns_of_it)
    new, taken = (
        given.a_complaint(world, status=S.AWAITING_CONSUMER, now=WEDNESDAY + timedelta(hours=n)) for n in (1, 2)
    )
    thief = Superuser(superuser_connection, random.Random(1))
    stateless = "state = '', body = (body::jsonb - 'state' - 'form')::text"
    thief.run(f"update complaints_handlingstep set {stateless} where complaint_id = %s", taken.pk)
    handling.take(handling.MOVES["keep_state"](), [taken.pk], actor=SYSTEM, now=WEDNESDAY + timedelta(hours=3))
    compared = Compared()
    assert found(compared=compared) == []
    assert compared == Compared(cases=3, proved=2)
    given.step(old, consumer.decline_offer(reason="other"), world.consumer, WEDNESDAY + timedelta(hours=3))
    assert found() == []
    thief.run("update complaints_complaint set platform_number = id::text, status_since = '2026-11-01'")
    thief.run("update complaints_offer set message = set_byte(message, 30, get_byte(message, 30) # 1)")
    assert {(one.case, one.row, one.column) for one in found()} == {
        (old.number, "case", "status_since"),
        *((case.number, "case", column) for case in (new, taken) for column in later["case"]),
        *((case.number, "offer/1", "message") for case in (new, taken)),
    }


def chained_anew(thief: Superuser) -> None:
    """The hashes of entries whose text was changed, by the rule of the record."""
    ended: dict[tuple[int, str], bytes] = {}
    for row in HandlingStep.objects.order_by("complaint_id", "audience", "sequence"):
        chain = (row.complaint_id, row.audience)
        before = ended.get(chain, b"")
        ended[chain] = hashlib.sha256(b"\0" + before + row.body.encode()).digest()
        change = "update complaints_handlingstep set previous_hash = %s, hash = %s where id = %s"
        thief.run(change, before, ended[chain], row.pk)
    for (case, audience), digest in ended.items():
        if audience == "parties":
            thief.run("update complaints_complaint set last_hash = %s where id = %s", digest, case)
