"""The correction of a decision that two officers signed: what would be written over, and where it waits.

Who approves reads the same masks as on the page of the document, and approves no mask unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.policies import Policies
from complaints.desks.officer_case import OfficerCase
from complaints.documents.wording import Paper
from complaints.handling.steps import documents
from complaints.handling.transition import two_persons
from complaints.models import Matter, OfficialDocument
from complaints.reading import case_documents

CORRECTION = "correct_clerical_error"
EFFECT = gettext_lazy(
    "文号不变，成为新的一版；原来的一版保留。受送达人会收到通知。"
    "不予受理、终止调解的情形和理由，调解书里的协议、事项和金额，不能当作笔误更正。"
)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """One place of the paper; the names are those of components/summary.html."""

    key: str
    value: str
    detail: str


def rule_of(row: OfficialDocument, officer_case: OfficerCase) -> str:
    """The step whose rule a correction of this document falls under here, where that asks for two persons; else
    empty."""
    rule = two_persons.DECISIONS.get(row.form, "")
    region = officer_case.found.complaint.handling_region_id
    return rule if two_persons.needed(Policies.load(officer_case.workspace.today), rule, region) else ""


def waiting_url(row: OfficialDocument, officer_case: OfficerCase) -> str:
    """Where a correction of this document waits for its second person; empty when none does."""
    matter = officer_case.around.matters.get("proposal")
    if matter is None or matter.subject != CORRECTION or matter.data["payload"].get("document_id") != row.pk:
        return ""
    return reverse("complaints:authority-approval", args=[matter.pk])


def rewritten(matter: Matter, officer_case: OfficerCase) -> dict[str, Any]:
    """``document``, its address and the places that a proposed correction writes over; nothing for another proposal, no
    places once its words were destroyed. ``hides``: a mask stands in one of them."""
    said: Mapping[str, Any] = matter.data.get("payload", {})
    if matter.subject != CORRECTION or not said.get("document_id"):
        return {}
    row = OfficialDocument.objects.get(pk=said["document_id"], complaint=officer_case.found.complaint)
    read = row.versions.filter(number=said["version"]) if said.get("version") else row.versions.order_by("-number")
    version = read[0]
    version.complaint = officer_case.found.complaint
    address = {"document": row, "document_url": reverse("complaints:authority-document", args=[row.pk])}
    if not version.content:
        return address
    paper: Paper = version.content["paper"]
    before, after = paper, documents.rewritten(paper, said["changes"])
    if not case_documents.is_shown(officer_case.found.complaint, officer_case.found, now=officer_case.workspace.now):
        before, after = case_documents.masked(before), case_documents.masked(after)
    new = {place: words for place, _label, words in documents.editable(after["blocks"])}
    hidden = {
        place
        for place, _label, words in documents.editable(documents.rewritten(paper, said["changes"])["blocks"])
        if new[place] != words
    }
    return address | {
        "hides": not hidden.isdisjoint(said["changes"]),
        "changes": [
            Rewritten(
                key=label or _("第%(n)d段") % {"n": nth},
                value=new[place],
                detail=_("原文：%(words)s") % {"words": words},
            )
            for nth, (place, label, words) in enumerate(documents.editable(before["blocks"]), start=1)
            if place in said["changes"]
        ],
    }
