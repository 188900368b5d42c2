"""Following a case with its number and the token of its receipt: a form, then a page to read.

The page shows organisations, steps, offers and days; never a person, a number to
call, an account or the content of a file. What may be done from here is in track_steps.py.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.sign_in.limits import TooManyTries, client_address
from complaints.links.opening import KEPT_IN_SESSION, OPEN_FOR, open_until, proven
from complaints.links.tracking import Seeker, find_tracked
from complaints.models import Complaint, Evidence, HandlingStep, Obligation, Offer, OfferAnswer
from complaints.parties import actors
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Audience
from complaints.reading.case import CONSUMER, TRACKING, matters_of, visible_clocks
from complaints.reading.case_record import Event, Reader, folded, timeline_of
from complaints.reading.case_settlement import ObligationView, OfferView, in_force, obligations_of, offers_of
from complaints.reading.case_steps import Around, open_steps
from complaints.stations import stations
from complaints.wording.duty import Standing, standing
from enterprises.models import Station
from web.dates import moment
from web.languages import named

View = Callable[..., HttpResponseBase]
#: (page, the step of the table that opens it, words). All but the statement decide: they ask a code as well.
STEPS = (
    ("offer", "accept_offer", gettext_lazy("答复方案")),
    ("performed", "confirm_performed", gettext_lazy("确认是否兑现")),
    ("statement", "add_statement", gettext_lazy("补充说明或材料")),
    ("stop", "stop_negotiating", gettext_lazy("不再协商")),
    ("withdraw", "withdraw", gettext_lazy("撤回投诉")),
    ("undo", "undo", gettext_lazy("撤销刚才的决定")),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of what may be done."""

    url: str
    label: str
    is_due: bool = False


class TrackForm(forms.Form):
    """What stands on the receipt."""

    number = forms.CharField(
        label=gettext_lazy("投诉编号"),
        max_length=60,
        help_text=gettext_lazy("例如 20261118-7K3Q9M2PT4RA-5，字母大小写都可以。"),
        error_messages={"required": gettext_lazy("请填投诉编号")},
        widget=forms.TextInput(
            attrs={"class": "w-24", "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    token = forms.CharField(
        label=gettext_lazy("查询口令"),
        max_length=100,
        help_text=gettext_lazy("在收据上，26个字母和数字；横线和空格可以不填。"),
        error_messages={"required": gettext_lazy("请填查询口令")},
        widget=forms.TextInput(
            attrs={"class": "w-24", "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedPage:
    """What the fragments of the case page need of it, without people and files."""

    complaint: Complaint
    title: str
    respondent: str
    duty: Standing
    steps: list[Step]
    offers: list[OfferView]
    promises: list[ObligationView]
    timeline: list[Event]
    entries: int
    head: str
    now: datetime

    @property
    def events(self) -> list[tuple[Event, list[Event]]]:
        return folded(self.timeline)


def unlisted(view: View) -> View:
    """No search engine keeps the page, and no cache either."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return never_cache(wrapped)


@unlisted
@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if request.method == "POST" and "leave" in request.POST:
        request.session.pop(KEPT_IN_SESSION, None)
        return redirect("complaints:track")
    form = TrackForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            case = find_tracked(
                number=form.cleaned_data["number"], token=form.cleaned_data["token"], seeker=_seeker(request), now=now
            )
        except TooManyTries as wait:
            status = wait.told(request)
            form.add_error(
                None,
                _("填错的次数太多了，请在%(moment)s之后再试；也可以登录后在“我的投诉”里查看。")
                % {"moment": moment(wait.until)},
            )
        else:
            if case is not None:
                request.session[KEPT_IN_SESSION] = {
                    "number": case.number,
                    "digest": case.tracking_digest,
                    "until": (now + OPEN_FOR).isoformat(),
                }
                return redirect("complaints:tracked", case.number)
            form.add_error(None, _("编号和查询口令对不上，请照收据再核对一遍。"))
    return render(request, "public/track.html", {"form": form}, status=status)


@unlisted
@require_safe
def tracked(request: HttpRequest, number: str) -> HttpResponse:
    """The case, as long as this browser has just proven that it holds the token."""
    now = timezone.now()
    case = proven(request, number, now=now)
    if case is None:
        return redirect("complaints:track")
    until = open_until(request)
    return render(
        request,
        "public/tracked.html",
        {
            "page": page_of(case, now=now),
            "evidence": evidence_of(case),
            "station": station_of(request, now=now),
            "open_until": until,
            "closes_in": max(0, int((until - now).total_seconds())) if until else 0,
        },
    )


def page_of(case: Complaint, *, now: datetime) -> TrackedPage:
    """A fixed number of queries; the rows that name people are not even read."""
    calendar = current_calendar()
    clocks = visible_clocks(case, CONSUMER)
    steps = list(HandlingStep.objects.filter(complaint=case, audience=Audience.PARTIES).order_by("sequence"))
    for row in steps:
        row.name = row.recorded_by = None
    owed = list(Obligation.objects.filter(complaint=case))
    for promise in owed:
        promise.payee_last4 = ""
    promises = [
        replace(view, proof="") for view in obligations_of(owed, clocks, side=CONSUMER, today=calendar.local_day(now))
    ]
    answers = OfferAnswer.objects.filter(offer__complaint=case).select_related("demand")
    made = list(Offer.objects.filter(complaint=case))
    offers = offers_of(made, answers, promises)
    organisations = {row.name: named(row) for row in (case.enterprise, case.branch, case.handling_authority) if row}
    respondent = case.branch or case.enterprise
    return TrackedPage(
        complaint=case,
        title=case.item_name or _("投诉进度"),
        respondent=named(respondent) if respondent else "",
        duty=standing(complaint=case, clocks=clocks, viewer_side=CONSUMER, now=now, calendar=calendar),
        steps=_steps_of(case, made, owed, now=now),
        offers=[replace(offer, by="", counter="") for offer in offers],
        promises=in_force(promises),
        timeline=timeline_of(steps, {}, reader=Reader(side=CONSUMER, knows_consumer=False, names=organisations)),
        entries=case.last_sequence,
        head=bytes(case.last_hash).hex(),
        now=now,
    )


def _steps_of(case: Complaint, offers: list[Offer], owed: list[Obligation], *, now: datetime) -> list[Step]:
    """What the consumer may do from here: say more with evidence, and decide; each with its address."""
    if case.consumer is None:
        # Nobody has proven to be the consumer yet: an officer rings back first.
        return []
    around = Around(
        complaint=case,
        side=CONSUMER,
        engagement_id=None,
        now=now,
        matters=matters_of(case, CONSUMER),
        offers=tuple(offers),
        obligations=tuple(owed),
    )
    may = set(open_steps(actors.consumer(case.consumer, channel=TRACKING), around))
    found = []
    for name, step, words in STEPS:
        if step not in may:
            continue
        address = reverse("complaints:tracked-step", args=[case.number, name])
        if name == "offer":
            newest = max(offer.number for offer in offers if offer.state == "open")
            address = reverse("complaints:tracked-offer", args=[case.number, newest])
        found.append(Step(address, str(words), is_due=name in ("offer", "performed")))
    return found


def evidence_of(case: Complaint) -> list[tuple[str, int]]:
    """What was handed in, by kind and count; no name of a file, no content."""
    kinds = Counter(
        row.get_kind_display() for row in Evidence.objects.known_to("consumer").filter(complaint=case).order_by("pk")
    )
    return list(kinds.items())


def station_of(request: HttpRequest, *, now: datetime) -> Station | None:
    """Where whoever asks works, if that is a service station."""
    if not isinstance(request.user, User):
        return None
    return next(iter(stations.stations_of(request.user, on=timezone.localdate(now))), None)


def _seeker(request: HttpRequest) -> Seeker:
    told = request.headers.get("User-Agent", "") + "\n" + request.headers.get("Accept-Language", "")
    return Seeker(address=client_address(request), browser=hashlib.sha256(told.encode()).hexdigest())
