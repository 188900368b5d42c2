"""The stations of an authority: register one, end somebody's work there; and one station's month with its log.

The head of the authority that set a station up changes it. A consumer's number is masked, and a table holds none.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in.limits import client_address
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Authority, Officer
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.sent_tables import csv_file
from complaints.forms.fields import PlainForm
from complaints.forms.staff_forms import enterprise_named
from complaints.models import StationEntry
from complaints.pages.station.station import ENTRY_TONES, entry_line
from complaints.parties.actors import offices_of
from complaints.procedure.typed_values import Choice, FreeText
from complaints.stations import stations
from enterprises.models import Enterprise, Station, StationStaff
from enterprises.team import team
from enterprises.team.rights import TeamActor, authority_reach, post_of
from web.incoming import posted, whole
from web.languages import named

_CODE = re.compile(r"[A-Za-z0-9-]{3,20}")


class StationForm(PlainForm):
    name = FreeText(label=gettext_lazy("名称"), most=120, error_messages={"required": gettext_lazy("请写名称")})
    name_en = FreeText(label=gettext_lazy("英文名称"), most=160, required=False)
    code = forms.CharField(
        label=gettext_lazy("编号"),
        help_text=gettext_lazy("3到20个字母、数字或横线，印在海报上"),
        max_length=20,
        error_messages={
            "required": gettext_lazy("请写编号"),
            "max_length": gettext_lazy("编号是3到20个字母、数字或横线"),
        },
    )
    kind = Choice(
        label=gettext_lazy("设在哪里"),
        choices=Station.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择设在哪里"), "invalid_choice": gettext_lazy("请选择设在哪里")},
    )
    address = FreeText(label=gettext_lazy("地址"), most=200, error_messages={"required": gettext_lazy("请写地址")})
    enterprise = FreeText(
        label=gettext_lazy("设在哪家企业自己的场所"),
        help_text=gettext_lazy("写企业全称；商场、社区等不属于哪家企业的不填"),
        most=200,
        required=False,
    )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).strip().upper()
        if not _CODE.fullmatch(code):
            raise ValidationError(_("编号是3到20个字母、数字或横线"))
        if Station.objects.filter(code=code).exists():
            raise ValidationError(_("这个编号已经用了"))
        return code

    def clean_enterprise(self) -> Enterprise | None:
        return enterprise_named(self.cleaned_data["enterprise"])


def _authorities(offices: Iterable[Officer]) -> list[Authority]:
    """Where these offices are, the oldest first."""
    return list(dict.fromkeys(row.authority for row in sorted(offices, key=lambda row: row.pk)))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponseBase:
    """/authority/stations/: the list with log quality; the head registers a new one."""
    user, now = request.user, timezone.now()
    today = timezone.localdate(now)
    offices: list[Officer] = []
    if isinstance(user, User):
        # The page context asks the same; it reads it from the person of the request.
        offices = user.offices_today = offices_of(user, on=today)  # type: ignore[attr-defined]
    own, heads = _authorities(offices), _authorities(row for row in offices if row.role in Right.LEAD_AUTHORITY.posts)
    if not own or (request.method == "POST" and not heads):
        raise Http404
    form = StationForm(posted(request))
    if form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                Station.objects.create(authority=heads[0], starts_on=today, **form.cleaned_data)
                attempt.reference = request.path
                messages.success(request, _("已登记服务站。请在团队页邀请人员。"), extra_tags="ok")
        return redirect(attempt.reference)
    rows = list(
        Station.objects.filter(authority__region_id__gte=own[0].region_id, authority__region_id__lte=own[0].region.last)
        .select_related("authority", "enterprise")
        .order_by("pk")[:200]
    )
    posts = list(StationStaff.objects.on(today).filter(station__in=rows).select_related("user").order_by("pk"))
    sealed_fields.load_for(post.user for post in posts)
    mine = {authority.pk for authority in heads}
    year = today - timedelta(days=365)
    counted, moved = stations.counted_each(rows, since=year), stations.moved_each(rows, since=year)
    context = {
        "form": form,
        "is_head": bool(heads),
        "invite_url": reverse("enterprises:authority-team-invite"),
        "rows": [
            {
                "station": row,
                "counted": counted[row.pk],
                "moved": moved[row.pk],
                "is_mine": row.authority_id in mine,
                "staff": [{"pk": post.pk, "name": post.user.name} for post in posts if post.station_id == row.pk],
            }
            for row in rows
        ],
    }
    return render(request, "station/register.html", context, status=422 if form.is_bound else 200)


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
                by = TeamActor(user=user, reach=reach, now=now, address=client_address(request))
                team.end(row, None, by=by)
            attempt.reference = reverse("complaints:authority-stations")
            messages.success(request, _("已办：%(name)s") % {"name": row.user.name}, extra_tags="ok")
    return redirect(attempt.reference)


LOG_PAGE = 50
TITLES: dict[str, Any] = {
    stations.ALL: gettext_lazy("登记"),
    stations.CONFIRMED: gettext_lazy("消费者确认，算和解"),
    stations.UNCONFIRMED: gettext_lazy("未确认，不算和解"),
    stations.DENIED: gettext_lazy("消费者否认"),
    stations.COPIED: gettext_lazy("文字相同"),
    stations.SLOW_ANSWER: gettext_lazy("3天后才确认"),
    stations.NO_AMOUNT: gettext_lazy("退换没有写金额"),
}
TONES = {**ENTRY_TONES, **dict.fromkeys((stations.COPIED, stations.SLOW_ANSWER, stations.NO_AMOUNT), "warn")}
STATES: dict[str, Any] = {
    StationEntry.CONFIRMED: gettext_lazy("已确认"),
    StationEntry.UNCONFIRMED: gettext_lazy("未确认"),
    StationEntry.DENIED: gettext_lazy("消费者否认"),
}


@officer_page("GET")
def station(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    here, first, month = _asked(request, workspace, pk)
    show = request.GET.get("show", "")
    show = show if show in stations.LISTS else stations.ALL
    entries = month.of(show)
    # A month is read whole, so its pages are cut from memory.
    start = whole(request.GET.get("from"), 5) or 0
    start = start if start < len(entries) else 0
    earlier, later = (first - timedelta(days=1)).replace(day=1), stations.next_month(first)
    following, table_url = start + LOG_PAGE, reverse("complaints:authority-station-table", args=[here.pk])
    context = {
        "station": here,
        "name": named(here),
        "owner": named(here.enterprise) if here.enterprise else "",
        "now": workspace.now,
        "month": first,
        "figures": month,
        "show_text": TITLES[show],
        "numbers": [
            keyset.figure(
                TITLES[name],
                month.count(name),
                _url(here, first, show=name),
                TONES.get(name, "neutral"),
                is_current=name == show,
            )
            for name in stations.LISTS
        ],
        "lines": [entry_line(entry, STATES) for entry in entries[start:following]],
        "next_url": _url(here, first, show=show, **{"from": str(following)}) if len(entries) > following else "",
        "earlier_url": _url(here, earlier),
        "later_url": _url(here, later) if later <= workspace.today else "",
        "table_url": f"{table_url}?{urlencode({'month': f'{first:%Y-%m}'})}",
        "list_url": reverse("complaints:authority-stations"),
    }
    return render(request, "authority/station.html", context)


@officer_page("GET")
def table(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """The month's entries as CSV: no number and no text of anybody."""
    here, first, month = _asked(request, workspace, pk)
    heads = [_("登记时间"), _("类别"), _("怎么解决的"), _("金额"), _("状态"), _("答复时间"), _("文字相同")]
    rows = []
    for entry in month.entries:
        line = entry_line(entry, STATES)
        rows.append(
            [
                f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M}",
                line["category"],
                line["how"],
                "" if entry.amount is None else entry.amount,
                line["state"],
                f"{timezone.localtime(entry.answered_at):%Y-%m-%d %H:%M}" if entry.answered_at else "",
                _("是") if entry.pk in month.copied else "",
            ]
        )
    return csv_file(f"{here.code}-{first:%Y-%m}", heads, rows)


def _asked(request: HttpRequest, workspace: Workspace, pk: int) -> tuple[Station, date, stations.Month]:
    """The station in one of the regions of this officer; Http404 for everybody from elsewhere."""
    here = Station.objects.select_related("authority", "enterprise").filter(pk=pk).first()
    if here is None or not any(
        actor.region and actor.region[0] <= here.authority.region_id <= actor.region[1] for actor in workspace.actors
    ):
        raise Http404
    first = stations.first_of(request.GET.get("month", ""), today=workspace.today)
    return here, first, stations.month_of(here, first)


def _url(here: Station, first: date, **more: str) -> str:
    query = urlencode({"month": f"{first:%Y-%m}"} | more)
    return f"{reverse('complaints:authority-station', args=[here.pk])}?{query}"
