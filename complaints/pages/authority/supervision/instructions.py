"""/authority/urges/: the 督办 board (or one column of it as a table), and one instruction with its answer.

What a card offers is what the table of steps lets this officer do; the answer goes through the step like
any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.models import Authority
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.instruction_lists import (
    COLUMNS,
    RECEIVED,
    RELATED,
    SENT,
    UNANSWERED,
    Column,
    Rows,
    instructions,
    of_box,
    read,
    rows_of,
    said_of,
    told_of,
)
from complaints.desks.officer_case import setting_of
from complaints.forms.file_forms import upload_address
from complaints.forms.supervision_forms import AnswerForm
from complaints.handling import Move
from complaints.handling.steps import supervision
from complaints.models import Matter
from complaints.pages.authority.case import step_url
from complaints.procedure.refusals import not_yours
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step
from web.languages import named

#: So many cards stand in a column of the board; the table shows the rest.
CARDS = 10
BOXES = ((SENT, gettext_lazy("发出的和报上来的")), (RECEIVED, gettext_lazy("发给本机关的")))


@officer_page("GET")
def board(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    box = RECEIVED if request.GET.get("box") == RECEIVED else SENT
    units = units_of(workspace)
    unit = next((row for row in units if str(row.pk) == request.GET.get("unit", "")), None)
    asked = request.GET.get("column", "")
    column = UNANSWERED if asked == UNANSWERED.code else COLUMNS.get(asked)
    every = instructions(workspace, unit.pk if unit else None)
    found = {one.code: one.of(every, workspace, box) for one in COLUMNS.values()}
    boxes = {other: instructions(workspace).filter(of_box(workspace, other), state="open") for other, _t in BOXES}
    cards = {} if column else {code: COLUMNS[code].order.first(rows, CARDS) for code, rows in found.items()}
    counts, cards_of = keyset.counts_and_ids(found | boxes, cards)
    said = {"box": box} | ({"unit": str(unit.pk)} if unit else {})
    shown = (
        _table(request, workspace, column, column.of(every, workspace, box), said)
        if column
        else _board(workspace, cards_of, counts, said)
    )
    return render(
        request,
        "authority/supervision/urges.html",
        shown
        | {
            "boxes": [
                {
                    "title": title,
                    "url": _url({"box": code}),
                    "is_current": code == box,
                    "words": keyset.in_words(counts[code]),
                    "value": counts[code],
                }
                for code, title in BOXES
            ],
            "units": [{"row": row, "name": named(row), "is_chosen": row == unit} for row in units],
            "box": box,
            "column": column,
            "sentence": _sentence(counts, box),
            "now": workspace.now,
            "may_urge": workspace.may("urge"),
            "board_url": _url(said),
            "columns": [_head(one, counts[one.code], said, column) for one in COLUMNS.values()],
            "cases_url": reverse("complaints:authority-cases"),
        },
    )


def units_of(workspace: Workspace) -> list[Authority]:
    """The own authorities and those directly below them; each stands for everybody below itself."""
    own = {actor.authority_id for actor in workspace.actors}
    rows = [row for row in workspace.conditions.jurisdiction.authorities if row.pk in own or row.parent_id in own]
    return sorted(rows, key=lambda row: (row.region_id, row.pk))


def _board(
    workspace: Workspace, ids: dict[str, list[int]], counts: dict[str, int], said: dict[str, str]
) -> dict[str, Any]:
    """The first cards of each column; the rows of all four are read together."""
    cards = read(
        [pk for column in ids.values() for pk in column],
        now=workspace.now,
        calendar=workspace.calendar,
        mine=workspace.authority_ids,
    )
    return {
        "board": [
            _head(column, counts[column.code], said, None)
            | {
                "cards": [cards[pk] for pk in ids[column.code] if pk in cards],
                "empty": column.empty,
                "more": counts[column.code] > len(ids[column.code]),
            }
            for column in COLUMNS.values()
        ]
    }


def _table(
    request: HttpRequest, workspace: Workspace, column: Column, rows: Rows, said: dict[str, str]
) -> dict[str, Any]:
    page = keyset.page_of(rows, request.GET, column.order, related=RELATED)
    said = said | {"column": column.code}
    return {
        "rows": rows_of(page.rows, now=workspace.now, calendar=workspace.calendar, mine=workspace.authority_ids),
        "previous_url": _url(said, before=page.before),
        "next_url": _url(said, after=page.after),
    }


def _head(column: Column, count: int, said: dict[str, str], current: Column | None) -> dict[str, Any]:
    return {
        "code": column.code,
        "title": column.title,
        "value": count,
        "words": keyset.in_words(count),
        "tone": column.tone if count else "neutral",
        "url": _url(said | {"column": column.code}),
        "is_current": column is current,
    }


def _sentence(counts: dict[str, int], box: str) -> str:
    words = {name: keyset.in_words(count) for name, count in counts.items()}
    if counts["escalated"] or counts["late"]:
        return _("督办：逾期%(late)s件，升级%(escalated)s件") % words
    return _("督办：%(waiting)s件等待回复，没有逾期") % words


def _url(said: dict[str, str], **key: str) -> str:
    if key and not any(key.values()):
        return ""
    return f"{reverse('complaints:authority-urges')}?{urlencode(said | {k: v for k, v in key.items() if v})}"


@officer_page("GET", "POST")
def instruction(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One instruction: what was asked, who was told of the silence, the answer; POST answers it."""
    matter = instructions(workspace).select_related(*RELATED).filter(pk=pk).first()
    if matter is None:
        raise Http404
    officer_case = setting_of(workspace, matter.complaint.number, request.GET)
    if request.method != "POST":
        return _show(request, workspace, matter, AnswerForm(None))
    form = AnswerForm(request.POST)
    form.files, form.audience = request.FILES, matter.audience

    def moves() -> Sequence[Move] | None:
        if officer_case.found.actor is None or not officer_case.found.actor.may("answer_instruction"):
            raise not_yours()
        if not form.is_valid():
            return None
        return [supervision.answer_instruction(text=form.cleaned_data["text"], matter_id=matter.pk, files=form.digests)]

    done = take_step(
        request,
        officer_case.found,
        moves,
        form=form,
        to=reverse("complaints:authority-urge", args=[pk]),
        now=workspace.now,
    )
    if not done.address:
        return _show(request, workspace, matter, form, status=422)
    if done.is_new:
        messages.success(request, _("已答复。发出督办的机关会收到通知。"), extra_tags="ok")
    return redirect(done.address)


def _show(
    request: HttpRequest, workspace: Workspace, matter: Matter, form: AnswerForm, *, status: int = 200
) -> HttpResponseBase:
    officer_case = setting_of(workspace, matter.complaint.number, request.GET)
    page, case = page_of(officer_case.found, now=workspace.now), matter.complaint
    row = rows_of([matter], now=workspace.now, calendar=workspace.calendar, mine=workspace.authority_ids)[0]
    may_answer = row.is_ours_to_answer and "answer_instruction" in officer_case.may
    return render(
        request,
        "authority/supervision/urge.html",
        {
            "row": row,
            "page": page,
            "case": case,
            "form": form if may_answer else None,
            "messages_of": said_of(page, matter),
            "told": told_of(matter),
            "upload_address": upload_address(case),
            "now": workspace.now,
            "again_url": step_url(case, "urge") if "urge" in officer_case.may and not row.is_ours_to_answer else "",
            "take_up_url": step_url(case, "take_up") if "take_up" in officer_case.may else "",
            "others": rows_of(
                _others(workspace, matter), now=workspace.now, calendar=workspace.calendar, mine=workspace.authority_ids
            ),
            "case_url": case_url(case, AUTHORITY),
            "board_url": reverse("complaints:authority-urges"),
        },
        status=status,
    )


def _others(workspace: Workspace, matter: Matter) -> list[Matter]:
    return list(
        instructions(workspace)
        .select_related(*RELATED)
        .filter(complaint_id=matter.complaint_id)
        .exclude(pk=matter.pk)
        .order_by("-opened_at", "-pk")[:CARDS]
    )
