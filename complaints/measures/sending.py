"""Trying a measure out, sending it, approving it, reporting it as performed, and how it stands: one flush for all.

Each case is judged by itself and each consumer decides alone; whoever gets nothing is named with the reason. Where the
enterprise lets a second person approve any of its offers, all of it is proposed, and approved as a whole.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from accounts.roles import Right
from complaints import handling
from complaints.handling import Move, StepNotAllowed, StepResult
from complaints.handling.steps import enterprise, offers, proposals
from complaints.handling.transition import two_persons
from complaints.measures.choosing import LeftOut, Pick, Rule, answers_to, picks_of
from complaints.models import Complaint, Engagement, Matter, Measure, Obligation, Offer
from complaints.parties.actors import Actor, stands_to
from complaints.parties.conditions import Conditions
from complaints.procedure.refusals import not_yours
from complaints.procedure.urgency import by_itself
from complaints.reading.case_people import names_of_consumers
from complaints.settlement import answer_templates
from complaints.tables import many_cases
from enterprises.models import Staff
from web.dates import day_text
from web.templatetags.portal import money


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureWorkers:
    """Who works on a measure: the cases that they see, the jobs in which they act, when."""

    cases: QuerySet[Complaint]
    actors: Sequence[Actor]
    now: datetime

    def cases_for(self, picks: Iterable[Pick]) -> dict[int, Complaint]:
        return {case.pk: case for case in self.cases.filter(pk__in=[pick.case for pick in picks])}


def _for(actors: Iterable[Actor], case: Complaint | None) -> Actor | None:
    """The first of them that the case is with."""
    return next((actor for actor in actors if case is not None and stands_to(actor, case)), None)


@dataclass
class MeasureOutcome:
    """What came of it, or would: numbers of the cases that get it, and those left out."""

    done: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    #: What is said to each complete case, by its number.
    answers: dict[str, list[many_cases.ShortAnswer]] = field(default_factory=dict)
    #: The words to the consumer of each complete case, by its number.
    messages: dict[str, str] = field(default_factory=dict)
    #: A second person must approve it first.
    is_for_two: bool = False

    def note(self, pick: Pick, result: StepResult, step: str) -> None:
        if result.refusal is None:
            self.done.append(pick.number)
        else:
            self.left_out.append(LeftOut(pick.number, many_cases.why_refused(result), step))


def make(*, title: str, picks: Sequence[Pick], left_out: Sequence[LeftOut], actor: Actor, now: datetime) -> Measure:
    """A draft: the cases are chosen, nothing is said to them yet."""
    if actor.enterprise_id is None or actor.staff_id is None:
        raise StepNotAllowed("not_yours", _("这一步由其他人办理。"))
    branch = Staff.objects.values_list("branch_id", flat=True).get(pk=actor.staff_id)
    return Measure.objects.create(
        enterprise_id=actor.enterprise_id,
        branch_id=branch,
        made_by_id=actor.staff_id,
        made_at=now,
        title=title,
        picks=[pick.kept() for pick in picks],
        left_out=[one.kept() for one in left_out],
    )


def readable(actors: Iterable[Actor]) -> QuerySet[Measure]:
    """Measures made where this person sees: the own branch and those below, headquarters all."""
    result = Measure.objects.none()
    for actor in actors:
        mine = Measure.objects.filter(enterprise_id=actor.enterprise_id or 0)
        result = result | (mine if actor.branch_ids is None else mine.filter(branch_id__in=actor.branch_ids))
    return result


def try_out(measure: Measure, rule: Rule, *, by: MeasureWorkers) -> MeasureOutcome:
    """What would come of it; nothing of it stays."""
    outcome, moves, picks = _meant(measure, rule, by)
    for pick, result in zip(picks, many_cases.rehearse(moves, now=by.now), strict=True):
        outcome.note(pick, result, "make_offer")
    return outcome


def send(measure: Measure, rule: Rule, *, by: MeasureWorkers) -> MeasureOutcome:
    """The offers of all complete cases in one flush, or their proposals. ``measure`` is locked by the caller."""
    if measure.sent_at is not None or measure.proposed_at is not None:
        raise StepNotAllowed("sent_before", _("这份批量方案已经发送过。"))
    outcome, moves, picks = _meant(measure, rule, by)
    if outcome.is_for_two:
        two_persons.asks(by.actors[0])
    step = "propose" if outcome.is_for_two else "make_offer"
    outcome.left_out = [replace(one, step=step) for one in outcome.left_out]
    for pick, result in zip(picks, many_cases.take_all(moves, now=by.now), strict=True):
        outcome.note(pick, result, step)
    if not outcome.done:
        raise StepNotAllowed("nobody_left", _("没有一件可以发送，原因见预览。"))
    measure.rule = rule.kept()
    measure.left_out = [*measure.left_out, *(one.kept() for one in outcome.left_out)]
    if outcome.is_for_two:
        measure.proposed_at, measure.proposed_by_id = by.now, by.actors[0].staff_id
        measure.save(update_fields=["rule", "left_out", "proposed_at", "proposed_by"])
    else:
        measure.sent_at, measure.sent = by.now, len(outcome.done)
        measure.save(update_fields=["rule", "left_out", "sent_at", "sent"])
    return outcome


def _meant(
    measure: Measure, rule: Rule, by: MeasureWorkers
) -> tuple[MeasureOutcome, list[tuple[int, Move, Actor]], list[Pick]]:
    """What each complete case is told, as offers or, where one of them needs a second person, as proposals of them."""
    outcome, conditions = MeasureOutcome(), Conditions.at(by.now)
    picks = picks_of(measure.picks)
    seen = by.cases_for(picks)
    demands = many_cases.open_demands(seen)
    # Whose names the variables of a template ask for.
    names = names_of_consumers(seen) if rule.template else {}
    moves: list[tuple[int, Move, Actor]] = []
    meant: list[Pick] = []
    for pick in picks:
        case = seen.get(pick.case)
        actor = _for(by.actors, case)
        if case is None or actor is None:
            outcome.left_out.append(LeftOut(pick.number, _("没有找到这件投诉。")))
            continue
        if is_urgent := by_itself(case.facts):
            outcome.left_out.append(LeftOut(pick.number, is_urgent))
            continue
        try:
            shorts, message = _in_words(
                answers_to(pick, demands[pick.case], rule), rule, case, name=names.get(case.pk, ""), actor=actor
            )
            answers, promises = many_cases.offer_of(shorts)
            move = offers.make_offer(
                answers=answers,
                promises=promises,
                message=message,
                measure_id=measure.public_id,
                template_version=rule.template,
            )
        except StepNotAllowed as wrong:
            outcome.left_out.append(LeftOut(pick.number, wrong.reason))
            continue
        outcome.answers[pick.number], outcome.messages[pick.number] = shorts, message
        setting = (
            conditions.two_persons(actor.enterprise_id, case.branch_id) if actor.enterprise_id is not None else None
        )
        outcome.is_for_two |= bool(two_persons.why(setting, move, demands[pick.case]))
        moves.append((pick.case, move, actor))
        meant.append(pick)
    if outcome.is_for_two:
        moves = [(case, proposals.propose(move=move), actor) for case, move, actor in moves]
    return outcome, moves, meant


def _in_words(
    shorts: list[many_cases.ShortAnswer], rule: Rule, case: Complaint, *, name: str, actor: Actor
) -> tuple[list[many_cases.ShortAnswer], str]:
    """What is said to this case: of a template each variable with its own value; what has none is a blank, and a blank
    is refused."""
    if rule.template is None:
        return shorts, rule.message
    paid = paid_for(shorts)
    values = answer_templates.values(
        name=answer_templates.addressed(name),
        number=case.number,
        item=case.item_name,
        worker=actor.name,
        sum=money(paid) if paid else "",
        day=day_text(rule.due_on) if rule.due_on else "",
    )
    words = [replace(one, reason=answer_templates.filled(one.reason, values)) for one in shorts]
    return words, answer_templates.filled(rule.message, values)


def paid_for(shorts: Sequence[many_cases.ShortAnswer]) -> Decimal | None:
    """What is promised to one case in money; None where nothing is."""
    sums = [Decimal(promise.amount) for promise in many_cases.offer_of(shorts)[1] if promise.amount]
    return sum(sums, Decimal(0)) if sums else None


def report_performed(
    measure: Measure, *, proofs: Sequence[Pick] | None, proof: str, channel: str, by: MeasureWorkers
) -> MeasureOutcome:
    """What the enterprise owes from this measure is done: with one proof, or one for each case that a table names.

    ``proofs`` None: all cases that still wait for something. ``measure`` is locked by the caller.
    """
    outcome = MeasureOutcome()
    own = Offer.objects.filter(measure_id=measure.public_id, complaint__in=by.cases)
    due = many_cases.due_obligations(offer__in=own)
    if proofs is None:
        proofs = [
            Pick(pk, number) for pk, number in by.cases.filter(pk__in=due).order_by("pk").values_list("pk", "number")
        ]
    seen = by.cases_for(proofs)
    moves: list[tuple[int, Move, Actor]] = []
    meant: list[Pick] = []
    for pick in proofs:
        case = seen.get(pick.case)
        actor = _for(by.actors, case)
        if actor is None or pick.case not in due:
            outcome.left_out.append(LeftOut(pick.number, _("这份方案在这件里没有待做到的事。"), "report_performed"))
            continue
        try:
            owed, shown = due[pick.case], pick.word or proof
            move = enterprise.report_performed(obligations=owed, proof=shown, channel=channel)
            moves.append((pick.case, move, actor))
            meant.append(pick)
        except StepNotAllowed as wrong:
            outcome.left_out.append(LeftOut(pick.number, wrong.reason, "report_performed"))
    for pick, result in zip(meant, many_cases.take_all(moves, now=by.now), strict=True):
        outcome.note(pick, result, "report_performed")
    measure.left_out = [one for one in measure.left_out if one["step"] != "report_performed"] + [
        one.kept() for one in outcome.left_out
    ]
    measure.save(update_fields=["left_out"])
    return outcome


def proposed(measure: Measure) -> list[Pick]:
    """The cases that were proposed: those chosen that nothing held back then."""
    left = {one["number"] for one in measure.left_out if one["step"] == "propose"}
    return [pick for pick in picks_of(measure.picks) if pick.number not in left]


def waiting(measures: Iterable[Measure]) -> QuerySet[Matter]:
    """Their proposals that still stand; the others fell when their case moved on."""
    return Matter.objects.filter(measure_id__in=[one.public_id for one in measures], kind="proposal", state="open")


def deciders(measure: Measure, actors: Iterable[Actor]) -> list[Actor]:
    """The jobs in which somebody may decide on this measure; none on the own."""
    return [
        actor
        for actor in actors
        if actor.may(Right.APPROVE_MEASURE)
        and actor.enterprise_id == measure.enterprise_id
        and (measure.proposed_by is None or actor.user_id != measure.proposed_by.user_id)
    ]


def approve(measure: Measure, *, by: MeasureWorkers) -> MeasureOutcome:
    """Sends what was proposed, each case judged anew. ``measure`` is locked by the caller.

    Raises StepNotAllowed where nothing waits, it is one's own, or not one case can get its offer any more.
    """
    mine = _mine(measure, by.actors)
    outcome, steps = MeasureOutcome(), dict[int, tuple[Pick, Matter, Actor]]()
    matters = _matters(measure)
    for waiting_one in list(matters.values())[:1]:
        # As each of them is judged below; said once, for the whole.
        two_persons.must_be_another(waiting_one, mine[0])
    seen = {case.pk: case for case in by.cases.filter(pk__in=list(matters))}
    for pick in proposed(measure):
        case, matter = seen.get(pick.case), matters.get(pick.case)
        actor = _for(mine, case)
        if matter is None or actor is None:
            outcome.left_out.append(LeftOut(pick.number, _("案件已有变化，这份请示已失效。")))
        else:
            steps[pick.case] = (pick, matter, actor)
    moves: list[tuple[int, Move, Actor]] = []
    for pk, (_pick, matter, actor) in steps.items():
        moves += [
            (pk, proposals.approve(matter_id=matter.pk), actor),
            (pk, handling.built(matter.subject, matter.data["payload"]), actor),
        ]
    results = (
        {taken.complaint.pk: taken for taken in handling.take_each(moves, now=by.now, whole=True)} if moves else {}
    )
    back: list[tuple[int, Move, Actor]] = []
    for pk, (pick, matter, actor) in steps.items():
        outcome.note(pick, results[pk], "make_offer")
        if not results[pk].is_done:
            back.append((pk, proposals.send_back(matter_id=matter.pk, text=many_cases.why_refused(results[pk])), actor))
    if not outcome.done:
        raise StepNotAllowed("nobody_left", _("没有一件还可以发送。请退回，由提请人重新选择。"))
    # The whole was decided, so nothing of it goes on waiting.
    many_cases.take_all(back, now=by.now)
    measure.left_out = [
        one | {"step": "make_offer"} if one["step"] == "propose" else one for one in measure.left_out
    ] + [one.kept() for one in outcome.left_out]
    measure.sent_at = measure.decided_at = by.now
    measure.sent, measure.decided_by_id = len(outcome.done), mine[0].staff_id
    measure.save(update_fields=["left_out", "sent_at", "sent", "decided_at", "decided_by"])
    return outcome


def send_back(measure: Measure, *, text: str, by: MeasureWorkers) -> None:
    """It is a draft again, with the reason. ``measure`` is locked by the caller."""
    mine = _mine(measure, by.actors)
    matters = _matters(measure)
    for matter in list(matters.values())[:1]:
        two_persons.must_be_another(matter, mine[0], refuses=True)
    moves = []
    for case in by.cases.filter(pk__in=list(matters)).order_by("pk"):
        actor = _for(mine, case)
        if actor is not None:
            moves.append((case.pk, proposals.send_back(matter_id=matters[case.pk].pk, text=text), actor))
    many_cases.take_all(moves, now=by.now)
    measure.left_out = [one for one in measure.left_out if one["step"] != "propose"]
    measure.returned, measure.decided_at, measure.decided_by_id = text, by.now, mine[0].staff_id
    measure.proposed_at = None
    measure.save(update_fields=["left_out", "returned", "decided_at", "decided_by", "proposed_at"])


def _mine(measure: Measure, actors: Sequence[Actor]) -> list[Actor]:
    if measure.proposed_at is None or measure.sent_at is not None:
        raise StepNotAllowed("nothing_open", _("没有等待批准的这一事项。"))
    if not any(actor.may(Right.APPROVE_MEASURE) for actor in actors):
        raise not_yours()
    mine = deciders(measure, actors)
    if not mine:
        raise StepNotAllowed("own_proposal", _("须由另一位人员办理，不能批准自己提出的。"))
    return mine


def _matters(measure: Measure) -> dict[int, Matter]:
    results = list(waiting([measure]).select_related("complaint"))
    sealed_fields.load_for(results)
    return {matter.complaint_id: matter for matter in results}


#: State → label, tone; in the order of the page.
STATES: dict[str, tuple[Any, str]] = {
    "open": (gettext_lazy("待消费者答复"), "info"),
    "accepted": (gettext_lazy("已接受，待做到"), "warn"),
    "reported": (gettext_lazy("已报告做到，待确认"), "info"),
    "performed": (gettext_lazy("已做到"), "ok"),
    "broken": (gettext_lazy("没有做到"), "bad"),
    "declined": (gettext_lazy("未接受"), "neutral"),
    "lapsed": (gettext_lazy("没有答复，已失效"), "neutral"),
    "superseded": (gettext_lazy("已另提方案"), "neutral"),
}


def offers_of(measures: Sequence[UUID], engagements: Q) -> QuerySet[Offer]:
    """Their offers in this person's own engagements."""
    return Offer.objects.filter(measure_id__in=measures, engagement__in=Engagement.objects.filter(engagements))


def states_of(offers: Iterable[Offer]) -> dict[int, str]:
    """Offer → state; one query."""
    rows = list(offers)
    owed: dict[int, set[str]] = defaultdict(set)
    accepted = [offer.pk for offer in rows if offer.state == "accepted"]
    for offer, state in Obligation.objects.filter(offer__in=accepted, owed_by="enterprise").values_list(
        "offer_id", "state"
    ):
        owed[offer].add(state)
    return {offer.pk: _state(offer.state, owed[offer.pk]) for offer in rows}


def _state(offer: str, owed: set[str]) -> str:
    if offer == "withdrawn":
        return "lapsed"
    if offer != "accepted":
        return offer
    if "broken" in owed:
        return "broken"
    if owed & {"due", "proposed"}:
        return "accepted"
    return "reported" if "reported" in owed else "performed"


def counted(states: Iterable[str]) -> dict[str, int]:
    result = Counter(states)
    return {state: result[state] for state in STATES}
