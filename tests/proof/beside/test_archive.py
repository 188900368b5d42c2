"""Closed cases move to the archive: nothing is lost on the way, and the record stays proved."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from complaints.models import ArchivedCase, Complaint, HandlingStep, PersonalText
from complaints.privacy import archiving, erasing
from complaints.procedure.workflow import Status
from complaints.record import admission, anchors, checkpoints, house, log
from complaints.record.moved import named, rows
from complaints.record.verification import verify
from oversight.counters import rollups
from tests import ROOT, given
from tests.cast import WEDNESDAY, World
from tests.proof.beside.conftest import KEY, LATER, LONG, NAME, left, query, told
from tests.walls.conftest import seeing_as

pytestmark = pytest.mark.django_db


def test_a_case_moves_is_named_and_the_record_is_whole(case: Complaint, archive: str, world: World) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING, now=LATER - timedelta(days=3))
    before = verify()
    assert before.is_unbroken, before.findings
    there = {model._meta.db_table: model.objects.filter(complaint=case).count() for model in LONG}  # type: ignore[attr-defined]
    done = archiving.move_some(now=LATER)
    assert (done.cases, done.left, left(case)) == (1, [], 0)
    for table, count in there.items():
        assert query(archive, f"select count(*) from {table} where complaint_id = %s", case.pk) == [(count,)]
    entry = house.proven("archived")[-1]
    row = ArchivedCase.objects.get(complaint_id=case.pk, returned=None)
    wanted = rows.root_of({case.number: (row.entries, bytes(row.heads))})
    assert entry.data == {"cases": 1, "root": wanted, "cell": NAME}
    after = verify()
    assert after.is_unbroken, after.findings
    assert (after.archived, after.read_there, after.entries) == (1, 1, before.entries - row.entries)
    alone = verify(number=case.number)
    assert (alone.findings, alone.entries, alone.proved, alone.read_there) == ([], row.entries, 1, 1)
    assert left(case) == 0
    assert archiving.move_some(now=LATER) == archiving.Moved()


def test_what_is_young_open_unsealed_or_broken_stays(case: Complaint, world: World, archive: str) -> None:
    assert archiving.move_some(now=WEDNESDAY + timedelta(days=1100)).cases == 0
    unsealed = given.a_complaint(world, status=Status.CLOSED, now=WEDNESDAY)
    told(unsealed)
    broken = given.a_complaint(world, status=Status.CLOSED, now=WEDNESDAY)
    told(broken)
    Complaint.objects.filter(pk=broken.pk).update(outcome="withdrawn")
    done = archiving.move_some(now=LATER)
    assert (done.cases, done.left) == (1, sorted([unsealed.number, broken.number]))
    assert left(case) == 0 < left(unsealed)


def test_a_missing_case_that_no_entry_names_is_red(
    case: Complaint, archive: str, moved: Complaint, world: World
) -> None:
    """Whoever takes rows away names them as moved himself: his entry was never signed, or names others."""
    other = given.a_complaint(world, status=Status.CLOSED)
    checkpoints.seal(now=LATER, key=KEY)
    entry = ArchivedCase.objects.get(complaint_id=moved.pk).entry
    for said in (entry, entry + 1):
        with transaction.atomic():
            ArchivedCase.objects.create(complaint_id=other.pk, entry=said, entries=5, heads=bytes(32))
            with connection.cursor() as cursor:
                cursor.execute("select drop_archived(%s)", [[other.pk]])
            report = verify()
            assert not report.is_unbroken
            assert {"archived", "foreign"} & {one.code for one in report.findings}
            assert other.number in {one.case for one in report.findings}
            transaction.set_rollback(True)
    assert verify().is_unbroken


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"heads": bytes(32)}, "archived"),
        ({"entries": 1}, "archived"),
        ({"complaint_id": 1}, "archived"),
        ({"returned": 1}, "column"),
    ],
)
def test_what_says_that_a_case_is_moved_is_itself_proved(moved: Complaint, change: dict[str, Any], code: str) -> None:
    ArchivedCase.objects.update(**change)
    assert code in {one.code for one in verify().findings}


def test_a_text_that_was_changed_there_is_named_when_its_case_is_verified(moved: Complaint, archive: str) -> None:
    query(archive, "update complaints_personaltext set sealed = 'x' where kind = 'consumer_statement'")
    assert verify().is_unbroken
    assert {one.row for one in verify(number=moved.number).findings} == {"text consumer_statement"}


@pytest.mark.parametrize("step", ["replace", "heads", "write"])
def test_killed_in_the_middle_it_loses_nothing_and_goes_on(
    case: Complaint, archive: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = left(case)
    module = named if step == "write" else rows
    real = getattr(module, step)

    def die(*given_: Any, **more: Any) -> None:
        real(*given_, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, step, die)
    with pytest.raises(KeyboardInterrupt):
        archiving.move_some(now=LATER)
    monkeypatch.undo()
    assert (left(case), ArchivedCase.objects.count(), house.proven("archived")) == (before, 0, [])
    assert archiving.move_some(now=LATER).cases == 1
    assert verify().is_unbroken
    assert verify(number=case.number).is_unbroken


def test_what_did_not_arrive_as_it_was_is_not_dropped(
    case: Complaint, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rows.replace

    def damaged(line: Any, ids: Any, found: Any) -> None:
        real(line, ids, found)
        with line.cursor() as cursor:
            cursor.execute(
                "delete from complaints_personaltext where id = (select max(id) from complaints_personaltext)"
            )
        line.commit()

    monkeypatch.setattr(rows, "replace", damaged)
    before = left(case)
    with pytest.raises(archiving.NotTheSame):
        archiving.move_some(now=LATER)
    assert left(case) == before


def test_the_record_of_a_case_that_is_not_moved_cannot_be_dropped(case: Complaint) -> None:
    for sql in (
        "select drop_archived(array[%s]::bigint[])",
        "delete from complaints_handlingstep where complaint_id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [case.pk])
    with seeing_as(None), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select drop_archived(array[]::bigint[])")


def test_who_takes_a_step_has_it_brought_back_and_it_moves_again(moved: Complaint, world: World) -> None:
    assert named.bring_back([moved.pk], now=LATER) == 1
    assert named.bring_back([moved.pk], now=LATER) == 0
    assert house.proven("returned")[-1].data == {"cases": [moved.number]}
    report = verify()
    assert (report.findings, report.archived) == ([], 0)
    checkpoints.seal(now=LATER, key=KEY)
    assert archiving.move_some(now=LATER).cases == 1
    assert verify().is_unbroken
    assert verify(number=moved.number).is_unbroken
    # And a case that came back and lost its rows is not excused by the older entry.
    named.bring_back([moved.pk], now=LATER)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "update complaints_archivedcase set returned = null"
                " where returned = (select max(returned) from complaints_archivedcase)"
            )
            cursor.execute("select drop_archived(%s)", [[moved.pk]])
        assert "column" in {one.code for one in verify().findings}
        transaction.set_rollback(True)


def test_erasing_a_person_empties_what_lay_in_the_archive(moved: Complaint, archive: str, world: World) -> None:
    text = "select count(*) from complaints_personaltext where sealed <> '' and complaint_id = %s"
    assert query(archive, text, moved.pk) != [(0,)]
    erasing.erase(moved.consumer_key, now=LATER)
    assert PersonalText.objects.filter(complaint=moved).exists()
    checkpoints.seal(now=LATER, key=KEY)
    assert archiving.move_some(now=LATER).cases == 1
    assert query(archive, text, moved.pk) == [(0,)]
    assert verify().is_unbroken
    assert verify(number=moved.number).is_unbroken


def test_erasing_waits_where_the_archive_is_away(moved: Complaint, settings: Any) -> None:
    settings.ARCHIVE_DATABASE_URL = ""
    assert erasing.erase_due(now=LATER, limit=10) == 0


def test_counters_of_a_moved_case_stay(case: Complaint, archive: str) -> None:
    rollups.fold(now=LATER)
    assert rollups.compare(now=LATER) == []
    archiving.move_some(now=LATER)
    assert rollups.compare(now=LATER) == []
    named.bring_back([case.pk], now=LATER)
    assert rollups.compare(now=LATER) == []


def test_the_command(case: Complaint, archive: str, settings: Any, capsys: Any) -> None:
    with time_machine.travel(LATER, tick=False):
        call_command("archive_cases")
        assert capsys.readouterr().out == "1 cases were moved to the archive.\n"
        settings.ARCHIVE_DATABASE_URL = ""
        with pytest.raises(CommandError, match="not set"):
            call_command("archive_cases")


def test_a_receipt_of_a_moved_entry_still_holds(case: Complaint, archive: str) -> None:
    entry = HandlingStep.objects.filter(complaint=case, audience="parties").order_by("sequence")[0]
    receipt = anchors.Receipt(case.number, "parties", 1, bytes(entry.hash), 1)
    archiving.move_some(now=LATER)
    assert verify(held=[receipt]).findings == []
    other = anchors.Receipt(case.number, "parties", 1, bytes(32), 1)
    assert [one.code for one in verify(held=[other]).findings] == ["receipt_other"]


def test_the_sealer_counts_what_was_moved(moved: Complaint, world: World) -> None:
    given.a_complaint(world, now=LATER)
    checkpoints.seal(now=LATER + timedelta(minutes=1), key=KEY)
    newest = log.newest_checkpoint()
    assert newest is not None
    with connection.cursor() as cursor:
        cursor.execute(admission._COUNTED, {"horizon": newest.horizon})
        standing, expected = cursor.fetchone()
    assert standing == expected


def test_garbage_in_the_setting_stops_the_start() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={**os.environ, "ARCHIVE_DATABASE_URL": "mysql://x"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "ARCHIVE_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
