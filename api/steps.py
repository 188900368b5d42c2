"""POST complaints/{number}/steps/{step}/ and its batch: the verbs of the table, by their names.

A step is judged by ``take`` alone; here it is only said what was meant, on what version
of the case, and what else is open when it was refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from api import exact
from api.base import Answer, ApiView, RefusedAfterwards, StepRefused, WrongFields, once_only, scope_missing, validated
from api.caller import Caller, access_for, accesses_for, actors_for, caller, cases_for
from api.step_shapes import STEPS, input_of
from complaints import handling, wording
from complaints.casefile.case_file import CaseFile
from complaints.handling import MOVES, Effect, Move, StepNotAllowed, WrongInput, built
from complaints.handling.steps import proposals
from complaints.handling.transition import saying, two_persons
from complaints.models import Complaint, HandlingStep, Matter
from complaints.parties.actors import Actor, stands_to
from complaints.parties.conditions import Conditions
from complaints.procedure.refusals import not_yours
from complaints.procedure.urgency import by_itself
from complaints.procedure.workflow import LOOK, TABLE, Audience
from complaints.reading.case import CaseAccess, page_of
from complaints.record.events import version_of

MOST_ROWS = 500
#: Their answer says what the offer lacks.
OFFERS = frozenset({"make_offer", "replace_offer"})
#: These are about several cases or several moves, so each has a call of its own.
NOT_IN_A_BATCH = frozenset({"approve", "propose", "link_cases", "join_cases"})


#: How a forwarding by a program is explained: as an officer's own choice.
_BY_OFFICER: dict[str, Any] = {
    **{"rule": "officer", "version": None, "confidence": "", "is_match": True, "why": [], "candidates": []},
    **{"rank": 0, "note": ""},
}


class CaseChanged(StepNotAllowed):
    """The case is not as it was when the caller read it."""

    status = 412


@dataclass(frozen=True, slots=True)
class MeantStep:
    """One step as it was meant: the moves to take in order, on which cases."""

    moves: tuple[Move, ...]
    ids: tuple[int, ...]
    actor: Actor


class Step(ApiView):
    """One step of one case."""

    scopes = {"POST": "cases:write"}
    #: Set where the schema is written: the name of the step of this path.
    step = ""

    def post(self, request: Request, number: str, step: str) -> HttpResponse:
        if step not in STEPS:
            raise Http404
        who = caller(request)
        _check_scope(who, step)

        def work() -> Answer:
            result = access_for(who, number)
            given = validated(input_of(step)(data=request.data))
            try:
                meant = meant_by(who, result, step, given, if_match=request.headers.get("If-Match", ""))
                case = _take(meant, now=who.now)
            except StepNotAllowed as refusal:
                raise RefusedAfterwards(refused(refusal, result)) from refusal
            return Answer(taken(case, step, result.actor) | advice_of(case, step), headers={"ETag": version_of(case)})

        return once_only(request, work)


def _check_scope(who: Caller, step: str) -> None:
    """Looking at somebody's contact data is no matter of writing."""
    if step == LOOK and not who.token.allows("contact:read"):
        raise scope_missing("contact:read")


def meant_by(who: Caller, result: CaseAccess, step: str, arguments: Mapping[str, Any], *, if_match: str) -> MeantStep:
    """Who takes which moves. Raises StepNotAllowed, WrongInput."""
    case = result.complaint
    actor = _actor(who, result, step)
    saying.check_named_rows(case, step, arguments)
    ids: tuple[int, ...] = (case.pk,)
    if step == "propose":
        moves: tuple[Move, ...] = (_proposed(case, arguments),)
    elif step == "approve":
        moves = _approved(case, actor, arguments, now=who.now)
    elif step in ("link_cases", "join_cases"):
        moves, ids = (MOVES[step](**arguments),), _all_of(who, case, arguments["numbers"])
    else:
        supplied = {"because": _BY_OFFICER | {"why": [], "candidates": []}} if step == "forward" else {}
        moves = (built(step, {**arguments, **supplied}),)
    if if_match and if_match != "*":
        moves = (_only_if(moves[0], if_match, case.pk), *moves[1:])
    return MeantStep(moves, ids, actor)


def _actor(who: Caller, result: CaseAccess, step: str) -> Actor:
    """Of several capacities the one that the table lets take this step."""
    if result.actor is None:
        raise not_yours()
    able = (a for a in actors_for(who) if stands_to(a, result.complaint) and a.has(TABLE[step].by))
    return next(able, result.actor)


def _proposed(case: Complaint, arguments: Mapping[str, Any]) -> Move:
    step = arguments["step"]
    given = validated(input_of(step)(data=arguments["input"]))
    saying.check_named_rows(case, step, given)
    return proposals.propose(move=built(step, given))


def _approved(case: Complaint, actor: Actor, arguments: Mapping[str, Any], *, now: datetime) -> tuple[Move, ...]:
    """The approval and, with the last signature, the step that it opens, in one call; it is judged anew then."""
    open_ones = Matter.objects.filter(complaint=case, kind="proposal", state="open", audience=actor.side)
    if arguments.get("matter_id") is not None:
        open_ones = open_ones.filter(pk=arguments["matter_id"])
    matter = open_ones.order_by("pk").first()
    if matter is None:
        raise StepNotAllowed("nothing_open", _("没有等待批准的这一事项。"))
    saying.check_named_rows(case, matter.subject, matter.data["payload"])
    carried_on = built(matter.subject, matter.data["payload"])
    if actor.side != "authority":
        return (proposals.approve(matter_id=matter.pk), carried_on)
    missing = len(two_persons.left_to_sign(Conditions.at(now).policies, matter, case.handling_region_id))
    signature = proposals.approve(matter_id=matter.pk, missing=missing)
    return (signature,) if missing > 1 else (signature, carried_on)


def _all_of(who: Caller, case: Complaint, numbers: Sequence[str]) -> tuple[int, ...]:
    """The other cases, if this person may act on each; what he may not see does not exist."""
    wanted = set(numbers) - {case.number}
    seen = cases_for(who).filter(number__in=wanted)
    results = [other.pk for other in seen if any(stands_to(a, other) for a in actors_for(who))]
    if len(results) != len(wanted):
        raise WrongInput("bad_choice", _("只能关联已有的投诉，合并还须是同一被投诉人。"), field="numbers")
    return (case.pk, *sorted(results))


def _only_if(move: Move, if_match: str, case: int) -> Move:
    """Refused under the lock when somebody else was quicker."""

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if file.complaint.pk == case and version_of(file.complaint) not in {
            tag.strip().removeprefix("W/") for tag in if_match.split(",")
        }:
            raise CaseChanged("changed", _("您读取之后，案件有了变化。请重新读取再办。"))
        return move.carry(file, actor)

    return replace(move, carry=carry)


def _take(meant: MeantStep, *, now: datetime) -> Complaint:
    """All or none; the first case as it is afterwards."""
    if len(meant.moves) == 1 and len(meant.ids) == 1:
        return handling.one(handling.take(meant.moves[0], meant.ids, actor=meant.actor, now=now))
    with transaction.atomic():
        results = handling.take_each([(case, move, meant.actor) for case in meant.ids for move in meant.moves], now=now)
        for result in results:
            if result.refusal is not None:
                raise result.refusal
    return next(r.complaint for r in results if r.complaint.pk == meant.ids[0])


def taken(case: Complaint, step: str, actor: Actor | None) -> dict[str, Any]:
    """What a step comes to; no text of anybody."""
    return {
        "case": case.number,
        "step": step,
        "status": case.status,
        "outcome": case.outcome,
        "was_refused_in_full": case.was_refused_in_full,
        "sequence": case.last_sequence,
        "next_due_at": case.next_due_at,
        "version": version_of(case),
        "allowed_steps": list(_allowed(case, actor)),
    }


def advice_of(case: Complaint, step: str) -> dict[str, Any]:
    """What the offer that was just sent lacks: it is told, not refused (docs/how-to/offers.md)."""
    if step not in OFFERS:
        return {}
    entry = HandlingStep.objects.get(complaint=case, audience=Audience.PARTIES, sequence=case.last_sequence)
    return {
        "advice": [
            {**one, "message": wording.label(one["code"], kind="offer_finding")} for one in entry.data.get("advice", [])
        ]
    }


def refused(refusal: StepNotAllowed, result: CaseAccess) -> StepRefused:
    """With the steps that reading the case names now: none of them lacks what it acts on."""
    now_there = replace(result, complaint=_fresh(result), engagements=None, rows=None)
    page = page_of(now_there, now=timezone.now())
    return StepRefused(refusal, tuple(step for step in page.steps if step in STEPS))


def _fresh(result: CaseAccess) -> Complaint:
    return Complaint.objects.filter(pk=result.complaint.pk).first() or result.complaint


def _allowed(case: Complaint, actor: Actor | None) -> tuple[str, ...]:
    steps = handling.allowed_steps(case, actor) if actor is not None else ()
    return tuple(step for step in steps if step in STEPS)


class BatchRow(serializers.Serializer[Any]):
    """One case of a batch and what is said to it."""

    case = exact.Text(max_length=60)
    input = serializers.DictField(required=False, default=dict)
    if_match = exact.Text(required=False, default="", allow_blank=True, max_length=200)


class BatchInput(serializers.Serializer[Any]):
    """At most 500 cases, each once."""

    rows = exact.rows(BatchRow, max_length=MOST_ROWS, min_length=1)


class Batch(ApiView):
    """One step on many cases; each is done or refused by itself."""

    scopes = {"POST": "cases:write"}
    step = ""

    def post(self, request: Request, step: str) -> HttpResponse:
        if step not in STEPS or step in NOT_IN_A_BATCH:
            raise Http404
        who = caller(request)
        _check_scope(who, step)

        def work() -> Answer:
            rows = validated(BatchInput(data=request.data))["rows"]
            numbers = [row["case"] for row in rows]
            if len(set(numbers)) != len(numbers):
                raise WrongFields({"/rows": [_("同一件投诉只能写一次。")]})
            return Answer({"step": step, "results": _taken_each(who, step, rows)})

        return once_only(request, work)


def _taken_each(who: Caller, step: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = [{} for _row in rows]
    meant: dict[int, tuple[int, Move, Actor]] = {}
    places: dict[int, int] = {}
    accesses: dict[int, CaseAccess] = {}
    seen = accesses_for(who, [row["case"] for row in rows])
    for place, row in enumerate(rows):
        result = seen.get(row["case"])
        if result is None:
            results[place] = {"case": row["case"], "result": "not_found", "code": "not_found"}
            continue
        accesses[place] = result
        try:
            if step in OFFERS and (is_urgent := by_itself(result.complaint.facts)):
                raise StepNotAllowed("urgent", is_urgent)
            given = validated(input_of(step)(data=row["input"]))
            one = meant_by(who, result, step, given, if_match=row["if_match"])
        except WrongFields as wrong:
            problem = {"result": "wrong_fields", "code": "wrong_fields", "errors": wrong.errors}
            results[place] = {"case": row["case"], **problem}
        except StepNotAllowed as refusal:
            results[place] = _row_refused(row["case"], refusal, result)
        else:
            meant[place] = (result.complaint.pk, one.moves[0], one.actor)
            places[result.complaint.pk] = place
    in_order = sorted(meant.values(), key=lambda item: item[0])
    for start in range(0, len(in_order), handling.BATCH):
        for case, outcome in _taken_some(in_order[start : start + handling.BATCH], now=who.now):
            place = places[case]
            results[place] = (
                _row_refused(rows[place]["case"], outcome, accesses[place])
                if isinstance(outcome, StepNotAllowed)
                else {"result": "done", **taken(outcome, step, accesses[place].actor), **advice_of(outcome, step)}
            )
    return results


def _taken_some(
    moves: Sequence[tuple[int, Move, Actor]], *, now: datetime
) -> list[tuple[int, StepNotAllowed | Complaint]]:
    try:
        results = handling.take_each(moves, now=now)
    except StepNotAllowed as refusal:
        # A batch of one raises what a longer one tells.
        return [(moves[0][0], refusal)]
    return [(r.complaint.pk, r.refusal or r.complaint) for r in results]


def _row_refused(number: str, refusal: StepNotAllowed, result: CaseAccess) -> dict[str, Any]:
    """As a lone step says it; a refused row costs the reading of its case."""
    return {
        "case": number,
        "result": "refused",
        "code": refusal.code,
        "message": refusal.reason,
        "field": refusal.field,
        "allowed_steps": list(refused(refusal, result).allowed),
    }
