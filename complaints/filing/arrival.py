"""Right after filing: who acts next, by when, and what happens if not.

The one rule: every date comes from a clock of the case; without a clock the
page says that there is no date, and never guesses one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.conditions import current_calendar
from complaints.deadlines import remaining
from complaints.labels import label, tone
from complaints.models import Complaint, Deadline
from complaints.workflow import Clock, Status
from odr_portal.templatetags.portal import day_text

_CLOCK_OF = {
    Status.FILED: Clock.FORWARDING,
    Status.TRIAGE: Clock.FORWARDING,
    Status.WITH_ENTERPRISE: Clock.ACCEPTANCE,
    Status.REVIEW: Clock.REVIEW,
}


def heading_of(case: Complaint) -> str:
    """What has happened to it by now, in one line."""
    return {
        Status.FILED: _("投诉已提交，正在转给负责答复的单位"),
        Status.TRIAGE: _("投诉已提交，监管部门正在确定由谁处理"),
        Status.WITH_ENTERPRISE: _("投诉已提交，已经送达企业"),
        Status.REVIEW: _("投诉已提交，监管部门正在审查"),
    }.get(Status(case.status), _("投诉已提交"))


def duty_of(case: Complaint, *, now: datetime) -> dict[str, Any]:
    """The four answers of the duty strip, for the statuses a case can have so early."""
    status = Status(case.status)
    authority = str(case.handling_authority)
    clocks = {clock.clock: clock for clock in Deadline.objects.filter(complaint=case, state="running")}
    clock = clocks.get(_CLOCK_OF.get(status, Clock.NEGOTIATION))
    duty: dict[str, Any] = {
        "tone": tone(status),
        "status": label(status),
        "holder": str(case.branch or case.enterprise or authority),
        "since": case.status_since,
        "clock": _chip(clock, now=now) if clock else None,
        "due_at": clock.due_at if clock else None,
    }
    if status == Status.FILED:
        return duty | {
            "holder": _("平台分送"),
            "holder_detail": _("先由系统查找答复单位，找不到就交给%(authority)s") % {"authority": authority},
            "due_detail": _("转给负责答复的单位"),
            "if_missed": _("交给%(authority)s人工分送") % {"authority": authority},
            "if_missed_detail": _("您不用再做什么"),
        }
    if status == Status.TRIAGE:
        return duty | {
            "holder": authority,
            "holder_detail": _("正在确定由谁处理"),
            "due_detail": _("确定由谁处理"),
            "if_missed": _("记录逾期，提请上级监管部门督促"),
            "if_missed_detail": _("您不用再做什么"),
        }
    if status == Status.WITH_ENTERPRISE:
        last = clocks.get(Clock.NEGOTIATION)
        result = _("结果最迟%(day)s") % {"day": _day(last)} if last else ""
        return duty | {
            "holder_detail": _("受理后会写明负责人"),
            "due_detail": result,
            "if_missed": _("记录企业逾期；协商到期没有结果，自动转%(authority)s审查") % {"authority": authority},
            "if_missed_detail": _("您不用再做什么"),
        }
    if status == Status.REVIEW:
        return duty | {
            "holder": authority,
            "holder_detail": _("告知您是否受理"),
            "if_missed": _("记录逾期，提请上级监管部门督促"),
            "if_missed_detail": _("您不用再做什么"),
        }
    return duty


def _day(clock: Deadline) -> str:
    return day_text(clock.last_day)


def _chip(clock: Deadline, *, now: datetime) -> dict[str, Any]:
    today = timezone.localdate(now)
    return {
        "due_at": clock.due_at,
        "working_days_left": remaining(clock.last_day, today, current_calendar()),
        "is_provisional": clock.is_provisional,
    }
