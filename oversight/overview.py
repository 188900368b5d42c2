"""What the first page of a director says: a place and its parts, in three periods, and who holds what burns.

The one rule: everything here is read from counters, whatever the size of the place, except who holds the cases that are
late or due soon; those are few, and an index has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, F, Min, Q, Value, When

from authorities.models import Authority, named
from complaints import deadlines
from complaints.models.complaint import OPEN
from complaints.views.authority_lists import SOON_DAYS
from complaints.workflow import ENTERPRISE_SIDE
from enterprises.models import Enterprise
from oversight import rollup_figures
from oversight.figures import Figure, Measure
from oversight.places import Places
from oversight.rollup_reads import Counters, Sums, steadily
from oversight.scope import Period, Scope

STANDING = ("open", "overdue", "due_soon")
#: So many who hold late cases are named.
HOLDERS = 8
#: Older than this and the page says so.
OLD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Spot:
    """What is counted of one place, or of all of it: as it stands, and in each period."""

    standing: Mapping[str, int]
    periods: Sequence[Mapping[str, Figure]]


@dataclass(frozen=True, slots=True)
class Overview:
    """``at`` is the moment of the data; None before anything was ever counted. ``buckets`` are first responses by period."""

    at: datetime | None
    whole: Spot
    parts: Mapping[int, Spot]
    buckets: Sequence[Mapping[int, int]]

    def is_old(self, now: datetime) -> bool:
        return self.at is not None and now - self.at > OLD


def read(scope: Scope, places: Places, periods: Sequence[Period], *, measure: Measure) -> Overview:
    """Five statements or six, however many cases and places. ``scope`` is of ``places`` and perhaps narrower."""
    regions = {region.pk: region for region in (*places.regions, *places.parts)}
    wide = replace(scope, regions=tuple(regions.values()))

    def look(counters: Counters) -> tuple[Counters, list[dict[str, Sums]], list[Mapping[int, int]]]:
        sums = counters.sums_of(wide, periods, by="region", names=(*rollup_figures.HEADLINES, *STANDING)) or []
        buckets = counters.buckets_of(scope, periods, ["response_minutes"]) or []
        return counters, sums, [one["response_minutes"] for one in buckets]

    counters, sums, buckets = steadily(look, now=measure.now, calendar=measure.calendar)
    nothing = dict.fromkeys((*rollup_figures.HEADLINES, *STANDING), 0)
    each = {pk: [found.get(str(pk), nothing) for found in sums] for pk in regions}
    own = [_added([each[region.pk][number] for region in places.regions], nothing) for number in range(len(periods))]
    return Overview(
        measure.now if counters.is_complete else counters.folded_at, _spot(own, buckets),
        {region.pk: _spot(each[region.pk], None) for region in places.parts}, buckets)


def _added(found: Sequence[Sums], nothing: Sums) -> Sums:
    return {name: sum(one[name] for one in found) for name in nothing}


def _spot(sums: Sequence[Sums], buckets: Sequence[Mapping[int, int]] | None) -> Spot:
    found = [rollup_figures.headlines(one, buckets[number] if buckets else None) for number, one in enumerate(sums)]
    return Spot({name: sums[0][name] for name in STANDING}, found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who must act on late cases, or on some that are due soon: an enterprise, or an authority."""

    enterprise_id: int | None
    authority_id: int | None
    name: str
    overdue: int
    due_soon: int
    since: datetime


def holders(measure: Measure) -> tuple[list[Holder], int]:
    """(those with most that is late first, how many there are in all); two statements."""
    end = deadlines.working_days(measure.calendar.local_day(measure.now), SOON_DAYS, measure.calendar, rule="due_soon").due_at
    at_enterprise = Q(status__in=sorted(ENTERPRISE_SIDE), enterprise__isnull=False)
    rows = list(
        measure.cases().filter(OPEN, next_due_at__lte=end).order_by()
        .values(firm=Case(When(at_enterprise, then=F("enterprise_id"))), office=Case(When(~at_enterprise, then=F("handling_authority_id"))))
        .annotate(late=Count("pk", filter=Q(next_due_at__lte=measure.now)), all=Count("pk"), since=Min("next_due_at")))
    rows.sort(key=lambda row: (-row["late"], -row["all"], row["firm"] or 0, row["office"] or 0))
    shown = rows[:HOLDERS]
    names = names_of([row["firm"] for row in shown], [row["office"] for row in shown])
    return [Holder(enterprise_id=row["firm"], authority_id=row["office"], overdue=row["late"], due_soon=row["all"] - row["late"],
                   since=row["since"], name=names.get(("firm", row["firm"])) or names.get(("office", row["office"]), ""))
            for row in shown], sum(1 for row in rows if row["late"])


def names_of(firms: Sequence[int | None], offices: Sequence[int | None] = ()) -> dict[tuple[str, Any], str]:
    """Names by (firm or office, id) in the language of the reader; one statement."""
    kinds = [("firm", Enterprise.objects.filter(pk__in=[pk for pk in firms if pk])),
             ("office", Authority.objects.filter(pk__in=[pk for pk in offices if pk]))]
    first, second = (rows.order_by().values_list(Value(kind, output_field=CharField()), "pk", "name", "name_en") for kind, rows in kinds)
    return {(kind, pk): named(_Named(name, english)) for kind, pk, name, english in first.union(second, all=True)}


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    name_en: str


