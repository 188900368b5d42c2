"""Cases of the same enterprise with the same problem: how they ended, and what settled them. One statement over the
newest ended cases that the reader's own workspace has had."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet

from complaints.models import Complaint, Engagement
from complaints.parties.jobs import Job, OfJobs

#: So many of the newest ended cases are looked through; of them so many similar ones are counted; so many are shown.
WINDOW, MOST, SHOWN = 1000, 60, 5
#: What ended without an answer of this enterprise says nothing about how to settle.
_SAYS_NOTHING = ("", "returned", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the accepted offer said to one demand. ``amount`` None: no money was meant."""

    kind: str
    verdict: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarCase:
    """One ended case; ``odr_result`` as in Engagement."""

    number: str
    ended_at: datetime
    odr_result: str
    is_in_part: bool
    answers: tuple[Settled, ...] = ()

    @property
    def is_settled(self) -> bool:
        return self.odr_result == "settled"

    @property
    def amount(self) -> Decimal | None:
        """The money that was granted in all; None where none was."""
        amounts = [answer.amount for answer in self.answers if answer.amount]
        return sum(amounts, Decimal(0)) if amounts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """The newest similar cases, newest first. ``results``: odr_result → how many of ``total``."""

    cases: tuple[SimilarCase, ...] = ()
    results: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return len(self.cases)

    @property
    def is_cut(self) -> bool:
        """There may be more than were counted."""
        return self.total >= MOST

    @property
    def settled(self) -> tuple[SimilarCase, ...]:
        return tuple(case for case in self.cases if case.is_settled)

    @property
    def shown(self) -> tuple[SimilarCase, ...]:
        """The few to list: settled ones first, each newest first."""
        return (*self.settled, *(case for case in self.cases if not case.is_settled))[:SHOWN]

    @property
    def amounts(self) -> list[Decimal]:
        """What settled ones granted, of those that granted money."""
        return sorted(case.amount for case in self.settled if case.amount is not None)

    @property
    def median(self) -> Decimal | None:
        return median(self.amounts).quantize(Decimal("0.01")) if self.amounts else None


def _rows(seen: Q, case: int, problem: str) -> QuerySet[Engagement, Any]:
    newest = Engagement.objects.filter(seen, until_at__isnull=False).order_by("-until_at", "-pk").values("pk")[:WINDOW]
    same = Engagement.objects.filter(pk__in=newest, complaint__problem_category=problem)
    others = same.exclude(odr_result__in=_SAYS_NOTHING).exclude(complaint_id=case)
    alike = others.order_by("-until_at", "-pk").values("pk")[:MOST]
    return (
        Engagement.objects.filter(pk__in=alike)
        .annotate(accepted=FilteredRelation("offers", condition=Q(offers__state="accepted")))
        .order_by("-until_at", "-pk", "accepted__number", "accepted__answers__demand__ordinal")
        .values_list(
            "pk",
            "complaint__number",
            "until_at",
            "odr_result",
            "accepted_refusal",
            "complaint__is_in_part",
            "accepted__answers__demand__kind",
            "accepted__answers__verdict",
            "accepted__answers__amount",
            F("accepted__answers__demand__amount"),
        )
    )


_similar = OfJobs(_rows, int, str)


def similar_to(complaint: Complaint, *, jobs: Sequence[Job]) -> Similar:
    """``jobs``: those of the reader (``Workspace.jobs``). One statement at most."""
    if not complaint.problem_category:
        return Similar()
    rows = _similar(jobs, complaint.pk, complaint.problem_category)
    heads: dict[int, tuple[str, datetime, str, bool]] = {}
    answers: dict[int, list[Settled]] = {}
    for pk, number, until, result, was_refused, in_part, kind, verdict, amount, asked in rows:
        heads[pk] = (number, until, "failed" if was_refused else result, in_part)
        if verdict is not None:
            granted = asked if amount is None and verdict == "grant" else amount if verdict != "refuse" else None
            answers.setdefault(pk, []).append(Settled(kind=kind, verdict=verdict, amount=granted))
    cases = tuple(
        SimilarCase(
            number=number, ended_at=until, odr_result=result, is_in_part=in_part, answers=tuple(answers.get(pk, ()))
        )
        for pk, (number, until, result, in_part) in heads.items()
    )
    return Similar(cases=cases, results=dict(Counter(case.odr_result for case in cases).most_common()))
