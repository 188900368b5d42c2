"""Notices whose reader reads another language than the one they were written in: people of organisations, who are known
only when it is sent, and those who stand beside the consumer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from complaints.casefile.case_file import CaseFile
from complaints.models import Complaint, Deadline, HandlingStep, Matter, Notice
from complaints.notices.writing import write
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Audience, Role
from complaints.record.record import Entry


def in_own_language(rows: Iterable[Notice], *, now: datetime) -> bool:
    """Write anew what was written in another language than its reader's; whether there was any such row.

    Whoever filed a case reads it in the language chosen with it. A notice of a status that has passed meanwhile no
    longer says what comes next.
    """
    found = [
        (row, row.user.language)
        for row in rows
        if row.user is not None and row.user.language != row.language and row.user_id != row.complaint.consumer_id
    ]
    if not found:
        return False
    cases, conditions = {row.complaint_id for row, _language in found}, Conditions.at(now)
    entries = {
        (one.complaint_id, one.audience, one.sequence): one
        for one in HandlingStep.objects.filter(
            complaint__in=cases, sequence__in={row.sequence for row, _language in found}
        )
    }
    clocks, matters = defaultdict(list), defaultdict(list)
    for clock in Deadline.objects.filter(complaint__in=cases).select_related("obligation"):
        clocks[clock.complaint_id].append(clock)
    for matter in Matter.objects.filter(complaint__in=cases, kind="undo", state="open"):
        matters[matter.complaint_id].append(matter)
    for row, language in found:
        case, one = row.complaint, entries[row.complaint_id, row.audience, row.sequence]
        file = CaseFile(case, row.created_at, conditions, clocks=clocks[case.pk], matters=matters[case.pk])
        write(row, file, _entry_of(one, case), language=language)
    return True


def _entry_of(row: HandlingStep, complaint: Complaint) -> Entry:
    return Entry(
        complaint=complaint,
        step=row.step,
        actor=Actor(role=Role(row.actor_role)),
        happened_at=row.happened_at,
        written_at=row.written_at,
        from_status=row.from_status,
        to_status=row.to_status,
        outcome=row.outcome,
        reason=row.reason,
        audience=Audience(row.audience),
        data=row.data,
        sequence=row.sequence,
    )
