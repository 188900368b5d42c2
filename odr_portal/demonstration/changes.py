"""One change of the directory that waits for the head of the authority, already counted. One rule: by the verbs alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from enterprises import changing
from enterprises.change_kinds_names import KINDS
from enterprises.models import ServiceArea
from odr_portal.accounts.models import User
from odr_portal.demonstration.people import MOBILE, address_of
from routing import previewing


def wish_a_change(*, now: datetime) -> None:
    """The carrier gives up its branch of Fuqing at the end of the month: its cases would go to the city's."""
    lead, today = User.objects.with_email(address_of("lead")).get(), timezone.localdate(now)
    area = ServiceArea.objects.select_related("branch__enterprise").get(
        branch__enterprise__name=MOBILE, branch__name="中国移动福清分公司")
    change = changing.draft(
        "area-end", KINDS["area-end"].about(area), enterprise=area.branch.enterprise, branch_ids=None,
        on_day=today + timedelta(days=14), why="演示：福清的投诉改由福州分公司统一答复。", by=lead, now=now, today=today)  # fmt: skip
    previewing.sweep_previews(now=now)
    changing.file(change, by=lead, now=now, today=today)
