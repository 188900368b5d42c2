"""Who may not act though the table allows it: a representative without the power, a recused officer (art. 21)."""

from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from authorities.models import Officer
from complaints.models import Complaint
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import AGENT
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Role

#: Only where the power of attorney says so.
SPECIAL = frozenset(
    {
        "accept_offer",
        "let_rest",
        "waive_obligation",
        "withdraw",
        "claim_settled_elsewhere",
        "confirm_settled_elsewhere",
        "answer_late",
        "answer_suggestion",
    }
)
#: What remains to somebody whose power was refused.
WITHOUT_ANY = frozenset({"add_statement", "correct_facts", "supply_material"})
#: What an officer found out (facts["power_check"]).
CONFIRMED, REFUSED = "confirmed", "refused"
#: How it was found out.
SEEN = ("power_original", "power_copy_and_call")


def is_representative(actor: Actor, complaint: Complaint) -> bool:
    """Whoever filed for somebody else by a power of attorney; also where an officer writes down their words."""
    return complaint.on_behalf_kind == AGENT and actor.role == Role.CONSUMER and actor.party is None


def lacks(step: str, complaint: Complaint) -> bool:
    """Whether the power of the representative of this case does not cover ``step``."""
    if complaint.facts.get("power_check") == REFUSED:
        return step not in WITHOUT_ANY
    return step in SPECIAL and complaint.facts.get("may_settle") is False


def why_not(complaint: Complaint) -> str:
    """Why a representative may not, and who can; a sentence each."""
    why = (
        _("监管部门没有认可这份委托书。")
        if complaint.facts.get("power_check") == REFUSED
        else _("委托书没有写明可以和解或放弃。")
    )
    return why + _("须由委托人本人办理：打开短信里的链接确认，或者拨打12315。")


#: What a mediator does.
RECUSED_STEPS = frozenset(
    {
        *("schedule_session", "record_session", "suggest_settlement", "delegate_mediation"),
        *("recall_mediation", "order_appraisal", "end_appraisal", "record_agreement", "terminate"),
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
    near = Q(authority=here) | Q(authority__parent=here) | Q(authority__children=here)
    offices = list(Officer.objects.on(on).select_related("user").filter(near))
    sealed_fields.load_for([*(office.user for office in offices), *([holder.user] if holder is not None else [])])
    people = {office.user_id for office in offices if office.user.name == whom}
    if holder is not None and (not people or holder.user.name == whom):
        # A namesake of the one who mediates is not meant.
        people = {holder.user_id}
    complaint.facts = {**complaint.facts, "recused": sorted(recused(complaint) | people)}
    if holder is not None and holder.user_id in people:
        complaint.officer = None
