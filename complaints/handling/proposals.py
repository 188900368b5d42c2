"""Two persons: one proposes a step, another approves it; then it is judged anew.

The one rule: a proposal changes no status and stops no clock; it falls when the case
moves on, and nobody approves what he proposed himself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from complaints.actors import Actor
from complaints.handling import saying
from complaints.handling.casefile import CaseFile
from complaints.handling.effect import Effect, Move
from complaints.models import Matter
from complaints.refusals import StepNotAllowed
from complaints.workflow import TABLE


def propose(*, move: Move, payload: Mapping[str, Any]) -> Move:
    """``payload`` is what the verb of ``move`` was built with, in JSON primitives."""

    def carry(file: CaseFile, actor: Actor) -> Effect:
        row = TABLE[move.step]
        if file.status not in row.at or not actor.has(row.by):
            raise StepNotAllowed("not_now", _("这一步现在不能提出。"))
        if file.matter("proposal", move.step) is not None:
            raise StepNotAllowed("already_open", _("同一事项已有一份待批准。"))
        file.open_matter("proposal", by=actor.side, key=actor.person_key, subject=move.step,
                         audience="authority" if actor.side == "authority" else "enterprise",
                         payload=dict(payload), status=file.complaint.status,
                         sequence=file.complaint.last_sequence)
        return Effect(data={"step": move.step})

    return Move("propose", carry)


def proposal(matter: Matter, actor: Actor) -> Matter:
    """The open proposal of the same organisation's other person, or a refusal."""
    if matter.state != "open" or matter.opened_by != actor.side:
        raise StepNotAllowed("nothing_open", _("没有等待批准的这一事项。"))
    saying.another_person(actor, matter)
    return matter


def approve(*, matter_id: int | None = None) -> Move:
    """Marks the proposal as approved; the door takes the proposed move in the same call."""

    def carry(file: CaseFile, actor: Actor) -> Effect:
        matter = proposal(saying.open_matter(file, "proposal", matter_id), actor)
        if matter.data["status"] != file.complaint.status:
            file.end_matter(matter, "fallen")
            raise StepNotAllowed("moved_on", _("案件已有变化，这份请示已失效。"))
        file.end_matter(matter, "granted")
        return Effect(data={"step": matter.subject})

    return Move("approve", carry)


def send_back(*, matter_id: int, text: str) -> Move:
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        matter = proposal(saying.open_matter(file, "proposal", matter_id), actor)
        file.end_matter(matter, "refused")
        return Effect(data={"step": matter.subject}, texts={"message": said})

    return Move("send_back", carry)
