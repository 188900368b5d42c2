"""/authority/enterprises/: the register as officers use it: standing, history, filings; suspending and letting go.

Every officer reads it; the head of the authority that enrolled an enterprise decides, its handlers answer filings.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.sign_in.contacts import parse_contact
from accounts.sign_in.limits import client_address, place_of
from accounts.sign_in.step_up import fresh_factor
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.handling.steps import authority
from complaints.models.complaint import OPEN
from complaints.pages.enrolment.authority_enrolments import CHOSEN, FILLED, READ_BY_ENTERPRISE, OneChoice
from complaints.pages.enrolment.enterprise_enrolment import filed_rows
from complaints.pages.public import open_pages as open_enterprises
from complaints.procedure.typed_values import Choice, Day, FreeText
from complaints.procedure.workflow import ANY_E, ENTERPRISE_SIDE
from complaints.tables import many_cases
from enterprises.enrolment import enrolled, enrolling
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import Enterprise
from enterprises.models.enrolment import EnrolmentEntry, EnrolmentFiling, ExitGround, RefusalGround, SuspensionGround
from enterprises.team.rights import is_led
from enterprises.team.team import TeamRefusal
from web.incoming import posted


class EnrolmentForm(OneChoice):
    needs = {
        "suspend": ("suspension_ground", "cases", "text"),
        "resume": ("text",),
        "exit": ("exit_ground", "last_day", "text"),
        "drop_exit": ("text",),
    }

    do = Choice(
        label=_("决定"),
        widget=forms.RadioSelect,
        choices=[
            ("suspend", _("暂停接收新投诉：从现在起不再分送")),
            ("resume", _("恢复接收新投诉")),
            ("exit", _("退出：提前通知，手上的案件由企业办完")),
            ("drop_exit", _("撤销退出决定")),
        ],
        error_messages=CHOSEN,
    )
    suspension_ground = Choice(
        label=_("暂停的理由"), choices=[("", _("请选择")), *SuspensionGround.choices], error_messages=CHOSEN
    )
    cases = Choice(
        label=_("手上的案件"),
        widget=forms.RadioSelect,
        error_messages=CHOSEN,
        choices=[("keep", _("由企业继续办理，期限不变")), ("recall", _("由监管部门收回审查，企业账号暂停使用"))],
    )
    exit_ground = Choice(label=_("退出的理由"), choices=[("", _("请选择")), *ExitGround.choices], error_messages=CHOSEN)
    last_day = Day(label=_("最后一天"), error_messages=FILLED)
    text = FreeText(label=_("事实和说明"), most=1000, lines=4, help_text=READ_BY_ENTERPRISE, error_messages=FILLED)

    def __init__(self, *args: Any, allowed: frozenset[str], notice_until: date, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["do"]
        field.choices = [entry for entry in field.choices if entry[0] in allowed]
        if "suspend" not in allowed:
            del self.fields["suspension_ground"], self.fields["cases"]
        if "exit" not in allowed:
            del self.fields["exit_ground"], self.fields["last_day"]
        else:
            day: Any = self.fields["last_day"]
            day.latest = notice_until + timedelta(days=3650)
            day.help_text = _("到这一天24:00为止。最早%(day)s；执照被吊销、注销的可以是今天") % {
                "day": notice_until.isoformat()
            }


class AnswerForm(OneChoice):
    needs = {"ask_back": ("text",)}

    do = Choice(
        label=_("处理"),
        widget=forms.RadioSelect,
        choices=[("note", _("准予备案")), ("ask_back", _("退回补正"))],
        error_messages=CHOSEN,
    )
    text = FreeText(label=_("要补正什么"), most=500, lines=2, help_text=READ_BY_ENTERPRISE, error_messages=FILLED)


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
    rows = Enterprise.objects.all() if query else Enterprise.objects.filter(enrolled_by_id__in=own)
    page = open_enterprises.listed(query, request.GET, on=workspace.today, rows=rows)
    context = {
        "query": query,
        **keyset.neighbours(page, f"{request.path}?q={query}"),
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
    }
    return render(request, "enrol/enterprises.html", context)


def _of(code: str) -> Enterprise:
    enterprise = enrolled.of_code(code)
    if enterprise is None:
        raise Http404
    return enterprise


def _decided_by(workspace: Workspace, code: str) -> Enterprise:
    enterprise = _of(code)
    if not enrolled.may_decide(enterprise, workspace.user, on=workspace.today):
        raise Http404
    return enterprise


@officer_page("GET")
def enterprise(request: HttpRequest, workspace: Workspace, uscc: str) -> HttpResponseBase:
    """One enterprise: standing, who answers where, history, what it filed."""
    enterprise = _of(uscc)
    may_read = enrolled.may_read_filings(enterprise, workspace.user, on=workspace.today)
    may_decide = may_read and enrolled.may_decide(enterprise, workspace.user, on=workspace.today)
    entries = list(enterprise.entries.select_related("by", "authority") if may_read else enrolled.history(enterprise))
    sealed_fields.load_for(row.by for row in entries if may_read and row.by is not None)
    context = {
        **open_enterprises.facts_of(enterprise, on=workspace.today),
        "may_decide": may_decide,
        "may_read": may_read,
        "entries": [_entry(row, with_names=may_read) for row in entries],
        "filings": [_filing(row) for row in enterprise.filings.all()[:SHOWN]] if may_read else [],
        "open_cases": _open_cases(enterprise, workspace),
        "many": MANY,
        "state_url": reverse("complaints:authority-enterprise-standing", args=[enterprise.code]),
        "needs_manager": may_decide
        and enterprise.enrolment == Enrolment.ENROLLED
        and not is_led(enterprise, on=workspace.today),
    }
    return render(request, "enrol/enterprise.html", context)


def _filing(row: EnrolmentFiling) -> dict[str, Any]:
    form = AnswerForm(auto_id=f"id_{row.pk.hex[:6]}_%s") if row.state == EnrolmentFiling.State.FILED else None
    tone = {"filed": "warn", "noted": "ok", "asked_back": "neutral"}[row.state]
    return {"row": row, "rows": filed_rows(row.kind, row.data), "form": form, "tone": tone}


def _entry(row: EnrolmentEntry, *, with_names: bool) -> dict[str, Any]:
    refusal = RefusalGround(row.ground).label if row.ground in RefusalGround.values else ""
    text = EnrolmentFiling.Kind(row.text).label if row.text in EnrolmentFiling.Kind.values else row.text
    line = open_enterprises.entry_line(row) | {"at": row.at, "ground": enrolled.ground_label(row) or refusal}
    if with_names:
        line |= {"text": text} | ({"who": row.by.name} if row.by else {})
    return line


def _open_cases(enterprise: Enterprise, workspace: Workspace) -> int:
    """How many open cases lie with this enterprise, as far as this officer sees them; at most MANY + 1."""
    cases = workspace.cases().filter(OPEN, enterprise=enterprise, status__in=ENTERPRISE_SIDE)
    return min(MANY + 1, cases[: MANY + 1].count())


@officer_page("GET", "POST")
def enrolment_state(request: HttpRequest, workspace: Workspace, uscc: str) -> HttpResponseBase:
    """Suspend, resume, exit: one decision a page, with the second factor fresh."""
    enterprise = _decided_by(workspace, uscc)
    return fresh_factor(_enrolment_state)(request, workspace, enterprise)


def _enrolment_state(request: HttpRequest, workspace: Workspace, enterprise: Enterprise) -> HttpResponseBase:
    notice = enrolled.first_last_day(ExitGround.MISSES, region_id=enterprise.domicile_id, today=workspace.today)
    allowed: set[str] = set()
    if enterprise.enrolment == Enrolment.ENROLLED:
        allowed.add("suspend")
    if enterprise.enrolment == Enrolment.SUSPENDED:
        allowed.add("resume")
    if enterprise.enrolment in (Enrolment.ENROLLED, Enrolment.SUSPENDED):
        allowed.add("exit" if enterprise.leaves_on is None else "drop_exit")
    form = EnrolmentForm(posted(request), allowed=frozenset(allowed), notice_until=notice)
    status = 422 if form.is_bound else 200
    here = reverse("complaints:authority-enterprise", args=[enterprise.code])
    if form.is_bound and form.is_valid():
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    _apply_decision(request, workspace, enterprise, form.cleaned_data)
                    attempt.reference = here
            return redirect(attempt.reference)
        except EnrolmentRefusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
    context = {
        "form": form,
        "firm": enterprise,
        "back": here,
        "open_cases": _open_cases(enterprise, workspace),
        "many": MANY,
        "asked": enterprise.filings.filter(kind=EnrolmentFiling.Kind.EXIT, state=EnrolmentFiling.State.FILED).first(),
    }
    return render(request, "enrol/standing.html", context, status=status)


def _apply_decision(
    request: HttpRequest, workspace: Workspace, enterprise: Enterprise, cleaned: dict[str, Any]
) -> None:
    common: dict[str, Any] = {"by": workspace.user, "text": cleaned["text"], "now": workspace.now}
    done = gettext("已决定，企业的管理员会收到邮件。")
    match cleaned["do"]:
        case "suspend":
            keeps = cleaned["cases"] == "keep"
            enrolled.suspend(enterprise, ground=cleaned["suspension_ground"], keeps_cases=keeps, **common)
            if not keeps:
                done += _recalled(enterprise, workspace, cleaned["text"])
        case "resume":
            enrolled.resume(enterprise, **common)
        case "exit":
            enrolled.set_exit(enterprise, ground=cleaned["exit_ground"], last_day=cleaned["last_day"], **common)
        case _:
            enrolled.drop_exit(enterprise, **common)
    messages.success(request, done, extra_tags="ok")


def _recalled(enterprise: Enterprise, workspace: Workspace, text: str) -> str:
    """Take back what this officer may; cases of other regions are their own authorities' to take back."""
    cases = workspace.cases().filter(OPEN, enterprise=enterprise, status__in=ANY_E).order_by("pk")
    left, count, move = list(cases.values_list("pk", flat=True)[:AT_ONCE]), 0, authority.recall(text=text)
    for actor in workspace.actors:
        results = many_cases.take_all([(pk, move, actor) for pk in left], now=workspace.now)
        left = [result.complaint.pk for result in results if result.refusal is not None]
        count += len(results) - len(left)
    return " " + gettext("收回了%(n)d件。") % {"n": count}


@officer_page("POST")
def recall(request: HttpRequest, workspace: Workspace, uscc: str) -> HttpResponseBase:
    """Take back more of the open cases of an enterprise that is shut out; officers of every region do it for theirs."""
    enterprise = _of(uscc)
    if not enterprise.is_shut_out:
        raise Http404
    with once(request) as attempt:
        if not attempt.answered:
            done = _recalled(enterprise, workspace, gettext("企业已被暂停接收新投诉，由监管部门收回审查。"))
            messages.success(request, done, extra_tags="ok")
            attempt.reference = reverse("complaints:authority-enterprise", args=[enterprise.code])
    return redirect(attempt.reference)


@officer_page("POST")
def answer(request: HttpRequest, workspace: Workspace, uscc: str, filing_id: UUID) -> HttpResponseBase:
    enterprise = _of(uscc)
    row = enterprise.filings.filter(pk=filing_id).first()
    if row is None or not enrolled.may_read_filings(enterprise, workspace.user, on=workspace.today):
        raise Http404
    form, status = AnswerForm(request.POST), 422
    here = reverse("complaints:authority-enterprise", args=[enterprise.code])
    if form.is_valid():
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    if form.cleaned_data["do"] == "note":
                        enrolled.note_filing(row.pk, by=workspace.user, now=workspace.now)
                    else:
                        text = form.cleaned_data["text"]
                        enrolled.ask_back_filing(row.pk, by=workspace.user, answer=text, now=workspace.now)
                    attempt.reference = here
                    messages.success(request, gettext("已处理。"), extra_tags="ok")
            return redirect(attempt.reference)
        except EnrolmentRefusal as refusal:
            form.add_error(None, str(refusal))
            status = 409
    context = {"form": form, "row": row, "rows": filed_rows(row.kind, row.data), "back": here}
    return render(request, "enrol/answer.html", context, status=status)


@officer_page("POST")
def invite(request: HttpRequest, workspace: Workspace, uscc: str) -> HttpResponseBase:
    """A manager for an enterprise that nobody leads, as when the first invitation ran out."""
    enterprise = _decided_by(workspace, uscc)
    return fresh_factor(_invite)(request, workspace, enterprise)


def _invite(request: HttpRequest, workspace: Workspace, enterprise: Enterprise) -> HttpResponseBase:
    here = reverse("complaints:authority-enterprise", args=[enterprise.code])
    contact = parse_contact(request.POST.get("email", "")[:254])
    if contact is None or contact.channel != "email":
        messages.error(request, gettext("请填像 name@example.org 这样的邮箱"), extra_tags="bad")
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
                messages.success(request, gettext("邀请信已发出，7天内有效。"), extra_tags="ok")
    except TeamRefusal as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    return redirect(here)
