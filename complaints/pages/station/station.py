"""The station: today, what was filed here, the log of disputes settled on the spot, the poster; and what a code on a
poster and a link in a message open. A page shows what this station wrote down itself and nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

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
from django.views.decorators.http import require_POST, require_safe

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.masking import masked_phone
from accounts.models import User
from accounts.sign_in.limits import TooManyTries, place_of
from authorities.periods import holds_on
from complaints.desks.staff_access import View, page_given
from complaints.filing import drafts
from complaints.filing.forms import CHOOSE, Pick
from complaints.filing.held import address_of, give_cookie
from complaints.forms.fields import PlainForm
from complaints.models import StationEntry
from complaints.pages.shared.posters import COUNTED as POSTERS_SINCE
from complaints.pages.shared.posters import file_of, form_label, texts, told, trained
from complaints.pages.shared.slips import hand_over
from complaints.pages.shared.training import page_of
from complaints.parties.conditions import Conditions
from complaints.procedure.categories import OBJECT_CATEGORIES, OBJECT_LABELS
from complaints.procedure.typed_values import Choice, FreeText, Money, Phone, Text, YesNo
from complaints.reading.case_people import respondent_of
from complaints.stations import posters, publicity, stations
from complaints.stations.posters import FORMS, Funnel, Poster
from complaints.wording.standing import standing
from enterprises.enrolment.enrolled import of_code
from enterprises.models import Branch, Station
from web.dates import moment
from web.incoming import posted
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
    problem = FreeText(label=_("什么问题"), most=300, lines=2, error_messages={"required": _("请写一句是什么问题")})
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


def station_page(*methods: str) -> Callable[[View], View]:
    """The view gets the station of whoever works there today; everybody else finds no such page."""
    return page_given(_here, *methods)


def _cases(here: Here, *, since: date | None = None) -> list[dict[str, Any]]:
    rows = stations.cases_of(here.station).select_related("enterprise", "branch", "picked_enterprise", "picked_branch")
    if since is not None:
        rows = rows.filter(filed_at__gte=here.now - timedelta(days=1))
    return [
        {
            "case": row,
            "respondent": respondent_of(row) or gettext("由监管部门确定"),
            "status": (stands := standing(row)).text,
            "tone": stands.tone,
        }
        for row in rows[: stations.SHOWN]
        if since is None or timezone.localdate(row.filed_at) >= since
    ]


STATES: dict[str, Text] = {
    StationEntry.CONFIRMED: _("已由本人确认"),
    StationEntry.DENIED: _("本人否认"),
    StationEntry.UNCONFIRMED: _("未确认，不算和解"),
}
ENTRY_TONES = {StationEntry.CONFIRMED: "ok", StationEntry.DENIED: "bad", StationEntry.UNCONFIRMED: "warn"}


def entry_line(entry: StationEntry, states: Mapping[str, Text]) -> dict[str, Any]:
    """One line of the log; ``states``: what its states are called."""
    return {
        "entry": entry,
        "category": str(OBJECT_LABELS.get(entry.category, entry.category)),
        "how": str(dict(HOW).get(entry.how, entry.how)),
        "state": str(states[entry.state]),
        "tone": ENTRY_TONES[entry.state],
        "detail": entry.sheet or (masked_phone(entry.phone) if entry.phone else ""),
    }


def _entries(here: Here, *, since: date | None = None) -> list[dict[str, Any]]:
    rows = list(StationEntry.objects.filter(station=here.station).order_by("-at", "-pk")[: stations.SHOWN])
    if since is not None:
        rows = [row for row in rows if timezone.localdate(row.at) >= since]
    sealed_fields.load_for(rows)
    return [
        entry_line(row, STATES)
        | ({"detail": gettext("签字单 %(sheet)s") % {"sheet": row.sheet}} if row.sheet else {})
        | {"is_open": row.state == StationEntry.UNCONFIRMED}
        for row in rows
    ]


@station_page("GET")
def home(request: HttpRequest, here: Here) -> HttpResponseBase:
    context = here.context | {
        "cases": _cases(here, since=here.today),
        "entries": _entries(here, since=here.today),
        "counted": stations.counted(here.station, since=here.today.replace(day=1)),
    }
    return render(request, "station/home.html", context)


@station_page("GET")
def cases(request: HttpRequest, here: Here) -> HttpResponseBase:
    return render(request, "station/cases.html", here.context | {"cases": _cases(here)})


@station_page("GET", "POST")
def slip(request: HttpRequest, here: Here, number: str) -> HttpResponseBase:
    """/station/cases/<ref>/slip/: for the consumer at the desk, of what was filed here and may be followed here."""
    case = stations.cases_of(here.station).filter(number=number).first()
    if case is None:
        raise Http404
    back = reverse("complaints:station-cases")
    return hand_over(request, case, organisation=named(here.station), base="", back=back, now=here.now)


@station_page("GET", "POST")
def file(request: HttpRequest, here: Here) -> HttpResponseBase:
    """/station/file/: how it is done, then the wizard, in the consumer's name and with the consumer's own code."""
    is_own_shop = here.station.enterprise_id is not None
    form = StartForm(request.POST if request.method == "POST" and is_own_shop else None)
    if request.method == "POST" and (not is_own_shop or form.is_valid()):
        draft, key = drafts.begin(now=here.now, source=f"{stations.SOURCE}{here.station.code}")
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


@station_page("GET")
def log(request: HttpRequest, here: Here) -> HttpResponseBase:
    context = here.context | {
        "entries": _entries(here),
        "counted": stations.counted(here.station, since=here.today - timedelta(days=365)),
    }
    return render(request, "station/log.html", context)


@station_page("GET", "POST")
def log_new(request: HttpRequest, here: Here) -> HttpResponseBase:
    """/station/log/new/: one dispute, in less than a minute."""
    form = LogForm(posted(request))
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    entry = StationEntry(station=here.station, by=here.user, at=here.now, **form.cleaned_data)
                    language = get_language() or settings.LANGUAGE_CODE
                    stations.write_down(entry, language=language, place=place_of(request))
                    attempt.reference = reverse("complaints:station-log")
                    waits = gettext("已登记。本人确认以后才算和解。")
                    done = gettext("已登记，本人已签字确认。") if entry.sheet else waits
                    messages.success(request, done, extra_tags="ok")
            return redirect(attempt.reference)
        except TooManyTries as wait:
            status = wait.refuse(request)
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


@station_page("GET")
def poster(request: HttpRequest, here: Here) -> HttpResponseBase:
    """/station/poster/: a page for the wall; the browser prints it. And the files, with what each of them brought."""
    code = here.station.code
    address = f"{place_of(request)}{reverse('complaints:go', args=[code])}"
    brought = posters.brought_by_station(code, since=here.now - POSTERS_SINCE)

    def numbers(form: str) -> dict[str, Any]:
        funnel = brought.get(Poster(code, form), Funnel())
        return {"n": funnel.filed, "told": told(funnel, hides_few=True)}

    context = here.context | {
        "qr": qr_code(address),
        "address": address.split("//", 1)[-1],
        "where": here.station.address,
        "authority": named(here.station.authority),
        "limits": Conditions.at(here.now).limits(here.station.authority.region_id),
        "days": POSTERS_SINCE.days,
        "bare": numbers(""),
        "forms": [
            {"label": form_label(form), "url": reverse("complaints:station-poster-file", args=[form]), **numbers(form)}
            for form in FORMS
        ],
        "texts": [text | numbers(text["form"]) for text in texts(code, here.station.name, request)],
        "trained": trained(code, on=here.today),
    }
    return render(request, "station/poster.html", context)


@station_page("GET", "POST")
def training(request: HttpRequest, here: Here) -> HttpResponseBase:
    return page_of(request, here.station.code, back="complaints:station-poster", today=here.today)


@station_page("GET")
def poster_file(request: HttpRequest, here: Here, kind: str) -> HttpResponseBase:
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


@never_cache
@require_safe
def go(request: HttpRequest, code: str) -> HttpResponseBase:
    """The first screen of a complaint, prefilled; it keeps where it came from. That the code was opened is counted, by
    the day and with nothing of who opened it."""
    query, poster, today = {"new": "1"}, posters.read(code[:40]), timezone.localdate()
    stations_here = Station.objects.filter(holds_on(today), code=poster.owner[:20].upper())
    station = stations_here.select_related("authority").first()
    enterprise = None if station else of_code(poster.owner) or of_code(poster.owner.upper())
    if station is not None:
        query["source"] = replace(poster, owner=station.code, branch_id=None).source
        query["service_region"] = str(station.authority.region_id)
        if station.enterprise_id:
            query["pick"] = str(Pick(station.enterprise_id))
    elif enterprise is not None:
        branch = None
        if poster.branch_id:
            branch = Branch.objects.on(today).filter(pk=poster.branch_id, enterprise=enterprise).first()
        branch_id = branch.pk if branch else None
        query["source"] = replace(poster, owner=enterprise.code, branch_id=branch_id).source
        query["pick"] = str(Pick(enterprise.pk, branch_id))
        query["query"] = (branch or enterprise).name[:100]
    if "source" in query and request.method == "GET":
        publicity.note(publicity.What.OPENED, query["source"].removeprefix(posters.SOURCE), on=today)
    return redirect(f"{reverse('complaints:file')}?{urlencode(query)}")
