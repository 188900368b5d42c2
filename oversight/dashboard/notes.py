"""What officers note about days, and campaigns, as marks of the first page; and who writes a note and takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from authorities.models import Region
from oversight.dashboard.last_week import Mark
from oversight.models import Campaign, DayNote

#: So many marks beside the hot spots, the newest.
MARKED = 5
_NOTED, _CALLED = ("pk", "first", "last", "text", "kind"), ("pk", "called_on", "title")


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


def beside(first: date) -> dict[str, ArraySubquery]:
    """For the statement that reads places (``dashboard_page``): of each its notes and its calls of campaigns since
    ``first``, the newest first.
    """
    around = Q(region_id__gte=OuterRef("pk"), region_id__lte=OuterRef("last")) | Q(
        region_id__lte=OuterRef("pk"), region__last__gte=OuterRef("last")
    )
    noted = DayNote.objects.filter(around, last__gte=first, taken_back_at__isnull=True).order_by("-first", "-pk")
    called = Campaign.objects.filter(
        region_id__gte=OuterRef("pk"), region_id__lte=OuterRef("last"), called_on__gte=first
    ).order_by("-called_on", "-pk")
    return {
        "noted": ArraySubquery(noted.values(row=JSONObject(**{name: name for name in _NOTED}))[:MARKED]),
        "called": ArraySubquery(called.values(row=JSONObject(**{name: name for name in _CALLED}))[:MARKED]),
    }


def marks(regions: Sequence[Region], first: date) -> list[Mark]:
    """Since ``first``, of places that were read with ``beside``; campaigns by the day on which their firms were
    called.
    """
    notes = {row["pk"]: row for region in regions for row in region.noted}  # type: ignore[attr-defined]
    calls = {row["pk"]: row for region in regions for row in region.called}  # type: ignore[attr-defined]
    found = [*map(_of_note, notes.values()), *map(_of_call, calls.values())]
    return sorted((replace(one, day=max(one.day, first)) for one in found), key=lambda one: one.day)[-MARKED:]


def _of_call(row: Mapping[str, Any]) -> Mark:
    day = date.fromisoformat(row["called_on"])
    text = _("召集降诉行动：%(name)s（%(day)s）") % {"name": row["title"], "day": f"{day:%m-%d}"}
    return Mark(day, text, reverse("oversight:campaign", args=[row["pk"]]))


def _of_note(row: Mapping[str, Any]) -> Mark:
    first, last = (date.fromisoformat(row[name]) for name in ("first", "last"))
    days = f"{first:%m-%d}" if first == last else f"{first:%m-%d}–{last:%m-%d}"
    values = {"kind": DayNote.Kind(row["kind"]).label, "text": row["text"], "days": days}
    return Mark(first, _("%(kind)s：%(text)s（%(days)s）") % values, reverse("oversight:notes"))


def write(
    *, authority_id: int, region_id: int, kind: str, first: date, last: date, text: str, by: User, now: datetime
) -> DayNote:
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
    return bool(
        DayNote.objects.filter(pk=pk, authority_id__in=authority_ids, taken_back_at__isnull=True).update(
            taken_back_at=now
        )
    )
