"""/open/stations/: the service stations, by place, and what each of them settled.

Nothing of a person is shown, a number from 1 to 4 is withheld, and a dispute counts as settled only when
the consumer confirmed it.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.public_pages import public_page
from complaints.models import StationEntry
from enterprises.models import Station
from web.small_numbers import shown_number
from web.templatetags.portal import name_of

PAGE = 100


def _open() -> QuerySet[Station]:
    return Station.objects.on(timezone.localdate()).select_related("authority__region", "enterprise")


@public_page(parameters=("after",))
def stations(request: HttpRequest) -> HttpResponse:
    """All of them, by authority; a page of a hundred."""
    typed = request.GET.get("after", "")
    rows = _open().order_by("authority__region_id", "authority_id", "code")
    after = Station.objects.filter(code=typed).select_related("authority").first() if typed else None
    if after is not None:
        place = (after.authority.region_id, after.authority_id, after.code)
        rows = rows.filter(
            Q(authority__region_id__gt=place[0])
            | Q(authority__region_id=place[0], authority_id__gt=place[1])
            | Q(authority__region_id=place[0], authority_id=place[1], code__gt=place[2])
        )
    found = list(rows[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    return render(
        request,
        "open/stations.html",
        {
            "groups": [
                {
                    "authority": name_of(authority),
                    "rows": [
                        {
                            "row": row,
                            "kind": Station.Kind(row.kind).label,
                            "url": reverse("complaints:open-station", args=[row.code]),
                        }
                        for row in of
                    ],
                }
                for authority, of in groupby(found, key=lambda row: row.authority)
            ],
            "next_url": f"?after={found[-1].code}" if more else "",
        },
    )


@public_page()
def station(request: HttpRequest, code: str) -> HttpResponse:
    """One of them: where it is, whose place it stands in, how to file there, what it settled in the twelve months that
    are over.
    """
    row = _open().filter(code=code[:20]).first()
    if row is None:
        raise Http404
    # Months that are over: a number of the running day would grow by one before everybody's eyes.
    until = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    counts: dict[str, Any] = StationEntry.objects.filter(
        station=row, at__gte=until.replace(year=until.year - 1), at__lt=until
    ).aggregate(**{state: Count("pk", filter=Q(state=state)) for state in StationEntry.STATES})
    shown = {state: shown_number(counts[state]) for state in StationEntry.STATES}
    return render(
        request,
        "open/station.html",
        {
            "row": row,
            "kind": Station.Kind(row.kind).label,
            "authority": name_of(row.authority),
            "owner": name_of(row.enterprise) if row.enterprise else "",
            "file_url": reverse("complaints:go", args=[row.code]),
            "lines": [
                (_("消费者确认已和解"), shown[StationEntry.CONFIRMED]),
                (_("还没有确认"), shown[StationEntry.UNCONFIRMED]),
                (_("消费者说没有和解"), shown[StationEntry.DENIED]),
            ],
        },
    )
