"""Who looked at how many consumers' contact data, as the security log has it: for those who answer for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import SecurityEvent
from complaints.handling.transition.contact_access import PROGRAM
from database.row_security import working_as_steps
from enterprises.models import Staff

#: Days, today included.
SPANS = (1, 7, 30)


@dataclass(frozen=True, slots=True)
class Looks:
    """``who``: the key of a person or the id of an enterprise; ``counts``: different cases within each of SPANS;
    ``has_alarm``: within the longest of them more on one day than REVEALS_A_DAY."""

    who: Any
    is_program: bool
    counts: tuple[int, ...]
    has_alarm: bool = False


def of_people(people: Iterable[UUID], *, now: datetime) -> list[Looks]:
    """Of these people, on pages and by programs apart; who looked at most first."""
    known = Q(person_key__in=list(people))
    with working_as_steps():
        rows = _counted(_since(now, "reveal").filter(known), "person_key", now=now)
        alarmed = set(_since(now, "reveal_alert").filter(known).values_list("person_key", flat=True))
    return [Looks(who, is_program, counts, who in alarmed) for who, is_program, counts in rows]


def of_enterprises(numbers: QuerySet[Any], *, now: datetime) -> list[Looks]:
    """Of enterprises at the cases of these numbers, on pages and by programs apart; which looked at most first."""
    employer = Staff.objects.filter(user__person_key=OuterRef("person_key")).order_by("-starts_on", "-pk")
    with working_as_steps():
        events = _since(now, "reveal").filter(subject__in=numbers)
        events = events.annotate(who=Subquery(employer.values("enterprise_id")[:1])).filter(who__isnull=False)
        return [Looks(*row) for row in _counted(events, "who", now=now)]


def _since(now: datetime, kind: str) -> QuerySet[SecurityEvent]:
    return SecurityEvent.objects.filter(kind=kind, at__gte=_morning(now, SPANS[-1]))


def _counted(events: QuerySet[SecurityEvent], who: str, *, now: datetime) -> list[tuple[Any, bool, tuple[int, ...]]]:
    each = {f"of_{days}": Count("subject", distinct=True, filter=Q(at__gte=_morning(now, days))) for days in SPANS}
    rows = events.values(who, is_program=Q(reason=PROGRAM)).annotate(**each).order_by()
    results = [(row[who], row["is_program"], tuple(row[name] for name in each)) for row in rows]
    return sorted(results, key=lambda one: one[2][::-1], reverse=True)


def _morning(now: datetime, days: int) -> datetime:
    """When the first of the last ``days`` days began, today being one of them."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
