"""What an officer orders about a notice: send it once more, or note that the addressee was told otherwise.

Each order is a row that stays, with who and when; what waits or is on its way already
is left alone.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from complaints.models import Notice, NoticeOrder
from complaints.procedure.refusals import StepNotAllowed
from database.row_security import working_as_steps

AGAIN, TOLD = "again", "told"
#: What may be ordered about a notice in this state.
ORDERS = {"set_aside": (AGAIN, TOLD), "sent": (AGAIN,), "told": (AGAIN,)}


def order(notice_id: int, what: str, *, by: User, now: datetime) -> Notice:
    """Carry the order out and write it down; the caller has made sure that ``by`` may."""
    # Seen under the caller's role or not at all.
    seen = Notice.objects.values_list("pk", flat=True).get(pk=notice_id)
    with working_as_steps(), transaction.atomic():
        notice = Notice.objects.select_for_update().get(pk=seen)
        if what not in ORDERS.get(notice.state, ()):
            raise StepNotAllowed("not_now", _("这条通知已经在等待发送，或者已经处理，请刷新页面再看。"))
        if what == TOLD:
            notice.state = "told"
        else:
            # A letter of its own, on the channel that it had; a dead one leads on to the next.
            notice.state, notice.form, notice.letter = "queued", "single", None
            notice.attempts, notice.again, notice.send_after = 0, notice.again + 1, now
            notice.sent_at, notice.last_error = None, ""
        notice.save(
            update_fields=["state", "form", "letter", "attempts", "again", "send_after", "sent_at", "last_error"]
        )
        NoticeOrder.objects.create(notice=notice, by=by, what=what, at=now)
    return notice
