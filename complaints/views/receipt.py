"""The receipt: proof and calm, right after filing and whenever one comes back.

The one rule: the tracking token is shown for 30 minutes, in the browser that
filed, and never again; the case keeps its digest only.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.conditions import current_calendar
from complaints.filing import drafts
from complaints.filing.outlook import ahead
from complaints.models import Complaint, Deadline, PersonalText
from complaints.standing import standing
from complaints.views.consumer_cases import respondent_of
from complaints.views.filing_frame import Held, held_by
from odr_portal.accounts.masking import masked_phone
from odr_portal.accounts.models import User
from odr_portal.qr import qr_code
from odr_portal.walls import show


@never_cache
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponseBase:
    now = timezone.now()
    held = held_by(request, now=now)
    if held is not None and number not in held.draft.filed_as:
        held = None
    if held is not None:
        show(drafts.tracking_digest(drafts.tracking_token(held.draft, held.key or str(held.draft.pk))))
    visible = Complaint.objects.filter(number=number) if held else Complaint.objects.visible_to(request.user)
    case = visible.filter(number=number).select_related(
        "enterprise", "branch", "handling_authority", "picked_enterprise", "picked_branch").first()
    if case is None or (held is None and case.consumer_id != request.user.pk):
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        raise Http404
    token = _token(held, case, now=now)
    stand = standing(
        complaint=case,
        clocks=list(Deadline.objects.filter(complaint=case, ended_at=None)),
        viewer_side="consumer",
        now=now,
        calendar=current_calendar(),
    )
    linked = _linked(case, held)
    context: dict[str, Any] = {
        "case": case,
        "linked": linked,
        "token": token,
        "qr": qr_code(request.build_absolute_uri("/track/") + f"#{case.number}.{token}") if token else None,
        "duty": stand,
        "is_own": isinstance(request.user, User) and case.consumer_id == request.user.pk,
        "sentence": stand.sentence,
        "ahead": ahead(case, phone=_phone(case), now=now),
    }
    return render(request, "consumer/filing/receipt.html", context)


def _linked(case: Complaint, held: Held | None) -> list[tuple[str, str]]:
    """(number, respondent) of this case and of those that were filed with it against others."""
    if case.linked_group is None:
        return [(case.number, "")]
    rows = Complaint.objects.filter(linked_group=case.linked_group, consumer_key=case.consumer_key)
    rows = rows.filter(number__in=held.draft.filed_as) if held else rows.filter(consumer_id=case.consumer_id)
    rows = rows.select_related("enterprise", "branch", "picked_enterprise", "picked_branch").order_by("pk")
    return [(row.number, respondent_of(row) or _("由监管部门确定")) for row in rows]


def _phone(case: Complaint) -> str:
    """The number that will be rung, masked; only asked for where it is not proven."""
    row = None if case.contact_verified else PersonalText.objects.filter(
        complaint=case, kind="consumer_phone", audience="parties").order_by("sequence").first()
    return masked_phone(row.text) if row else ""


def _token(held: Held | None, case: Complaint, *, now: datetime) -> str:
    """The token again, or nothing once half an hour is over."""
    if held is None or held.draft.filed_at is None or now >= held.draft.filed_at + drafts.RECEIPT_FOR:
        return ""
    token = drafts.tracking_token(held.draft, held.key)
    is_its = hmac.compare_digest(drafts.tracking_digest(token), case.tracking_digest)
    return token if is_its else ""
