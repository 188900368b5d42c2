"""Whoever proved the number of a case by a code: it, and other cases with the same number, become the account's."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.keys.sealed_fields import digests_of
from accounts.models import User
from accounts.sign_in.contacts import Contact, known_user, user_for
from accounts.sign_in.limits import Limit, TooManyTries, count, waits_until
from complaints import handling
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps.contact import contact_of, prove_contact
from complaints.models import Complaint, PersonDigest
from complaints.parties import actors
from complaints.parties.actors import Actor
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
        others = _moves(_others(case, contact), account, name, known, channel)
        # What asks for another name stays as it is.
        with suppress(StepNotAllowed):
            handling.take_each(others, now=now)
        return account


def _others(case: Complaint, contact: Contact) -> list[Complaint]:
    """Cases of nobody's account with this phone on file now."""
    if contact.channel != "sms":
        return []
    same = PersonDigest.objects.filter(kind="phone", digest__in=digests_of("phone", contact.address))
    rows = Complaint.objects.filter(pk__in=same.values("complaint_id"), consumer=None).exclude(pk=case.pk)
    cases = list(rows.exclude(status=Status.DRAFT).order_by("-pk")[:MOST])
    given = on_file(row.pk for row in cases)
    return [row for row in cases if contact_of(given.get(row.pk, {})) == contact]


Moves = list[tuple[int, Move, Actor]]


def _moves(cases: list[Complaint], account: User, name: str, known: str, channel: str) -> Moves:
    said = {"name": name, "known": known}
    return [(case.pk, prove_contact(because=said), actors.by_number(account, case, channel=channel)) for case in cases]
