"""How often a case was sent to the wrong one, and how soon that was mended: the formulas, once.

A misroute is a stage at an enterprise that ended with the case given back, unless as a duplicate of what
that one has already; it is mended when the case leaves the intake again, and in time when it does so before its clock
of forwarding (one working day) runs out. Figures of oversight and the page of the rules both ask here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from complaints.models import Deadline, Engagement
from complaints.procedure.workflow import Clock
from routing.rule_desk.learning import NO_MISROUTE

#: A formula that is counted differently from before gets the next number.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Misroutes:
    """``late`` are those mended too late and those that wait beyond the time limit; ``waiting`` have time left."""

    ended: int = 0
    misrouted: int = 0
    in_time: int = 0
    late: int = 0
    waiting: int = 0

    @property
    def rate(self) -> float | None:
        return self.misrouted / self.ended if self.ended else None

    @property
    def in_time_rate(self) -> float | None:
        whole = self.in_time + self.late
        return self.in_time / whole if whole else None


def counted(ended: QuerySet[Engagement], *, now: datetime) -> Misroutes:
    """Of these stages, which ended in a period; one query. Two clocks of one stage never start at one instant."""
    wrong = Q(odr_result="returned") & ~Q(ended_by__in=NO_MISROUTE)
    clock = Deadline.objects.filter(
        complaint=OuterRef("complaint"), clock=Clock.FORWARDING, started_at=OuterRef("until_at")
    )
    over = Q(ended_at__isnull=True, due_at__lte=now) | Q(lapsed_at__isnull=False)
    found = ended.aggregate(
        ended=Count("pk", filter=~(Q(odr_result="returned") & Q(ended_by__in=NO_MISROUTE))),
        misrouted=Count("pk", filter=wrong),
        in_time=Count("pk", filter=wrong & Q(Exists(clock.filter(ended_at__isnull=False, lapsed_at__isnull=True)))),
        late=Count("pk", filter=wrong & Q(Exists(clock.filter(over)))),
        waiting=Count(
            "pk", filter=wrong & Q(Exists(clock.filter(ended_at__isnull=True, lapsed_at__isnull=True, due_at__gt=now)))
        ),
    )
    return Misroutes(**found)
