"""The stations of an authority: register one, see who works there, end somebody's work there.

Officers read; the head of the authority that set a station up changes it, and invites on the page of the
team.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in.limits import client_address
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Authority, Officer
from complaints.pages.station.station_forms import StationForm
from complaints.parties.actors import offices_of
from complaints.stations import stations
from enterprises.models import Station, StationStaff
from enterprises.team import team
from enterprises.team.rights import authority_reach, post_of
from web.languages import named


def _authorities(offices: Iterable[Officer]) -> list[Authority]:
    """Where these offices are, the oldest first."""
    return list(dict.fromkeys(row.authority for row in sorted(offices, key=lambda row: row.pk)))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponseBase:
    """/authority/stations/: the list with log quality; the head registers a new one."""
    user, now = request.user, timezone.now()
    offices: list[Officer] = []
    if isinstance(user, User):
        # The frame of the page asks the same; it reads it from the person of the request.
        offices = user.offices_today = offices_of(user, on=timezone.localdate(now))  # type: ignore[attr-defined]
    own, heads = _authorities(offices), _authorities(row for row in offices if row.role in Right.LEAD_AUTHORITY.posts)
    if not own or (request.method == "POST" and not heads):
        raise Http404
    form = StationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                Station.objects.create(authority=heads[0], starts_on=timezone.localdate(now), **form.cleaned_data)
                attempt.reference = request.path
                messages.success(request, _("已登记服务站。请在团队页邀请人员。"), extra_tags="ok")
        return redirect(attempt.reference)
    today = timezone.localdate(now)
    rows = list(
        Station.objects.filter(authority__region_id__gte=own[0].region_id, authority__region_id__lte=own[0].region.last)
        .select_related("authority", "enterprise")
        .order_by("pk")[:200]
    )
    posts = list(StationStaff.objects.on(today).filter(station__in=rows).select_related("user").order_by("pk"))
    sealed_fields.load_for(post.user for post in posts)
    mine = {authority.pk for authority in heads}
    counted = stations.counted_each(rows, since=today - timedelta(days=365))
    return render(
        request,
        "station/register.html",
        {
            "form": form,
            "is_head": bool(heads),
            "now": now,
            "invite_url": reverse("enterprises:authority-team-invite"),
            "rows": [_line(row, posts, counted[row.pk], is_mine=row.authority_id in mine) for row in rows],
        },
        status=422 if form.is_bound else 200,
    )


def _line(row: Station, posts: list[StationStaff], counted: stations.Counted, *, is_mine: bool) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "name": named(row),
        "code": row.code,
        "kind": row.get_kind_display(),
        "address": row.address,
        "authority": named(row.authority),
        "owner": named(row.enterprise) if row.enterprise else "",
        "counted": counted,
        "is_mine": is_mine,
        "staff": [{"pk": post.pk, "name": post.user.name} for post in posts if post.station_id == row.pk],
    }


@never_cache
@fresh_factor
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponseBase:
    """/authority/stations/staff/<n>/end/: out with the next click."""
    user, now = request.user, timezone.now()
    today = timezone.localdate(now)
    row = StationStaff.objects.on(today).filter(pk=pk).select_related("user", "station__authority").first()
    if row is None or not isinstance(user, User):
        raise Http404
    reach = authority_reach(user.pk, on=today)
    if not reach.may_touch(post_of(row), row.role):
        raise Http404
    with once(request) as attempt:
        if not attempt.answered:
            with transaction.atomic():
                team.end(row, None, by=user, reach=reach, now=now, today=today, address=client_address(request))
            attempt.reference = reverse("complaints:authority-stations")
            messages.success(request, _("已办：%(name)s") % {"name": row.user.name}, extra_tags="ok")
    return redirect(attempt.reference)
