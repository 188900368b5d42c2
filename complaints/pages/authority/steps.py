"""How an officer takes a step: at an address of its own, judged by the table and by the verb.

What needs a second person is proposed here and never taken. Linking or joining cases takes the step on all or on none.
"""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from complaints import handling, wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, needs_two, officer_case_of, refusal_of, refuse_unless_open
from complaints.forms.fields import Choice, FreeText, StepForm
from complaints.handling import Move, StepNotAllowed, WrongInput
from complaints.handling.steps import casework, proposals
from complaints.law.numbers import CITED
from complaints.models import Complaint
from complaints.pages.authority.pages import PAGES, AuthorityPage
from complaints.pages.authority.review.review import beside_of, letters_of
from complaints.pages.authority.triage.triage import after_sending
from complaints.pages.shared.step_pages import StepContext, Text, draw, sent, show_or_take, take
from complaints.parties.actors import stands_to
from complaints.procedure.workflow import Status
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.mediation_facts import mediation_case_url
from complaints.settlement.offer_findings import citations_in
from web.incoming import posted

#: Where the very words can be read before they are sent.
LOOKED_AT = frozenset({"refuse", "material", "redirect"})
#: The pages that lead back to the mediation.
OF_A_MEDIATION = frozenset(
    ("session", "session-record", "suggestion", "agreement", "appraisal", "appraisal-end", "delegate", "delegate-end")
) | {"terminate"}


@officer_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, number: str, slug: str) -> HttpResponseBase:
    """/authority/cases/<ref>/<slug>/: every step that is one form."""
    page = PAGES.get(slug)
    if page is None:
        raise Http404
    officer_case = officer_case_of(workspace, number, request.GET)
    context = step_context(request, officer_case, page)
    is_looking = request.method == "POST" and "look" in request.POST
    if not is_looking and (request.method == "POST" or page.name != "accept"):
        return _with_citations(context, page) if request.method == "POST" else show_or_take(context, page)
    # 先看决定书: nothing is taken, what was typed stays.
    refuse_unless_open(page.steps, officer_case)
    form = sent(context, page) if is_looking else page.form(officer_case, None)
    if is_looking and not form.is_valid():
        return draw(context, page, form, status=422)
    try:
        return draw(context, page, form, **letters_of(officer_case, page.moves(form)[0]))
    except WrongInput as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.reason)
        return draw(context, page, form, status=422)


def _with_citations(context: StepContext[OfficerCase], page: AuthorityPage) -> HttpResponseBase:
    """Takes the step; what is wrong with the citations of its words is shown once before."""
    if page.redraw is not None and page.redraw(context.case, context.request.POST.dict()) is not None:
        return show_or_take(context, page)
    form = sent(context, page)
    if page.is_open(context.steps) and form.is_valid():
        texts = [(name, text) for name, text in form.cleaned_data.items() if isinstance(text, str)]
        found = [one for name, text in texts for one in citations_in(name, text)]
        seen = " ".join(f"{one.code}:{one.field}" for one in found)
        if seen != context.request.POST.get("anyway", ""):
            return draw(context, page, form, citations=found, seen=seen)
    return take(context, page, form)


def step_context(request: HttpRequest, officer_case: OfficerCase, page: AuthorityPage) -> StepContext[OfficerCase]:
    """The case as this officer sees and takes its steps; ``page`` is the one that was asked for."""
    result, workspace, case = officer_case.access, officer_case.workspace, officer_case.access.complaint
    is_proposed = needs_two(result, page.steps[0], workspace)
    home = mediation_case_url(case) if page.name in OF_A_MEDIATION else case_url(case, AUTHORITY)
    is_reviewing = request.GET.get("from") == "review"

    def moves(context: StepContext[OfficerCase], page: AuthorityPage, form: forms.Form) -> Sequence[Move] | None:
        refuse_unless_open(page.steps, officer_case)
        if not form.is_valid():
            return None
        return [proposals.propose(move=move) if is_proposed else move for move in page.moves(form)]

    def closed(context: StepContext[OfficerCase], page: AuthorityPage) -> HttpResponseBase:
        raise refusal_of(page.steps, officer_case)

    def message(page: AuthorityPage, form: forms.Form, moves: Sequence[Move]) -> Text:
        done = {"number": case.number, "step": wording.label(moves[0].step, kind="step")}
        text = page.thanked(officer_case) or (_("已提请批准。") if is_proposed else _("%(number)s：%(step)s") % done)
        if not is_reviewing:
            return text
        # It stands above the next case.
        return format_html('“{}”　{} <a href="{}">{}</a>', case.title, text, case_url(case, AUTHORITY), _("查看"))

    def shown(page: AuthorityPage, form: forms.Form) -> dict[str, Any]:
        return {
            "case": case,
            "page": page_of(result, now=workspace.now),
            "is_proposed": is_proposed,
            "cites": page.steps[0] if page.steps[0] in CITED else "",
            "may_look": page.name in LOOKED_AT,
            **({"button": wording.action("propose")} if is_proposed else {}),
        }

    def to(page: AuthorityPage) -> str:
        # Whoever distributes goes on with the list, whoever works through what is under review with its next case.
        if case.status == Status.TRIAGE and (
            page.name in ("authority", "forward", "redirect") or "open" in request.GET
        ):
            return after_sending(request.GET, case.number)
        if not is_reviewing:
            return home
        return beside_of(workspace, case).next or reverse("complaints:authority-review")

    return StepContext(
        request=request,
        access=result,
        case=officer_case,
        steps=officer_case.may,
        now=workspace.now,
        home=home,
        template="authority/step.html",
        shown=shown,
        moves=moves,
        closed=closed,
        to=to,
        message=message,
    )


LINK, JOIN = "link_cases", "join_cases"
MOST = 50
_NUMBER = re.compile(r"[A-Za-z0-9-]{6,32}")


class TogetherForm(StepForm):
    """Which others, and whether they are only shown beside each other or handled as one."""

    numbers = FreeText(
        label=gettext_lazy("其他投诉的编号"), rows=2, longest=2000, help_text=gettext_lazy("用空格隔开。")
    )
    how = Choice(
        label=gettext_lazy("怎么放在一起"),
        choices=[
            (LINK, gettext_lazy("关联：只让工作人员看到它们有关，各自办理")),
            (JOIN, gettext_lazy("合并：按共同投诉一起办理（第十二条），各方会收到通知")),
        ],
    )
    agreed = forms.BooleanField(label=gettext_lazy("每一位投诉人都同意合并办理，已经记录在案"), required=False)

    def clean_numbers(self) -> list[str]:
        numbers = list(dict.fromkeys(_NUMBER.findall(str(self.cleaned_data["numbers"]).upper())))
        if not numbers:
            raise forms.ValidationError(_("请写另一件投诉的编号。"))
        if len(numbers) > MOST:
            raise forms.ValidationError(_("一次最多%(n)s件。"), params={"n": MOST})
        return numbers

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("how") == JOIN and not cleaned.get("agreed"):
            self.add_error("agreed", _("合并办理须每一位投诉人同意。"))
        return cleaned


@officer_page("GET", "POST")
def together(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/authority/cases/<ref>/together/; leaving cases apart needs no step."""
    officer_case = officer_case_of(workspace, number, request.GET)
    case = officer_case.access.complaint
    home = case_url(case, AUTHORITY)
    if request.method != "POST":
        refuse_unless_open([LINK, JOIN], officer_case)
    form = TogetherForm(posted(request), initial={"numbers": request.GET.get("with", "")[:2000]})
    if form.is_bound:
        with once(request) as attempt:
            if not attempt.answered:
                refuse_unless_open([LINK, JOIN], officer_case)
                if form.is_valid() and _put_together(form, case, workspace):
                    attempt.reference = home
                    done = {"number": case.number, "step": wording.label(form.cleaned_data["how"], kind="step")}
                    messages.success(request, _("%(number)s：%(step)s") % done, extra_tags="ok")
        if attempt.reference:
            return redirect(attempt.reference)
    context = {
        "case": case,
        "page": page_of(officer_case.access, now=workspace.now),
        "form": form,
        "title": wording.action(LINK),
        "effects": [_("同一消费争议的投诉可以合并；只是有关的，关联即可；各自办理的，不用做什么。")],
        "home": home,
        "button": _("放在一起"),
    }
    return render(request, "authority/together.html", context, status=422 if form.is_bound else 200)


def _put_together(form: TogetherForm, case: Complaint, workspace: Workspace) -> bool:
    """The step on every case of the group; False with the reason in the form when one of them does not allow it."""
    numbers = [number for number in form.cleaned_data["numbers"] if number != case.number]
    cases = [case, *workspace.cases().filter(number__in=numbers)]
    if len(cases) != len(numbers) + 1 or len(cases) < 2:
        form.add_error("numbers", _("有的编号没有，或者不在您的辖区。"))
        return False
    every = sorted(one.number for one in cases)
    if form.cleaned_data["how"] == LINK:
        move = casework.link_cases(numbers=every)
    else:
        move = casework.join_cases(numbers=every, consents_recorded=bool(form.cleaned_data["agreed"]))
    actors = [next((a for a in workspace.actors if stands_to(a, one)), workspace.actors[0]) for one in cases]
    moves = [(one.pk, move, actor) for one, actor in zip(cases, actors, strict=True)]
    try:
        with transaction.atomic():
            for result in handling.take_each(moves, now=workspace.now):
                if result.refusal is not None:
                    raise result.refusal
    except StepNotAllowed as refusal:
        form.add_error("numbers", refusal.reason)
        return False
    return True
