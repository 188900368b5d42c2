"""The station: today, what was filed here, the log of disputes settled on the spot, the poster.

A page shows what this station wrote down itself and nothing else; somebody of another station finds none
of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.masking import masked_phone
from accounts.models import User
from accounts.sign_in.limits import TooManyTries, place_of
from complaints import wording
from complaints.filing import drafts
from complaints.filing.held import address_of, give_cookie
from complaints.models import Complaint, StationEntry
from complaints.pages.shared.posters import COUNTED as POSTERS_SINCE
from complaints.pages.shared.posters import file_of, form_words
from complaints.pages.station.station_forms import HOW, LogForm, SheetForm, StartForm
from complaints.parties.conditions import Conditions
from complaints.procedure.categories import OBJECT_LABELS
from complaints.reading.case_people import respondent_of
from complaints.stations import posters, stations
from complaints.stations.posters import FORMS, Poster
from enterprises.models import Station
from web.dates import moment
from web.languages import named
from web.qr import qr_code


@dataclass(frozen=True, slots=True)
class Here:
    """Who asks, at which station, when."""

    user: User
    station: Station
    now: datetime
    today: date

    @property
    def context(self) -> dict[str, Any]:
        owner = self.station.enterprise
        return {"station": named(self.station), "owner": named(owner) if owner else "", "now": self.now}


@dataclass(frozen=True, slots=True)
class CaseLine:
    number: str
    title: str
    respondent: str
    status: str
    tone: str
    filed_at: datetime
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class EntryLine:
    pk: int
    at: datetime
    category: str
    problem: str
    how: str
    amount: Any
    state: str
    tone: str
    detail: str
    is_open: bool
    can_send: bool


def _here(request: HttpRequest) -> Here:
    user, now = request.user, timezone.now()
    today = timezone.localdate(now)
    found = stations.stations_of(user, on=today) if isinstance(user, User) else []
    if not found or not isinstance(user, User):
        raise Http404
    return Here(user=user, station=found[0], now=now, today=today)


def _cases(here: Here, *, since: date | None = None) -> list[CaseLine]:
    rows = stations.cases_of(here.station).select_related("enterprise", "branch", "picked_enterprise", "picked_branch")
    if since is not None:
        rows = rows.filter(filed_at__gte=here.now - timedelta(days=1))
    return [_case(row) for row in rows[: stations.SHOWN] if since is None or timezone.localdate(row.filed_at) >= since]


def _case(row: Complaint) -> CaseLine:
    words = wording.label(row.outcome, kind="outcome") if row.outcome else wording.label(row.status, kind="status")
    return CaseLine(
        row.number,
        row.title,
        respondent_of(row) or _("由监管部门确定"),
        words,
        wording.tone(row.status, row.outcome),
        row.filed_at,
        row.next_due_at,
    )


def _entries(here: Here, *, since: date | None = None) -> list[EntryLine]:
    rows = list(StationEntry.objects.filter(station=here.station).order_by("-at", "-pk")[: stations.SHOWN])
    if since is not None:
        rows = [row for row in rows if timezone.localdate(row.at) >= since]
    sealed_fields.load_for(rows)
    return [_entry(row) for row in rows]


def _entry(row: StationEntry) -> EntryLine:
    state, tone = {
        StationEntry.CONFIRMED: (_("已由本人确认"), "ok"),
        StationEntry.DENIED: (_("本人否认"), "bad"),
        StationEntry.UNCONFIRMED: (_("未确认，不算和解"), "warn"),
    }[row.state]
    detail = _("签字单 %(sheet)s") % {"sheet": row.sheet} if row.sheet else masked_phone(row.phone)
    return EntryLine(
        pk=row.pk,
        at=row.at,
        category=str(OBJECT_LABELS.get(row.category, row.category)),
        problem=row.problem,
        how=str(dict(HOW)[row.how]),
        amount=row.amount,
        state=state,
        tone=tone,
        detail=detail,
        is_open=row.state == StationEntry.UNCONFIRMED,
        can_send=row.state == StationEntry.UNCONFIRMED and bool(row.phone),
    )


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """/station/: today."""
    here = _here(request)
    return render(
        request,
        "station/home.html",
        here.context
        | {
            "cases": _cases(here, since=here.today),
            "entries": _entries(here, since=here.today),
            "counted": stations.counted(here.station, since=here.today.replace(day=1)),
        },
    )


@never_cache
@require_safe
def cases(request: HttpRequest) -> HttpResponseBase:
    """/station/cases/: what was filed here."""
    here = _here(request)
    return render(request, "station/cases.html", here.context | {"cases": _cases(here)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest) -> HttpResponseBase:
    """/station/file/: how it is done, then the wizard, in the consumer's name and with the consumer's own code."""
    here = _here(request)
    is_own_shop = here.station.enterprise_id is not None
    form = StartForm(request.POST if request.method == "POST" and is_own_shop else None)
    if request.method == "POST" and (not is_own_shop or form.is_valid()):
        draft, key = drafts.begin(now=here.now, source=f"station-{here.station.code}")
        sees = "yes" if not is_own_shop or form.cleaned_data["sees"] else "no"
        drafts.at_station(draft, station_id=here.station.pk, clerk_id=here.user.pk, sees=sees, now=here.now)
        response = redirect(address_of(draft, "enterprise"))
        give_cookie(response, key, seconds=drafts.kept_for(here.now).total_seconds())
        return response
    return render(
        request,
        "station/file.html",
        here.context | {"form": form, "is_own_shop": is_own_shop},
        status=422 if request.method == "POST" else 200,
    )


@never_cache
@require_safe
def log(request: HttpRequest) -> HttpResponseBase:
    """/station/log/: confirmed and unconfirmed, told apart."""
    here = _here(request)
    return render(
        request,
        "station/log.html",
        here.context
        | {
            "entries": _entries(here),
            "counted": stations.counted(here.station, since=here.today - timedelta(days=365)),
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_new(request: HttpRequest) -> HttpResponseBase:
    """/station/log/new/: one dispute, in less than a minute."""
    here = _here(request)
    form, status = LogForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with once(request) as attempt:
                    if not attempt.answered:
                        stations.write_down(
                            station=here.station,
                            by=here.user,
                            place=place_of(request),
                            now=here.now,
                            language=get_language() or settings.LANGUAGE_CODE,
                            **form.cleaned_data,
                        )
                        attempt.reference = reverse("complaints:station-log")
                        messages.success(
                            request,
                            _("已登记。本人确认以后才算和解。")
                            if not form.cleaned_data["sheet"]
                            else _("已登记，本人已签字确认。"),
                            extra_tags="ok",
                        )
                return redirect(attempt.reference)
            except TooManyTries as wait:
                status = wait.told(request)
                form.add_error(
                    "phone", _("发给这个号码的短信太多了，请在%(moment)s之后再试。") % {"moment": moment(wait.until)}
                )
    return render(request, "station/log_new.html", here.context | {"form": form}, status=status)


@never_cache
@require_POST
def log_entry(request: HttpRequest, pk: int) -> HttpResponseBase:
    """/station/log/<n>/: another message to the consumer, or the number of the sheet that was signed after all."""
    here = _here(request)
    row = StationEntry.objects.filter(pk=pk, station=here.station).first()
    if row is None:
        raise Http404
    to = reverse("complaints:station-log")
    if row.state != StationEntry.UNCONFIRMED:
        messages.info(request, _("本人已经答复，不能再改。"), extra_tags="info")
        return redirect(to)
    form = SheetForm(request.POST)
    try:
        with once(request) as attempt:
            if not attempt.answered:
                attempt.reference = to
                if "send" in request.POST and row.phone:
                    stations.send_link(
                        row, language=get_language() or settings.LANGUAGE_CODE, place=place_of(request), now=here.now
                    )
                    messages.success(request, _("已经再发一条短信。以前的链接不再有效。"), extra_tags="ok")
                elif form.is_valid():
                    stations.sign(row, sheet=form.cleaned_data["sheet"], now=here.now)
                    messages.success(request, _("已记下签字单。"), extra_tags="ok")
                else:
                    messages.error(request, _("请填签字单编号"), extra_tags="bad")
    except TooManyTries as wait:
        messages.warning(
            request,
            _("发给这个号码的短信太多了，请在%(moment)s之后再试。") % {"moment": moment(wait.until)},
            extra_tags="warn",
        )
    return redirect(to)


@never_cache
@require_safe
def poster(request: HttpRequest) -> HttpResponseBase:
    """/station/poster/: a page for the wall; the browser prints it. And the files, with what each of them brought."""
    here = _here(request)
    code = here.station.code
    address = f"{place_of(request)}{reverse('complaints:go', args=[code])}"
    found = posters.brought_by_station(code, since=here.now - POSTERS_SINCE)
    return render(
        request,
        "station/poster.html",
        here.context
        | {
            "qr": qr_code(address),
            "address": address.split("//", 1)[-1],
            "where": here.station.address,
            "authority": named(here.station.authority),
            "limits": Conditions.at(here.now).limits(here.station.authority.region_id),
            "days": POSTERS_SINCE.days,
            "bare": found.get(Poster(code), 0),
            "forms": [
                {
                    "words": form_words(form),
                    "n": found.get(Poster(code, form), 0),
                    "url": reverse("complaints:station-poster-file", args=[form]),
                }
                for form in FORMS
            ],
        },
    )


@never_cache
@require_safe
def poster_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The poster or the card as PDF."""
    here = _here(request)
    if kind not in FORMS:
        raise Http404
    owner = here.station.enterprise
    return file_of(
        Poster(here.station.code, kind),
        request,
        name=here.station.name,
        lines=[
            here.station.address,
            _("本站设在%(owner)s自己的场所。") % {"owner": owner.name} if owner else "",
            here.station.authority.name,
        ],
        now=here.now,
        region_id=here.station.authority.region_id,
    )
