"""Tells whoever asked for a dossier that it is ready, or that it could not be made.

The words hold the number and no more; they go the way that the person chose, and no longer than the
dossier can be fetched.
"""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import OutgoingMessage
from complaints.dossier.asking import EXPIRES_AFTER
from complaints.models import Dossier, NoticeChoice
from complaints.notices.recipients import ORDER, address_of
from complaints.procedure import working_calendar


def tell(dossier: Dossier, *, is_ready: bool, now: datetime) -> None:
    """One message, in the transaction of its state; none to somebody without an address."""
    user, number = dossier.asked_by, dossier.complaint.number
    wish = NoticeChoice.objects.filter(pk=user.pk).first()
    ways = sorted(ORDER[dossier.side], key=lambda way: wish is None or way != wish.first)
    way = next((way for way in ways if address_of(way, user, {})), "")
    if not way:
        return
    with override(user.language):
        words = (
            _("【12315】投诉%(number)s的档案已做好，请在24小时内登录下载。")
            if is_ready
            else _("【12315】投诉%(number)s的档案没有做成，请登录重新制作。")
        )
        text, subject = words % {"number": number}, ""
        if way == "email":
            subject = _("【12315】%(number)s：案件档案") % {"number": number}
            text += "\n" + dossier.site + reverse("complaints:case-dossier", args=[number])
    OutgoingMessage.objects.create(
        channel=way,
        address=address_of(way, user, {}),
        person_key=user.person_key,
        created_at=now,
        useful_until=now + EXPIRES_AFTER,
        send_after=working_calendar.not_before(way, now),
        subject=subject,
        body=text,
    )
