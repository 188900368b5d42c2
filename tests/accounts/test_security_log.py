"""The security log cannot be touched up, and goes when its year is over."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import retention, security_log
from accounts.models import SecurityEvent, User


def noted(at: datetime) -> SecurityEvent:
    return security_log.note("sign_in", now=at, user=User.objects.create_user(f"{at:%Y%m%d}@example.org"))


@pytest.mark.django_db
def test_T83_nobody_changes_what_the_security_log_says() -> None:
    row = noted(timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        SecurityEvent.objects.filter(pk=row.pk).update(kind="nothing")
    with pytest.raises(DatabaseError), transaction.atomic():
        SecurityEvent.objects.filter(pk=row.pk).delete()


@pytest.mark.django_db
def test_T83_it_is_kept_for_twelve_months_and_no_longer() -> None:
    now = timezone.now()
    old, young = noted(now - timedelta(days=366)), noted(now - timedelta(days=364))
    retention.throw_away_done(now=now, limit=10)
    assert list(SecurityEvent.objects.filter(pk__in=[old.pk, young.pk])) == [young]
