"""Passkeys (WebAuthn): what the browser is asked, and whether its answer is right.

A challenge lives in the session that asked and is used once; the answer is judged by the webauthn
library against the portal's own name and address, never against what the request says of itself where SITE_URL is set.
"""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.http import HttpRequest
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import SecondFactor, User
from accounts.sign_in.factors import ISSUER, Shown
from accounts.sign_in.network import place_of

CHALLENGE = "passkey_challenge"
LONGEST_ANSWER = 20_000


def _name(request: HttpRequest) -> str:
    return urlsplit(place_of(request)).hostname or ""


def _known(user: User) -> list[PublicKeyCredentialDescriptor]:
    ids = SecondFactor.objects.filter(user=user, kind=SecondFactor.Kind.PASSKEY).values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=bytes(found)) for found in ids if found is not None]


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
        found = json.loads(text) if len(text) <= LONGEST_ANSWER else None
    except ValueError:
        found = None
    return (found if isinstance(found, dict) and challenge else None), base64url_to_bytes(challenge)


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
            expected_origin=place_of(request),
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return None
    factor, is_new = SecondFactor.objects.get_or_create(
        credential_id=made.credential_id,
        defaults={
            "user": user,
            "kind": SecondFactor.Kind.PASSKEY,
            "name": name,
            "key": made.credential_public_key,
            "counter": made.sign_count,
            "created_at": now,
            "last_used_at": now,
        },
    )
    return factor if is_new else None


def show_passkey(request: HttpRequest, user: User, *, now: datetime) -> Shown | None:
    """A passkey of this person answered the challenge; None if not."""
    credential, challenge = _answer(request)
    if credential is None:
        return None
    try:
        wanted = base64url_to_bytes(str(credential.get("rawId", "")))
        factor = SecondFactor.objects.filter(user=user, kind=SecondFactor.Kind.PASSKEY, credential_id=wanted).first()
        if factor is None:
            return None
        answer = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_name(request),
            expected_origin=place_of(request),
            credential_public_key=bytes(factor.key),
            credential_current_sign_count=factor.counter,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return None
    SecondFactor.objects.filter(pk=factor.pk).update(counter=answer.new_sign_count, last_used_at=now)
    return Shown("passkey")
