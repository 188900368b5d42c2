"""The state of a case is what its entries say: whatever a superuser changes is named by case, row and column, and
nothing else is."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from django.apps import apps
from django.db import models

from complaints.handling.steps import authority, both, consumer, enterprise
from complaints.models import CallBack, CallBackMonth, Complaint, Evidence, HandlingStep, Obligation
from complaints.procedure.workflow import Status
from complaints.record import columns, state
from complaints.record.comparing import Compared, compare
from complaints.record.findings import Finding
from tests import given
from tests.cast import WEDNESDAY, World

S = Status
WALKED = (S.FILED, S.TRIAGE, S.REVIEW, S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING, S.CLOSED)


def columns_of(table: columns.Table, *classes: str) -> list[str]:
    return [name for one in classes for name in getattr(table, one)]


def test_every_column_of_a_case_is_proved_derived_text_tagged_or_working() -> None:
    """A new column, or a new table that hangs on a case, must be given a class."""
    proved = {table.model._meta.label for table in columns.TABLES}
    hanging = {"complaints.Complaint"}
    while (
        more := {
            model._meta.label
            for model in apps.get_models()
            for one in model._meta.concrete_fields
            if (one.related_model._meta.label in hanging if one.related_model else one.name == "complaint_id")
        }
        - hanging
    ):
        hanging |= more
    assert hanging == proved | columns.BESIDE.keys()
    assert not proved & columns.BESIDE.keys()
    assert all(columns.BESIDE.values())
    for table in columns.TABLES:
        classed = columns_of(table, "base", "proved", "derived", "text", "tagged", "working")
        assert len(set(classed)) == len(classed), table.name
        case = table.case.removesuffix("_id").partition("__")[0]
        number = {"number"} if table.model is Complaint else set()
        there = {one.name for one in table.model._meta.concrete_fields if not one.primary_key}
        assert there - {case} - number - set(table.base) == set(classed) - {case} - set(table.base), table.name


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    """Cases at several places of the procedure, one of them with an answer of every kind."""
    made = [
        given.a_complaint(world, status=status, now=WEDNESDAY + timedelta(hours=n)) for n, status in enumerate(WALKED)
    ]
    at = WEDNESDAY + timedelta(days=1)
    given.step(made[3], enterprise.add_internal_note(text="已与分公司核对"), world.handler, at)
    given.step(made[3], enterprise.log_contact(channel="phone", reached=True, note="已通话"), world.handler, at)
    given.step(made[4], consumer.ask_about_offer(text="什么时候到账？"), world.consumer, at)
    given.step(made[2], authority.accept(), world.officer, at)
    for audience in ("parties", "authority"):
        Evidence.objects.create(
            **{"complaint": made[2], "audience": audience, "name": "账单.jpg", "size": 7, "media_type": "image/jpeg"},
            **{"sha256": "a" * 64, "path": audience, "copy_type": "image/jpeg", "copy_size": 5, "uploaded_at": at},
            **{"copy_sha256": "b" * 64, "copy_path": f"{audience}-copy", "thumbnail_sha256": "c" * 64},
        )
    given.step(made[2], consumer.add_statement(text="补充账单。", files=["a" * 64]), world.consumer, at)
    given.step(made[5], both.claim_settled_elsewhere(text="已经私下退款"), world.handler, at)
    return made


def found(**where: Any) -> list[Finding]:
    return list(compare(**where))


@pytest.mark.django_db
def test_untouched_nothing_is_named_and_every_case_is_proved(cases: list[Complaint]) -> None:
    compared = Compared()
    assert found(compared=compared) == []
    assert compared == Compared(cases=len(cases), proved=len(cases))
    compared = Compared()
    assert found(ids=[cases[0].pk, cases[5].pk], compared=compared) == []
    assert compared == Compared(cases=2, proved=2)


@pytest.mark.django_db
def test_a_call_back_that_nobody_has_taken_up_is_open(cases: list[Complaint], world: World) -> None:
    """No entry speaks of it before somebody calls; so it cannot have ended, nor have no state at all."""
    month = CallBackMonth.objects.create(month=WEDNESDAY.date(), commitment="c" * 64, made_at=WEDNESDAY)
    one = CallBack(complaint=cases[6], month=month, authority_id=world.officer.authority_id, why="drawn", share=100)
    one.save()
    assert found() == []
    for other_state in ("", "reached"):
        CallBack.objects.update(state=other_state)
        [named] = found()
        assert named == Finding("column", cases[6].number, row=f"call_back/{month.pk}", column="state")


@pytest.mark.django_db
def test_no_reader_of_an_entry_learns_of_the_state(cases: list[Complaint]) -> None:
    """Not what changed, nor whether something did that only one side may know: each flush carries a state, in its last
    entry of the parties' chain."""
    for entry in HandlingStep.objects.all():
        said = json.loads(entry.body)
        assert len(said) == 23
        assert re.fullmatch("[0-9a-f]{64}", said["state"]), entry.step
        for plain in (b"officer", b"handler", b"status", b'"set"'):
            assert plain not in bytes(entry.state)


#: Another value of a column, by the kind of its field.
def other(column: models.Field[Any, Any], value: Any, rng: random.Random) -> Any:
    match column:
        case models.BooleanField():
            return not value
        case models.DateTimeField() | models.DateField():
            return (value or WEDNESDAY) + timedelta(days=rng.randrange(1, 90))
        case models.DecimalField():
            return (value or 0) + rng.randrange(1, 900)
        case models.UUIDField():
            return str(uuid.UUID(int=rng.getrandbits(128)))
        case models.BinaryField():
            return bytes(value or b"") + b"x"
        case models.JSONField():
            return json.dumps({"other": rng.randrange(1000)})
        case models.IntegerField() | models.ForeignKey():
            return (value or 0) + rng.randrange(1, 9)
    choices = [code for code, _label in column.flatchoices if code != value] if column.choices else []
    longest = column.max_length or 9
    return (
        rng.choice(choices)
        if choices
        else (str(value or "") + "x" * 9)[-longest:].replace(str(value), "x", 1)[:longest]
    )


class Superuser:
    """Changes rows past triggers, keys and grants, and puts them back."""

    def __init__(self, connection: Any, rng: random.Random) -> None:
        self.cursor, self.rng = connection.cursor(), rng
        self.cursor.execute("set session_replication_role = replica")

    def run(self, sql: str, *values: Any) -> int:
        self.cursor.execute(sql, values or None)
        return int(self.cursor.rowcount)

    def pick(self) -> tuple[columns.Table, int, str, str]:
        """Table, id, case number and name of some row."""
        tables = [table for table in columns.TABLES if table.model.objects.exists()]  # type: ignore[attr-defined]
        table = self.rng.choice(tables)
        pk, case = self.rng.choice(list(table.model._default_manager.order_by("pk").values_list("pk", table.case)))
        return table, pk, Complaint.objects.get(pk=case).number, name_of(table, pk, case)


def name_of(table: columns.Table, pk: int, case: int) -> str:
    """By a way of its own: the base of each row of the case, counted."""
    rows = table.model._default_manager.filter(**{table.case: case}).order_by("pk")
    bases = [
        (row.pk, state.base(row, lambda to, key: state.base(to.model._default_manager.get(pk=key), lambda *_: "")))
        for row in rows
    ]
    known = dict(bases)[pk]
    return state.nth(known, [key for key, one in bases if one == known].index(pk) + 1)


@pytest.fixture
def thief(cases: list[Complaint], superuser_connection: Any) -> Superuser:
    return Superuser(superuser_connection, random.Random(22))


def tried(thief: Superuser, times: int) -> Iterator[tuple[str, str, str]]:
    """Change a proved column of some row at random; yield where, and put it back."""
    done = 0
    while done < times:
        table, pk, number, name = thief.pick()
        column = table.model._meta.get_field(thief.rng.choice(table.proved))
        value = table.model._default_manager.values_list(column.attname, flat=True).get(pk=pk)
        there = f"update {table.model._meta.db_table} set {column.column} = %s where id = %s"
        try:
            thief.run(there, other(column, value, thief.rng), pk)
        except psycopg2.IntegrityError:
            # The database refuses this one by a condition of its own.
            continue
        done += 1
        yield number, name, column.attname
        thief.run(there, plain(column, value), pk)


def plain(column: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(column, models.JSONField):
        return json.dumps(value)
    return str(value) if isinstance(value, uuid.UUID) else value


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [8, pytest.param(50, marks=pytest.mark.full)])
def test_any_proved_column_is_named_and_nothing_else(thief: Superuser, times: int) -> None:
    for number, name, column in tried(thief, times):
        assert [(one.code, one.case, one.row, one.column) for one in found()] == [("column", number, name, column)]
    assert found() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [4, pytest.param(50, marks=pytest.mark.full)])
def test_a_row_that_is_gone_or_was_added_is_named(thief: Superuser, times: int) -> None:
    thief.run("create temporary table kept as select 1")
    for _ in range(times):
        table, pk, number, name = thief.pick()
        if table.model in (Complaint, Evidence):
            continue
        rows = table.model._meta.db_table
        thief.run("drop table kept")
        thief.run(f"create temporary table kept as select * from {rows} where id = %s", pk)
        thief.run(f"delete from {rows} where id = %s", pk)
        named = found()
        # What hangs on it is known by it, and is named too.
        assert ("row_missing", number, name) in [(one.code, one.case, one.row) for one in named]
        assert {one.case for one in named} == {number}
        thief.run(f"insert into {rows} select * from kept")
        assert found() == []
    row = Obligation.objects.get(complaint__status=S.PERFORMING, ordinal=1)
    thief.run("create temporary table added as select * from complaints_obligation where id = %s", row.pk)
    thief.run("update added set id = id + 10000, ordinal = 9")
    thief.run("insert into complaints_obligation select * from added")
    assert [(one.code, one.case, one.row) for one in found()] == [("foreign", row.complaint.number, "obligation/9")]


#: Columns that follow from others → what a thief writes there.
DERIVED = {
    "complaint": {
        "next_due_at": "'2027-05-01'",
        "enterprise_due_at": "null",
        "is_overdue": "not is_overdue",
        "last_word": "'authority'",
        "last_event_at": "last_event_at - interval '1 day'",
        "handling_county": "handling_county + 1",
    },
    "engagement": {"is_past": "not is_past"},
    "documentversion": {"sequence": "sequence - 1"},
    "officialdocument": {"sequence": "sequence - 1"},
}


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_shown_to_others_is_named(thief: Superuser, cases: list[Complaint]) -> None:
    """The same file stands for both: its digest alone does not tell that one of the two rows is gone."""
    told = [("row_missing", cases[2].number, f"file/{'a' * 64}/authority")]
    thief.run("update complaints_evidence set audience = 'parties' where audience = 'authority'")
    assert [(one.code, one.case, one.row) for one in found()] == told
    thief.run("delete from complaints_evidence where path = 'authority'")
    assert [(one.code, one.case, one.row) for one in found()] == told
    thief.run("delete from complaints_evidence")
    assert found() == [], "whoever follows the digests in entries names it"


@pytest.mark.django_db(transaction=True)
def test_what_follows_from_others_is_recomputed_and_named(thief: Superuser, cases: list[Complaint]) -> None:
    for table, changes in DERIVED.items():
        for column, value in changes.items():
            case = cases[2 if "document" in table else 4]
            thief.run("drop table if exists kept")
            key = "id" if table == "complaint" else "complaint_id"
            thief.run(f"create temporary table kept as select * from complaints_{table} where {key} = %s", case.pk)
            assert thief.run(f"update complaints_{table} set {column} = {value} where {key} = %s", case.pk)
            assert {(one.code, one.case, one.column) for one in found()} == {("column", case.number, column)}, column
            thief.run(f"update complaints_{table} t set {column} = kept.{column} from kept where kept.id = t.id")
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_what_an_entry_carries_is_gone_is_another_or_is_moved(thief: Superuser, cases: list[Complaint]) -> None:
    """Its place is named, and a second fault elsewhere too; of what else was said the rest is still compared."""
    case, second = cases[5], cases[4]
    last = HandlingStep.objects.filter(complaint=case, audience="parties").latest("sequence")
    thief.run("update complaints_offer set state = 'declined' where complaint_id = %s", second.pk)
    beside = [("column", second.number, "", 0, "offer/1", "state")]
    first = HandlingStep.objects.get(complaint=case, audience="parties", sequence=1)
    for change in (b"", bytes(first.state), bytes(last.state)[::-1]):
        thief.run("update complaints_handlingstep set state = %s where id = %s", change, last.pk)
        thief.run("update complaints_complaint set amount = 1 where id = %s", case.pk)
        named = [(one.code, one.case, one.audience, one.sequence, one.row, one.column) for one in found()]
        assert ("unreadable", case.number, "parties", last.sequence, "state", "") in named
        assert [one for one in named if one[1] == second.number] == beside
        thief.run("update complaints_handlingstep set state = %s where id = %s", bytes(last.state), last.pk)
        named = [(one.code, one.case, one.row, one.column) for one in found() if one.case == case.number]
        assert named == [("column", case.number, "case", "amount")]


@pytest.mark.django_db(transaction=True)
def test_a_moment_that_nobody_can_read_is_named_at_its_place(thief: Superuser, cases: list[Complaint]) -> None:
    thief.run("update complaints_deadline set due_at = 'infinity' where complaint_id = %s", cases[3].pk)
    thief.run("update complaints_complaint set returns = 7 where id = %s", cases[6].pk)
    named = [(one.code, one.case, one.row, one.column) for one in found()]
    assert ("column", cases[6].number, "case", "returns") in named
    assert {one[1] for one in named} == {cases[3].number, cases[6].number}
    assert ("unreadable", cases[3].number, "clock", "") in named or ("column", cases[3].number) in [
        (one[0], one[1]) for one in named
    ]
