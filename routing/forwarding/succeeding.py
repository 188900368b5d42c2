"""Open cases of an entity that another one answers for go to that one, on the day on which it begins to.

Only where it is certain who answers now: one successor, in the end, that can receive cases. Of an enterprise
that was divided, each case stays where it is until somebody hands it back; so do those whose successor has no account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from complaints.handling import take_each
from complaints.handling.steps.authority import pass_to_successor
from complaints.models import Complaint
from complaints.models.complaint import OPEN
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from enterprises.models import Enterprise, Succession
from routing.forwarding import forwarding
from routing.rules.directory import rules, snapshot
from routing.rules.facts import Match
from routing.rules.matching import choose


def sweep_successions(*, now: datetime, limit: int = forwarding.BATCH) -> int:
    """Pass up to ``limit`` open cases on (procedure, section 3, `pass_to_successor`); how many went.

    A case that another sweeper holds is skipped, and taken by the next sweep.
    """
    conditions = Conditions.at(now)
    day = conditions.calendar.local_day(now)
    heirs = _heirs(day)
    if not heirs:
        return 0
    cases = list(
        Complaint.objects.filter(OPEN, enterprise_id__in=heirs)
        .order_by("id")
        .select_related("picked_enterprise", "service_region", "handling_region")[:limit]
    )
    if not cases:
        return 0
    branches = _branches(cases, heirs, on=day)
    moves = [
        (
            case.pk,
            pass_to_successor(enterprise_id=heirs[case.enterprise_id or 0], branch_id=branches.get(case.pk)),
            SYSTEM,
        )
        for case in cases
    ]
    return sum(taken.is_done for taken in take_each(moves, now=now, conditions=conditions, skip_locked=True))


def _heirs(day: date) -> dict[int, int]:
    """Who answers on that day for each entity that ended or merged, where that is one enterprise that can receive
    cases."""
    after: dict[int, set[int]] = {}
    for old, new in Succession.objects.filter(on_day__lte=day).values_list("predecessor_id", "successor_id"):
        after.setdefault(old, set()).add(new)
    last = {old: _last(old, after) for old in after}
    able = set(
        Enterprise.objects.filter(
            pk__in={pk for found in last.values() for pk in found}, enrolment=Enterprise.Enrolment.ENROLLED
        ).values_list("pk", flat=True)
    )
    return {old: next(iter(found)) for old, found in last.items() if len(found) == 1 and found <= able}


def _last(old: int, after: Mapping[int, set[int]]) -> set[int]:
    """Those at the end of all ways from here; none where they go round in a circle."""
    found, seen, waiting = set(), {old}, set(after[old])
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in after:
            waiting |= after[one]
        else:
            found.add(one)
    return found


def _branches(cases: Sequence[Complaint], heirs: Mapping[int, int], *, on: date) -> dict[int, int | None]:
    """Which branch of the successor answers, where the rules of forwarding lead there; else its headquarters does."""
    facts = {case.pk: forwarding.facts_of(case, on=on) for case in cases}
    known = rules()
    directory = snapshot(facts.values(), known)
    found: dict[int, int | None] = {}
    for case in cases:
        chosen = choose(facts[case.pk], known, directory)
        if isinstance(chosen, Match) and chosen.enterprise_id == heirs[case.enterprise_id or 0]:
            found[case.pk] = chosen.branch_id
    return found
