"""/authority/enterprises/: the register as officers use it: standing, history, filings; suspending and letting go.

Every officer reads the register; the head of the authority that enrolled an enterprise decides about it, and its
handlers answer what the enterprise files.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.sign_in.contacts import parse_contact
from accounts.sign_in.limits import client_address, place_of
from accounts.sign_in.step_up import fresh_factor
from complaints import handling
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.handling.steps import authority
from complaints.models.complaint import OPEN
from complaints.pages.enrolment.enrolment_forms import AnswerForm, StandingForm, filed_rows
from complaints.pages.public import enterprises as open_enterprises
from complaints.procedure.workflow import ANY_E, ENTERPRISE_SIDE
from enterprises.enrolment import enrolled, enrolling
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import Enterprise
from enterprises.models.enrolment import EnrolmentEntry, EnrolmentFiling, ExitGround, RefusalGround
from enterprises.team.rights import is_led
from enterprises.team.team import TeamRefusal
from web.templatetags.portal import name_of

#: So many cases are taken back at once; the page says how many are left.
AT_ONCE = 150
MANY = 1000
SHOWN = 20
Enrolment = Enterprise.Enrolment


@officer_page("GET")
def enterprises(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The register: those that the own authorities enrolled, or what is looked for; and what waits."""
    query = request.GET.get("q", "").strip()[:80]
    own = workspace.authority_ids
    page = open_enterprises.listed(
        query,
        request.GET,
        on=workspace.today,
        rows=Enterprise.objects.filter(enrolled_by_id__in=own) if not query else Enterprise.objects.all(),
    )
    address = f"{request.path}?q={query}&"
    return render(
        request,
        "enrol/enterprises.html",
        {
            "query": query,
            "previous_url": f"{address}before={page.before}" if page.before else "",
            "next_url": f"{address}after={page.after}" if page.after else "",
            "rows": [
                {
                    "row": row,
                    "tone": open_enterprises.TONES[row.enrolment],
                    "url": reverse("complaints:authority-enterprise", args=[row.code]),
                }
                for row in page.rows
            ],
            "waiting": enrolling.waiting_with(own)[:MANY].count(),
            "filings": list(enrolled.filed_with(own).select_related("enterprise").order_by("filed_at")[:SHOWN]),
        },
    )


def _of(code: str) -> Enterprise:
    found = enrolled.of_code(code)
    if found is None:
        raise Http404
    return found


@officer_page("GET")
def enterprise(request: HttpRequest, workspace: Workspace, uscc: str) -> HttpResponseBase:
    """One enterprise: standing, who answers where, history, what it filed."""
    enterprise = _of(uscc)
    may_read = enrolled.may_read_filings(enterprise, workspace.user, on=workspace.today)
    may_decide = may_read and enrolled.may_decide(enterprise, workspace.user, on=workspace.today)
    entries = (
        list(enterprise.entries.select_related("by", "authority")) if may_read else list(enrolled.history(enterprise))
    )
    sealed_fields.load_for(row.by for row in entries if may_read and row.by is not None)
    return render(
        request,
        "enrol/enterprise.html",
        {
            **open_enterprises.facts_of(enterprise, on=workspace.today),
            "may_decide": may_decide,
            "may_read": may_read,
            "entries": [_entry(row, with_names=may_read) for row in entries],
            "filings": [
                {
                    "row": row,
                    "rows": filed_rows(row.kind, row.data),
                    "form": AnswerForm(auto_id=f"id_{row.pk.hex[:6]}_%s")
                    if row.state == EnrolmentFiling.State.FILED
                    else None,
                    "tone": {"filed": "warn", "noted": "ok", "asked_back": "neutral"}[row.state],
                }
                for row in enterprise.filings.all()[:SHOWN]
            ]
            if may_read
            else [],
            "open_cases": min(MANY + 1, _open_cases(enterprise, workspace)[: MANY + 1].count()),
            "many": MANY,
            "standing_url": reverse("complaints:authority-enterprise-standing", args=[enterprise.code]),
            "needs_manager": may_decide
            and enterprise.enrolment == Enrolment.ENROLLED
            and not is_led(enterprise, on=workspace.today),
        },
    )


def _entry(row: EnrolmentEntry, *, with_names: bool) -> dict[str, Any]:
    ground = enrolled.ground_words(row) or (
        RefusalGround(row.ground).label if row.ground in RefusalGround.values else ""
    )
    who = row.by.name if with_names and row.by else name_of(row.authority)
    text = EnrolmentFiling.Kind(row.text).label if row.text in EnrolmentFiling.Kind.values else row.text
    return {
        "at": row.at,
        "on_day": row.on_day,
        "what": EnrolmentEntry.Kind(row.kind).label,
        "ground": ground,
        "text": text if with_names else "",
        "who": who,
    }


def _open_cases(enterprise: Enterprise, workspace: Workspace) -> Any:
    """Open cases that lie with this enterprise and that this desk sees."""
    return workspace.cases().filter(OPEN, enterprise=enterprise, status__in=ENTERPRISE_SIDE)


@officer_page("GET", "POST")
def standing(request: HttpRequest, workspace: Workspace, uscc: str) -> HttpResponseBase:
    """Suspend, resume, exit: one decision a page, with the second factor fresh."""
    enterprise = _of(uscc)
    if not enrolled.may_decide(enterprise, workspace.user, on=workspace.today):
        raise Http404
    return fresh_factor(_standing)(request, workspace, enterprise)


def _standing(request: HttpRequest, workspace: Workspace, enterprise: Enterprise) -> HttpResponseBase:
    notice = enrolled.first_last_day(ExitGround.MISSES, region_id=enterprise.domicile_id, today=workspace.today)
    form = StandingForm(
        request.POST if request.method == "POST" else None, allowed=_allowed(enterprise), notice_until=notice
    )
    status = 422 if request.method == "POST" else 200
    here = reverse("complaints:authority-enterprise", args=[enterprise.code])
    if request.method == "POST" and form.is_valid():
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    _carry_out(request, workspace, enterprise, form.cleaned_data)
                    attempt.reference = here
            return redirect(attempt.reference)
        except EnrolmentRefusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
    return render(
        request,
        "enrol/standing.html",
        {
            "form": form,
            "firm": enterprise,
            "back": here,
            "is_shut_out": enterprise.is_shut_out,
            "open_cases": min(MANY + 1, _open_cases(enterprise, workspace)[: MANY + 1].count()),
            "many": MANY,
            "asked": enterprise.filings.filter(
                kind=EnrolmentFiling.Kind.EXIT, state=EnrolmentFiling.State.FILED
            ).first(),
        },
        status=status,
    )


def _allowed(enterprise: Enterprise) -> frozenset[str]:
    found = set()
    if enterprise.enrolment == Enrolment.ENROLLED:
        found.add("suspend")
    if enterprise.enrolment == Enrolment.SUSPENDED:
        found.add("resume")
    if enterprise.enrolment in (Enrolment.ENROLLED, Enrolment.SUSPENDED):
        found.add("exit" if enterprise.leaves_on is None else "drop_exit")
    return frozenset(found)


def _carry_out(request: HttpRequest, workspace: Workspace, enterprise: Enterprise, said: dict[str, Any]) -> None:
    told: dict[str, Any] = {"by": workspace.user, "text": said["text"], "now": workspace.now}
    done = _("已决定，企业的管理员会收到邮件。")
    match said["do"]:
        case "suspend":
            keeps = said["cases"] == "keep"
            enrolled.suspend(enterprise, ground=said["suspension_ground"], keeps_cases=keeps, **told)
            if not keeps:
                done += _recalled(enterprise, workspace, said["text"])
        case "resume":
            enrolled.resume(enterprise, **told)
        case "exit":
            enrolled.set_exit(enterprise, ground=said["exit_ground"], last_day=said["last_day"], **told)
        case _:
            enrolled.drop_exit(enterprise, **told)
    messages.success(request, done, extra_tags="ok")


def _recalled(enterprise: Enterprise, workspace: Workspace, text: str) -> str:
    """Take back what this desk may; cases of other regions are their own authorities' to take back."""
    cases = workspace.cases()
    ids = list(
        cases.filter(OPEN, enterprise=enterprise, status__in=ANY_E)
        .order_by("pk")
        .values_list("pk", flat=True)[:AT_ONCE]
    )
    taken = []
    for actor in workspace.actors:
        left = [pk for pk in ids if pk not in taken]
        if left:
            taken += (
                [
                    one.complaint.pk
                    for one in handling.take(authority.recall(text=text), left, actor=actor, now=workspace.now)
                    if one.refusal is None
                ]
                if len(left) > 1
                else _one(left[0], text, actor, workspace)
            )
    return " " + _("收回了%(n)d件。") % {"n": len(taken)}


def _one(pk: int, text: str, actor: Any, workspace: Workspace) -> list[int]:
    try:
        handling.take(authority.recall(text=text), [pk], actor=actor, now=workspace.now)
    except handling.StepNotAllowed:
        return []
    return [pk]


@officer_page("POST")
def recall(request: HttpRequest, workspace: Workspace, uscc: str) -> HttpResponseBase:
    """Take back more of the open cases of an enterprise that is shut out; officers of every region do it for theirs."""
    enterprise = _of(uscc)
    if not enterprise.is_shut_out:
        raise Http404
    with once(request) as attempt:
        if not attempt.answered:
            messages.success(
                request,
                _recalled(enterprise, workspace, _("企业已被暂停接收新投诉，由监管部门收回审查。")),
                extra_tags="ok",
            )
            attempt.reference = reverse("complaints:authority-enterprise", args=[enterprise.code])
    return redirect(attempt.reference)


@officer_page("POST")
def answer(request: HttpRequest, workspace: Workspace, uscc: str, filing_id: UUID) -> HttpResponseBase:
    """Take note of what an enterprise filed, or ask back."""
    enterprise = _of(uscc)
    row = enterprise.filings.filter(pk=filing_id).first()
    if row is None or not enrolled.may_read_filings(enterprise, workspace.user, on=workspace.today):
        raise Http404
    form = AnswerForm(request.POST)
    here = reverse("complaints:authority-enterprise", args=[enterprise.code])
    if not form.is_valid():
        return render(
            request,
            "enrol/answer.html",
            {"form": form, "row": row, "rows": filed_rows(row.kind, row.data), "back": here},
            status=422,
        )
    try:
        with once(request) as attempt:
            if not attempt.answered:
                if form.cleaned_data["do"] == "note":
                    enrolled.note_filing(row.pk, by=workspace.user, now=workspace.now)
                else:
                    enrolled.ask_back_filing(
                        row.pk, by=workspace.user, answer=form.cleaned_data["text"], now=workspace.now
                    )
                attempt.reference = here
                messages.success(request, _("已处理。"), extra_tags="ok")
    except EnrolmentRefusal as refusal:
        form.add_error(None, str(refusal))
        return render(
            request,
            "enrol/answer.html",
            {"form": form, "row": row, "rows": filed_rows(row.kind, row.data), "back": here},
            status=409,
        )
    return redirect(attempt.reference)


@officer_page("POST")
def invite(request: HttpRequest, workspace: Workspace, uscc: str) -> HttpResponseBase:
    """A manager for an enterprise that nobody leads, as when the first invitation ran out."""
    enterprise = _of(uscc)
    if not enrolled.may_decide(enterprise, workspace.user, on=workspace.today):
        raise Http404
    return fresh_factor(_invite)(request, workspace, enterprise)


def _invite(request: HttpRequest, workspace: Workspace, enterprise: Enterprise) -> HttpResponseBase:
    here = reverse("complaints:authority-enterprise", args=[enterprise.code])
    contact = parse_contact(request.POST.get("email", "")[:254])
    if contact is None or contact.channel != "email":
        messages.error(request, _("请填像 name@example.org 这样的邮箱"), extra_tags="bad")
        return redirect(here)
    try:
        with once(request) as attempt:
            if not attempt.answered:
                enrolling.invite_manager(
                    enterprise,
                    contact.address,
                    by=workspace.user,
                    now=workspace.now,
                    place=place_of(request) + reverse("enterprises:invitation"),
                    language=get_language() or "zh-hans",
                    address=client_address(request),
                )
                attempt.reference = here
                messages.success(request, _("邀请信已发出，7天内有效。"), extra_tags="ok")
    except TeamRefusal as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
        return redirect(here)
    return redirect(attempt.reference)
