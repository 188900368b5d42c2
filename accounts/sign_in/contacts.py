"""Phone numbers and e-mail addresses: one way to write each, and the user behind a proven one.

An address is compared only after it was brought into its one written form.
"""

import unicodedata
import uuid
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Contact:
    """`channel` is "sms" or "email"; `address` is E.164 or lower case."""

    channel: str
    address: str

    @property
    def masked(self) -> str:
        """138****2107 or c***@example.org: enough to recognise one's own."""
        if self.channel == "email":
            name, _, domain = self.address.partition("@")
            return f"{name[:1]}***@{domain}"
        digits = self.address.removeprefix("+86")
        return f"{digits[:3]}****{digits[-4:]}"


def parse_contact(text: str) -> Contact | None:
    """What somebody typed as phone or e-mail; None if it is neither. Full-width digits are fine."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if "@" in typed:
        try:
            validate_email(typed)
        except ValidationError:
            return None
        return Contact("email", typed.lower()) if len(typed) <= 254 else None
    try:
        number = phonenumbers.parse(typed, "CN")
    except phonenumbers.NumberParseException:
        return None
    # Possible, not valid: number plans change faster than the package.
    if not phonenumbers.is_possible_number(number):
        return None
    return Contact("sms", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def contact_of(user: User) -> Contact | None:
    """Where codes for this person go: the phone, else the mailbox."""
    if user.phone:
        return Contact("sms", user.phone)
    return Contact("email", user.email) if user.email else None


def known_user(contact: Contact) -> User | None:
    """The user with this address, if there is one."""
    users = User.objects
    return (users.with_email if contact.channel == "email" else users.with_phone)(contact.address).first()


def user_for(contact: Contact, *, name: str = "", language: str = "zh-hans") -> User:
    """The user with this proven address, made at the first proof. Two proofs at once make one user."""
    user = known_user(contact)
    if user is not None:
        return user
    try:
        with transaction.atomic():
            return User.objects.create_user(
                contact.address if contact.channel == "email" else None,
                phone=contact.address if contact.channel == "sms" else None,
                name=name,
                language=language,
                person_key=uuid.uuid4(),
            )
    except IntegrityError:
        user = known_user(contact)
        if user is None:
            raise
        return user


def may_sign_in_by_code(user: User | None) -> bool:
    """Staff prove themselves by password: a code to their address must not go round it."""
    return user is None or (user.is_active and not user.has_usable_password())
