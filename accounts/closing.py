"""Closing one's own account: nothing more is done with the data than to keep it, until it may be destroyed.

Closed is at once (the next request is a stranger's), destroyed is when no duty to keep is left
(PIPL arts 47 and 44 to 50); in between the row here says until when.
"""

from datetime import datetime

from django.db import transaction

from accounts import security_log
from accounts.models import AccountClosing, User


def close(user: User, *, destroy_after: datetime, now: datetime) -> AccountClosing:
    """Out with the next request; what is kept is kept until ``destroy_after``."""
    with transaction.atomic():
        closing, _ = AccountClosing.objects.get_or_create(
            user=user, defaults={"closed_at": now, "destroy_after": destroy_after}
        )
        User.objects.filter(pk=user.pk).update(is_active=False)
        security_log.note("account_closed", now=now, user=user)
    return closing


def due(*, now: datetime, limit: int) -> list[User]:
    """Closed accounts whose data nobody has to keep any longer, the oldest first."""
    closings = AccountClosing.objects.filter(destroyed_at=None, destroy_after__lte=now)
    return [closing.user for closing in closings.select_related("user").order_by("destroy_after", "pk")[:limit]]
