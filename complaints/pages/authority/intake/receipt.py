"""/authority/intake/<ref>/receipt/: what an officer hands over, or reads out, right after writing a complaint down.

The token is shown to the officer who filed it, for half an hour, and never again; the case keeps its
digest only.
So long it opens this receipt, wherever the case lies; nothing else of a case elsewhere.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts.keys import sealed_fields
from accounts.masking import masked_name, masked_phone
from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.filing import drafts
from complaints.filing.outlook import ahead
from complaints.filing.people import consent_questions
from complaints.models import Complaint, Deadline, PersonalText
from complaints.models.evidence import FilingDraft
from complaints.parties.conditions import current_calendar
from complaints.reading.case import AUTHORITY, case_url
from complaints.wording.duty import standing
from database.row_security import show
from web.qr import qr_code


@officer_page("GET")
def receipt(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    case, token = _found(number, request.GET.get("of", ""), workspace)
    said = _said(case)
    enterprise = str(case.picked_enterprise or "")
    words = {one.code: one.short for name in (enterprise, "") for one in consent_questions(name)}
    stand = standing(
        complaint=case,
        clocks=list(Deadline.objects.filter(complaint=case, ended_at=None)),
        viewer_side="consumer",
        now=workspace.now,
        calendar=current_calendar(),
    )
    shown: dict[str, Any] = {
        "case": case,
        "token": token,
        "duty": stand,
        "sentence": stand.sentence,
        # A case of another region has no page for this officer.
        "back": case_url(case, AUTHORITY) if workspace.cases().filter(pk=case.pk).exists() else "",
        "qr": qr_code(request.build_absolute_uri("/track/") + f"#{case.number}.{token}") if token else None,
        "channel": wording.label(case.channel, kind="channel"),
        "consumer": masked_name(said.get("consumer_name", "")),
        "phone": masked_phone(said.get("consumer_phone", "")),
        "ahead": ahead(case, phone=masked_phone(said.get("consumer_phone", "")), now=workspace.now),
        "consents": [(words[code], case.consents[code]) for code in words if isinstance(case.consents.get(code), bool)],
    }
    return render(request, "authority/intake_receipt.html", shown)


def _said(case: Complaint) -> dict[str, str]:
    rows = list(
        PersonalText.objects.filter(
            complaint=case, audience="parties", kind__in=("consumer_name", "consumer_phone")
        ).order_by("sequence")
    )
    sealed_fields.load_for(rows)
    return {row.kind: row.text for row in rows}


def _found(number: str, typed: str, workspace: Workspace) -> tuple[Complaint, str]:
    """The case and its token: by the secret of who filed it for half an hour; afterwards, and for all others, without
    token.

    Raises Http404 for who has neither the secret nor the case in sight.
    """
    rows = Complaint.objects.select_related(
        "enterprise", "branch", "handling_authority", "picked_enterprise", "picked_branch", "station"
    )
    token = _token(typed, workspace)
    if token:
        digest = drafts.tracking_digest(token)
        show(digest)
        case = rows.filter(
            number=number, tracking_digest=digest, filed_at__gt=workspace.now - drafts.RECEIPT_FOR
        ).first()
        if case is not None:
            return case, token
    return rows.get(pk=workspace.find(number).complaint.pk), ""


def _token(typed: str, workspace: Workspace) -> str:
    """The token of what this officer wrote down under this key; of somebody else's key it opens nothing."""
    try:
        draft = FilingDraft(pk=uuid.UUID(typed))
    except ValueError:
        return ""
    return drafts.tracking_token(draft, f"intake:{workspace.user.pk}")
