"""A refusal that was once taken for a settlement counts as failed wherever figures are made; what was issued stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status as S
from oversight.counters import figures as rollup_figures
from oversight.counters import making, publishing
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import VERSIONS, Measure
from oversight.mirror import mirror
from oversight.models import DataSet, Tally
from oversight.open_data import issuing
from tests import given
from tests.cast import WEDNESDAY, World
from tests.oversight.counting import REPAIR
from tests.oversight.test_reports import issue, last_month, month

DAY = WEDNESDAY.date()


def test_it_is_failed_and_not_settled_in_figures_counters_lists_and_beside_the_enterprise(world: World) -> None:
    old = given.an_old_refusal(world)
    settled = given.a_complaint(world, status=S.CLOSED)
    making.rebuild(now=WEDNESDAY + timedelta(hours=1))
    period = Period(first=DAY, last=DAY)
    measure = Measure(Scope(regions=(world.region,)), period, WEDNESDAY + timedelta(hours=2), current_calendar())
    counted = rollup_figures.flow(measure)
    assert counted is not None
    for figure in (figures.stage_figures(measure)["settled"], counted["settled"]):
        assert (figure.numerator, figure.denominator, figure.upper, figure.beside["failed"]) == (1, 2, 1, 1)
        assert figure.version == 2
    lists = {name: [row.complaint_id for row in mirror.LISTS[name](measure)] for name in ("settled", "failed")}
    assert lists == {"settled": [settled.pk], "failed": [old.pk]}
    closed = Tally.objects.filter(kind="closed").values_list("complaint_id", "closed_settled", "closed_let_rest")
    assert set(closed) == {(old.pk, None, 1), (settled.pk, 1, None)}
    rows = publishing.figures(DAY + timedelta(days=1))
    assert {(row.ended, row.settled) for row in rows if row.enterprise_id == world.mobile.pk} == {(2, 1)}


def test_a_month_that_was_issued_by_the_formula_before_keeps_its_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(issuing, "VERSIONS", {**VERSIONS, "settled": 1, "first_settled": 1})
        first = issue(world)
    for hours in range(1, 7):
        given.filed(world, now=last_month() + timedelta(hours=hours), problem_category=REPAIR)
    making.rebuild(now=timezone.now())
    assert issuing.issue(month(), now=timezone.now()) is None
    assert list(DataSet.objects.values_list("pk", "version")) == [(first.pk, 1)]
