"""What the file of a case says about acceptance: who, against whom, what, since when, what was asked for. No text is
opened: that one was given is seen from its kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from complaints.models import Complaint, Demand, Evidence, HandlingStep, Participant, PersonalText
from complaints.parties.powers import CONFIRMED, REFUSED
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.workflow import Audience, Outcome, Status
from complaints.procedure.working_calendar import SHANGHAI

#: An authority accepted or handled it; what only an enterprise answered was not handled by one (art. 16, item 2).
HANDLED = Q(outcome__in=[Outcome.MEDIATED, Outcome.MEDIATION_TERMINATED]) | Q(
    status__in=[Status.MEDIATING, Status.MEDIATION_SUSPENDED]
)
MOST_EARLIER = 5
_STEPS = ("request_material", "supply_material", "lapse_material", "verify_contact")
#: How the kinds of text begin that were filed.
_FILED = "consumer_"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledFacts:
    """``filed_kinds``: kinds of what was filed. ``material`` / ``identity``: "" not asked for, "asked", "given",
    "not_given"."""

    filed_on: date
    learned_on: date | None
    disputed_on: date | None
    filed_kinds: frozenset[str]
    has_respondent: bool
    has_respondent_address: bool
    demands: int
    files: int
    has_amount: bool
    contact_verified: bool
    #: "" no representative, "confirmed", "refused", "unchecked".
    power: str
    is_joint: bool
    representatives: int
    material: str
    identity: str
    is_impostor: bool
    #: Numbers of cases in which an authority accepted or handled the same consumer's dispute with the same respondent.
    earlier: tuple[str, ...]

    @property
    def since(self) -> date | None:
        """From here the three years are counted."""
        return self.learned_on or self.disputed_on


def known_of(complaint: Complaint) -> FiledFacts:
    """Four statements, and what `known_from` asks."""
    entries = HandlingStep.objects.filter(complaint=complaint, step__in=_STEPS).order_by("sequence")
    return known_from(
        complaint,
        steps=entries.only("step", "reason", "data", "complaint", "audience"),
        texts=PersonalText.objects.filter(complaint=complaint).only("kind", "audience", "complaint"),
        files=Evidence.objects.filter(complaint=complaint).only("audience"),
        demands=Demand.objects.filter(complaint=complaint).count(),
    )


def known_from(
    complaint: Complaint,
    *,
    steps: Iterable[HandlingStep],
    texts: Iterable[PersonalText],
    files: Iterable[Evidence],
    demands: int,
    among: Any = None,
) -> FiledFacts:
    """The same of rows that were read. ``steps``: by sequence; what is not for the parties is left out here. ``among``:
    the cases in which earlier ones are looked for (those that a page may show); None: all that there are."""
    steps = [row for row in steps if row.audience == Audience.PARTIES and row.step in _STEPS]
    kinds = frozenset(row.kind for row in texts if row.audience == Audience.PARTIES and row.kind.startswith(_FILED))
    material, identity = _asked(steps)
    details = complaint.respondent_details or {}
    enterprise = (
        complaint.branch_id or complaint.enterprise_id or complaint.picked_branch_id or complaint.picked_enterprise_id
    )
    return FiledFacts(
        filed_on=complaint.received_at.astimezone(SHANGHAI).date(),
        learned_on=complaint.learned_on,
        disputed_on=complaint.disputed_on,
        filed_kinds=kinds,
        has_respondent=bool(enterprise or complaint.respondent_named),
        has_respondent_address=bool(enterprise or details.get("address")),
        demands=demands,
        files=sum(row.audience == Audience.PARTIES for row in files),
        has_amount=complaint.amount is not None,
        contact_verified=complaint.contact_verified,
        power=_power(complaint),
        is_joint=complaint.on_behalf_kind == JOINT,
        representatives=_representatives(complaint),
        material=material,
        identity=identity,
        is_impostor=any(s.step == "verify_contact" and s.reason == "call_not_theirs" for s in steps)
        and not complaint.contact_verified,
        earlier=tuple(case.number for case in earlier_cases(complaint, among=among)),
    )


def _asked(steps: Iterable[HandlingStep]) -> tuple[str, str]:
    """How it stands with what was asked for last, of any kind and as proof of identity."""
    material = identity = ""
    is_identity = False
    for step in steps:
        if step.step == "request_material":
            is_identity = bool((step.data or {}).get("identity"))
            material, identity = "asked", "asked" if is_identity else identity
        elif step.step in ("supply_material", "lapse_material"):
            came = step.step == "supply_material" and step.reason != "has_none"
            material = "given" if came else "not_given"
            identity = material if is_identity else identity
    return material, identity


def _power(complaint: Complaint) -> str:
    if complaint.on_behalf_kind != AGENT:
        return ""
    if complaint.facts.get("power_confirmed") or complaint.facts.get("power_check") == CONFIRMED:
        return "confirmed"
    return "refused" if complaint.facts.get("power_check") == REFUSED else "unchecked"


def _representatives(complaint: Complaint) -> int:
    """Elected ones; the filer of a joint complaint is one of them."""
    if complaint.on_behalf_kind != JOINT:
        return 0
    return 1 + Participant.objects.filter(complaint=complaint, is_representative=True).count()


def earlier_cases(complaint: Complaint, *, among: Any = None) -> list[Complaint]:
    """The newest few cases of this consumer against this respondent that an authority accepted or handled."""
    rows = Complaint.objects.all() if among is None else among
    enterprise = complaint.enterprise_id or complaint.picked_enterprise_id
    if enterprise:
        rows = rows.filter(Q(enterprise_id=enterprise) | Q(picked_enterprise_id=enterprise))
    elif complaint.respondent_named:
        rows = rows.filter(respondent_named=complaint.respondent_named)
    else:
        return []
    others = rows.filter(HANDLED, consumer_key=complaint.consumer_key).exclude(pk=complaint.pk)
    return list(others.order_by("-received_at", "-pk")[:MOST_EARLIER])
