"""全国12315平台: which cases need a number there, which state they should have there, and where the two differ.

What the platform says is kept as it was told, beside the case and never instead of its status. Source:
procedure, end of section 6; Order 121 arts 8 and 40.
"""

from __future__ import annotations

from datetime import datetime, time

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from authorities.policies import Policies
from complaints.models import Complaint
from complaints.models.complaint import OPEN
from complaints.procedure.workflow import AT_AUTHORITY, Outcome, Status
from complaints.procedure.working_calendar import SHANGHAI, Calendar

#: What the platform knows of a complaint, as its answer file writes it.
STATES = {
    "registered": _("已登记"),
    "accepted": _("已受理"),
    "not_accepted": _("不予受理"),
    "mediated": _("调解成功"),
    "terminated": _("终止调解"),
    "withdrawn": _("已撤回"),
    "settled": _("已和解"),
    "closed": _("已办结"),
}
#: Days after which a case without a number is late (a policy row).
POLICY = "platform_number"
#: How a complaint that came from there is marked.
SOURCE = "12315"
#: Conditions that a list may ask for.
MISSING, LATE, DIFFERS, SAME, TO_TELL = "missing", "late", "differs", "same", "to_tell"
CONDITIONS = {
    MISSING: _("没有平台编号"),
    LATE: _("逾期没有平台编号"),
    DIFFERS: _("两边状态不同"),
    SAME: _("两边一致"),
    TO_TELL: _("应报送平台"),
}

_MEDIATING = (Status.MEDIATING, Status.MEDIATION_SUSPENDED)
_ENDS: dict[str, tuple[Outcome, ...]] = {
    "not_accepted": (Outcome.REFUSED,),
    "mediated": (Outcome.MEDIATED,),
    "terminated": (Outcome.MEDIATION_TERMINATED,),
    "withdrawn": (Outcome.WITHDRAWN,),
    "settled": (Outcome.SETTLED, Outcome.SETTLED_ELSEWHERE),
    "closed": (Outcome.UNCONFIRMED, Outcome.NEGOTIATION_FAILED, Outcome.REDIRECTED),
}


def expected(complaint: Complaint) -> str:
    """The state that the platform should show for this case."""
    if complaint.status == Status.CLOSED:
        return next(state for state, outcomes in _ENDS.items() if complaint.outcome in outcomes)
    return "accepted" if complaint.status in (*_MEDIATING, Status.PERFORMING) else "registered"


def _agrees() -> Q:
    """The same as a condition. What is being performed may stem from either stage."""
    found = Q(status=Status.PERFORMING, platform_state__in=["registered", "accepted"])
    found |= Q(status__in=_MEDIATING, platform_state="accepted")
    found |= Q(platform_state="registered") & ~Q(status__in=[*_MEDIATING, Status.PERFORMING, Status.CLOSED])
    for state, outcomes in _ENDS.items():
        found |= Q(platform_state=state, outcome__in=outcomes)
    return found


def condition(name: str, *, now: datetime, calendar: Calendar, days: int) -> Q:
    """Cases of an authority's list that are missing, late, differing or the same; ``days`` of the policy."""
    if name == DIFFERS:
        return ~Q(platform_number="") & ~_agrees()
    if name == SAME:
        return ~Q(platform_number="") & _agrees()
    if name == TO_TELL:
        return condition(MISSING, now=now, calendar=calendar, days=days) | condition(
            DIFFERS, now=now, calendar=calendar, days=days
        )
    missing = OPEN & Q(status__in=AT_AUTHORITY, platform_number="", authority_received_at__isnull=False)
    return missing if name == MISSING else missing & Q(authority_received_at__lt=late_before(now, calendar, days))


def wanted(
    name: str, *, now: datetime, calendar: Calendar, region_id: int | None, policies: Policies | None = None
) -> Q:
    """``condition`` by the policy of a region; only what is late asks for it."""
    days = 1
    if name == LATE:
        days = (policies or Policies.load(calendar.local_day(now))).number(POLICY, region_id).number
    return condition(name, now=now, calendar=calendar, days=days)


def late_before(now: datetime, calendar: Calendar, days: int) -> datetime:
    """What was received before this moment has had its ``days`` working days: the day of receipt is not counted."""
    today = calendar.local_day(now)
    # The last day that was due by the end of yesterday or earlier: so many working days before today.
    day = calendar.before(today, days)
    while calendar.after(day, days) >= today:
        day = day.fromordinal(day.toordinal() - 1)
    return datetime.combine(day.fromordinal(day.toordinal() + 1), time(), SHANGHAI)


def is_late(complaint: Complaint, *, now: datetime, calendar: Calendar, days: int) -> bool:
    """Whether this case should have had its number by now."""
    return (
        complaint.platform_number == ""
        and complaint.status in AT_AUTHORITY
        and complaint.authority_received_at is not None
        and complaint.authority_received_at < late_before(now, calendar, days)
    )
