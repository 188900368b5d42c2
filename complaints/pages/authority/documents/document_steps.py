"""What is done about one official document, each on a page of its own: served, corrected, withdrawn.

A decision that two officers signed is corrected by two, and who approves approves no mask unread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.policies import Policies
from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, officer_case_of, refusal_of, who_signs
from complaints.documents.wording import Paper
from complaints.forms.fields import Choice, Day, FreeText, StepForm, labels_of, set_choices
from complaints.handling import Move
from complaints.handling.steps import casework, documents, proposals
from complaints.handling.steps.casework import RECEIVERS, SERVICE_CHANNELS
from complaints.handling.transition import two_persons
from complaints.models import DocumentVersion, HandlingStep, Matter, OfficialDocument
from complaints.pages.shared.step_pages import Data, StepContext, StepPage, show_or_take, table
from complaints.procedure.refusals import StepNotAllowed
from complaints.reading import case_documents
from complaints.reading.case import page_of
from complaints.reading.case_documents import addressees, title_of
from web.listing import labelled

CORRECTING = "correct_clerical_error"
EFFECT = gettext_lazy(
    "文号不变，成为新的一版；原来的一版保留。受送达人会收到通知。"
    "不予受理、终止调解的情形和理由，调解书里的协议、事项和金额，不能当作笔误更正。"
)


@dataclass(frozen=True, slots=True)
class OfficerDocument:
    """One document and its case in front of an officer."""

    row: OfficialDocument
    officer_case: OfficerCase

    def refusal(self, page: DocumentPage) -> StepNotAllowed | None:
        if not page.is_open(self.officer_case.may):
            return refusal_of(page.steps, self.officer_case)
        if self.row.state == OfficialDocument.VOID:
            return StepNotAllowed("document_void", _("这份文书已经作废。"))
        if page is SERVICE and not addressees(self.row):
            return StepNotAllowed("not_addressed", _("这份文书不用送达当事人。"))
        return None

    def rule(self, page: DocumentPage) -> str:
        """The step whose rule a correction of this document falls under here, where that asks for two persons: what two
        officers decided is only proposed. Else empty."""
        if page is not CORRECTION:
            return ""
        rule, region = (
            two_persons.DECISIONS.get(self.row.form, ""),
            self.officer_case.access.complaint.handling_region_id,
        )
        return rule if two_persons.needed(Policies.load(self.officer_case.workspace.today), rule, region) else ""


DocumentPage = StepPage[OfficerDocument]


def find_document(workspace: Workspace, pk: int, request: HttpRequest) -> OfficerDocument:
    """Whose case the officer does not see has no such document for them."""
    rows = OfficialDocument.objects.select_related("complaint", "authority", "issued_by", "second_by")
    row = rows.filter(pk=pk, complaint__in=workspace.cases()).first()
    if row is None:
        raise Http404
    return OfficerDocument(row, officer_case_of(workspace, row.complaint.number, request.GET))


def is_shown(officer_case: OfficerCase) -> bool:
    """Whether this officer has said why, and reads the consumer's data."""
    result = officer_case.access
    return case_documents.is_shown(result.complaint, result, now=officer_case.workspace.now)


def paper_of(version: DocumentVersion, officer_case: OfficerCase) -> Paper | None:
    """As much of it as this officer may read now; None once it was destroyed."""
    if not version.content:
        return None
    paper: Paper = version.content["paper"]
    return paper if is_shown(officer_case) else case_documents.masked(paper)


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
        or any(named["reference"] == row.reference for named in e.data.get("documents", ()))
    ]


def waiting_url(row: OfficialDocument, officer_case: OfficerCase) -> str:
    """Where a correction of this document waits for its second person; empty when none does."""
    matter = officer_case.around.matters.get("proposal")
    if matter is None or matter.subject != CORRECTING or matter.data["payload"].get("document_id") != row.pk:
        return ""
    return reverse("complaints:authority-approval", args=[matter.pk])


def rewritten(matter: Matter, officer_case: OfficerCase) -> dict[str, Any]:
    """``document``, its address and the places that a proposed correction writes over; nothing for another proposal, no
    places once its words were destroyed. ``hides``: a mask stands in one of them."""
    payload: Mapping[str, Any] = matter.data.get("payload", {})
    if matter.subject != CORRECTING or not payload.get("document_id"):
        return {}
    row = OfficialDocument.objects.get(pk=payload["document_id"], complaint=officer_case.access.complaint)
    number = payload.get("version")
    version = row.versions.get(number=number) if number else row.versions.order_by("-number")[0]
    version.complaint = officer_case.access.complaint
    context = {"document": row, "document_url": reverse("complaints:authority-document", args=[row.pk])}
    if not version.content:
        return context
    changes = payload["changes"]
    before: Paper = version.content["paper"]
    after = documents.rewritten(before, changes)
    whole = {place: text for place, _label, text in documents.editable(after["blocks"])}
    if not is_shown(officer_case):
        before, after = case_documents.masked(before), case_documents.masked(after)
    new = {place: text for place, _label, text in documents.editable(after["blocks"])}
    return context | {
        "hides": any(place in changes and new[place] != text for place, text in whole.items()),
        "changes": [
            # The names are those of components/summary.html.
            {
                "key": label or _("第%(n)d段") % {"n": nth},
                "value": new[place],
                "detail": _("原文：%(words)s") % {"words": text},
            }
            for nth, (place, label, text) in enumerate(documents.editable(before["blocks"]), start=1)
            if place in changes
        ],
    }


class ServiceForm(StepForm):
    """To whom one document went, how, when, who took it, and what proves it."""

    to = Choice(label=gettext_lazy("送给谁"))
    channel = Choice(label=gettext_lazy("怎么送的"), choices=lambda: labels_of(SERVICE_CHANNELS, "service_channel"))
    arrived = Choice(
        label=gettext_lazy("送到了吗"), choices=[("yes", gettext_lazy("已经送达")), ("no", gettext_lazy("没有送到"))]
    )
    day = Day(label=gettext_lazy("哪一天"), required=False)
    received_by = Choice(label=gettext_lazy("谁收的"), choices=lambda: labels_of(RECEIVERS, "receiver"), required=False)
    reference = FreeText(label=gettext_lazy("邮件号、通话时间或者回执编号"), required=False, rows=1, longest=60)
    text = FreeText(label=gettext_lazy("备注"), required=False, rows=2)

    def __init__(self, at: OfficerDocument, data: Data) -> None:
        super().__init__(data)
        self.document_id, sides = at.row.pk, addressees(at.row)
        names = {"consumer": _("消费者"), "enterprise": _("被投诉的企业")}
        set_choices(self, "to", [(side, names[side]) for side in sides])
        entries = entries_of(at.row.complaint_id, at.row)
        tried = [entry.data.get("next", "") for entry in entries if entry.step == "serve_notice"]
        self.initial = {
            "day": at.officer_case.workspace.today,
            "channel": tried[-1] if tried and tried[-1] in SERVICE_CHANNELS else "",
            "to": sides[0] if len(sides) == 1 else None,
        }

    def move(self) -> Move:
        cleaned = dict(self.cleaned_data)
        is_served = cleaned.pop("arrived") == "yes"
        return casework.serve_notice(document_id=self.document_id, is_served=is_served, **cleaned)


class CorrectionForm(StepForm):
    """Each paragraph and line of the document, to be written over; and why. The version that was read comes back with
    the form, and whether the consumer was masked in it: ``lines`` are its texts, ``hidden`` the places with a mask,
    ``newest`` what stands there now."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    sight = forms.CharField(required=False, widget=forms.HiddenInput)
    text = FreeText(label=gettext_lazy("为什么更正"), rows=2)
    MASKED, OPEN = "masked", "open"

    def __init__(self, at: OfficerDocument, data: Data) -> None:
        super().__init__(data)
        self.document_id, versions = at.row.pk, list(at.row.versions.select_related("complaint").order_by("number"))
        newest = versions[-1]
        paper = paper_of(newest, at.officer_case)
        if paper is None:
            raise StepNotAllowed("destroyed", _("这份文书的内容已经按期限销毁。"))
        now_shown = is_shown(at.officer_case)
        asked = data.get("version", "") if data is not None else ""
        read = next((version for version in versions if str(version.number) == asked), newest)
        whole: Paper = read.content["paper"]
        was_shown = now_shown if data is None else data.get("sight") == self.OPEN
        lines = documents.correctable(whole if was_shown else case_documents.masked(whole))
        texts = {place: text for place, _label, text in documents.editable(whole["blocks"])}
        # A masked line that is left alone stays as it was.
        self.hidden = {place for place, _label, text in lines if texts[place] != text}
        self.newest = {self._name(place): text for place, _label, text in documents.correctable(paper)}
        self.lines = {self._name(place): (place, text) for place, _label, text in lines}
        self.now = {"version": str(newest.number), "sight": self.OPEN if now_shown else self.MASKED}
        for name, value in self.now.items():
            self.fields[name].initial = value
        for nth, (place, label, text) in enumerate(lines, start=1):
            rows = 1 if label and len(text) < 40 else 3
            label = label or _("第%(n)d段") % {"n": nth}
            self.fields[self._name(place)] = FreeText(label=label, rows=rows, initial=text)

    @staticmethod
    def _name(place: str) -> str:
        return f"words-{place.replace('.', '-')}"

    def changes(self) -> dict[str, str]:
        """What was written over, by its place; line ends as the browser sends them are no change."""
        return {
            place: typed
            for name, (place, text) in self.lines.items()
            if name in self.cleaned_data and (typed := self.cleaned_data[name].replace("\r\n", "\n")) != text
        }

    def clean(self) -> dict[str, Any]:
        mine = {self._name(place): typed for place, typed in self.changes().items() if place not in self.hidden}
        for place in self.changes().keys() & self.hidden:
            self.add_error(self._name(place), _("这一处有遮住的内容。请先说明理由、查看联系方式，再更正。"))
        if self.cleaned_data["version"] != self.now["version"]:
            self._catch_up(mine)
        return self.cleaned_data

    def _catch_up(self, mine: Mapping[str, str]) -> None:
        """Somebody was quicker: what was typed stays, beside the other lines as they stand now; sent once more, it
        counts."""
        self.add_error(None, documents.newer())
        for name in mine:
            if self.newest.get(name) != self.lines[name][1]:
                self.add_error(name, _("这一处现在写的是：%(words)s") % {"words": self.newest.get(name, "")})
        self.data = {**dict(self.data.items()), **self.newest, **mine, **self.now}
        self.is_behind = True

    def move(self) -> Move:
        return casework.correct_clerical_error(
            document_id=self.document_id,
            text=self.cleaned_data["text"],
            changes=self.changes(),
            version=int(self.cleaned_data["version"]),
        )


class VoidForm(StepForm):
    text = FreeText(label=gettext_lazy("为什么作废"))

    def __init__(self, at: OfficerDocument, data: Data) -> None:
        super().__init__(data)
        self.document_id = at.row.pk

    def move(self) -> Move:
        return documents.void_document(document_id=self.document_id, text=self.cleaned_data["text"])


SERVICE: DocumentPage = StepPage(
    name="serve",
    steps=("serve_notice",),
    button=gettext_lazy("记录送达"),
    form=ServiceForm,
    build=ServiceForm.move,
    explain=gettext_lazy("没有送到的，换下一种方式再送。所有受送达人都送到后，告知期限才算完成。"),
)
CORRECTION: DocumentPage = StepPage(
    name="correct",
    steps=(CORRECTING,),
    button=gettext_lazy("更正笔误"),
    form=CorrectionForm,
    build=CorrectionForm.move,
    explain=EFFECT,
)
PAGES: dict[str, DocumentPage] = table(
    SERVICE,
    CORRECTION,
    StepPage(
        name="void",
        steps=("void_document",),
        button=gettext_lazy("作废"),
        form=VoidForm,
        build=VoidForm.move,
        explain=gettext_lazy("文号留在登记簿里，注明作废，不再使用。受送达人会收到通知。"),
        is_danger=True,
    ),
)


@officer_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, pk: int, slug: str) -> HttpResponseBase:
    """/authority/documents/<id>/{serve,correct,void}/"""
    at, page = find_document(workspace, pk, request), PAGES.get(slug)
    if page is None:
        raise Http404
    refusal, rule, reference = at.refusal(page), at.rule(page), at.row.reference
    officer_case = at.officer_case

    def moves(context: StepContext[OfficerDocument], page: DocumentPage, form: Any) -> Sequence[Move] | None:
        if refusal is not None:
            raise refusal
        if not form.is_valid():
            return None
        return [proposals.propose(move=move) if rule else move for move in page.moves(form)]

    def closed(context: StepContext[OfficerDocument], page: DocumentPage) -> HttpResponseBase:
        raise refusal or refusal_of(page.steps, officer_case)

    def shown(page: DocumentPage, form: Any) -> dict[str, Any]:
        return {
            "case": officer_case.access.complaint,
            "page": page_of(officer_case.access, now=workspace.now),
            "title": f"{page.button} · {title_of(at.row.form)} {reference}",
            "back_text": reference,
            "is_proposed": bool(rule),
            "signers": who_signs(officer_case, rule) if rule else "",
            **({"button": wording.action("propose")} if rule else {}),
        }

    context = StepContext(
        request=request,
        access=officer_case.access,
        case=at,
        steps=() if refusal is not None else officer_case.may,
        now=workspace.now,
        home=reverse("complaints:authority-document", args=[pk]),
        template="authority/step.html",
        shown=shown,
        moves=moves,
        closed=closed,
        message=lambda page, form, moves: _("已提请批准。") if rule else labelled(reference, page.button),
    )
    return show_or_take(context, page)
