"""Remedies and undertakings found anew; a count that says something else, or a limit that promises more, is seen."""

from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from complaints.procedure.workflow import Status
from oversight.counters import making, reads
from oversight.hot_spots import campaign, guiding
from oversight.hot_spots.campaign_counts import Cell
from oversight.hot_spots.guiding import WantedMeasure
from oversight.models import Figure, Remedy, Tally
from oversight.remedies import affected, verifying
from tests import given
from tests.audit import Pair
from tests.audit.compare import Audit, remedies
from tests.audit.core import remedies as core
from tests.audit.core import rows
from tests.audit.test_audit import wrong
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of
from tests.oversight.counting import DAY
from tests.oversight.test_remedies import running
from tests.oversight.worlds import Walk

pytestmark = pytest.mark.django_db


def audited(now: object) -> list[Pair]:
    with connection.cursor() as cursor:
        audit = Audit(rows.read(cursor), now)  # type: ignore[arg-type]
    return list(remedies.compared(audit))


def test_limits_are_the_known_ones() -> None:
    assert [round(core.least_share(n, bad, 1000), 4) for n, bad in ((59, 0), (93, 1), (124, 2))] == [
        0.9505,
        0.95,
        0.9501,
    ]
    assert [round(one, 2) for one in core.between(33, 40)] == [0.68, 0.91]


def test_a_remedy_is_counted_by_both_in_the_same_way_and_a_wrong_count_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    for phone in ("+8613800000001", "+8613900000005", "+8613700000001"):
        given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=now, consumer_phone=phone)
    made = running(world)
    assert affected.sweep(now=timezone.now()) == 1
    sample = verifying.draw(made.pk, n=59, by=world.rui, now=timezone.now())
    verifying.examine(made.pk, bad=[sample.lines[0]], how="看了", by=world.rui, now=timezone.now())
    pairs = audited(timezone.now())
    assert wrong(pairs) == []
    some = {pair.figure: pair.auditor for pair in pairs}
    assert (some["remedy: complainants"], some["remedy: complainants on the list"]) == (3, 2)
    assert some["remedy: lines of its list"] == (70, 66)
    Remedy.objects.filter(pk=made.pk).update(complainants_listed=3, listed_remedied=67)
    monkeypatch.setattr(verifying, "limit_of", lambda _sample: 0.97)
    seen = {pair.figure for pair in audited(timezone.now()) if pair.differs}
    assert seen >= {"remedy: complainants on the list", "remedy: lines of its list", "remedy: lower limit"}


def test_an_undertaking_is_counted_by_both_in_the_same_way_and_a_wrong_count_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "MOST_UNFOLDED", 100_000)
    walk = Walk(world, seed=7, cases=24, ticks=40)
    making.rebuild(now=walk.now)
    by = {"by": officer_of(world, "head"), "now": walk.now}
    begun = campaign.begin(title="x", why="x", cell=Cell(world.region.pk), spot=None, authority_id=world.gulou.pk, **by)
    firms = [row[0] for row in begun.figures]
    today = timezone.localdate(walk.now)
    campaign.call(begun.pk, firms=firms, meets_on=today, where="x", **by)
    for guidance in begun.guidances.order_by("pk"):
        for figure in Figure:
            wanted = WantedMeasure(what="x", responsible="x", due_on=today + 9 * DAY, figure=figure, target=1.0)
            guiding.add_measure(guidance.pk, wanted, **by)
    pairs = audited(walk.now)
    assert wrong(pairs) == []
    some = Counter(pair.figure for pair in pairs if pair.auditor)
    assert some["undertaking: baseline"] > 2, some
    of_firm = Tally.objects.filter(kind="received", enterprise=firms[0])
    of_firm.filter(pk=of_firm.order_by("pk").first().pk).update(received=2)  # type: ignore[union-attr]
    assert "undertaking: baseline" in {pair.figure for pair in audited(walk.now) if pair.differs}
