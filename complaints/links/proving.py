"""Whoever proved the number of a case by a code: it, and other cases with the same number, become the account's."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.keys.sealed_fields import digests_of
from accounts.models import User
from accounts.sign_in.contacts import Contact, known_user, user_for
from accounts.sign_in.limits import Limit, TooManyTries, count, waits_until
from complaints import handling
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps.contact import WRONG_NAME, contact_of, prove_contact
from complaints.models import Complaint, PersonDigest
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Status
from complaints.record.person_digests import on_file
from database.row_security import working_as_steps

#: Names that may be typed wrong for one case.
OF_NAME = Limit("prove_name", 5, timedelta(days=1))
#: So many older cases come with the number at once.
MOST = 100


def contact_on_file(case: Complaint) -> Contact | None:
    """Where a code for this case goes."""
    return contact_of(on_file([case.pk]).get(case.pk, {}))


def name_on_file(case: Complaint) -> str:
    return on_file([case.pk]).get(case.pk, {}).get("consumer_name", "")


def prove(case: Complaint, *, user: User | None, name: str, channel: str, now: datetime) -> User:
    """The case becomes that of ``user``, or of the account of the number on file, a new one if there is none; the other
    cases with this number that are nobody's come with it, unless they ask for another name. Returns the account.

    Only for whoever has just typed the code that went to ``contact_on_file``. ``name``: as typed, empty where it was
    not asked for; ``channel``: by which it came. Raises StepNotAllowed (WrongInput at ``name``), TooManyTries."""
    with working_as_steps():
        contact = contact_on_file(case)
        if contact is None:
            raise StepNotAllowed("no_number", _("这件投诉里没有可以验证的号码，请拨打12315。"))
        until = waits_until(OF_NAME, str(case.pk), now=now) if name else None
        if until is not None:
            raise TooManyTries(until)
        known = name_on_file(case)
        try:
            # Refused, no account is left that would bear the name of whoever had the number before.
            with transaction.atomic():
                account = user or user_for(contact, name=known, language=case.language)
                if not account.may_sign_in:
                    raise StepNotAllowed("account_closed", _("这个号码的账户已经停用，请拨打12315。"))
                handling.take_each(_moves([case], account, name, known, channel), now=now)
        except StepNotAllowed as refusal:
            if refusal.code == "wrong_name":
                count(OF_NAME.kind, str(case.pk), now=now)
            whose = user or known_user(contact)
            # Sent twice, also at once: it is this person's case already.
            if whose is None or not Complaint.objects.filter(pk=case.pk, consumer=whose).exists():
                raise
            account = whose
        others = _moves(nobodys_with(contact), account, name, known, channel)
        # What asks for another name stays as it is.
        with suppress(StepNotAllowed):
            handling.take_each(others, now=now)
        return account


def nobodys_with(contact: Contact) -> list[Complaint]:
    """Cases of nobody's account with this phone on file now, the newest first. For the steps alone: the callers of a
    page neither see these cases nor read the digests by which they are found."""
    if contact.channel != "sms":
        return []
    same = PersonDigest.objects.filter(kind="phone", digest__in=digests_of("phone", contact.address))
    rows = Complaint.objects.filter(pk__in=same.values("complaint_id"), consumer=None)
    cases = list(rows.exclude(status=Status.DRAFT).order_by("-filed_at", "-pk")[:MOST])
    given = on_file(row.pk for row in cases) if cases else {}
    return [row for row in cases if contact_of(given.get(row.pk, {})) == contact]


@dataclass(frozen=True, slots=True)
class Claimed:
    """How many cases became the account's, and how many with this number still ask for the name in them."""

    found: int = 0
    waiting: int = 0


def claim(account: User, contact: Contact, *, name: str = "", channel: str = "portal", now: datetime) -> Claimed:
    """What lies with this number and is nobody's becomes that of ``account``, which has just proved the number by a
    code; what is older than 90 days or of another name only with the ``name`` in it.

    Raises WrongInput at ``name`` where one was typed and no case has it, TooManyTries after five a case and day."""
    with working_as_steps():
        cases = nobodys_with(contact)
        if not cases:
            return Claimed()
        # An account without a name is that of the person of the newest of them.
        known = account.name or name_on_file(cases[0])
        asked = _not_tried_out(cases, now=now) if name else cases
        if len(asked) == 1:
            with suppress(StepNotAllowed):
                handling.take_each(_moves(asked, account, name, known, channel), now=now)
        else:
            handling.take_each(_moves(asked, account, name, known, channel), now=now)
        left = set(
            Complaint.objects.filter(pk__in=[case.pk for case in cases], consumer=None).values_list("pk", flat=True)
        )
        found = len(cases) - len(left)
        if found and not account.name:
            account.name = known
            account.save(update_fields=["name"])
        if name:
            count(OF_NAME.kind, *(str(case.pk) for case in asked if case.pk in left), now=now)
            if not found:
                raise WrongInput("wrong_name", str(WRONG_NAME), field="name")
        return Claimed(found, len(left))


def _not_tried_out(cases: Sequence[Complaint], *, now: datetime) -> list[Complaint]:
    """Those for which a name may be typed now. Raises TooManyTries where there is none."""
    waits = {case.pk: waits_until(OF_NAME, str(case.pk), now=now) for case in cases}
    free = [case for case in cases if waits[case.pk] is None]
    if not free:
        raise TooManyTries(min(until for until in waits.values() if until is not None))
    return free


Moves = list[tuple[int, Move, Actor]]


def _moves(cases: Sequence[Complaint], account: User, name: str, known: str, channel: str) -> Moves:
    said = {"name": name, "known": known}
    return [(case.pk, prove_contact(because=said), actors.by_number(account, case, channel=channel)) for case in cases]


#: The number that this session proved, until when a name may be typed for what lies with it, and how much does.
PROVED = "proved_number"
FOR = timedelta(minutes=30)


def contact_proven(*, request: HttpRequest, user: User, contact: Contact, now: datetime, **_kwargs: Any) -> Claimed:
    """Receiver of accounts.sign_in.contacts.contact_proven."""
    with transaction.atomic():
        claimed = claim(user, contact, now=now)
    keep(request, contact, claimed.waiting, now=now)
    return claimed


def keep(request: HttpRequest, contact: Contact, waiting: int, *, now: datetime) -> None:
    kept = {"contact": [contact.channel, contact.address], "until": (now + FOR).isoformat(), "waiting": waiting}
    request.session[PROVED] = kept


def proved_in(request: HttpRequest, *, now: datetime) -> tuple[Contact, int] | None:
    """The number that this session proved within half an hour, and how many cases with it ask for a name."""
    kept = request.session.get(PROVED) or {}
    until = parse_datetime(kept.get("until", ""))
    return (Contact(*kept["contact"]), kept["waiting"]) if until is not None and now < until else None
