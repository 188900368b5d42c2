"""A statement that is kept answers as the query it was made of, to each caller what is theirs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import Count

from complaints import models
from complaints.models import Complaint, Demand, HandlingStep, Heartbeat, PersonDigest
from complaints.procedure.workflow import Status
from complaints.record.bulk import run_together
from database import row_security
from database.prepared import CombinedQuery, PreparedQuery, statement_of
from tests import given, reloaded
from tests.cast import WEDNESDAY, World

by_number = PreparedQuery(
    lambda number: Complaint.objects.filter(number=number).select_related("enterprise", "handler__user")[:1], str
)


def test_each_asking_answers_for_its_own_values(world: World, django_assert_num_queries: Any) -> None:
    demands = PreparedQuery(lambda case: Demand.objects.filter(complaint_id=case).exclude(kind="apology"), int)
    one, other = (given.a_complaint(world, status=Status.NEGOTIATING) for _ in range(2))
    for case in (one, other, one):
        with django_assert_num_queries(1):
            result = demands(case.pk)
        assert result == list(Demand.objects.filter(complaint=case))
        assert [demand.note for demand in result] == [demand.note for demand in case.demands.all()]


def test_what_comes_with_a_row_needs_no_more_statement_and_a_table_that_changed_is_read_as_it_is(
    world: World, django_assert_num_queries: Any
) -> None:
    case, handler = given.a_complaint(world, status=Status.NEGOTIATING), world.handler
    with django_assert_num_queries(1):
        result = by_number.first(case.number)
        assert result is not None
        assert (result.enterprise.pk, result.handler.user.pk) == (world.mobile.pk, handler.user_id)  # type: ignore[union-attr]
        assert (result.amount, result.facts, result.status_since) == (case.amount, case.facts, case.status_since)
    assert by_number.first("nobody's") is None
    entries = PreparedQuery(lambda case: HandlingStep.objects.filter(complaint_id=case), int)
    before = entries(case.pk)
    with connection.cursor() as cursor:
        cursor.execute("discard plans")
    assert entries(case.pk) == before


def of_a_case(build: Callable[..., Any]) -> PreparedQuery[Any]:
    return PreparedQuery(build, int)


#: Every kind of column that the tables of a case have: numbers, texts, moments, days, bytes, JSON, truths, ids of all
#: sorts.
ENTRIES = HandlingStep.objects.select_related("name", "recorded_by").order_by("-audience", "-sequence")
ANSWERS = models.OfferAnswer.objects.select_related("offer", "demand").order_by("pk")
CLOCKS = models.Deadline.objects.select_related("obligation").order_by("pk")
NOTICES = models.Notice.objects.select_related("enterprise").order_by("-pk")
OF_A_CASE = (
    of_a_case(lambda case: ENTRIES.filter(complaint_id=case)),
    of_a_case(lambda case: Demand.objects.filter(complaint_id=case).order_by("-ordinal")),
    of_a_case(lambda case: models.PersonalText.objects.filter(complaint_id=case).order_by("pk")),
    of_a_case(lambda case: CLOCKS.filter(complaint_id=case)),
    of_a_case(lambda case: ANSWERS.filter(offer__complaint_id=case)),
    of_a_case(lambda case: models.Obligation.objects.filter(complaint_id=case).order_by("-pk")[:2]),
    of_a_case(lambda case: NOTICES.filter(complaint_id=case)),
    of_a_case(lambda case: Complaint.objects.filter(pk=case).annotate(promised=Count("obligations"))),
    PreparedQuery(
        lambda case, others: Complaint.objects.filter(pk__any_of=others).exclude(pk=case).order_by("pk"), int, list
    ),
)


def test_queries_that_travel_together_answer_as_each_by_itself(world: World, django_assert_num_queries: Any) -> None:
    """Column by column, type by type, in the same order, related rows too."""
    together = CombinedQuery(*OF_A_CASE)
    assert sum(len(kept.plan().shape.related) for kept in OF_A_CASE) == 6
    cases = [given.a_complaint(world, status=status) for status in (Status.FILED, Status.PERFORMING, Status.CLOSED)]
    ids = [case.pk for case in cases]
    for case in cases:
        together(case.pk, ids)
        with django_assert_num_queries(1):
            result = together(case.pk, ids)
        for kept, rows in zip(OF_A_CASE, result, strict=True):
            values = (case.pk, ids)[: len(kept.types)]
            alone, asked = kept(*values), list(kept.build(*values))
            assert [_told(row) for row in rows] == [_told(row) for row in alone] == [_told(row) for row in asked]
        assert [row.pk for row in result[-1]] == [pk for pk in ids if pk != case.pk]
    assert together(ids[0], [])[-1] == []
    assert together(-1, []) == [[] for _ in OF_A_CASE]


def _told(row: Any) -> dict[str, Any]:
    """A row and those that came with it, each value with its type."""
    assert (row._state.adding, row._state.db) == (False, "default")
    values = {name: bytes(value) if isinstance(value, memoryview) else value for name, value in vars(row).items()}
    own = {name: (type(vars(row)[name]), value) for name, value in values.items() if name != "_state"}
    return own | {name: _told(related) for name, related in row._state.fields_cache.items() if related is not None}


def test_odd_texts_come_as_they_were_written(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    notes = ['"quoted", {braced}', "NULL", "null", "", "back\\slash \\x41", "two\nlines\ttab", "中文🎉"]
    notes += ["'; --", "%s $1", "{}", "{a,b}"]
    for ordinal, note in enumerate(notes, 50):
        Demand.objects.create(complaint=case, ordinal=ordinal, kind="apology", note=note)
    kept = PreparedQuery(lambda pk: Demand.objects.filter(complaint_id=pk, ordinal__gte=50).order_by("ordinal"), int)
    assert [row.note for row in CombinedQuery(kept, kept)(case.pk)[1]] == notes


def test_a_statement_and_the_joint_one_show_each_caller_only_what_is_theirs(world: World) -> None:
    case, together = given.a_complaint(world, status=Status.NEGOTIATING), CombinedQuery(*OF_A_CASE)
    assert by_number.first(case.number) is not None
    assert all(together(case.pk, [])[:4])
    for _ in range(2):
        for user, is_shown in ((world.chen, True), (world.otto, False)):
            with row_security.seeing_as(user, day=WEDNESDAY.date(), is_at_job=False):
                assert (by_number.first(case.number) is not None) is is_shown
                assert all(together(case.pk, [])[:4]) is is_shown
                assert any(together(case.pk, [case.pk])) is is_shown


def test_a_list_of_any_kind_of_digests_too_and_a_moment_are_values(world: World) -> None:
    case, other = (given.a_complaint(world, status=status) for status in (Status.NEGOTIATING, Status.REVIEW))
    Complaint.objects.filter(pk=other.pk).update(consumer_key=uuid4())
    for name in ("pk", "consumer_key", "status", "handling_county", "enterprise_id"):
        wanted = [getattr(reloaded(case), name)]
        kept = PreparedQuery(
            lambda values, name=name: Complaint.objects.filter(**{f"{name}__any_of": values}).order_by("pk"), list
        )
        for values in (wanted, [], wanted):
            assert kept(values) == list(Complaint.objects.filter(**{f"{name}__in": values}).order_by("pk")), name
            assert CombinedQuery(kept, kept)(values)[1] == kept(values)
    one = PersonDigest.objects.filter(complaint=case)[0]
    rows = PersonDigest.objects.order_by("pk")
    kept = PreparedQuery(
        lambda digests, since: rows.filter(digest__any_of=digests, complaint__filed_at__gte=since), list, datetime
    )
    assert one in kept([bytes(one.digest), b"\x00"], case.filed_at)
    assert kept([bytes(one.digest)], case.filed_at + timedelta(microseconds=1)) == []


def test_what_cannot_be_kept_says_so_nor_do_queries_of_other_values_travel_together() -> None:
    with pytest.raises(TypeError):
        CombinedQuery(OF_A_CASE[0], by_number)
    with pytest.raises(TypeError):
        PreparedQuery(lambda case: Demand.objects.filter(pk=case).prefetch_related("answers"), int)(1)


def test_the_name_of_a_statement_says_what_it_is() -> None:
    """So the same one has the same name in every process, and another one another."""

    def name(kind: str) -> str:
        kept = PreparedQuery(lambda case: Demand.objects.filter(complaint_id=case, kind=kind), int)
        return kept.plan().statement.name

    assert name("refund") == name("refund") != name("apology")


NOTE = statement_of("insert into complaints_heartbeat (name, at) values (%s, clock_timestamp())", about="a note")


def _names() -> set[str]:
    return set(Heartbeat.objects.values_list("name", flat=True))


@pytest.mark.django_db(transaction=True)
def test_what_is_written_together_is_one_round_trip_and_takes_effect_whole_or_not_at_all(
    django_assert_num_queries: Any,
) -> None:
    run_together([])
    run_together([(NOTE, ["first"])])
    with django_assert_num_queries(1):
        run_together([(NOTE, ["陈's 5%"]), (NOTE, ["second"])])
    assert _names() == {"first", "陈's 5%", "second"}
    with pytest.raises(IntegrityError):
        run_together([(NOTE, ["third"]), (NOTE, ["first"])])
    assert "third" not in _names()
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")
    with pytest.raises(DatabaseError):
        run_together([(NOTE, ["third"]), (NOTE, ["fourth"])])
    run_together([(NOTE, ["third"]), (NOTE, ["fourth"])])
    assert {"third", "fourth"} <= _names()
