"""/answer/: a respondent without account reads its one case and answers.

It is shown from acceptance on and to whoever was proven by the link (link_access.py); what decides asks for a code to
the phone of the link first. The pages of its steps are the same for an officer who writes down what it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.keys import sealed_fields
from complaints import models
from complaints.desks.authority_lists import respondent_of
from complaints.forms.fields import FilesField, FreeText, StepForm, TakesFiles
from complaints.forms.mediation_forms import SuggestionAnswerForm
from complaints.links import answer_links
from complaints.pages.enterprise.forms import ClaimAnswerForm, ConfirmForm, MediationForm, PerformedForm
from complaints.pages.enterprise.steps import claim_move, mediation_move
from complaints.pages.links.link_access import LINK, LinkAccess, masked, over, proven
from complaints.pages.links.track import unlisted
from complaints.pages.shared.step_pages import StepContext, StepPage, plain, table
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Audience
from complaints.reading import mediation_facts
from complaints.reading.case import ENTERPRISE, CaseAccess, clock_name, matters_of, visible_clocks
from complaints.reading.case_documents import readable_by, title_of
from complaints.reading.case_people import MASKED, Fact, facts_of, party_facts, spoken
from complaints.reading.case_record import Event, Message, Reader, thread_of, timeline_of
from complaints.reading.case_settlement import ObligationView, demand_with_amount, in_force, obligations_of
from complaints.reading.case_steps import Around, open_steps
from complaints.reading.file_view import FileView, files_of
from complaints.wording.next_action import NextAction, next_action_of

#: What a respondent must do first, where it stands open.
_FIRST = ("mediation", "suggestion", "settled-elsewhere", "performed", "confirm")


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondentCase:
    """What lies on the table of the case for the respondent."""

    matters: Mapping[str, models.Matter]
    obligations: Sequence[ObligationView]

    def owed(self, by: str, *states: str) -> list[ObligationView]:
        return [one for one in self.obligations if one.owed_by == by and one.state_code in states]


class StatementForm(TakesFiles, StepForm):
    text = FreeText(label=_("您要说明的"), required=False, rows=6, help_text=_("消费者和监管部门都能看到。"))
    uploads = FilesField(label=_("材料"))


class RecusalForm(StepForm):
    whom = forms.CharField(label=_("请谁回避"), max_length=120, error_messages={"required": _("请填写这一项。")})
    text = FreeText(label=_("为什么"), rows=4)


PAGES: dict[str, StepPage[RespondentCase]] = table(
    StepPage(
        name="mediation",
        steps=("agree_to_mediation", "decline_mediation"),
        title=_("您同意由监管部门调解吗？"),
        button=_("提交"),
        form=plain(MediationForm),
        build=mediation_move,
        explain=(
            _("双方都同意，监管部门才组织调解；同意后还可以改变主意。"),
            _("不同意的，监管部门会终止调解；消费者可以起诉或者申请仲裁。"),
        ),
    ),
    StepPage(
        name="suggestion",
        steps=("answer_suggestion",),
        title=_("您同意这个调解方案吗？"),
        button=_("提交答复"),
        form=lambda table, data: SuggestionAnswerForm(data, matter=table.matters.get("suggestion")),
        build=SuggestionAnswerForm.move,
        explain=_("双方都同意，监管部门写成协议，双方签字才算数。"),
        more=lambda table, form: {"suggestion": mediation_facts.suggestion_of(table.matters)},
    ),
    StepPage(
        name="performed",
        steps=("report_performed",),
        title=_("协议上的事，您做到了哪些？"),
        button=_("报告已做到"),
        form=lambda table, data: PerformedForm(data, promises=table.owed("enterprise", "due")),
        explain=_("消费者有%(confirmation)s确认收到没有。"),
    ),
    StepPage(
        name="confirm",
        steps=("confirm_performed",),
        title=_("消费者做到了吗？"),
        button=_("确认已做到"),
        form=lambda table, data: ConfirmForm(data, promises=table.owed("consumer", "due", "reported", "silent")),
        explain=_("确认后，排在后面的约定开始计时。"),
    ),
    StepPage(
        name="settled-elsewhere",
        steps=("confirm_settled_elsewhere", "deny_settled_elsewhere"),
        title=_("消费者称已经另行和解"),
        button=_("提交"),
        form=plain(ClaimAnswerForm),
        build=claim_move,
        explain=_("您不答复的，以消费者的说法为准，案件按“另行和解”办结。"),
    ),
    StepPage(
        name="recusal",
        steps=("request_recusal",),
        title=_("申请工作人员回避"),
        button=_("提交申请"),
        form=plain(RecusalForm),
        explain=_("由另一名工作人员决定；决定之前暂停调解会，期限照常计算。"),
    ),
    StepPage(
        name="statement",
        steps=("add_statement",),
        title=_("说明情况，提交材料"),
        button=_("发送"),
        form=plain(StatementForm),
        decides=False,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondentPage:
    """The case as its respondent may see it: from acceptance on, and nobody's name, number or address."""

    link: models.AnswerLink
    case: models.Complaint
    actor: Actor
    respondent: str
    next_action: NextAction
    sixty: mediation_facts.SixtyDays | None
    session: mediation_facts.Session | None
    table: RespondentCase
    steps: tuple[str, ...]
    promises: list[ObligationView]
    demands: list[str]
    demand_note: str
    statement: str
    spoken: str
    facts: list[Fact]
    files: list[FileView]
    documents: list[dict[str, Any]]
    thread: list[Message]
    timeline: list[Event]
    now: datetime

    @property
    def home(self) -> str:
        return ACCESS.url(self.case.number)


@unlisted
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """What it is about, who must do what by when, what was said since acceptance, and what may be done."""
    now = timezone.now()
    link = proven(request, number, ACCESS, now=now)
    if link is None:
        return over(request)
    shown = answering_of(link, now=now)
    pages = [page for page in PAGES.values() if page.is_open(shown.steps)]
    due = [page for page in pages if page.name in _FIRST and not _is_answered(shown, page)]
    context = {
        "page": shown,
        "due": [(page, ACCESS.step_url(number, page.name)) for page in due],
        "more": [(page, ACCESS.step_url(number, page.name)) for page in pages if page not in due],
        "phone": masked(link),
    }
    return render(request, "answer/case.html", context)


def _is_answered(shown: RespondentPage, page: StepPage[RespondentCase]) -> bool:
    """Said already; it may be said otherwise, but nobody waits for it."""
    if page.name == "mediation":
        return "mediation_enterprise" in shown.case.consents
    suggestion = shown.table.matters.get("suggestion")
    return page.name == "suggestion" and suggestion is not None and "enterprise" in suggestion.data.get("answers", {})


def step_context(request: HttpRequest, link: models.AnswerLink, now: datetime) -> StepContext[RespondentCase]:
    """The case as its respondent sees it, who acts by the link."""
    shown = answering_of(link, now=now)
    return StepContext(
        request=request,
        access=CaseAccess(complaint=shown.case, side=ENTERPRISE, viewer=shown.actor, actor=shown.actor),
        case=shown.table,
        steps=shown.steps,
        status=shown.next_action.status,
        now=now,
        home=shown.home,
        template="answer/step.html",
        shown=lambda page, form: {"page": shown},
        message=lambda page, form, moves: _("已记录，监管部门会看到。"),
    )


def answering_of(link: models.AnswerLink, *, now: datetime) -> RespondentPage:
    """The case of a live link, in a fixed number of queries."""
    case = answer_links.case_of(link)
    with answer_links.reading(link):
        actor = actors.respondent(case, organisation=respondent_of(case), person_key=link.person_key, channel=LINK)
        return visibility_of(link, case, actor, now=now)


def visibility_of(link: models.AnswerLink, case: models.Complaint, actor: Actor, *, now: datetime) -> RespondentPage:
    """What the respondent ``actor`` sees of ``case``; read under the steps."""
    calendar = current_calendar()
    clocks = visible_clocks(case, ENTERPRISE)
    entries = list(
        models.HandlingStep.objects.filter(complaint=case, audience=Audience.PARTIES)
        .select_related("name", "recorded_by")
        .order_by("sequence")
    )
    accepted = next((entry.sequence for entry in entries if entry.step == "accept"), 10**9)
    entries = [entry for entry in entries if entry.sequence >= accepted]
    texts = list(models.PersonalText.objects.filter(complaint=case, audience=Audience.PARTIES))
    files = files_of(case, side=ENTERPRISE, user_id=None, address="complaints:answer-file{}")
    by_digest = {file.sha256: file for file in files}
    sealed_fields.load_for([*texts, *(name for entry in entries for name in (entry.name, entry.recorded_by) if name)])
    filed = {text.kind: text.text for text in texts if text.kind.startswith("consumer_")}
    reader = Reader(side=ENTERPRISE, knows_consumer=False, names={})
    matters = matters_of(case, ENTERPRISE)
    owed = list(models.Obligation.objects.filter(complaint=case, engagement=None))
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
    promises = obligations_of(owed, clocks, side=ENTERPRISE, today=today)
    clock = mediation_facts.mediation_clock(case)
    clock_url = ACCESS.url(case.number, "why", clock_name(clock)) if clock is not None else ""
    next_action = next_action_of(complaint=case, clocks=clocks, viewer_side=ENTERPRISE, now=now, calendar=calendar)
    if next_action.clock is not None and next_action.deadline is not None:
        next_action.clock["url"] = ACCESS.url(case.number, "why", clock_name(next_action.deadline))
    return RespondentPage(
        link=link,
        case=case,
        actor=actor,
        respondent=respondent_of(case),
        now=now,
        next_action=next_action,
        sixty=mediation_facts.sixty_days(clock, today, url=clock_url),
        session=next(iter(mediation_facts.sessions_of([], matters.get("session"), [], now)), None),
        table=RespondentCase(matters=matters, obligations=promises),
        steps=open_steps(actor, around),
        promises=in_force(promises),
        demands=[demand_with_amount(row) for row in models.Demand.objects.filter(complaint=case)],
        demand_note=filed.get("consumer_demand_note", ""),
        statement=filed.get("consumer_statement", ""),
        spoken=spoken(case, filed),
        facts=facts_of(case, filed, visibility=MASKED) + party_facts(case),
        files=files,
        documents=[
            {
                "document": row,
                "title": title_of(row.form),
                "url": ACCESS.url(case.number, "document", row.pk),
                "is_void": row.state == models.OfficialDocument.VOID,
            }
            for row in readable_by(case, ENTERPRISE, actor)
        ],
        thread=thread_of(entries, texts, by_digest, reader=reader),
        timeline=timeline_of(entries, by_digest, reader=reader),
    )


NAME = answer_links.RESPONDENT
ACCESS = LinkAccess(name=NAME, side=ENTERPRISE, kept="answering", pages=PAGES, step_context=step_context)
