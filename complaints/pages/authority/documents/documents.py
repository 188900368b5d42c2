"""/authority/documents/: the register of official documents, one document, and what is done about it.

The one rule: the register shows every number that these offices gave, withdrawn ones too; the words only of cases that
the officer sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from authorities.jurisdiction import Jurisdiction
from complaints import handling
from complaints import wording as labels
from complaints.desks import keyset
from complaints.desks.authority_desk import Desk, officer_page
from complaints.desks.authority_setting import Setting, refuse_unless_open, setting_of, who_signs
from complaints.documents import kinds
from complaints.documents.wording import Paper
from complaints.forms.fields import StepForm
from complaints.handling import Move
from complaints.handling.steps import documents, proposals
from complaints.handling.steps.casework import SERVICE_CHANNELS
from complaints.models import DocumentVersion, HandlingStep, OfficialDocument
from complaints.pages.authority.documents import documents_signing
from complaints.pages.authority.documents.document_forms import CorrectionForm, ServiceForm
from complaints.pages.authority.forms import SaidForm
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import LOOK
from complaints.reading import documents_sight, moved_on
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step
from complaints.reading.documents_told import addressees, pdf_url, rows_of, services_of, title_of, to_be_served
from web.listing import labelled

BY_DAY = keyset.Order("issued_at", falling=True)
TO_SERVE, VOID = "to_serve", "void"


class RegisterFilter(forms.Form):
    """What cannot be read is left out."""

    form = forms.TypedChoiceField(label=gettext_lazy("文书"), required=False, coerce=int, empty_value=None)
    year = forms.IntegerField(
        label=gettext_lazy("年份"),
        required=False,
        min_value=2000,
        max_value=2999,
        widget=forms.NumberInput(attrs={"class": "w-10", "inputmode": "numeric"}),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("状态"),
        required=False,
        choices=[
            ("", gettext_lazy("全部")),
            (TO_SERVE, gettext_lazy("待送达，近90天")),
            (VOID, gettext_lazy("已作废")),
        ],
    )
    q = forms.CharField(
        label=gettext_lazy("文号或者投诉编号"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "size": 20}),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")
        self.fields["form"].choices = [  # type: ignore[attr-defined]
            ("", _("全部")),
            *((form, title_of(form)) for form in kinds.KINDS),
        ]

    def said(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


@officer_page("GET")
def register(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """By year, sort and state; by number."""
    form = RegisterFilter(request.GET)
    said = form.said()
    rows = _narrowed(given_by(desk), said, desk.now).annotate(latest=Count("versions"))
    # Not joined to their cases: one that lies elsewhere now would take its number out of the register.
    page = keyset.page_of(rows, request.GET, BY_DAY, related=("issued_by", "second_by"))
    sealed_fields.load_for(user for row in page.rows for user in (row.issued_by, row.second_by) if user is not None)
    seen = dict(desk.cases().filter(pk__in={row.complaint_id for row in page.rows}).values_list("pk", "number"))
    return render(
        request,
        "authority/documents.html",
        {
            "rows": rows_of(page.rows, AUTHORITY, seen),
            "filter": form,
            "now": desk.now,
            "is_narrowed": bool(said),
            "previous_url": _url(said, before=page.before),
            "next_url": _url(said, after=page.after),
        },
    )


def given_by(desk: Desk) -> QuerySet[OfficialDocument]:
    """The numbers of the authorities in the regions of these offices; of one above (an office writes under its
    county's) those of cases that the officer sees."""
    every = Jurisdiction.load().authorities
    within = {
        row.pk
        for row in every
        for actor in desk.actors
        if actor.region is not None and actor.region[0] <= row.region_id <= actor.region[1]
    }
    above = {
        found.pk for actor in desk.actors if (found := kinds.issuer(every, actor.authority_id)) is not None
    } - within
    condition = Q(authority_id__in=within)
    if above:
        condition |= Q(authority_id__in=above, complaint__in=desk.cases())
    return OfficialDocument.objects.filter(condition)


def _narrowed(rows: QuerySet[OfficialDocument], said: dict[str, Any], now: datetime) -> QuerySet[OfficialDocument]:
    for name in ("form", "year"):
        if name in said:
            rows = rows.filter(**{name: said[name]})
    if said.get("state") == TO_SERVE:
        rows = rows.filter(to_be_served(now))
    elif said.get("state") == VOID:
        rows = rows.filter(state=OfficialDocument.VOID)
    words = str(said.get("q", "")).strip()
    if words.isascii() and words.isdigit() and len(words) < 7:
        return rows.filter(number=int(words))
    if words[:1].isdigit():
        return rows.filter(complaint__number__startswith=words.upper())
    return rows.filter(reference__startswith=words.replace("[", "〔").replace("]", "〕")) if words else rows


def _url(said: dict[str, Any], **key: str) -> str:
    if not any(key.values()):
        return ""
    query = said | {name: value for name, value in key.items() if value}
    return f"{reverse('complaints:authority-documents')}?{urlencode(query)}"


@officer_page("GET")
def document(request: HttpRequest, desk: Desk, pk: int) -> HttpResponseBase:
    """The paper on the screen, its versions, how it was served, and what can be done."""
    row, setting = _met(desk, pk, request)
    case = setting.found.complaint
    versions = list(row.versions.order_by("-number"))
    for version in versions:
        version.complaint = case
    sealed_fields.load_for([*versions, *(user for user in (row.issued_by, row.second_by) if user is not None)])
    paper = _paper(versions[0], setting)
    is_shown = documents_sight.is_shown(case, setting.found, now=desk.now)
    entries = _entries(case.pk, row)
    return render(
        request,
        "authority/document.html",
        {
            "row": row,
            "case": case,
            "title": title_of(row.form),
            "is_void": row.state == OfficialDocument.VOID,
            "paper": paper,
            "is_shown": is_shown,
            "prints": _prints(row, setting, is_shown=is_shown),
            "reveal_url": (
                f"{reverse('complaints:authority-step', args=[case.number, 'reveal'])}?reason=look_deliver"
                if LOOK in setting.may
                else ""
            ),
            "back": case_url(case, AUTHORITY),
            "waiting_url": documents_signing.waiting_url(row, setting),
            "versions": [_version(v, row, entries) for v in versions],
            "services": services_of([row])[row.pk],
            "attempts": [_attempt(e) for e in entries if e.step == "serve_notice"],
            "void_reason": next((e for e in entries if e.step == "void_document"), None),
            "pdf_url": pdf_url(row, case.number),
            "court_url": _court_url(row, case.number),
            "buttons": [
                (deed.button, reverse("complaints:authority-document-deed", args=[row.pk, slug]), deed.is_danger)
                for slug, deed in DEEDS.items()
                if deed.step in setting.may and deed.is_for(row)
            ],
        },
    )


def _paper(version: DocumentVersion, setting: Setting) -> Paper | None:
    """As much of it as this officer may read now; None once it was destroyed."""
    if not version.content:
        return None
    paper: Paper = version.content["paper"]
    shown = documents_sight.is_shown(version.complaint, setting.found, now=setting.desk.now)
    return paper if shown else documents_sight.masked(paper)


def _prints(row: OfficialDocument, setting: Setting, *, is_shown: bool) -> bool:
    """Whether the paper is offered: see documents_sight.refuse_print."""
    return documents_sight.may_print(setting.found.side, setting.found.actor) and (
        is_shown or row.form not in kinds.WITH_CONTACT
    )


def _court_url(row: OfficialDocument, number: str) -> str:
    return reverse("complaints:case-court", args=[number]) if row.form == kinds.AGREEMENT else ""


def _met(desk: Desk, pk: int, request: HttpRequest) -> tuple[OfficialDocument, Setting]:
    """Whose case the officer does not see has no such document for them."""
    row = (
        OfficialDocument.objects.filter(pk=pk, complaint__in=desk.cases())
        .select_related("complaint", "authority", "issued_by", "second_by")
        .first()
    )
    if row is None:
        raise Http404
    return row, setting_of(desk, row.complaint.number, request.GET)


def _entries(complaint_id: int, row: OfficialDocument) -> list[HandlingStep]:
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


def _version(version: DocumentVersion, row: OfficialDocument, entries: Sequence[HandlingStep]) -> dict[str, Any]:
    return {
        "row": version,
        "url": f"{pdf_url(row, row.complaint.number)}?version={version.number}",
        "digest": bytes(version.digest).hex(),
        "is_there": bool(version.content),
    }


def _attempt(entry: HandlingStep) -> dict[str, Any]:
    data = entry.data
    return {
        "at": entry.happened_at,
        "way": labels.label(data.get("channel", ""), kind="service_channel"),
        "is_served": data.get("served"),
        "day": data.get("day", ""),
        "reference": data.get("reference", ""),
        "to": data.get("to", ""),
        "by": labels.label(data["received_by"], kind="receiver") if data.get("received_by") else "",
        "next": labels.label(data["next"], kind="service_channel") if data.get("next") else "",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that is done about a document, on a page of its own."""

    step: str
    button: Any
    effect: Any
    form: Callable[[OfficialDocument, Setting, Any], StepForm]
    move: Callable[[OfficialDocument, Any], Move]
    is_for: Callable[[OfficialDocument], bool] = lambda row: row.state == OfficialDocument.ISSUED
    is_danger: bool = False

    def is_decided(self, row: OfficialDocument, setting: Setting) -> bool:
        """Whether it is only proposed here: what two officers decided is corrected by two."""
        return self.step == documents_signing.CORRECTION and bool(documents_signing.rule_of(row, setting))


def _service_form(row: OfficialDocument, setting: Setting, data: Any) -> StepForm:
    last = next((e for e in reversed(_entries(row.complaint_id, row)) if e.step == "serve_notice"), None)
    channel = last.data.get("next", "") if last is not None else ""
    return ServiceForm(
        data, sides=addressees(row), channel=channel if channel in SERVICE_CHANNELS else "", today=setting.desk.today
    )


def _served(row: OfficialDocument, form: Any) -> Move:
    said = form.cleaned_data
    return handling.MOVES["serve_notice"](
        document_id=row.pk,
        to=said["to"],
        channel=said["channel"],
        is_served=said["arrived"] == "yes",
        day=said["day"],
        received_by=said["received_by"],
        reference=said["reference"],
        text=said["text"],
    )


def _correction_form(row: OfficialDocument, setting: Setting, data: Any) -> StepForm:
    """Compared with what was read: the version and the masks that the form names, whatever was revealed or corrected
    since.
    """
    versions = {str(version.number): version for version in row.versions.select_related("complaint").order_by("number")}
    newest = list(versions.values())[-1]
    now = _paper(newest, setting)
    if now is None:
        raise StepNotAllowed("destroyed", _("这份文书的内容已经按期限销毁。"))
    is_shown = documents_sight.is_shown(newest.complaint, setting.found, now=setting.desk.now)
    read = versions.get(data.get("version", ""), newest) if data is not None else newest
    whole: Paper = read.content["paper"]
    was_shown = is_shown if data is None else data.get("sight") == CorrectionForm.OPEN
    lines = documents.correctable(whole if was_shown else documents_sight.masked(whole))
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


DEEDS: dict[str, Deed] = {
    "serve": Deed(
        step="serve_notice",
        button=gettext_lazy("记录送达"),
        form=_service_form,
        move=_served,
        effect=gettext_lazy("没有送到的，换下一种方式再送。所有受送达人都送到后，告知期限才算完成。"),
        is_for=lambda row: row.state == OfficialDocument.ISSUED and bool(addressees(row)),
    ),
    "correct": Deed(
        step=documents_signing.CORRECTION,
        button=gettext_lazy("更正笔误"),
        form=_correction_form,
        effect=documents_signing.EFFECT,
        move=lambda row, form: handling.MOVES["correct_clerical_error"](
            document_id=row.pk,
            text=form.cleaned_data["text"],
            changes=form.changes(),
            version=int(form.cleaned_data["version"]),
        ),
    ),
    "void": Deed(
        step="void_document",
        button=gettext_lazy("作废"),
        is_danger=True,
        effect=gettext_lazy("文号留在登记簿里，注明作废，不再使用。受送达人会收到通知。"),
        form=lambda row, setting, data: SaidForm(data, label=gettext_lazy("为什么作废")),
        move=lambda row, form: handling.MOVES["void_document"](document_id=row.pk, text=form.cleaned_data["text"]),
    ),
}


@officer_page("GET", "POST")
def deed(request: HttpRequest, desk: Desk, pk: int, slug: str) -> HttpResponseBase:
    """/authority/documents/<id>/{serve,correct,void}/"""
    row, setting = _met(desk, pk, request)
    wanted = DEEDS.get(slug)
    if wanted is None:
        raise Http404
    here = reverse("complaints:authority-document", args=[row.pk])

    def judged() -> None:
        refuse_unless_open([wanted.step], setting)
        if row.state == OfficialDocument.VOID:
            raise StepNotAllowed("document_void", _("这份文书已经作废。"))
        if not wanted.is_for(row):
            raise StepNotAllowed("not_addressed", _("这份文书不用送达当事人。"))

    judged()
    form = wanted.form(row, setting, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _show(request, row, setting, wanted, form)

    is_proposed = wanted.is_decided(row, setting)

    def moves() -> Sequence[Move] | None:
        if not form.is_valid():
            return None
        move = wanted.move(row, form)
        return [proposals.propose(move=move) if is_proposed else move]

    done = take_step(request, setting.found, moves, form=form, to=here, now=desk.now)
    if not done.address:
        return _show(request, row, setting, wanted, form, status=moved_on.status_of(form))
    if done.is_new:
        messages.success(
            request, _("已提请批准。") if is_proposed else labelled(row.reference, wanted.button), extra_tags="ok"
        )
    return redirect(done.address)


def _show(
    request: HttpRequest, row: OfficialDocument, setting: Setting, wanted: Deed, form: StepForm, *, status: int = 200
) -> HttpResponseBase:
    is_proposed = wanted.is_decided(row, setting)
    button = labels.action("propose") if is_proposed else wanted.button
    return render(
        request,
        "authority/step.html",
        {
            "is_proposed": is_proposed,
            "signers": who_signs(setting, documents_signing.rule_of(row, setting)) if is_proposed else "",
            "case": setting.found.complaint,
            "page": page_of(setting.found, now=setting.desk.now),
            "form": form,
            "title": f"{wanted.button} · {title_of(row.form)} {row.reference}",
            "effect": wanted.effect,
            "is_danger": wanted.is_danger,
            "back": reverse("complaints:authority-document", args=[row.pk]),
            "back_text": row.reference,
            "button": button,
        },
        status=status,
    )
