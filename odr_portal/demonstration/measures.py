"""A set of offers in the demonstration: chosen, not yet sent, so that whoever looks can try it out.

The one rule: it is made by the verb that makes it for people, and takes no step of any case.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.utils import timezone

from complaints.actors import staff_member
from complaints.measures import sending
from complaints.measures.choosing import LeftOut, Pick
from complaints.models import Complaint, Measure
from complaints.workflow import Status
from enterprises.models import Staff
from enterprises.staffing import at_work

TITLE = "宽带中断统一补偿（演示）"
MOST = 12


def draft_one(*, now: datetime) -> Measure | None:
    """For the handler with most cases in negotiation; none where nobody negotiates."""
    by_handler: dict[int, list[Pick]] = defaultdict(list)
    for case in Complaint.objects.filter(status=Status.NEGOTIATING, handler__isnull=False).order_by("pk"):
        by_handler[case.handler_id or 0].append(Pick(case.pk, case.number))
    here = {person.pk: person for person in at_work(timezone.localdate(now)).filter(pk__in=by_handler).select_related("user", "enterprise", "branch")}
    chosen: Staff | None = max(here.values(), key=lambda person: (len(by_handler[person.pk]), -person.pk), default=None)
    if chosen is None:
        return None
    missing = [LeftOut("20260101-AAAAAAAAAAAA-0", "没有找到这件投诉。")]
    return sending.make(title=TITLE, picks=by_handler[chosen.pk][:MOST], left_out=missing, actor=staff_member(chosen), now=now)
