"""What the first page of oversight calls a change in what came in, of places and of their parts, beside the same found
anew from the cases.
"""

from __future__ import annotations

from collections import Counter

from oversight.figures.definitions import Period
from oversight.presenting import choosing, overview, shifts
from oversight.presenting.places import Places
from tests.audit import Pair, Pairs
from tests.audit.compare import Audit
from tests.audit.core import changes
from tests.audit.core.record import DAY, local
from tests.audit.core.restless import q_values

#: Days that are compared with as many before them, and with those of a year before.
LENGTHS = (7, 30)
APART = 1e-6


def compared(audit: Audit) -> Pairs:
    for region, parts in audit.with_parts():
        for days in LENGTHS:
            period = Period(first=audit.today - days * DAY, last=audit.today - DAY)
            periods = [period, choosing.before(period, "chosen"), choosing.a_year_before(period, "chosen")]
            measure = audit.measure(period, regions=(region,))
            places = Places(own=(region,), chosen=None, parts=parts, above=None)
            seen = overview.read(measure.scope, places, periods, measure=measure)
            yield from _of_place(audit, seen, periods, region.pk, [part.pk for part in parts])


def _of_place(audit: Audit, seen: overview.Overview, periods: list[Period], place: int, parts: list[int]) -> Pairs:
    name = f"region {audit.rows.regions[place].code}"
    whole = received(audit, place)
    spans = [(period.first, period.last) for period in periods]
    firsts = [changes.first_day(spans[0], before) for before in spans[1:]]
    decreed = audit.rows.decreed
    for nth in (1, 2):
        told = shifts.of_overview(seen, nth).get("received")
        if told is not None:
            own = changes.of_count(whole, whole, spans[0], spans[nth], audit.today, min(firsts), decreed)
            yield from _pairs(told, own, name, f"{spans[0][0]}–{spans[0][1]} after {spans[nth][0]}–{spans[nth][1]}")
    of_parts = {pk: received(audit, pk) for pk in parts}
    own_parts = {
        pk: changes.of_count(counts, whole, spans[0], spans[1], audit.today, firsts[0], decreed)
        for pk, counts in of_parts.items()
    }
    chances = [one.chance for one in own_parts.values() if one.chance is not None]
    qs = dict(zip(own_parts, q_values(chances, 0), strict=True)) if len(chances) == len(own_parts) else {}
    for pk, told in shifts.of_parts(seen).items():
        own, scope = own_parts[pk], f"{name}, part {audit.rows.regions[pk].code}"
        when = f"{spans[0][0]}–{spans[0][1]}"
        yield Pair("came in before", scope, when, told.before, own.before)
        yield Pair("is judged", scope, when, told.verdict is not None, pk in qs)
        if told.verdict is not None and pk in qs:
            yield Pair("share of false ones among as sure", scope, when, told.verdict.p / qs[pk], 1.0, APART)


def _pairs(told: shifts.Change, own: changes.Change, scope: str, when: str) -> Pairs:
    yield Pair("came in", scope, when, (told.after, told.before), (own.after, own.before))
    yield Pair("is judged", scope, when, told.verdict is not None, own.chance is not None)
    if told.verdict is not None and own.chance is not None:
        yield Pair("beyond what the days let expect", scope, when, told.verdict.by, own.by, APART)
        yield Pair("chance of so large a change", scope, when, told.verdict.p / own.chance, 1.0, APART)


def received(audit: Audit, place: int) -> Counter[object]:
    return Counter(local(case.row.received_at).date() for case in audit.rows.of_regions().get(place, ()))
