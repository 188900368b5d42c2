"""What the consumer just decided, read back in full sentences.

It is read from the rows that the step left, never from what the form sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.reading.case import CasePage
from complaints.reading.case_settlement import ObligationView
from web.dates import day_text
from web.templatetags.portal import money


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The page after a deciding step."""

    title: str
    lines: list[str] = field(default_factory=list)
    until: datetime | None = None
    undo_url: str = ""


def read_back(page: CasePage) -> ReadBack | None:
    """None when there is nothing (any more) that could be taken back."""
    matter = page.matters.get("undo")
    if matter is None or not page.may("undo"):
        return None
    words = {
        "accept_offer": _accepted,
        "decline_offer": _declined,
        "stop_negotiating": _stopped,
        "confirm_performed": _confirmed,
        "withdraw": _withdrawn,
    }.get(matter.subject)
    if words is None:
        return None
    title, lines = words(page)
    return ReadBack(
        title, lines, matter.until_at, reverse("complaints:case-step", args=[page.complaint.number, "undo"])
    )


def _promise(promise: ObligationView) -> str:
    amount = money(promise.amount) if promise.amount is not None else ""
    last4 = promise.row.payee_last4
    to = _("到尾号%(last4)s") % {"last4": last4} if last4 else ""
    due = _("最后一天%(day)s") % {"day": day_text(promise.due_on)} if promise.due_on else promise.due_words
    what = " ".join(p for p in (promise.what, amount) if p) + to
    return _("%(what)s，%(due)s。") % {"what": what, "due": due}


def _accepted(page: CasePage) -> tuple[str, list[str]]:
    lines = [_promise(p) for p in page.obligations if p.state_code == "due"]
    if not lines and page.is_closed:
        lines = [_("没有需要履行的事项，案件已办结。")]
    if page.complaint.is_in_part:
        lines.append(_("其余诉求不再要求。"))
    elif page.complaint.status == "negotiating":
        lines.append(_("其余诉求继续协商。"))
    elif page.complaint.status == "review":
        lines.append(_("其余诉求转监管部门审查。"))
    return _("您同意了方案"), lines


def _declined(page: CasePage) -> tuple[str, list[str]]:
    offer = page.offers[0] if page.offers else None
    lines = []
    if offer is not None and offer.offer.counter_demand:
        lines.append(_("您希望：%(what)s") % {"what": offer.offer.counter_demand})
    lines.append(page.duty.sentence)
    return _("您没有接受方案"), lines


def _stopped(page: CasePage) -> tuple[str, list[str]]:
    return _("您不再与企业协商"), [page.duty.sentence]


def _confirmed(page: CasePage) -> tuple[str, list[str]]:
    lines = [_("%(what)s：已兑现") % {"what": p.what} for p in page.promises if p.state_code == "confirmed"]
    return _("您确认了企业已兑现"), [*lines, page.duty.sentence]


def _withdrawn(page: CasePage) -> tuple[str, list[str]]:
    return _("您撤回了投诉"), [page.duty.sentence]
