"""A new phone, mailbox or password for somebody who is in: proven, told to the old one, and held back for a day.

What was changed just now decides nothing important for 24 hours, so that whoever loses an account to a
thief hears of it before the thief can do more than read.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext, override

from accounts.models import OutgoingMessage, User
from accounts.security_log import note
from accounts.sign_in.contacts import Contact
from web.dates import moment

HELD_FOR = timedelta(hours=24)


class HeldBack(Exception):
    """Phone or mailbox are new: this step waits until ``until``."""

    refusal = True
    status = 409
    code = "contact_is_new"

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until

    def __str__(self) -> str:
        return gettext("您刚换了手机或邮箱。为防冒用，要紧的事请在%(moment)s之后办；等不及请打12315。") % {
            "moment": moment(self.until)
        }


class AddressTaken(Exception):
    """Another account has this phone or mailbox, which the asker has just proven to hold."""


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
    """Every way to reach this person."""
    found = [("sms", user.phone), ("email", user.email)]
    return [Contact(channel, address) for channel, address in found if address]


def tell(user: User, contacts: Iterable[Contact], *, subject: str, body: str, now: datetime) -> None:
    """Messages about the account itself, in the words given, to be sent by the sweep."""
    OutgoingMessage.objects.bulk_create(
        OutgoingMessage(
            channel=contact.channel,
            address=contact.address,
            subject=subject if contact.channel == "email" else "",
            body=body,
            person_key=user.person_key,
            created_at=now,
        )
        for contact in contacts
    )


def change_contact(user: User, contact: Contact, *, now: datetime) -> None:
    """The proven new phone or mailbox; every old way to this person is told. Raises AddressTaken."""
    before = contacts_of(user)
    try:
        with transaction.atomic():
            if contact.channel == "sms":
                user.phone = contact.address
            else:
                user.email = contact.address
            user.contact_changed_at = now
            user.save()
            with override(user.language):
                body = gettext(
                    "【12315】您的账号已换%(what)s：%(masked)s。不是您？请马上打12315，24小时内别人办不成要紧的事。"
                ) % {"what": gettext("手机") if contact.channel == "sms" else gettext("邮箱"), "masked": contact.masked}
                tell(user, before, subject=gettext("您的账号有变动"), body=body, now=now)
            note("contact_changed", now=now, user=user, subject=contact.channel)
    except IntegrityError:
        raise AddressTaken from None


def change_password(user: User, password: str, *, now: datetime) -> None:
    """The new password; told by every way to this person."""
    with transaction.atomic():
        user.set_password(password)
        user.save()
        with override(user.language):
            body = gettext("【12315】您的登录密码已更换。不是您？请马上打12315，并告诉您单位的管理员。")
            tell(user, contacts_of(user), subject=gettext("您的密码已更换"), body=body, now=now)
        note("password_changed", now=now, user=user)
