"""Which cells stand out, on some days: what the finder of the portal returns and what is found anew from the cases; and
the rows that it kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from random import Random

from django.db import connection

from oversight.hot_spots import cells, hotspots
from oversight.models import HotSpot
from tests.audit import Pair, Pairs
from tests.audit.compare import Audit
from tests.audit.core import spots
from tests.audit.core.record import local
from tests.audit.core.spots import Cell

#: Days before today that are looked at, without ``--most``; and of how many the last is.
DAYS, WITHIN = 4, 60
#: Two ways of adding up the same series.
APART = 1e-6
#: The newest rows that are looked at.
ROWS = 200


def compared(audit: Audit) -> Pairs:
    backs = Random(WITHIN).sample(range(1, WITHIN), min(DAYS, audit.most or DAYS))
    for day in sorted(audit.today - timedelta(days=back) for back in {1, *backs}):
        if not cells.has_past(day):
            continue
        look = spots.Look(spots.counted(audit.rows, day), lots_of)
        anew = look.found()
        looked, exposure = cells.counted(day), cells.Exposure.read(day)
        of_portal = hotspots.unusual_cells(looked, exposure, partial(cells.series_of, day=day))
        told = {
            (one.kind, (one.cell.whose, one.cell.of, one.cell.facet)): one
            for one in of_portal
            if one.kind in spots.LEVELS
        }
        for kind in spots.LEVELS:
            enough = sum(sum(of[kind]) >= spots.FEWEST for of in look.now.values())
            yield Pair(f"cells looked at by {kind}", "", str(day), looked.number(kind), enough)
        yield from _usual(look, exposure, audit)
        for key in sorted(told.keys() | anew.keys(), key=str):
            scope = f"{key[0]} {' '.join(map(str, key[1]))}"
            if key not in told or key not in anew:
                yield Pair("hot spot", scope, str(day), key in told, key in anew)
                continue
            one, other = told[key], anew[key]
            yield Pair("hot spot: counts", scope, str(day), tuple(one.counts), other.counts)
            for name, mine, own in (
                ("share", one.share, other.share),
                ("phi", one.dispersion.phi, other.phi),
                ("df", one.dispersion.df, other.df),
            ):
                yield Pair(f"hot spot: {name}", scope, str(day), mine, own, APART)
            # Chances are small: held as how many times as large.
            yield Pair("hot spot: chance", scope, str(day), one.chance / other.chance, 1.0, APART)
            yield Pair("hot spot: q", scope, str(day), one.q / other.q, 1.0, APART)
    yield from _kept(audit)


def _usual(look: spots.Look, exposure: cells.Exposure, audit: Audit) -> Pairs:
    """Of cells chosen by lot, found or not: counts, expectation and the errors of their past forecasts."""
    some = Random(look.counts.day.toordinal()).sample(sorted(look.counts.cells), min(40, len(look.counts.cells)))
    own = {cell: cells.Cell(*cell) for cell in some}
    series = cells.series_of(own.values(), look.counts.day)
    day = str(look.counts.day)
    for cell, of_portal in own.items():
        scope = " ".join(map(str, cell))
        yield Pair("cell: counts by day", scope, day, list(series[of_portal]), look.counts.cells[cell])
        for kind in spots.LEVELS:
            count, usual = look.now[cell][kind]
            share = exposure.share(of_portal, kind, count, usual)
            yield Pair(f"cell: share of the {kind}", scope, day, share, look.share(kind, cell, 0, count, usual), APART)
            told, anew = exposure.past(of_portal, kind, series[of_portal]), look.past(kind, cell)
            yield Pair(f"cell: mean forecast of the {kind}", scope, day, told.size, anew[0], APART)
            yield Pair(f"cell: forecasts of the {kind}", scope, day, len(told.errors), len(anew[1]))
            sums = [sum(square for square, _mean in errors) for errors in (told.errors, anew[1])]
            yield Pair(f"cell: squared errors of the {kind}", scope, day, float(sums[0]), float(sums[1]), APART)


def lots_of(some: Iterable[Cell]) -> Mapping[Cell, int]:
    """How the portal draws cells by lot: by a hash of their names in the database."""
    wanted = list(some)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """select (hashint8(of) # hashtext(facet)) & 2147483647
            from unnest(%s::bigint[], %s::text[]) with ordinality w (of, facet, at) order by at""",
            [[cell[1] for cell in wanted], [cell[2] for cell in wanted]],
        )
        return {cell: lot for cell, (lot,) in zip(wanted, cursor.fetchall(), strict=True)}


def _kept(audit: Audit) -> Pairs:
    """Rows of this method, runs of weeks among them: counts are those of the cases, the chance follows from what
    stands in them, and is below the promised rate.
    """
    levels = {**spots.LEVELS, spots.RUN: spots.RUN_LEVEL}
    for row in HotSpot.objects.filter(method=2, kind__in=levels).order_by("-pk")[:ROWS]:
        about = (f"row {row.pk} {row.kind} {row.facet}", f"{row.first}–{row.last}")
        usual = sum(row.usual)
        chance = spots.tail_t(row.observed, usual, row.share, row.restless, row.df)
        yield Pair("kept hot spot: expected", *about, row.expected, usual * row.share / (1 - row.share), APART)
        yield Pair("kept hot spot: chance", *about, row.chance / chance, 1.0, APART)
        yield Pair("kept hot spot: below its level", *about, row.chance < levels[row.kind], True)
        yield Pair("kept hot spot: q is no less than the chance", *about, row.chance <= row.q <= 1, True)
        if local(row.found_at).date() > row.last:
            yield from _counts_of(audit, row, about)


def _counts_of(audit: Audit, row: HotSpot, about: tuple[str, str]) -> Pairs:
    """What came in meanwhile to be counted elsewhere moves a number by as many cases at the most."""
    whose = ("e", row.enterprise_id) if row.enterprise_id is not None else ("r", row.region_id)
    counts = spots.days_of(audit.rows, (*whose, row.facet), row.last)
    cases = audit.rows.cases.values()
    touched = sum(bool(case.entries) and case.entries[-1].written_at > row.found_at for case in cases)
    is_day, long = row.kind == spots.DAY, (row.last - row.first).days + 1
    own = sum(counts[back] for back in range(long))
    starts = [(7 if is_day else long) + 7 * n for n in range(len(row.usual))]
    before = sum(counts[start + n] for start in starts for n in range(1 if is_day else 7))
    for name, told, anew in (("observed", row.observed, own), ("usual", sum(row.usual), before)):
        yield Pair(f"kept hot spot: {name}", *about, told, told if 0 < abs(told - anew) <= touched else anew)
