"""/answer/<token>/: a respondent without account reads its one case and answers.

The one rule: the token leaves the address bar at once, into the session; a link that leads nowhere looks the same, whether
it is unknown, over or was taken back. What decides asks for a code to the phone of the link first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from complaints import actors, answering
from complaints.actors import Actor
from complaints.conditions import current_calendar
from complaints.enterprise_forms import StepForm
from complaints.file_forms import TakesFiles
from complaints.handling import Move
from complaints.models import AnswerLink, Complaint, Demand, HandlingStep, Obligation, PersonalText
from complaints.refusals import not_now
from complaints.standing import Standing, standing
from complaints.views.answer_forms import PAGES, Page, Table
from complaints.views.authority_lists import respondent_of
from complaints.views.case import ENTERPRISE, Found, matters_of, visible_clocks
from complaints.views.case_form import take_step
from complaints.views.case_people import demand_text
from complaints.views.case_record import Event, Message, Reader, thread_of, timeline_of
from complaints.views.case_settlement import ObligationView, in_force, obligations_of
from complaints.views.case_steps import Around, open_steps
from complaints.views.mediation_facts import Session, SixtyDays, mediation_clock, sessions_of, sixty_days
from complaints.views.track import OPEN_FOR, unlisted
from complaints.views.track_steps import first_confirm
from complaints.workflow import Audience
from odr_portal.accounts import keyring
from odr_portal.accounts.codes import asker_of, check_code, flow_of, send_code
from odr_portal.accounts.forms import CodeForm
from odr_portal.accounts.idempotency import KEY_FIELD
from odr_portal.accounts.limits import TooManyTries
from odr_portal.accounts.models import SignInCode
from odr_portal.accounts.network import client_address
from odr_portal.accounts.security_log import note
from odr_portal.accounts.views.sign_in import too_many_codes

LINK = "link"
KEPT_IN_SESSION = "answering"
#: Cases that one browser may have open by their links.
MOST_LINKS = 10
#: What a respondent must do first, where it stands open.
_FIRST = ("mediation", "suggestion", "settled-elsewhere", "performed", "confirm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """The case as its respondent may see it: from acceptance on, and nobody's name, number or address."""

    link: AnswerLink
    case: Complaint
    actor: Actor
    respondent: str
    duty: Standing
    sixty: SixtyDays | None
    session: Session | None
    table: Table
    steps: tuple[str, ...]
    promises: list[ObligationView]
    demands: list[str]
    statement: str
    thread: list[Message]
    timeline: list[Event]
    now: datetime

    @property
    def home(self) -> str:
        return reverse("complaints:answer", args=[self.case.number])

    def is_open(self, page: Page) -> bool:
        return any(step in self.steps for step in page.steps)


@unlisted
@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Nothing but the way to the page without the token."""
    link = answering.of_token(token, now=timezone.now())
    if link is None:
        return _over(request)
    number = answering.case_of(link).number
    kept: dict[str, Any] = {name: value for name, value in request.session.get(KEPT_IN_SESSION, {}).items() if name != number}
    newest = dict(list(kept.items())[1 - MOST_LINKS:])
    request.session[KEPT_IN_SESSION] = {**newest, number: {"token": token}}
    return redirect("complaints:answer", number)


@unlisted
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """What it is about, who must do what by when, what was said since acceptance, and what may be done."""
    now = timezone.now()
    link = _proven(request, number, now=now)
    if link is None:
        return _over(request)
    found = answering_of(link, now=now)
    pages = [page for page in PAGES.values() if found.is_open(page)]
    due = [page for page in pages if page.name in _FIRST and not _is_answered(found, page)]
    return render(request, "answer/case.html", {
        "page": found, "due": [(page, _url(number, page)) for page in due],
        "more": [(page, _url(number, page)) for page in pages if page not in due],
        "phone": _masked(link)})


def _is_answered(found: Answering, page: Page) -> bool:
    """Said already; it may be said otherwise, but nobody waits for it."""
    if page.name == "mediation":
        return "mediation_enterprise" in found.case.consents
    suggestion = found.table.matters.get("suggestion")
    return page.name == "suggestion" and suggestion is not None and "enterprise" in suggestion.data.get("answers", {})


@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One question, what follows from it, one button."""
    now = timezone.now()
    link, page = _proven(request, number, now=now), PAGES.get(name)
    if link is None:
        return _over(request)
    if page is None:
        raise Http404
    found = answering_of(link, now=now)
    if page.decides:
        if answering.phone_of(link) is None:
            return render(request, "answer/no_phone.html", {"page": found, "asked": page}, status=403)
        if not _has_phone(request, number, now=now):
            return first_confirm(request, f"{reverse('complaints:answer-code', args=[number])}?for={name}")
    if request.method != "POST":
        if not found.is_open(page):
            messages.warning(request, _("这一步现在不能办。案件现在是：%(status)s。") % {"status": found.duty.status}, extra_tags="warn")
            return redirect(found.home)
        with answering.reading(link):
            return _show(request, found, page, page.form(found.table, None, None))
    return _take(request, found, page)


def _take(request: HttpRequest, found: Answering, page: Page) -> HttpResponse:
    with answering.reading(found.link):
        form = page.form(found.table, request.POST, request.FILES)

        def moves() -> list[Move] | None:
            if not found.is_open(page):
                raise not_now(found.duty.status)
            return [page.move(form)] if form.is_valid() else None

        seen = Found(complaint=found.case, side=ENTERPRISE, viewer=found.actor, actor=found.actor)
        taken = take_step(request, seen, moves, form=form, to=found.home, now=found.now)
        if taken.address:
            if taken.is_new:
                messages.success(request, _("已记录，监管部门会看到。"), extra_tags="ok")
            return redirect(taken.address)
        return _show(request, found, page, form, status=422)


def _show(request: HttpRequest, found: Answering, page: Page, form: StepForm, *, status: int = 200) -> HttpResponse:
    return render(request, "answer/step.html", {
        "page": found, "asked": page, "form": form, "takes_files": isinstance(form, TakesFiles),
        "suggestion": found.table.shown_with(page)}, status=status)


@unlisted
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, number: str) -> HttpResponse:
    """A code to the phone that the link was sent to, then the step that was wanted."""
    now = timezone.now()
    link = _proven(request, number, now=now)
    if link is None:
        return _over(request)
    contact = answering.phone_of(link)
    wanted = request.POST.get("for", "") or request.GET.get("for", "")
    home = reverse("complaints:answer", args=[number])
    target = _url(number, PAGES[wanted]) if wanted in PAGES else home
    if contact is None:
        raise Http404
    here = f"{request.path}?for={wanted if wanted in PAGES else ''}"
    form, status = CodeForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST" and "send" in request.POST:
        try:
            send_code(contact=contact, purpose=SignInCode.Purpose.STEP, asker=asker_of(request, now=now),
                      language=get_language() or settings.LANGUAGE_CODE, now=now)
        except TooManyTries as wait:
            status = wait.told(request)
            form.add_error("code", too_many_codes(wait.until))
        else:
            return redirect(f"{here}&sent=1")
    elif request.method == "POST":
        status = 422
        if form.is_valid():
            if check_code(contact=contact, purpose=SignInCode.Purpose.STEP, code=form.cleaned_data["code"],
                          flow=flow_of(request), form_key=request.POST.get(KEY_FIELD, ""), now=now):
                kept = request.session[KEPT_IN_SESSION]
                request.session[KEPT_IN_SESSION] = {
                    **kept, number: {**kept[number], "phone_until": (now + OPEN_FOR).isoformat()}}
                request.session.cycle_key()
                note("tracking_code", now=now, subject=number, address=client_address(request))
                return redirect(target)
            form.add_error("code", _("验证码不对或已过期，请重新获取；已填内容还在"))
    return render(request, "public/step_code.html", {
        "form": form, "carried": ("for", wanted if wanted in PAGES else ""), "home": home,
        "why": _("这一步算您的决定，所以向收到链接的手机发一个验证码。30分钟内只需一次。"), "masked": contact.masked,
        "is_sent": "sent" in request.GET or status == 422}, status=status)


def _proven(request: HttpRequest, number: str, *, now: datetime) -> AnswerLink | None:
    """The live link to ``number`` that this browser was opened by."""
    kept = (request.session.get(KEPT_IN_SESSION) or {}).get(number) or {}
    link = answering.of_token(kept.get("token", ""), now=now)
    return link if link is not None and answering.case_of(link).number == number else None


def _has_phone(request: HttpRequest, number: str, *, now: datetime) -> bool:
    kept = (request.session.get(KEPT_IN_SESSION) or {}).get(number) or {}
    until = parse_datetime(kept.get("phone_until", ""))
    return until is not None and now < until


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "answer/over.html", status=404)


def _url(number: str, page: Page) -> str:
    return reverse("complaints:answer-step", args=[number, page.name])


def _masked(link: AnswerLink) -> str:
    contact = answering.phone_of(link)
    return contact.masked if contact is not None else ""


def answering_of(link: AnswerLink, *, now: datetime) -> Answering:
    """The case of a live link, in a fixed number of queries."""
    case = answering.case_of(link)
    with answering.reading(link):
        actor = actors.respondent(case, organisation=respondent_of(case), person_key=link.person_key, channel=LINK)
        return sight_of(link, case, actor, now=now)


def sight_of(link: AnswerLink, case: Complaint, actor: Actor, *, now: datetime) -> Answering:
    """What the respondent ``actor`` sees of ``case``; read under the steps."""
    calendar = current_calendar()
    clocks = visible_clocks(case, ENTERPRISE)
    entries = list(HandlingStep.objects.filter(complaint=case, audience=Audience.PARTIES).select_related("name", "recorded_by")
                   .order_by("sequence"))
    accepted = next((entry.sequence for entry in entries if entry.step == "accept"), 10**9)
    entries = [entry for entry in entries if entry.sequence >= accepted]
    texts = list(PersonalText.objects.filter(complaint=case, audience=Audience.PARTIES))
    keyring.load_for([*texts, *(name for entry in entries for name in (entry.name, entry.recorded_by) if name)])
    reader = Reader(side=ENTERPRISE, knows_consumer=False, names={})
    matters, owed = matters_of(case, ENTERPRISE), list(Obligation.objects.filter(complaint=case, engagement=None))
    today = calendar.local_day(now)
    around = Around(complaint=case, side=ENTERPRISE, engagement_id=None, now=now, matters=matters, offers=(),
                    obligations=tuple(owed))
    clock = mediation_clock(case)
    return Answering(
        link=link, case=case, actor=actor, respondent=respondent_of(case), now=now,
        duty=standing(complaint=case, clocks=clocks, viewer_side=ENTERPRISE, now=now, calendar=calendar),
        sixty=sixty_days(clock, today), session=next(iter(sessions_of([], matters.get("session"), [], now)), None), table=Table(matters=matters, obligations=owed), steps=open_steps(actor, around),
        promises=in_force(obligations_of(owed, clocks, side=ENTERPRISE, today=today)),
        demands=[demand_text(row) for row in Demand.objects.filter(complaint=case)],
        statement=next((text.text for text in texts if text.kind == "consumer_statement"), ""),
        thread=thread_of(entries, texts, {}, reader=reader), timeline=timeline_of(entries, {}, reader=reader))
