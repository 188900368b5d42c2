"""The brake: where far more cases would lapse at once than in any hour of the last thirty days, a clock, a calendar or
an import is more likely wrong than all of these people late. The sweep waits until two persons agree."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import TruncHour

from accounts.models import User
from accounts.sign_in import persons
from complaints.models import Deadline
from complaints.procedure.refusals import StepNotAllowed
from complaints.record import house

#: So many cases may always lapse at once; more only up to so many times the worst hour of this time.
ALWAYS, TIMES, LOOKED_BACK = 50, 5, timedelta(days=30)
#: So many persons agree, each within this time.
PERSONS, AGREED_FOR = 2, timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Brake:
    """How many ``cases`` would lapse now, how many lapsed in the worst hour, and who agreed so far: key → when.

    ``what``: lapses, or erasures of people whose term is over, and then the worst day (complaints/privacy/terms.py)."""

    cases: int
    worst_hour: int
    agreed: Mapping[str, datetime]
    what: str = "lapses"

    @property
    def matter(self) -> str:
        """What it is called where two persons are told apart, from when the first one agreed; "" until then."""
        return f"brake {self.what} {min(self.agreed.values()).isoformat()}" if self.agreed else ""

    @property
    def holds(self) -> bool:
        return self.cases > max(ALWAYS, TIMES * self.worst_hour) and len(self.agreed) < PERSONS


def read(*, now: datetime) -> Brake:
    """One statement as long as few cases are due; four otherwise."""
    some = _overdue(now).values("complaint_id").distinct()[: ALWAYS + 1].count()
    if some <= ALWAYS:
        return Brake(some, 0, {})
    cases = _overdue(now).aggregate(n=Count("complaint_id", distinct=True))["n"]
    hours = (
        Deadline.objects.filter(lapse_written_at__gt=now - LOOKED_BACK, lapse_written_at__lte=now)
        .order_by()
        .annotate(hour=TruncHour("lapse_written_at"))
        .values("hour")
        .annotate(n=Count("complaint_id", distinct=True))
    )
    return Brake(cases, hours.aggregate(worst=Max("n"))["worst"] or 0, agreed("lapses", cases, now=now))


def agree(brake: Brake, *, by: User, now: datetime) -> None:
    """``by`` says that so many cases may lapse, or people be erased; written into the house chain. Raises
    StepNotAllowed where that is no other person than who agreed before."""
    if str(by.person_key) in brake.agreed:
        return
    matter = replace(brake, agreed=brake.agreed or {str(by.person_key): now}).matter
    same_device = persons.join(matter, by, before=brake.agreed, now=now, error=StepNotAllowed)
    data = {brake.what: brake.cases, "worst_hour": brake.worst_hour, "here": now.isoformat()}
    house.write("clock_confirmed", data | persons.beside(same_device), by=by.person_key, now=now)


def _overdue(now: datetime) -> QuerySet[Deadline]:
    return Deadline.objects.filter(chase_at__lte=now, due_at__lte=now, lapsed_at=None, ended_at=None).order_by()


def agreed(what: str, cases: int, *, now: datetime) -> dict[str, datetime]:
    """Who agreed within a day that so many may lapse, or be erased, and when; somewhat more may have come since."""
    people = {}
    for entry in house.entries("clock_confirmed").filter(at__gt=now - AGREED_FOR):
        if what not in entry.data or not house.is_ours(entry):
            continue
        agreed_at = datetime.fromisoformat(entry.data["here"])
        if timedelta() <= now - agreed_at <= AGREED_FOR and cases <= entry.data[what] + ALWAYS:
            people[str(json.loads(entry.body)["by"])] = agreed_at
    return people
