"""Officers at work on routing rules: cases that taught something, a draft, a trial.

What routing said and what an officer chose come about by the real verbs.
"""

from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer
from complaints.handling.steps import authority, enterprise
from complaints.models import Complaint
from complaints.procedure.filing_request import RespondentRequest
from routing.forwarding import forwarding
from routing.models import Lesson, RoutingRule, RuleChange, RuleTrial
from routing.rule_desk import rule_changing, trying
from routing.rule_desk.rule_changing import Reach
from tests import given, reloaded
from tests.access.test_team import person
from tests.cast import World

BECAUSE: dict[str, Any] = {"rule": "officer", "version": None, "confidence": "", "is_match": True, "why": []}
BECAUSE |= {"candidates": [], "rank": 0, "note": "消费者说的就是福州移动。"}
WRITTEN = "青禾营业点"


def head_of_city(world: World) -> User:
    user = person("above")
    Officer.objects.create(user=user, authority=world.city, role=Role.APPROVER.post)
    return user


def reach(*places: Any) -> Reach:
    return Reach(tuple((place.region.pk, place.region.last) for place in places))


def written(world: World, now: datetime, named: str = WRITTEN) -> Complaint:
    """Somebody wrote a name that nobody bears; routing could not say whose it is."""
    case = given.filed(world, now=now, respondents=(RespondentRequest(named=named),), object_category="service.other")
    forwarding.sweep_filed(now=now, only=[case.pk])
    return reloaded(case)


def corrected(world: World, now: datetime, *, times: int = 3, named: str = WRITTEN) -> list[Complaint]:
    """Cases that an officer sent to China Mobile in Fuzhou, and that were taken there."""
    cases = []
    for nth in range(times):
        at = now - timedelta(days=2 * nth, hours=1)
        case = written(world, at - timedelta(days=1), named)
        move = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=BECAUSE)
        given.step(case, move, world.intake, at)
        cases.append(given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, at))
    return cases


def columns(world: World, **changes: Any) -> dict[str, Any]:
    """A rule of 鼓楼区 for the written name."""
    values = {"priority": 50, "category": "", "named": WRITTEN, "channel": "", "region": world.region.pk}
    target = {"target_enterprise": world.mobile.pk, "target_branch": world.fuzhou.pk}
    return dict.fromkeys(rule_changing.COLUMNS, None) | values | target | changes


def drafted(
    world: World,
    now: datetime,
    *,
    rule: RoutingRule | None = None,
    kind: str = "set",
    starts_on: date | None = None,
    ends_on: date | None = None,
    by: User | None = None,
    lesson: Lesson | None = None,
    **changes: Any,
) -> RuleChange:
    today = now.date()
    what = rule_changing.columns_of(rule) | changes if rule is not None else columns(world, **changes)
    said = {"why": "分送人员多次改送。", "why_en": "", "by": by or world.su, "lesson": lesson, "ends_on": ends_on}
    said |= {"starts_on": (starts_on or today) if kind == "set" else None, "reach": reach(world.city)}
    return rule_changing.draft(kind=kind, rule=rule, what=what, now=now, today=today, **said)


def tried(change: RuleChange, now: datetime, *, days: int = 30) -> RuleTrial:
    trial = rule_changing.start_trial(change, days=days, by=change.made_by, now=now)
    trying.sweep_trials(now=now)
    return reloaded(trial)


def filed_change(world: World, change: RuleChange, now: datetime) -> RuleChange:
    tried(change, now)
    rule_changing.file(change, by=change.made_by, reach=reach(world.city), now=now, today=now.date())
    return reloaded(change)


def approved(world: World, change: RuleChange, now: datetime) -> RoutingRule:
    """Tried, filed, approved by the head of the county."""
    filed_change(world, change, now)
    by, places = world.head_officer.user, reach(world.gulou, world.city)
    rule_changing.decide(change, agrees=True, reason="", by=by, reach=places, now=now, today=now.date())
    assert reloaded(change).rule is not None
    return change.rule
