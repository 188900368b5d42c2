"""What a scanner said of a file and what its sender called it, past the portal: the file stays shut, and the row is
named."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from complaints.evidence import shows_content
from complaints.handling.steps import consumer
from complaints.models import Complaint, Evidence
from complaints.procedure.workflow import Status as S
from complaints.record.verification import verify
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.clamd import EICAR, Clamd
from tests.complaints.evidence.test_quarantine import put, scanner, status, sweep_scans
from tests.complaints.pages.at_the_desk import shown, signed_in
from tests.proof.test_state import Superuser

__all__ = ["scanner"]
STATES = ("clean", "unchecked", "unscannable", "quarantined")


def found() -> set[tuple[str, str, str, str]]:
    return {(one.code, one.case, one.row, one.column) for one in verify().findings}


@pytest.fixture
def case(world: World) -> Complaint:
    return given.a_complaint(world, status=S.NEGOTIATING)


@pytest.fixture
def thief(case: Complaint, superuser_connection: Any) -> Superuser:
    return Superuser(superuser_connection, random.Random(22))


def _named(case: Complaint, world: World, content: bytes, name: str) -> Evidence:
    row = put(case, world, content, name)
    given.step(case, consumer.add_statement(text="补充。", files=[row.sha256]), world.consumer, WEDNESDAY)
    return row


@pytest.mark.django_db(transaction=True)
def test_T45_what_was_found_infected_is_opened_by_nobody_whatever_its_row_says(
    case: Complaint, world: World, thief: Superuser, scanner: Clamd
) -> None:
    row, waiting = (_named(case, world, content, "a.txt") for content in (b"Hello\n" + EICAR, b"Hello"))
    assert found() == set()
    thief.run("update complaints_evidence set state = 'clean' where id = %s", waiting.pk)
    assert not shows_content(reloaded(waiting), is_sender=True)
    assert found() == {("column", case.number, f"file {waiting.sha256}", "state")}
    thief.run("update complaints_evidence set state = 'quarantined' where id = %s", waiting.pk)
    assert sweep_scans(now=WEDNESDAY) == 2
    assert (reloaded(row).state, reloaded(waiting).state) == ("infected", "clean")
    assert found() == set()
    for state in STATES:
        thief.run("update complaints_evidence set state = %s, scan_after = now() where id = %s", state, row.pk)
        assert found() == {("column", case.number, f"file {row.sha256}", "state")}
        for person in (world.chen, world.ming, world.rui):
            assert status(signed_in(person), case, row) == 404
    thief.run("update complaints_evidence set state = 'clean' where id = %s", row.pk)
    assert "检查结果被改动过，不能打开" in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    # The verdict on one file is none on another.
    thief.run("update complaints_evidence t set tag = o.tag from complaints_evidence o where t.id = %s and o.id = %s",
              row.pk, waiting.pk)  # fmt: skip
    assert found() == {("column", case.number, f"file {row.sha256}", "state")}


@pytest.mark.django_db(transaction=True)
def test_verdicts_that_stand_before_the_update_are_taken_as_ours(
    case: Complaint, world: World, thief: Superuser
) -> None:
    rows = [_named(case, world, content, "a.txt") for content in (b"one", b"two")]
    thief.run("update complaints_evidence set tag = ''")
    assert len(found()) == 2
    migration = import_module("complaints.migrations.0022_tags_of_verdicts")
    migration.tag_all(None, type("Editor", (), {"connection": connection}))
    assert found() == set()
    assert all(shows_content(reloaded(row), is_sender=False) for row in rows)


@pytest.mark.django_db(transaction=True)
def test_the_name_of_a_file_that_is_emptied_or_another_is_named(
    case: Complaint, world: World, thief: Superuser
) -> None:
    row, other = (_named(case, world, content, f"{content.decode()}.txt") for content in (b"one", b"two"))
    assert found() == set()
    place = case.number, f"file {row.sha256}", "name"
    thief.run("update complaints_evidence t set name = o.name from complaints_evidence o where t.id = %s and o.id = %s",
              row.pk, other.pk)  # fmt: skip
    assert found() == {("changed", *place)}
    thief.run("update complaints_evidence set name = '' where id = %s", row.pk)
    assert found() == {("emptied", *place)}
