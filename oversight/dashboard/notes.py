"""What officers note about days, and campaigns, as marks of the first page; and who writes a note and takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256
from uuid import uuid4

from django.core.cache import cache
from django.db.models import F, Q, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from authorities.models import Region
from oversight.dashboard.last_week import Mark
from oversight.models import Campaign, DayNote

#: So many marks beside the hot spots, the newest.
MARKED = 5
_CALLED = "called"
A_MINUTE = 60
#: Names the notes as they stand: another name with each that is written or taken back.
_NEWEST = "newest-note"


def within(regions: Iterable[Region]) -> Q:
    """Of these regions and of what lies in them."""
    result = Q(pk__in=[])
    for region in regions:
        result |= Q(region_id__gte=region.pk, region_id__lte=region.last)
    return result


def standing(regions: Sequence[Region]) -> QuerySet[DayNote]:
    """Notes that nobody took back: of these regions, of what lies in them, and of the regions that they lie in."""
    around = within(regions)
    for region in regions:
        around |= Q(region_id__lte=region.pk, region__last__gte=region.last)
    return DayNote.objects.filter(around, taken_back_at__isnull=True)


def marks(regions: Sequence[Region], first: date) -> list[Mark]:
    """Since ``first``; campaigns by the day on which their firms were called. One statement, none within the next
    minute unless a note was written.
    """
    given = (cache.get(_NEWEST), sorted(region.pk for region in regions), first)
    key = "marks:" + sha256(repr(given).encode()).hexdigest()
    rows: list[tuple[date, date, str, str, int]] | None = cache.get(key)
    if rows is None:
        cache.set(key, rows := _rows(regions, first), A_MINUTE)
    return [_mark(*row, since=first) for row in rows]


def _rows(regions: Sequence[Region], first: date) -> list[tuple[date, date, str, str, int]]:
    columns = ("first", "last", "text", "kind", "pk")
    noted = standing(regions).filter(last__gte=first).order_by().values_list(*columns)
    called = (
        Campaign.objects.filter(within(regions), called_on__gte=first)
        .order_by()
        .annotate(last=F("called_on"), kind=Value(_CALLED))
        .values_list("called_on", "last", "title", "kind", "pk")
    )
    return list(noted.union(called, all=True).order_by("-first")[:MARKED])


def _mark(first: date, last: date, text: str, kind: str, pk: int, *, since: date) -> Mark:
    if kind == _CALLED:
        url = reverse("oversight:campaign", args=[pk])
        return Mark(first, _("召集降诉行动：%(name)s（%(day)s）") % {"name": text, "day": f"{first:%m-%d}"}, url)
    days = f"{first:%m-%d}" if first == last else f"{first:%m-%d}–{last:%m-%d}"
    values = {"kind": DayNote.Kind(kind).label, "text": text, "days": days}
    return Mark(max(first, since), _("%(kind)s：%(text)s（%(days)s）") % values, reverse("oversight:notes"))


def write(
    *, authority_id: int, region_id: int, kind: str, first: date, last: date, text: str, by: User, now: datetime
) -> DayNote:
    _anew()
    return DayNote.objects.create(
        authority_id=authority_id,
        region_id=region_id,
        kind=kind,
        first=first,
        last=last,
        text=text,
        written_by=by,
        written_at=now,
    )


def take_back(pk: int, *, authority_ids: Iterable[int], now: datetime) -> bool:
    """Whether there was one of these authorities."""
    _anew()
    return bool(
        DayNote.objects.filter(pk=pk, authority_id__in=authority_ids, taken_back_at__isnull=True).update(
            taken_back_at=now
        )
    )


def _anew() -> None:
    """Pages read the notes again, those that were read before."""
    cache.set(_NEWEST, uuid4().hex, None)
