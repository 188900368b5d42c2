"""Changes of how somebody gets in: the owner is told at every address he has, and undoes them within three days.

What stood before is kept sealed, with a tag, under the digest of a key that only the letters carry. Undoing brings it
back, ends every session, and ends the programs' tokens that were made since: whoever made the change has nothing left.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.keys import row_tags
from accounts.keys.ciphers import CannotOpen
from accounts.models import AccountChange, RecoveryCode, SecondFactor, User
from accounts.security_log import note
from accounts.sign_in import own_phone
from accounts.sign_in.contacts import Contact, contacts_of, hold, known_user, tell
from database.row_security import working_as_steps
from web.dates import moment
from web.errors import Refusal

UNDONE_WITHIN = timedelta(hours=72)


class Kind(StrEnum):
    """What was changed; the code stands in the row."""

    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    RECOVERY_CODES = "recovery_codes"
    PHONE = "phone"
    SECOND_PHONE = "second_phone"
    EMAIL = "email"
    OWN_PHONE = "own_phone"
    PASSWORD = "password"  # noqa: S105 - the name of a change


class AddressTaken(Exception):
    """Another account has this phone or mailbox, which the asker has just proven to hold."""


class CannotUndo(Refusal):
    """What stood before can no longer be brought back: its phone, mailbox or key is another account's by now."""

    def __init__(self) -> None:
        super().__init__("cannot_undo", gettext("撤不回去了：原来的号码、邮箱或钥匙现在属于另一个账号。请打12315。"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change comes from: the portal's own address (for the link in the letters), the network of who asked."""

    place: str
    address: str


def digest_of(key: str) -> str:
    """Of 128 random bits; nothing slow is needed to keep them from being guessed."""
    return sha256(key.encode()).hexdigest()


def _keep(
    user: User, kind: str, before: dict[str, Any], *, told: Iterable[Contact], origin: Origin, now: datetime
) -> None:
    """The row that undoes it, and the letters with its key; in the transaction of the change."""
    key = secrets.token_urlsafe(16)
    AccountChange.objects.create(
        user=user, kind=kind, before=json.dumps(before), key_digest=digest_of(key), at=now, address=origin.address
    )
    with override(user.language):
        link = f"{origin.place}{reverse('accounts:undo', args=[key])}"
        body = gettext("【12315】您的账号%(what)s。不是您？72小时内点此撤回：%(link)s") % {
            "what": words_of(kind, before),
            "link": link,
        }
        tell(user, told, subject=gettext("您的账号有变动"), body=body, now=now, useful_for=UNDONE_WITHIN)


def words_of(kind: str, before: dict[str, Any]) -> str:
    """What was done, for a letter or the page behind its link."""
    if kind == Kind.FACTOR_ADDED:
        return gettext("新设了%(factor)s") % {"factor": before["name"]}
    if kind == Kind.FACTOR_REMOVED:
        return gettext("删去了%(factor)s") % {"factor": before["name"]}
    if kind == Kind.RECOVERY_CODES:
        return gettext("换了一批恢复码")
    if kind == Kind.PASSWORD:
        return gettext("换了登录密码")
    if kind == Kind.SECOND_PHONE and not before["new"]:
        return gettext("去掉了第二个手机")
    what = {
        Kind.PHONE: gettext("手机"),
        Kind.SECOND_PHONE: gettext("第二个手机"),
        Kind.OWN_PHONE: gettext("本人手机"),
    }.get(Kind(kind), gettext("邮箱"))
    return gettext("已换%(what)s：%(masked)s") % {"what": what, "masked": before["new"]}


@working_as_steps()
def factor_added(user: User, factor: SecondFactor, *, origin: Origin, now: datetime) -> None:
    """The owner is told of an app or passkey that was just made."""
    note("factor_added", now=now, user=user, subject=factor.kind, address=origin.address)
    before = {"factor": factor.pk, "name": factor.name}
    _keep(user, Kind.FACTOR_ADDED, before, told=contacts_of(user), origin=origin, now=now)


@working_as_steps()
def remove_factor(user: User, factor: SecondFactor, *, origin: Origin, now: datetime) -> None:
    """One passkey or app less."""
    before = {
        "name": factor.name,
        "kind": factor.kind,
        "key": bytes(factor.key).hex(),
        "credential_id": None if factor.credential_id is None else bytes(factor.credential_id).hex(),
        "counter": factor.counter,
        "created_at": factor.created_at.isoformat(),
    }
    with transaction.atomic():
        factor.delete()
        note("factor_removed", now=now, user=user, subject=factor.kind, address=origin.address)
        _keep(user, Kind.FACTOR_REMOVED, before, told=contacts_of(user), origin=origin, now=now)


@working_as_steps()
def recovery_codes_made(user: User, before: list[str], *, origin: Origin, now: datetime) -> None:
    """``before``: the digests of those that were still good."""
    note("recovery_codes_made", now=now, user=user, address=origin.address)
    _keep(user, Kind.RECOVERY_CODES, {"codes": before}, told=contacts_of(user), origin=origin, now=now)


@working_as_steps()
def change_contact(user: User, contact: Contact, *, is_second: bool = False, origin: Origin, now: datetime) -> None:
    """The proven new phone or mailbox, or the second phone; every old way to this person is told. The first second
    phone takes nothing away from anybody, so it holds nothing back. Raises AddressTaken."""
    before = contacts_of(user)
    kind = Kind.SECOND_PHONE if is_second else Kind.PHONE if contact.channel == "sms" else Kind.EMAIL
    try:
        with transaction.atomic():
            hold(contact)
            if known_user(contact) not in (None, user):
                raise AddressTaken
            kept = {"old": getattr(user, kind), "new": contact.masked}
            if kind == Kind.PHONE and user.second_phone == contact.address:
                kept["second"], user.second_phone = user.second_phone, None
            elif kind == Kind.SECOND_PHONE and user.phone == contact.address:
                return
            setattr(user, kind, contact.address)
            if kind != Kind.SECOND_PHONE or kept["old"]:
                user.contact_changed_at = now
            user.save()
            _keep(user, kind, kept, told=before, origin=origin, now=now)
            note("contact_changed", now=now, user=user, subject=contact.channel, address=origin.address)
    except IntegrityError:
        raise AddressTaken from None


@working_as_steps()
def end_second_phone(user: User, *, origin: Origin, now: datetime) -> None:
    """It opens this account no more; told at every address, and undone from there."""
    if (old := user.second_phone) is None:
        return
    with transaction.atomic():
        told = contacts_of(user)
        user.second_phone = None
        user.save(update_fields=["second_phone"])
        _keep(user, Kind.SECOND_PHONE, {"old": old, "new": ""}, told=told, origin=origin, now=now)
        note("contact_changed", now=now, user=user, subject="sms", address=origin.address)


@working_as_steps()
def prove_own_phone(user: User, contact: Contact, *, origin: Origin, now: datetime) -> None:
    """A code has proved that this phone is in the hands of ``user``; told at every address, and undone from there.
    Another one than before is held back for a day. Raises PhoneTaken."""
    with transaction.atomic():
        held = User.objects.select_for_update().get(pk=user.pk)
        old = held.own_phone
        if old == contact.address:
            return
        own_phone.put(held, contact.address, held_since=now if old else None)
        told = dict.fromkeys([*contacts_of(held), *([Contact("sms", old)] if old else [])])
        _keep(held, Kind.OWN_PHONE, {"old": old, "new": contact.masked}, told=told, origin=origin, now=now)
        note("own_phone_proved", now=now, user=held, address=origin.address)


@working_as_steps()
def change_password(user: User, password: str, *, origin: Origin, now: datetime) -> None:
    """The new password; told by every way to this person."""
    with transaction.atomic():
        user.set_password(password)
        user.save()
        note("password_changed", now=now, user=user, address=origin.address)
        _keep(user, Kind.PASSWORD, {}, told=contacts_of(user), origin=origin, now=now)


@working_as_steps()
def of_key(key: str, *, now: datetime) -> AccountChange | None:
    """The change whose letter carries this key, for 72 hours and unless somebody else wrote the row."""
    row = (
        AccountChange.objects.select_related("user")
        .filter(key_digest=digest_of(key), at__gt=now - UNDONE_WITHIN, user__is_active=True)
        .first()
    )
    try:
        return row if row is not None and row_tags.stands(row) and row_tags.stands(row.user) else None
    except CannotOpen:
        # What was sealed belongs to another row.
        return None


@working_as_steps()
def undo(change: AccountChange, *, address: str, now: datetime) -> None:
    """As it was before, once; all browsers are signed out, tokens made since end, every address is told.

    Raises CannotUndo.
    """
    with transaction.atomic():
        row = AccountChange.objects.select_for_update(of=("self",)).select_related("user").get(pk=change.pk)
        if row.undone_at is not None:
            return
        user, before = row.user, json.loads(row.before)
        told = contacts_of(user)
        try:
            with transaction.atomic():
                _bring_back(user, row.kind, before, now=now)
        except (IntegrityError, own_phone.PhoneTaken):
            raise CannotUndo from None
        AccountChange.objects.filter(pk=row.pk).update(undone_at=now)
        user.browser_sessions.all().delete()
        end_tokens(tokens_of(user, now=now).filter(created_at__gte=row.at), user=user, address=address, now=now)
        note("change_undone", now=now, user=user, subject=row.kind, address=address)
        with override(user.language):
            text = gettext("【12315】%(at)s的改动已撤回（%(what)s），所有设备都已退出。不是您？请马上打12315。")
            body = text % {"at": moment(row.at), "what": words_of(row.kind, before)}
            every = dict.fromkeys([*told, *contacts_of(user)])
            tell(user, every, subject=gettext("改动已撤回"), body=body, now=now, useful_for=UNDONE_WITHIN)


def _bring_back(user: User, kind: str, before: dict[str, Any], *, now: datetime) -> None:
    if kind == Kind.FACTOR_ADDED:
        SecondFactor.objects.filter(pk=before["factor"], user=user).delete()
        if not SecondFactor.objects.filter(user=user).exists():
            # Whoever set up the only factor knew the password too: neither is good for anything any more.
            RecoveryCode.objects.filter(user=user).delete()
            _end_password(user)
    elif kind == Kind.PASSWORD:
        # Whoever chose the new one may know the old one: neither is good for anything any more.
        _end_password(user)
    elif kind == Kind.FACTOR_REMOVED:
        credential = before["credential_id"]
        SecondFactor.objects.create(
            user=user,
            kind=before["kind"],
            name=before["name"],
            key=bytes.fromhex(before["key"]),
            credential_id=None if credential is None else bytes.fromhex(credential),
            counter=before["counter"],
            created_at=datetime.fromisoformat(before["created_at"]),
        )
    elif kind == Kind.RECOVERY_CODES:
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(user=user, code_digest=digest, created_at=now) for digest in before["codes"]
        )
    elif kind == Kind.OWN_PHONE:
        own_phone.put(user, before["old"], held_since=now)
    else:
        setattr(user, kind, before["old"])
        if "second" in before:
            user.second_phone = before["second"]
        # Whoever still holds the old phone may be a thief too: for a day nobody decides anything important.
        user.contact_changed_at = now
        user.save()


def _end_password(user: User) -> None:
    user.set_unusable_password()
    user.save(update_fields=["password"])


def tokens_of(user: User, *, now: datetime) -> QuerySet[Any]:
    """The programs' tokens that act as this person or were made by him, and still open something."""
    # A reverse relation: this app knows no programs.
    model: Any = User._meta.get_field("api_tokens").related_model
    whose = Q(user=user) | Q(created_by=user)
    rows: QuerySet[Any] = model._default_manager.filter(whose, revoked_at=None, expires_at__gt=now)
    return rows


@working_as_steps()
def end_tokens(tokens: QuerySet[Any], *, user: User, address: str, now: datetime) -> int:
    """They open nothing from the next call on; each stands in the security log. Returns how many."""
    ended = list(tokens)
    tokens.model._default_manager.filter(pk__in=[token.pk for token in ended]).update(revoked_at=now)
    for token in ended:
        note("token_revoked", now=now, user=user, subject=token.shown, reason="by_owner", address=address)
    return len(ended)


@working_as_steps()
def end_everything(
    user: User, *, reason: str, address: str, now: datetime, by: User | None = None, organisation: str = ""
) -> None:
    """All browsers are signed out, no program's token opens anything; the owner is told at every address.

    ``by``: an officer who was asked to, None for the owner; ``reason``: a code for the security log.
    """
    with transaction.atomic():
        user.browser_sessions.all().delete()
        ended = list(tokens_of(user, now=now))
        end_tokens(tokens_of(user, now=now), user=user, address=address if by is None else "", now=now)
        subject = "" if by is None else str(user.person_key)
        how: Any = {"organisation": organisation, "subject": subject, "reason": reason, "address": address}
        note("everything_ended", now=now, user=by or user, **how)
        with override(user.language):
            text = gettext("【12315】您的账号已在所有设备上退出，%(n)s个程序令牌已作废。不是您要求的？请打12315。")
            body = text % {"n": len(ended)}
            told = contacts_of(user)
            tell(user, told, subject=gettext("所有设备都已退出"), body=body, now=now, useful_for=UNDONE_WITHIN)
