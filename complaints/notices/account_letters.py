"""Delivers the messages of the account side (one-time codes) over the same channels.

A code is of use for ten minutes, so it is tried often and then given up (other letters say themselves how long they are
of use); once it has gone out or is given up its words are emptied. In the portal's own mailbox they can be read as long
as they are of use."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import OutgoingMessage
from accounts.sign_in.codes import VALID_FOR
from complaints.notices.channels import Channels
from complaints.notices.channels.letter import Bounced, Letter, TryAgain

log = logging.getLogger(__name__)

BATCH = 20
LEASE = timedelta(seconds=60)
# Somebody waits for it with the page open.
TRY_AGAIN_AFTER = (timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=1))


def send_due(channels: Channels, *, now: datetime, is_over: Callable[[], bool]) -> int:
    """How many messages went out before ``is_over``; what was leased and not begun is handed back."""
    give_up_old(now=now)
    sent = 0
    while not is_over() and (batch := _lease(now=now)):
        for row in batch:
            if is_over():
                _mine(row).update(state="queued", leased_until=None, attempts=F("attempts") - 1)
            else:
                sent += _send(row, channels, now=now)
    return sent


def _of_use(now: datetime) -> Q:
    """Codes are of use for ten minutes; a letter that says so itself, longer."""
    return Q(useful_until__gt=now) | Q(useful_until=None, created_at__gt=now - VALID_FOR)


def give_up_old(*, now: datetime) -> int:
    """A code that nobody can use any more is not sent, and not kept."""
    old = OutgoingMessage.objects.exclude(_of_use(now))
    old.filter(state__in=["queued", "leased"]).update(state="given_up", leased_until=None)
    return old.exclude(body="").update(body="")


def _lease(*, now: datetime) -> list[OutgoingMessage]:
    with transaction.atomic():
        due = OutgoingMessage.objects.filter(
            Q(state="queued") | Q(state="leased", leased_until__lte=now),
            Q(send_after=None) | Q(send_after__lte=now),
            _of_use(now),
        ).order_by("id")
        rows = list(due.select_for_update(skip_locked=True)[:BATCH])
        OutgoingMessage.objects.filter(pk__in=[row.pk for row in rows]).update(
            state="leased", leased_until=now + LEASE, attempts=F("attempts") + 1
        )
    return rows


def _mine(row: OutgoingMessage) -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(pk=row.pk, state="leased")


def _send(row: OutgoingMessage, channels: Channels, *, now: datetime) -> int:
    letter = Letter(key=f"message:{row.pk}", subject=row.subject, body=row.body, short=row.body)
    try:
        channels.send(row.channel, letter, row.address)
    except Bounced as dead:
        _mine(row).update(state="given_up", leased_until=None, last_error=dead.code, body="")
    except TryAgain as failed:
        _try_later(row, failed.code, now=now)
    except Exception as error:
        # Only its kind: its words may hold an address or the code.
        log.error("message %s was not delivered: %s", row.pk, type(error).__name__)
        _try_later(row, f"fault_{type(error).__name__}"[:200], now=now)
    else:
        body = {} if channels.is_mailbox else {"body": ""}
        return _mine(row).update(state="sent", sent_at=now, leased_until=None, last_error="", **body)
    return 0


def _try_later(row: OutgoingMessage, code: str, *, now: datetime) -> None:
    """Until it is too old; ``attempts`` was read before the lease counted this try."""
    wait = TRY_AGAIN_AFTER[min(row.attempts, len(TRY_AGAIN_AFTER) - 1)]
    _mine(row).update(state="queued", send_after=now + wait, leased_until=None, last_error=code)
