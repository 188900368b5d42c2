"""/authority/urges/: the 督办 board (or one column of it as a table), one instruction, and one step for many cases.

What a card offers is what the table of steps lets this officer do; the answer goes through the step like any other. Of
up to 200 cases of a list each is judged for itself in one flush; what was refused says why and hinders none of the
others.
"""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.models import Authority
from complaints.desks import instruction_lists as urges
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.bulk_run import BulkRun, run_once
from complaints.desks.officer_case import officer_case_of
from complaints.forms.fields import upload_address
from complaints.forms.staff_forms import AnswerForm, ManyCasesForm
from complaints.handling import Move
from complaints.handling.steps import supervision
from complaints.models import Complaint, Matter
from complaints.pages.authority.cases import step_url
from complaints.parties.actors import Actor, stands_to
from complaints.procedure.refusals import not_yours
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step
from complaints.tables import many_cases
from web.incoming import posted
from web.languages import named

#: So many cards stand in a column of the board; the table shows the rest.
CARDS = 10
BOXES = ((urges.SENT, gettext_lazy("发出的和报上来的")), (urges.RECEIVED, gettext_lazy("发给本机关的")))


@officer_page("GET")
def board(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    box = urges.RECEIVED if request.GET.get("box") == urges.RECEIVED else urges.SENT
    units = units_of(workspace)
    unit = next((row for row in units if str(row.pk) == request.GET.get("unit", "")), None)
    asked = request.GET.get("column", "")
    column = urges.UNANSWERED if asked == urges.UNANSWERED.code else urges.COLUMNS.get(asked)
    every = urges.instructions(workspace, unit.pk if unit else None)
    lists = {one.code: one.of(every, workspace, box) for one in urges.COLUMNS.values()}
    boxes = {
        other: urges.instructions(workspace).filter(urges.of_box(workspace, other), state="open") for other, _t in BOXES
    }
    cards = {} if column else {code: urges.COLUMNS[code].order.first(rows, CARDS) for code, rows in lists.items()}
    counts, cards_of = keyset.counts_and_ids(lists | boxes, cards)
    query = {"box": box} | ({"unit": str(unit.pk)} if unit else {})
    if column:
        page = keyset.page_of(column.of(every, workspace, box), request.GET, column.order, related=urges.RELATED)
        shown = {"rows": _rows(page.rows, workspace)} | keyset.neighbours(page, _url(query | {"column": column.code}))
    else:
        shown = {"board": _board(workspace, cards_of, counts, query)}
    context = shown | {
        "boxes": [
            keyset.figure(title, counts[code], _url({"box": code}), is_current=code == box) for code, title in BOXES
        ],
        "units": [{"row": row, "name": named(row), "is_chosen": row == unit} for row in units],
        "box": box,
        "column": column,
        "sentence": _sentence(counts, box),
        "now": workspace.now,
        "may_urge": workspace.may("urge"),
        "board_url": _url(query),
        "columns": [_head(one, counts[one.code], query, column) for one in urges.COLUMNS.values()],
        "cases_url": reverse("complaints:authority-cases"),
    }
    return render(request, "authority/supervision/urges.html", context)


def units_of(workspace: Workspace) -> list[Authority]:
    """The own authorities and those directly below them; each stands for everybody below itself."""
    own = {actor.authority_id for actor in workspace.actors}
    rows = [row for row in workspace.conditions.jurisdiction.authorities if row.pk in own or row.parent_id in own]
    return sorted(rows, key=lambda row: (row.region_id, row.pk))


def _board(
    workspace: Workspace, ids: dict[str, list[int]], counts: dict[str, int], query: dict[str, str]
) -> list[dict[str, Any]]:
    """The first cards of each column; the rows of all four are read together."""
    every = [pk for column in ids.values() for pk in column]
    cards = urges.read(every, now=workspace.now, calendar=workspace.calendar, mine=workspace.authority_ids)
    return [
        _head(column, counts[column.code], query, None)
        | {
            "cards": [cards[pk] for pk in ids[column.code] if pk in cards],
            "empty": column.empty,
            "more": counts[column.code] > len(ids[column.code]),
        }
        for column in urges.COLUMNS.values()
    ]


def _rows(matters: Sequence[Matter], workspace: Workspace) -> list[Any]:
    return urges.rows_of(matters, now=workspace.now, calendar=workspace.calendar, mine=workspace.authority_ids)


def _head(column: urges.Column, count: int, query: dict[str, str], current: urges.Column | None) -> dict[str, Any]:
    url, is_current = _url(query | {"column": column.code}), column is current
    return keyset.figure(column.title, count, url, column.tone, code=column.code, is_current=is_current)


def _sentence(counts: dict[str, int], box: str) -> str:
    labels = {name: keyset.count_text(count) for name, count in counts.items()}
    if counts["escalated"] or counts["late"]:
        return _("督办：逾期%(late)s件，升级%(escalated)s件") % labels
    return _("督办：%(waiting)s件等待回复，没有逾期") % labels


def _url(query: dict[str, str]) -> str:
    return f"{reverse('complaints:authority-urges')}?{urlencode(query)}"


@officer_page("GET", "POST")
def instruction(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One instruction: what was asked, who was told of the silence, the answer; POST answers it."""
    matter = urges.instructions(workspace).select_related(*urges.RELATED).filter(pk=pk).first()
    if matter is None:
        raise Http404
    officer_case = officer_case_of(workspace, matter.complaint.number, request.GET)
    form = AnswerForm(posted(request))

    def moves() -> Sequence[Move] | None:
        if officer_case.access.actor is None or not officer_case.access.actor.may("answer_instruction"):
            raise not_yours()
        if not form.is_valid():
            return None
        return [supervision.answer_instruction(text=form.cleaned_data["text"], matter_id=matter.pk, files=form.digests)]

    if form.is_bound:
        form.files, form.audience = request.FILES, matter.audience
        to = reverse("complaints:authority-urge", args=[pk])
        done = take_step(request, officer_case.access, moves, form=form, to=to, now=workspace.now)
        if done.is_new:
            messages.success(request, _("已答复。发出督办的机关会收到通知。"), extra_tags="ok")
        if done.address:
            return redirect(done.address)
        # A clock may have moved the case on while the answer was judged.
        officer_case = officer_case_of(workspace, matter.complaint.number, request.GET)
    page, case = page_of(officer_case.access, now=workspace.now), matter.complaint
    row = _rows([matter], workspace)[0]
    others = urges.instructions(workspace).select_related(*urges.RELATED).filter(complaint_id=matter.complaint_id)
    may_answer = row.is_ours_to_answer and "answer_instruction" in officer_case.may
    context = {
        "row": row,
        "page": page,
        "case": case,
        "form": form if may_answer else None,
        "messages_of": urges.messages_of(page, matter),
        "escalations": urges.escalations_of(matter),
        "upload_address": upload_address(case),
        "again_url": step_url(case, "urge") if "urge" in officer_case.may and not row.is_ours_to_answer else "",
        "take_up_url": step_url(case, "take_up") if "take_up" in officer_case.may else "",
        "others": _rows(list(others.exclude(pk=matter.pk).order_by("-opened_at", "-pk")[:CARDS]), workspace),
        "case_url": case_url(case, AUTHORITY),
        "board_url": reverse("complaints:authority-urges"),
    }
    return render(request, "authority/supervision/urge.html", context, status=422 if form.is_bound else 200)


NOT_HERE = gettext_lazy("没有这件投诉，或者它不在本辖区。")


def run_told(
    request: HttpRequest, take: Callable[[], BulkRun | None], *, back: str, back_text: str
) -> HttpResponse | None:
    """What came of ``take``, which is run once, case by case; None where it took nothing."""
    run = run_once(request, take)
    if run is None:
        return None
    context = {
        "run": run,
        "title": run.title(),
        "reasons": run.refusals(),
        "back_url": reverse(f"complaints:{back}"),
        "back_text": back_text,
    }
    return render(request, "authority/supervision/run.html", context)


def taken_on_many(
    request: HttpRequest,
    workspace: Workspace,
    do: str,
    form: ManyCasesForm,
    build: Callable[[Any], Move],
    *,
    back: str,
    back_text: str,
) -> HttpResponse | None:
    """What came of the step that ``build`` makes of the form, taken once on each of this officer's cases that it names;
    None where the form has errors. ``do``: see BulkRun."""

    def take() -> BulkRun | None:
        if not form.is_valid():
            return None
        numbers, move = form.numbers, build(form)
        refused = {number: str(NOT_HERE) for number in numbers}
        moves = [(case.pk, move, _actor(workspace, case)) for case in workspace.cases().filter(number__in=numbers)]
        for result in many_cases.take_all(moves, now=workspace.now):
            refused[result.complaint.number] = many_cases.why_refused(result)
        return BulkRun(do, [n for n in numbers if not refused[n]], [(n, refused[n]) for n in numbers if refused[n]])

    return run_told(request, take, back=back, back_text=back_text)


def _actor(workspace: Workspace, case: Complaint) -> Actor:
    """The office in which this person acts on the case: where it is handled, else the first that sees it."""
    able = [actor for actor in workspace.actors if stands_to(actor, case)]
    here = (actor for actor in able if case.handling_authority_id in actor.authority_ids)
    return next(here, able[0] if able else workspace.actors[0])
