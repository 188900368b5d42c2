"""The figures of an authority: every formula of the procedure (section 7) once.

The one rule: a formula is a condition on rows and stands here only; pages, tables and later
reports name it. A changed formula gets a higher version. Silence is never success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum

from complaints import deadlines
from complaints.models import Complaint, Deadline, Engagement, HandlingStep, Obligation
from complaints.models.complaint import OPEN
from complaints.models.settlement import MONEY_KINDS
from complaints.workflow import ANY_E, Clock, Outcome, Status
from complaints.working_calendar import Calendar
from oversight.scope import Period, Scope
from oversight.working_time import (
    Decrees,
    LocalDay,
    Quantile,
    WorkingDaysUntil,
    WorkingMinutesUntil,
    between,
)

#: A formula that is counted differently from before gets the next number.
VERSIONS: Mapping[str, int] = dict.fromkeys((
    "received", "open", "overdue", "due_soon", "settled", "on_time", "first_response", "acceptance",
    "review_on_time", "handling_time", "mediated", "kept", "recovered"), 1)
SOON_DAYS = 2
RESULTS = ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned")
#: What counts for the success rate; withdrawn and returned stand apart.
JUDGED = ("settled", "unconfirmed", "settled_elsewhere", "failed")
VOUCHER = "voucher"
#: The steps by which an authority decides whether it takes a case.
DECISIONS = ("accept", "refuse", "redirect")
#: How a stage ends that the enterprise itself reported as failed.
OWN_REPORT = ("report", "unreachable")
#: A merger passes a stage on; it neither ends nor begins one.
PASSED_ON = "succession"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with what it was made of; ``value`` is None where there is nothing to count.

    ``beside`` are the counts that must be seen with it; ``upper`` is the bound if every
    silence had been a yes; ``spread`` holds mean, median and p90 by unit.
    """

    code: str
    n: int
    numerator: int | None = None
    denominator: int | None = None
    upper: int | None = None
    beside: Mapping[str, int] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=dict)
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

    def decrees(self) -> Decrees:
        return Decrees.of(self.calendar)


# --- where the open cases stand -----------------------------------------------------------


def overdue(now: datetime) -> Q:
    """A clock of an open case has run out, whether a sweeper has seen it or not."""
    return OPEN & Q(next_due_at__lte=now)


def due_soon(now: datetime, calendar: Calendar) -> Q:
    """Not late, and due by the end of the second working day from today."""
    end = deadlines.working_days(calendar.local_day(now), SOON_DAYS, calendar, rule="due_soon").due_at
    return OPEN & Q(next_due_at__gt=now, next_due_at__lte=end)


def standing_counts(measure: Measure) -> dict[str, Count]:
    return {
        "open": Count("pk"),
        "overdue": Count("pk", filter=overdue(measure.now)),
        "due_soon": Count("pk", filter=due_soon(measure.now, measure.calendar)),
    }


def received(measure: Measure) -> QuerySet[Complaint]:
    """By the day on which the complaint came in by any channel."""
    return measure.cases().filter(measure.during("received_at"))


# --- the stage at the enterprise ----------------------------------------------------------


def ran_out(measure: Measure) -> Exists:
    """The negotiation clock ran out while this entity had the case, by the end of the period."""
    gone = Deadline.objects.filter(
        complaint=OuterRef("complaint_id"), clock=Clock.NEGOTIATION,
        due_at__gte=OuterRef("from_at"), due_at__lte=measure.as_of)
    return Exists(gone.filter(
        Q(lapsed_at__isnull=False)
        | Q(ended_at=None) & (Q(state="running") | Q(state="paused", chase_at__isnull=False))))


def stage_conditions(measure: Measure) -> dict[str, Q]:
    """Every condition on a stage (an engagement) that a figure counts."""
    ended = measure.during("until_at") & ~Q(ended_by=PASSED_ON)
    still_open = (Q(from_at__lt=measure.as_of) & (Q(until_at=None) | Q(until_at__gte=measure.as_of)))
    # A successor goes on with the clock that had run out before.
    taken_over = Q(is_overdue=True, accepted_at__lt=F("from_at"))
    results = {f"result_{result}": ended & Q(odr_result=result) for result in RESULTS}
    return results | {
        "judged": ended & Q(odr_result__in=JUDGED),
        "in_part": ended & Q(odr_result="settled", complaint__is_in_part=True),
        "in_time": ended & Q(is_overdue=False),
        "in_time_reported": ended & Q(is_overdue=False, ended_by__in=OWN_REPORT),
        "in_time_apart": ended & Q(is_overdue=False, odr_result__in=["withdrawn", "returned"]),
        "ended_late": ended & Q(is_overdue=True),
        "open_overdue": still_open & (Q(ran_out(measure)) | taken_over),
        "responded": measure.during("first_contact_at") & Q(first_contact_at__gte=F("from_at")),
        "accepted": measure.during("accepted_at") & Q(accepted_at__gte=F("from_at")),
        "unanswered": Q(until_at=None, first_contact_at=None, from_at__lt=measure.now,
                        complaint__status__in=sorted(ANY_E)),
    }


def stage_counts(measure: Measure) -> dict[str, Any]:
    """Counts of stages, and the median of the first response, for a whole or for each group."""
    conditions = stage_conditions(measure)
    minutes = between(WorkingMinutesUntil, F("from_at"), F("first_contact_at"), decrees=measure.decrees())
    counts: dict[str, Any] = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    return counts | {
        f"cases_{result}": Count("complaint_id", filter=conditions[f"result_{result}"], distinct=True)
        for result in RESULTS
    } | {"response_median": Quantile(minutes, share=0.5, filter=conditions["responded"])}


def stage_spreads(measure: Measure) -> dict[str, Any]:
    """What only the whole shows: p90, days, and how long until a bare accept."""
    conditions, decrees = stage_conditions(measure), measure.decrees()
    found: dict[str, Any] = {}
    for name, moment, condition in (("response", "first_contact_at", "responded"),
                                    ("acceptance", "accepted_at", "accepted")):
        minutes = between(WorkingMinutesUntil, F("from_at"), F(moment), decrees=decrees)
        days = between(WorkingDaysUntil, F("from_at"), F(moment), decrees=decrees)
        for unit, length in (("minutes", minutes), ("days", days)):
            found[f"{name}_{unit}_median"] = Quantile(length, share=0.5, filter=conditions[condition])
            found[f"{name}_{unit}_p90"] = Quantile(length, share=0.9, filter=conditions[condition])
    return found


def settled(counts: Mapping[str, Any]) -> Figure:
    """ODR和解成功率: confirmed share; the upper bound takes every silence for a yes."""
    confirmed = counts["result_settled"]
    return Figure(
        code="settled", n=counts["judged"], numerator=confirmed, denominator=counts["judged"],
        upper=confirmed + counts["result_unconfirmed"],
        beside={**{result: counts[f"result_{result}"] for result in RESULTS},
                "in_part": counts["in_part"]})


def on_time(counts: Mapping[str, Any]) -> Figure:
    """按时办结率: ended before the lapse, of those, of the lapsed and of what is open and overdue."""
    whole = counts["in_time"] + counts["ended_late"] + counts["open_overdue"]
    return Figure(
        code="on_time", n=whole, numerator=counts["in_time"], denominator=whole,
        beside={"reported": counts["in_time_reported"], "apart": counts["in_time_apart"],
                "ended_late": counts["ended_late"], "open_overdue": counts["open_overdue"]})


def _waiting(code: str, name: str, counts: Mapping[str, Any], **beside: int) -> Figure:
    n = counts["responded" if name == "response" else "accepted"]
    spread = {key: counts[f"{name}_{key}"] for key in (
        "minutes_median", "minutes_p90", "days_median", "days_p90")} if n else {}
    return Figure(code=code, n=n, spread=spread, beside=beside)


def stage_figures(measure: Measure) -> dict[str, Figure]:
    """One query: success, punctuality, first response, acceptance."""
    counts = measure.stages().aggregate(**stage_counts(measure), **stage_spreads(measure))
    cases = {f"cases_{result}": counts[f"cases_{result}"] for result in RESULTS}
    success = settled(counts)
    return {
        "settled": Figure(code="settled", n=success.n, numerator=success.numerator,
                          denominator=success.denominator, upper=success.upper,
                          beside={**success.beside, **cases}),
        "on_time": on_time(counts),
        "first_response": _waiting("first_response", "response", counts,
                                   unanswered=counts["unanswered"]),
        "acceptance": _waiting("acceptance", "acceptance", counts),
    }


# --- closed cases, the authority's own clocks, promises -----------------------------------


def closing_figures(measure: Measure) -> dict[str, Figure]:
    """One query: 平均办理时长 from the first delivery to closing, and 调解成功率."""
    delivered = Subquery(Engagement.objects.filter(complaint=OuterRef("pk")).order_by("from_at")
                         .values("from_at")[:1])
    closed = measure.cases().filter(measure.during("closed_at"), status=Status.CLOSED).annotate(
        first_delivered_at=delivered)
    decrees = measure.decrees()
    lengths = {unit: between(kind, F("first_delivered_at"), F("closed_at"), decrees=decrees)
               for unit, kind in (("wd", WorkingDaysUntil), ("cd", LocalDay))}
    was_delivered = Q(first_delivered_at__isnull=False)
    spreads: dict[str, Any] = {}
    for unit, length in lengths.items():
        spreads[f"{unit}_mean"] = Avg(length, filter=was_delivered)
        spreads[f"{unit}_median"] = Quantile(length, share=0.5, filter=was_delivered)
        spreads[f"{unit}_p90"] = Quantile(length, share=0.9, filter=was_delivered)
    mediated = Q(outcome=Outcome.MEDIATED)
    counts = closed.aggregate(
        n=Count("pk", filter=was_delivered),
        mediated=Count("pk", filter=mediated & Q(is_not_kept=False)),
        not_kept=Count("pk", filter=mediated & Q(is_not_kept=True)),
        terminated=Count("pk", filter=Q(outcome=Outcome.MEDIATION_TERMINATED)), **spreads)
    whole = counts["mediated"] + counts["terminated"]
    return {
        "handling_time": Figure(
            code="handling_time", n=counts["n"],
            spread={name: float(counts[name]) for name in spreads} if counts["n"] else {}),
        "mediated": Figure(code="mediated", n=whole, numerator=counts["mediated"], denominator=whole,
                           beside={"not_kept": counts["not_kept"], "terminated": counts["terminated"]}),
    }


def review_figure(measure: Measure) -> Figure:
    """按时受理率: review clocks that ended in time by a decision, of all that came due."""
    decided = Exists(HandlingStep.objects.filter(
        complaint=OuterRef("complaint_id"), audience="parties", step__in=DECISIONS,
        happened_at=OuterRef("ended_at")))
    clocks = Deadline.objects.filter(measure.scope.cases("complaint__"), clock=Clock.REVIEW)
    clocks = clocks.filter(measure.scope.of_enterprise("complaint__"))
    late = Q(due_at__lte=measure.now) & measure.during("due_at") & (
        Q(lapsed_at__isnull=False) | Q(state="running"))
    counts = clocks.aggregate(
        met=Count("pk", filter=Q(state="met") & measure.during("ended_at") & Q(decided)),
        late=Count("pk", filter=late))
    whole = counts["met"] + counts["late"]
    return Figure(code="review_on_time", n=whole, numerator=counts["met"], denominator=whole,
                  beside={"late": counts["late"]})


def kept_figure(measure: Measure) -> Figure:
    """守约率: the enterprise's promises performed on time and confirmed, of all that came due."""
    newest = Deadline.objects.filter(obligation=OuterRef("pk"), clock=Clock.PERFORMANCE).order_by("-pk")
    promises = _promises(measure).exclude(state__in=["proposed", "dropped", "waived"]).annotate(
        came_due_on=Subquery(newest.values("last_day")[:1]),
        came_due_at=Subquery(newest.values("due_at")[:1]),
        clock_state=Subquery(newest.values("state")[:1]))
    due = promises.filter(came_due_on__gte=measure.period.first, came_due_on__lte=measure.period.last,
                          came_due_at__lte=measure.now).exclude(clock_state="paused")
    counts = due.aggregate(
        n=Count("pk"), kept=Count("pk", filter=Q(state="confirmed", is_late=False)),
        late=Count("pk", filter=Q(state="confirmed", is_late=True)),
        silent=Count("pk", filter=Q(state="silent")), broken=Count("pk", filter=Q(state="broken")),
        waiting=Count("pk", filter=Q(state__in=["due", "reported"])))
    n, kept = counts.pop("n"), counts.pop("kept")
    return Figure(code="kept", n=n, numerator=kept, denominator=n, beside=counts)


def recovered_figure(measure: Measure) -> Figure:
    """挽回经济损失: money that was performed and confirmed; vouchers and silence apart."""
    confirmed = Q(state="confirmed") & measure.during("confirmed_at")
    silent = Q(state="silent") & measure.during("reported_at")
    voucher = Q(kind=VOUCHER)
    rows = (_promises(measure).filter(kind__in=sorted(MONEY_KINDS), amount__gt=0)
            .filter(confirmed | silent).values("complaint__currency").order_by("complaint__currency")
            .annotate(n=Count("pk", filter=confirmed & ~voucher),
                      confirmed=Sum("amount", filter=confirmed & ~voucher),
                      vouchers=Sum("amount", filter=confirmed & voucher),
                      unconfirmed=Sum("amount", filter=silent)))
    money = {row["complaint__currency"]: {
        name: row[name] or Decimal(0) for name in ("confirmed", "vouchers", "unconfirmed")} for row in rows}
    return Figure(code="recovered", n=sum(row["n"] for row in rows), money=money)


def _promises(measure: Measure) -> QuerySet[Obligation]:
    """What enterprises owe; the consumer's own part is never their breach."""
    return Obligation.objects.filter(measure.scope.cases("complaint__"), measure.scope.of_enterprise(),
                                     owed_by="enterprise")


def flow_figures(measure: Measure) -> dict[str, Figure]:
    """Everything but the standing counts: six queries, however many cases there are."""
    n = received(measure).count()
    found = {"received": Figure(code="received", n=n), "review_on_time": review_figure(measure),
             "kept": kept_figure(measure), "recovered": recovered_figure(measure)}
    return found | stage_figures(measure) | closing_figures(measure)
