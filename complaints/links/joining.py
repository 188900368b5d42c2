"""The link by which somebody whom another one named comes into the case, or says no; and filing, which sends it. It is
kept as a digest, for 14 days and one person; taking part needs the code to the phone that was named."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.models import OutgoingMessage, User
from accounts.sign_in.contacts import Contact, parse_contact
from accounts.sign_in.limits import Limit, TooManyTries, count, waits_until
from complaints import handling
from complaints.filing import drafts
from complaints.handling import Move
from complaints.links.answer_links import LONGEST_TOKEN, TOKEN_BYTES, digest_of
from complaints.models import Complaint, FilingDraft, Participant, PersonalText
from complaints.parties.actors import Actor
from complaints.parties.actors import participant as as_participant
from complaints.procedure.filing_request import AGENT, JOINT, FilingRequest
from database.row_security import show, working_as_steps

VALID_FOR = timedelta(days=14)
#: Links to one phone, whoever names it: nobody is flooded by being called a fellow complainant.
OF_PHONE = Limit("join_link", 5, timedelta(days=1))


def ask(complaint: Complaint, *, place: str, now: datetime, only: int | None = None) -> int:
    """Send each person of ``complaint`` who has not answered a new link; how many went out.

    ``place``: where the portal stands, without a slash at the end. ``only``: the ordinal of one of them (raises
    TooManyTries); else those who reached their limit are passed over. The caller has found the case under the own role.
    Nothing is sent for a case whose filer proved no phone: that would let anybody write to anybody."""
    if not complaint.contact_verified:
        return 0
    sent = 0
    with working_as_steps():
        rows = Participant.objects.filter(complaint=complaint, state=Participant.ASKED)
        for row in rows.filter(ordinal=only) if only is not None else rows:
            contact = parse_contact(row.phone)
            if contact is None:
                continue
            until = waits_until(OF_PHONE, contact.address, now=now)
            if until is not None:
                if only is not None:
                    raise TooManyTries(until)
                continue
            count(OF_PHONE.kind, contact.address, now=now)
            _send(row, contact, language=complaint.language, place=place, now=now)
            sent += 1
    return sent


def _send(row: Participant, contact: Contact, *, language: str, place: str, now: datetime) -> None:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row.token_digest, row.expires_at = digest_of(token), now + VALID_FOR
    row.save(update_fields=["token_digest", "expires_at"])
    link = f"{place}{reverse('complaints:join-link', args=[token])}"
    with override(language):
        OutgoingMessage.objects.create(
            channel=contact.channel,
            address=contact.address,
            created_at=now,
            useful_until=row.expires_at,
            subject=gettext("请确认是否参加投诉") if contact.channel == "email" else "",
            body=gettext("【12315】请确认投诉 %(link)s") % {"link": link},
        )


def of_token(token: str, *, now: datetime) -> Participant | None:
    """Who is asked by this link; None for one that is unknown, over, or was answered."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    participant = show(digest_of(token)).participant
    if participant is None:
        return None
    rows = Participant.objects.filter(pk=participant, state=Participant.ASKED, expires_at__gt=now)
    return rows.first()


def case_of(row: Participant) -> Complaint:
    """The case to which the link leads: what somebody must know who is asked to take part."""
    with working_as_steps():
        rows = Complaint.objects.select_related("enterprise", "branch", "picked_enterprise", "picked_branch")
        return rows.prefetch_related("demands", "participants").get(pk=row.complaint_id)


def filer_of(case: Complaint) -> str:
    """The name of whoever filed, to be masked by the page."""
    with working_as_steps():
        names = PersonalText.objects.filter(complaint=case, audience="parties", kind="consumer_name")
        text = names.order_by("sequence").first()
        return text.text if text is not None else ""


def answer(row: Participant, user: User, moves: Sequence[Move], *, now: datetime) -> None:
    """Take the step of whoever proved the phone. Raises StepNotAllowed."""
    with working_as_steps():
        for move in moves:
            handling.take(move, [row.complaint_id], actor=as_participant(user, row), now=now)


def file_draft(
    draft: FilingDraft, filing: FilingRequest, *, actor: Actor, place: str, now: datetime
) -> list[Complaint]:
    """One case a respondent; each joint complainant or principal is sent a link; the draft's text is gone.

    ``draft`` is locked by the caller and not filed yet; ``place`` is where the portal stands, without a slash at the
    end. Raises WrongInput before anything is written."""
    cases = handling.file([filing], actor=actor, now=now)
    if filing.on_behalf.kind in (JOINT, AGENT):
        for case in cases:
            ask(case, place=place, now=now)
    drafts.mark_filed(draft, numbers=[case.number for case in cases], now=now)
    return cases
