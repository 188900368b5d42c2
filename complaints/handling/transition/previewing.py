"""What would be sent if a step were taken now: the very words, and nothing is written.

The case is read without a lock and changed in memory only; the step is judged as it would be, but for the second
person, whose signature is still to come.
"""

from dataclasses import dataclass, field
from datetime import datetime

from complaints.documents import issuing, kinds
from complaints.documents.wording import Paper
from complaints.handling.transition.effect import Move
from complaints.handling.transition.take import apply_effect, judge, lapse_overdue
from complaints.handling.transition.writing import open_files
from complaints.models import Notice
from complaints.notices import writing
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import TABLE
from database.row_security import working_as_steps


@dataclass(frozen=True, slots=True)
class Preview:
    """Unsaved notices, and the official documents without a number."""

    notices: list[Notice] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)


def would_be_sent(move: Move, case_id: int, *, actor: Actor, officers: list[str], now: datetime) -> Preview:
    """What ``move`` would write; nothing for a case that is gone. ``officers``: who would sign. Raises its refusal."""
    with working_as_steps():
        conditions = Conditions.at(now)
        files = open_files([case_id], now=now, conditions=conditions, is_looking=True)
        if not files:
            return Preview()
        file, row = files[0], TABLE[move.step]
        lapse_overdue(file)
        file.entries.clear()
        judge(row, file, actor)
        apply_effect(row, file, actor, move.carry(file, actor))
        entry = file.entries[-1]
        papers = [
            issuing.preview(
                form,
                file.complaint,
                jurisdiction=conditions.jurisdiction,
                policies=conditions.policies,
                officers=officers,
                now=now,
                data=entry.data,
                texts={kind: text for kind, text, _key in entry.texts},
                last_day=issuing.last_day_of(file, entry.step),
            )
            for form in kinds.forms_of(entry.data)
            if form != kinds.REGISTRATION
        ]  # the register is sent to nobody
        return Preview(writing.for_file(file), papers)
