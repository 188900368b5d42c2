"""Where the days go, and the figures of the procedure (section 7) that the first page does not show.

Only open cases are read one by one, once; everything that is over comes from the counters.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, F, Q, When
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.desks.authority_lists import at_an_authority, late
from complaints.models.complaint import OPEN
from complaints.procedure.workflow import Status
from oversight.counters.reads import Counters, Sums, steadily
from oversight.counters.sums import is_about, quantile, quantile_of, within, within_of
from oversight.figures.definitions import Period
from oversight.figures.figures import RESULTS, Figure, Measure, part_of
from oversight.presenting import cards
from oversight.presenting.cards import Card, Lists
from web.small_numbers import ENOUGH, share_text, too_few

WEEKS = 12
#: What takes how long, from the counters.
LENGTHS = ("response_minutes", "accept_minutes", "handled_wd", "handled_cd")
#: Ages of a case at an authority, in days: up to here, and over the last one.
AGES = (7, 30, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Open cases in one status, and since how many calendar days."""

    status: str
    n: int
    median: float
    p90: float
    longest: int


@dataclass(frozen=True, slots=True)
class Week:
    """What came in and what was closed in seven days."""

    first: date
    last: date
    received: int
    closed: int


@dataclass(frozen=True, slots=True)
class Span:
    """Median and p90 of one length, of so many; ``is_about``: read from buckets."""

    n: int
    median: float
    p90: float
    is_about: bool


@dataclass(frozen=True, slots=True)
class Flow:
    weeks: Sequence[Week]
    spans: Mapping[str, Span]
    #: Stages that ended in the period by the enterprise's own act, and how many of them on the last day of their own
    #: clock; so with first offers.
    answered: int
    ended_last_day: int
    offered: int
    offered_last_day: int


def stays(measure: Measure) -> list[Stay]:
    """In the order of the procedure. One statement."""
    since = TruncDate("status_since", tzinfo=measure.calendar.zone)
    rows = measure.cases().filter(OPEN).order_by().values("status", day=since).annotate(n=Count("pk"))
    today, result = measure.calendar.local_day(measure.now), defaultdict[str, Counter[int]](Counter)
    for row in rows:
        result[row["status"]][max(0, (today - row["day"]).days)] += row["n"]
    return [
        Stay(
            status=status,
            n=sum(days.values()),
            median=quantile_of(days, 0.5),
            p90=within_of(days, 0.9),
            longest=max(days),
        )
        for status, days in ((str(one), result.get(one, Counter())) for one in Status)
        if days
    ]


def flow(measure: Measure) -> Flow:
    """From the counters; two statements beside those that ask how far they are."""
    return steadily(lambda counters: _flow(measure, counters), now=measure.now, calendar=measure.calendar)


def _flow(measure: Measure, counters: Counters) -> Flow:
    # Whole weeks of whole days: today is not over.
    end = min(measure.period.last, measure.calendar.local_day(measure.now) - timedelta(days=1))
    weeks = [
        Period(first=end - timedelta(days=7 * n + 6), last=end - timedelta(days=7 * n)) for n in reversed(range(WEEKS))
    ]
    names = ("received", "closed", "routed", "offered", "offered_last_day", "answered", "ended_last_day")
    sums = [
        one.get("", dict.fromkeys(names, 0))
        for one in counters.sums_of(measure.scope, [*weeks, measure.period], names=names) or []
    ]
    buckets = counters.buckets(measure.scope, measure.period, LENGTHS) or {}
    whole = sums[-1]
    return Flow(
        [Week(week.first, week.last, one["received"], one["closed"]) for week, one in zip(weeks, sums, strict=False)],
        {what: _span(what, counts) for what, counts in buckets.items() if sum(counts.values()) > 0},
        whole["answered"],
        whole["ended_last_day"],
        whole["offered"],
        whole["offered_last_day"],
    )


def _span(what: str, counts: Mapping[int, int]) -> Span:
    median, nine = quantile(what, counts, 0.5) or 0.0, within(what, counts, 0.9) or 0.0
    return Span(sum(counts.values()), median, nine, is_about(what, median, nine))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one officer has open, or what lies at an authority without one; by the age of the case there."""

    officer_id: int | None
    authority_id: int | None
    open: int
    overdue: int
    due_soon: int
    #: Up to each of AGES, and older.
    ages: Sequence[int]


def workload(measure: Measure, soon: Q) -> list[Load]:
    """Open cases that an authority must act on, by officer; who has most that is late comes first. One statement."""
    today = measure.calendar.moment(measure.calendar.local_day(measure.now))
    edges = [today - timedelta(days=n) for n in AGES]
    received = "authority_received_at"
    counts = {"age0": Q(**{f"{received}__gte": edges[0]})}
    counts |= {
        f"age{n + 1}": (
            Q(**{f"{received}__lt": edge}) & (Q(**{f"{received}__gte": edges[n + 1]}) if n + 1 < len(edges) else Q())
        )
        for n, edge in enumerate(edges)
    }
    rows = (
        measure.cases()
        .filter(at_an_authority())
        .order_by()
        .values(who=F("officer_id"), where=Case(When(officer=None, then=F("handling_authority_id"))))
        .annotate(
            open=Count("pk"),
            overdue=Count("pk", filter=late(measure.now)),
            soon=Count("pk", filter=soon),
            **{name: Count("pk", filter=condition) for name, condition in counts.items()},
        )
    )
    results = [
        Load(
            officer_id=row["who"],
            authority_id=row["where"],
            open=row["open"],
            overdue=row["overdue"],
            due_soon=row["soon"],
            ages=[row[f"age{n}"] for n in range(len(AGES) + 1)],
        )
        for row in rows
    ]
    return sorted(results, key=lambda load: (-load.overdue, -load.open, load.officer_id or 0, load.authority_id or 0))


_ENDED = tuple(f"ended_{result}" for result in RESULTS)
NAMES = (
    *("received", "closed", "rated", "marks", "delivered", "again", "offered", "offered_last_day"),
    *("answered", "ended_last_day"),
    *_ENDED,
)


def counted(measure: Measure) -> dict[str, Figure]:
    """By code; nothing while nothing was ever folded. One statement beside those that ask how far the counters are."""
    sums = steadily(
        lambda counters: counters.sums(measure.scope, measure.period, names=NAMES),
        now=measure.now,
        calendar=measure.calendar,
    )
    return of_sums(sums[""]) if sums else {}


def of_sums(sums: Sums) -> dict[str, Figure]:
    """``sums`` of NAMES."""
    ended = sum(sums[name] for name in _ENDED)

    return {
        "first_settled": part_of("first_settled", sums["ended_settled"], sums["received"]),
        "rating": Figure(
            code="rating",
            n=sums["rated"],
            beside={"marks": sums["marks"], "closed": sums["closed"]},
            spread={"mean": sums["marks"] / sums["rated"]} if sums["rated"] else {},
        ),
        "withdrawn": part_of("withdrawn", sums["ended_withdrawn"], ended),
        "again": part_of("again", sums["again"], sums["delivered"]),
        "last_day": part_of("last_day", sums["ended_last_day"], sums["answered"]),
        "last_offer": part_of("last_offer", sums["offered_last_day"], sums["offered"]),
    }


def _share(label: Any, what: str, of: Any, of_what: str) -> Callable[[Figure, Lists], Card]:
    """``what`` and ``of_what`` are lists behind the two numbers (rollup_behind.WHAT)."""

    def build(figure: Figure, lists: Lists) -> Card:
        mine = cards.part(str(label), figure.numerator or 0, lists, what)
        return cards.share_card(figure, mine, cards.part(str(of), figure.n, lists, of_what))

    return build


def _rating(figure: Figure, lists: Lists) -> Card:
    closed = figure.beside["closed"]
    mean = figure.spread.get("mean")
    return Card(
        code="rating",
        value=f"{mean:.2f}" if mean is not None and not too_few(figure.n) else cards.NOTHING,
        unit=_("分") if mean is not None and not too_few(figure.n) else "",
        foot=(
            cards.n_of(figure),
            _("办结%(n)s件的%(share)s评了分") % {"n": f"{closed:,}", "share": share_text(figure.n, closed)}
            if closed >= ENOUGH
            else _("办结%(n)s件") % {"n": closed},
            *cards.few(figure.n),
        ),
        parts=(
            cards.part(_("评了分的"), figure.n, lists, "rated"),
            cards.part(_("办结的件数"), closed, lists, "closed"),
        ),
    )


_CARDS: Mapping[str, Callable[[Figure, Lists], Card]] = {
    "first_settled": _share(gettext_lazy("确认和解"), "ended_settled", gettext_lazy("收到"), "received"),
    "rating": _rating,
    "withdrawn": _share(gettext_lazy("撤回的"), "ended_withdrawn", gettext_lazy("结束的"), "ended"),
    "again": _share(gettext_lazy("60天内再次投诉"), "again", gettext_lazy("送达的"), "delivered"),
    "last_day": _share(gettext_lazy("最后一天才办结"), "ended_last_day", gettext_lazy("企业自己办结的"), "answered"),
    "last_offer": _share(gettext_lazy("最后一天才提方案"), "offered_last_day", gettext_lazy("提过方案的"), "offered"),
}


def cards_of(result: Mapping[str, Figure], lists: Lists) -> list[Card]:
    return [build(result[code], lists) for code, build in _CARDS.items() if code in result]
