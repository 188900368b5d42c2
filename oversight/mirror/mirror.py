"""An enterprise looks at itself: its figures beside those of the time before, of others with the same problems, and why
it came to the complaints.

A number is as long as the list behind it. Of a whole enterprise it is read from the counters, which tests
hold against the lists; a branch, that does not see what other branches know of a person, counts its own lists. Formulas
of the procedure (section 7) are those of oversight/figures/figures.py; here are only the signs that an enterprise
should see first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from django.db.models import Count, Exists, F, Func, JSONField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject, TruncDate

from complaints.models import Deadline, Engagement, HandlingStep, Obligation, Offer, RootCause
from complaints.models.complaint import ended_as
from complaints.procedure.workflow import ANY_E, Clock
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import PublishedFigure
from oversight.counters import figures as rollup_figures
from oversight.counters.figures import PROMISES
from oversight.counters.reads import Counters, steadily
from oversight.counters.statements import RAN
from oversight.figures import figures
from oversight.figures.definitions import Period
from oversight.figures.figures import Figure, Measure, open_stages, ran_out, share
from web.small_numbers import ENOUGH

#: Who comes again within so many days comes again (procedure, section 7).
AGAIN = timedelta(days=60)
#: With fewer others a median would tell what one of them did.
FEWEST_OTHERS = 3
#: So many problems are compared with others.
COMPARED = 6
#: How a promise ended.
PROMISED: Mapping[str, Mapping[str, Any]] = {
    "kept": {"state": "confirmed", "is_late": False},
    "late": {"state": "confirmed", "is_late": True},
    "silent": {"state": "silent"},
    "broken": {"state": "broken"},
    "waiting": {"state__in": ["due", "reported"]},
}
Stages = QuerySet[Engagement]
TOP_CAUSES = 40


_ended = figures.ended_stages


def _of_result(result: str, measure: Measure) -> Stages:
    return _ended(measure).filter(ended_as(result))


def _own() -> QuerySet[Deadline]:
    """A stage's own clock: it began and was over within the stage."""
    return Deadline.objects.filter(
        complaint=OuterRef("complaint"),
        clock=Clock.NEGOTIATION,
        started_at__gte=OuterRef("from_at"),
        ended_at__lte=OuterRef("until_at"),
    )


def _answered(measure: Measure, **on: Any) -> Stages:
    """Stages whose own clock the enterprise met by an act of its own: its report, or a claim that it confirmed."""
    met = _own().filter(state="met").annotate(day=TruncDate("ended_at", tzinfo=SHANGHAI)).filter(**on)
    confirmed = HandlingStep.objects.filter(
        complaint=OuterRef("complaint"),
        audience="parties",
        step="confirm_settled_elsewhere",
        happened_at=OuterRef("ended_at"),
        actor_role__in=sorted(figures.OF_ENTERPRISE),
    )
    return _ended(measure).filter(
        Q(Exists(met), ended_by=figures.REPORTED) | Q(Exists(met.filter(Exists(confirmed))), ended_by=figures.CLAIMED)
    )


def delivered(measure: Measure) -> Stages:
    """Times with a case that began within the period; a merger begins none."""
    handed_over = Engagement.objects.filter(
        complaint=OuterRef("complaint"), until_at=OuterRef("from_at"), ended_by=figures.PASSED_ON
    )
    return measure.stages().filter(measure.during("from_at")).exclude(Exists(handed_over))


def _again(measure: Measure) -> Stages:
    """重复投诉: the same person came against the same enterprise within 60 days before; linked cases are ignored."""
    before = (
        Engagement.objects.filter(
            enterprise=OuterRef("enterprise"),
            complaint__consumer=OuterRef("complaint__consumer"),
            from_at__lt=OuterRef("from_at"),
            from_at__gte=OuterRef("from_at") - AGAIN,
        )
        .exclude(complaint=OuterRef("complaint"))
        .exclude(complaint__linked_group__isnull=False, complaint__linked_group=OuterRef("complaint__linked_group"))
    )
    return delivered(measure).filter(Exists(before))


def _offered(measure: Measure) -> Stages:
    """Stages whose first offer was made within their own clock."""
    made = Offer.objects.filter(engagement=OuterRef("pk")).order_by("made_at", "pk").values("made_at")[:1]
    within = _own().filter(started_at__lte=OuterRef("offered_at"), ended_at__gte=OuterRef("offered_at"))
    return _ended(measure).annotate(offered_at=Subquery(made)).filter(Exists(within))


def _offered_last_day(measure: Measure) -> Stages:
    """An offer pauses the clock, which keeps the days left; one that may not pause any more leaves the day as it is."""
    offered = _offered(measure).annotate(offered_on=TruncDate("offered_at", tzinfo=SHANGHAI))

    def paused(**more: Any) -> Func:
        day = JSONObject(**{"from": OuterRef("offered_on")}, **more)
        return Func(day, function="jsonb_build_array", output_field=JSONField())

    within = _own().filter(started_at__lte=OuterRef("offered_at"), ended_at__gte=OuterRef("offered_at"))
    used_up = Q(derivation__pauses__contains=paused(remaining=Value(0)))
    runs_on = Q(last_day=OuterRef("offered_on")) & ~Q(derivation__pauses__contains=paused())
    return offered.filter(Exists(within.filter(used_up | runs_on)))


def _promises(**which: Any) -> Callable[[Measure], QuerySet[Obligation]]:
    """Promises that came due within the period, as figures.kept_figure counts them, and that ended so."""

    def promises(measure: Measure) -> QuerySet[Obligation]:
        due = figures.promises_due(measure).filter(measure.scope.of_enterprise(figures.promised_by(measure)))
        return Obligation.objects.filter(pk__in=due.values("obligation"), **which)

    return promises


#: What can be looked at one by one: code → the stages that it counts, of promises the promises.
LISTS: Mapping[str, Callable[[Measure], QuerySet[Any]]] = {
    "delivered": delivered,
    **{result: partial(_of_result, result) for result in figures.RESULTS},
    "let_rest": lambda measure: _ended(measure).filter(figures.let_rest()),
    "in_time": lambda measure: _ended(measure).filter(is_overdue=False),
    "ended_late": lambda measure: _ended(measure).filter(is_overdue=True),
    "open_late": lambda measure: open_stages(measure).filter(ran_out(measure)),
    # Those that figures.lengths measures.
    "responded": (
        lambda measure: measure.stages().filter(measure.during("first_contact_at"), first_contact_at__gte=F("from_at"))
    ),
    "unanswered": (
        lambda measure: open_stages(measure).filter(
            first_contact_at=None, until_at=None, complaint__status__in=sorted(ANY_E)
        )
    ),
    "again": _again,
    "offered": _offered,
    "offered_last_day": _offered_last_day,
    "ended": _ended,
    "answered": _answered,
    "ended_last_day": lambda measure: _answered(measure, last_day=F("day")),
    **{f"promises_{name}": _promises(**which) for name, which in PROMISED.items()},
    "untagged": lambda measure: _ended(measure).filter(root_cause=None),
}


def listed(measure: Measure, code: str, *, problem: str = "", cause: str = "") -> QuerySet[Any]:
    """The stages behind one number, of promises the promises. ``problem`` and ``cause`` narrow them; KeyError for a
    code that is none."""
    results = LISTS[code](measure)
    if problem:
        results = results.filter(complaint__problem_category=problem)
    whose = "engagement__" if results.model is Obligation else ""
    return results.filter(**{f"{whose}root_cause__cause": cause}) if cause else results


def counted(measure: Measure) -> dict[str, int]:
    """How long each list is. One statement a list, each read by an index of the enterprise."""
    return {code: of(measure).order_by().aggregate(n=Count("pk"))["n"] for code, of in LISTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflection:
    """One period of one enterprise: how long the lists are, and the shares made of them."""

    counts: Mapping[str, int]
    response: Figure
    kept: Figure
    #: The moment of the data.
    at: datetime

    @property
    def judged(self) -> int:
        return sum(self.counts[result] for result in figures.JUDGED)

    @property
    def confirmed(self) -> float | None:
        return share(self.counts["settled"], self.judged)

    @property
    def came_due(self) -> int:
        return self.counts["in_time"] + self.counts["ended_late"] + self.counts["open_late"]

    @property
    def on_time(self) -> float | None:
        return share(self.counts["in_time"], self.came_due)

    @property
    def again(self) -> float | None:
        return share(self.counts["again"], self.counts["delivered"])

    @property
    def offered_last_day(self) -> float | None:
        return share(self.counts["offered_last_day"], self.counts["offered"])

    @property
    def ended_last_day(self) -> float | None:
        return share(self.counts["ended_last_day"], self.counts["answered"])


#: Code of a list → the measures of which it is the sum; those that are none are counted.
_MEASURES: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("delivered", "in_time", "ended_late", "responded", "again", "offered")},
    **{name: (name,) for name in ("offered_last_day", "answered", "ended_last_day")},
    **{result: (f"ended_{result}",) for result in (*figures.RESULTS, "let_rest")},
    "ended": tuple(f"ended_{result}" for result in figures.RESULTS),
    "unanswered": ("waiting",),
}
_NAMES = tuple(dict.fromkeys([*(name for names in _MEASURES.values() for name in names), *RAN, *PROMISES]))


def reflected(measure: Measure) -> Reflection:
    """The figures of one period; six statements for a whole enterprise, however many cases it has."""
    if measure.scope.branch_ids is None:
        results = steadily(partial(_from_counters, measure), now=measure.now, calendar=measure.calendar)
        if results is not None:
            return results
    return _counted_one_by_one(measure)


def _from_counters(measure: Measure, counters: Counters) -> Reflection | None:
    """None before anything was ever folded, while very much waits for it."""
    at = measure.now if counters.is_complete else counters.folded_at
    results, buckets = (
        counters.sums(measure.scope, measure.period, names=_NAMES),
        counters.buckets(measure.scope, measure.period, ["response_minutes"]),
    )
    if at is None or results is None or buckets is None:
        return None
    sums = results[""]
    counts = {code: sum(sums[name] for name in names) for code, names in _MEASURES.items()}
    tagged = RootCause.objects.filter(engagement__in=_ended(measure).values("pk")).count()
    return Reflection(
        counts=counts
        | {f"promises_{name}": sums[f"promise_{name}"] for name in PROMISED}
        | {"open_late": rollup_figures.open_overdue(sums), "untagged": counts["ended"] - tagged},
        kept=rollup_figures.kept(sums),
        response=rollup_figures.first_response(sums, buckets["response_minutes"]),
        at=at,
    )


def _counted_one_by_one(measure: Measure) -> Reflection:
    spread = figures.lengths(measure, "first_contact_at")
    counts = counted(measure)
    return Reflection(
        counts=counts,
        kept=figures.kept_figure(measure),
        response=Figure(
            code="first_response", n=spread.n, spread=spread.values, beside={"unanswered": counts["unanswered"]}
        ),
        at=measure.now,
    )


def before(measure: Measure) -> Measure:
    """As many days directly before the period, looked at as they stood at their end."""
    period = measure.period
    length = period.last - period.first
    last = period.first - timedelta(days=1)
    earlier = replace(measure, period=Period(first=last - length, last=last))
    return replace(earlier, now=min(measure.now, earlier.within[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseLine:
    """One problem with one cause: how many stages that ended in the period."""

    problem: str
    cause: str
    n: int


def causes(measure: Measure) -> list[CauseLine]:
    """Root causes by problem, the most frequent first."""
    tagged = RootCause.objects.filter(engagement__in=_ended(measure).values("pk"))
    counts = tagged.order_by().values(problem=F("complaint__problem_category"), what=F("cause")).annotate(n=Count("pk"))
    rows = counts.order_by("-n", "problem", "what")[:TOP_CAUSES]
    return [CauseLine(problem=row["problem"], cause=row["what"], n=row["n"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One kind of problem over the last twelve months: the own published figures beside the median of the others.

    Shares in per cent, days as calendar days; ``others`` is how many enterprises the median is of, and None stands
    where there are too few of them, or of the own cases.
    """

    problem: str
    day: date
    n: int
    others: int
    confirmed: float | None
    confirmed_others: float | None
    kept: float | None
    kept_others: float | None
    days: float | None
    days_others: float | None


def compared(enterprise_id: int, *, on: date) -> list[Comparison]:
    """With enterprises of at least 30 complaints about the same problem within the year. Two queries."""
    known = PublishedFigure.objects.filter(enterprise=enterprise_id, day__lte=on)
    newest = known.order_by("-day").values_list("day", flat=True).first()
    if newest is None:
        return []
    enough = PublishedFigure.objects.filter(day=newest, ended__gte=ENOUGH).exclude(category="")
    rows = list(enough.filter(category__in=enough.filter(enterprise=enterprise_id).values("category")))
    own = sorted(
        (row for row in rows if row.enterprise_id == enterprise_id), key=lambda row: (-row.ended, row.category)
    )
    return [
        _compared(row, [other for other in rows if other.category == row.category and other.pk != row.pk])
        for row in own[:COMPARED]
    ]


def _compared(own: PublishedFigure, others: list[PublishedFigure]) -> Comparison:
    def middle(of: Callable[[PublishedFigure], float | None]) -> float | None:
        values = [value for other in others if (value := of(other)) is not None]
        return round(median(values), 1) if len(values) >= FEWEST_OTHERS else None

    return Comparison(
        problem=own.category,
        day=own.day,
        n=own.ended,
        others=len(others),
        confirmed=_confirmed(own),
        confirmed_others=middle(_confirmed),
        kept=_kept(own),
        kept_others=middle(_kept),
        days=_days(own),
        days_others=middle(_days),
    )


def _confirmed(row: PublishedFigure) -> float | None:
    return 100 * row.settled / row.ended if row.ended else None


def _kept(row: PublishedFigure) -> float | None:
    return 100 * row.kept / row.promised if row.promised >= ENOUGH else None


def _days(row: PublishedFigure) -> float | None:
    return float(row.median_days) if row.median_days is not None else None
