"""Somebody without account reaches one case by the link that an officer sent: its respondent, or the body that mediates
it, as long as it does. What decides asks for a code to the phone that the link was sent to."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.models import OutgoingMessage
from accounts.sign_in.contacts import Contact, parse_contact
from complaints.models import AnswerLink, Complaint, Matter
from complaints.procedure import working_calendar
from complaints.procedure.workflow import Status
from database.row_security import show, working_as_steps

#: 128 bit, as url-safe text.
TOKEN_BYTES = 16
LONGEST_TOKEN = 64
#: A link that could not be sent for so long is made anew by the officer.
SENT_WITHIN = timedelta(days=3)
RELATED = (
    *("handling_authority", "officer", "picked_enterprise", "picked_branch", "enterprise", "branch"),
    *("handling_region", "service_region"),
)
_THEIR_LANGUAGE = "zh-hans"
IN_MEDIATION = (Status.MEDIATING, Status.MEDIATION_SUSPENDED)
#: The two kinds of link, as their addresses are called.
RESPONDENT, BODY = "answer", "mediate"


@dataclass(frozen=True, slots=True)
class Secret:
    """A new token, known until it is sent or printed, and what is kept of it. ``access``: through which it leads."""

    token: str
    access: str = RESPONDENT

    @property
    def digest(self) -> str:
        return digest_of(self.token)

    @property
    def path(self) -> str:
        return reverse(f"complaints:{self.access}-link", args=[self.token])


def new_secret(access: str = RESPONDENT) -> Secret:
    return Secret(secrets.token_urlsafe(TOKEN_BYTES), access)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def send(secret: Secret, phone: str, *, place: str, now: datetime) -> None:
    """The text message with the link; what the case is about is not in it."""
    contact = parse_contact(phone)
    assert contact is not None  # noqa: S101 - the step took it
    with override(_THEIR_LANGUAGE):
        text = (
            gettext("【12315】有件投诉委托贵单位调解 %(link)s")
            if secret.access == BODY
            else gettext("【12315】有件投诉请您答复 %(link)s")
        )
        OutgoingMessage.objects.create(
            channel=contact.channel,
            address=contact.address,
            created_at=now,
            subject="",
            useful_until=now + SENT_WITHIN,
            send_after=working_calendar.not_before(contact.channel, now),
            body=text % {"link": f"{place}{secret.path}"},
        )


def of_token(token: str, *, now: datetime, access: str = RESPONDENT) -> AnswerLink | None:
    """The live link of this kind; None for one that is unknown, over or was taken back: nobody is told which."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    digest = digest_of(token)
    found = show(digest).link
    if found is None:
        return None
    link = AnswerLink.objects.filter(
        pk=found, revoked_at=None, expires_at__gt=now, delegation__isnull=access == RESPONDENT
    ).first()
    if link is None:
        return None
    # No caller reads it, and the phone is bound to it.
    link.token_digest = digest
    if link.delegation_id is None:
        return link
    # Whether the mediation is still with the body that got this link.
    handed = Matter.objects.filter(pk=link.delegation_id, complaint__status__in=IN_MEDIATION, state="open")
    with working_as_steps():
        return link if handed.exists() else None


def case_of(link: AnswerLink) -> Complaint:
    """The one case that the link opens."""
    with working_as_steps():
        return Complaint.objects.select_related(*RELATED).get(pk=link.complaint_id)


@contextmanager
def reading(link: AnswerLink) -> Iterator[None]:
    """Reads and writes as a step, for the one case that the caller has shown a live link to."""
    assert link.revoked_at is None  # noqa: S101
    with working_as_steps():
        yield


def phone_of(link: AnswerLink) -> Contact | None:
    """Where a code goes; None where the link decides nothing."""
    if "token_digest" in link.get_deferred_fields():
        # The phone is bound to it, and no caller reads it.
        with working_as_steps():
            link.refresh_from_db(fields=["token_digest"])
    return parse_contact(link.phone) if link.phone else None
