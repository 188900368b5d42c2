"""Who has no account and a live link with a phone is told by a text message that there is news of the case: its number
and nothing of it. Written with the step, like every notice."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext, override

from accounts.keys import sealed_fields
from accounts.models import OutgoingMessage
from accounts.sign_in.contacts import parse_contact
from complaints.casefile.case_file import CaseFile
from complaints.models import AnswerLink
from complaints.notices import writing
from complaints.procedure import working_calendar
from complaints.procedure.workflow import Audience, Role, Status
from complaints.record import bulk
from complaints.record.record import Entry

#: Where a link may be alive.
_SINCE_ACCEPTANCE = frozenset({Status.MEDIATING, Status.MEDIATION_SUSPENDED, Status.PERFORMING})
#: News that nobody could deliver for so long are none.
USEFUL_FOR = timedelta(days=3)
_THEIR_LANGUAGE = "zh-hans"


def write(files: Iterable[CaseFile]) -> None:
    """One message a link and flush, however many entries tell its holder; no statement where there are none."""
    values = {
        (file.complaint.pk, delegation): file for file in files if file.conditions.tells for delegation in _tells(file)
    }
    if not values:
        return
    now = next(iter(values.values())).now
    live = AnswerLink.objects.filter(revoked_at=None, expires_at__gt=now).exclude(phone="")
    of_cases = live.filter(complaint_id__in={case for case, _delegation in values})
    links = [link for link in of_cases if (link.complaint_id, link.delegation_id) in values]
    sealed_fields.load_for(links)
    rows = []
    for link in links:
        contact = parse_contact(link.phone)
        if contact is None:
            continue
        number = values[link.complaint_id, link.delegation_id].complaint.number
        with override(_THEIR_LANGUAGE):
            body = gettext("【12315】投诉%(number)s有新进展，请从之前的链接查看") % {"number": number}
        rows.append(
            OutgoingMessage(
                channel=contact.channel,
                address=contact.address,
                subject="",
                body=body,
                created_at=now,
                useful_until=now + USEFUL_FOR,
                send_after=working_calendar.not_before(contact.channel, now),
            )
        )
    bulk.insert(rows)


def _tells(file: CaseFile) -> list[int | None]:
    """Whose links: None for the respondent's, the delegation for the body's."""
    results: list[int | None] = []
    if file.complaint.enterprise_id is None and any(
        entry.from_status in _SINCE_ACCEPTANCE and "enterprise" in writing.addressees(entry) for entry in file.entries
    ):
        results.append(None)
    delegation = file.matter("delegation")
    if delegation is not None and any(_concerns_the_body(entry) for entry in file.entries):
        results += [delegation.pk] if delegation.pk is not None else []
    return results


def _concerns_the_body(entry: Entry) -> bool:
    """What somebody else did and somebody is told of."""
    return (
        entry.audience == Audience.PARTIES
        and entry.actor.role not in (Role.SYSTEM, Role.MEDIATION_BODY)
        and bool(writing.addressees(entry))
    )
