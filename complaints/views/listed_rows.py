"""What the rows of a list show of a case besides itself: what its consumer is called, which clocks run, with the calendar.

The one rule: one query for a page, however many rows it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from complaints.conditions import calendar_of, newest_calendar
from complaints.models import Complaint, Deadline
from complaints.views.case_people import given_names, read_names
from complaints.working_calendar import Calendar
from odr_portal.kept import Kept, Together

_together = Together(
    Kept(lambda cases: given_names(cases), list),
    Kept(lambda cases: Deadline.objects.filter(
        complaint_id__among=cases, ended_at=None, state__in=["running", "paused", "lapsed"]).select_related("obligation"), list),
    Kept(lambda cases: newest_calendar("CN"), list))


@dataclass(frozen=True, slots=True)
class Beside:
    """By the id of a case: the name that was given last (not masked), the live clocks."""

    names: dict[int, str]
    clocks: dict[int, list[Deadline]]
    calendar: Calendar


def beside(cases: Iterable[Complaint]) -> Beside:
    """One query, beside keys that are not held yet."""
    given, live, newest = _together([case.pk for case in cases])
    clocks: dict[int, list[Deadline]] = defaultdict(list)
    for clock in live:
        clocks[clock.complaint_id].append(clock)
    return Beside(read_names(given), clocks, calendar_of("CN", next(iter(newest), None)))
