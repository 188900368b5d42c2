"""The open data of the demonstration, two monthly reports, its hot spots, what was done about two, and a campaign."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import F, Q

from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from complaints.procedure.working_calendar import SHANGHAI
from demo.people import GULOU
from demo.texts import CARRIERS, CATEGORY_TELECOM, MINTAO, TELECOM
from enterprises.models import Enterprise, Staff
from oversight.counters import making
from oversight.hot_spots import campaign, campaign_effects, guiding, hotspots, undertakings, warning
from oversight.hot_spots.campaign_counts import Cell
from oversight.hot_spots.guiding import WantedMeasure
from oversight.models import Figure, Guidance, GuidanceMeasure, HotSpot
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
    _called(today, now)
    _guided(today)
    _warned(today)
    hotspots.look(today - DAY, now=now)
    hotspots.look(today, now=now)


#: Days before today on which the carriers were called: thirteen whole weeks are over.
CALLED = 92
#: What each of them gave at the meeting: what, who, days after the call.
_MEASURES = (
    ("营业厅、公示栏和微信公众号都贴出在线和解的海报和二维码", "市场部负责人", 30),
    ("各县（市、区）各设一名联系人，投诉当天联系消费者", "客服部负责人", 20),
    ("与各县（市、区）消费维权服务站对接，每周到站办公一次", "服务部负责人", 60),
)


def _called(today: date, now: datetime) -> None:
    """Three carriers, one seminar with the districts: undertakings, stations, publicity; ended as progress only."""
    day = today - CALLED * DAY
    city = Region.objects.get(code="350100")
    officer, head = (officer_of(city.pk, role, day) for role in (Role.OFFICER.post, Role.APPROVER.post))
    firms = list(Enterprise.objects.filter(name__in=CARRIERS).order_by("pk"))
    cell = Cell(city.pk, sector=CATEGORY_TELECOM)
    known = {row[0] for row in campaign.figures_of(cell, *campaign.chosen_days(None, today=day))}
    # A small demonstration has not enough cases so early.
    if officer is None or head is None or not known.issuperset(firm.pk for firm in firms):
        return
    by: dict[str, Any] = {"by": officer.user, "now": evening(day)}
    begun = campaign.begin(
        title="三家运营商降诉增效",
        why="手机和宽带的投诉在各类服务里最多，三家运营商的回复慢、谈成的少。",
        cell=cell,
        spot=None,
        authority_id=officer.authority_id,
        **by,
    )
    called = [firm.pk for firm in firms]
    meets_on = day + 5 * DAY
    campaign.call(begun.pk, firms=called, meets_on=meets_on, where="福州市市场监督管理局三楼会议室", **by)
    guidances = list(Guidance.objects.filter(campaign=begun).order_by("pk"))
    for guidance in guidances:
        for what, who, after in _MEASURES:
            guiding.add_measure(guidance.pk, WantedMeasure(what=what, responsible=who, due_on=day + after * DAY), **by)
        share = WantedMeasure(
            what="按时办结率提高到95%",
            responsible="客服部负责人",
            due_on=day + 90 * DAY,
            figure=Figure.IN_TIME,
            target=95.0,
        )
        guiding.add_measure(guidance.pk, share, **by)
    campaign.meet(
        begun.pk,
        met_on=meets_on,
        firms=called,
        attended="市局分管负责人、各县（市、区）局消保科负责人、市消委会",
        minutes="会上通报了三家的件数和主要问题。三家逐项确认了措施。各县（市、区）局每月到服务站看一次海报和台账。",
        by=officer.user,
        now=evening(meets_on),
    )
    for nth, guidance in enumerate(guidances):
        _reported(guidance, day, skips=nth)
    guiding.sweep_reminders(now=evening(day + 70 * DAY))
    campaign.ask_to_publish(begun.pk, by=officer.user, now=evening(meets_on + DAY))
    campaign.publish(begun.pk, by=head.user, now=evening(meets_on + 2 * DAY))
    undertakings.sweep(now=now)
    campaign_effects.sweep(now=now)
    campaign.judge(
        begun.pk,
        verdict=Guidance.Verdict.UNCLEAR,
        why="可比的企业和以前的数据都不够，不判断效果，只看各家的措施做到没有。",
        by=officer.user,
        now=now,
    )


def _reported(guidance: Guidance, day: date, *, skips: int) -> None:
    """What its manager reported; the second enterprise is late with one, the third never did another."""
    managers = Staff.objects.on(day).filter(enterprise=guidance.enterprise_id, role=Role.MANAGER.post)
    manager = managers.select_related("user").order_by("pk").first()
    if manager is None:
        return
    for number, (_what, _who, after) in enumerate(_MEASURES, start=1):
        if skips == 2 and number == 3:
            continue
        late = 6 if skips == 1 and number == 1 else -2
        guiding.report(
            guidance.pk,
            number,
            state=GuidanceMeasure.State.DONE,
            text="已经做到，照片和台账留存。",
            evidence="营业厅照片和服务站台账",
            by=manager.user,
            now=evening(day + (after + late) * DAY),
        )


def _guided(today: date) -> None:
    """The week without broadband: guidance, of which one measure is done and one under way."""
    day = today - OUTAGE * DAY
    hotspots.look(day, now=evening(day))
    spots = HotSpot.objects.filter(enterprise__name=TELECOM, facet="p:telecom.broadband.repair")
    spot = spots.order_by("-observed").first()
    officer = officer_of(spot.place if spot else None, Role.OFFICER.post, day)
    managers = Staff.objects.on(day).filter(enterprise__name=TELECOM, role=Role.MANAGER.post)
    manager = managers.select_related("user").order_by("pk").first()
    if spot is None or officer is None or manager is None:
        return
    opened: dict[str, Any] = {"by": officer.user, "now": evening(day + DAY)}
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
    guiding.send(guidance.pk, by=officer.user, now=evening(day + 2 * DAY))
    for number, state, text, after in (
        (1, GuidanceMeasure.State.DONE, "十二栋楼的光缆已经换完，验收单留存。", 15),
        (2, GuidanceMeasure.State.UNDER_WAY, "系统已改好，正在一个片区试用。", 18),
    ):
        guiding.report(guidance.pk, number, state=state, text=text, by=manager.user, now=evening(day + after * DAY))


def _warned(today: date) -> None:
    """The day of the wrong prices: a warning that two officers published."""
    day = today - PRICES * DAY
    hotspots.look(day, now=evening(day))
    spot = HotSpot.objects.filter(enterprise__name=MINTAO, facet="p:price", kind=HotSpot.Kind.DAY).first()
    officer, head = (
        officer_of(spot.place if spot else None, role, day) for role in (Role.OFFICER.post, Role.APPROVER.post)
    )
    if spot is None or officer is None or head is None:
        return
    drafted = warning.draft(spot.pk, authority_id=officer.authority_id, by=officer.user, now=evening(day + DAY))
    warning.propose(drafted.pk, by=officer.user, now=evening(day + DAY))
    warning.approve(drafted.pk, by=head.user, now=evening(day + 2 * DAY))


def officer_of(place: int | None, role: str, day: date) -> Officer | None:
    """Of the nearest authority where this place lies."""
    if place is None:
        return None
    here = Officer.objects.on(day).filter(
        role=role, authority__region_id__lte=place, authority__region__last__gte=place
    )
    nearest = here.order_by(F("authority__region__last") - F("authority__region_id"), "pk")
    return nearest.select_related("user", "authority").first()


def evening(day: date) -> datetime:
    return datetime.combine(day, time(18, 30), tzinfo=SHANGHAI)
