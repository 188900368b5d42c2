"""Terms that an enterprise sets itself (快速响应机制), shorter than the law's, and how often it keeps to them.

Counted from the tally, as the figures beside them: first responses and closed cases of the period, from the day on
which the goal was set. Whoever waits for a first response has none yet and is not counted; the card beside says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from accounts.models import User
from complaints.procedure.working_calendar import SHANGHAI
from oversight.figures.definitions import Period
from oversight.figures.figures import Measure
from oversight.models import OwnGoal, Tally
from oversight.presenting.cards import Lists
from web.small_numbers import ENOUGH, share_text, wilson

Kind = OwnGoal.Kind
#: What the tally calls the rows, the length, and how many of its units are one of the goal.
_COUNTED: Mapping[str, tuple[str, str, int]] = {
    Kind.RESPONSE: ("responded", "response_minutes", 60),
    Kind.CLOSED: ("closed", "handled_wd", 1),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Of ``whole`` in the period since ``first`` so many took no longer than the goal."""

    goal: OwnGoal
    first: date
    part: int
    whole: int

    @property
    def share(self) -> str:
        return share_text(self.part, self.whole)

    @property
    def interval(self) -> str:
        """Wilson's 95 %; empty where too few are counted for a share."""
        if self.whole < ENOUGH:
            return ""
        low, high = wilson(self.part, self.whole)
        return f"{100 * low:.1f}–{100 * high:.1f}%"


def in_force(enterprise_id: int) -> list[OwnGoal]:
    """The newest of each kind, those that were given up left out. One statement."""
    rows = OwnGoal.objects.filter(enterprise_id=enterprise_id).order_by("kind", "-id").distinct("kind")
    return sorted((row for row in rows if row.at_most is not None), key=lambda row: list(Kind).index(Kind(row.kind)))


def measured(measure: Measure, enterprise_id: int) -> list[Kept]:
    """What ``measure`` looks at, of the goals in force; of a period before a goal was set nothing is counted."""
    return [
        _kept(goal, measure, max(goal.since, measure.period.first))
        if goal.since <= measure.period.last
        else Kept(goal, goal.since, 0, 0)
        for goal in in_force(enterprise_id)
    ]


def _kept(goal: OwnGoal, measure: Measure, first: date) -> Kept:
    kind, length, unit = _COUNTED[goal.kind]
    scope = measure.scope
    rows = Tally.objects.filter(
        enterprise=goal.enterprise_id, kind=kind, day__gte=first, day__lte=measure.period.last
    ).filter(**{f"{length}__isnull": False})
    if scope.branch_ids is not None:
        rows = rows.filter(branch__in=scope.branch_ids)
    if scope.category:
        rows = rows.filter(Q(problem=scope.category) | Q(object=scope.category))
    if scope.channel:
        rows = rows.filter(channel=scope.channel)
    within = Q(region__gte=1) if not scope.regions else Q(pk__in=[])
    for region in scope.regions:
        within |= Q(region__gte=region.pk, region__lte=region.last)
    most = (goal.at_most or 0) * unit
    counts = rows.filter(within).aggregate(
        whole=Count(F("complaint_id")), part=Count(F("complaint_id"), filter=Q(**{f"{length}__lte": most}))
    )
    return Kept(goal, first, counts["part"], counts["whole"])


#: What the list behind a number is called (oversight/counters/behind.py).
_LISTS: Mapping[str, str] = {Kind.RESPONSE: "responded", Kind.CLOSED: "handled"}


def shown(measure: Measure, enterprise_id: int, lists: Lists | None = None) -> list[dict[str, Any]]:
    """The same with its words, for a page; with ``lists`` of its reader the address of the cases behind each."""

    def url(one: Kept) -> str:
        if lists is None or not one.whole:
            return ""
        days = Period(first=one.first, last=measure.period.last)
        return replace(lists, period=days).behind(_LISTS[one.goal.kind])

    return [{"kept": one, "text": in_words(one.goal), "url": url(one)} for one in measured(measure, enterprise_id)]


def set_goal(enterprise_id: int, kind: str, at_most: int | None, *, by: User, now: datetime) -> OwnGoal | None:
    """From today on; None where nothing changes."""
    known = {goal.kind: goal.at_most for goal in in_force(enterprise_id)}
    if known.get(kind) == at_most:
        return None
    day = now.astimezone(SHANGHAI).date()
    return OwnGoal.objects.create(
        enterprise_id=enterprise_id, kind=kind, at_most=at_most, since=day, set_by=by, set_at=now
    )


def in_words(goal: OwnGoal) -> str:
    """首次响应：8工作小时以内."""
    text = _("首次响应：%(n)s个工作小时以内") if goal.kind == Kind.RESPONSE else _("送达到办结：%(n)s个工作日以内")
    return text % {"n": goal.at_most}
