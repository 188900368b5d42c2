"""The bodies that mediate for an authority (art. 19): /authority/mediation/bodies/, the register; /mediate/, one case.

The head of an authority adds rows and ends them; nothing is deleted, and a service station is no such body. By a link
of its own a body reads what both parties read, every number and address masked; an agreement and the end of a mediation
are the authority's.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.idempotency import once
from accounts.masking import masked_address, masked_phone
from accounts.roles import Right
from authorities.models import Authority, Officer, Region
from complaints import wording
from complaints.desks.authority_lists import respondent_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import (
    CHOOSE,
    Choice,
    Day,
    Dropdown,
    FilesField,
    FreeText,
    StepForm,
    TakesFiles,
    lines_of,
    set_choices,
)
from complaints.forms.mediation_forms import SuggestionForm, promises_form, rearranged, suggestion_move
from complaints.forms.staff_forms import enterprise_named
from complaints.links import answer_links
from complaints.models import AnswerLink, Matter
from complaints.pages.authority.forms import SessionForm
from complaints.pages.links.link_access import LINK, LinkAccess, masked, over, proven
from complaints.pages.links.track import unlisted
from complaints.pages.shared.step_pages import StepContext, StepPage, plain, table
from complaints.parties import actors
from complaints.procedure.workflow import LOOK
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case import BODY, CaseAccess, CasePage, clock_name, page_of
from complaints.reading.case_people import MASKED
from complaints.reading.mediation_facts import facts_for, mediation_clock, sixty_days
from enterprises.models import Enterprise, MediationBody, Station
from web.incoming import posted
from web.languages import named


class BodyForm(StepForm):
    name = FreeText(label=_("名称"), rows=1, longest=120)
    name_en = FreeText(label=_("英文名称"), rows=1, longest=160, required=False)
    kind = Choice(label=_("是什么组织"), choices=MediationBody.Kind.choices)
    legal_basis = FreeText(label=_("成立依据"), rows=2, longest=300, help_text=_("写法律条款、批准文件或者登记证号。"))
    region = Dropdown(label=_("在哪里调解"))
    enterprise = FreeText(
        label=_("由哪家企业开办或者主导"),
        rows=1,
        longest=200,
        required=False,
        help_text=_("写企业全称；不属于企业的不填。这个组织不能调解对这家企业的投诉。"),
    )
    starts_on = Day(label=_("从哪一天起"), required=False)

    def __init__(self, *args: Any, authority: Authority, **options: Any) -> None:
        super().__init__(*args, **options)
        place = authority.region
        rows = Region.objects.filter(
            id__gte=place.id, id__lte=place.last, level__in=(place.level, Region.Level.CITY, Region.Level.COUNTY)
        ).order_by("id")[:400]
        set_choices(self, "region", [(str(row.pk), named(row)) for row in rows])
        self.fields["region"].initial = str(place.pk)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if Station.objects.filter(name=name).exists():
            raise ValidationError(_("消费维权服务站不能受委托调解。"))
        return name

    def clean_enterprise(self) -> Enterprise | None:
        return enterprise_named(self.cleaned_data["enterprise"])


SHOWN = 200


def _headed(workspace: Workspace) -> list[Authority]:
    """Authorities whose head this person is today."""
    posts = Officer.objects.on(workspace.today).filter(user=workspace.user, role__in=Right.LEAD_AUTHORITY.posts)
    return list(dict.fromkeys(post.authority for post in posts.select_related("authority__region").order_by("pk")))


def _seen(workspace: Workspace) -> list[MediationBody]:
    """Rows of the own authorities, of those above and below, in force first."""
    seen: dict[int, MediationBody] = {}
    rows = MediationBody.objects.select_related("authority", "region", "enterprise").order_by("-pk")
    for actor in workspace.actors:
        first, last = actor.region or (0, -1)
        inside = rows.filter(authority__region_id__gte=first, authority__region_id__lte=last)
        above = rows.filter(authority__region_id__lte=first, authority__region__last__gte=last)
        seen |= {row.pk: row for row in (inside | above)[:SHOWN]}
    return sorted(seen.values(), key=lambda row: (not _in_force(row, workspace.today), row.name, row.pk))


def _in_force(row: MediationBody, day: date) -> bool:
    return row.ends_on is None or row.ends_on >= day


@officer_page("GET", "POST")
def bodies(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    heads = _headed(workspace)
    if request.method == "POST" and not heads:
        raise Http404
    form = BodyForm(posted(request), authority=heads[0]) if heads else None
    if form is not None and form.is_bound and form.is_valid():
        cleaned = dict(form.cleaned_data)
        key = {"authority": heads[0], "name": cleaned.pop("name")}
        key["starts_on"] = cleaned.pop("starts_on") or workspace.today
        cleaned["region_id"] = int(cleaned.pop("region"))
        with once(request) as attempt:
            if not attempt.answered:
                _row, is_new = MediationBody.objects.get_or_create(**key, defaults=cleaned)
                if is_new:
                    attempt.reference = request.path
                    messages.success(request, gettext("已登记。"), extra_tags="ok")
                else:
                    form.add_error("name", gettext("这个组织在这一天已经登记过。"))
        if attempt.reference:
            return redirect(attempt.reference)
    mine = {authority.pk for authority in heads}
    context = {
        "form": form,
        "rows": [
            {
                "body": row,
                "is_in_force": _in_force(row, workspace.today),
                "may_end": row.authority_id in mine and row.ends_on is None,
            }
            for row in _seen(workspace)
        ],
    }
    return render(request, "authority/bodies.html", context, status=422 if form is not None and form.is_bound else 200)


@officer_page("POST")
def end(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """From tomorrow on nothing more is handed to it; what was handed over stays until it is taken back."""
    row = MediationBody.objects.filter(pk=pk, authority__in=_headed(workspace), ends_on=None).first()
    with once(request) as attempt:
        if not attempt.answered:
            if row is None:
                raise Http404
            yesterday = workspace.today - timedelta(days=1)
            began_today = row.starts_on is not None and row.starts_on > yesterday
            row.ends_on = workspace.today if began_today else yesterday
            row.save(update_fields=["ends_on"])
            attempt.reference = reverse("complaints:authority-bodies")
            messages.success(request, gettext("已停用：%(name)s") % {"name": row.name}, extra_tags="ok")
    return redirect(attempt.reference)


class HeldSessionForm(TakesFiles, SessionForm):
    """When, where and how; who was there; what was said. Filled in from what was planned."""

    by_body = True
    present = forms.MultipleChoiceField(
        label=_("谁在场"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    minutes = FreeText(label=_("调解情况"), rows=8, help_text=_("双方看得到。"))
    uploads = FilesField(label=_("笔录等材料"))

    def __init__(self, *args: Any, planned: Matter | None, now: datetime, **options: Any) -> None:
        initial: dict[str, Any] = {}
        if planned is not None and (at := datetime.fromisoformat(planned.subject)) <= now:
            initial = {
                "at": at.astimezone(SHANGHAI).replace(tzinfo=None),
                "place": planned.data.get("place", ""),
                "mode": planned.data.get("mode", ""),
            }
        super().__init__(*args, now=now, initial=initial, **options)
        set_choices(
            self,
            "present",
            [*lines_of(("consumer", "enterprise"), "side"), ("body", wording.label("mediation_body", kind="role"))],
        )

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at > self.now:
            raise forms.ValidationError(_("请写已经过去的时间。"))
        return at


class ResultForm(TakesFiles, StepForm):
    """What came of it; the authority decides what follows."""

    by_body = True
    result = Choice(label=_("调解结果"))
    text = FreeText(
        label=_("情况"), rows=6, help_text=_("达成一致的，写明双方同意什么；调解不成的，写明为什么。双方看得到。")
    )
    uploads = FilesField(label=_("材料"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "result", lines_of(tuple(wording.KINDS["delegated_result"]), "delegated_result"))


PAGES: dict[str, StepPage[CasePage]] = table(
    StepPage(
        name="session",
        steps=("schedule_session",),
        title=_("约定调解会"),
        button=_("通知双方"),
        form=lambda page, data: SessionForm(data, now=page.now, until=mediation_clock(page.complaint)),
        explain=_("双方都会收到时间、地点和方式；再约一次，前一次就作废。"),
    ),
    StepPage(
        name="minutes",
        steps=("record_session",),
        title=_("记录一次调解"),
        button=_("记录"),
        form=lambda page, data: HeldSessionForm(data, now=page.now, planned=page.matters.get("session")),
        explain=_("写进案件记录，双方和监管部门都看得到，不能修改。"),
    ),
    StepPage(
        name="suggestion",
        steps=("suggest_settlement",),
        title=_("提出调解方案"),
        button=_("提出方案"),
        form=lambda page, data: promises_form(
            SuggestionForm, data, suggested=page.matters.get("suggestion"), today=page.today
        ),
        redraw=lambda page, typed: rearranged(SuggestionForm, typed, today=page.today),
        build=suggestion_move,
        explain=_("双方都会收到通知，各自答复同意或者不同意。答复同意还不是协议；没有约束力。"),
    ),
    StepPage(
        name="result",
        steps=("report_mediation",),
        title=_("报告调解结果"),
        button=_("报告给监管部门"),
        form=plain(ResultForm),
        explain=_("报告之后，由监管部门记录协议或者决定终止调解；在那之前可以再报告一次，以新的为准。"),
    ),
)


def _case_of(link: AnswerLink) -> CaseAccess:
    """The case of a live link, and the body as who acts on it."""
    case = answer_links.case_of(link)
    with answer_links.reading(link):
        delegation = Matter.objects.get(pk=link.delegation_id or 0)
        delegation.complaint = case
        actor = actors.mediation_body(
            case,
            organisation=delegation.data.get("body", ""),
            person_key=link.person_key,
            delegation=delegation.pk,
            channel=LINK,
        )
    return CaseAccess(complaint=case, side=BODY, viewer=actor, actor=actor)


def _page(result: CaseAccess, now: datetime) -> CasePage:
    page = page_of(result, now=now, visibility=MASKED, files_at="complaints:mediate-file{}")
    if page.next_action.clock is not None and page.next_action.deadline is not None:
        page.next_action.clock["url"] = ACCESS.url(
            result.complaint.number, "why", clock_name(page.next_action.deadline)
        )
    return page


@unlisted
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """What it is about, what both sides said, what was done so far, the days that are left and what may be done."""
    now = timezone.now()
    link = proven(request, number, ACCESS, now=now)
    if link is None:
        return over(request)
    result = _case_of(link)
    with answer_links.reading(link):
        page = _page(result, now)
        complaint, clock = result.complaint, mediation_clock(result.complaint)
        given = complaint.respondent_details or {}
        facts: dict[str, Any] = facts_for(page, page.matters, now) | {
            "sixty": sixty_days(
                clock, page.today, url=ACCESS.url(number, "why", clock_name(clock)) if clock is not None else ""
            )
        }
        delegated = facts["delegated"] or {}
        context = {
            "page": page,
            "body": result.viewer.organisation,
            "respondent": respondent_of(complaint),
            "phone": masked(link),
            "authority": named(complaint.handling_authority),
            "respondent_phone": masked_phone(str(given.get("phone", ""))),
            "respondent_address": masked_address(str(given.get("address", ""))),
            "steps": [
                (one, ACCESS.step_url(number, one.name)) for one in PAGES.values() if one.is_open(_open_steps(page))
            ],
            "events": [event for event in page.timeline if event.step != LOOK],
            "result": (
                wording.label(delegated.get("result", ""), kind="delegated_result") if delegated.get("result") else ""
            ),
            **facts,
        }
        return render(request, "mediate/case.html", context)


def _open_steps(page: CasePage) -> set[str]:
    """Less what a recusal that was asked for stops (art. 21)."""
    stopped = {"schedule_session", "suggest_settlement"} if "recusal" in page.matters else set()
    return set(page.steps) - stopped


def step_context(request: HttpRequest, link: AnswerLink, now: datetime) -> StepContext[CasePage]:
    """The case as the body sees it, that acts by the link."""
    result = _case_of(link)
    with answer_links.reading(link):
        page = _page(result, now)
    return StepContext(
        request=request,
        access=result,
        case=page,
        steps=_open_steps(page),
        status=page.next_action.status,
        now=now,
        home=ACCESS.url(result.complaint.number),
        template="mediate/step.html",
        shown=lambda asked, form: {"page": page},
        message=lambda asked, form, moves: gettext("已记录，监管部门会看到。"),
    )


ACCESS = LinkAccess(name=answer_links.BODY, side=BODY, kept="mediating", pages=PAGES, step_context=step_context)
