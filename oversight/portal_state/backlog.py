"""How much waits for the sweeps, and for how long. Counts and ages only, nothing of a case."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from authorities.policies import Policies, PolicyMissing
from complaints.models import Complaint, Deadline, Evidence, EvidenceState, Notice
from complaints.procedure.workflow import Status

SCAN_ALARM = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One queue: how many rows are due, and how long the oldest has been."""

    count: int
    age: timedelta
    #: Of its own; None: the policy's.
    limit: timedelta | None = None


def backlog(*, now: datetime) -> dict[str, Waiting]:
    """What is due now: filed cases, clocks, notices, files to be searched for malware. Four queries on small
    indexes."""
    queues: dict[str, tuple[QuerySet[Any], str]] = {
        "filed cases": (Complaint.objects.filter(status=Status.FILED), "status_since"),
        "due clocks": (Deadline.objects.filter(chase_at__lte=now), "chase_at"),
        "notices": (Notice.objects.filter(state__in=["queued", "leased"], send_after__lte=now), "send_after"),
    }
    waiting = {name: _waiting(rows, since, now=now) for name, (rows, since) in queues.items()}
    # Cases go on without it, so it is no reason to call somebody at once.
    scans = Evidence.objects.filter(state=EvidenceState.QUARANTINED)
    return waiting | {"files to scan": replace(_waiting(scans, "uploaded_at", now=now), limit=SCAN_ALARM)}


def _waiting(rows: QuerySet[Any], since: str, *, now: datetime) -> Waiting:
    found = rows.aggregate(count=Count("pk"), oldest=Min(since))
    return Waiting(found["count"], max(now - found["oldest"], timedelta()) if found["count"] else timedelta())


def set_aside() -> int:
    """Notices that reached nobody: a person must see to them. One query on a small index."""
    return Notice.objects.filter(state="set_aside").count()


def alarm_after(*, now: datetime) -> timedelta | None:
    """The policy's minutes; None on a database into which no policy was loaded yet."""
    try:
        policy = Policies.load(timezone.localdate(now)).number("forwarding_alarm", None)
    except PolicyMissing:
        return None
    return timedelta(minutes=policy.number)
