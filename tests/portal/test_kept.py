"""A statement that is kept answers as the query it was made of, to each caller what is theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from complaints.models import Complaint, Demand, HandlingStep
from complaints.workflow import Status
from odr_portal import walls
from odr_portal.kept import Kept
from tests import given
from tests.cast import WEDNESDAY, World

by_number = Kept(lambda number: Complaint.objects.filter(number=number).select_related("enterprise", "handler__user")[:1], str)


def test_each_asking_answers_for_its_own_values(world: World, django_assert_num_queries: Any) -> None:
    demands = Kept(lambda case: Demand.objects.filter(complaint_id=case).exclude(kind="apology"), int)
    one, other = (given.a_complaint(world, status=Status.NEGOTIATING) for _ in range(2))
    for case in (one, other, one):
        with django_assert_num_queries(1):
            found = demands(case.pk)
        assert found == list(Demand.objects.filter(complaint=case))
        assert [demand.note for demand in found] == [demand.note for demand in case.demands.all()]


def test_what_comes_with_a_row_needs_no_more_statement(world: World, django_assert_num_queries: Any) -> None:
    case, handler = given.a_complaint(world, status=Status.NEGOTIATING), world.handler
    with django_assert_num_queries(1):
        found = by_number.first(case.number)
        assert found is not None
        assert (found.enterprise.pk, found.handler.user.pk) == (world.mobile.pk, handler.user_id)  # type: ignore[union-attr]
        assert (found.amount, found.facts, found.status_since) == (case.amount, case.facts, case.status_since)
    assert by_number.first("nobody's") is None


def test_the_same_statement_shows_each_caller_only_what_is_theirs(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    assert by_number.first(case.number) is not None
    for _ in range(2):
        for user, is_shown in ((world.chen, True), (world.otto, False)):
            with walls.seeing_as(user, day=WEDNESDAY.date(), is_at_job=False):
                assert (by_number.first(case.number) is not None) is is_shown


def test_a_table_that_changed_is_read_as_it_is(world: World) -> None:
    entries = Kept(lambda case: HandlingStep.objects.filter(complaint_id=case), int)
    case = given.a_complaint(world, status=Status.FILED)
    before = entries(case.pk)
    with connection.cursor() as cursor:
        cursor.execute("discard plans")
    assert entries(case.pk) == before


def test_what_cannot_be_kept_says_so() -> None:
    with pytest.raises(TypeError):
        Kept(lambda case: Demand.objects.filter(pk=case).prefetch_related("answers"), int)(1)
