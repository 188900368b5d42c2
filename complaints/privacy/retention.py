"""Once a day: what was only needed for a while is thrown away.

Nothing here touches a case, its record, its texts or its files; those have terms of
their own, and whose term is over is erased (erasing.py). Whoever sweeps first on a day does it, so beat and watch may
both ask.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.retention import delete_some, throw_away_done
from complaints.evidence import storing
from complaints.filing import drafts
from complaints.links.tracking import WITHIN
from complaints.models import Heartbeat, Reading, TrackingTry
from complaints.privacy import erasing
from complaints.settlement import offer_terms
from complaints.stations import stations
from complaints.tables.platform import asking as platform
from complaints.tables.round_trip import asking
from complaints.webhooks import deliveries
from enterprises.enrolment import enrolling

EVERY = timedelta(days=1)
BATCH = 500
#: Messages that a program of an enterprise has taken.
SENT_KEPT_FOR = timedelta(days=30)
#: Up to where somebody has read a case, after it was closed.
READ_KEPT_FOR = timedelta(days=90)
#: The row that says when a day's work was finished.
MARK = "retention"


def sweep_expired(*, now: datetime) -> int:
    """How many rows went; 0 when it was done within the last day, and when nothing is left."""
    if Heartbeat.objects.filter(name=MARK, at__gt=now - EVERY).exists():
        return 0
    thrown = drafts.throw_away_expired(now=now, limit=BATCH)
    thrown += throw_away_done(now=now, limit=BATCH)
    thrown += delete_some(TrackingTry.objects.filter(at__lte=now - WITHIN), limit=BATCH)
    thrown += erasing.erase_due(now=now, limit=BATCH // 10)
    old = enrolling.throw_away_old(now=now, limit=BATCH)
    storing.drop(*(path for paths in old for path in paths))
    thrown += len(old)
    thrown += stations.forget(now=now, limit=BATCH)
    thrown += offer_terms.throw_away_old_drafts(now=now, limit=BATCH)
    thrown += asking.forget(now=now, limit=BATCH)
    thrown += platform.forget(now=now, limit=BATCH)
    thrown += delete_some(Reading.objects.filter(complaint__closed_at__lte=now - READ_KEPT_FOR), limit=BATCH)
    thrown += deliveries.throw_away_sent(before=now - SENT_KEPT_FOR, limit=BATCH)
    if thrown == 0:
        Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return thrown
