"""Whoever changes the ids of entries, or puts a case in that no entry tells of, is found out."""

import random
from datetime import timedelta
from typing import Any

import pytest

from complaints.handling.steps import authority, enterprise
from complaints.models import HandlingStep
from complaints.procedure.workflow import Status as S
from complaints.record.verification import verify
from tests import given
from tests.cast import WEDNESDAY, World
from tests.proof.test_state import Superuser


@pytest.fixture
def thief(world: World, superuser_connection: Any) -> Superuser:
    return Superuser(superuser_connection, random.Random(22))


def found() -> list[tuple[str, str, str, int, str, str]]:
    every = verify().findings
    return [(one.code, one.case, one.audience, one.sequence, one.row, one.column) for one in sorted(every)]


@pytest.mark.django_db(transaction=True)
def test_two_entries_that_exchange_their_ids_are_named(world: World, thief: Superuser) -> None:
    """Else what stood before the last word would be what counts."""
    case = given.a_complaint(world, status=S.CLOSED)
    for hour, cause in enumerate(("misleading_promotion", "unfair_terms")):
        given.step(case, enterprise.tag_cause(cause=cause), world.handler, WEDNESDAY + timedelta(days=90, hours=hour))
    assert found() == []
    earlier, later = HandlingStep.objects.filter(complaint=case, step="tag_cause").order_by("sequence")
    for pk, becomes in ((earlier.pk, -1), (later.pk, earlier.pk), (-1, later.pk)):
        thief.run("update complaints_handlingstep set id = %s where id = %s", becomes, pk)
    thief.run("update complaints_rootcause set cause = 'misleading_promotion' where complaint_id = %s", case.pk)
    assert ("column", case.number, "enterprise", later.sequence, "entry", "id") in found()


@pytest.mark.django_db(transaction=True)
def test_a_case_that_no_entry_tells_of_is_named(world: World, thief: Superuser) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    thief.run("create temporary table added as select * from complaints_complaint where id = %s", case.pk)
    thief.run(
        "update added set id = id + 10000, number = '61130-XXXXXXXXXXXX-X', last_sequence = 0, last_hash = '',"
        " tracking_digest = tracking_digest || 'x', external_id = external_id || 'x'"
    )
    thief.run("insert into complaints_complaint select * from added")
    assert found() == [("foreign", "61130-XXXXXXXXXXXX-X", "", 0, "case", "")]


@pytest.mark.django_db(transaction=True)
def test_a_row_that_points_at_one_of_another_case_is_named(world: World, thief: Superuser) -> None:
    """Though that is called the same there: the first demand, the first offer."""
    one, other = (given.a_complaint(world, status=S.PERFORMING, now=WEDNESDAY + timedelta(hours=n)) for n in (0, 1))
    for column, table in (("answers_demand", "demand"), ("offer", "offer"), ("engagement", "engagement")):
        pointed = (
            f"(select min(t.id) from complaints_{table} t where t.complaint_id = o.complaint_id + {other.pk - one.pk})"
        )
        kept = f"select {column}_id from complaints_obligation where complaint_id = {one.pk} and ordinal = 1"
        thief.run(f"create temporary table kept as {kept}")
        where = f"where o.complaint_id = {one.pk} and o.ordinal = 1"
        assert thief.run(f"update complaints_obligation o set {column}_id = {pointed} {where}") == 1
        assert [place[1::4] for place in found()] == [(one.number, f"{column}_id")]
        thief.run(f"update complaints_obligation o set {column}_id = (select {column}_id from kept) {where}")
        thief.run("drop table kept")
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_a_clock_of_no_promise_that_is_hung_on_one_of_another_case_is_named(world: World, thief: Superuser) -> None:
    one, other = (given.a_complaint(world, status=S.PERFORMING, now=WEDNESDAY + timedelta(hours=n)) for n in (0, 1))
    promise = f"(select min(id) from complaints_obligation where complaint_id = {other.pk})"
    clock = f"(select min(id) from complaints_deadline where complaint_id = {one.pk} and obligation_id is null)"
    assert thief.run(f"update complaints_deadline set obligation_id = {promise} where id = {clock}") == 1
    assert {place[1] for place in found()} == {one.number}


@pytest.mark.django_db(transaction=True)
def test_the_last_number_of_a_series_of_documents_is_that_of_its_documents(world: World, thief: Superuser) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    given.step(case, authority.accept(), world.officer, WEDNESDAY + timedelta(hours=1))
    document = case.documents.first()
    place = f"series {document.authority_id}/{document.year}/{document.form}"
    where = f"where authority_id = {document.authority_id} and year = {document.year} and form = {document.form}"
    assert found() == []
    for change in ("update complaints_documentseries set last = last + 3", "delete from complaints_documentseries"):
        assert thief.run(f"{change} {where}") == 1
        assert found() == [("column", "", "", 0, place, "last")]
