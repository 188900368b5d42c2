"""What may be chosen at the desk of an enterprise: people, branches, own views. With the calendar, in one statement.

It is asked once a request, however many lists and forms of a page offer it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from complaints.models import SavedView
from complaints.parties.actors import Actor
from complaints.parties.conditions import calendar_of, newest_calendar
from complaints.procedure.working_calendar import Calendar
from complaints.reading.case_people import by_name
from database.prepared import CombinedQuery, PreparedQuery
from enterprises.models import Branch, Staff
from enterprises.team.staffing import at_work

#: Own views, so many a person, since each is counted with every page of the queue.
MOST_VIEWS = 12

# The same values for all: who sits here, the enterprises, those of them that are seen whole, branches of the others,
# the day.
_views = PreparedQuery(lambda user: SavedView.objects.filter(user_id=user)[:MOST_VIEWS], int)
_calendar = PreparedQuery(lambda user: newest_calendar("CN"), int)
_branches = PreparedQuery(
    lambda user, enterprises, whole, some: Branch.objects.filter(
        Q(enterprise_id__any_of=whole) | Q(pk__any_of=some)
    ).order_by("pk"),
    int,
    list,
    list,
    list,
)
_people = PreparedQuery(
    lambda user, enterprises, whole, some, day: (
        at_work(day)
        .filter(role__in=Right.ANSWER_CASE.posts, user__is_active=True, enterprise_id__any_of=enterprises)
        .filter(Q(enterprise_id__any_of=whole) | Q(branch=None) | Q(branch_id__any_of=some))
        .select_related("user", "branch", "enterprise")
        .order_by("pk")
    ),
    int,
    list,
    list,
    list,
    date,
)
_together = CombinedQuery(_views, _calendar, _branches, _people)


@dataclass(frozen=True, slots=True)
class Choices:
    """People by name; branches, none where there is no choice; views in the order in which they were made."""

    people: list[Staff]
    branches: list[Branch]
    views: list[SavedView]
    calendar: Calendar


def choices_of(user: User, actors: Iterable[Actor], *, day: date) -> Choices:
    """For ``user`` with these jobs on ``day``; one statement, beside keys that are not held yet."""
    jobs = [(actor.enterprise_id, actor.branch_ids) for actor in actors if actor.enterprise_id is not None]
    whole = sorted({enterprise for enterprise, branches in jobs if branches is None})
    some = sorted({branch for _enterprise, branches in jobs for branch in branches or ()})
    views, newest, branches, people = _together(
        user.pk, sorted({enterprise for enterprise, _ in jobs}), whole, some, day
    )
    for view in views:
        view.user = user
    sealed_fields.load_for(views)
    return Choices(
        by_name(people), branches if len(branches) > 1 else [], views, calendar_of("CN", next(iter(newest), None))
    )
