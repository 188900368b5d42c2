"""Who was kept from mediating a case (art. 21: a granted request of a party).

It is the person who is kept out, in whatever office, for as long as the case lasts; parties keep their
say.
"""

from __future__ import annotations

from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from authorities.models import Officer
from complaints.models import Complaint
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed

#: What a mediator does.
RECUSED_STEPS = frozenset(
    {
        "schedule_session",
        "record_session",
        "suggest_settlement",
        "delegate_mediation",
        "recall_mediation",
        "order_appraisal",
        "end_appraisal",
        "record_agreement",
        "terminate",
    }
)


def recused(complaint: Complaint) -> frozenset[int]:
    """Numbers of the accounts of those who were kept out."""
    return frozenset(complaint.facts.get("recused", ()))


def bars(step: str, actor: Actor, complaint: Complaint) -> bool:
    """Whether ``actor`` was kept out and ``step`` is a mediator's."""
    return step in RECUSED_STEPS and actor.user_id in recused(complaint)


def recusal_refusal() -> StepNotAllowed:
    return StepNotAllowed("recused", _("您已被决定回避，本案的调解由其他人员办理。"))


def keep_out(complaint: Complaint, whom: str, *, on: date) -> None:
    """Whoever is named ``whom`` at this authority, else the officer of the case, who loses it then."""
    holder, here = complaint.officer, complaint.handling_authority_id
    offices = list(
        Officer.objects.on(on)
        .select_related("user")
        .filter(Q(authority=here) | Q(authority__parent=here) | Q(authority__children=here))
    )
    sealed_fields.load_for([*(office.user for office in offices), *([holder.user] if holder is not None else [])])
    people = {office.user_id for office in offices if office.user.name == whom}
    if holder is not None and (not people or holder.user.name == whom):
        # A namesake of the one who mediates is not meant.
        people = {holder.user_id}
    complaint.facts = {**complaint.facts, "recused": sorted(recused(complaint) | people)}
    if holder is not None and holder.user_id in people:
        complaint.officer = None
