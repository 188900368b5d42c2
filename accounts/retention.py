"""What the account side keeps no longer than it needs it, and the closing of an account.

Only rows whose work is done go, a few hundred at a time. A closed account is out at once; its data are kept until no
duty to keep is left (PIPL arts 47 and 44 to 50).
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts import models, security_log
from accounts.security_log import KEPT_FOR
from database.row_security import working_as_steps

KEYS_FOR = timedelta(days=30)
# The codes of a day are counted (at most ten), so a code stays until it counts no more.
CODES_FOR = timedelta(days=1)
# That a message went out is of use while somebody may ask; its words were emptied long before.
MESSAGES_FOR = timedelta(days=7)
# What stood before a change, as long as it can be undone (sign_in/changes.py).
CHANGES_FOR = timedelta(hours=72)
# Longer than any link lives.
LINKS_FOR = timedelta(days=365)


def throw_away_done(*, now: datetime, limit: int) -> int:
    """Answered requests, dead codes, old tries, ended sessions, last year's security log: how many rows went."""
    used_or_expired = Coalesce(F("used_at"), F("expires_at"))
    codes = models.SignInCode.objects.annotate(dead_at=used_or_expired).filter(
        Q(dead_at__lte=now - CODES_FOR) & Q(created_at__lte=now - CODES_FOR)
    )
    done: tuple[QuerySet[Any], ...] = (
        models.IdempotencyKey.objects.filter(created_at__lte=now - KEYS_FOR),
        codes,
        models.CountedTry.objects.filter(at__lte=now - CODES_FOR),
        models.OutgoingMessage.objects.filter(created_at__lte=now - MESSAGES_FOR),
        models.BrowserSession.objects.filter(expire_date__lte=now),
        models.AccountChange.objects.filter(at__lte=now - CHANGES_FOR),
        models.OpenedLink.objects.filter(at__lte=now - LINKS_FOR),
        models.SecurityEvent.objects.filter(at__lte=now - KEPT_FOR),
    )
    return sum(delete_some(rows, limit=limit) for rows in done)


def delete_some(rows: QuerySet[Any], *, limit: int) -> int:
    """At most so many of these rows, oldest key first."""
    some = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    return rows.model._default_manager.filter(pk__in=some).delete()[0] if some else 0


def close(user: models.User, *, now: datetime) -> None:
    """Out with the next request; whoever closes it restricts the person's keys too."""
    with working_as_steps(), transaction.atomic():
        models.User.objects.filter(pk=user.pk).update(is_active=False)
        security_log.note("account_closed", now=now, user=user)


def due(*, now: datetime) -> list[UUID]:
    """Restricted keys whose data nobody has to keep any longer, the oldest first."""
    keys = models.PersonKey.objects.filter(restricted_at__isnull=False, destroyed_at=None, destroy_after__lte=now)
    return list(keys.order_by("destroy_after", "pk").values_list("pk", flat=True))
