"""Hot spots of the demo's weeks, what was done about two of them, and one of these days that waits to be judged.

Nothing is made up here; what stands out is found by the sweep's own look, days after it happened, as it
would be.
"""

from datetime import date, datetime, time, timedelta

from django.db.models import F

from accounts.roles import Role
from authorities.models import Officer
from complaints.procedure.working_calendar import SHANGHAI
from demo.texts import MINTAO, TELECOM
from enterprises.models import Staff
from oversight.hot_spots import guiding, hotspots, warning
from oversight.hot_spots.guiding import Wanted
from oversight.models import GuidanceMeasure, HotSpot

#: Days before today at whose evening somebody looks: the end of the outage, the day of the wrong prices, today.
OUTAGE, PRICES = 26, 14
DAY = timedelta(days=1)


def tell(*, now: datetime) -> None:
    """After the counters were made."""
    today = now.astimezone(SHANGHAI).date()
    _guided(today)
    _warned(today)
    hotspots.look(today - DAY, now=now)
    hotspots.look(today, now=now)


def _guided(today: date) -> None:
    """The week without broadband: guidance, of which one measure is done and one under way."""
    day = today - OUTAGE * DAY
    hotspots.look(day, now=_evening(day))
    spot = (
        HotSpot.objects.filter(enterprise__name=TELECOM, facet="p:telecom.broadband.repair")
        .order_by("-observed")
        .first()
    )
    officer = _officer(spot, Role.OFFICER.post, day)
    manager = (
        Staff.objects.on(day)
        .filter(enterprise__name=TELECOM, role=Role.MANAGER.post)
        .select_related("user")
        .order_by("pk")
        .first()
    )
    if spot is None or officer is None or manager is None:
        return
    guidance = guiding.open_guidance(
        spot.pk,
        enterprise_id=manager.enterprise_id,
        authority_id=officer.authority_id,
        by=officer.user,
        now=_evening(day + DAY),
        causes="同一片区的光缆老化，断网后报修单被反复关闭，消费者看不到修到哪一步。",
        first=Wanted(what="台江片区老化光缆全部更换", responsible="网络部负责人", due_on=day + 20 * DAY),
    )
    guiding.add_measure(
        guidance.pk,
        Wanted(what="报修单须经用户确认才能关闭", responsible="客服部负责人", due_on=today + 9 * DAY),
        by=officer.user,
        now=_evening(day + DAY),
    )
    guiding.send(guidance.pk, by=officer.user, now=_evening(day + 2 * DAY))
    guiding.report(
        guidance.pk,
        1,
        state=GuidanceMeasure.State.DONE,
        text="十二栋楼的光缆已经换完，验收单留存。",
        by=manager.user,
        now=_evening(day + 15 * DAY),
    )
    guiding.report(
        guidance.pk,
        2,
        state=GuidanceMeasure.State.UNDER_WAY,
        text="系统已改好，正在一个片区试用。",
        by=manager.user,
        now=_evening(day + 18 * DAY),
    )


def _warned(today: date) -> None:
    """The day of the wrong prices: a warning that two officers published."""
    day = today - PRICES * DAY
    hotspots.look(day, now=_evening(day))
    spot = HotSpot.objects.filter(enterprise__name=MINTAO, facet="p:price", kind=HotSpot.Kind.DAY).first()
    officer, head = (_officer(spot, role, day) for role in (Role.OFFICER.post, Role.APPROVER.post))
    if spot is None or officer is None or head is None:
        return
    drafted = warning.draft(spot.pk, authority_id=officer.authority_id, by=officer.user, now=_evening(day + DAY))
    warning.propose(drafted.pk, by=officer.user, now=_evening(day + DAY))
    warning.approve(drafted.pk, by=head.user, now=_evening(day + 2 * DAY))


def _officer(spot: HotSpot | None, role: str, day: date) -> Officer | None:
    """Of the nearest authority where the hot spot lies."""
    if spot is None:
        return None
    here = Officer.objects.on(day).filter(
        role=role, authority__region_id__lte=spot.place, authority__region__last__gte=spot.place
    )
    return (
        here.select_related("user", "authority")
        .order_by(F("authority__region__last") - F("authority__region_id"), "pk")
        .first()
    )


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(18, 30), tzinfo=SHANGHAI)
