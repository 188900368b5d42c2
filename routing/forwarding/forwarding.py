"""Sweeps what was filed: to who should answer, or to a person, always with the reason; and open cases to successors.

Every case of a sweep leaves `filed` with a stored explanation. A rule that fails, an enterprise that cannot receive, a
consent that is missing are reasons for triage, never for waiting. Open cases of an entity that another one answers for
go to that one on the day on which it begins to, only where it is certain who answers now.
"""

import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from authorities.models import Region
from complaints.handling import StepNotAllowed, StepResult, take_each
from complaints.handling.steps.authority import consented, forward, pass_to_successor, refer_to_triage
from complaints.handling.transition.effect import Move
from complaints.models import Complaint, Engagement
from complaints.models.complaint import OPEN
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from enterprises.models import Enterprise, Succession
from routing.forwarding.mentioned import with_mentioned
from routing.rules.directory import rules as all_rules
from routing.rules.directory import snapshot
from routing.rules.facts import Directory, Facts, Match, NoMatch, Reason, Rule
from routing.rules.matching import choose

#: A sweep locks so many cases at once; it should be for less than 150 ms (docs/performance.md).
BATCH = 90
#: An import may ask for more: nobody waits for rows that only it has seen.
MOST = 500
DAY = dt.timedelta(hours=24)
#: A source that has no telephone numbers cannot have proven one.
UNPROVABLE = frozenset({"consumer_phone", "contact_verified"})

log = logging.getLogger(__name__)


def sweep_filed(
    *, now: dt.datetime, limit: int = BATCH, conditions: Conditions | None = None, only: Sequence[int] | None = None
) -> int:
    """Forward or refer up to `limit` filed cases, in one transaction; returns how many left `filed`.

    `only` these cases: an import moves its own rows on, under its own conditions.

    Any number of sweepers share the work: what one of them decides is not among the next one's.
    """
    waiting = Complaint.objects.filter(status=Status.FILED)
    if only is not None:
        waiting = waiting.filter(pk__in=only)
    waiting = waiting.select_related("picked_enterprise", "service_region", "handling_region").order_by("id")
    with transaction.atomic():
        cases = list(waiting.select_for_update(skip_locked=True, of=("self",))[: min(limit, MOST)])
        return _forward(cases, now=now, conditions=conditions or Conditions.at(now)) if cases else 0


def _forward(cases: Sequence[Complaint], *, now: dt.datetime, conditions: Conditions) -> int:
    decisions = decide(cases, now=now, conditions=conditions)
    conditions.read_ahead(
        made.enterprise_id for made in decisions.values() if isinstance(made, Match) and made.enterprise_id is not None
    )
    moves = {case.pk: _move(case, decisions[case.pk]) for case in cases}
    done = _take(moves, now=now, conditions=conditions)
    again = {
        taken.complaint.pk: _refer(_held(decisions[taken.complaint.pk], Reason(taken.refusal.code)))
        for taken in done
        if taken.refusal is not None and taken.complaint.status == Status.FILED
    }
    if again:
        done = [taken for taken in done if taken.is_done] + _take(again, now=now, conditions=conditions)
    return sum(taken.is_done for taken in done)


def decide(cases: Sequence[Complaint], *, now: dt.datetime, conditions: Conditions) -> dict[int, Match | NoMatch]:
    """The decision for each case; a fixed number of queries, and a fixed number more where some name nobody."""
    day = conditions.calendar.local_day(now)
    facts = {case.pk: facts_of(case, on=day) for case in cases}
    rules = all_rules()
    directory = snapshot(facts.values(), rules)
    chosen = {case.pk: _choose(case, facts[case.pk], rules, directory) for case in cases}
    chosen = with_mentioned(cases, chosen, facts, rules)
    return may_go(cases, chosen, directory, conditions=conditions)


def may_go(
    cases: Sequence[Complaint], chosen: Mapping[int, Match | NoMatch], directory: Directory, *, conditions: Conditions
) -> dict[int, Match | NoMatch]:
    """What was chosen for each case, or why a person decides all the same; two queries."""
    earlier = _earlier_filings(cases)
    had = _had_the_case(cases)
    decisions: dict[int, Match | NoMatch] = {}
    for case in cases:
        decision = chosen[case.pk]
        hurdle = _hurdle(case, earlier=earlier[case.pk], conditions=conditions)
        target = decision.enterprise_id if isinstance(decision, Match) else None
        if (
            hurdle is None
            and target is not None
            and not _may_have_it(case, target, had=had[case.pk], conditions=conditions)
        ):
            hurdle = Reason("no_consent", directory.enterprises[target].names)
        decisions[case.pk] = decision if hurdle is None else _held(decision, hurdle)
    return decisions


def facts_of(case: Complaint, *, on: dt.date) -> Facts:
    """What a complaint says about who should answer."""
    facts = facts_with(case, case.service_region or case.handling_region, address=address_of(case), on=on)
    return replace(facts, is_returned=True) if case.returns else facts


def address_of(case: Complaint) -> str:
    """Where the consumer says that the enterprise is."""
    text: str = case.respondent_details.get("address", "")
    return text


def facts_with(case: Any, region: Region, *, address: str | None, on: dt.date) -> Facts:
    """`facts_of` for a case, or for what was read of its columns (judging.Recorded)."""
    return Facts(
        on=on,
        region_id=region.pk,
        region_name=region.name,
        region_name_en=region.name_en,
        enterprise_id=case.picked_enterprise_id,
        branch_id=case.picked_branch_id,
        brand_ids=(case.picked_brand_id,) if case.picked_brand_id else (),
        named=case.respondent_named,
        categories=tuple(filter(None, (case.object_category, case.problem_category))),
        channel=case.channel,
        address=address,
    )


def _choose(case: Complaint, facts: Facts, rules: Sequence[Rule], directory: Directory) -> Match | NoMatch:
    try:
        return choose(facts, rules, directory)
    except Exception:
        log.exception("routing failed for case %s", case.number)
        return NoMatch(reason="routing_failed", why=(Reason("routing_failed"),), suggestions=())


def _held(decision: Match | NoMatch, hurdle: Reason) -> NoMatch:
    """A person decides, with what routing would have done as the first suggestion."""
    return NoMatch(
        reason=hurdle.code,
        why=(*decision.why, hurdle),
        suggestions=decision.candidates if isinstance(decision, Match) else decision.suggestions,
        rule=decision.rule,
        version=decision.version,
    )


def _hurdle(case: Complaint, *, earlier: int, conditions: Conditions) -> Reason | None:
    """What keeps a case from going on by itself, whoever would answer."""
    if not case.contact_verified and not UNPROVABLE & set(case.absent):
        return Reason("contact_unverified")
    if case.facts.get("voice") and not case.facts.get("voice_written") and case.facts.get("voice_only"):
        return Reason("statement_by_voice")
    region_id = case.handling_region_id
    most = conditions.policies.number("filings_per_day", region_id).number
    if earlier + 1 >= most:
        return Reason("many_filings", {"count": earlier + 1})
    if case.returns >= conditions.policies.number("returns_before_person", region_id).number:
        return Reason("returned_twice")
    if case.consents.get("share_with_enterprise") is False:
        return Reason("left_to_authority")
    return None


def _may_have_it(case: Complaint, enterprise_id: int, *, had: set[int], conditions: Conditions) -> bool:
    """Consent to that legal entity; an enterprise that returns a case cannot give it for the consumer."""
    if had and enterprise_id not in had and enterprise_id not in case.consents.get("entities", []):
        return "consents" in case.absent
    return consented(case, enterprise_id, conditions=conditions)


def _earlier_filings(cases: Sequence[Complaint]) -> Counter[int]:
    first = min(case.filed_at for case in cases) - DAY
    last = max(case.filed_at for case in cases)
    by_person: dict[Any, list[tuple[dt.datetime, int]]] = defaultdict(list)
    rows = Complaint.objects.filter(
        consumer_key__in={case.consumer_key for case in cases}, filed_at__gt=first, filed_at__lte=last
    ).values_list("consumer_key", "filed_at", "id")
    for key, filed_at, case_id in rows:
        by_person[key].append((filed_at, case_id))
    counts: Counter[int] = Counter()
    for case in cases:
        counts[case.pk] = sum(
            (filed_at, case_id) < (case.filed_at, case.pk) and filed_at > case.filed_at - DAY
            for filed_at, case_id in by_person[case.consumer_key]
        )
    return counts


def _had_the_case(cases: Sequence[Complaint]) -> dict[int, set[int]]:
    returned = [case.pk for case in cases if case.returns]
    had: dict[int, set[int]] = defaultdict(set)
    if returned:
        for case_id, enterprise_id in Engagement.objects.filter(complaint_id__in=returned).values_list(
            "complaint_id", "enterprise_id"
        ):
            had[case_id].add(enterprise_id)
    return had


def _move(case: Complaint, decision: Match | NoMatch) -> Move:
    if isinstance(decision, NoMatch) or decision.enterprise_id is None:
        return _refer(decision)
    return forward(enterprise_id=decision.enterprise_id, branch_id=decision.branch_id, because=explanation(decision))


def _refer(decision: Match | NoMatch) -> Move:
    reason = decision.reason if isinstance(decision, NoMatch) else "rule_to_authority"
    return refer_to_triage(reason=reason, explanation=explanation(decision))


def explanation(decision: Match | NoMatch) -> dict[str, Any]:
    """The decision as it is stored: codes with values, never sentences."""
    is_match = isinstance(decision, Match)
    candidates = decision.candidates if isinstance(decision, Match) else decision.suggestions
    return {
        "rule": decision.rule,
        "version": decision.version,
        "confidence": decision.confidence if isinstance(decision, Match) else "",
        "authority_id": decision.authority_id if isinstance(decision, Match) else None,
        "is_match": is_match,
        "why": [why.as_json() for why in decision.why],
        "candidates": [candidate.as_json() for candidate in candidates],
    }


def _take(moves: Mapping[int, Move], *, now: dt.datetime, conditions: Conditions) -> list[StepResult]:
    """All at once; if one case breaks the batch, each by itself."""
    steps = [(case_id, move, SYSTEM) for case_id, move in moves.items()]
    if len(steps) > 1:
        try:
            return take_each(steps, now=now, conditions=conditions, skip_locked=True)
        except Exception:
            log.exception("a batch of %s cases failed; each is tried by itself", len(steps))
    done: list[StepResult] = []
    for step in steps:
        refusal = StepNotAllowed("routing_failed")
        try:
            done += take_each([step], now=now, conditions=conditions, skip_locked=True)
            continue
        except StepNotAllowed as refused:
            refusal = refused
        except Exception:
            log.exception("case %s could not be moved on", step[0])
        done += [StepResult(case, refusal) for case in Complaint.objects.filter(pk=step[0])]
    return done


def sweep_successions(*, now: datetime, limit: int = BATCH) -> int:
    """Pass up to ``limit`` open cases on (procedure, section 3, `pass_to_successor`); how many went.

    A case that another sweeper holds is skipped, and taken by the next sweep.
    """
    conditions = Conditions.at(now)
    day = conditions.calendar.local_day(now)
    heirs = _heirs(day)
    if not heirs:
        return 0
    left = Complaint.objects.filter(OPEN, enterprise_id__in=heirs).order_by("id")
    cases = list(left.select_related("picked_enterprise", "service_region", "handling_region")[:limit])
    if not cases:
        return 0
    branches = _branches(cases, heirs, on=day)
    moves = {
        case.pk: pass_to_successor(enterprise_id=heirs[case.enterprise_id or 0], branch_id=branches.get(case.pk))
        for case in cases
    }
    steps = [(pk, move, SYSTEM) for pk, move in moves.items()]
    return sum(taken.is_done for taken in take_each(steps, now=now, conditions=conditions, skip_locked=True))


def _heirs(day: date) -> dict[int, int]:
    """For each entity that ended or merged: the one enterprise that answers on that day and can receive."""
    after: dict[int, set[int]] = {}
    for old, new in Succession.objects.filter(on_day__lte=day).values_list("predecessor_id", "successor_id"):
        after.setdefault(old, set()).add(new)
    last = {old: _last(old, after) for old in after}
    enrolled = Enterprise.objects.filter(enrolment=Enterprise.Enrolment.ENROLLED)
    able = set(enrolled.filter(pk__in=set().union(*last.values())).values_list("pk", flat=True))
    return {old: next(iter(result)) for old, result in last.items() if len(result) == 1 and result <= able}


def _last(old: int, after: Mapping[int, set[int]]) -> set[int]:
    """Those at the end of all ways from here; none where they go round in a circle."""
    result, seen, waiting = set(), {old}, set(after[old])
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in after:
            waiting |= after[one]
        else:
            result.add(one)
    return result


def _branches(cases: Sequence[Complaint], heirs: Mapping[int, int], *, on: date) -> dict[int, int | None]:
    """Which branch of the successor answers, where the rules of forwarding lead there; else its headquarters does."""
    facts = {case.pk: facts_of(case, on=on) for case in cases}
    known = all_rules()
    directory = snapshot(facts.values(), known)
    result: dict[int, int | None] = {}
    for case in cases:
        chosen = choose(facts[case.pk], known, directory)
        if isinstance(chosen, Match) and chosen.enterprise_id == heirs[case.enterprise_id or 0]:
            result[case.pk] = chosen.branch_id
    return result
