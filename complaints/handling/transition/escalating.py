"""升级: who is told, by the clock itself, that something owed under an authority's eyes is late.

The first superior is told when the clock lapses; of an instruction the next one each time that the
policy's working days pass without an answer, up to the national authority. Being told decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from authorities.models import Authority
from complaints.casefile.case_file import CaseFile, is_internal
from complaints.handling.transition import clocks
from complaints.handling.transition.effect import Effect
from complaints.models import Deadline
from complaints.procedure import deadlines
from complaints.procedure.workflow import Audience, Clock

#: Clocks whose lapse a superior is told of at once (procedure, section 4: "escalate").
AT_ONCE = frozenset(
    {
        Clock.FORWARDING,
        Clock.REVIEW,
        Clock.MEDIATION,
        Clock.NOTICE,
        Clock.JURISDICTION,
        Clock.LEAD,
        Clock.INSTRUCTION,
        Clock.RETURN,
        Clock.OBJECTION,
    }
)
_INSTANT = timedelta(microseconds=1)


def begin_escalation(file: CaseFile, clock: Deadline) -> None:
    """The clock has lapsed and the thing is still owed: when the first superior is told."""
    if clock.ended_at is not None:
        return
    kind = Clock(clock.clock)
    if kind in AT_ONCE:
        file.change(clock, escalate_at=clock.due_at)
    elif kind == Clock.SUSPENSION:
        file.change(clock, escalate_at=_days_after(file, clock.due_at - _INSTANT, "recusal_superior"))


def due_escalations(file: CaseFile) -> Iterator[Effect]:
    """What has to be told by now, one superior after the other."""
    for clock in list(file.clocks):
        while clock.ended_at is None and clock.escalate_at is not None and clock.escalate_at <= file.now:
            yield _tell(file, clock, clock.escalate_at)
            clocks.chase_again(file, clock, file.now)


def next_above(file: CaseFile, clock: Deadline) -> Authority:
    """Whom the next telling goes to: above whoever was told last, else above whoever answers for it."""
    below = clock.escalated_to_id or _answers(file, clock)
    return file.conditions.jurisdiction.superior(below)


def _answers(file: CaseFile, clock: Deadline) -> int:
    """An instruction to an authority is that authority's; one to an enterprise, of who sent it; all else, of who has
    the case.
    """
    matter = next((m for m in file.matters if m.pk == clock.matter_id), None) if clock.matter_id is not None else None
    if matter is not None and matter.kind == "urge":
        return matter.to_authority_id or matter.authority_id or file.complaint.handling_authority_id
    return file.complaint.handling_authority_id


def _tell(file: CaseFile, clock: Deadline, at: datetime) -> Effect:
    above, number = next_above(file, clock), clock.escalations + 1
    is_last = clock.clock != Clock.INSTRUCTION or file.conditions.jurisdiction.superior(above.pk).pk == above.pk
    later = None if is_last else _days_after(file, at - _INSTANT, "escalation")
    file.change(clock, escalated_to=above, escalated_at=at, escalations=number, escalate_at=later)
    return Effect(
        data={
            "clock": clock.clock,
            "last_day": clock.last_day.isoformat(),
            "times": number,
            "escalated_to": above.name,
            "told": above.pk,
        }
        | ({"matter": clock.matter_id} if clock.matter_id is not None else {}),
        happened_at=at,
        audience=Audience.AUTHORITY if is_internal(clock) else None,
    )


def _days_after(file: CaseFile, start: datetime, policy: str) -> datetime:
    """The first instant after the policy's working days, counted from the day of ``start``."""
    days = max(1, file.conditions.policies.number(policy, file.complaint.handling_region_id).number)
    return deadlines.working_days(start, days, file.conditions.calendar, rule="escalation").due_at
