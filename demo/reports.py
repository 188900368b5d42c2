"""The open data of the demo's months, a published monthly report and a draft, as officers and the worker would make
them.

Nothing is made up here; the figures are those of the demo's cases.
"""

from datetime import date, datetime, timedelta

from django.db.models import Q

from accounts.roles import Role
from authorities.models import Authority, Officer
from complaints.procedure.working_calendar import SHANGHAI
from demo.stations import GULOU
from oversight.counters import making
from oversight.open_data import issuing
from oversight.reports import keeping

#: Months before the present one that are issued: the story is not older.
MONTHS = 4
#: Who drafts, by preference.
_DRAFTERS = (Role.ANALYST.post, Role.OFFICER.post)


def tell(*, now: datetime) -> None:
    """After the cases were loaded: some seconds."""
    making.rebuild(now=now)
    months = _months_before(now.astimezone(SHANGHAI).date())
    for month in reversed(months):
        issuing.issue(month, now=now)
    for authority in (
        Authority.objects.filter(Q(level=Authority.Level.CITY) | Q(name=GULOU)).select_related("region").order_by("pk")
    ):
        posts = list(
            Officer.objects.on(now.astimezone(SHANGHAI).date())
            .filter(authority=authority)
            .select_related("user")
            .order_by("pk")
        )
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


def _months_before(day: date) -> list[date]:
    results = [(day.replace(day=1) - timedelta(days=1)).replace(day=1)]
    while len(results) < MONTHS:
        results.append((results[-1] - timedelta(days=1)).replace(day=1))
    return results
