"""Who holds a draft, where it goes on, and proving the phone. A draft is held by the key in the browser's
cookie or by its proven owner, and by nobody else. A code proves the address it was sent to and nothing else."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from accounts.models import SignInCode, User
from accounts.sign_in.codes import Use, check_code
from accounts.sign_in.contacts import Contact, parse_contact
from complaints.filing import drafts, steps
from complaints.models.evidence import FilingDraft

COOKIE = f"{settings.COOKIE_PREFIX}draft"


@dataclass(frozen=True)
class HeldDraft:
    """A draft and the key by which the browser holds it (empty: by its owner)."""

    draft: FilingDraft
    key: str = ""


def held_by(
    request: HttpRequest, *, now: datetime, draft_id: uuid.UUID | None = None, to_file: bool = False
) -> HeldDraft | None:
    """The draft of this browser's cookie, else the signed-in person's own of that id; ``to_file``: locked."""
    key = request.COOKIES.get(COOKIE, "")
    draft = drafts.of_key(key, now=now, to_file=to_file)
    person = request.user if isinstance(request.user, User) else None
    if draft_id is not None and (draft is None or draft.pk != draft_id):
        draft, key = drafts.of_owner(person.pk, draft_id, now=now, to_file=to_file) if person else None, ""
    if draft is not None and person is not None and draft.owner_id == person.pk:
        # Read with the session already.
        draft.owner = person
    return HeldDraft(draft, key) if draft is not None else None


def give_cookie(response: HttpResponseBase, key: str, *, seconds: float) -> None:
    age, is_secure = int(seconds), settings.HTTPS
    response.set_cookie(COOKIE, key, max_age=age, httponly=True, samesite="Lax", secure=is_secure, path="/")


def address_of(draft: FilingDraft, code: str) -> str:
    """The screen on which this part is asked for."""
    return reverse("complaints:file-step", args=[draft.pk, steps.screen_of(code)])


#: What goes along with each page, so that a draft that is gone begins anew whole; never what only the portal says.
GOES_ALONG = ("story", "bill", "heard", "said", "outcome", "others", *steps.STEP_CODES)
_SALT = "a filing that goes along with its page"


def going_along(draft: FilingDraft) -> str:
    """What was typed and said so far, signed, for a hidden field of the page."""
    held = {part: draft.data[part] for part in GOES_ALONG if part in draft.data}
    return signing.dumps(held, salt=_SALT, compress=True)


def begun_again(request: HttpRequest, *, now: datetime) -> HeldDraft | None:
    """A new draft with all that went along with the page that was sent; None where nothing (rightly) signed did."""
    try:
        data = signing.loads(request.POST.get("along", ""), salt=_SALT)
    except signing.BadSignature:
        return None
    draft, key = drafts.begin(now=now)
    draft.data = data
    drafts.touch(draft, now=now, fields=["data"])
    return HeldDraft(draft, key)


def receipt_address(draft: FilingDraft) -> str:
    return reverse("complaints:receipt", args=[draft.filed_as[0]])


PURPOSE = SignInCode.Purpose.FILING


def proven_contact(
    *, phone: str, email: str, code: str, flow: str, form_key: str, now: datetime
) -> tuple[Contact, Use] | None:
    """The contact that this code belongs to: the phone, else the mailbox; only ``Use.RIGHT`` may open a session.

    ``flow``: the browser that asked for it.
    """
    contacts = [Contact("sms", phone)] + ([Contact("email", email.lower())] if email else [])
    for contact in contacts:
        if use := check_code(contact=contact, purpose=PURPOSE, code=code, flow=flow, form_key=form_key, now=now):
            return contact, use
    return None


def normal_phone(typed: str) -> str:
    """The one written form of a phone as typed; empty when it is none."""
    contact = parse_contact(typed) if typed else None
    return contact.address if contact is not None and contact.channel == "sms" else ""
