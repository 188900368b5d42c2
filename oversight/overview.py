"""What the first page of a director says: a place and its parts, in three periods, and who holds what burns.

The one rule: everything here is read from counters, whatever the size of the place, except who holds the cases that are
late or due soon; those are few, and an index has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Max, Min, Q, Value, When
from django.db.models.functions import Coalesce

from authorities.models import Officer, named
from complaints import deadlines
from complaints.models.complaint import OPEN
from complaints.views.authority_lists import SOON_DAYS, at_an_authority, at_an_enterprise
from oversight import rollup_figures
from oversight.figures import Figure, Measure
from oversight.places import Places
from oversight.rollup_reads import Counters, Sums, steadily
from oversight.scope import Period, Scope

STANDING = ("open", "overdue", "due_soon")
#: So many who hold late cases are named.
HOLDERS = 8
#: So many officers are shown; all of them stand on the page of the workload.
HANDS = 6
#: Nobody yet has a case that lies with an authority.
NOBODY = 0
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """How much lies with one officer; ``officer_id`` is None where an authority gave it to nobody yet."""

    officer_id: int | None
    authority_id: int | None
    name: str
    place: str
    overdue: int
    due_soon: int
    open: int


@dataclass(frozen=True, slots=True)
class Burning:
    """Holders and hands with most that is late first; ``late_holders`` is how many have something late."""

    holders: Sequence[Holder]
    late_holders: int
    hands: Sequence[Hand]


def burning(measure: Measure, *, with_hands: bool) -> Burning:
    """Who holds what is late or due soon, and what each officer has. One statement, two where officers are asked for."""
    end = deadlines.working_days(measure.calendar.local_day(measure.now), SOON_DAYS, measure.calendar, rule="due_soon").due_at
    at_enterprise = at_an_enterprise()
    cases = measure.cases().order_by()
    nobody = Value(None, output_field=IntegerField())
    counts = {
        "late": Count("pk", filter=Q(next_due_at__lte=measure.now)), "since": Min("next_due_at"), "all": Count("pk"),
        "soon": Count("pk", filter=Q(next_due_at__gt=measure.now, next_due_at__lte=end)),
        "firm_name": Max("enterprise__name"), "firm_english": Max("enterprise__name_en"),
        "office_name": Max("handling_authority__name"), "office_english": Max("handling_authority__name_en")}
    rows = (cases.filter(OPEN, next_due_at__lte=end)
            .values(firm=Case(When(at_enterprise, then=F("enterprise_id"))),
                    office=Case(When(~at_enterprise, then=F("handling_authority_id"))), who=nobody)
            .annotate(**counts))
    if with_hands:
        rows = rows.union(
            cases.filter(at_an_authority()).values(firm=nobody, office=F("handling_authority_id"), who=Coalesce("officer_id", Value(NOBODY), output_field=IntegerField()))
            .annotate(**counts), all=True)
    found = sorted(rows, key=lambda row: (-row["late"], -row["all"], row["firm"] or 0, row["office"] or 0, row["who"] or 0))
    held, hands = ([row for row in found if (row["who"] is None) == is_held] for is_held in (True, False))
    shown, busiest = held[:HOLDERS], hands[:HANDS]
    people = {officer.pk: officer for officer in Officer.objects.filter(
        pk__in=[row["who"] for row in busiest if row["who"]]).select_related("user", "authority")} if busiest else {}
    return Burning(
        [Holder(enterprise_id=row["firm"], authority_id=row["office"], overdue=row["late"], due_soon=row["soon"],
                since=row["since"], name=_name(row, "firm" if row["firm"] else "office")) for row in shown],
        sum(1 for row in held if row["late"]),
        [Hand(officer_id=row["who"] or None, authority_id=row["office"], overdue=row["late"], due_soon=row["soon"], open=row["all"],
              name=people[row["who"]].user.name if row["who"] in people else "",
              place=named(people[row["who"]].authority) if row["who"] in people else _name(row, "office"))
         for row in busiest])


def _name(row: Mapping[str, Any], whose: str) -> str:
    return named(_Named(row[f"{whose}_name"] or "", row[f"{whose}_english"] or ""))


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    name_en: str


