"""What an officer should know of a case before it is distributed: twins, copies, bursts, art. 17, what is missing.

A signal decides nothing, stands in no record and is told to no party (procedure, section 9).
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from authorities.policies import Policies
from complaints.models.evidence import EvidenceKind
from complaints.procedure.filing_request import AGENT, JOINT, SELF
from complaints.procedure.workflow import Outcome
from complaints.record import person_digests

#: So many complaints of one person within the days that are looked back, in all and against one respondent.
OFTEN, OFTEN_HERE = 6, 4
#: More people than this under one telephone are no family.
FAMILY = 3
#: One text of so many people, cases beside this one counted.
COPIES = 2
#: Against one respondent in a local day: at least so many, and so many times the mean of the days before.
BURST, TIMES_USUAL = 10, 4
DAYS_BEFORE = 7
#: Other people with the same thing and the same problem within those days.
JOINT_OTHERS = 2
#: So many cases are named beside a signal.
NAMED = 5

#: What shows that somebody bought something.
PROOF = frozenset({EvidenceKind.RECEIPT, EvidenceKind.CONTRACT, EvidenceKind.SCREENSHOT})
_REPORT = re.compile(r"举报|查处|处罚|立案|吊销|无证|无照|假冒|伪劣|三无|违法")


@dataclass(frozen=True, slots=True)
class Signal:
    """``code`` with its ``values`` is put into words by labels_signals; ``cases`` are the numbers behind it, newest
    first.

    ``day`` with ``respondent`` leads to a list instead, where there are too many to name.
    """

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    cases: tuple[str, ...] = ()
    day: date | None = None
    respondent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One complaint as far as signals compare it; digests instead of what only its own people may read."""

    pk: int
    number: str
    person: UUID | None
    filed_at: datetime
    day: date
    #: Whom it is against, in one form (``respondent_key``), and every form under which others may name the same one.
    respondent: str
    respondents: frozenset[str] = frozenset()
    respondent_id: int | None = None
    has_place: bool = True
    problem: str = ""
    item: str = ""
    outcome: str = ""
    behalf: str = SELF
    at_station: bool = False
    absent: tuple[str, ...] = ()
    phones: frozenset[bytes] = frozenset()
    orders: frozenset[bytes] = frozenset()
    names: frozenset[bytes] = frozenset()
    marks: frozenset[bytes] = frozenset()
    statement: str = ""
    texts: frozenset[str] = frozenset()
    proofs: frozenset[str] = frozenset()
    matters: frozenset[str] = frozenset()
    has_voice: bool = False
    #: Kinds of signs that an officer took away after the person objected.
    removed: frozenset[str] = frozenset()
    #: The statement as it is compared with each of the others.
    letters: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "letters", person_digests.bare(self.statement))


@dataclass(frozen=True, slots=True)
class DayCount:
    """Against one respondent on one local day."""

    respondent: str
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around the cases of one question: other cases, and how many a day each respondent has. ``looked_back``:
    so far back a duplicate is looked for (procedure, section 9), and how often one person complains."""

    others: Sequence[Facts] = ()
    same_thing: Sequence[Facts] = ()
    days: Sequence[DayCount] = ()
    looked_back: timedelta = timedelta()


def looked_back(policies: Policies, region_id: int | None) -> timedelta:
    """How far back by the number in force there."""
    return timedelta(days=policies.number("duplicate_days", region_id).number)


def signals_for(here: Facts, around: Around) -> list[Signal]:
    """All signals of one case, the weightiest first; pure."""
    others = [other for other in around.others if other.pk != here.pk]
    recent = [other for other in others if abs(other.filed_at - here.filed_at) <= around.looked_back]
    own = {other.pk: other for other in recent if same_person(here, other)}
    found = [
        *_twins(here, recent, own, around.looked_back.days),
        *_burst(here, around),
        *_joint(here, around),
        *_frequent(here, own.values(), around.looked_back.days),
        *_shared_contact(here, others),
        *_copied(here, others),
        *_no_proof(here),
        *_missing(here),
        *_report(here),
    ]
    return [one for one in found if one.code not in here.removed]


def same_person(here: Facts, other: Facts) -> bool:
    """One account, or one telephone under one name."""
    if here.person is not None and here.person == other.person:
        return True
    return bool(here.phones & other.phones) and bool(here.names & other.names)


def _is_same_respondent(here: Facts, other: Facts) -> bool:
    return bool(here.respondents & other.respondents)


def _twins(here: Facts, recent: Iterable[Facts], own: Collection[int], days: int) -> list[Signal]:
    """Same consumer, respondent and order or text; and the same order of somebody else. ``own``: the ids of those that
    are of the same person."""
    again: dict[str, list[Facts]] = defaultdict(list)
    for other in recent:
        if other.outcome == Outcome.WITHDRAWN:
            continue
        has_order = bool(here.orders & other.orders) and _is_same_respondent(here, other)
        if other.pk in own:
            if has_order:
                again["duplicate_order"].append(other)
            elif person_digests.bare_likeness(here.letters, other.letters):
                again["duplicate_text"].append(other)
        elif has_order:
            again["order_of_another"].append(other)
    return [
        _signal(code, again[code], days=days)
        for code in ("duplicate_order", "duplicate_text", "order_of_another")
        if again[code]
    ]


def _signal(code: str, cases: Iterable[Facts], **values: str | int) -> Signal:
    results = sorted(cases, key=lambda other: other.filed_at, reverse=True)
    return Signal(code, {"n": len(results), **values}, tuple(other.number for other in results[:NAMED]))


def bursts(days: Iterable[DayCount]) -> dict[tuple[str, date], tuple[int, int]]:
    """(respondent, local day) → (cases of that day, usual a day) where there were unusually many."""
    by_day: dict[str, dict[date, int]] = defaultdict(dict)
    for one in days:
        by_day[one.respondent][one.day] = by_day[one.respondent].get(one.day, 0) + one.count
    result = {}
    for respondent, counts in by_day.items():
        for day, count in counts.items():
            before = sum(n for other, n in counts.items() if day - timedelta(days=DAYS_BEFORE) <= other < day)
            if count >= BURST and count * DAYS_BEFORE >= TIMES_USUAL * before:
                result[respondent, day] = count, round(before / DAYS_BEFORE)
    return result


def _burst(here: Facts, around: Around) -> list[Signal]:
    result = bursts(around.days).get((here.respondent, here.day)) if here.respondent else None
    if result is None:
        return []
    return [Signal("burst", {"n": result[0], "usual": result[1]}, day=here.day, respondent=here.respondent_id)]


def _joint(here: Facts, around: Around) -> list[Signal]:
    """Others with the same thing and problem against the same respondent: one dispute of several people (art. 12)?"""
    people: dict[Any, Facts] = {}
    for other in around.same_thing:
        if (
            other.pk != here.pk
            and _is_same_respondent(here, other)
            and other.problem == here.problem
            and here.problem
            and other.item == here.item
            and here.item
            and not same_person(here, other)
            and abs(other.filed_at - here.filed_at) <= timedelta(days=DAYS_BEFORE)
        ):
            people.setdefault(other.person, other)
    return [_signal("joint", people.values())] if len(people) >= JOINT_OTHERS else []


def _frequent(here: Facts, own: Collection[Facts], days: int) -> list[Signal]:
    """``own``: of the same person."""
    at_one = [other for other in own if _is_same_respondent(here, other)]
    if len(at_one) + 1 >= OFTEN_HERE:
        return [_signal("frequent_here", at_one, total=len(at_one) + 1, days=days)]
    return [_signal("frequent", own, total=len(own) + 1, days=days)] if len(own) + 1 >= OFTEN else []


def _is_for_itself(facts: Facts) -> bool:
    """At a station one telephone is everybody's, and who speaks for others uses the own one."""
    return not facts.at_station and facts.behalf == SELF


def _shared_contact(here: Facts, others: Iterable[Facts]) -> list[Signal]:
    """One telephone under more names than a family has."""
    if not _is_for_itself(here) or not here.phones:
        return []
    sharing = [
        other
        for other in others
        if other.phones & here.phones and _is_for_itself(other) and other.names and not other.names & here.names
    ]
    people = len({min(other.names) for other in sharing}) + 1
    return [_signal("shared_contact", sharing, people=people)] if people > FAMILY else []


def _copied(here: Facts, others: Iterable[Facts]) -> list[Signal]:
    copies = [
        (other, person_digests.bare_likeness(here.letters, other.letters))
        for other in others
        if other.marks & here.marks and not same_person(here, other)
    ]
    copies = [(other, like) for other, like in copies if like]
    if len({other.person for other, _like in copies}) < COPIES:
        return []
    return [_signal("copied_text", [other for other, _like in copies], least=min(like for _other, like in copies))]


def _no_proof(here: Facts) -> list[Signal]:
    if here.orders or here.proofs & PROOF or {"evidence", "order_no"} <= set(here.absent):
        return []
    return [Signal("no_proof")]


def _missing(here: Facts) -> list[Signal]:
    """What art. 10 asks for, of a representative art. 11, of several art. 12; each by itself."""
    lacks = [
        kind
        for kind in ("consumer_name", "consumer_phone", "consumer_address")
        if kind not in here.texts and kind not in here.absent
    ]
    if not here.respondent:
        lacks.append("respondent")
    elif not here.has_place:
        lacks.append("respondent_place")
    if not here.statement and "statement" not in here.absent:
        lacks.append("voice" if here.has_voice else "statement")
    if "demands" in here.absent:
        lacks.append("demands")
    if here.behalf == AGENT and "power" in here.matters:
        lacks.append("power")
    if here.behalf == JOINT and "consumer_representatives" not in here.texts:
        lacks.append("representatives")
    return [Signal("missing", {"what": what}) for what in lacks]


def _report(here: Facts) -> list[Signal]:
    """Words of a report in the statement, as long as none was split off (art. 9)."""
    if "report" in here.matters:
        return []
    texts = list(dict.fromkeys(_REPORT.findall(here.statement)))
    return [Signal("report", {"words": "、".join(texts)})] if texts else []
