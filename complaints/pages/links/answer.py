"""/answer/: a respondent without account reads its one case and answers.

It is shown from acceptance on and to whoever was proven at the door (link_access.py); what decides asks for
a code to the phone of the link first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.keys import sealed_fields
from complaints.desks.authority_lists import respondent_of
from complaints.links import answer_links
from complaints.models import AnswerLink, Complaint, Demand, HandlingStep, Obligation, OfficialDocument, PersonalText
from complaints.pages.links.answer_pages import PAGES, Table
from complaints.pages.links.link_access import LINK, LinkAccess, masked, over, proven
from complaints.pages.links.track import unlisted
from complaints.pages.shared.step_pages import StepContext, StepPage
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Audience
from complaints.reading.case import ENTERPRISE, CaseAccess, clock_name, matters_of, visible_clocks
from complaints.reading.case_documents import readable_by, title_of
from complaints.reading.case_people import MASKED, Fact, facts_of, party_words, spoken
from complaints.reading.case_record import Event, Message, Reader, thread_of, timeline_of
from complaints.reading.case_settlement import ObligationView, demand_words, in_force, obligations_of
from complaints.reading.case_steps import Around, open_steps
from complaints.reading.file_view import FileView, files_of
from complaints.reading.mediation_facts import Session, SixtyDays, mediation_clock, sessions_of, sixty_days
from complaints.wording.duty import Standing, standing

#: What a respondent must do first, where it stands open.
_FIRST = ("mediation", "suggestion", "settled-elsewhere", "performed", "confirm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An official document that is addressed to the respondent."""

    document: OfficialDocument
    title: str
    url: str

    @property
    def is_void(self) -> bool:
        return self.document.state == OfficialDocument.VOID


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondentPage:
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
    demand_note: str
    statement: str
    spoken: str
    facts: list[Fact]
    files: list[FileView]
    documents: list[Paper]
    thread: list[Message]
    timeline: list[Event]
    now: datetime

    @property
    def home(self) -> str:
        return ACCESS.url(self.case.number)

    def is_open(self, page: StepPage[Table]) -> bool:
        return page.is_open(self.steps)


@unlisted
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """What it is about, who must do what by when, what was said since acceptance, and what may be done."""
    now = timezone.now()
    link = proven(request, number, ACCESS, now=now)
    if link is None:
        return over(request)
    found = answering_of(link, now=now)
    pages = [page for page in PAGES.values() if found.is_open(page)]
    due = [page for page in pages if page.name in _FIRST and not _is_answered(found, page)]
    return render(
        request,
        "answer/case.html",
        {
            "page": found,
            "due": [(page, ACCESS.step_url(number, page.name)) for page in due],
            "more": [(page, ACCESS.step_url(number, page.name)) for page in pages if page not in due],
            "phone": masked(link),
        },
    )


def _is_answered(found: RespondentPage, page: StepPage[Table]) -> bool:
    """Said already; it may be said otherwise, but nobody waits for it."""
    if page.name == "mediation":
        return "mediation_enterprise" in found.case.consents
    suggestion = found.table.matters.get("suggestion")
    return page.name == "suggestion" and suggestion is not None and "enterprise" in suggestion.data.get("answers", {})


def step_context(request: HttpRequest, link: AnswerLink, now: datetime) -> StepContext[Table]:
    """The case as its respondent sees it, who acts by the link."""
    found = answering_of(link, now=now)
    return StepContext(
        request=request,
        found=CaseAccess(complaint=found.case, side=ENTERPRISE, viewer=found.actor, actor=found.actor),
        case=found.table,
        steps=found.steps,
        status=found.duty.status,
        now=now,
        home=found.home,
        template="answer/step.html",
        shown=lambda page, form: {"page": found},
        told=lambda page, form, moves: _("已记录，监管部门会看到。"),
    )


def answering_of(link: AnswerLink, *, now: datetime) -> RespondentPage:
    """The case of a live link, in a fixed number of queries."""
    case = answer_links.case_of(link)
    with answer_links.reading(link):
        actor = actors.respondent(case, organisation=respondent_of(case), person_key=link.person_key, channel=LINK)
        return visibility_of(link, case, actor, now=now)


def visibility_of(link: AnswerLink, case: Complaint, actor: Actor, *, now: datetime) -> RespondentPage:
    """What the respondent ``actor`` sees of ``case``; read under the steps."""
    calendar = current_calendar()
    clocks = visible_clocks(case, ENTERPRISE)
    entries = list(
        HandlingStep.objects.filter(complaint=case, audience=Audience.PARTIES)
        .select_related("name", "recorded_by")
        .order_by("sequence")
    )
    accepted = next((entry.sequence for entry in entries if entry.step == "accept"), 10**9)
    entries = [entry for entry in entries if entry.sequence >= accepted]
    texts = list(PersonalText.objects.filter(complaint=case, audience=Audience.PARTIES))
    files = files_of(case, side=ENTERPRISE, user_id=None, address="complaints:answer-file{}")
    by_digest = {file.sha256: file for file in files}
    sealed_fields.load_for([*texts, *(name for entry in entries for name in (entry.name, entry.recorded_by) if name)])
    filed = {text.kind: text.text for text in texts if text.kind.startswith("consumer_")}
    reader = Reader(side=ENTERPRISE, knows_consumer=False, names={})
    matters, owed = matters_of(case, ENTERPRISE), list(Obligation.objects.filter(complaint=case, engagement=None))
    today = calendar.local_day(now)
    around = Around(
        complaint=case,
        side=ENTERPRISE,
        engagement_id=None,
        now=now,
        matters=matters,
        offers=(),
        obligations=tuple(owed),
    )
    clock = mediation_clock(case)
    duty = standing(complaint=case, clocks=clocks, viewer_side=ENTERPRISE, now=now, calendar=calendar)
    if duty.clock is not None and duty.deadline is not None:
        duty.clock["url"] = ACCESS.url(case.number, "why", clock_name(duty.deadline))
    return RespondentPage(
        link=link,
        case=case,
        actor=actor,
        respondent=respondent_of(case),
        now=now,
        duty=duty,
        sixty=sixty_days(
            clock, today, url=ACCESS.url(case.number, "why", clock_name(clock)) if clock is not None else ""
        ),
        session=next(iter(sessions_of([], matters.get("session"), [], now)), None),
        table=Table(matters=matters, obligations=owed),
        steps=open_steps(actor, around),
        promises=in_force(obligations_of(owed, clocks, side=ENTERPRISE, today=today)),
        demands=[demand_words(row) for row in Demand.objects.filter(complaint=case)],
        demand_note=filed.get("consumer_demand_note", ""),
        statement=filed.get("consumer_statement", ""),
        spoken=spoken(case, filed),
        facts=facts_of(case, filed, visibility=MASKED) + party_words(case),
        files=files,
        documents=[
            Paper(document=row, title=title_of(row.form), url=ACCESS.url(case.number, "document", row.pk))
            for row in readable_by(case, ENTERPRISE, actor)
        ],
        thread=thread_of(entries, texts, by_digest, reader=reader),
        timeline=timeline_of(entries, by_digest, reader=reader),
    )


ACCESS = LinkAccess(
    name=answer_links.RESPONDENT, side=ENTERPRISE, kept="answering", pages=PAGES, step_context=step_context
)
