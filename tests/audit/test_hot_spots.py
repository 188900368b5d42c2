"""Hot spots, effects of guidance and changes found anew; a dispersion that is left out turns the auditor red."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import comb
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from authorities.models import Region
from enterprises.models import Enterprise
from oversight.figures import dispersion
from oversight.hot_spots import effects, hotspots
from oversight.models import DayFacet, DayRegion, Guidance, MonthFacet, Tally
from oversight.presenting import past
from tests.audit import Pair
from tests.audit.compare import Audit, changes, hot_spots
from tests.audit.compare import guidance as guidance_of
from tests.audit.core import restless, rows
from tests.audit.core.rows import Case, Rows
from tests.audit.test_audit import wrong
from tests.cast import World
from tests.oversight.counting import CHARGE, DAY, NOW, REPAIR, TODAY
from tests.oversight.hot_spots.test_guidance import a_guidance, a_spot

PROBLEMS = (CHARGE, REPAIR, "telecom.contract.penalty", "quality")
NAMES = "pk handling_region_id enterprise_id problem_category object_category received_at"


def test_check_values_of_the_design() -> None:
    """statistics.md, section 1: y 66, usual 325; and the exact binomial where phi is 1."""
    assert restless.tail(66, 325, 1 / 9, 1.25) == pytest.approx(0.001247, rel=1e-3)
    assert restless.tail_t(66, 325, 1 / 9, 1.25, 30) == pytest.approx(0.002527, rel=1e-3)
    assert restless.tail_t(66, 325, 1 / 9, 2.0, 30) == pytest.approx(0.01188, rel=1e-3)
    assert restless.tail_t(66, 325, 1 / 6, 1.25, 30) == pytest.approx(0.452, rel=1e-3)
    n, p = 45, 1 / 9
    exact = sum(comb(n, k) * p**k * (1 - p) ** (n - k) * (0.5 if k == 12 else 1) for k in range(12, n + 1))
    assert restless.tail(12, 33, p, 1.0) == pytest.approx(exact, rel=0.01)
    for df, t in ((1, 12.7062), (4, 2.7764), (30, 2.0423)):
        assert restless.student_quantile(0.975, df) == pytest.approx(t, abs=1e-3)


def world_of(seed: int) -> Rows:
    """Cases of 36 weeks at some enterprises and places: the rows of the tally, and the cases that they are of.

    Most days are like others; at two enterprises and in one county much more comes in the last days.
    """
    dice, cases = Random(seed), dict[int, Case]()
    with connection.cursor() as cursor:
        cursor.execute("select id from enterprises_enterprise order by id limit 6")
        firms = [pk for (pk,) in cursor.fetchall()]
        cursor.execute("select id from authorities_region where level = 'county' order by id limit 6")
        counties = [pk for (pk,) in cursor.fetchall()]
        read = rows.read(cursor)
    for n, firm in enumerate([*firms, None]):
        for m, problem in enumerate([*PROBLEMS, ""]):
            is_hot = (n, m) in ((1, 0), (3, 2))
            mean = 2.5 if is_hot else dice.choice((0.15, 0.8, 2.5)) if firm else 0.5
            for back in range(252):
                more = 9 if is_hot and back < 2 else 1
                level = dice.gammavariate(4, mean * more / 4)
                for _ in range(_poisson(dice, level)):
                    at = datetime.combine(TODAY - back * DAY, datetime.min.time(), tzinfo=UTC) + timedelta(hours=3)
                    pk = len(cases) + 1
                    thing = dice.choice(("service.telecom", "goods.food", ""))
                    values = (pk, dice.choice(counties), firm, problem, thing, at)
                    cases[pk] = Case(SimpleNamespace(**dict(zip(NAMES.split(), values, strict=True))))
    made = Rows(cases, read.regions, read.decreed, {})
    _folded(made)
    return made


def _folded(made: Rows) -> None:
    """What a fold would keep of them: the rows of the tally, and their sums by day and month."""
    same: dict[str, Any] = {"kind": "received", "ref": 0, "received": 1}
    tally, of_region, of_facet, of_month = list[Tally](), Counter[Any](), Counter[Any](), Counter[Any]()
    for pk, case in made.cases.items():
        row, day = case.row, case.row.received_at.date()
        facets = [f"p:{row.problem_category}", f"o:{row.object_category}"]
        facets = [facet for facet in facets if len(facet) > 2]
        of: Any = {"region": row.handling_region_id, "enterprise": row.enterprise_id, "problem": row.problem_category}
        tally.append(Tally(complaint_id=pk, day=day, object=row.object_category, **of, **same))
        of_facet.update((day, facet) for facet in facets)
        for region in made.above(row.handling_region_id):
            of_region[region, day] += 1
            of_month.update((region, facet, day.replace(day=1)) for facet in ("", *facets))
    Tally.objects.bulk_create(tally, batch_size=5000)
    DayRegion.objects.bulk_create(DayRegion(region=r, day=day, received=n) for (r, day), n in of_region.items())
    DayFacet.objects.bulk_create(DayFacet(day=day, facet=facet, received=n) for (day, facet), n in of_facet.items())
    MonthFacet.objects.bulk_create(
        MonthFacet(region=r, facet=facet, month=month, received=n) for (r, facet, month), n in of_month.items()
    )


def _poisson(dice: Random, mean: float) -> int:
    left, n = 1.0, -1
    limit = 2.718281828459045**-mean
    while left > limit:
        left *= dice.random()
        n += 1
    return n


def audited(read: Rows) -> list[Pair]:
    """Of yesterday, and of some days before it."""
    return list(hot_spots.compared(Audit(read, NOW + DAY, most=1)))


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.parametrize("seed", [3, 4])
def test_what_stands_out_is_found_anew_and_a_dispersion_left_out_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    read = world_of(seed)
    assert hotspots.look(TODAY, now=NOW + DAY) > 3
    pairs = audited(read)
    assert wrong(pairs) == []
    some = Counter(pair.figure for pair in pairs)
    assert min(some[name] for name in ("hot spot: chance", "kept hot spot: chance", "cell: share of the day")) >= 4
    # As if each count varied by chance alone.
    monkeypatch.setattr(hotspots, "moderated", lambda cells: [dispersion.Dispersion(1.0, 100.0) for _ in cells])
    names = {pair.figure for pair in audited(read) if pair.differs}
    assert {"hot spot", "hot spot: phi", "hot spot: chance"} <= names


@pytest.mark.full
@pytest.mark.django_db
def test_what_changed_is_judged_anew_and_a_dispersion_left_out_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = Audit(world_of(5), NOW + DAY)
    pairs = list(changes.compared(audit))
    assert wrong(pairs) == []
    some = Counter(pair.figure for pair in pairs)
    assert min(some[name] for name in ("chance of so large a change", "share of false ones among as sure")) >= 4
    monkeypatch.setattr(past.chance, "dispersion", lambda _squares, _days: dispersion.Dispersion(1.0, 100.0))
    assert "chance of so large a change" in {pair.figure for pair in changes.compared(audit) if pair.differs}


@pytest.mark.full
@pytest.mark.django_db
def test_an_effect_is_found_anew_and_a_dispersion_left_out_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = world_of(6)
    audit = Audit(read, NOW + DAY)
    county = next(pk for pk, region in read.regions.items() if region.level == "county")
    for n, back in ((1, 66), (3, 40), (0, 9)):
        last = TODAY - (back + 4) * DAY
        firm = Enterprise.objects.order_by("pk")[n]
        of: Any = {"enterprise": firm, "facet": f"p:{PROBLEMS[n]}", "first": last - 6 * DAY, "last": last}
        guidance = a_guidance(world, sent_at=NOW - back * DAY, **of)
        Guidance.objects.filter(pk=guidance.pk).update(enterprise=firm)
    of = {"enterprise": None, "region": Region.objects.get(pk=county), "place": county, "facet": ""}
    a_guidance(world, sent_at=NOW - 30 * DAY, first=TODAY - 50 * DAY, last=TODAY - 44 * DAY, **of)
    # An older hot spot of the same cell: its days are no usual ones.
    a_spot(world, first=TODAY - 106 * DAY, last=TODAY - 100 * DAY, **of)
    pairs = list(guidance_of.compared(audit))
    assert wrong(pairs) == []
    kinds = {pair.auditor for pair in pairs if pair.figure in ("effect: control group", "effect: verdict")}
    assert len(kinds) >= 3, kinds
    assert sum(pair.figure == "effect: ratio" for pair in pairs) >= 3
    monkeypatch.setattr(effects.before_after, "dispersion_of", lambda _weeks: dispersion.Dispersion(1.0, 100.0))
    assert "effect: phi" in {pair.figure for pair in guidance_of.compared(audit) if pair.differs}
