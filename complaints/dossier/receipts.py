"""What a receipt says: the number, what comes next, and the line of the record to keep; and its paper, which a worker
signs. The paper that the browser gets at once has no signature and says so."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.masking import masked_phone
from accounts.models import User
from complaints.documents import printing
from complaints.documents.printing import readable
from complaints.filing import drafts
from complaints.filing.outlook import ahead
from complaints.models import Complaint, Deadline, PersonalText
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Audience
from complaints.reading.case_people import respondent_of
from complaints.record import anchors
from complaints.wording.next_action import next_action_of
from web.dates import last_day, moment
from web.languages import base_language

PAPER = Path(drafts.__file__).with_name("receipt.typ")
_RESPONDENT = ("enterprise", "branch", "picked_enterprise", "picked_branch")


def found(cases: QuerySet[Complaint], number: str) -> Complaint | None:
    return cases.filter(number=number).select_related("handling_authority", *_RESPONDENT).first()


def contents(
    case: Complaint, filed_with_it: QuerySet[Complaint], *, token: str = "", track_page: str, now: datetime
) -> dict[str, Any]:
    """What page and paper say. ``filed_with_it``: cases of the same person, of which those that were filed with this
    one are told; ``token``: to be shown, or empty."""
    clocks, calendar = list(Deadline.objects.filter(complaint=case, ended_at=None)), current_calendar()
    next_action = next_action_of(complaint=case, clocks=clocks, viewer_side="consumer", now=now, calendar=calendar)
    return {
        "case": case,
        "linked": _linked(case, filed_with_it),
        "token": token,
        "track_page": track_page,
        "track_url": f"{track_page}#{case.number}.{token}",
        "next_action": next_action,
        "sentence": next_action.sentence,
        "ahead": ahead(case, phone=_phone(case), now=now),
        "anchor": anchors.receipt_of(case.number, Audience.PARTIES, case.last_sequence, bytes(case.last_hash)),
    }


def paper(said: dict[str, Any], *, at: datetime, is_signed: bool = True) -> bytes:
    """``said`` as PDF, still without a signature; one that nobody will sign (``is_signed`` False) says so."""
    case, next_action = said["case"], said["next_action"]
    anchor = str(said["anchor"]).split("|")
    label, linked = _("投诉编号"), said["linked"]
    numbers = [(f"{label} · {name}" if len(linked) > 1 else label, number) for number, name in linked]
    numbers.append((_("提交时间"), moment(case.filed_at)))
    if said["token"]:
        numbers.append((_("查询口令"), said["token"]))
    notes = [] if case.contact_verified else [_("您的电话还没有验证：工作人员会打电话核实，请留意来电。")]
    if not is_signed:
        notes.append(_("这份收据没有平台的电子签名；登录后可以制作有签名的。"))
    labels: dict[str, Any] = readable(
        {
            "language": base_language(),
            "title": _("投诉已提交"),
            "site": _("12315 在线和解 · 收据"),
            "lead": said["sentence"],
            "numbers": numbers,
            "notes": notes,
            "next_action_title": _("接下来谁做什么"),
            "next_action": [
                (_("谁在办"), next_action.holder or _("没有人需要办理")),
                (_("期限"), last_day(next_action.due_at) if next_action.due_at else _("没有期限")),
                (_("到期没办"), next_action.if_missed or "–"),
            ],
            "ahead_title": _("接下来的三件事"),
            "ahead": [(last_day(item.due_at), item.what) for item in said["ahead"]],
            "anchor_title": _("存证"),
            "anchor": [f"{part}|" for part in ("|".join(anchor[:3]), anchor[3])] + [anchor[4]],
            "anchor_hint": _("请保存这几行：以后记录如有改动，凭它能查出来。"),
            "qr": printing.qr_svg(said["track_url"]) if said["token"] else "",
            "qr_text": _("扫码查进度"),
            "foot": _("查进度：%(address)s") % {"address": said["track_page"]},
        }
    )
    return printing.typeset(labels, at=at, template=PAPER)


def of_person(user: User | Any) -> QuerySet[Complaint]:
    """The cases that this person filed; none of anybody who is not signed in."""
    return Complaint.objects.visible_to(user).filter(consumer_id=user.pk)


def _linked(case: Complaint, filed_with_it: QuerySet[Complaint]) -> list[tuple[str, str]]:
    """(number, respondent) of this case and of those that were filed with it against others."""
    if case.linked_group is None:
        return [(case.number, "")]
    rows = filed_with_it.filter(linked_group=case.linked_group, consumer_key=case.consumer_key)
    rows = rows.select_related(*_RESPONDENT).order_by("pk")
    return [(row.number, respondent_of(row) or _("由监管部门确定")) for row in rows]


def _phone(case: Complaint) -> str:
    """The number that will be rung, masked; only asked for where it is not proven."""
    if case.contact_verified:
        return ""
    rows = PersonalText.objects.filter(complaint=case, kind="consumer_phone", audience="parties")
    row = rows.order_by("sequence").first()
    return masked_phone(row.text) if row else ""
