"""Showing a consumer's contact data. The entry in the record is the permit: nothing is shown in full to staff unless a
young entry of the same person stands in the record of this case."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.models import SecurityEvent, User
from accounts.roles import Right
from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move
from complaints.models import Complaint, Engagement, HandlingStep
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import LOOK
from complaints.record.record import Entry

#: Why somebody looks, in the order of the page; the last one asks for words.
WHY = ("look_call", "look_account", "look_deliver", "look_identity", "look_other")

#: Not asked on a page: the contact data went into a table that a second person approved.
EXPORTED = "look_export"
#: Not asked on a page: a program with the scope contact:read fetched the case; once a case and day.
PROGRAM = "look_program"


def may_see_contact(complaint: Complaint, actor: Actor, engagements: Iterable[Engagement]) -> bool:
    """Whether this person may ask to see the contact data now.

    An authority's people who act, where the case lies; of an enterprise the named handler and a manager, once the case
    was accepted and as long as it is theirs (procedure, sections 1 and 3)."""
    if actor.side == "authority":
        return actor.may(LOOK) and complaint.handling_authority_id in actor.authority_ids
    if actor.side != "enterprise":
        return False
    accepted = any(
        e.until_at is None and e.accepted_at is not None and e.enterprise_id == actor.enterprise_id for e in engagements
    )
    is_handler = actor.may(LOOK) and actor.staff_id == complaint.handler_id
    return accepted and (is_handler or actor.may(Right.LEAD_ENTERPRISE))


def shown_until(steps: Iterable[HandlingStep], actor: Actor, *, now: datetime) -> datetime | None:
    """Until when this person's newest look at the case lasts; None when there is none that still does."""
    length = timedelta(minutes=settings.REVEAL_MINUTES)
    accesses = [step for step in _accesses_of(actor, steps) if step.reason not in (EXPORTED, PROGRAM)]
    return max((step.written_at + length for step in accesses if step.written_at + length > now), default=None)


def program_saw_contact(steps: Iterable[HandlingStep], actor: Actor, *, on: date) -> bool:
    """Whether a program of this person saw the contact data on that day already."""
    return any(
        step.reason == PROGRAM and timezone.localdate(step.written_at) == on for step in _accesses_of(actor, steps)
    )


def _accesses_of(actor: Actor, steps: Iterable[HandlingStep]) -> list[HandlingStep]:
    accesses = (step for step in steps if step.step == LOOK)
    return [step for step in accesses if step.name is not None and step.name.person_key == actor.person_key]


def reveal_contact(*, reason: str, text: str = "") -> Move:
    """See name, phone, address and service number in full for a while; changes nothing of the case."""
    why = saying.choice(reason, (*WHY, PROGRAM), "reason")
    other = saying.text(text, "text", needed=why == WHY[-1], longest=200)
    return Move(LOOK, lambda file, actor: _shown(file, actor, Effect(reason=why, texts={"look": other}, tells="")))


def export_contact(*, mark: str) -> Move:
    """Put the contact data into the export ``mark`` (complaints/exporting); no page shows more for it."""
    effect = Effect(reason=EXPORTED, data={"export": mark}, tells="")
    return Move(LOOK, lambda file, actor: _shown(file, actor, effect))


def _shown(file: CaseFile, actor: Actor, effect: Effect) -> Effect:
    if not may_see_contact(file.complaint, actor, file.engagements):
        raise StepNotAllowed("not_your_contact", _("只有受理后的处理人、管理员和经办机关可以查看联系方式。"))
    return effect


def note_contact_access(files: Iterable[CaseFile]) -> None:
    """Write what was looked at into the security log as well, and raise an alert for somebody who looks too often. In
    the caller's transaction: a look that is not in both places did not happen."""
    for file in files:
        for entry in file.entries:
            # An export is noted as one, by whoever asks, approves and fetches it.
            if entry.step == LOOK and entry.reason != EXPORTED and entry.actor.user_id is not None:
                _note(entry, User.objects.get(pk=entry.actor.user_id), now=file.now)


def _note(entry: Entry, user: User, *, now: datetime) -> None:
    note = partial(security_log.note, now=now, user=user, organisation=entry.actor.organisation)
    note("reveal", subject=entry.complaint.number, reason=entry.reason)
    if entry.reason == PROGRAM:
        # One a case and day, by a token that may: no sign of somebody who pries.
        return
    morning = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today = SecurityEvent.objects.filter(person_key=user.person_key, at__gte=morning)
    contact_accesses = today.filter(kind="reveal").exclude(reason=PROGRAM).count()
    if contact_accesses > settings.REVEALS_A_DAY and not today.filter(kind="reveal_alert").exists():
        note("reveal_alert", subject=str(user.person_key), reason=f"more than {settings.REVEALS_A_DAY} a day")
