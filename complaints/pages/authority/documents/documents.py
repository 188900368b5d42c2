"""/authority/documents/: the register of official documents, one document, and what is done about it.

The register shows every number that these offices gave; the words only of cases that the officer sees.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.keys import sealed_fields
from authorities.jurisdiction import Jurisdiction
from complaints import wording
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.documents import kinds
from complaints.forms.fields import set_choices
from complaints.models import HandlingStep, OfficialDocument
from complaints.pages.authority.documents import document_steps
from complaints.pages.authority.forms import ListFilter
from complaints.procedure.workflow import LOOK
from complaints.reading import case_documents
from complaints.reading.case import AUTHORITY, case_url
from complaints.reading.case_documents import pdf_url, rows_of, services_of, title_of, to_be_served
from web.incoming import whole

BY_DAY = keyset.Order("issued_at", falling=True)
TO_SERVE, VOID = "to_serve", "void"


class RegisterFilter(ListFilter):
    form = forms.TypedChoiceField(label=_("文书"), required=False, coerce=int, empty_value=None)
    year = forms.IntegerField(
        label=_("年份"),
        required=False,
        min_value=2000,
        max_value=2999,
        widget=forms.NumberInput(attrs={"class": "w-10", "inputmode": "numeric"}),
    )
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("全部")), (TO_SERVE, _("待送达，近90天")), (VOID, _("已作废"))]
    )
    q = forms.CharField(
        label=_("文号或者投诉编号"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "size": 20}),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        set_choices(self, "form", [("", gettext("全部")), *((form, title_of(form)) for form in kinds.KINDS)])


@officer_page("GET")
def register(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """By year, sort and state; by number."""
    form = RegisterFilter(request.GET)
    asked = form.read()
    rows = _narrowed(given_by(workspace), asked, workspace.now).annotate(latest=Count("versions"))
    # Not joined to their cases: one that lies elsewhere now would take its number out of the register.
    page = keyset.page_of(rows, request.GET, BY_DAY, related=("issued_by", "second_by"))
    sealed_fields.load_for(user for row in page.rows for user in (row.issued_by, row.second_by) if user is not None)
    seen = dict(workspace.cases().filter(pk__in={row.complaint_id for row in page.rows}).values_list("pk", "number"))
    context = {
        "rows": rows_of(page.rows, AUTHORITY, seen),
        "filter": form,
        "now": workspace.now,
        "is_narrowed": bool(asked),
        **keyset.neighbours(page, f"{request.path}?{urlencode(asked)}" if asked else request.path),
    }
    return render(request, "authority/documents.html", context)


def given_by(workspace: Workspace) -> QuerySet[OfficialDocument]:
    """The numbers of the authorities in the regions of these offices; of one above (an office writes under its
    county's) those of cases that the officer sees."""
    every = Jurisdiction.load()
    within = {
        row.pk
        for row in every.authorities
        for actor in workspace.actors
        if actor.region is not None and actor.region[0] <= row.region_id <= actor.region[1]
    }
    above = {
        result.pk for actor in workspace.actors if (result := every.issuer(actor.authority_id)) is not None
    } - within
    condition = Q(authority_id__in=within)
    if above:
        condition |= Q(authority_id__in=above, complaint__in=workspace.cases())
    return OfficialDocument.objects.filter(condition)


def _narrowed(rows: QuerySet[OfficialDocument], asked: dict[str, Any], now: datetime) -> QuerySet[OfficialDocument]:
    for name in ("form", "year"):
        if name in asked:
            rows = rows.filter(**{name: asked[name]})
    if asked.get("state") == TO_SERVE:
        rows = rows.filter(to_be_served(now))
    elif asked.get("state") == VOID:
        rows = rows.filter(state=OfficialDocument.VOID)
    text = str(asked.get("q", "")).strip()
    if (number := whole(text, 6)) is not None:
        return rows.filter(number=number)
    if text[:1].isdigit():
        return rows.filter(complaint__number__startswith=text.upper())
    return rows.filter(reference__startswith=text.replace("[", "〔").replace("]", "〕")) if text else rows


@officer_page("GET")
def document(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """The paper on the screen, its versions, how it was served, and what can be done."""
    at = document_steps.find_document(workspace, pk, request)
    row, officer_case = at.row, at.officer_case
    case = officer_case.access.complaint
    versions = list(row.versions.order_by("-number"))
    for version in versions:
        version.complaint = case
    sealed_fields.load_for([*versions, *(user for user in (row.issued_by, row.second_by) if user is not None)])
    paper = document_steps.paper_of(versions[0], officer_case)
    may_read = document_steps.is_shown(officer_case)
    entries = document_steps.entries_of(case.pk, row)
    reveal_url = reverse("complaints:authority-step", args=[case.number, "reveal"])
    context = {
        "row": row,
        "case": case,
        "title": title_of(row.form),
        "is_void": row.state == OfficialDocument.VOID,
        "paper": paper,
        "is_shown": may_read,
        # Whether the paper is offered: see documents_visibility.refuse_print.
        "prints": case_documents.may_print(officer_case.access.side, officer_case.access.actor)
        and (may_read or row.form not in kinds.WITH_CONTACT),
        "reveal_url": f"{reveal_url}?reason=look_deliver" if LOOK in officer_case.may else "",
        "back": case_url(case, AUTHORITY),
        "waiting_url": document_steps.waiting_url(row, officer_case),
        "versions": [
            {
                "row": version,
                "url": f"{pdf_url(row, case.number)}?version={version.number}",
                "digest": bytes(version.digest).hex(),
                "is_there": bool(version.content),
            }
            for version in versions
        ],
        "services": services_of([row])[row.pk],
        "attempts": [_attempt(e) for e in entries if e.step == "serve_notice"],
        "pdf_url": pdf_url(row, case.number),
        "court_url": reverse("complaints:case-court", args=[case.number]) if row.form == kinds.AGREEMENT else "",
        "buttons": [
            (page.button, reverse("complaints:authority-document-deed", args=[row.pk, name]), page.is_danger)
            for name, page in document_steps.PAGES.items()
            if at.refusal(page) is None
        ],
    }
    return render(request, "authority/document.html", context)


def _attempt(entry: HandlingStep) -> dict[str, Any]:
    data = entry.data
    return {
        "at": entry.happened_at,
        "way": wording.label(data.get("channel", ""), kind="service_channel"),
        "is_served": data.get("served"),
        "day": data.get("day", ""),
        "reference": data.get("reference", ""),
        "to": data.get("to", ""),
        "by": wording.label(data["received_by"], kind="receiver") if data.get("received_by") else "",
        "next": wording.label(data["next"], kind="service_channel") if data.get("next") else "",
    }
