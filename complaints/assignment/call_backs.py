"""Which closed cases are called back: unknown before the month is over, the same whenever it is counted again.

A case is drawn when HMAC-SHA256(seed of the month, its number) falls below the policy's share; repeat complaints and
reopened cases are all called back. The digest of the seed is shown before the month, the seed after it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.keys import sealed_fields
from accounts.roles import Right, posts_of
from authorities.jurisdiction import on_leave
from authorities.models import Officer
from authorities.policies import Policies
from complaints.handling.steps.casework import NOT_HANDLING
from complaints.models import CallBack, CallBackMonth, CallBackSeed, Complaint, HandlingStep, Lease
from complaints.procedure.workflow import TABLE, Outcome, Status
from complaints.record.beside import draws

#: Who comes again within so many days comes again (procedure, section 7).
AGAIN = timedelta(days=60)
SHARE = "call_back_share"
RINGS = posts_of(TABLE["call_back"].by, "authority")
_BATCH = 500
#: The lease of whoever draws.
DRAWER = "call-backs"
_WHOLE = 1 << 64


def month_of(day: date) -> date:
    return day.replace(day=1)


def after(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=32)).replace(day=1)


def is_drawn(seed: str, number: str, share: int) -> bool:
    """Whether the case ``number`` is in the sample of ``share`` per hundred; the same for everybody who has the
    seed."""
    digest = hmac.new(bytes.fromhex(seed), number.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") * 100 < share * _WHOLE


def commitment(seed: str) -> str:
    return hashlib.sha256(bytes.fromhex(seed)).hexdigest()


def sweep_call_backs(*, now: datetime) -> int:
    """Seal the seeds of this month and the next, then draw what is over. Returns how many cases were drawn."""
    today = timezone.localdate(now)
    for month in (month_of(today), after(month_of(today))):
        _seal(month, now)
    waiting = list(CallBackMonth.objects.filter(drawn_at=None, month__lt=month_of(today)).order_by("month"))
    return sum(draw(month, now=now) for month in waiting)


def _seal(month: date, now: datetime) -> None:
    if CallBackMonth.objects.filter(month=month).exists():
        return
    seed = secrets.token_hex(32)
    with transaction.atomic():
        row, is_new = CallBackMonth.objects.get_or_create(
            month=month, defaults={"commitment": commitment(seed), "made_at": now}
        )
        if is_new:
            CallBackSeed.objects.create(month=row, seed=seed)
            draws.note_sealed(row, now=now)


def closed_in(month: date) -> QuerySet[Complaint]:
    """Cases that were closed in this month and are closed; what was no consumer complaint is left out."""
    return _closed_between(month, after(month))


def _closed_between(first: date, end: date) -> QuerySet[Complaint]:
    zone = timezone.get_default_timezone()
    since, until = (timezone.make_aware(datetime.combine(day, datetime.min.time()), zone) for day in (first, end))
    return Complaint.objects.filter(status=Status.CLOSED, closed_at__gte=since, closed_at__lt=until).exclude(
        outcome=Outcome.REDIRECTED
    )


def _ids_of(month: date) -> list[int]:
    """The cases of ``closed_in`` in their order. A day a statement, so that no month is too large for one; and not in
    the order of the cases, which would pass over all that were ever closed before it met the month's."""
    days = (month + timedelta(days=n) for n in range((after(month) - month).days))
    return sorted(
        pk for day in days for pk in _closed_between(day, day + timedelta(days=1)).values_list("pk", flat=True)
    )


def _with_why(cases: QuerySet[Complaint]) -> QuerySet[Complaint]:
    earlier = Complaint.objects.filter(
        consumer_key=OuterRef("consumer_key"),
        enterprise=OuterRef("enterprise"),
        filed_at__lt=OuterRef("filed_at"),
        filed_at__gte=OuterRef("filed_at") - AGAIN,
    ).exclude(Q(linked_group__isnull=False) & Q(linked_group=OuterRef("linked_group")))
    came_back = HandlingStep.objects.filter(complaint=OuterRef("pk"), step="reopen")
    return cases.annotate(is_repeat=Exists(earlier), is_reopened=Exists(came_back))


@dataclass(frozen=True, slots=True)
class SampledCase:
    """One case and why it is in the sample ("" when it is not)."""

    complaint: Complaint
    why: str
    share: int


def picked(month: date, seed: str) -> Iterator[list[SampledCase]]:
    """Every case of the month with the decision, a batch at a time."""
    policies = Policies.load(after(month) - timedelta(days=1))
    ids = _ids_of(month)
    cases = _with_why(closed_in(month)).order_by("pk")
    for start in range(0, len(ids), _BATCH):
        batch = []
        for case in cases.filter(pk__in=ids[start : start + _BATCH]):
            share = min(100, policies.number(SHARE, case.handling_region_id).number)
            why = "drawn" if is_drawn(seed, case.number, share) else ""
            if getattr(case, "is_reopened", False):
                why = "reopened"
            elif getattr(case, "is_repeat", False):
                why = "repeat"
            batch.append(SampledCase(case, why, share))
        yield batch


def draw(month: CallBackMonth, *, now: datetime) -> int:
    """Write the sample of one month, each case with somebody who did not handle it. Returns how many were written now.
    A batch is a transaction; who goes on after a kill finds what stands. The seed is shown with the last batch."""
    with Lease.objects.alone(DRAWER) as held:
        if held is None or not CallBackMonth.objects.filter(pk=month.pk, drawn_at=None).exists():
            return 0
        seed = CallBackSeed.objects.get(month=month).seed
        numbers, chosen, count = hashlib.sha256(), 0, 0
        people = People(timezone.localdate(now))
        people.count(CallBack.objects.filter(month=month))
        for batch in picked(month.month, seed):
            if not held.renew():
                # So slow that another one has begun: that one goes on.
                return chosen
            count += len(batch)
            for one in batch:
                numbers.update(one.complaint.number.encode() + b"\n")
            chosen += _write(month, batch, people)
        month.seed, month.drawn_at, month.population_digest = seed, now, numbers.hexdigest()
        month.population, month.drawn = count, CallBack.objects.filter(month=month).count()
        with transaction.atomic():
            month.save()
            draws.note_drawn(month, now=now)
    return chosen


def _write(month: CallBackMonth, batch: Sequence[SampledCase], people: People) -> int:
    ids = [one.complaint.pk for one in batch if one.why]
    with transaction.atomic():
        there = set(CallBack.objects.filter(month=month, complaint__in=ids).values_list("complaint_id", flat=True))
        handled = handlers_of(ids)
        rows = [
            CallBack(
                complaint=one.complaint,
                month=month,
                authority_id=one.complaint.handling_authority_id,
                why=one.why,
                share=one.share,
                officer=people.for_case(one.complaint, handled[one.complaint.pk]),
            )
            for one in batch
            if one.why and one.complaint.pk not in there
        ]
        CallBack.objects.bulk_create(rows)
    return len(rows)


def handlers_of(case_ids: Iterable[int]) -> dict[int, set[UUID]]:
    """Who of an authority took a step in each case, by person."""
    result: dict[int, set[UUID]] = defaultdict(set)
    steps = HandlingStep.objects.filter(
        complaint_id__in=list(case_ids), actor_role__in=Right.DECIDE_CASE.roles, name__isnull=False
    ).exclude(step__in=NOT_HANDLING)
    for case, key in steps.values_list("complaint_id", "name__person_key").distinct():
        result[case].add(key)
    return result


class People:
    """Who may ring at each authority on a day: handlers and heads, the one with the fewest first."""

    def __init__(self, day: date) -> None:
        self.load: Counter[int] = Counter()
        self.by_authority: dict[int, list[Officer]] = defaultdict(list)
        officers = list(
            Officer.objects.on(day)
            .filter(~Q(on_leave(day)), role__in=RINGS, user__is_active=True)
            .select_related("user")
            .order_by("pk")
        )
        sealed_fields.load_for(row.user for row in officers)
        for officer in officers:
            self.by_authority[officer.authority_id].append(officer)

    def count(self, rows: QuerySet[CallBack]) -> None:
        self.load.update(
            dict(rows.filter(officer__isnull=False).order_by().values_list("officer").annotate(n=Count("pk")))
        )

    def for_case(self, case: Complaint, handled: set[UUID]) -> Officer | None:
        """None where everybody there handled it: then somebody else of the region rings."""
        able = [
            row
            for row in self.by_authority.get(case.handling_authority_id, ())
            if row.user.person_key not in handled and row.pk != case.officer_id
        ]
        if not able:
            return None
        chosen = min(able, key=lambda row: (self.load[row.pk], row.pk))
        self.load[chosen.pk] += 1
        return chosen


def hand_over(*, now: datetime) -> int:
    """Open call-backs of whoever left or is on leave: to somebody who is at work and did not handle the case, else to
    nobody, where the list shows them. Returns how many moved."""
    day = timezone.localdate(now)
    gone = Officer.objects.filter(on_leave(day) | Q(ends_on__lt=day) | Q(user__is_active=False) | ~Q(role__in=RINGS))
    rows = list(
        CallBack.objects.filter(state="open", officer__in=gone).select_related("complaint").order_by("pk")[:_BATCH]
    )
    if not rows:
        return 0
    people, handled, moved = People(day), handlers_of([row.complaint_id for row in rows]), 0
    people.count(CallBack.objects.filter(state="open"))
    for row in rows:
        # Somebody may have rung meanwhile.
        still = CallBack.objects.filter(pk=row.pk, state="open", officer=row.officer_id)
        moved += still.update(officer=people.for_case(row.complaint, handled[row.complaint_id]))
    return moved


@dataclass(frozen=True, slots=True)
class RecountResult:
    """What counting again brought: numbers that should be in the sample and are not, and the other way round."""

    is_committed: bool
    missing: list[str]
    too_many: list[str]

    @property
    def agrees(self) -> bool:
        return self.is_committed and not self.missing and not self.too_many


def recount(month: CallBackMonth) -> RecountResult:
    """Draw again from the seed that was shown. Cases that were reopened since count by the row that they have."""
    rows = {row.complaint.number: row for row in CallBack.objects.filter(month=month).select_related("complaint")}
    missing = [
        one.complaint.number
        for batch in picked(month.month, month.seed)
        for one in batch
        if one.why == "drawn" and one.complaint.number not in rows
    ]
    too_many = [
        number for number, row in rows.items() if row.why == "drawn" and not is_drawn(month.seed, number, row.share)
    ]
    return RecountResult(commitment(month.seed) == month.commitment, missing, too_many)
