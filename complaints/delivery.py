"""Delivers notices. One rule: lease the row, send, stamp; no transaction is open while something is sent.

What fails is tried again later and later; after the last try it is set aside, where people see it and can send it
again. So far each notice is delivered by being readable in the mailbox of the portal itself.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from complaints.models import Notice

log = logging.getLogger(__name__)

BATCH = 500
LEASE = timedelta(seconds=60)
# Minutes after the first, second, … failed try.
TRY_AGAIN_AFTER = (1, 5, 30, 120, 720)

Channel = Callable[[Notice], None]


def mailbox(notice: Notice) -> None:
    """The row itself is what the reader sees."""


CHANNELS: dict[str, Channel] = {}


def sweep_notices(*, now: datetime) -> int:
    """How many notices were delivered. Two sweepers never take the same row."""
    sent = 0
    while batch := _lease(now=now):
        arrived, failed = [], []
        for notice in batch:
            try:
                CHANNELS.get(notice.channel, mailbox)(notice)
            except Exception as error:
                log.warning("notice %s was not delivered: %s", notice.pk, error)
                failed.append((notice, error))
            else:
                arrived.append(notice.pk)
        _leased(arrived).update(state="sent", sent_at=now, leased_until=None, last_error="")
        for notice, reason in failed:
            _try_later(notice, reason, now=now)
        sent += len(arrived)
    return sent


def _lease(*, now: datetime) -> list[Notice]:
    with transaction.atomic():
        due = Notice.objects.filter(
            Q(state="queued") | Q(state="leased", leased_until__lte=now), send_after__lte=now
        ).order_by("send_after", "id")
        rows = list(due.select_for_update(skip_locked=True)[:BATCH])
        taken = Notice.objects.filter(pk__in=[row.pk for row in rows])
        taken.update(state="leased", leased_until=now + LEASE, attempts=F("attempts") + 1)
    return rows


def _leased(ids: list[int]) -> QuerySet[Notice]:
    return Notice.objects.filter(pk__in=ids, state="leased")


def _try_later(notice: Notice, error: Exception, *, now: datetime) -> None:
    tried = notice.attempts
    changes = {"last_error": f"{type(error).__name__}: {error}"[:200], "leased_until": None}
    if tried < len(TRY_AGAIN_AFTER):
        later = now + timedelta(minutes=TRY_AGAIN_AFTER[tried])
        _leased([notice.pk]).update(state="queued", send_after=later, **changes)
    else:
        _leased([notice.pk]).update(state="set_aside", **changes)
