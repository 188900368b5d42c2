"""Phone numbers and e-mail addresses: one way to write each, the user behind a proven one, and writing to them.

An address is compared only after it was brought into its one written form; a new one is held back for a day.
"""

import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.translation import gettext

from accounts.keys import row_tags
from accounts.keys.sealed_fields import digest_of
from accounts.models import OutgoingMessage, User
from database.row_security import working_as_steps
from web.dates import moment
from web.errors import Refusal


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
    """Raises Refusal where the row that has this address was not written by the portal."""
    users = User.objects
    with working_as_steps():
        user = (users.with_email if contact.channel == "email" else users.with_phone)(contact.address).first()
    if user is not None and not row_tags.stands(user):
        raise Refusal("account_touched", gettext("这个账号的数据被改动过，暂时不能使用，请打12315。"))
    return user


def hold(contact: Contact) -> None:
    """Until the end of the transaction nobody else gives this address to an account: of the two columns of numbers each
    is unique by itself alone."""
    digest = digest_of("email" if contact.channel == "email" else "phone", contact.address) or b""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"address:{digest.hex()}"])


def user_for(contact: Contact, *, name: str = "", language: str = "zh-hans") -> User:
    """The user with this proven address, made at the first proof. Two proofs at once make one user."""
    user = known_user(contact)
    if user is not None:
        return user
    try:
        with working_as_steps(), transaction.atomic():
            hold(contact)
            if (user := known_user(contact)) is not None:
                return user
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


#: A code has just proved that ``contact`` is in the hands of ``user``, who is signed in by ``request``, at ``now``.
contact_proven = Signal()


def tell_proven(request: HttpRequest, user: User, contact: Contact, *, now: datetime) -> None:
    """Whatever hangs on this number finds its person. Where that fails it is logged, and nobody is kept out for it."""
    contact_proven.send_robust(User, request=request, user=user, contact=contact, now=now)


def may_sign_in_by_code(user: User | None) -> bool:
    """Staff prove themselves by password: a code to their address must not go round it."""
    return user is None or (user.may_sign_in and not user.has_usable_password())


HELD_FOR = timedelta(hours=24)


class HeldBack(Refusal):
    """Phone or mailbox are new: this step waits until ``until``."""

    def __init__(self, until: datetime) -> None:
        text = gettext("您刚换了手机或邮箱。为防冒用，要紧的事请在%(moment)s之后办；等不及请打12315。")
        super().__init__("contact_is_new", text % {"moment": moment(until)})
        self.until = until


def held_until(user: User, *, now: datetime) -> datetime | None:
    """Until when this person decides nothing important; None if nothing holds."""
    changed = user.contact_changed_at
    return changed + HELD_FOR if changed is not None and now < changed + HELD_FOR else None


def refuse_while_new(user: User, *, now: datetime) -> None:
    """Raises HeldBack for a day after a change."""
    until = held_until(user, now=now)
    if until is not None:
        raise HeldBack(until)


def contacts_of(user: User) -> list[Contact]:
    results = [("sms", user.phone), ("sms", user.second_phone), ("email", user.email)]
    return [Contact(channel, address) for channel, address in results if address]


def tell(
    user: User, contacts: Iterable[Contact], *, subject: str, body: str, now: datetime, useful_for: timedelta
) -> None:
    """Messages about the account itself, in the words given, to be sent by the sweep within ``useful_for``."""
    OutgoingMessage.objects.bulk_create(
        OutgoingMessage(
            channel=contact.channel,
            address=contact.address,
            subject=subject if contact.channel == "email" else "",
            body=body,
            person_key=user.person_key,
            created_at=now,
            useful_until=now + useful_for,
        )
        for contact in contacts
    )
