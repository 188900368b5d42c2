"""Showing a consumer's contact data. The entry in the record is the permit: nothing is shown in full to staff unless a
young entry of the same person stands in the record of this case."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import QuerySet
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
from enterprises.models import Staff

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
    if effect.reason != EXPORTED:
        _refuse_too_many(file, actor)
    return effect


def _refuse_too_many(file: CaseFile, actor: Actor) -> None:
    """Policies contacts_a_day and contacts_a_day_enterprise: cases whose contact data were shown on one day, to one
    person with his programs, and to one enterprise. What a second person approved as an export is not counted."""
    region = file.complaint.handling_region_id

    def limit(name: str) -> int:
        return file.conditions.policies.number(name, region).number

    seen = _seen_on_the_day_of(file.now)
    if seen.filter(person_key=actor.person_key).count() >= limit("contacts_a_day"):
        raise StepNotAllowed("contacts_a_day", _("您今天查看的联系方式已经到了上限，请明天再查看，或者请同事查看。"))
    if actor.enterprise_id is None:
        return
    colleagues = Staff.objects.filter(enterprise_id=actor.enterprise_id).values("user__person_key")
    if seen.filter(person_key__in=colleagues).count() >= limit("contacts_a_day_enterprise"):
        raise StepNotAllowed("contacts_a_day", _("贵单位今天查看的联系方式已经到了上限，请明天再查看。"))


def _seen_on_the_day_of(now: datetime) -> QuerySet[SecurityEvent]:
    return SecurityEvent.objects.filter(kind="reveal", at__gte=_morning_of(now))


def _morning_of(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


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
    seen = _seen_on_the_day_of(now).filter(person_key=user.person_key)
    alerts = SecurityEvent.objects.filter(kind="reveal_alert", person_key=user.person_key, at__gte=_morning_of(now))
    if seen.count() > settings.REVEALS_A_DAY and not alerts.exists():
        note("reveal_alert", subject=str(user.person_key), reason=f"more than {settings.REVEALS_A_DAY} a day")
