"""The figures of an authority: every formula of the procedure (section 7) once.

A formula is a condition on rows and stands here only; pages, tables and later
reports name it. A changed formula gets a higher version. Silence is never success.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.roles import Role
from complaints.desks.authority_lists import due_soon, late_inside, late_outside, late_twice
from complaints.models import Complaint, Deadline, Engagement, HandlingStep, Obligation
from complaints.models.complaint import ended_as
from complaints.models.settlement import MONEY_KINDS
from complaints.procedure.workflow import ANY_E, Clock, Outcome, Status
from complaints.procedure.working_calendar import Calendar
from oversight.figures.definitions import Period, Scope
from oversight.figures.working_time import Spread, measured
from routing.rule_desk import learning

#: A formula that is counted differently from before gets the next number.
VERSIONS: Mapping[str, int] = (
    dict.fromkeys(
        (
            *("received", "delivered", "closed", "open", "due_soon", "on_time", "first_response"),
            *("acceptance", "review_on_time"),
            *("handling_time", "mediated", "kept", "recovered", "rating", "withdrawn"),
            *("again",),
        ),
        1,
        # What was "accepted" although it granted nothing counts as failed; overdue is by clocks of authorities too.
    )
    | dict.fromkeys(("overdue", "settled", "first_settled", "last_day", "last_offer"), 2)
    | dict.fromkeys(("misrouted", "mended"), learning.VERSION)
)
#: Two counts, the first no part of the second: what was settled in a period may have come before it.
OF_TWO_COUNTS = frozenset({"first_settled"})
RESULTS = ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned")
#: What counts for the success rate; withdrawn and returned stand apart.
JUDGED = ("settled", "unconfirmed", "settled_elsewhere", "failed")
VOUCHER = "voucher"
#: The steps by which an authority decides whether it takes a case.
DECISIONS = ("accept", "refuse", "redirect")
#: How a stage ends that the enterprise itself reported as failed.
OWN_REPORT = ("report", "unreachable")
#: How a stage ends by the enterprise's own act: its report, or a claim of 另行和解 that it confirmed itself, which the
#: record says. One that nobody could be reached for ends by silence.
REPORTED, CLAIMED = "report", "claim"
OF_ENTERPRISE = frozenset(str(role) for role in Role if role.side == "enterprise")
#: A merger passes a stage on; it neither ends nor begins one.
PASSED_ON = "succession"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with what it was made of; ``value`` is None where there is nothing to count.

    ``beside`` are the counts that must be seen with it; ``upper`` is the bound if every
    silence had been a yes; ``spread`` holds mean, median and p90 by unit (nine in ten took no longer than the last);
    ``is_about``: median and p90 are read from buckets.
    """

    code: str
    n: int
    numerator: int | None = None
    denominator: int | None = None
    upper: int | None = None
    beside: Mapping[str, int] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=dict)
    is_about: bool = False
    money: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)

    @property
    def version(self) -> int:
        return VERSIONS[self.code]

    @property
    def value(self) -> float | None:
        return share(self.numerator, self.denominator)

    @property
    def upper_value(self) -> float | None:
        return share(self.upper, self.denominator)


def part_of(code: str, part: int, whole: int, *, upper: int | None = None, **beside: int) -> Figure:
    """A share with the counts that must be seen with it."""
    return Figure(code=code, n=whole, numerator=part, denominator=whole, upper=upper, beside=beside)


def share(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


@dataclass(frozen=True, slots=True)
class Measure:
    """What all formulas are asked with: whose cases, which days, as of when."""

    scope: Scope
    period: Period
    now: datetime
    calendar: Calendar

    @property
    def within(self) -> tuple[datetime, datetime]:
        return self.period.bounds(self.calendar)

    @property
    def as_of(self) -> datetime:
        """The end of the period, or now while it still runs."""
        return min(self.now, self.within[1])

    def during(self, name: str) -> Q:
        start, end = self.within
        return Q(**{f"{name}__gte": start, f"{name}__lt": end})

    def cases(self) -> QuerySet[Complaint]:
        return Complaint.objects.filter(self.scope.cases(), self.scope.of_enterprise())

    def stages(self) -> QuerySet[Engagement]:
        return Engagement.objects.filter(self.scope.cases("complaint__"), self.scope.of_enterprise())


def open_counts(measure: Measure) -> dict[str, Count]:
    """Of open cases, by the very conditions of the lists that these numbers open."""
    now = measure.now
    return {
        "open": Count("pk"),
        "late_outside": Count("pk", filter=late_outside(now)),
        "late_inside": Count("pk", filter=late_inside(now)),
        "late_twice": Count("pk", filter=late_twice(now)),
        "due_soon": Count("pk", filter=due_soon(now, measure.calendar)),
    }


def standing(counts: Mapping[str, int]) -> dict[str, int]:
    """With "overdue": a case that is late outside and inside is one."""
    overdue = counts["late_outside"] + counts["late_inside"] - counts["late_twice"]
    return {**counts, "overdue": overdue}


def received(measure: Measure) -> int:
    """By the day on which the complaint came in by any channel."""
    return measure.cases().filter(measure.during("received_at")).count()


Counts = dict[str, int]


def ended_stages(measure: Measure) -> QuerySet[Engagement]:
    """By the day on which they ended; a merger passes a stage on and does not end it."""
    return measure.stages().filter(measure.during("until_at")).exclude(ended_by=PASSED_ON)


def open_stages(measure: Measure) -> QuerySet[Engagement]:
    """As they stood at the end of the period, or as they stand now."""
    if measure.within[1] > measure.now:
        return measure.stages().filter(until_at=None, from_at__lte=measure.as_of)
    return measure.stages().filter(Q(until_at=None) | Q(until_at__gte=measure.as_of), from_at__lt=measure.as_of)


def ran_out(measure: Measure) -> Q:
    """The negotiation clock ran out while this entity had the case, by the end of the period."""
    gone = Deadline.objects.filter(
        complaint=OuterRef("complaint_id"), clock=Clock.NEGOTIATION, due_at__lte=measure.as_of
    )
    unswept = Q(ended_at=None) & (Q(state="running") | Q(state="paused", chase_at__isnull=False))
    # A successor goes on with the clock that had run out before, if it had by then.
    taken_over = Q(is_overdue=True, accepted_at__lt=F("from_at")) & Q(Exists(gone.filter(lapsed_at__isnull=False)))
    own = gone.filter(Q(lapsed_at__isnull=False) | unswept, due_at__gte=OuterRef("from_at"))
    return taken_over | Q(Exists(own))


def let_rest() -> Q:
    """Stages that failed because nothing was granted and the consumer left it at that."""
    return Q(ended_by="let_rest") | Q(accepted_refusal=True)


def ended_counts() -> dict[str, Count]:
    """What is counted of stages that ended."""
    in_time = Q(is_overdue=False)
    return {f"result_{result}": Count("pk", filter=ended_as(result)) for result in RESULTS} | {
        "let_rest": Count("pk", filter=let_rest()),
        "in_part": Count("pk", filter=ended_as("settled") & Q(complaint__is_in_part=True)),
        "in_time": Count("pk", filter=in_time),
        "in_time_reported": Count("pk", filter=in_time & Q(ended_by__in=OWN_REPORT)),
        "in_time_apart": Count("pk", filter=in_time & Q(odr_result__in=["withdrawn", "returned"])),
        "ended_late": Count("pk", filter=~in_time),
        "cases_settled": Count("complaint_id", filter=ended_as("settled"), distinct=True),
    }


def stage_counts(measure: Measure) -> Counts:
    """How the stages that ended did so, and of those open at the end how many ran out and wait. Two queries."""
    waiting = Q(first_contact_at=None, until_at=None, complaint__status__in=sorted(ANY_E))
    ended = ended_stages(measure).order_by().aggregate(**ended_counts())
    still_open = open_stages(measure).order_by()
    return ended | still_open.aggregate(
        open_overdue=Count("pk", filter=ran_out(measure)), unanswered=Count("pk", filter=waiting)
    )


def lengths(measure: Measure, moment: str) -> Spread:
    """From delivery to ``moment``, by the day of that moment; what a predecessor did is not this one's."""
    spans = measure.stages().filter(measure.during(moment), **{f"{moment}__gte": F("from_at")})
    return measured(spans.values_list("enterprise_id", "from_at", moment), calendar=measure.calendar)[None]


def settled(counts: Mapping[str, int]) -> Figure:
    """ODR和解成功率: confirmed share; the upper bound takes every silence for a yes."""
    results = {result: counts.get(f"result_{result}", 0) for result in RESULTS}
    whole = sum(results[result] for result in JUDGED)
    beside = {name: counts.get(name, 0) for name in ("let_rest", "in_part")} | {"cases": counts.get("cases_settled", 0)}
    beside |= results
    upper = results["settled"] + results["unconfirmed"]
    return part_of("settled", results["settled"], whole, upper=upper, **beside)


def on_time(counts: Mapping[str, int]) -> Figure:
    """按时办结率: ended before the lapse, of those, of the lapsed and of what is open and overdue."""
    names = {"reported": "in_time_reported", "apart": "in_time_apart"}
    beside = {one: counts.get(names.get(one, one), 0) for one in ("reported", "apart", "ended_late", "open_overdue")}
    in_time = counts.get("in_time", 0)
    return part_of("on_time", in_time, in_time + beside["ended_late"] + beside["open_overdue"], **beside)


def cases_by_result(measure: Measure) -> Counts:
    """How many cases lie behind each result: a case may have had several stages."""
    counts = {result: Count("complaint_id", filter=ended_as(result), distinct=True) for result in RESULTS}
    return ended_stages(measure).order_by().aggregate(**counts)


def stage_figures(measure: Measure) -> dict[str, Figure]:
    """Success, punctuality, first response and acceptance with exact medians: five queries."""
    counts, cases = stage_counts(measure), cases_by_result(measure)
    success = settled(counts)
    beside = {**success.beside, **{f"cases_{result}": cases.get(result, 0) for result in RESULTS}}
    response, acceptance = lengths(measure, "first_contact_at"), lengths(measure, "accepted_at")
    unanswered = {"unanswered": counts["unanswered"]}
    return {
        "settled": replace(success, beside=beside),
        "on_time": on_time(counts),
        "first_response": Figure(code="first_response", n=response.n, spread=response.values, beside=unanswered),
        "acceptance": Figure(code="acceptance", n=acceptance.n, spread=acceptance.values),
    }


def closing_figures(measure: Measure) -> dict[str, Figure]:
    """Two queries: cases closed, 平均办理时长 from the first delivery to closing, 调解成功率."""
    closed = measure.cases().filter(measure.during("closed_at"), status=Status.CLOSED)
    first = Engagement.objects.filter(complaint=OuterRef("pk")).order_by("from_at", "pk")
    delivered = closed.filter(Exists(Engagement.objects.filter(complaint=OuterRef("pk"))))
    spread = measured(
        delivered.values_list("enterprise_id", Subquery(first.values("from_at")[:1]), "closed_at"),
        calendar=measure.calendar,
    )[None]
    mediated = Q(outcome=Outcome.MEDIATED)
    counts = closed.aggregate(
        closed=Count("pk"),
        mediated=Count("pk", filter=mediated & Q(is_not_kept=False)),
        not_kept=Count("pk", filter=mediated & Q(is_not_kept=True)),
        terminated=Count("pk", filter=Q(outcome=Outcome.MEDIATION_TERMINATED)),
    )
    whole = counts["mediated"] + counts["terminated"]
    return {
        "closed": Figure(code="closed", n=counts["closed"]),
        "handling_time": Figure(code="handling_time", n=spread.n, spread=spread.values),
        "mediated": part_of(
            "mediated", counts["mediated"], whole, not_kept=counts["not_kept"], terminated=counts["terminated"]
        ),
    }


def review_figure(measure: Measure) -> Figure:
    """按时受理率: review clocks that ended in time by a decision, of all that came due."""
    decided = Exists(
        HandlingStep.objects.filter(
            complaint=OuterRef("complaint_id"), audience="parties", step__in=DECISIONS, happened_at=OuterRef("ended_at")
        )
    )
    clocks = Deadline.objects.filter(measure.scope.cases("complaint__"), clock=Clock.REVIEW)
    clocks = clocks.filter(measure.scope.of_enterprise("complaint__"))
    late = Q(due_at__lte=measure.now) & measure.during("due_at") & (Q(lapsed_at__isnull=False) | Q(state="running"))
    met = Q(state="met") & measure.during("ended_at")
    counts = clocks.filter(met | late).aggregate(
        met=Count("pk", filter=met & Q(decided)), late=Count("pk", filter=late)
    )
    return part_of("review_on_time", counts["met"], counts["met"] + counts["late"], late=counts["late"])


def promises_due(measure: Measure) -> QuerySet[Deadline]:
    """The newest clock of each promise of an enterprise that came due within the period, whosever it is."""
    newer = Deadline.objects.filter(obligation=OuterRef("obligation"), clock=Clock.PERFORMANCE, pk__gt=OuterRef("pk"))
    return (
        Deadline.objects.filter(
            measure.scope.cases("complaint__"),
            clock=Clock.PERFORMANCE,
            obligation__owed_by="enterprise",
            last_day__gte=measure.period.first,
            last_day__lte=measure.period.last,
            due_at__lte=measure.now,
        )
        .exclude(state="paused")
        .exclude(obligation__state__in=["proposed", "dropped", "waived"])
        .filter(~Exists(newer))
    )


def promised_by(measure: Measure) -> str:
    """Where to look for whose promise a clock is: a branch answers for what it promised in its own time with a case."""
    return "obligation__" if measure.scope.branch_ids is None else "obligation__engagement__"


def kept_figure(measure: Measure) -> Figure:
    """守约率: promises kept in time and confirmed, of all that came due by their newest clock."""
    done = Q(obligation__state="confirmed")
    counts = (
        promises_due(measure)
        .filter(measure.scope.of_enterprise(promised_by(measure)))
        .aggregate(
            n=Count("pk"),
            kept=Count("pk", filter=done & Q(obligation__is_late=False)),
            late=Count("pk", filter=done & Q(obligation__is_late=True)),
            silent=Count("pk", filter=Q(obligation__state="silent")),
            broken=Count("pk", filter=Q(obligation__state="broken")),
            waiting=Count("pk", filter=Q(obligation__state__in=["due", "reported"])),
        )
    )
    n, kept = counts.pop("n"), counts.pop("kept")
    return part_of("kept", kept, n, **counts)


def recovered_figure(measure: Measure) -> Figure:
    """挽回经济损失: money that was performed and confirmed; vouchers and silence apart."""
    confirmed = Q(state="confirmed") & measure.during("confirmed_at")
    silent = Q(state="silent") & measure.during("reported_at")
    voucher = Q(kind=VOUCHER)
    promises = Obligation.objects.filter(
        measure.scope.cases("complaint__"),
        measure.scope.of_enterprise(),
        confirmed | silent,
        owed_by="enterprise",
        kind__in=sorted(MONEY_KINDS),
        amount__gt=0,
    )
    rows = (
        promises.order_by("complaint__currency")
        .values("complaint__currency")
        .annotate(
            n=Count("pk", filter=confirmed & ~voucher),
            confirmed=Sum("amount", filter=confirmed & ~voucher),
            vouchers=Sum("amount", filter=confirmed & voucher),
            unconfirmed=Sum("amount", filter=silent),
        )
    )
    money = {
        row["complaint__currency"]: {name: row[name] or Decimal(0) for name in ("confirmed", "vouchers", "unconfirmed")}
        for row in rows
    }
    return Figure(code="recovered", n=sum(row["n"] for row in rows), money=money)


def misroute_figures(measure: Measure) -> dict[str, Figure]:
    """误送率 and what of it was mended within the time for forwarding; one query (routing.rule_desk.learning)."""
    result = learning.counted(ended_stages(measure), now=measure.now)
    in_time, late = result.in_time, result.late
    return {
        "misrouted": part_of("misrouted", result.misrouted, result.ended),
        "mended": part_of("mended", in_time, in_time + late, late=late, waiting=result.waiting),
    }


def flow_figures(measure: Measure) -> dict[str, Figure]:
    """What happened in the period."""
    result = {
        "received": Figure(code="received", n=received(measure)),
        "review_on_time": review_figure(measure),
        "kept": kept_figure(measure),
        "recovered": recovered_figure(measure),
    }
    return result | stage_figures(measure) | closing_figures(measure) | misroute_figures(measure)
