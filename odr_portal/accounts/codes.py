"""One-time codes: six digits, ten minutes, one use.

The one rule: whether an address is known, new or blocked, the asker sees the same answer.
Guesses are counted here and not in the cache, so they still count when the cache is away; call
these functions outside of a transaction that may be rolled back.
"""

import secrets
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, override

from odr_portal.accounts.contacts import Contact, known_user, may_sign_in_by_code
from odr_portal.accounts.models import OutgoingMessage, SignInCode

VALID_FOR = timedelta(minutes=10)
RESEND_AFTER = timedelta(seconds=60)
CODES_A_DAY = 10
GUESSES = 5
# The same form sent twice by a double click is one use, for as long as a double click may take.
SAME_USE = timedelta(minutes=1)


def _digest(code: str, contact: Contact, purpose: str) -> str:
    return salted_hmac("accounts.codes", f"{purpose}:{contact.address}:{code}", algorithm="sha256").hexdigest()


def _lock_address(contact: Contact) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"code:{contact.address}"])


def send_code(*, contact: Contact, purpose: str, language: str, now: datetime) -> None:
    """Make a code and hand it to delivery; at most one a minute and ten a day for an address.

    Returns nothing on purpose: the caller must not be able to answer differently.
    """
    with transaction.atomic():
        _lock_address(contact)
        recent = SignInCode.objects.filter(address=contact.address, created_at__gt=now - timedelta(days=1))
        newest = recent.filter(purpose=purpose).order_by("-created_at").first()
        if newest is not None and now - newest.created_at < RESEND_AFTER and newest.used_at is None:
            return
        if recent.count() >= CODES_A_DAY:
            return
        if purpose == SignInCode.Purpose.SIGN_IN and not may_sign_in_by_code(known_user(contact)):
            return
        code = f"{secrets.randbelow(1_000_000):06d}"
        SignInCode.objects.create(
            purpose=purpose,
            address=contact.address,
            code_digest=_digest(code, contact, purpose),
            created_at=now,
            expires_at=now + VALID_FOR,
        )
        deliver(contact=contact, code=code, language=language, now=now)


def deliver(*, contact: Contact, code: str, language: str, now: datetime) -> None:
    """Put the message with the code into the outbox, in the reader's language, below 70 characters."""
    user = known_user(contact)
    with override(language):
        OutgoingMessage.objects.create(
            channel=contact.channel,
            address=contact.address,
            subject=gettext("验证码") if contact.channel == "email" else "",
            body=gettext("【12315】验证码%(code)s，10分钟内有效，请勿告诉他人。") % {"code": code},
            person_key=user.person_key if user else None,
            created_at=now,
        )


def check_code(*, contact: Contact, purpose: str, code: str, form_key: str, now: datetime) -> bool:
    """True if this is the newest code of the address; it is then used up.

    `form_key` is the idempotency key of the form: the same form arriving twice counts as one use.
    Five wrong guesses end a code.
    """
    typed = "".join(character for character in code if character.isdigit())
    digest = _digest(typed, contact, purpose)
    with transaction.atomic():
        row = (
            SignInCode.objects.select_for_update()
            .filter(address=contact.address, purpose=purpose)
            .order_by("-created_at", "-id")
            .first()
        )
        if row is None:
            constant_time_compare(digest, digest)
            return False
        is_right = constant_time_compare(row.code_digest, digest)
        if row.used_at is not None:
            return bool(is_right and form_key and row.used_by_form == form_key and now - row.used_at < SAME_USE)
        if now >= row.expires_at or row.wrong_guesses >= GUESSES:
            return False
        if not is_right:
            SignInCode.objects.filter(pk=row.pk).update(wrong_guesses=F("wrong_guesses") + 1)
            return False
        SignInCode.objects.filter(pk=row.pk).update(used_at=now, used_by_form=form_key)
        return True
