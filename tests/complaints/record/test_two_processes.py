"""The record verified by several processes: each looks at its share, all at one state; they make one report."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from complaints.procedure.workflow import Status as S
from complaints.record import verification, walking
from complaints.record.verification import verify
from database import roles, second_process
from tests import given
from tests.cast import WEDNESDAY, World


@pytest.fixture
def cases(world: World, superuser_connection: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Numbers of cases of which each is a range of its own."""
    monkeypatch.setattr(walking, "BATCH", 1)
    with superuser_connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
    made = [
        given.a_complaint(world, status=status, now=WEDNESDAY + timedelta(hours=n))
        for n, status in enumerate((S.FILED, S.REVIEW, S.NEGOTIATING, S.PERFORMING, S.CLOSED))
    ]
    return [case.number for case in made]


def change(superuser: Any, sql: str, *values: Any) -> None:
    with superuser.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("processes", [2, 3, 64])
def test_several_find_what_one_finds(cases: list[str], superuser_connection: Any, processes: int) -> None:
    whole = verify(processes=processes)
    assert whole.as_json() == verify().as_json()
    assert whole.proved == len(cases)
    change(superuser_connection, "update complaints_complaint set item_name = 'x' where number = %s", cases[0])
    change(superuser_connection, "update complaints_complaint set brand_named = 'x' where number = %s", cases[4])
    change(superuser_connection, "update complaints_handlingstep set body = body || ' ' where step = 'forward'")
    found = verify(processes=processes)
    assert {cases[0], cases[4]} < {one.case for one in found.findings}
    assert found.as_json() == verify().as_json()
    alone, by_several = (verify(chain_only=True, processes=n).as_json() for n in (1, processes))
    assert not alone["unbroken"]
    assert by_several == alone


@pytest.mark.django_db(transaction=True)
def test_of_more_findings_than_are_kept_the_number_is_the_same(
    cases: list[str], superuser_connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.record.findings.MOST", 2)
    change(superuser_connection, "update complaints_handlingstep set body = body || ' '")
    found = verify(processes=2)
    assert found.more["hash"] > 0
    assert found.as_json() == verify().as_json()


@pytest.mark.django_db(transaction=True)
def test_all_see_one_state(cases: list[str], superuser_connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written between the beginning and the start of the other process is seen by neither."""
    started = second_process.start

    def late(work: Callable[[], Any]) -> Callable[[], Any]:
        change(superuser_connection, "update complaints_complaint set item_name = 'x'")
        return started(work)

    monkeypatch.setattr(second_process, "start", late)
    assert verify(processes=2).findings == []
    assert {one.case for one in verify().findings} == set(cases)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cases")
def test_a_process_that_is_lost_is_no_record_that_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    here, range_of = os.getpid(), verification._range

    def lost(*given: Any) -> None:
        if os.getpid() != here:
            os._exit(9)
        range_of(*given)

    monkeypatch.setattr(verification, "_range", lost)
    with pytest.raises(CommandError) as ended:
        call_command("verify_record", "--alone", "--processes", "2")
    assert ended.value.returncode == 2
    assert "was lost" in str(ended.value)


@pytest.mark.django_db(transaction=True)
def test_where_no_snapshot_may_be_shared_one_process_does_it(
    cases: list[str], superuser_connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_process, "start", None)
    right = "execute on function pg_export_snapshot()"
    with superuser_connection.cursor() as cursor:
        cursor.execute(f"revoke {right} from {roles.STEPS}")
        try:
            assert verify(processes=2).proved == len(cases)
        finally:
            cursor.execute(f"grant {right} to {roles.STEPS}")
