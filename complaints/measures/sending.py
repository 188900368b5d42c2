"""Trying a measure out, sending it, and reporting it as performed: one flush for all its cases.

Each case is judged by itself and each consumer decides alone; whoever gets nothing is named with the
reason.
Where the enterprise lets a second person approve any of its offers, all of it is proposed (approving.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from complaints.handling import Move, StepNotAllowed, Taken
from complaints.handling.steps import enterprise, offers, proposals
from complaints.handling.transition import two_persons
from complaints.measures.choosing import LeftOut, Pick, picks_of
from complaints.measures.ruling import Rule, answers_to
from complaints.models import Complaint, Demand, Measure, Obligation, Offer
from complaints.parties.actors import Actor, stands_to
from complaints.parties.conditions import Conditions
from complaints.tables.short_answers import Short, offer_of
from complaints.tables.taking_many import rehearse, take_all, why
from enterprises.models import Staff


@dataclass
class Outcome:
    """What came of it, or would: numbers of the cases that get it, and those left out."""

    done: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    #: What is said to each complete case, by its number.
    said: dict[str, list[Short]] = field(default_factory=dict)
    #: A second person must approve it first.
    is_for_two: bool = False

    def note(self, pick: Pick, result: Taken, step: str) -> None:
        if result.refusal is None:
            self.done.append(pick.number)
        else:
            self.left_out.append(LeftOut(pick.number, why(result), step))


def open_demands(ids: Iterable[int]) -> dict[int, list[Demand]]:
    found: dict[int, list[Demand]] = defaultdict(list)
    for demand in (
        Demand.objects.filter(complaint_id__in=list(ids), is_settled=False, is_given_up=False)
        .order_by("complaint_id", "ordinal")
        .defer("note")
    ):
        found[demand.complaint_id].append(demand)
    return found


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
    """Measures made where this person's sight reaches: the own branch and those below, headquarters all."""
    found = Measure.objects.none()
    for actor in actors:
        mine = Measure.objects.filter(enterprise_id=actor.enterprise_id or 0)
        found = found | (mine if actor.branch_ids is None else mine.filter(branch_id__in=actor.branch_ids))
    return found


def try_out(
    measure: Measure, rule: Rule, *, cases: QuerySet[Complaint], actors: Sequence[Actor], now: datetime
) -> Outcome:
    """What would come of it; nothing of it stays."""
    outcome, moves, picks = _meant(measure, rule, cases=cases, actors=actors, now=now)
    for pick, result in zip(picks, rehearse(moves, now=now), strict=True):
        outcome.note(pick, result, "make_offer")
    return outcome


def send(
    measure: Measure, rule: Rule, *, cases: QuerySet[Complaint], actors: Sequence[Actor], now: datetime
) -> Outcome:
    """The offers of all complete cases in one flush, or their proposals. ``measure`` is locked by the caller."""
    if measure.sent_at is not None or measure.proposed_at is not None:
        raise StepNotAllowed("sent_before", _("这份批量方案已经发送过。"))
    outcome, moves, picks = _meant(measure, rule, cases=cases, actors=actors, now=now)
    step = "propose" if outcome.is_for_two else "make_offer"
    outcome.left_out = [replace(one, step=step) for one in outcome.left_out]
    for pick, result in zip(picks, take_all(moves, now=now), strict=True):
        outcome.note(pick, result, step)
    if not outcome.done:
        raise StepNotAllowed("nobody_left", _("没有一件可以发送，原因见预览。"))
    measure.rule = rule.kept()
    measure.left_out = [*measure.left_out, *(one.kept() for one in outcome.left_out)]
    if outcome.is_for_two:
        measure.proposed_at, measure.proposed_by_id = now, actors[0].staff_id
        measure.save(update_fields=["rule", "left_out", "proposed_at", "proposed_by"])
    else:
        measure.sent_at, measure.sent = now, len(outcome.done)
        measure.save(update_fields=["rule", "left_out", "sent_at", "sent"])
    return outcome


def _meant(
    measure: Measure, rule: Rule, *, cases: QuerySet[Complaint], actors: Sequence[Actor], now: datetime
) -> tuple[Outcome, list[tuple[int, Move, Actor]], list[Pick]]:
    """What each complete case is told, as offers or, where one of them needs a second person, as proposals of them."""
    outcome, conditions = Outcome(), Conditions.at(now)
    picks = picks_of(measure.picks)
    seen = {case.pk: case for case in cases.filter(pk__in=[pick.case for pick in picks])}
    demands = open_demands(seen)
    moves: list[tuple[int, Move, Actor]] = []
    meant: list[Pick] = []
    for pick in picks:
        case = seen.get(pick.case)
        actor = next((a for a in actors if case is not None and stands_to(a, case)), None)
        if case is None or actor is None:
            outcome.left_out.append(LeftOut(pick.number, _("没有找到这件投诉。")))
            continue
        try:
            shorts = answers_to(pick, demands[pick.case], rule)
            answers, promises = offer_of(shorts)
            move = offers.make_offer(
                answers=answers, promises=promises, message=rule.message, measure_id=measure.public_id
            )
        except StepNotAllowed as wrong:
            outcome.left_out.append(LeftOut(pick.number, wrong.reason))
            continue
        outcome.said[pick.number] = shorts
        setting = (
            conditions.two_persons(actor.enterprise_id, case.branch_id) if actor.enterprise_id is not None else None
        )
        outcome.is_for_two |= bool(two_persons.why(setting, move, demands[pick.case]))
        moves.append((pick.case, move, actor))
        meant.append(pick)
    if outcome.is_for_two:
        moves = [(case, proposals.propose(move=move), actor) for case, move, actor in moves]
    return outcome, moves, meant


def report_performed(
    measure: Measure,
    *,
    proofs: Sequence[Pick] | None,
    proof: str,
    channel: str,
    cases: QuerySet[Complaint],
    actors: Sequence[Actor],
    now: datetime,
) -> Outcome:
    """What the enterprise owes from this measure is done: with one proof, or one for each case that a table names.

    ``proofs`` None: all cases that still wait for something. ``measure`` is locked by the caller.
    """
    outcome = Outcome()
    due: dict[int, list[int]] = defaultdict(list)
    own = Offer.objects.filter(measure_id=measure.public_id, complaint__in=cases)
    for pk, ordinal in (
        Obligation.objects.filter(offer__in=own, owed_by="enterprise", state="due")
        .order_by("complaint_id", "ordinal")
        .values_list("complaint_id", "ordinal")
    ):
        due[pk].append(ordinal)
    if proofs is None:
        proofs = [
            Pick(pk, number) for pk, number in cases.filter(pk__in=due).order_by("pk").values_list("pk", "number")
        ]
    seen = {case.pk: case for case in cases.filter(pk__in=[pick.case for pick in proofs])}
    moves: list[tuple[int, Move, Actor]] = []
    meant: list[Pick] = []
    for pick in proofs:
        case = seen.get(pick.case)
        actor = next((a for a in actors if case is not None and stands_to(a, case)), None)
        if actor is None or pick.case not in due:
            outcome.left_out.append(LeftOut(pick.number, _("这份方案在这件里没有待履行的事。"), "report_performed"))
            continue
        try:
            moves.append(
                (
                    pick.case,
                    enterprise.report_performed(obligations=due[pick.case], proof=pick.word or proof, channel=channel),
                    actor,
                )
            )
            meant.append(pick)
        except StepNotAllowed as wrong:
            outcome.left_out.append(LeftOut(pick.number, wrong.reason, "report_performed"))
    for pick, result in zip(meant, take_all(moves, now=now), strict=True):
        outcome.note(pick, result, "report_performed")
    measure.left_out = [one for one in measure.left_out if one["step"] != "report_performed"] + [
        one.kept() for one in outcome.left_out
    ]
    measure.save(update_fields=["left_out"])
    return outcome
