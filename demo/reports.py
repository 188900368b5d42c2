"""The open data of the demonstration, two monthly reports, its hot spots and what was done about two of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import F, Q

from accounts.roles import Role
from authorities.models import Authority, Officer
from complaints.procedure.working_calendar import SHANGHAI
from demo.people import GULOU
from demo.texts import MINTAO, TELECOM
from enterprises.models import Staff
from oversight.counters import making
from oversight.hot_spots import guiding, hotspots, warning
from oversight.hot_spots.guiding import WantedMeasure
from oversight.models import GuidanceMeasure, HotSpot
from oversight.open_data import issuing, reading
from oversight.reports import keeping

#: Months before the present one that are issued: the story is not older.
MONTHS = 4
#: Who drafts, by preference.
_DRAFTERS = (Role.ANALYST.post, Role.OFFICER.post)


def tell_reports(*, now: datetime) -> None:
    """After the cases were loaded: some seconds."""
    making.rebuild(now=now)
    today = now.astimezone(SHANGHAI).date()
    months = [reading.back(today.replace(day=1), n) for n in range(1, MONTHS + 1)]
    for month in reversed(months):
        issuing.issue(month, now=now)
    for authority in (
        Authority.objects.filter(Q(level=Authority.Level.CITY) | Q(name=GULOU)).select_related("region").order_by("pk")
    ):
        posts = list(Officer.objects.on(today).filter(authority=authority).select_related("user").order_by("pk"))
        drafter = next((post for role in _DRAFTERS for post in posts if post.role == role), None)
        head = next(
            (post for post in posts if post.role == Role.APPROVER.post and drafter and post.user_id != drafter.user_id),
            None,
        )
        if drafter is None or head is None:
            continue
        report = keeping.submit(keeping.draft(authority=authority, month=months[1], by=drafter.user, now=now))
        keeping.approve(report, by=head.user, heads=[authority], text="", now=now)
        keeping.publish(report, now=now)
        keeping.draft(authority=authority, month=months[0], by=drafter.user, now=now)


#: Days before today at whose evening somebody looks: the end of the outage, the day of the wrong prices, today.
OUTAGE, PRICES = 26, 14
DAY = timedelta(days=1)


def tell_reduction(*, now: datetime) -> None:
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
    spots = HotSpot.objects.filter(enterprise__name=TELECOM, facet="p:telecom.broadband.repair")
    spot = spots.order_by("-observed").first()
    officer = _officer(spot, Role.OFFICER.post, day)
    managers = Staff.objects.on(day).filter(enterprise__name=TELECOM, role=Role.MANAGER.post)
    manager = managers.select_related("user").order_by("pk").first()
    if spot is None or officer is None or manager is None:
        return
    opened: dict[str, Any] = {"by": officer.user, "now": _evening(day + DAY)}
    guidance = guiding.open_guidance(
        spot.pk,
        enterprise_id=manager.enterprise_id,
        authority_id=officer.authority_id,
        **opened,
        causes="同一片区的光缆老化，断网后报修单被反复关闭，消费者看不到修到哪一步。",
        first=WantedMeasure(what="台江片区老化光缆全部更换", responsible="网络部负责人", due_on=day + 20 * DAY),
    )
    second = WantedMeasure(what="报修单须经用户确认才能关闭", responsible="客服部负责人", due_on=today + 9 * DAY)
    guiding.add_measure(guidance.pk, second, **opened)
    guiding.send(guidance.pk, by=officer.user, now=_evening(day + 2 * DAY))
    for number, state, text, after in (
        (1, GuidanceMeasure.State.DONE, "十二栋楼的光缆已经换完，验收单留存。", 15),
        (2, GuidanceMeasure.State.UNDER_WAY, "系统已改好，正在一个片区试用。", 18),
    ):
        guiding.report(guidance.pk, number, state=state, text=text, by=manager.user, now=_evening(day + after * DAY))


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
    nearest = here.order_by(F("authority__region__last") - F("authority__region_id"), "pk")
    return nearest.select_related("user", "authority").first()


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(18, 30), tzinfo=SHANGHAI)
