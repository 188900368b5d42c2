"""/enterprise/urges/: what authorities asked of this enterprise, until when, and the answer with what shows it.

An instruction is seen by whoever holds its case now; answered once, through the step.
"""

from collections.abc import Sequence

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.desks import instruction_lists, keyset
from complaints.desks.enterprise_workspace import Workspace, case_access, workspace_page
from complaints.desks.instruction_lists import ANSWERED_SINCE, BY_LAST_MOMENT, RELATED, messages_of, rows_of
from complaints.forms.fields import upload_address
from complaints.forms.staff_forms import AnswerForm
from complaints.handling import Move
from complaints.handling.steps import supervision
from complaints.models import Matter
from complaints.procedure.refusals import not_yours
from complaints.reading.case import ENTERPRISE, page_of
from complaints.reading.case_form import take_step


def _ours(workspace: Workspace) -> QuerySet[Matter]:
    return Matter.objects.filter(kind="urge", to_authority=None, complaint__in=workspace.cases())


def _rows(matters: Sequence[Matter], workspace: Workspace) -> list[instruction_lists.InstructionRow]:
    return rows_of(matters, now=workspace.now, calendar=workspace.calendar, url=_url, side=ENTERPRISE)


def _url(matter: Matter) -> str:
    return reverse("complaints:enterprise-urge", args=[matter.pk])


@workspace_page("GET")
def listed(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = keyset.page_of(_ours(workspace).filter(state="open"), request.GET, BY_LAST_MOMENT, related=RELATED)
    answered = list(
        _ours(workspace)
        .filter(state="answered", closed_at__gte=workspace.now - ANSWERED_SINCE)
        .select_related(*RELATED)
        .order_by("-closed_at", "-pk")[: keyset.PAGE]
    )
    lines = _rows([*page.rows, *answered], workspace)
    here = reverse("complaints:enterprise-urges")
    counts = keyset.counts(
        {
            "open": _ours(workspace).filter(state="open"),
            "late": _ours(workspace).filter(state="open", until_at__lte=workspace.now),
        }
    )
    labels = {name: keyset.count_text(count) for name, count in counts.items()}
    if counts["late"]:
        sentence = _("督办：%(open)s件等您答复，逾期%(late)s件") % labels
    else:
        sentence = _("督办：%(open)s件等您答复") % labels if counts["open"] else _("没有等您答复的督办")
    context = {
        "rows": lines[: len(page.rows)],
        "answered": lines[len(page.rows) :],
        "now": workspace.now,
        "sentence": sentence,
        "previous_url": f"{here}?before={page.before}" if page.before else "",
        "next_url": f"{here}?after={page.after}" if page.after else "",
    }
    return render(request, "enterprise/urges.html", context)


@workspace_page("GET", "POST")
def instruction(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    matter = get_object_or_404(_ours(workspace).select_related(*RELATED), pk=pk)
    case = case_access(workspace, matter.complaint.number)
    if request.method != "POST":
        return _show(request, workspace, matter, AnswerForm(None))
    form = AnswerForm(request.POST)
    form.files = request.FILES

    def moves() -> Sequence[Move] | None:
        if case.actor is None or not case.actor.may("answer_instruction"):
            raise not_yours()
        if not form.is_valid():
            return None
        return [supervision.answer_instruction(text=form.cleaned_data["text"], matter_id=matter.pk, files=form.digests)]

    done = take_step(request, case, moves, form=form, to=_url(matter), now=workspace.now)
    if not done.address:
        return _show(request, workspace, matter, form, status=422)
    if done.is_new:
        messages.success(request, _("已答复，监管部门会收到。"), extra_tags="ok")
    return redirect(done.address)


def _show(
    request: HttpRequest, workspace: Workspace, matter: Matter, form: AnswerForm, *, status: int = 200
) -> HttpResponseBase:
    case = case_access(workspace, matter.complaint.number)
    page = page_of(case, now=workspace.now)
    is_theirs = case.actor is not None and case.actor.may("answer_instruction")
    may_answer = matter.state == "open" and page.may("answer_instruction") and is_theirs
    context = {
        "row": _rows([matter], workspace)[0],
        "page": page,
        "case": matter.complaint,
        "form": form if may_answer else None,
        "messages_of": messages_of(page, matter),
        "upload_address": upload_address(matter.complaint),
        "list_url": reverse("complaints:enterprise-urges"),
        "case_url": reverse("complaints:enterprise-case", args=[matter.complaint.number]),
    }
    return render(request, "enterprise/urge.html", context, status=status)
