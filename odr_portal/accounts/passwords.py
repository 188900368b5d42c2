"""Password sign-in of staff, with wrong tries counted in the database.

The one rule: unknown address, wrong password, blocked and switched off look the same and cost the same.
"""

from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from odr_portal.accounts.models import User, WrongPassword

TRIES = 10
WITHIN = timedelta(minutes=15)


def staff_user(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
    """The user these belong to; None for every kind of no."""
    address = email.strip().lower()
    digest = salted_hmac("accounts.passwords", address, algorithm="sha256").hexdigest()
    wrong = WrongPassword.objects.filter(address_digest=digest, at__gt=now - WITHIN).count()
    # The hash is computed even when blocked: the time of an answer tells nothing.
    user = authenticate(request, username=address, password=password)
    if wrong >= TRIES:
        return None
    if not isinstance(user, User):
        WrongPassword.objects.create(address_digest=digest, at=now)
        return None
    return user
