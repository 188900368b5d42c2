"""全国12315平台: the number that a case has there, the state it should have there, and where the two differ.

What the platform says is kept as it was told, beside the case and never instead of its status. Source: procedure, end
of section 6; Order 121 arts 8 and 40."""

import re
from datetime import datetime, time

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.policies import Policies
from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move
from complaints.models import Complaint
from complaints.models.complaint import OPEN
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import AT_AUTHORITY, Outcome, Status
from complaints.procedure.working_calendar import SHANGHAI, Calendar

#: What the platform knows of a complaint, as its answer file writes it.
STATES = {
    "registered": gettext_lazy("已登记"),
    "accepted": gettext_lazy("已受理"),
    "not_accepted": gettext_lazy("不予受理"),
    "mediated": gettext_lazy("调解成功"),
    "terminated": gettext_lazy("终止调解"),
    "withdrawn": gettext_lazy("已撤回"),
    "settled": gettext_lazy("已和解"),
    "closed": gettext_lazy("已办结"),
}
#: Days after which a case without a number is late (a policy row).
POLICY = "platform_number"
#: How a complaint that came from there is marked.
SOURCE = "12315"
#: Conditions that a list may ask for.
MISSING, LATE, DIFFERS, SAME, TO_TELL = "missing", "late", "differs", "same", "to_tell"
CONDITIONS = {
    MISSING: gettext_lazy("没有平台编号"),
    LATE: gettext_lazy("逾期没有平台编号"),
    DIFFERS: gettext_lazy("两边状态不同"),
    SAME: gettext_lazy("两边一致"),
    TO_TELL: gettext_lazy("应报送平台"),
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
    if complaint.accepted_refusal:
        return "withdrawn"
    if complaint.status == Status.CLOSED:
        return next(state for state, outcomes in _ENDS.items() if complaint.outcome in outcomes)
    return "accepted" if complaint.status in (*_MEDIATING, Status.PERFORMING) else "registered"


def _agrees() -> Q:
    """The same as a condition. What is being performed may stem from either stage."""
    result = Q(status=Status.PERFORMING, platform_state__in=["registered", "accepted"])
    result |= Q(status__in=_MEDIATING, platform_state="accepted")
    result |= Q(platform_state="registered") & ~Q(status__in=[*_MEDIATING, Status.PERFORMING, Status.CLOSED])
    for state, outcomes in _ENDS.items():
        result |= Q(platform_state=state, outcome__in=outcomes, accepted_refusal=False)
    return result | Q(platform_state="withdrawn", accepted_refusal=True)


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


_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{5,39}")
#: A mobile number and the number of an identity card: what stands in a file whose columns were swapped.
_OF_A_PERSON = re.compile(r"(86)?1[3-9][0-9]{9}|[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx]")


def is_number(text: str) -> bool:
    """Whether it is written as numbers are there, and not as numbers of persons are."""
    return _NUMBER.fullmatch(text) is not None and not _OF_A_PERSON.fullmatch(text)


def checked_number(text: str) -> str:
    """As it is written there: letters, digits and hyphens; no telephone and no identity card. Raises WrongInput."""
    number = saying.text(text, "platform_number", longest=40)
    if not is_number(number):
        raise WrongInput("bad_number", _("平台编号只有数字、字母和连字符，6到40位。"), field="platform_number")
    return number


def record_platform_number(
    *, platform_number: str, received_at: datetime | str | None = None, state: str = "registered", text: str = ""
) -> Move:
    """Write down what the platform says of this case. ``text``: why another number stands there now."""
    number = checked_number(platform_number)
    moment = saying.moment(received_at, "received_at")
    there = saying.choice(state, STATES, "state")
    given = saying.text(text, "text", needed=False, longest=400)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        case = file.complaint
        if case.authority_received_at is None:
            raise StepNotAllowed("not_received", _("这件投诉还没有到监管部门，不用登记平台编号。"))
        if moment is not None and moment > file.now:
            raise WrongInput("in_future", _("平台接收时间不能晚于现在。"), field="received_at")
        if case.platform_number and case.platform_number != number and not given:
            raise StepNotAllowed(
                "has_number",
                _("这件投诉已登记平台编号%(number)s。要改，请写明理由。") % {"number": case.platform_number},
                field="platform_number",
            )
        received = moment or case.platform_received_at or file.now
        if (case.platform_number, case.platform_state) == (number, there) and received == case.platform_received_at:
            raise StepNotAllowed("nothing_new", _("与已登记的相同。"))
        _alone(number, case)
        data = {"number": number, "state": there, "received_at": received.isoformat()}
        if case.platform_number and case.platform_number != number:
            data["before"] = case.platform_number
        case.platform_number, case.platform_state, case.platform_received_at = number, there, received
        return Effect(data=data, texts={"message": given})

    return Move("record_platform_number", carry)


def _alone(number: str, case: Complaint) -> None:
    """No other case has it; whoever writes down the same number at this moment waits here."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('platform_number'), hashtext(%s))", [number])
    if Complaint.objects.filter(platform_number=number).exclude(pk=case.pk).exists():
        raise StepNotAllowed(
            "number_taken",
            _("平台编号%(number)s已经登记在另一件投诉上，请核对。") % {"number": number},
            field="platform_number",
        )
