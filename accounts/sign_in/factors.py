"""The authenticator app and the recovery codes: made, checked, used up.

A code counts once. The half minute of an app's code is remembered, a recovery code is struck out, and
wrong ones are counted per person and network, so that nobody is locked out by somebody elsewhere.
"""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP

from accounts.models import RecoveryCode, SecondFactor, User
from accounts.sign_in.limits import Limit, TooManyTries, count, waits_until
from accounts.sign_in.network import network_of

ISSUER = "12315 ODR"
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
#: Wrong codes of one person from one network, and of one person from everywhere.
NEAR = Limit("wrong_factor_here", 5, timedelta(minutes=15))
FAR = Limit("wrong_factor", 30, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Shown:
    """What was right: ``how`` is app, recovery or passkey; ``left`` recovery codes remain."""

    how: str
    left: int = 0


def _cipher(secret: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"accounts.factors").derive(secret.encode()))


def _secrets() -> list[str]:
    """The key of the installation, and those before it."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def seal(key: bytes, *, user: User) -> bytes:
    """The key of an app as it is stored: it opens for this person only, and not without SECRET_KEY."""
    nonce = secrets.token_bytes(12)
    return nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, key, str(user.person_key).encode())


def unseal(sealed: bytes, *, user: User) -> bytes | None:
    """The key, or None if it was sealed for somebody else or under a SECRET_KEY that nobody has any more."""
    for secret in _secrets():
        try:
            return _cipher(secret).decrypt(sealed[:12], sealed[12:], str(user.person_key).encode())
        except (InvalidTag, ValueError):
            continue
    return None


def new_app_key() -> bytes:
    """Twenty random bytes, as RFC 4226 asks for."""
    return secrets.token_bytes(20)


def key_words(key: bytes) -> str:
    """The key for typing by hand: base32 in groups of four."""
    text = base64.b32encode(key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def app_address(key: bytes, *, name: str) -> str:
    """The otpauth:// address that the QR code carries."""
    query = urlencode({"secret": base64.b32encode(key).decode(), "issuer": ISSUER})
    return f"otpauth://totp/{quote(ISSUER)}:{quote(name)}?{query}"


def _digits(typed: str) -> str:
    return "".join(str(int(letter)) for letter in typed if letter.isdecimal())


def half_minute(key: bytes, typed: str, *, after: int, now: datetime) -> int | None:
    """The number of the half minute to which this code belongs, one to either side of now; None if to none."""
    code = _digits(typed)
    if len(code) != 6:
        return None
    clock = TOTP(key)
    clock.time = now.timestamp()
    return int(clock.t()) if clock.verify(int(code), tolerance=1, min_t=after + 1) else None


def add_app(user: User, key: bytes, typed: str, *, name: str, now: datetime) -> SecondFactor | None:
    """The app, if its code is right; None if it is not."""
    used = half_minute(key, typed, after=0, now=now)
    if used is None:
        return None
    return SecondFactor.objects.create(
        user=user,
        kind=SecondFactor.Kind.APP,
        name=name,
        key=seal(key, user=user),
        counter=used,
        created_at=now,
        last_used_at=now,
    )


def show_code(user: User, typed: str, *, address: str, now: datetime) -> Shown | None:
    """What this code is of, used up; None if of nothing.

    Raises TooManyTries. Call outside of a transaction that may be rolled back: wrong codes count.
    """
    here = f"{user.pk} {network_of(address)}"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"factor:{user.pk}"])
        until = waits_until(NEAR, here, now=now) or waits_until(FAR, str(user.pk), now=now)
        if until is None:
            shown = _app_code(user, typed, now=now) or _recovery_code(user, typed, now=now)
            if shown is None:
                count(NEAR.kind, here, now=now)
                count(FAR.kind, str(user.pk), now=now)
            return shown
    raise TooManyTries(until)


def _app_code(user: User, typed: str, *, now: datetime) -> Shown | None:
    for factor in SecondFactor.objects.filter(user=user, kind=SecondFactor.Kind.APP):
        key = unseal(bytes(factor.key), user=user)
        used = half_minute(key, typed, after=factor.counter, now=now) if key is not None else None
        if used is not None:
            SecondFactor.objects.filter(pk=factor.pk).update(counter=used, last_used_at=now)
            return Shown("app")
    return None


def _recovery_digest(user: User, code: str, secret: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", code.lower())
    value = f"{user.person_key}:{plain}"
    return salted_hmac("accounts.recovery", value, secret=secret, algorithm="sha256").hexdigest()


def _recovery_code(user: User, typed: str, *, now: datetime) -> Shown | None:
    rows = RecoveryCode.objects.filter(user=user, used_at=None)
    if not rows.filter(code_digest__in=[_recovery_digest(user, typed, key) for key in _secrets()]).update(used_at=now):
        return None
    return Shown("recovery", left=rows.count())


def new_recovery_codes(user: User, *, now: datetime) -> list[str]:
    """Ten fresh codes such as abcde-fghjk; those before are worth nothing any more. Shown once by the caller."""
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(user=user, code_digest=_recovery_digest(user, code, settings.SECRET_KEY), created_at=now)
            for code in codes
        )
    return [f"{code[:5]}-{code[5:]}" for code in codes]
