"""Who has no account and a live link with a phone is told by a text message that there is news of the case.

The one rule: the message holds the number of the case and nothing of it; the link itself was sent before and is not known
any more. Written with the step, like every notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext, override

from complaints import bulk, hours, notices
from complaints.models import AnswerLink
from complaints.workflow import Status
from odr_portal.accounts import keyring
from odr_portal.accounts.contacts import parse_contact
from odr_portal.accounts.models import OutgoingMessage

if TYPE_CHECKING:
    from complaints.handling.casefile import CaseFile

#: Where a link may be alive.
_SINCE_ACCEPTANCE = frozenset({Status.MEDIATING, Status.MEDIATION_SUSPENDED, Status.PERFORMING})
#: News that nobody could deliver for so long are none.
USEFUL_FOR = timedelta(days=3)
_RESPONDENTS_LANGUAGE = "zh-hans"


def write(files: Iterable[CaseFile]) -> None:
    """One message a case and flush, however many entries tell the respondent; no statement where there are none."""
    told = {file.complaint.pk: file for file in files if file.conditions.tells and _is_for_a_respondent(file)}
    if not told:
        return
    now = next(iter(told.values())).now
    links = list(AnswerLink.objects.filter(complaint_id__in=told, revoked_at=None, expires_at__gt=now).exclude(phone=""))
    keyring.load_for(links)
    rows = []
    for link in links:
        contact = parse_contact(link.phone)
        if contact is None:
            continue
        with override(_RESPONDENTS_LANGUAGE):
            body = gettext("【12315】投诉%(number)s有新进展，请从之前的链接查看") % {"number": told[link.complaint_id].complaint.number}
        rows.append(OutgoingMessage(channel=contact.channel, address=contact.address, subject="", body=body, created_at=now,
                                    useful_until=now + USEFUL_FOR, send_after=hours.not_before(contact.channel, now)))
    bulk.insert(rows)


def _is_for_a_respondent(file: CaseFile) -> bool:
    return file.complaint.enterprise_id is None and any(
        entry.from_status in _SINCE_ACCEPTANCE and "enterprise" in notices.addressees(entry) for entry in file.entries)
