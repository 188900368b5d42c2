"""What ended because nothing was granted and the consumer left it at that counts as failed, and stands apart from what
was withdrawn, wherever figures are shown."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from complaints import handling
from complaints.handling.steps import consumer
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status as S
from oversight.counters import behind, making, rollups
from oversight.counters import figures as rollup_figures
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.figures.suppression import with_sums
from oversight.mirror import mirror
from oversight.models import RollupState, Tally
from oversight.open_data import cells, quarters
from oversight.presenting.cards import Lists, flow_cards
from tests import given
from tests.cast import WEDNESDAY, World

pytestmark = pytest.mark.django_db
DAY, SOON = WEDNESDAY.date(), WEDNESDAY + timedelta(hours=1)
NOW = WEDNESDAY + timedelta(hours=3)
PERIOD = Period(first=DAY, last=DAY)


@pytest.fixture
def cases(world: World) -> dict[str, Complaint]:
    """One let rest, one that was "accepted" before one could, one withdrawn, one let rest and taken back."""
    result = {
        "rested": given.step(given.refused_in_full(world), consumer.let_rest(), world.consumer, SOON),
        "old": given.an_old_refusal(world),
        "withdrawn": given.a_complaint(world, status=S.NEGOTIATING),
        "taken_back": given.step(given.refused_in_full(world), consumer.let_rest(), world.consumer, SOON),
    }
    given.step(result["withdrawn"], consumer.withdraw(reason="mistake"), world.consumer, SOON)
    given.step(result["taken_back"], handling.undoing.undo(), world.consumer, SOON + timedelta(minutes=5))
    return result


def measure(world: World, **of: object) -> Measure:
    scope = Scope(**of) if of else Scope(regions=(world.region,))  # type: ignore[arg-type]
    return Measure(scope, PERIOD, NOW, current_calendar())


def exact(_name: str, counts: Any, axes: Any, _already: Any) -> Any:
    """A teller that neither withholds nor rounds."""
    return with_sums(counts, axes)


def closed() -> set[tuple[int, int | None, int | None]]:
    rows = Tally.objects.filter(kind="closed")
    return set(rows.values_list("complaint_id", "closed_withdrawn", "closed_let_rest"))


def test_it_stands_apart_from_what_was_withdrawn(world: World, cases: dict[str, Complaint]) -> None:
    making.rebuild(now=NOW)
    rested, old, withdrawn = (cases[name].pk for name in ("rested", "old", "withdrawn"))
    assert closed() == {(rested, None, 1), (old, None, 1), (withdrawn, 1, None)}
    counted = rollup_figures.flow(measure(world))
    assert counted is not None
    told = {"failed": 2, "let_rest": 2, "withdrawn": 1, "settled": 0}
    for figure in (figures.stage_figures(measure(world))["settled"], counted["settled"]):
        assert {name: figure.beside[name] for name in told} == told
        assert (figure.numerator, figure.denominator) == (0, 2)
    lines = behind.page(measure(world), "ended_let_rest").lines
    assert {line.complaint_id for line in lines} == {rested, old}


def test_the_dashboard_says_how_many_and_leads_to_them(world: World, cases: dict[str, Complaint]) -> None:
    making.rebuild(now=NOW)
    counted = rollup_figures.flow(measure(world))
    assert counted is not None
    [card] = [one for one in flow_cards(counted, Lists(period=PERIOD)) if one.code == "settled"]
    parts = {part.label: (part.value, part.url) for part in card.parts}
    value, url = parts["其中消费者不再坚持"]
    assert (value[:1], "what=ended_let_rest" in url) == ("2", True)
    assert parts["撤回（不计）"][0][:1] == "1"


def test_an_enterprise_sees_its_own_and_which(world: World, cases: dict[str, Complaint]) -> None:
    own = measure(world, enterprise_id=world.mobile.pk, is_own=True)
    listed = set(mirror.LISTS["let_rest"](own).values_list("complaint_id", flat=True))
    assert listed == {cases["rested"].pk, cases["old"].pk}
    for fold in (False, True):
        if fold:
            making.rebuild(now=NOW)
        counts = mirror.reflected(own).counts
        assert (counts["let_rest"], counts["failed"], counts["withdrawn"]) == (2, 2, 1)


def test_open_data_counts_it_in_columns_of_its_own(world: World, cases: dict[str, Complaint]) -> None:
    making.rebuild(now=NOW)
    month = cells.cells_of(DAY.replace(day=1), now=NOW, by=exact).regions[world.region.pk]
    names = ("closed", "closed_let_rest", "closed_withdrawn", "closed_settled")
    assert [month.get(name, 0) for name in names] == [3, 2, 1, 0]
    quarter = quarters.publishable(DAY.replace(month=12, day=1), now=NOW, by=exact)
    for row in (quarter.regions[world.region.pk], quarter.enterprises[world.mobile.pk]):
        assert [row.get(name, 0) for name in ("ended", "failed", "let_rest", "settled")] == [2, 2, 2, 0]


def test_what_was_counted_before_there_was_the_column_is_counted_anew_without_an_alarm(
    world: World, cases: dict[str, Complaint]
) -> None:
    making.rebuild(now=NOW)
    right = closed()
    Tally.objects.filter(kind="closed", closed_let_rest=1).update(closed_withdrawn=1, closed_let_rest=None)
    Tally.objects.filter(kind="ended").update(ended_let_rest=None)
    with connection.cursor() as cursor:
        making.add_up(cursor)
    assert closed() != right
    # Everything was folded: within one transaction no fold could say so.
    RollupState.objects.update(transaction=2**60)
    import_module("oversight.migrations.0012_let_rest").count_anew(apps, None)
    assert rollups.compare(now=NOW) == []
    counted = rollup_figures.flow(measure(world))
    assert counted is not None
    assert (closed(), counted["settled"].beside["let_rest"]) == (right, 2)
    assert RollupState.objects.get().calendar == making.calendar_name()
