"""Who is called back is drawn, and the house chain says who was: a case that somebody takes out of the sample past the
portal, puts in or gives another reason is named, and so is a seed that is not the one of before the month."""

from __future__ import annotations

import random
from typing import Any

import pytest

from complaints.assignment import call_backs
from complaints.models import CallBack, CallBackMonth, CallBackSeed, Complaint, HouseEntry
from complaints.record import house
from complaints.record.verification import verify
from tests.cast import World
from tests.complaints.assignment.test_call_backs import NOVEMBER, OCTOBER, closed, drawn
from tests.proof.test_state import Superuser

SAMPLE = "sample 2026-10"
Place = tuple[str, str, str, str]


def found(number: str = "") -> set[Place]:
    return {(one.code, one.case, one.row, one.column) for one in verify(number=number).findings}


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    return [closed(world) for _ in range(3)]


@pytest.fixture
def thief(cases: list[Complaint], superuser_connection: Any) -> Superuser:
    return Superuser(superuser_connection, random.Random(22))


@pytest.mark.django_db(transaction=True)
def test_whoever_is_taken_out_of_a_sample_or_put_in_is_named(
    cases: list[Complaint], world: World, thief: Superuser
) -> None:
    drawn(world)
    beside = closed(world, NOVEMBER)
    assert found() == set()
    assert CallBack.objects.count() == len(cases)
    number = cases[0].number
    for column, value in (("why", "'repeat'"), ("share", "1"), ("authority_id", "authority_id + 1")):
        thief.run("drop table if exists kept")
        thief.run(
            "create temporary table kept as select * from complaints_callback where complaint_id = %s", cases[0].pk
        )
        thief.run(f"update complaints_callback set {column} = {value} where complaint_id = %s", cases[0].pk)
        assert found() == found(number) == {("column", number, SAMPLE, column)}
        assert found(cases[1].number) == set()
        thief.run("delete from complaints_callback where complaint_id = %s", cases[0].pk)
        assert found() == found(number) == {("row_missing", number, SAMPLE, "")}
        thief.run("insert into complaints_callback select * from kept")
    assert found() == set()
    thief.run("update complaints_callback set complaint_id = %s where complaint_id = %s", beside.pk, cases[0].pk)
    assert found() == {("row_missing", number, SAMPLE, ""), ("foreign", beside.number, SAMPLE, "")}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("column", ["seed", "commitment", "population", "population_digest", "drawn"])
def test_what_a_month_says_of_its_draw_is_named(
    cases: list[Complaint], world: World, thief: Superuser, column: str
) -> None:
    month = drawn(world)
    value = "7" if column in ("population", "drawn") else "repeat('a', 64)"
    thief.run(f"update complaints_callbackmonth set {column} = {value} where id = %s", month.pk)
    assert found() == {("column", "", SAMPLE, column)}


@pytest.mark.django_db(transaction=True)
def test_a_seed_that_is_exchanged_before_the_draw_is_named(
    cases: list[Complaint], world: World, thief: Superuser
) -> None:
    """With its digest, so that the two fit: the first word on the digest stands."""
    call_backs.sweep_call_backs(now=OCTOBER)
    other = "ab" * 32
    months = CallBackMonth.objects.filter(month__month=10)
    thief.run("update complaints_callbackseed set seed = %s where month_id = %s", other, months.get().pk)
    thief.run(
        "update complaints_callbackmonth set commitment = %s where id = %s",
        call_backs.commitment(other),
        months.get().pk,
    )
    assert found() == {("column", "", SAMPLE, "commitment")}
    call_backs.sweep_call_backs(now=NOVEMBER)
    assert CallBackSeed.objects.filter(seed=other).exists()
    assert found() == {("column", "", SAMPLE, "commitment"), ("column", "", SAMPLE, "seed")}


@pytest.mark.django_db(transaction=True)
def test_calls_and_months_from_before_are_named_for_nothing(
    cases: list[Complaint], world: World, thief: Superuser
) -> None:
    """The update comes in November: October is drawn, November is sealed, and nothing says so."""
    drawn(world)
    thief.run("truncate complaints_houseentry")
    assert found() == set()
    call_backs.sweep_call_backs(now=NOVEMBER.replace(month=12))
    assert {entry.step for entry in house.entries()} == {"call_backs_sealed", "call_backs_drawn"}
    assert HouseEntry.objects.exists()
    assert found() == set()
