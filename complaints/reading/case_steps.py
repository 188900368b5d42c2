"""Which steps stand open to somebody now: the table, less what has nothing to act on.

Nothing is added to what ``handling.allowed_steps`` offers; a step is only left
out when its verb would refuse it for lack of a matter, an offer or a promise.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from complaints import handling
from complaints.acceptance.remedies import late_answer
from complaints.casefile.case_file import REVOCABLE
from complaints.models import Complaint, Matter, Obligation, Offer
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.working_calendar import SHANGHAI


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What lies on the table of one case, for one side."""

    complaint: Complaint
    side: str
    engagement_id: int | None
    now: datetime
    matters: dict[str, Matter]
    offers: tuple[Offer, ...]
    obligations: tuple[Obligation, ...]

    @property
    def has_open_offer(self) -> bool:
        return any(o.state == "open" for o in self.offers)

    @property
    def open_offer_grants(self) -> bool:
        return any(o.state == "open" and not o.grants_nothing for o in self.offers)

    @property
    def may_rest(self) -> bool:
        """The open offer grants nothing; what was accepted before, if anything, is still owed."""
        return any(
            offer.state == "open"
            and offer.grants_nothing
            and (
                not any(o.state == "accepted" and o.engagement_id == offer.engagement_id for o in self.offers)
                or any(o.state in ("due", "reported") for o in self.obligations)
            )
            for offer in self.offers
        )

    def owed(self, by: str, *states: str) -> bool:
        return any(o.owed_by == by and o.state in states for o in self.obligations)

    def claimed_by(self) -> str:
        claim = self.matters.get("settled_elsewhere")
        return claim.opened_by if claim else ""


def _mine(around: Around) -> str:
    return "enterprise" if around.side == "enterprise" else "consumer"


def _may_refer(around: Around) -> bool:
    complaint = around.complaint
    if complaint.outcome != "settled" or complaint.accepted_refusal:
        return True
    return complaint.is_not_kept or any(o.state == "broken" for o in around.obligations)


def _may_answer_late(around: Around) -> bool:
    if around.complaint.closed_at is None:
        return False
    given = Conditions.at(around.now)
    return around.now < late_answer(around.complaint, given.policies, given.calendar).due_at


def _may_answer_claim(around: Around) -> bool:
    return around.claimed_by() not in ("", _mine(around))


def _may_report_breach(around: Around) -> bool:
    today = around.now.astimezone(SHANGHAI).date()
    return any(
        o.owed_by == "enterprise"
        and (o.state in ("reported", "silent") or (o.state == "due" and (o.due_on is None or o.due_on < today)))
        for o in around.obligations
    )


def _mediation(agrees: bool) -> Callable[[Around], bool]:
    return lambda around: around.complaint.consents.get(f"mediation_{_mine(around)}") is not agrees


_CONDITIONS: dict[str, Callable[[Around], bool]] = {
    "undo": lambda a: "undo" in a.matters and a.now < (a.matters["undo"].until_at or a.now),
    "accept_offer": lambda a: a.open_offer_grants,
    "let_rest": lambda a: a.may_rest,
    "decline_offer": lambda a: a.has_open_offer,
    "ask_about_offer": lambda a: a.has_open_offer,
    "replace_offer": lambda a: a.has_open_offer and not any(o.is_replacement for o in a.offers),
    "make_offer": lambda a: not a.has_open_offer,
    "answer_question": lambda a: "question" in a.matters,
    "add_promise": lambda a: "unpromised" in a.matters,
    "confirm_performed": lambda a: a.owed(
        "consumer" if a.side == "enterprise" else "enterprise", "due", "reported", "silent"
    ),
    "report_performed": lambda a: a.owed(_mine(a), "due"),
    "dispute_performance": lambda a: any(
        o.owed_by == "enterprise" and o.state == "reported" and o.disputed_at is None for o in a.obligations
    ),
    "report_breach": _may_report_breach,
    "waive_obligation": lambda a: a.owed("enterprise", "due", "reported"),
    "resume_performance": lambda a: any(o.state == "broken" for o in a.obligations),
    "show_payment": lambda a: any(
        o.owed_by == "enterprise" and o.state == "due" and o.disputed_at is not None for o in a.obligations
    ),
    "claim_settled_elsewhere": lambda a: not a.claimed_by(),
    "confirm_settled_elsewhere": _may_answer_claim,
    "deny_settled_elsewhere": _may_answer_claim,
    "give_consent": lambda a: "consent" in a.matters,
    "decline_consent": lambda a: "consent" in a.matters,
    "answer_late": _may_answer_late,
    "agree_to_extension": lambda a: "extension" in a.matters and not a.matters["extension"].data.get("consumer_agreed"),
    "agree_to_mediation": _mediation(True),
    "decline_mediation": _mediation(False),
    "request_recusal": lambda a: "recusal" not in a.matters,
    "answer_suggestion": lambda a: "suggestion" in a.matters,
    "object": lambda a: "objection" not in a.matters,
    "answer_objection": lambda a: "objection" in a.matters,
    "answer_signs": lambda a: "signs" in a.matters,
    "prove_contact": lambda a: a.complaint.consumer_id is None,
    "rate": lambda a: "rating" not in a.complaint.facts,
    "refer_to_regulator": _may_refer,
    "give_publication_consent": lambda a: not a.complaint.publication_consent,
    "withdraw_publication_consent": lambda a: a.complaint.publication_consent,
    "withdraw_consent": lambda a: any(a.complaint.consents.get(purpose) is True for purpose in REVOCABLE),
    # Taken on the page of the link alone.
    "join_case": lambda a: False,
    "decline_to_join": lambda a: False,
    "answer_as_party": lambda a: (
        a.complaint.on_behalf_kind == "joint" and (a.has_open_offer or any(o.state == "accepted" for o in a.offers))
    ),
    "withdraw_party": lambda a: a.complaint.on_behalf_kind == "joint",
    "end_power": lambda a: a.complaint.on_behalf_kind == "agent",
    "request_return": lambda a: (
        "return" not in a.matters and not any(o.engagement_id == a.engagement_id for o in a.offers)
    ),
    "grant_return": lambda a: "return" in a.matters,
    "refuse_return": lambda a: "return" in a.matters,
    "request_extension": lambda a: "extension" not in a.matters,
    "grant_extension": lambda a: "extension" in a.matters,
    "refuse_extension": lambda a: "extension" in a.matters,
    "decide_recusal": lambda a: "recusal" in a.matters,
}


#: Asks who of several acts: the filer is none of them.
_OF_PARTICIPANTS = frozenset({"answer_as_party", "withdraw_party", "end_power"})


def open_steps(actor: Actor | None, around: Around) -> tuple[str, ...]:
    """The steps to show as buttons, in the order of the table; none for a mere reader."""
    if actor is None:
        return ()
    offered: Iterable[str] = handling.allowed_steps(around.complaint, actor)
    if actor.party is None:
        offered = [step for step in offered if step not in _OF_PARTICIPANTS]
    return tuple(s for s in offered if s not in _CONDITIONS or _CONDITIONS[s](around))
