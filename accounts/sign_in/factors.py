"""The second factors: authenticator app, recovery codes, passkeys, and the password before them.

A code counts once. The half minute of an app's code is remembered, a recovery code is struck out, and wrong ones are
counted per person and network, so that nobody is locked out by somebody elsewhere.
"""

import base64
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import webauthn
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.keys import row_tags
from accounts.models import RecoveryCode, SecondFactor, SecurityEvent, User
from accounts.security_log import note
from accounts.sign_in import limits
from database.row_security import working_as_steps

WITHIN = timedelta(minutes=15)
#: One address from one network; one network on all addresses; one address from everywhere; everybody.
PAIR = limits.Limit("wrong_password_pair", 10, WITHIN)
NETWORK = limits.Limit("wrong_password_network", 100, WITHIN)
ADDRESS = limits.Limit("wrong_password_address", 50, timedelta(hours=1))
SPRAY = limits.Limit("wrong_password_everybody", 1000, WITHIN)
#: While somebody sprays passwords over all addresses, a network has room for this many.
NETWORK_UNDER_SPRAY = limits.Limit(NETWORK.kind, 10, WITHIN)
KNOWN_FOR = timedelta(days=90)


@working_as_steps()
def staff_user(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
    """The user these belong to; None for every kind of no."""
    address, here = email.strip().lower(), limits.client_address(request)
    network = limits.network_of(here)
    pair = f"{address} {network}"
    # The hash is computed even when blocked: the time of an answer tells nothing.
    result = authenticate(request, username=address, password=password)
    user = result if isinstance(result, User) else None
    is_spray = limits.waits_until(SPRAY, limits.EVERYBODY, now=now) is not None
    blocked = (
        limits.waits_until(PAIR, pair, now=now)
        or limits.waits_until(NETWORK_UNDER_SPRAY if is_spray else NETWORK, network, now=now)
        or (limits.waits_until(ADDRESS, address, now=now) and not _has_been_here(user, network, now=now))
    )
    if not blocked and user is not None:
        return user
    if user is None:
        for limit, who in ((PAIR, pair), (NETWORK, network), (ADDRESS, address), (SPRAY, limits.EVERYBODY)):
            limits.count(limit.kind, who, now=now)
    note("sign_in_refused", now=now, reason="blocked" if blocked else "wrong_password", address=here)
    return None


def _has_been_here(user: User | None, network: str, *, now: datetime) -> bool:
    """True if this person, whose password was right, signed in from this network lately."""
    if user is None or not network:
        return False
    earlier = (
        SecurityEvent.objects.filter(person_key=user.person_key, kind="sign_in", at__gt=now - KNOWN_FOR)
        .exclude(address="")
        .values_list("address", flat=True)
    )
    return any(limits.network_of(address) == network for address in earlier[:200])


ISSUER = "12315 ODR"
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
#: Wrong codes of one person from one network, and of one person from everywhere.
NEAR = limits.Limit("wrong_factor_here", 5, timedelta(minutes=15))
FAR = limits.Limit("wrong_factor", 30, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class UsedFactor:
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


def key_text(key: bytes) -> str:
    """The key for typing by hand: base32 in groups of four."""
    text = base64.b32encode(key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def app_address(key: bytes, *, name: str) -> str:
    query = urlencode({"secret": base64.b32encode(key).decode(), "issuer": ISSUER})
    return f"otpauth://totp/{quote(ISSUER)}:{quote(name)}?{query}"


def half_minute(key: bytes, typed: str, *, after: int, now: datetime) -> int | None:
    """The number of the half minute to which this code belongs, one to either side of now; None if to none."""
    code = "".join(str(int(letter)) for letter in typed if letter.isdecimal())
    if len(code) != 6:
        return None
    clock = TOTP(key)
    clock.time = now.timestamp()
    return int(clock.t()) if clock.verify(int(code), tolerance=1, min_t=after + 1) else None


@working_as_steps()
def add_app(user: User, key: bytes, typed: str, *, name: str, now: datetime) -> SecondFactor | None:
    """The app, if its code is right and the app is new; None if not."""
    used = half_minute(key, typed, after=0, now=now)
    _one_at_a_time(user)
    if used is None or is_added(user, key):
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


@working_as_steps()
def is_added(user: User, key: bytes) -> bool:
    """Whether this person has an app with this key: the form that added it has been sent before."""
    return any(
        unseal(bytes(one.key), user=user) == key
        for one in SecondFactor.objects.filter(user=user, kind=SecondFactor.Kind.APP)
    )


def _one_at_a_time(user: User) -> None:
    """Until the transaction ends, nobody else shows or adds a factor of this person."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"factor:{user.pk}"])


@working_as_steps()
def show_code(user: User, typed: str, *, address: str, now: datetime) -> UsedFactor | None:
    """What this code is of, used up; None if of nothing.

    Raises TooManyTries. Call outside of a transaction that may be rolled back: wrong codes count.
    """
    here = f"{user.pk} {limits.network_of(address)}"
    with transaction.atomic():
        _one_at_a_time(user)
        until = limits.waits_until(NEAR, here, now=now) or limits.waits_until(FAR, str(user.pk), now=now)
        if until is None:
            shown = _app_code(user, typed, now=now) or _recovery_code(user, typed, now=now)
            if shown is None:
                limits.count(NEAR.kind, here, now=now)
                limits.count(FAR.kind, str(user.pk), now=now)
            return shown
    raise limits.TooManyTries(until)


@working_as_steps()
def is_own_password(user: User, typed: str, *, address: str, now: datetime) -> bool:
    """Whether this is the password of somebody who is signed in; wrong ones count like wrong codes.

    Raises TooManyTries. Call outside of a transaction that may be rolled back.
    """
    here = f"{user.pk} {limits.network_of(address)}"
    with transaction.atomic():
        _one_at_a_time(user)
        until = limits.waits_until(NEAR, here, now=now) or limits.waits_until(FAR, str(user.pk), now=now)
        if until is None:
            is_right = user.check_password(typed)
            if not is_right:
                limits.count(NEAR.kind, here, now=now)
                limits.count(FAR.kind, str(user.pk), now=now)
            return is_right
    raise limits.TooManyTries(until)


def _app_code(user: User, typed: str, *, now: datetime) -> UsedFactor | None:
    for factor in SecondFactor.objects.filter(user=user, kind=SecondFactor.Kind.APP):
        key = unseal(bytes(factor.key), user=user) if row_tags.stands(factor) else None
        used = half_minute(key, typed, after=factor.counter, now=now) if key is not None else None
        if used is not None:
            SecondFactor.objects.filter(pk=factor.pk).update(counter=used, last_used_at=now)
            return UsedFactor("app")
    return None


def _recovery_digest(user: User, code: str, secret: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", code.lower())
    value = f"{user.person_key}:{plain}"
    return salted_hmac("accounts.recovery", value, secret=secret, algorithm="sha256").hexdigest()


def _recovery_code(user: User, typed: str, *, now: datetime) -> UsedFactor | None:
    rows = RecoveryCode.objects.filter(user=user, used_at=None)
    if not rows.filter(code_digest__in=[_recovery_digest(user, typed, key) for key in _secrets()]).update(used_at=now):
        return None
    return UsedFactor("recovery", left=rows.count())


@working_as_steps()
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


CHALLENGE = "passkey_challenge"
LONGEST_ANSWER = 20_000
#: A session that holds a challenge ends within this.
ANSWERED = limits.Limit("passkey_answered", 1, timedelta(hours=12))


def _name(request: HttpRequest) -> str:
    return urlsplit(limits.place_of(request)).hostname or ""


@working_as_steps()
def _known(user: User) -> list[PublicKeyCredentialDescriptor]:
    ids = SecondFactor.objects.filter(user=user, kind=SecondFactor.Kind.PASSKEY).values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=bytes(result)) for result in ids if result is not None]


def ask_for_new(request: HttpRequest, user: User) -> str:
    """The options for navigator.credentials.create, as JSON; the challenge stays in the session."""
    options = webauthn.generate_registration_options(
        rp_id=_name(request),
        rp_name=ISSUER,
        user_id=user.person_key.bytes,
        user_name=user.email or str(user),
        user_display_name=user.name or str(user),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_known(user),
    )
    request.session[CHALLENGE] = bytes_to_base64url(options.challenge)
    return str(webauthn.options_to_json(options))


def ask_for_known(request: HttpRequest, user: User) -> str:
    """The options for navigator.credentials.get, as JSON; empty if this person has no passkey."""
    known = _known(user)
    if not known:
        return ""
    options = webauthn.generate_authentication_options(
        rp_id=_name(request), allow_credentials=known, user_verification=UserVerificationRequirement.PREFERRED
    )
    request.session[CHALLENGE] = bytes_to_base64url(options.challenge)
    return str(webauthn.options_to_json(options))


def _answer(request: HttpRequest) -> tuple[dict[str, Any] | None, bytes]:
    challenge = request.session.pop(CHALLENGE, "")
    text = request.POST.get("credential", "")
    try:
        result = json.loads(text) if len(text) <= LONGEST_ANSWER else None
    except ValueError:
        result = None
    return (result if isinstance(result, dict) and challenge else None), base64url_to_bytes(challenge)


@working_as_steps()
def add_passkey(request: HttpRequest, user: User, *, name: str, now: datetime) -> SecondFactor | None:
    """The passkey that the browser just made; None if its answer is not right or the key is known already."""
    credential, challenge = _answer(request)
    if credential is None:
        return None
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_name(request),
            expected_origin=limits.place_of(request),
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return None
    defaults = {
        "user": user,
        "kind": SecondFactor.Kind.PASSKEY,
        "name": name,
        "key": made.credential_public_key,
        "counter": made.sign_count,
        "created_at": now,
        "last_used_at": now,
    }
    factor, is_new = SecondFactor.objects.get_or_create(credential_id=made.credential_id, defaults=defaults)
    return factor if is_new else None


def _is_first_answer(user: User, challenge: bytes, *, now: datetime) -> bool:
    """False where this challenge was answered before: the session forgets it only when the answer goes out, and many
    keys count nothing."""
    _one_at_a_time(user)
    is_first = limits.waits_until(ANSWERED, challenge.hex(), now=now) is None
    limits.count(ANSWERED.kind, challenge.hex(), now=now)
    return is_first


@working_as_steps()
def show_passkey(request: HttpRequest, user: User, *, now: datetime) -> UsedFactor | None:
    """A passkey of this person answered the challenge; None if not."""
    credential, challenge = _answer(request)
    if credential is None or not _is_first_answer(user, challenge, now=now):
        return None
    try:
        wanted = base64url_to_bytes(str(credential.get("rawId", "")))
        factor = SecondFactor.objects.filter(user=user, kind=SecondFactor.Kind.PASSKEY, credential_id=wanted).first()
        if factor is None or not row_tags.stands(factor):
            return None
        answer = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_name(request),
            expected_origin=limits.place_of(request),
            credential_public_key=bytes(factor.key),
            credential_current_sign_count=factor.counter,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return None
    SecondFactor.objects.filter(pk=factor.pk).update(counter=answer.new_sign_count, last_used_at=now)
    return UsedFactor("passkey")
