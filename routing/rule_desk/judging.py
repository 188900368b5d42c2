"""Recorded cases by the rules as they were and as they would be, each distinct input decided once.

Columns are read, no rows are built and nothing sealed is opened, until a decision hangs on an address.
What is kept between two pieces is a decision, never a case.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from operator import itemgetter
from typing import Any, NamedTuple

from authorities.models import Region
from complaints.handling.steps.authority import consents_cover
from complaints.models import Complaint, Engagement
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Outcome, Status
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.directory.answering import category_matches
from routing.directory_changes.previewing import Destination, cases_of, place_of
from routing.forwarding.forwarding import address_of, facts_with
from routing.rules.directory import snapshot
from routing.rules.facts import AddressWanted, Directory, Facts, Rule
from routing.rules.matching import choose

#: So many decisions are kept; then they are forgotten and begun anew, so that memory holds however many cases there
#: are.
MOST_KEPT = 20_000
#: Where a case lies that an authority kept although no enterprise had it.
_WITH_AUTHORITY = frozenset({Status.REVIEW, Status.AWAITING_MATERIAL, Status.MEDIATING, Status.MEDIATION_SUSPENDED})
_KEPT_BY_AUTHORITY = frozenset({Outcome.MEDIATED, Outcome.MEDIATION_TERMINATED, Outcome.REFUSED})


class Recorded(NamedTuple):
    """What routing reads of a case; the names are those of its columns."""

    pk: int
    received_at: datetime
    service_region_id: int | None
    handling_region_id: int
    picked_enterprise_id: int | None
    picked_branch_id: int | None
    picked_brand_id: int | None
    respondent_named: str
    object_category: str
    problem_category: str
    channel: str
    status: str
    outcome: str


#: What of its columns makes the facts; with the day of receipt nothing else does.
_FACTS = itemgetter(*range(Recorded._fields.index("service_region_id"), Recorded._fields.index("status")))


@dataclass(frozen=True, slots=True)
class Right:
    """Who kept the case in the end: an enterprise (in this branch), or an authority."""

    enterprise: int | None
    branch: int | None


@dataclass(frozen=True, slots=True)
class Decided:
    """Where a case goes by the rules as they were and as they would be; ``is_by_rule``: the changed rule decides."""

    before: Destination
    after: Destination
    is_by_rule: bool

    @property
    def moves(self) -> bool:
        """To a person before and after is no other way."""
        return self.before != self.after and not (self.before.reason and self.after.reason)


class Judged(NamedTuple):
    """One case that the change touches."""

    pk: int
    made: Decided
    right: Right | None
    needs_consent: bool


@dataclass(slots=True)
class TrialRules:
    """The rules of one trial and what was decided by them so far; it lives for one sweep."""

    code: str
    before: Sequence[Rule]
    after: Sequence[Rule]
    decided: dict[Facts, Decided] = field(default_factory=dict)
    regions: dict[int, Region] = field(default_factory=dict)

    @property
    def mine(self) -> list[Rule]:
        return [rule for rule in (*self.before, *self.after) if rule.code == self.code]


def judged(rows: Sequence[Recorded], known: TrialRules, *, now: datetime) -> Iterator[Judged]:
    """Those of these cases that the change decides or moves. A fixed number of queries."""
    groups = _groups(rows, known)
    made = _decided(groups, known)
    touched = [
        (row, made[facts])
        for facts, cases in groups.items()
        for row in cases
        if made[facts].is_by_rule or made[facts].moves
    ]
    right = kept_by([row for row, _made in touched])
    moved = [(row.pk, one.after) for row, one in touched if not one.after.reason and one.before != one.after]
    asked = _asked([(pk, after.enterprise) for pk, after in moved if after.enterprise is not None], now=now)
    for row, one in touched:
        yield Judged(row.pk, one, right.get(row.pk), row.pk in asked)


def _groups(rows: Sequence[Recorded], known: TrialRules) -> dict[Facts, list[Recorded]]:
    """By what routing reads of them; without those that the rule cannot apply to, as it was and as it would be."""
    wanted = {pk for row in rows for pk in (row.service_region_id, row.handling_region_id) if pk is not None}
    if missing := wanted - known.regions.keys():
        known.regions |= Region.objects.in_bulk(missing)
    alike: dict[tuple[date, tuple[Any, ...]], list[Recorded]] = defaultdict(list)
    for row in rows:
        alike[row.received_at.astimezone(SHANGHAI).date(), _FACTS(row)].append(row)
    groups: dict[Facts, list[Recorded]] = defaultdict(list)
    for (day, _text), cases in alike.items():
        region = known.regions[cases[0].service_region_id or cases[0].handling_region_id]
        facts = facts_with(cases[0], region, address=None, on=day)
        if any(may_apply(rule, facts) for rule in known.mine):
            groups[facts] += cases
    return groups


def _decided(groups: dict[Facts, list[Recorded]], known: TrialRules) -> dict[Facts, Decided]:
    """The decision for each; what hangs on an address comes apart by it, in ``groups`` too."""
    result = {facts: known.decided[facts] for facts in groups if facts in known.decided}
    fresh = [facts for facts in groups if facts not in result]
    if not fresh:
        return result
    directory = snapshot(fresh, (*known.before, *known.mine), suggests=False)
    if len(known.decided) + len(fresh) > MOST_KEPT:
        known.decided.clear()
    by_address: list[Facts] = []
    for facts in fresh:
        try:
            result[facts] = known.decided[facts] = _both(facts, known, directory)
        except AddressWanted:
            by_address.append(facts)
    for facts, row, address in _addresses(groups, by_address):
        there = replace(facts, address=address)
        groups[there] = [*groups.get(there, ()), row]
        result[there] = _both(there, known, directory)
    return result


def _addresses(groups: dict[Facts, list[Recorded]], wanted: Iterable[Facts]) -> list[tuple[Facts, Recorded, str]]:
    """Where the consumers of these cases say that the enterprise is; they leave their groups."""
    rows = {row.pk: (facts, row) for facts in wanted for row in groups.pop(facts)}
    return [(*rows[case.pk], address_of(case)) for case in cases_of(list(rows))] if rows else []


def _both(facts: Facts, known: TrialRules, directory: Directory) -> Decided:
    then = choose(facts, known.after, directory)
    return Decided(place_of(choose(facts, known.before, directory)), place_of(then), then.rule == known.code)


def _asked(cases: Sequence[tuple[int, int | None]], *, now: datetime) -> set[int]:
    """Those of these cases (with whom they would go to) whose consumers would have to be asked first."""
    goes = dict(cases)
    if not goes:
        return set()
    conditions = Conditions.at(now)
    given = Complaint.objects.filter(pk__in=goes).values_list("pk", "consents", "absent")
    return {pk for pk, held, absent in given if not consents_cover(held, absent, goes[pk] or 0, conditions=conditions)}


def may_apply(rule: Rule, facts: Facts) -> bool:
    """Whether a rule might match; what brands and names lead to is only known with the directory."""
    if (rule.channel and rule.channel != facts.channel) or not rule.holds_at(facts.region_id):
        return False
    if not category_matches(rule.category, facts.categories) or (rule.named and rule.named != facts.written):
        return False
    if rule.brand_id is not None:
        return rule.brand_id in facts.brand_ids or bool(facts.named.strip())
    return rule.enterprise_id is None or facts.enterprise_id is not None or bool(facts.brand_ids or facts.named.strip())


def kept_by(cases: Sequence[Recorded]) -> Mapping[int, Right]:
    """Where each case was in the end; none where that is not known yet. One query."""
    result: dict[int, Right] = {}
    kept = Engagement.objects.filter(complaint_id__in=[case.pk for case in cases]).exclude(odr_result="returned")
    stages: Any = kept.order_by("complaint_id", "-pk").distinct("complaint_id")
    rows = (
        {
            pk: (enterprise, branch, accepted is not None or until is not None)
            for pk, enterprise, branch, accepted, until in stages.values_list(
                "complaint_id", "enterprise_id", "branch_id", "accepted_at", "until_at"
            )
        }
        if cases
        else {}
    )
    for case in cases:
        if case.pk in rows:
            enterprise, branch, is_known = rows[case.pk]
            if is_known:
                result[case.pk] = Right(enterprise, branch)
        elif case.status in _WITH_AUTHORITY or case.outcome in _KEPT_BY_AUTHORITY:
            result[case.pk] = Right(None, None)
    return result


def is_right(made: Destination, right: Right) -> bool | None:
    """Whether routing named who kept the case; None where it left that to a person."""
    if made.reason:
        return None
    if right.enterprise is None or made.enterprise is None:
        return right.enterprise is None and made.enterprise is None
    return made.enterprise == right.enterprise and right.branch in (None, made.branch)
