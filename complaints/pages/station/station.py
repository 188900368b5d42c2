"""The station: today, what was filed here, the log of disputes settled on the spot, the poster.

A page shows what this station wrote down itself and nothing else; somebody of another station finds none of it. An
entry of the log takes less than a minute: four answers, and the consumer's phone or the number of the signed sheet.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.masking import masked_phone
from accounts.models import User
from accounts.sign_in.limits import TooManyTries, place_of
from complaints import wording
from complaints.filing import drafts
from complaints.filing.forms import CHOOSE
from complaints.filing.held import address_of, give_cookie
from complaints.forms.fields import PlainForm
from complaints.models import StationEntry
from complaints.pages.shared.posters import COUNTED as POSTERS_SINCE
from complaints.pages.shared.posters import file_of, form_words
from complaints.parties.conditions import Conditions
from complaints.procedure.categories import OBJECT_CATEGORIES, OBJECT_LABELS
from complaints.procedure.typed_values import Choice, Money, Phone, Text, Words, YesNo
from complaints.reading.case_people import respondent_of
from complaints.stations import posters, stations
from complaints.stations.posters import FORMS, Poster
from enterprises.models import Station
from web.dates import moment
from web.languages import named
from web.qr import qr_code

HOW: tuple[tuple[str, Text], ...] = (
    ("refund", _("退款")),
    ("replace", _("换货")),
    ("repair", _("修理")),
    ("apology", _("道歉")),
    ("explained", _("解释清楚")),
    ("other", _("其他")),
)


class LogForm(PlainForm):
    category = Choice(
        label=_("商品或服务的类别"),
        choices=[CHOOSE, *OBJECT_CATEGORIES],
        error_messages={
            "required": _("请选择类别；都不像就选“其他商品”或“其他服务”"),
            "invalid_choice": _("请从列表中选择类别"),
        },
    )
    problem = Words(label=_("什么问题"), most=300, lines=2, error_messages={"required": _("请写一句是什么问题")})
    how = Choice(
        label=_("怎么解决的"),
        choices=HOW,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择怎么解决的"), "invalid_choice": _("请选择怎么解决的")},
    )
    amount = Money(label=_("金额（元）"), help_text=_("没有退钱就不填"), required=False)
    phone = Phone(label=_("消费者的手机号码"), help_text=_("我们发短信请本人确认；确认前不算和解"), required=False)
    sheet = forms.CharField(
        label=_("签字单编号"),
        help_text=_("没有手机的，请本人在单上签字，写下单号"),
        required=False,
        max_length=40,
        error_messages={"max_length": _("单号最多40个字")},
    )

    def clean_sheet(self) -> str:
        return " ".join(str(self.cleaned_data["sheet"]).split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("how") == "refund" and not cleaned.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("退了款，请填金额"))
        if not cleaned.get("phone") and not cleaned.get("sheet") and not {"phone", "sheet"} & set(self.errors):
            self.add_error("phone", _("请填消费者的手机号码，或签字单编号：没有本人确认不能登记"))
        return cleaned


class SheetForm(PlainForm):
    """The consumer signed after all."""

    sheet = forms.CharField(
        max_length=40, error_messages={"required": _("请填签字单编号"), "max_length": _("单号最多40个字")}
    )


class StartForm(PlainForm):
    """Asked where the station stands in an enterprise's own shop."""

    sees = YesNo(
        label=_("您同意本服务站以后看到这件投诉的进度吗？"),
        help_text=_("不同意：提交以后，本服务站看不到这件投诉"),
        yes=_("同意"),
        no=_("不同意"),
        error_messages={"required": _("请选择同意或不同意"), "invalid_choice": _("请选择同意或不同意")},
    )


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


def _here(request: HttpRequest) -> Here:
    user, now = request.user, timezone.now()
    today = timezone.localdate(now)
    if isinstance(user, User) and (own := stations.stations_of(user, on=today)):
        return Here(user=user, station=own[0], now=now, today=today)
    raise Http404


def _cases(here: Here, *, since: date | None = None) -> list[dict[str, Any]]:
    rows = stations.cases_of(here.station).select_related("enterprise", "branch", "picked_enterprise", "picked_branch")
    if since is not None:
        rows = rows.filter(filed_at__gte=here.now - timedelta(days=1))
    return [
        {
            "number": row.number,
            "title": row.title,
            "respondent": respondent_of(row) or gettext("由监管部门确定"),
            "status": wording.label(row.outcome or row.status, kind="outcome" if row.outcome else "status"),
            "tone": wording.tone(row.status, row.outcome),
            "filed_at": row.filed_at,
            "next_due_at": row.next_due_at,
        }
        for row in rows[: stations.SHOWN]
        if since is None or timezone.localdate(row.filed_at) >= since
    ]


def _entries(here: Here, *, since: date | None = None) -> list[dict[str, Any]]:
    rows = list(StationEntry.objects.filter(station=here.station).order_by("-at", "-pk")[: stations.SHOWN])
    if since is not None:
        rows = [row for row in rows if timezone.localdate(row.at) >= since]
    sealed_fields.load_for(rows)
    states = {
        StationEntry.CONFIRMED: (gettext("已由本人确认"), "ok"),
        StationEntry.DENIED: (gettext("本人否认"), "bad"),
        StationEntry.UNCONFIRMED: (gettext("未确认，不算和解"), "warn"),
    }
    return [
        {
            "pk": row.pk,
            "at": row.at,
            "category": str(OBJECT_LABELS.get(row.category, row.category)),
            "problem": row.problem,
            "how": str(dict(HOW)[row.how]),
            "amount": row.amount,
            "state": states[row.state][0],
            "tone": states[row.state][1],
            "detail": gettext("签字单 %(sheet)s") % {"sheet": row.sheet} if row.sheet else masked_phone(row.phone),
            "is_open": row.state == StationEntry.UNCONFIRMED,
            "can_send": row.state == StationEntry.UNCONFIRMED and bool(row.phone),
        }
        for row in rows
    ]


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """/station/: today."""
    here = _here(request)
    context = here.context | {
        "cases": _cases(here, since=here.today),
        "entries": _entries(here, since=here.today),
        "counted": stations.counted(here.station, since=here.today.replace(day=1)),
    }
    return render(request, "station/home.html", context)


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
    context = here.context | {
        "entries": _entries(here),
        "counted": stations.counted(here.station, since=here.today - timedelta(days=365)),
    }
    return render(request, "station/log.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_new(request: HttpRequest) -> HttpResponseBase:
    """/station/log/new/: one dispute, in less than a minute."""
    here = _here(request)
    form = LogForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
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
                    is_signed = form.cleaned_data["sheet"]
                    done = (
                        gettext("已登记，本人已签字确认。") if is_signed else gettext("已登记。本人确认以后才算和解。")
                    )
                    messages.success(request, done, extra_tags="ok")
            return redirect(attempt.reference)
        except TooManyTries as wait:
            status = wait.told(request)
            form.add_error("phone", _too_many(wait))
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
        messages.info(request, gettext("本人已经答复，不能再改。"), extra_tags="info")
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
                    messages.success(request, gettext("已经再发一条短信。以前的链接不再有效。"), extra_tags="ok")
                elif form.is_valid():
                    stations.sign(row, sheet=form.cleaned_data["sheet"], now=here.now)
                    messages.success(request, gettext("已记下签字单。"), extra_tags="ok")
                else:
                    messages.error(request, gettext("请填签字单编号"), extra_tags="bad")
    except TooManyTries as wait:
        messages.warning(request, _too_many(wait), extra_tags="warn")
    return redirect(to)


def _too_many(wait: TooManyTries) -> str:
    return gettext("发给这个号码的短信太多了，请在%(moment)s之后再试。") % {"moment": moment(wait.until)}


@never_cache
@require_safe
def poster(request: HttpRequest) -> HttpResponseBase:
    """/station/poster/: a page for the wall; the browser prints it. And the files, with what each of them brought."""
    here = _here(request)
    code = here.station.code
    address = f"{place_of(request)}{reverse('complaints:go', args=[code])}"
    brought = posters.brought_by_station(code, since=here.now - POSTERS_SINCE)
    context = here.context | {
        "qr": qr_code(address),
        "address": address.split("//", 1)[-1],
        "where": here.station.address,
        "authority": named(here.station.authority),
        "limits": Conditions.at(here.now).limits(here.station.authority.region_id),
        "days": POSTERS_SINCE.days,
        "bare": brought.get(Poster(code), 0),
        "forms": [
            {
                "words": form_words(form),
                "n": brought.get(Poster(code, form), 0),
                "url": reverse("complaints:station-poster-file", args=[form]),
            }
            for form in FORMS
        ],
    }
    return render(request, "station/poster.html", context)


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
            gettext("本站设在%(owner)s自己的场所。") % {"owner": owner.name} if owner else "",
            here.station.authority.name,
        ],
        now=here.now,
        region_id=here.station.authority.region_id,
    )
