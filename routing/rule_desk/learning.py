"""What officers' choices teach: lessons that may become rules, how each rule fares, how often a case was misrouted.

Counted from what was decided and kept at the time, never from a reason that somebody typed. A lesson is said when at
least three corrections agree and at least four of five choices for the same facts point the same way; only people make
a rule of it. A misroute is a stage at an enterprise that ended with the case given back, unless as a duplicate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from authorities.models import Region
from complaints.handling.steps import jurisdiction
from complaints.models import Complaint, Deadline, Engagement, ForwardingDecision
from complaints.procedure.workflow import Clock
from enterprises.directory.spelling import fold_name
from routing.models import Lesson, RuleUse

DAYS = 90
FEWEST, SHARE = 3, 0.8
MOST_CASES = 20
PIECE = 1000
#: Counted so often.
EVERY = timedelta(hours=1)
#: The rule of a decision that an officer made (complaints.pages.authority.triage.targets.because_of).
OFFICER = "officer"
#: A case that was sent back as one that the enterprise has already was sent to the right one.
NO_MISROUTE = ("duplicate", "succession")
#: Of a decision to forward: the enterprise gave the case back.
WAS_MISROUTED = Exists(
    Engagement.objects.filter(complaint=OuterRef("complaint"), from_at=OuterRef("at"), odr_result="returned").exclude(
        ended_by__in=NO_MISROUTE
    )
)
_LEVELS = frozenset({Region.Level.COUNTRY, Region.Level.PROVINCE, Region.Level.CITY, Region.Level.COUNTY})

Target = tuple[int, "int | None"]


@dataclass(frozen=True, slots=True)
class Plain:
    """The plain facts that choices are grouped by."""

    kind: str
    subject: str
    category: str
    region_id: int


@dataclass(slots=True)
class Group:
    """All choices for the same facts."""

    total: int = 0
    chosen: Counter[Target] = field(default_factory=Counter)
    corrected: Counter[Target] = field(default_factory=Counter)
    cases: dict[Target, list[int]] = field(default_factory=lambda: defaultdict(list))
    named: str = ""

    def lesson(self) -> Target | None:
        """Where the choices point, if enough of them do."""
        if not self.chosen:
            return None
        target, agree = self.chosen.most_common(1)[0]
        enough = self.corrected[target] >= FEWEST and agree >= SHARE * self.total
        return target if enough else None


def sweep_lessons(*, now: datetime, every: timedelta = EVERY) -> int:
    """Count anew if that was not done within ``every``; returns how many lessons stand."""
    RuleUse.objects.get_or_create(code=OFFICER, defaults={"counted_at": now - 2 * every})
    # Whoever writes the moment counts; another sweep finds it written. What breaks is counted the next time.
    if not RuleUse.objects.filter(code=OFFICER, counted_at__lte=now - every).update(counted_at=now):
        return 0
    since = now - timedelta(days=DAYS)
    _count_uses(since, now=now)
    return _write_lessons(_groups(since), now=now)


def _count_uses(since: datetime, *, now: datetime) -> None:
    forwarded = Q(verdict="forward")
    rows = (
        ForwardingDecision.objects.filter(at__gt=since)
        .exclude(rule="")
        .order_by()
        .values("rule")
        .annotate(
            forwarded=Count("pk", filter=forwarded),
            held=Count("pk", filter=~forwarded),
            returned=Count("pk", filter=forwarded & Q(WAS_MISROUTED)),
        )
    )
    uses = {
        row["rule"]: RuleUse(
            code=row["rule"], forwarded=row["forwarded"], returned=row["returned"], held=row["held"], counted_at=now
        )
        for row in rows
    }
    uses.setdefault(OFFICER, RuleUse(code=OFFICER, counted_at=now))
    counts = ["forwarded", "returned", "held", "counted_at"]
    RuleUse.objects.bulk_create(uses.values(), update_conflicts=True, unique_fields=["code"], update_fields=counts)
    RuleUse.objects.filter(counted_at__lt=now).delete()


def _choices(since: datetime) -> Iterator[list[tuple[int, int, datetime]]]:
    """(decision, case, moment) of officers' choices, oldest first, in pieces."""
    rows = ForwardingDecision.objects.filter(rule=OFFICER, verdict="forward").order_by("at", "pk")
    at, pk = since, 0
    while True:
        piece = list(
            rows.filter(Q(at__gt=at) | Q(at=at, pk__gt=pk), at__gte=at).values_list("pk", "complaint_id", "at")[:PIECE]
        )
        if piece:
            yield piece
            pk, _case, at = piece[-1]
        if len(piece) < PIECE:
            return


def _groups(since: datetime) -> dict[Plain, Group]:
    """Four queries a piece; memory holds the groups, not the cases."""
    groups: dict[Plain, Group] = defaultdict(Group)
    places = _Places()
    for piece in _choices(since):
        ids = {case for _pk, case, _at in piece}
        columns = ("picked_enterprise", "picked_brand", "respondent_named", "object_category")
        rows = Complaint.objects.filter(pk__in=ids).only(*columns, "service_region", "handling_region")
        cases = {case.pk: case for case in rows}
        stages = {
            (case, at): (enterprise, branch, result)
            for case, at, enterprise, branch, result in Engagement.objects.filter(complaint_id__in=ids).values_list(
                "complaint_id", "from_at", "enterprise_id", "branch_id", "odr_result"
            )
        }
        given = _first_candidates(ids)
        places.read(case.service_region_id or case.handling_region_id for case in cases.values())
        for pk, case_id, at in piece:
            stage, case = stages.get((case_id, at)), cases.get(case_id)
            plain = _plain(case, places) if case is not None else None
            # What came back was no good choice either.
            if case is None or plain is None or stage is None or stage[2] == "returned":
                continue
            group, target = groups[plain], (stage[0], stage[1])
            group.total += 1
            group.named = group.named or case.respondent_named
            group.chosen[target] += 1
            if _before(given[case_id], pk) != target:
                group.corrected[target] += 1
            if len(group.cases[target]) < MOST_CASES:
                group.cases[target].append(case_id)
    return groups


def _first_candidates(ids: Iterable[int]) -> Mapping[int, list[tuple[int, Any]]]:
    """Of each case: (decision, its first candidate) of what routing said, in order."""
    result: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    rows = ForwardingDecision.objects.filter(complaint_id__in=ids).order_by("pk")
    rows = rows.exclude(rule=OFFICER).exclude(verdict=jurisdiction.VERDICT)
    for case, pk, first in rows.values_list("complaint_id", "pk", "explanation__candidates__0"):
        result[case].append((pk, first))
    return result


def _before(texts: Sequence[tuple[int, Any]], pk: int) -> Target | None:
    """What routing put first before an officer chose; None where it named nobody."""
    earlier = [first for decision, first in texts if decision < pk]
    if not earlier or not isinstance(earlier[-1], dict):
        return None
    return earlier[-1]["enterprise_id"], earlier[-1].get("branch_id")


def _plain(case: Complaint, places: _Places) -> Plain | None:
    """What the consumer said, in the columns of a rule; None where nobody was named."""
    place = places.county(case.service_region_id or case.handling_region_id)
    if place is None:
        return None
    if case.picked_enterprise_id is not None:
        return Plain("enterprise", str(case.picked_enterprise_id), case.object_category, place)
    if case.picked_brand_id is not None:
        return Plain("brand", str(case.picked_brand_id), case.object_category, place)
    written = fold_name(case.respondent_named)
    return Plain("named", written[:200], case.object_category, place) if written else None


class _Places:
    """The county of a place, or what is wider; regions are read once."""

    def __init__(self) -> None:
        self.rows: dict[int, Region] = {}

    def read(self, ids: Iterable[int]) -> None:
        wanted = set(ids) - self.rows.keys()
        while wanted:
            self.rows |= Region.objects.in_bulk(wanted)
            wanted = {
                row.parent_id for row in self.rows.values() if row.level not in _LEVELS and row.parent_id
            } - self.rows.keys()

    def county(self, region_id: int) -> int | None:
        row = self.rows.get(region_id)
        while row is not None and row.level not in _LEVELS:
            row = self.rows.get(row.parent_id or 0)
        return row.pk if row is not None else None


def _write_lessons(groups: Mapping[Plain, Group], *, now: datetime) -> int:
    """Those that stand are written anew, those that do not any more go; what was decided about one stays."""
    lessons = []
    for plain, group in groups.items():
        target = group.lesson()
        if target is not None:
            lessons.append(
                Lesson(
                    subject_kind=plain.kind,
                    subject=plain.subject,
                    words=group.named if plain.kind == "named" else "",
                    category=plain.category,
                    region_id=plain.region_id,
                    target_enterprise_id=target[0],
                    target_branch_id=target[1],
                    agree=group.chosen[target],
                    total=group.total,
                    cases=group.cases[target],
                    counted_at=now,
                )
            )
    Lesson.objects.bulk_create(
        lessons,
        update_conflicts=True,
        update_fields=["agree", "total", "cases", "counted_at", "words"],
        unique_fields=["subject_kind", "subject", "category", "region", "target_enterprise", "target_branch"],
    )
    Lesson.objects.filter(state=Lesson.State.OPEN, counted_at__lt=now, changes=None).delete()
    return len(lessons)


#: A formula that is counted differently from before gets the next number.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Misroutes:
    """``late`` are those mended too late and those that wait beyond the time limit; ``waiting`` have time left."""

    ended: int = 0
    misrouted: int = 0
    in_time: int = 0
    late: int = 0
    waiting: int = 0

    @property
    def judged(self) -> int:
        """Those whose time to be mended is over."""
        return self.in_time + self.late


def counted(ended: QuerySet[Engagement], *, now: datetime) -> Misroutes:
    """Of these stages, which ended in a period; one query. Of clocks that began in the moment of the return the newest
    is its own: an earlier one was of the filing, where a case was given back in the moment in which it came."""
    wrong = Q(odr_result="returned") & ~Q(ended_by__in=NO_MISROUTE)
    forwarding = Deadline.objects.filter(complaint=OuterRef("complaint"), clock=Clock.FORWARDING)
    newer = forwarding.filter(started_at=OuterRef("started_at"), pk__gt=OuterRef("pk"))
    clock = forwarding.filter(~Exists(newer), started_at=OuterRef("until_at"))
    over = Q(ended_at__isnull=True, due_at__lte=now) | Q(lapsed_at__isnull=False)
    result = ended.aggregate(
        ended=Count("pk", filter=~(Q(odr_result="returned") & Q(ended_by__in=NO_MISROUTE))),
        misrouted=Count("pk", filter=wrong),
        in_time=Count("pk", filter=wrong & Q(Exists(clock.filter(ended_at__isnull=False, lapsed_at__isnull=True)))),
        late=Count("pk", filter=wrong & Q(Exists(clock.filter(over)))),
        waiting=Count(
            "pk", filter=wrong & Q(Exists(clock.filter(ended_at__isnull=True, lapsed_at__isnull=True, due_at__gt=now)))
        ),
    )
    return Misroutes(**result)
