"""The receipt: proof and calm, right after filing and whenever one comes back.

The tracking token is shown for 30 minutes, in the browser that filed, and never again; the case keeps its digest only.
"""

import hmac
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.masking import masked_phone
from accounts.models import User
from complaints.documents import printing
from complaints.documents.printing import readable
from complaints.filing import drafts
from complaints.filing.held import HeldDraft, held_by
from complaints.filing.outlook import ahead
from complaints.models import Complaint, Deadline, PersonalText
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Audience
from complaints.reading.case_people import respondent_of
from complaints.record import anchors
from complaints.wording.next_action import next_action_of
from database.row_security import show
from web.dates import last_day, moment
from web.languages import base_language
from web.qr import qr_code

PAPER = Path(drafts.__file__).with_name("receipt.typ")


@never_cache
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponseBase:
    result = _receipt(request, number, now=timezone.now())
    return result if isinstance(result, HttpResponseBase) else render(request, "consumer/filing/receipt.html", result)


@never_cache
@require_safe
def receipt_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """/cases/<number>/receipt.pdf: the same on paper, for who prints elsewhere or keeps files."""
    now = timezone.now()
    result = _receipt(request, number, now=now)
    if isinstance(result, HttpResponseBase):
        return result
    return HttpResponse(
        printing.typeset(_paper(result), at=now, template=PAPER),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{number}-receipt.pdf"'},
    )


def _paper(result: dict[str, Any]) -> dict[str, Any]:
    case, next_action = result["case"], result["next_action"]
    anchor = str(result["anchor"]).split("|")
    label, linked = _("投诉编号"), result["linked"]
    numbers = [(f"{label} · {name}" if len(linked) > 1 else label, number) for number, name in linked]
    numbers.append((_("提交时间"), moment(case.filed_at)))
    if result["token"]:
        numbers.append((_("查询口令"), result["token"]))
    notes = [] if case.contact_verified else [_("您的电话还没有验证：工作人员会打电话核实，请留意来电。")]
    labels: dict[str, Any] = readable(
        {
            "language": base_language(),
            "title": _("投诉已提交"),
            "site": _("12315 在线和解 · 收据"),
            "lead": result["sentence"],
            "numbers": numbers,
            "notes": notes,
            "next_action_title": _("接下来谁做什么"),
            "next_action": [
                (_("谁在办"), next_action.holder or _("没有人需要办理")),
                (_("期限"), last_day(next_action.due_at) if next_action.due_at else _("没有期限")),
                (pgettext("if missed", "逾期"), next_action.if_missed or "–"),
            ],
            "ahead_title": _("接下来的三件事"),
            "ahead": [(last_day(item.due_at), item.what) for item in result["ahead"]],
            "anchor_title": _("存证"),
            "anchor": [f"{part}|" for part in ("|".join(anchor[:3]), anchor[3])] + [anchor[4]],
            "anchor_hint": _("请保存这几行：以后记录如有改动，凭它能查出来。"),
            "qr": printing.qr_svg(result["track_url"]) if result["token"] else "",
            "qr_text": _("扫码查进度"),
            "foot": _("查进度：%(address)s") % {"address": result["track_page"]},
        }
    )
    return labels


def _receipt(request: HttpRequest, number: str, *, now: datetime) -> dict[str, Any] | HttpResponseBase:
    """What the receipt says; the way to sign in, or Http404, for whoever it is not for."""
    held = held_by(request, now=now)
    if held is not None and number not in held.draft.filed_as:
        held = None
    if held is not None:
        show(drafts.tracking_digest(drafts.tracking_token(held.draft, held.key or str(held.draft.pk))))
    visible = Complaint.objects.filter(number=number) if held else Complaint.objects.visible_to(request.user)
    related = ("enterprise", "branch", "handling_authority", "picked_enterprise", "picked_branch")
    case = visible.filter(number=number).select_related(*related).first()
    if case is None or (held is None and case.consumer_id != request.user.pk):
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        raise Http404
    token = _token(held, case, now=now)
    clocks, calendar = list(Deadline.objects.filter(complaint=case, ended_at=None)), current_calendar()
    next_action = next_action_of(complaint=case, clocks=clocks, viewer_side="consumer", now=now, calendar=calendar)
    track_page = request.build_absolute_uri("/track/")
    track_url = f"{track_page}#{case.number}.{token}"
    return {
        "case": case,
        "linked": _linked(case, held),
        "token": token,
        "track_page": track_page,
        "track_url": track_url,
        "qr": qr_code(track_url) if token else None,
        "next_action": next_action,
        "is_own": isinstance(request.user, User) and case.consumer_id == request.user.pk,
        "sentence": next_action.sentence,
        "ahead": ahead(case, phone=_phone(case), now=now),
        "anchor": anchors.receipt_of(case.number, Audience.PARTIES, case.last_sequence, bytes(case.last_hash)),
    }


def _linked(case: Complaint, held: HeldDraft | None) -> list[tuple[str, str]]:
    """(number, respondent) of this case and of those that were filed with it against others."""
    if case.linked_group is None:
        return [(case.number, "")]
    rows = Complaint.objects.filter(linked_group=case.linked_group, consumer_key=case.consumer_key)
    rows = rows.filter(number__in=held.draft.filed_as) if held else rows.filter(consumer_id=case.consumer_id)
    rows = rows.select_related("enterprise", "branch", "picked_enterprise", "picked_branch").order_by("pk")
    return [(row.number, respondent_of(row) or _("由监管部门确定")) for row in rows]


def _phone(case: Complaint) -> str:
    """The number that will be rung, masked; only asked for where it is not proven."""
    if case.contact_verified:
        return ""
    rows = PersonalText.objects.filter(complaint=case, kind="consumer_phone", audience="parties")
    row = rows.order_by("sequence").first()
    return masked_phone(row.text) if row else ""


def _token(held: HeldDraft | None, case: Complaint, *, now: datetime) -> str:
    """The token again, or nothing once half an hour is over."""
    if held is None or held.draft.filed_at is None or now >= held.draft.filed_at + drafts.RECEIPT_FOR:
        return ""
    token = drafts.tracking_token(held.draft, held.key)
    is_its = hmac.compare_digest(drafts.tracking_digest(token), case.tracking_digest)
    return token if is_its else ""
