"""The authority's steps: a page of its own for each that is one form.

The one rule: a page asks the table before it is shown and the verb before it takes effect; what
needs a second person is proposed here and never taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints import handling
from complaints import wording as labels
from complaints.desks.authority_desk import Desk, officer_page
from complaints.desks.authority_setting import Setting, StepPage, move_of, needs_two, refuse_unless_open, setting_of
from complaints.forms.fields import StepForm
from complaints.forms.file_forms import upload_address
from complaints.handling import Move, WrongInput
from complaints.law.citing import CITED
from complaints.models import Complaint
from complaints.pages.authority.pages import PAGES
from complaints.pages.authority.publication import preview
from complaints.pages.authority.review.review_case import grounds_of, letters_of
from complaints.pages.authority.review.review_forms import RefusalForm
from complaints.procedure.workflow import Status
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step
from complaints.reading.mediation_facts import desk_url
from complaints.wording.reasons import ROUTES

#: Where the very words can be read before they are sent.
LOOKED_AT = frozenset({"refuse", "material", "redirect"})
#: The steps of a mediation.
AT_THE_DESK = frozenset(
    {"session", "session-record", "appraisal", "appraisal-end", "delegate", "delegate-end", "terminate"}
)


@officer_page("GET", "POST")
def step(request: HttpRequest, desk: Desk, number: str, slug: str) -> HttpResponseBase:
    """/authority/cases/<ref>/<slug>/: every step that is one form."""
    page = PAGES.get(slug)
    if page is None:
        raise Http404
    setting = setting_of(desk, number, request.GET)
    if request.method != "POST":
        refuse_unless_open(page.steps, setting)
        return show(request, page, setting, page.form(setting, None))
    form = page.form(setting, request.POST)
    form.files = request.FILES
    if "look" in request.POST:
        # 先看决定书: nothing is taken, what was typed stays.
        refuse_unless_open(page.steps, setting)
        is_whole = form.is_valid()
        return show(request, page, setting, form, status=200 if is_whole else 422, looks=is_whole)
    is_proposed = needs_two(setting.found, page.steps[0], desk)

    def moves() -> Sequence[Move] | None:
        refuse_unless_open(page.steps, setting)
        if not form.is_valid():
            return None
        return [move_of(setting, page.step(form), page.payload(form), is_proposed=is_proposed)]

    case = setting.found.complaint
    to = _on(request, case, slug)
    done = take_step(request, setting.found, moves, form=form, to=to, now=desk.now)
    if not done.address:
        return show(request, page, setting, form, status=422)
    if done.is_new:
        messages.success(
            request,
            (
                _("已提请批准。")
                if is_proposed
                else _("%(number)s：%(step)s")
                % {"number": case.number, "step": labels.label(page.step(form), kind="step")}
            ),
            extra_tags="ok",
        )
    return redirect(done.address)


def _on(request: HttpRequest, case: Complaint, slug: str) -> str:
    """Whoever distributes, or works through the review desk, goes on with the queue; a mediator at the desk of the
    mediation.
    """
    if case.status == Status.TRIAGE and slug in ("authority", "redirect"):
        return reverse("complaints:authority-triage")
    if request.GET.get("from") == "review":
        return reverse("complaints:authority-review")
    return _home(case, slug)


def _home(case: Complaint, slug: str) -> str:
    return desk_url(case) if slug in AT_THE_DESK else case_url(case, AUTHORITY)


def show(
    request: HttpRequest, page: StepPage, setting: Setting, form: StepForm, *, status: int = 200, looks: bool = False
) -> HttpResponseBase:
    case, is_proposed = setting.found.complaint, needs_two(setting.found, page.steps[0], setting.desk)
    sent: dict[str, Any] = {}
    if looks or (page.slug == "accept" and request.method == "GET"):
        try:
            payload = page.payload(form) if looks else {}
            sent = letters_of(setting, handling.MOVES[page.step(form) if looks else page.steps[0]](**payload))
        except WrongInput as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.reason)
            status = 422
    return render(
        request,
        page.template,
        {
            "case": case,
            "page": page_of(setting.found, now=setting.desk.now),
            "form": form,
            "title": page.title,
            "effect": page.effect,
            "is_danger": page.is_danger,
            "back": _home(case, page.slug),
            "is_proposed": is_proposed,
            "button": labels.action("propose") if is_proposed else _("提交决定") if page.decides else page.title,
            "upload_address": upload_address(case),
            "cites": page.steps[0] if page.steps[0] in CITED else "",
            **sent,
            "may_look": page.slug in LOOKED_AT,
            **(grounds_of(setting, form) if isinstance(form, RefusalForm) else {}),
            "preview": preview(case) if page.slug == "publication" else None,
            "routes": [labels.pick(words) for words in ROUTES.values()] if page.slug == "refuse" else [],
        },
        status=status,
    )
