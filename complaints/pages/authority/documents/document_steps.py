"""What is done about one official document, each on a page of its own: served, corrected, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, refusal_of, setting_of, who_signs
from complaints.documents.wording import Paper
from complaints.forms.fields import TextForm
from complaints.handling import Move
from complaints.handling.steps import casework, documents, proposals
from complaints.handling.steps.casework import SERVICE_CHANNELS
from complaints.models import DocumentVersion, HandlingStep, OfficialDocument
from complaints.pages.authority.documents import documents_signing
from complaints.pages.authority.documents.document_forms import CorrectionForm, ServiceForm
from complaints.pages.shared.step_pages import Data, StepContext, StepPage, show_or_take, table
from complaints.procedure.refusals import StepNotAllowed
from complaints.reading import case_documents
from complaints.reading.case import page_of
from complaints.reading.case_documents import addressees, title_of
from web.listing import labelled


@dataclass(frozen=True, slots=True)
class Met:
    """One document and its case in front of an officer."""

    row: OfficialDocument
    officer_case: OfficerCase

    @property
    def url(self) -> str:
        return reverse("complaints:authority-document", args=[self.row.pk])

    def refusal(self, page: StepPage[Met]) -> StepNotAllowed | None:
        """Why nothing of this can be done now."""
        if not page.is_open(self.officer_case.may):
            return refusal_of(page.steps, self.officer_case)
        if self.row.state == OfficialDocument.VOID:
            return StepNotAllowed("document_void", _("这份文书已经作废。"))
        if page is SERVICE and not addressees(self.row):
            return StepNotAllowed("not_addressed", _("这份文书不用送达当事人。"))
        return None

    def rule(self, page: StepPage[Met]) -> str:
        """By which rule it is only proposed here: what two officers decided is corrected by two. Else empty."""
        return documents_signing.rule_of(self.row, self.officer_case) if page is CORRECTION else ""


def met(workspace: Workspace, pk: int, request: HttpRequest) -> Met:
    """Whose case the officer does not see has no such document for them."""
    row = (
        OfficialDocument.objects.filter(pk=pk, complaint__in=workspace.cases())
        .select_related("complaint", "authority", "issued_by", "second_by")
        .first()
    )
    if row is None:
        raise Http404
    return Met(row, setting_of(workspace, row.complaint.number, request.GET))


def paper_of(version: DocumentVersion, officer_case: OfficerCase) -> Paper | None:
    """As much of it as this officer may read now; None once it was destroyed."""
    if not version.content:
        return None
    paper: Paper = version.content["paper"]
    shown = case_documents.is_shown(version.complaint, officer_case.found, now=officer_case.workspace.now)
    return paper if shown else case_documents.masked(paper)


def entries_of(complaint_id: int, row: OfficialDocument) -> list[HandlingStep]:
    """What the record says of this document after it was issued."""
    steps = HandlingStep.objects.filter(
        complaint_id=complaint_id, step__in=("serve_notice", "correct_clerical_error", "void_document", "keep_print")
    )
    return [
        e
        for e in steps.order_by("pk")
        if e.data.get("document") in (row.reference, row.pk)
        or e.data.get("reference") == row.reference
        or any(said["reference"] == row.reference for said in e.data.get("documents", ()))
    ]


def _about(at: Met, form: Any) -> Form:
    """The form knows its document."""
    form.document_id = at.row.pk
    return form  # type: ignore[no-any-return]


def _service_form(at: Met, data: Data) -> Form:
    last = next((e for e in reversed(entries_of(at.row.complaint_id, at.row)) if e.step == "serve_notice"), None)
    channel = last.data.get("next", "") if last is not None else ""
    return ServiceForm(
        data,
        sides=addressees(at.row),
        channel=channel if channel in SERVICE_CHANNELS else "",
        today=at.officer_case.workspace.today,
    )


def _served(form: Any) -> Move:
    said = form.cleaned_data
    return casework.serve_notice(
        document_id=form.document_id,
        to=said["to"],
        channel=said["channel"],
        is_served=said["arrived"] == "yes",
        day=said["day"],
        received_by=said["received_by"],
        reference=said["reference"],
        text=said["text"],
    )


def _correction_form(at: Met, data: Data) -> Form:
    """Compared with what was read: the version and the masks that the form names, whatever was revealed or corrected
    since.
    """
    row, officer_case = at.row, at.officer_case
    versions = {str(version.number): version for version in row.versions.select_related("complaint").order_by("number")}
    newest = list(versions.values())[-1]
    now = paper_of(newest, officer_case)
    if now is None:
        raise StepNotAllowed("destroyed", _("这份文书的内容已经按期限销毁。"))
    is_shown = case_documents.is_shown(newest.complaint, officer_case.found, now=officer_case.workspace.now)
    read = versions.get(data.get("version", ""), newest) if data is not None else newest
    whole: Paper = read.content["paper"]
    was_shown = is_shown if data is None else data.get("sight") == CorrectionForm.OPEN
    lines = documents.correctable(whole if was_shown else case_documents.masked(whole))
    words = {place: said for place, _label, said in documents.editable(whole["blocks"])}
    # A masked line that is left alone stays as it was.
    return CorrectionForm(
        data,
        lines=lines,
        hidden={place for place, _label, said in lines if words[place] != said},
        newest=documents.correctable(now),
        number=newest.number,
        is_shown=is_shown,
    )


SERVICE: StepPage[Met] = StepPage(
    name="serve",
    steps=("serve_notice",),
    button=gettext_lazy("记录送达"),
    form=lambda at, data: _about(at, _service_form(at, data)),
    build=_served,
    explain=gettext_lazy("没有送到的，换下一种方式再送。所有受送达人都送到后，告知期限才算完成。"),
)
CORRECTION: StepPage[Met] = StepPage(
    name="correct",
    steps=(documents_signing.CORRECTION,),
    button=gettext_lazy("更正笔误"),
    form=lambda at, data: _about(at, _correction_form(at, data)),
    build=lambda form: casework.correct_clerical_error(
        document_id=form.document_id,
        text=form.cleaned_data["text"],
        changes=form.changes(),
        version=int(form.cleaned_data["version"]),
    ),
    explain=documents_signing.EFFECT,
)
PAGES: dict[str, StepPage[Met]] = table(
    SERVICE,
    CORRECTION,
    StepPage(
        name="void",
        steps=("void_document",),
        button=gettext_lazy("作废"),
        form=lambda at, data: _about(at, TextForm(data, label=gettext_lazy("为什么作废"))),
        build=lambda form: documents.void_document(document_id=form.document_id, text=form.cleaned_data["text"]),
        explain=gettext_lazy("文号留在登记簿里，注明作废，不再使用。受送达人会收到通知。"),
        is_danger=True,
    ),
)


@officer_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, pk: int, slug: str) -> HttpResponseBase:
    """/authority/documents/<id>/{serve,correct,void}/"""
    at, page = met(workspace, pk, request), PAGES.get(slug)
    if page is None:
        raise Http404
    return show_or_take(step_context(request, at, page), page)


def step_context(request: HttpRequest, at: Met, page: StepPage[Met]) -> StepContext[Met]:
    refusal, rule, reference = at.refusal(page), at.rule(page), at.row.reference

    def moves(frame: StepContext[Met], page: StepPage[Met], form: Form) -> Sequence[Move] | None:
        if refusal is not None:
            raise refusal
        if not form.is_valid():
            return None
        return [proposals.propose(move=move) if rule else move for move in page.moves(form)]

    def closed(frame: StepContext[Met], page: StepPage[Met]) -> HttpResponseBase:
        raise refusal or refusal_of(page.steps, at.officer_case)

    def shown(page: StepPage[Met], form: Form) -> dict[str, Any]:
        return {
            "case": at.officer_case.found.complaint,
            "page": page_of(at.officer_case.found, now=at.officer_case.workspace.now),
            "title": f"{page.button} · {title_of(at.row.form)} {reference}",
            "back_text": reference,
            "is_proposed": bool(rule),
            "signers": who_signs(at.officer_case, rule) if rule else "",
            **({"button": wording.action("propose")} if rule else {}),
        }

    return StepContext(
        request=request,
        found=at.officer_case.found,
        case=at,
        steps=() if refusal is not None else at.officer_case.may,
        now=at.officer_case.workspace.now,
        home=at.url,
        template="authority/step.html",
        shown=shown,
        moves=moves,
        closed=closed,
        told=lambda page, form, taken: _("已提请批准。") if rule else labelled(reference, page.button),
    )
