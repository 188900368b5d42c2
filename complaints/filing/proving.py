"""Proving the phone at step 6: a code goes out, comes back, and names a contact.

A code proves the address it was sent to and nothing else.
"""

from __future__ import annotations

from datetime import datetime

from accounts.models import SignInCode
from accounts.sign_in.codes import Asker, check_code, send_code
from accounts.sign_in.contacts import Contact, parse_contact

PURPOSE = SignInCode.Purpose.FILING


def send(contact: Contact, *, language: str, asker: Asker, now: datetime) -> None:
    """A code to this contact; raises TooManyTries."""
    send_code(contact=contact, purpose=PURPOSE, language=language, asker=asker, now=now)


def proven(*, phone: str, email: str, code: str, flow: str, form_key: str, now: datetime) -> Contact | None:
    """The contact that this code belongs to: the phone, else the mailbox. ``flow``: the browser that asked for it."""
    contacts = [Contact("sms", phone)] + ([Contact("email", email.lower())] if email else [])
    for contact in contacts:
        if check_code(contact=contact, purpose=PURPOSE, code=code, flow=flow, form_key=form_key, now=now):
            return contact
    return None


def normal(typed: str) -> str:
    """The one written form of a phone as typed; empty when it is none."""
    contact = parse_contact(typed) if typed else None
    return contact.address if contact is not None and contact.channel == "sms" else ""
