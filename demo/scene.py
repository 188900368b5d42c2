"""What the people of the demonstration can see at one tick of its clock, and whose turn it is.

Reading here is set-based, a few queries a tick; nothing here is written.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from complaints import handling
from complaints.handling import Move, StepResult
from complaints.models import Complaint, ForwardingDecision, Matter, Obligation, Offer
from complaints.models.settlement import OPEN_REFUSAL
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Role, Status
from demo.filings import Case
from demo.people import Cast

S = Status
Acts = list[tuple[Move, Actor]]

#: Days until somebody takes the next step, from–to.
PACE: dict[str, tuple[float, float]] = {
    S.TRIAGE: (0.1, 0.9),
    S.WITH_ENTERPRISE: (0.1, 2.2),
    S.NEGOTIATING: (0.2, 2.2),
    S.AWAITING_CONSUMER: (0.2, 4.5),
    S.PERFORMING: (0.6, 5.0),
    S.REVIEW: (0.5, 4.5),
    S.AWAITING_MATERIAL: (0.4, 2.5),
    S.MEDIATING: (1.0, 7.0),
    S.MEDIATION_SUSPENDED: (6.0, 18.0),
    S.CLOSED: (0.8, 6.0),
}


@dataclass(slots=True)
class Scene:
    """One tick. Staff and officers act in office hours only, consumers whenever they like."""

    now: datetime
    conditions: Conditions
    cast: Cast
    is_office: bool
    matters: dict[int, list[Matter]] = field(default_factory=lambda: defaultdict(list))
    obligations: dict[int, list[Obligation]] = field(default_factory=lambda: defaultdict(list))
    suggestions: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    #: Cases whose open offer grants nothing.
    refused: set[int] = field(default_factory=set)

    @property
    def today(self) -> date:
        return self.conditions.calendar.local_day(self.now)

    def observe(self, cases: Sequence[Case]) -> None:
        """Read what lies open in these cases."""
        ids = [case.pk for case in cases]
        for matter in Matter.objects.filter(complaint_id__in=ids, state="open").order_by("id"):
            self.matters[matter.complaint_id].append(matter)
        promised = [case.pk for case in cases if case.status in (S.PERFORMING, S.REVIEW)]
        if promised:
            for row in Obligation.objects.filter(complaint_id__in=promised).order_by("ordinal"):
                self.obligations[row.complaint_id].append(row)
        offered = [case.pk for case in cases if case.status == S.AWAITING_CONSUMER]
        if offered:
            refusals = Offer.objects.filter(OPEN_REFUSAL, complaint_id__in=offered)
            self.refused.update(refusals.values_list("complaint_id", flat=True))
        waiting = [case.pk for case in cases if case.status == S.TRIAGE]
        if waiting:
            for decision in ForwardingDecision.objects.filter(complaint_id__in=waiting).order_by("id"):
                result = decision.explanation.get("candidates") or []
                if result:
                    best = result[0]
                    self.suggestions[decision.complaint_id] = (best["enterprise_id"], best["branch_id"])

    def matter(self, case: Case, kind: str) -> Matter | None:
        return next((m for m in self.matters.get(case.pk, ()) if m.kind == kind), None)

    def staff(self, case: Case) -> Actor | None:
        """Who answers for the enterprise's side; a business without account speaks through an officer."""
        if case.handler_id in self.cast.staff:
            return self.cast.staff[case.handler_id or 0]
        if case.enterprise_id is None:
            writer = self.officer(case)
            return writer and Actor(
                role=Role.RESPONDENT,
                roles=frozenset({Role.RESPONDENT}),
                organisation=case.named or "被投诉人",
                channel="phone",
                recorded_by=writer,
                party_of=case.pk,
            )
        known = self.cast.handlers(case.enterprise_id, case.branch_id)
        return known[case.nth % len(known)] if known else None

    def officer(self, case: Case, *, other: bool = False) -> Actor | None:
        known = self.cast.officers.get(case.authority_id, [])
        return known[(case.nth + other) % len(known)] if known else None

    def mediator(self, case: Case, officer: Actor) -> Actor:
        """The body to which the mediation was handed, else the officer."""
        handed = self.matter(case, "delegation")
        return (
            officer
            if handed is None
            else Actor(
                role=Role.MEDIATION_BODY,
                roles=frozenset({Role.MEDIATION_BODY}),
                organisation=handed.data["body"],
                channel="link",
                party_of=case.pk,
                delegation=handed.pk,
            )
        )

    def head(self, case: Case) -> Actor | None:
        return self.cast.approvers.get(case.authority_id)


def whose_turn(case: Case, scene: Scene) -> str:
    """consumer, enterprise or authority: who takes the next step if anybody does."""
    story, status = case.story, case.status
    if story.leaves[0] == status and case.times("leaves") == 0:
        return "consumer" if status != S.NEGOTIATING or case.times("contact") else "enterprise"
    if status == S.TRIAGE:
        return "consumer" if scene.matter(case, "consent") or case.unproven is not None else "authority"
    if status == S.NEGOTIATING:
        return _in_negotiation(case, scene)
    if status == S.AWAITING_CONSUMER:
        return "enterprise" if story.improves and case.times("improved") == 0 else "consumer"
    if status == S.PERFORMING:
        return _in_performance(case, scene)
    if status == S.AWAITING_MATERIAL:
        return "consumer"
    if status == S.REVIEW:
        return _in_review(case, scene)
    if status == S.MEDIATING:
        if case.times("consumer_agreed") == 0 or (story.mediation == "recusal" and case.times("recusal") == 0):
            return "consumer"
        if story.mediation == "withdraw" and case.times("session"):
            return "consumer"
        return "enterprise" if case.times("enterprise_agreed") == 0 else "authority"
    if status == S.CLOSED:
        return _after_closing(case, scene)
    return "enterprise" if status == S.WITH_ENTERPRISE else "authority"


def _in_negotiation(case: Case, scene: Scene) -> str:
    if scene.matter(case, "return") or (case.story.is_instructed and case.times("urged") == 0):
        return "authority"
    claim = scene.matter(case, "settled_elsewhere")
    if claim is not None:
        return "enterprise" if claim.opened_by == "consumer" else "consumer"
    if case.times("asked_consumer") > case.times("replied"):
        return "consumer"
    if case.story.settle == "elsewhere_consumer" and case.times("contact") and not case.times("claimed"):
        return "consumer"
    return "enterprise"


def _in_performance(case: Case, scene: Scene) -> str:
    rows = scene.obligations.get(case.pk, [])
    if case.story.takes_back and case.times("accepted") == 1 and case.times("undone") == 0:
        return "consumer"
    for row in rows:
        if row.state == "due" and row.owed_by == "consumer":
            return "consumer"
        if row.state == "reported":
            return "consumer" if row.owed_by == "enterprise" else "enterprise"
    if case.story.keeps == "waived" and any(row.state == "due" for row in rows):
        return "consumer"
    return "enterprise"


def _in_review(case: Case, scene: Scene) -> str:
    broken = any(row.state == "broken" for row in scene.obligations.get(case.pk, []))
    if broken and case.story.keeps == "redated":
        return "consumer" if scene.matter(case, "redate") else "enterprise"
    return "authority"


def _after_closing(case: Case, scene: Scene) -> str:
    if scene.matter(case, "objection"):
        return "authority"
    if case.outcome in ("refused", "mediation_terminated") and case.times("served") == 0:
        return "authority"
    return "authority" if case.times("rated") and case.times("looked_back") == 0 else "consumer"


def pace(case: Case, now: datetime) -> datetime:
    """When the next step of this case is due to be thought of."""
    is_asked = case.status == S.NEGOTIATING and case.times("asked") > case.times("answered")
    is_quick = is_asked or (case.status == S.REVIEW and case.times("proposed"))
    repents = case.story.takes_back and case.times("accepted") == 1 and case.times("undone") == 0
    if case.story.is_prompt or is_quick or repents:
        return now
    low, high = PACE.get(case.status, (0.2, 1.0))
    return now + timedelta(days=case.rng.uniform(low, high))


def take_all(moves: Sequence[tuple[int, Move, Actor]], *, now: datetime, conditions: Conditions) -> list[StepResult]:
    """One batch; a batch of one raises its refusal, which is an answer like any other here."""
    try:
        return handling.take_each(moves, now=now, conditions=conditions)
    except handling.StepNotAllowed as refusal:
        return [StepResult(Complaint(pk=moves[0][0]), refusal)]
