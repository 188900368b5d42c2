"""The others of a case, on the consumer's pages alone: fellow complainants, the principal, linked cases against others.

It is asked for the consumer's page and for no other; an enterprise never learns of another's case, and of
fellow complainants only how many there are.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.masking import masked_name, masked_phone
from accounts.models import User
from accounts.sign_in.limits import TooManyTries, place_of
from complaints.links import joining
from complaints.models import Complaint, Offer, Participant
from complaints.pages.shared.case_shared import signed_in_page
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.workflow import Role
from complaints.reading.case import CONSUMER, CaseAccess, case_url, find_case
from complaints.reading.case_people import respondent_of
from complaints.wording.standing import standing
from web.dates import moment
from web.incoming import whole


def siblings_of(complaint: Complaint, user: User) -> list[dict[str, str]]:
    """Cases of the same person about the same matter, against others; one query where there are any, else none."""
    if complaint.linked_group is None:
        return []
    rows = (
        Complaint.objects.visible_to(user)
        .filter(linked_group=complaint.linked_group, consumer_id=complaint.consumer_id)
        .exclude(pk=complaint.pk)
        .select_related("enterprise", "branch", "picked_enterprise", "picked_branch")
    )
    return [
        {"number": row.number, "respondent": respondent_of(row), "status": standing(row).text, "url": case_url(row)}
        for row in rows.order_by("pk")
    ]


def people_of(result: CaseAccess, *, now: datetime) -> list[dict[str, Any]]:
    """Everybody beside the filer; two queries where there is anybody, none where there is not."""
    complaint = result.complaint
    if complaint.on_behalf_kind not in (JOINT, AGENT):
        return []
    rows = list(Participant.objects.filter(complaint=complaint).order_by("ordinal"))
    sealed_fields.load_for(rows)
    offer = Offer.objects.filter(complaint=complaint, state__in=("open", "accepted")).order_by("-number").first()
    may_ask = _may_ask(result)
    return [_line(row, result, offer, may_ask=may_ask, now=now) for row in rows]


def _may_ask(result: CaseAccess) -> bool:
    """The representatives see to it that the others are asked."""
    return result.actor is not None and result.actor.role == Role.CONSUMER and result.complaint.contact_verified


def _line(row: Participant, result: CaseAccess, offer: Offer | None, *, may_ask: bool, now: datetime) -> dict[str, Any]:
    is_me = result.viewer.party == row.ordinal
    is_principal = row.kind == Participant.PRINCIPAL
    states = {
        Participant.ASKED: (
            _("还没有确认") if row.expires_at is None or row.expires_at > now else _("链接已过期，没有确认"),
            "warn",
        ),
        Participant.JOINED: (_("已确认委托") if is_principal else _("已确认参加"), "ok"),
        Participant.DECLINED: (_("否认委托") if is_principal else _("不参加"), "neutral"),
        Participant.LEFT: (_("已退出"), "neutral"),
    }
    state, tone = states[row.state]
    answer = ""
    if offer is not None and row.kind == Participant.JOINT and row.state == Participant.JOINED:
        answers = {row.refused_offer: _("没有接受方案，不受约束"), row.agreed_offer: _("接受了方案")}
        answer = answers.get(offer.number, _("还没有答复方案"))
    return {
        "ordinal": row.ordinal,
        "name": row.name if is_me or may_ask else masked_name(row.name),
        "role": _("委托人") if is_principal else _("代表人") if row.is_representative else _("共同投诉人"),
        "state": state,
        "tone": tone,
        "offer": answer,
        "is_me": is_me,
        "can_ask": may_ask and row.state == Participant.ASKED and bool(row.phone),
        "phone": masked_phone(row.phone) if may_ask else "",
    }


@signed_in_page("GET", "POST")
def people(request: HttpRequest, number: str) -> HttpResponseBase:
    """/cases/<ref>/people/: who else is in it, and a new link for who has not answered."""
    now = timezone.now()
    result = find_case(request.user, number, side=CONSUMER, now=now)
    if result.complaint.on_behalf_kind not in (JOINT, AGENT):
        raise Http404
    if request.method == "POST":
        return _ask(request, result, now=now)
    context = {"case": result.complaint, "rows": people_of(result, now=now), "url": case_url(result.complaint)}
    return render(request, "consumer/people.html", context)


def _ask(request: HttpRequest, result: CaseAccess, *, now: datetime) -> HttpResponseBase:
    number = whole(request.POST.get("ask", ""), 3)
    if not _may_ask(result) or number is None:
        raise Http404
    here = request.path
    try:
        with once(request) as attempt:
            if not attempt.answered:
                sent = joining.ask(result.complaint, place=place_of(request), now=now, only=number)
                attempt.reference = here
                if sent:
                    messages.success(request, _("已经再发一条短信。以前的链接不再有效。"), extra_tags="ok")
    except TooManyTries as wait:
        text = _("发给这个号码的短信太多了，请在%(moment)s之后再试。") % {"moment": moment(wait.until)}
        messages.warning(request, text, extra_tags="warn")
    return redirect(here)
