"""Following a case with its number and the token of its receipt: a form, a page to read, and acting on it.

The page shows organisations, steps, offers and days; never a person, a number to call, an account or the content of a
file. Whoever holds the token and the phone of the case is taken for the consumer, for this case only and for half an
hour, and may say more with evidence and, after a code to that phone, decide; the record shows that it came this way
(channel "tracking").
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.sign_in.known_browsers import browser_of, know
from accounts.sign_in.limits import TooManyTries, client_address
from complaints import wording
from complaints.filing import places
from complaints.filing.drafts import tracking_digest
from complaints.links import proving, tracking
from complaints.links.tracking import KEPT_IN_SESSION, OPEN_FOR, Seeker, find_tracked, open_until, opened, proven
from complaints.models import (
    Complaint,
    Demand,
    Engagement,
    Evidence,
    HandlingStep,
    Matter,
    Obligation,
    Offer,
    OfferAnswer,
)
from complaints.pages.consumer.ending import ClosedCard, card_of
from complaints.pages.consumer.pages import OFFER
from complaints.pages.consumer.pages import PAGES as CONSUMERS
from complaints.pages.consumer.views import step_of
from complaints.pages.shared.step_pages import StepPage
from complaints.parties import actors
from complaints.parties.conditions import Conditions
from complaints.procedure.numbering import province_of, tidy
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Audience
from complaints.reading.case import CONSUMER, TRACKING, CaseAccess, CasePage, matters_of, visible_clocks
from complaints.reading.case_record import Event, Reader, folded, timeline_of
from complaints.reading.case_settlement import ObligationView, OfferView, in_force, obligations_of, offers_of
from complaints.reading.case_steps import Around, open_steps
from complaints.stations import stations
from complaints.wording.next_action import NextAction, next_action_of
from enterprises.models import Station
from web.dates import moment
from web.errors import answer
from web.incoming import posted
from web.kept import kept_text
from web.languages import named

View = Callable[..., HttpResponseBase]
#: What a step is called here, where it has another name than its button in an account.
LABELS = {
    "accept_offer": gettext_lazy("答复方案"),
    "let_rest": gettext_lazy("企业一项也没有同意：选一个"),
    "confirm_performed": gettext_lazy("确认做到没有"),
    "add_statement": gettext_lazy("补充说明或材料"),
    "stop_negotiating": gettext_lazy("不再协商"),
    "withdraw": gettext_lazy("撤回投诉"),
    "undo": gettext_lazy("撤销刚才的决定"),
}
#: More words and files: for these the token is enough. All else that the consumer may do asks a code as well.
WORDS = frozenset({"statement", "correct", "material"})


#: How a number and a token are typed.
_TYPED = {"class": "w-24", "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class TrackForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("投诉编号"),
        max_length=60,
        help_text=gettext_lazy("例如 20261118-35-7K3Q9M2PT4RA-5，字母大小写都可以。"),
        error_messages={"required": gettext_lazy("请填投诉编号")},
        widget=forms.TextInput(attrs=_TYPED),
    )
    token = forms.CharField(
        label=gettext_lazy("查询口令"),
        max_length=100,
        help_text=gettext_lazy("在收据上，26个字母和数字；横线和空格可以不填。"),
        error_messages={"required": gettext_lazy("请填查询口令")},
        widget=forms.TextInput(attrs=_TYPED),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedPage:
    """What the fragments of the case page need of it, without people and files."""

    complaint: Complaint
    title: str
    respondent: str
    next_action: NextAction
    #: What may be done beside the doors of a closed case.
    steps: list[dict[str, Any]]
    demands: list[Demand]
    offers: list[OfferView]
    promises: list[ObligationView]
    closed: ClosedCard | None = None
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
    form = TrackForm(posted(request), initial={"number": request.GET.get("number", "")[:60]})
    status = 422 if form.is_bound else 200
    number, away = tidy(form.cleaned_data["number"]) if form.is_bound and form.is_valid() else "", list[str]()
    if province_of(number) in settings.CELLS:
        # Not looked for here, so no wrong try is counted.
        address, away = tracking.kept_by(number)
        if address:
            return redirect(address)
        status = 503
    elif form.is_bound and form.is_valid():
        browser = request.headers.get("User-Agent", "") + "\n" + request.headers.get("Accept-Language", "")
        seeker = Seeker(
            address=client_address(request),
            browser=hashlib.sha256(browser.encode()).hexdigest(),
            known=browser_of(request),
        )
        try:
            case = find_tracked(**form.cleaned_data, seeker=seeker, now=now)
        except TooManyTries as wait:
            status = wait.refuse(request)
            text = _("填错的次数太多了，请在%(moment)s之后再试；也可以登录后在“我的投诉”里查看。")
            form.add_error(None, text % {"moment": moment(wait.until)})
        else:
            if case is not None:
                request.session[KEPT_IN_SESSION] = {
                    "number": case.number,
                    "digest": tracking_digest(form.cleaned_data["token"]),
                    "until": (now + OPEN_FOR).isoformat(),
                }
                know(request, opened(case.number))
                return redirect("complaints:tracked", case.number)
            address, away = tracking.kept_by(number)
            if address:
                return redirect(address)
            form.add_error(None, _("编号和查询口令对不上，请照收据再核对一遍。"))
    context = {"form": form, "away": [places.full_name(int(province) * 10**7) for province in away]}
    return render(request, "public/track.html", context, status=status)


@unlisted
@require_safe
def tracked(request: HttpRequest, number: str) -> HttpResponse:
    """The case, as long as this browser has just proven that it holds the token."""
    now = timezone.now()
    case = proven(request, number, now=now)
    if case is None:
        return redirect("complaints:track")
    until = open_until(request)
    context = {
        "page": page_of(case, now=now),
        "evidence": evidence_of(case),
        "station": station_of(request, now=now),
        "open_until": until,
        "folds_menu": True,
        "closes_in": max(0, int((until - now).total_seconds())) if until else 0,
    }
    return render(request, "public/tracked.html", context)


def page_of(case: Complaint, *, now: datetime) -> TrackedPage:
    """A fixed number of queries; the rows that name people are not even read."""
    conditions = Conditions.at(now)
    calendar = conditions.calendar
    clocks = visible_clocks(case, CONSUMER)
    steps = list(HandlingStep.objects.filter(complaint=case, audience=Audience.PARTIES).order_by("sequence"))
    for row in steps:
        row.name = row.recorded_by = None
    owed = list(Obligation.objects.filter(complaint=case))
    for promise in owed:
        promise.payee_last4 = ""
    made = list(Offer.objects.filter(complaint=case))
    views = obligations_of(owed, clocks, side=CONSUMER, today=calendar.local_day(now), offers=made)
    promises = [replace(view, proof="") for view in views]
    answers = OfferAnswer.objects.filter(offer__complaint=case).select_related("demand")
    offers = offers_of(made, answers, promises)
    organisations = {row.name: named(row) for row in (case.enterprise, case.branch, case.handling_authority) if row}
    respondent = case.branch or case.enterprise
    matters = matters_of(case, CONSUMER)
    may = _may(case, made, owed, matters, now=now)
    page = TrackedPage(
        complaint=case,
        title=case.item_name or _("投诉进度"),
        respondent=named(respondent) if respondent else "",
        next_action=next_action_of(
            complaint=case,
            clocks=clocks,
            viewer_side=CONSUMER,
            now=now,
            calendar=calendar,
            is_refused=any(offer.is_open_refusal for offer in made),
        ),
        steps=_steps_of(case, made, may),
        demands=list(Demand.objects.filter(complaint=case).order_by("ordinal")) if case.closed_at else [],
        offers=[replace(offer, by="", counter="") for offer in offers],
        promises=in_force(promises),
        timeline=timeline_of(
            steps,
            {},
            reader=Reader(
                side=CONSUMER,
                knows_consumer=False,
                names=organisations,
                accepted_refusals=_accepted_refusals(case, steps),
            ),
        ),
        entries=case.last_sequence,
        head=bytes(case.last_hash).hex(),
        now=now,
    )
    closed = card_of(
        page,
        now=now,
        conditions=conditions,
        may=may,
        undo=matters.get("undo") if "undo" in may else None,
        at=lambda name: reverse("complaints:tracked-step", args=[case.number, name]),
    )
    doors = {door.url for door in closed.doors} if closed is not None else set()
    return replace(page, closed=closed, steps=[step for step in page.steps if step["url"] not in doors])


def _accepted_refusals(case: Complaint, steps: Iterable[HandlingStep]) -> frozenset[datetime]:
    """One query more only where a case was closed as settled with nothing to perform, or late."""
    if not any(step.reason in ("nothing_to_perform", "answered_late") for step in steps):
        return frozenset()
    stages = Engagement.objects.filter(complaint=case, accepted_refusal=True, until_at__isnull=False)
    return frozenset(at for at in stages.values_list("until_at", flat=True) if at is not None)


def _may(
    case: Complaint, offers: list[Offer], owed: list[Obligation], matters: dict[str, Matter], *, now: datetime
) -> frozenset[str]:
    """The steps that the consumer may take now."""
    around = Around(
        complaint=case,
        side=CONSUMER,
        engagement_id=None,
        now=now,
        matters=matters,
        offers=tuple(offers),
        obligations=tuple(owed),
    )
    return frozenset(open_steps(actor_of(case), around))


def _steps_of(case: Complaint, offers: list[Offer], may: frozenset[str]) -> list[dict[str, Any]]:
    """All that the consumer may do now, each with its address."""
    steps = []
    for page in CONSUMERS.values():
        step = next((one for one in page.steps if one in may), "")
        if not step:
            continue
        name, text = page.name, LABELS.get(step) or wording.action(step)
        address = reverse("complaints:tracked-step", args=[case.number, name])
        if name == OFFER:
            if not any(offer.state == "open" for offer in offers):
                continue
            newest = max(offer.number for offer in offers if offer.state == "open")
            address = reverse("complaints:tracked-offer", args=[case.number, newest])
        steps.append({"url": address, "label": text, "is_due": name in ("offer", "performed")})
    if case.consumer is None:
        address = reverse("complaints:tracked-prove", args=[case.number])
        steps.append({"url": address, "label": wording.action("prove_contact"), "is_due": False})
    return steps


def actor_of(case: Complaint, *, name: str = "") -> actors.Actor:
    """The consumer of this case, by the token; ``name`` of whoever has no account, for the record."""
    if case.consumer is None:
        return actors.filer(case, name=name, channel=TRACKING)
    return actors.consumer(case.consumer, channel=TRACKING)


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


def asks_code(asked: StepPage[CasePage]) -> bool:
    return asked.decides or asked.name not in WORDS


@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, number: str, name: str, offer: int | None = None) -> HttpResponseBase:
    now = timezone.now()
    case = proven(request, number, now=now)
    if case is None:
        return first_confirm(request, reverse("complaints:track"))
    # The case is open in this browser, so what the session keeps is about it.
    asked = CONSUMERS.get(name)
    if asked is None:
        raise Http404
    if asks_code(asked) and not has_phone(request, now=now):
        query = urlencode({"next": request.path})
        return first_confirm(request, f"{reverse('complaints:tracked-code', args=[number])}?{query}")
    actor = actor_of(case, name=proving.name_on_file(case) if case.consumer is None else "")
    if (here := station_of(request, now=now)) is not None:
        # The consumer stands at the desk with the receipt; the record names who wrote it down.
        if here.enterprise_id is not None and here.enterprise_id in (case.enterprise_id, case.picked_enterprise_id):
            raise StepNotAllowed(
                "respondents_station",
                _("本站设在被投诉企业的场所，不能代为记录。请消费者用自己的手机办理，或者拨打12315。"),
            )
        recorded_by = actors.clerk(cast(User, request.user), here)
        actor = replace(actor, recorded_by=recorded_by, recording={"how": "station", "proof": here.code})
    result = CaseAccess(complaint=case, side=CONSUMER, viewer=actor, actor=actor)
    return step_of(request, result, name, offer, now=now)


def has_phone(request: HttpRequest, *, now: datetime) -> bool:
    """Whether this browser gave a code of the phone of the case that it has open within half an hour."""
    until = parse_datetime(request.session[KEPT_IN_SESSION].get("phone_until", ""))
    return until is not None and now < until


def first_confirm(request: HttpRequest, address: str) -> HttpResponse:
    """To the page that must come first; what was sent is shown again, so that it is not lost."""
    kept = kept_text(request)
    if not kept:
        return redirect(address)
    return answer(
        request,
        "accounts/confirm_first.html",
        status=403,
        title="Confirm first",
        detail=_("请先再次确认是您本人，然后重新提交。"),
        kept=kept,
        confirm=address,
    )
