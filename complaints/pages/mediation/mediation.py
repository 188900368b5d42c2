"""/authority/mediation/: what is being mediated, by what it waits for; and the workspace of one mediation.

The workspace shows and links; every step has its own page and is judged there. Day n of 60 is what the clock
counts, and stretches that do not count are named with their days.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording
from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, ListedCase, late, rows_of, waits_for
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from complaints.desks.officer_case import OfficerCase, officer_case_of
from complaints.models import Complaint, Deadline, Matter
from complaints.pages.authority.cases import Button, step_url
from complaints.pages.authority.forms import termination_grounds
from complaints.pages.authority.intake.on_behalf import FILER, may_write_down
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.workflow import Clock, Outcome, Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading import case_documents, case_rows
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.mediation_facts import calendar_file, facts_for, mediation_case_url, mediation_clock, sixty_days
from database.prepared import PreparedQuery
from web.listing import listed

#: A mediation is short of time from here on, in days to its last day.
SHORT_OF_TIME = timedelta(days=15)
IN_MEDIATION = (Status.MEDIATING, Status.MEDIATION_SUSPENDED)


TABS = (
    Tab("all", gettext_lazy("全部调解中"), "authority", gettext_lazy("没有正在调解的投诉。")),
    Tab("consent", gettext_lazy("等双方同意"), "warn", gettext_lazy("正在调解的，双方都表示过意见了。")),
    Tab("session", gettext_lazy("已排调解"), "neutral", gettext_lazy("没有排好时间的调解。")),
    Tab("suggestion", gettext_lazy("方案待答复"), "neutral", gettext_lazy("没有在等答复的调解方案。")),
    Tab("recusal", gettext_lazy("回避待决定"), "bad", gettext_lazy("没有待决定的回避申请。")),
    Tab("appraisal", gettext_lazy("鉴定、检测中"), "neutral", gettext_lazy("没有在鉴定、检测的。")),
    Tab("delegated", gettext_lazy("委托调解中"), "neutral", gettext_lazy("没有委托出去的调解。")),
    Tab("short", gettext_lazy("15日内届满"), "warn", gettext_lazy("15日内没有届满的。")),
    Tab("late", gettext_lazy("已逾期"), "bad", gettext_lazy("没有逾期的。")),
    Tab("agreed", gettext_lazy("协议待做到"), "neutral", gettext_lazy("没有待做到的调解协议。")),
    Tab("notice", gettext_lazy("终止待告知"), "warn", gettext_lazy("终止调解的，都告知双方了。")),
)


def _clock(name: Clock, **more: Any) -> Exists:
    return Exists(Deadline.objects.filter(complaint=OuterRef("pk"), clock=name, ended_at=None, **more))


def _lists(workspace: Workspace) -> dict[str, QuerySet[Complaint]]:
    cases = workspace.cases()
    mediating = cases.filter(status__in=IN_MEDIATION)
    # What was never asked is missing there: a comparison with it would be neither true nor false.
    unasked = ~Q(consents__contains={"mediation_consumer": True, "mediation_enterprise": True})
    # An obligation that no engagement carries stems from a mediation.
    mediated = Deadline.objects.filter(
        complaint=OuterRef("pk"), clock=Clock.PERFORMANCE, obligation__source="mediation"
    )
    soon = datetime.combine(workspace.today, time(), SHANGHAI) + SHORT_OF_TIME + timedelta(days=1)
    return {
        "all": mediating,
        "consent": mediating.filter(unasked),
        "session": mediating.filter(waits_for("session")),
        "suggestion": mediating.filter(waits_for("suggestion")),
        "recusal": mediating.filter(waits_for("recusal")),
        "appraisal": mediating.filter(waits_for("appraisal")),
        "delegated": mediating.filter(waits_for("delegation")),
        "short": mediating.filter(_clock(Clock.MEDIATION, state="running", due_at__gt=workspace.now, due_at__lte=soon)),
        "late": mediating.filter(late(workspace.now)),
        "agreed": cases.filter(Exists(mediated), status=Status.PERFORMING),
        "notice": cases.filter(_clock(Clock.NOTICE), status=Status.CLOSED, outcome=Outcome.MEDIATION_TERMINATED),
    }


@officer_page("GET")
def mediations(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page, shown = keyset.tabbed(request, TABS, _lists(workspace), related=RELATED)
    context = {"rows": _rows(page.rows, workspace), "now": workspace.now, **shown}
    return render(request, "authority/mediation.html", context)


_READING = case_rows.Reading(
    sixty=PreparedQuery(
        lambda cases: Deadline.objects.filter(complaint_id__any_of=cases, clock=Clock.MEDIATION).order_by("pk"), list
    ),
    matters=PreparedQuery(
        lambda cases: (
            Matter.objects.filter(complaint_id__any_of=cases, state="open", audience="parties")
            .defer("data")
            .order_by("pk")
        ),
        list,
    ),
)


def _rows(cases: list[Complaint], workspace: Workspace) -> list[ListedCase]:
    """Each leads to its workspace and says what it waits for: the clock of the mediation and the open matters."""
    beside, more = _READING(cases)
    clocks = {clock.complaint_id: clock for clock in more["sixty"]}
    matters: dict[int, dict[str, Matter]] = {}
    for matter in more["matters"]:
        matters.setdefault(matter.complaint_id, {})[matter.kind] = matter
    shown = []
    for row in rows_of(cases, workspace, beside=beside):
        case = row.complaint
        waits, tone = _waits(case, matters.get(case.pk, {}), workspace)
        sixty = sixty_days(clocks.get(case.pk), workspace.today)
        shown.append(replace(row, url=mediation_case_url(case), sixty=sixty, status=waits, tone=tone, icon=""))
    return shown


def _waits(case: Complaint, matters: dict[str, Matter], workspace: Workspace) -> tuple[str, str]:
    if case.status == Status.CLOSED:
        return _("待送达终止调解决定书"), "warn"
    if case.status == Status.PERFORMING:
        return _("等协议做到"), "neutral"
    if "recusal" in matters:
        return _("回避申请待决定"), "bad"
    if "appraisal" in matters:
        return _("鉴定、检测中，期限暂停"), "neutral"
    consents = [case.consents.get(f"mediation_{side}") for side in ("consumer", "enterprise")]
    if False in consents:
        return (_("消费者不同意调解") if consents[0] is False else _("被投诉人不同意调解")), "bad"
    missing = [who for who, agrees in zip((_("消费者"), _("被投诉人")), consents, strict=True) if agrees is None]
    if missing:
        return _("等%(who)s表示是否同意") % {"who": listed(missing)}, "warn"
    if "delegation" in matters and (result := matters["delegation"].subject):
        return _("受委托组织报告：%(result)s") % {"result": wording.label(result, kind="delegated_result")}, "warn"
    if "session" in matters:
        at = datetime.fromisoformat(matters["session"].subject)
        session, when = wording.label("session", kind="matter_kind"), at.astimezone(SHANGHAI)
        return f"{session} {when.month}-{when.day:02d} {when:%H:%M}", "warn" if at <= workspace.now else "authority"
    if "suggestion" in matters:
        return _("等双方答复方案"), "neutral"
    return _("可以安排调解"), "ok"


@officer_page("GET")
def mediation_case(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """One mediation. A case that never came so far has its case page only."""
    officer_case = officer_case_of(workspace, number, request.GET)
    case = officer_case.access.complaint
    clock = mediation_clock(case)
    if clock is None:
        return redirect(case_url(case, AUTHORITY))
    page = page_of(officer_case.access, now=workspace.now)
    is_open, may_write = case.status in IN_MEDIATION, may_write_down(page.actor)
    on_behalf_url, respondent_url, body_url = (
        reverse(f"complaints:authority-{name}", args=[number]) for name in ("on-behalf", "respondent", "body")
    )
    if case.consents.get("mediation_consumer") is None and case.on_behalf_kind not in (JOINT, AGENT):
        # One person, and one thing that is missing: asked and written down on its own page.
        on_behalf_url = f"{reverse('complaints:authority-on-behalf-step', args=[number, 'mediation'])}?for={FILER}"
    context = {
        "page": page,
        "case": case,
        "may": officer_case.may,
        "now": workspace.now,
        "is_open": is_open,
        "case_url": case_url(case, AUTHORITY),
        "groups": _buttons(officer_case),
        "officer": case.officer.user.name if case.officer else "",
        "grounds": termination_grounds(officer_case, clock) if is_open else [],
        "terminate_url": step_url(case, "terminate") if "terminate" in officer_case.may else "",
        "on_behalf_url": on_behalf_url if is_open and may_write else "",
        "respondent_url": respondent_url if case.enterprise_id is None and may_write else "",
        "body_url": body_url if "invite_body" in officer_case.may else "",
        "notice_clocks": [c for c in page.clocks if c.row.clock == Clock.NOTICE],
        "documents": (documents := case_documents.of_case(case, AUTHORITY, page.viewer)),
        "court": case_documents.court_of(documents, case.number),
        "proposals": [m for m in page.matters.values() if m.kind == "proposal"],
        **facts_for(page, officer_case.around.matters, workspace.now),
    }
    return render(request, "authority/mediation_case.html", context)


#: In the order of a mediation.
_ORDER = (
    *("decide_recusal", "end_appraisal", "record_agreement", "suggest_settlement", "schedule_session"),
    *("record_session", "order_appraisal", "delegate_mediation", "recall_mediation", "terminate"),
    *("serve_notice", "assign_officer"),
)
#: What brings a mediation on; the rest is never the first thing to do.
_MAIN = frozenset(_ORDER[:6])


def _buttons(officer_case: OfficerCase) -> list[Button]:
    case, matters = officer_case.access.complaint, officer_case.around.matters
    suggested, handed = matters.get("suggestion"), matters.get("delegation")
    answers = suggested.data.get("answers", {}) if suggested is not None else {}
    order: Sequence[str] = _ORDER
    is_agreed = answers.get("consumer") and answers.get("enterprise")
    if not is_agreed and (handed is None or handed.subject != "agreed"):
        # Nothing is agreed yet: what comes next is a day or a suggestion.
        planned = "record_session" if "session" in matters else "schedule_session"
        order = (*_ORDER[:2], planned, *(step for step in _ORDER[2:] if step != planned))
    buttons: dict[str, Button] = {}
    for step in order:
        if step in officer_case.may and (url := step_url(case, step)) not in buttons:
            buttons[url] = Button(wording.action(step), url, is_main=not buttons and step in _MAIN)
    return list(buttons.values())


@officer_page("GET")
def session_file(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    officer_case = officer_case_of(workspace, number, request.GET)
    planned = officer_case.around.matters.get("session")
    if planned is None:
        raise Http404
    return HttpResponse(
        calendar_file(officer_case.access.complaint, planned, now=workspace.now),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{number}.ics"'},
    )
