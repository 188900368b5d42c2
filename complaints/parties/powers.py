"""What a representative may do in another's name, by what was filed, checked or refused.

Nobody settles, gives up or takes back for another without a power of attorney that says so, and a power
that an authority refused covers nothing but saying more and bringing a better one. The principal needs no power.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from complaints.models import Complaint
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import AGENT
from complaints.procedure.workflow import Role

#: Only where the power of attorney says so.
SPECIAL = frozenset(
    {
        "accept_offer",
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
    """Whoever filed for somebody else by a power of attorney; also where an officer writes down what that person
    says."""
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
