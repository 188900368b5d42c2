"""Steps that one person alone may not take: by policy at an authority, by its own setting at an enterprise. An approval
counts within the same call of ``take_each`` alone."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.keys import row_tags
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in import persons, seats
from accounts.sign_in.persons import NotTwoPersons, Part
from accounts.sign_in.seats import Seat
from authorities.policies import Policies, PolicyMissing
from complaints.casefile.case_file import CaseFile
from complaints.documents import kinds
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move
from complaints.models import Demand, Matter, OfficialDocument
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Audience
from complaints.settlement import offer_findings
from complaints.settlement.offer_findings import Finding, Words
from database.row_security import working_as_steps
from enterprises.models import TwoPersons
from enterprises.team.staffing import at_work

#: Two policies a step: two_persons.<step>, whether it stands in two names; head.<step>, whether the head (负责人)
#: signs.
GUARDED = ("refuse", "terminate", "refer_to_police")
#: What both sides signed: issued by one officer, corrected in two names.
AGREED = "agreement"
RULES = (*GUARDED, AGREED)
#: At a closed case there is nothing that an enterprise would propose.
PROPOSING = ("propose", "approve", "send_back")
ANOTHER, HEAD = "another", "head"
#: Form → the rule of its correction: the step whose decision it prints, as that needs whoever the decision needed.
DECISIONS = {kinds.REFUSAL: "refuse", kinds.TERMINATION: "terminate", kinds.AGREEMENT: AGREED}
OFFERS = ("make_offer", "replace_offer")
#: What an enterprise may guard by its setting.
ENTERPRISES = (*OFFERS, "report_failure", "return_case")
#: Steps of an enterprise beside offers → the words in them that the consumer reads.
SAID: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ask_consumer", "send_message", "answer_question", "add_statement", "reply_publicly"), ("text",)),
    **dict.fromkeys(("report_failure", "return_case", "request_return", "request_extension"), ("text",)),
    **dict.fromkeys(("ask_authority", "answer_instruction", "answer_suggestion", "request_recusal"), ("text",)),
    **dict.fromkeys(("claim_settled_elsewhere", "deny_settled_elsewhere"), ("text",)),
    "log_contact": ("note",),
    "report_performed": ("proof", "channel"),
    "show_payment": ("channel",),
    "add_promise": ("what", "proof"),
}
#: What an enterprise may propose: those and its offers.
PROPOSED = (*OFFERS, *SAID)


def asks(actor: Actor) -> dict[str, str]:
    """The part of who proposes, as a proposal keeps it under the key of the person. Raises StepNotAllowed for somebody
    whose phone no code has proved."""
    part = persons.part_of(actor.person_key, actor.phone)
    try:
        persons.must_be_proved(part)
    except NotTwoPersons as refusal:
        raise StepNotAllowed(refusal.code, str(refusal)) from None
    return {part.person: part.kept()}


def parts_of(matter: Matter) -> list[Part]:
    """Who has taken part in this proposal; of those of before there were parts the phone is looked up."""
    kept = matter.data.get("parts", {})
    people = dict.fromkeys([str(matter.opened_by_key), *matter.data.get("signed", [])])
    unknown = [UUID(one) for one in people if one not in kept and one != "None"]
    found: dict[str, User] = {}
    if unknown:
        with working_as_steps():
            found = {str(user.person_key): user for user in User.objects.filter(person_key__in=unknown)}
    return [
        Part.of_kept(one, kept[one]) if one in kept else Part(one, _phone_of(found.get(one)), Seat()) for one in people
    ]


def _phone_of(user: User | None) -> bytes:
    return bytes(user.own_phone_index or b"") if user is not None and row_tags.stands(user) else b""


def must_be_another(matter: Matter, actor: Actor, *, refuses: bool = False) -> bool:
    """Whether ``actor`` decides on the device on which it was proposed. Raises StepNotAllowed where it is no other
    person (procedure, section 1). ``refuses``: see accounts/sign_in/persons.py."""
    try:
        second = persons.part_of(actor.person_key, actor.phone)
        return persons.must_be_two(parts_of(matter), second, refuses=refuses)
    except NotTwoPersons as refusal:
        raise StepNotAllowed(refusal.code, str(refusal)) from None


def is_same_device(matter: Matter) -> bool:
    """Whether this was proposed, or signed before, on the device of who looks at it now; asks for the portal's key."""
    kept = matter.data.get("parts", {}) if seats.here().device else {}
    here = persons.part_of("", None)
    return persons.is_same_device((Part.of_kept(one, part) for one, part in kept.items()), here)


def needed(policies: Policies, step: str, region_id: int) -> bool:
    """Whether an authority's ``step`` needs a second person in this place on the day of ``policies``. Where no row says
    anything, it does: only an authority that decided so does without."""
    return step in RULES and _flag(policies, f"two_persons.{step}", region_id, missing=True)


def _flag(policies: Policies, name: str, region_id: int, *, missing: bool) -> bool:
    try:
        return policies.flag(name, region_id)
    except PolicyMissing:
        return missing


def signatures(policies: Policies, step: str, region_id: int) -> tuple[str, ...]:
    """Who must sign after whoever proposed an authority's ``step``, in this order: another officer, the head.

    The head may be the second name of a refusal or a termination; a referral to the police has two names and the head
    (art. 42). Without a row that asks for the head the two names still stand."""
    head = (HEAD,) if step in GUARDED and _flag(policies, f"head.{step}", region_id, missing=False) else ()
    return (ANOTHER, *head) if step == "refer_to_police" else head or (ANOTHER,)


def rule_of(file: CaseFile, move: Move) -> str:
    """The rule by which this move of an authority is judged: of its own step; for the correction of an official
    document that of what it prints."""
    document = move.arguments.get("document_id")
    if move.step != "correct_clerical_error" or document is None:
        return move.step
    documents = OfficialDocument.objects.filter(pk=document, complaint_id=file.complaint.pk)
    return DECISIONS.get(documents.values_list("form", flat=True).first() or 0, move.step)


def left_to_sign(policies: Policies, matter: Matter, region_id: int) -> tuple[str, ...]:
    """What of ``signatures`` is still missing on an open proposal of an authority."""
    rule = matter.data.get("rule", matter.subject)
    return signatures(policies, rule, region_id)[len(matter.data.get("signed", ())) :]


def names_of(file: CaseFile, step: str, actor: Actor) -> list[int]:
    """The officers in whose names ``step`` is taken: who proposed it and who signed; else the actor alone."""
    proposals = [m for m in file.matters if m.kind == "proposal" and m.subject == step and m.state == "granted"]
    granted = proposals[-1] if proposals else None
    if granted is not None and granted.data.get("officers"):
        return list(granted.data["officers"])
    return [actor.officer_id] if actor.officer_id is not None else []


def why(setting: TwoPersons | None, move: Move, demands: Iterable[Demand]) -> tuple[str, ...]:
    """Why this move needs a second person: threat and condition whatever the enterprise wants, amount, refusal, failure
    and return where it wants so. Empty: it does not. Raises WrongInput for an amount that is none."""
    results = list(dict.fromkeys(one.code for one in never_alone(move)))
    if setting is None or move.step not in ENTERPRISES:
        return tuple(results)
    if move.step == "report_failure":
        return (*results, "failure") if setting.failures else tuple(results)
    if move.step == "return_case":
        return (*results, "return") if setting.returns else tuple(results)
    if setting.offers_above is not None and worth(move.arguments, demands) > setting.offers_above:
        results.append("amount")
    # Also what is called otherwise and comes to nothing.
    if setting.refusals and any(
        answer.verdict == "refuse" or saying.money(answer.amount, f"amount-{answer.demand}") == 0
        for answer in move.arguments["answers"]
    ):
        results.append("refusal")
    return tuple(results)


def must_have_another(file: CaseFile, move: Move, actor: Actor) -> None:
    """Refuse to propose a threat or a condition where the enterprise has nobody who could approve it, or no longer has
    the case."""
    found = never_alone(move) if actor.side == "enterprise" else []
    if not found:
        return
    slots = {"quote": found[0].quote, "reason": found[0].text}
    if file.engagement is None:
        raise WrongInput("not_now", _("“%(quote)s”：%(reason)s请改掉这一句。") % slots, field=found[0].field)
    approvers = at_work(file.today).filter(user__is_active=True, role__in=Right.APPROVE_MEASURE.posts)
    people = approvers.filter(enterprise_id=actor.enterprise_id or 0).values_list("user__person_key", flat=True)
    if not set(people) - {actor.person_key}:
        text = _("“%(quote)s”：%(reason)s本企业没有第二个人可以批准，请改掉这一句。")
        raise WrongInput("nobody_else", text % slots, field=found[0].field)


def never_alone(move: Move) -> list[Finding]:
    """The threats and conditions in the words of an enterprise's move."""
    given = move.arguments
    if move.step in SAID:
        words = [Words(name, str(given.get(name) or "")) for name in SAID[move.step]]
        return offer_findings.never_alone(words)
    if move.step not in OFFERS:
        return []
    words = offer_findings.words_of(given.get("answers", ()), given.get("promises", ()), given.get("message", ""))
    return offer_findings.never_alone(words)


def noted(effect: Effect, move: Move, actor: Actor) -> Effect:
    """With what was found in words that were approved all the same, as an offer has it by itself (steps/advising.py);
    ``field`` is there the kind of the text."""
    if actor.side != "enterprise" or move.step not in SAID or not never_alone(move):
        return effect
    found = offer_findings.never_alone(Words(kind, text) for kind, text in effect.texts.items())
    return replace(effect, data={**effect.data, "advice": [one.kept() for one in found]})


def worth(values: Mapping[str, Any], demands: Iterable[Demand]) -> Decimal:
    """What an offer comes to: what is granted or what is promised, whichever is more; so that neither hides the
    other."""
    asked = {demand.ordinal: demand.amount for demand in demands}
    granted = promised = Decimal(0)
    for answer in values["answers"]:
        amount = saying.money(answer.amount, f"amount-{answer.demand}")
        if answer.verdict == "grant" and amount is None:
            amount = asked.get(answer.demand)
        if answer.verdict != "refuse":
            granted += amount or 0
    for place, promise in enumerate(values.get("promises", ()), start=1):
        if promise.owed_by == "enterprise":
            promised += saying.money(promise.amount, f"promise-{place}-amount") or 0
    return max(granted, promised)


def asked_of(file: CaseFile, move: Move, actor: Actor) -> tuple[str, ...]:
    """Why this move of this side needs somebody else, by what is in force; empty when it does not."""
    case = file.complaint
    if actor.side == "enterprise" and actor.enterprise_id is not None:
        is_guarded = move.step in ENTERPRISES
        setting = file.conditions.two_persons(actor.enterprise_id, case.branch_id) if is_guarded else None
        return why(setting, move, file.demands)
    if actor.side == "authority" and needed(file.conditions.policies, rule_of(file, move), case.handling_region_id):
        return ("policy",)
    return ()


def check(file: CaseFile, move: Move, actor: Actor) -> None:
    """Refuse the move unless nobody else is needed or somebody else has just approved it."""
    if not asked_of(file, move, actor) or is_approved(file, move.step):
        return
    for one in never_alone(move):
        text = _("“%(quote)s”：%(reason)s请改掉这一句，或者提请另一个人批准。")
        raise StepNotAllowed("two_persons", text % {"quote": one.quote, "reason": one.text}, field=one.field)
    raise StepNotAllowed("two_persons", _("这一步须经第二人批准，请先提请批准。"))


def is_approved(file: CaseFile, step: str) -> bool:
    """Only open matters are read from the database: a granted one was granted in this call."""
    return any(m.kind == "proposal" and m.subject == step and m.state == "granted" for m in file.matters)


def is_open_to(file: CaseFile, step: str, actor: Actor) -> bool:
    """A reviewer takes no step of his own; what he has just approved is carried out in his name."""
    return actor.side == "enterprise" and actor.may("approve") and step in PROPOSED and is_approved(file, step)


def fall(file: CaseFile) -> None:
    """The case moved on: what was proposed in its former status is void."""
    for matter in file.matters:
        if matter.kind == "proposal" and matter.state == "open":
            file.end_matter(matter, "fallen")


def void_internal_proposals(file: CaseFile, actor: Actor) -> None:
    """Another enterprise answers from now on: what people of the former one proposed is void, as their chain says."""
    for matter in file.matters:
        if matter.kind == "proposal" and matter.state == "open" and matter.opened_by == "enterprise":
            file.end_matter(matter, "fallen")
            file.enter("send_back", actor, Audience.ENTERPRISE, {"step": matter.subject}, reason="succession")
