"""What may be published of a quarter: how stages at enterprises ended, in time or not, by region and by enterprise.

These figures are told by whole quarters only, in one table for regions and enterprises. A month of a single enterprise
is nearly always a number from 1 to 4; a quarter is the shortest time of which most can be told something.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from authorities.models import Region
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import SHANGHAI
from database.sql_files import read_sql
from enterprises.models import Enterprise
from oversight.counters.reads import steadily
from oversight.figures.rounding import BASE
from oversight.figures.suppression import TOTAL
from oversight.models import MonthEnterprise, MonthFacet, Tally
from oversight.open_data.cells import Counts, Figure, Numbers, Teller, Withheld, levels_to, tell, tree_of, withholding
from web.small_numbers import ENOUGH

#: First responses by the working hours within which they came.
HOURS = (2, 4, 8, 16, 24, 40)
CLASSES = (*(f"responded_{hours}h" for hours in HOURS), "responded_later")
#: Cases that an enterprise gave back as not its own, by the hours after which they had left the intake again.
MEND_HOURS = (24, 72)
MENDED = (*(f"mended_{hours}h" for hours in MEND_HOURS), "mended_later")
FIGURES = (
    Figure(
        "ended",
        {
            **{"settled": TOTAL, "unconfirmed": TOTAL, "other": TOTAL, "settled_elsewhere": "other", "failed": "other"},
            **{"let_rest": "failed", "_failed_otherwise": "failed"},
        },
    ),
    # 按时办结率: what ended before its time ran out, and what ran out, each in the quarter in which it happened.
    # Of the former what the enterprise itself ended within its own time, and of that what it ended on the last day.
    Figure(
        "due",
        {
            **{"in_time": TOTAL, "late": TOTAL, "answered": "in_time", "_otherwise": "in_time"},
            **{"last_day": "answered", "_earlier": "answered"},
        },
    ),
    Figure.of("promised", "promises_kept", "promises_not_kept"),
    Figure.of("delivered", "again", "_first_time"),
    Figure.of("rated", "rated"),
    Figure("responded", dict.fromkeys(CLASSES, TOTAL)),
    # 误送率, and how soon a misrouted case was sent on.
    Figure.of("routed", "misrouted", "_rightly"),
    Figure("mended", dict.fromkeys(MENDED, TOTAL)),
)
#: Column → how it is added up from the counters of months.
_SUMS: Mapping[str, str] = {
    "settled": "ended_settled",
    "unconfirmed": "ended_unconfirmed",
    "settled_elsewhere": "ended_settled_elsewhere",
    "failed": "ended_failed",
    "let_rest": "ended_let_rest",
    "in_time": "in_time",
    "late": "ran_out",
    "answered": "answered",
    "last_day": "ended_last_day",
    "promises_kept": "promise_kept",
    "promise_due": "promise_due",
    "delivered": "delivered",
    "again": "again",
    "rated": "rated",
    "marks": "marks",
    "routed": "routed",
    "misrouted": "misrouted",
}
_CLASS_OF_MINUTES = " ".join(f"when response_minutes <= {hours * 60} then 'responded_{hours}h'" for hours in HOURS)
_CLASS_OF_MENDING = " ".join(
    f"when m.at <= e.until_at + interval '{hours} hours' then 'mended_{hours}h'" for hours in MEND_HOURS
)
_SQL = read_sql(
    __file__, tally=Tally._meta.db_table, class_of_minutes=_CLASS_OF_MINUTES, class_of_mending=_CLASS_OF_MENDING
)
_PATIENCE = "60s"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the counters say of a quarter, all of one moment, by the counted parts of ``FIGURES``."""

    regions: Mapping[int, Counts]
    enterprises: Mapping[int, Counts]


def ends_with(month: date) -> bool:
    """Whether a quarter ends with the month that begins on this day."""
    return month.month % 3 == 0


def span(month: date) -> tuple[date, date]:
    """First and last day of the quarter that ends with this month."""
    return date(month.year, month.month - 2, 1), (month + 31 * DAY).replace(day=1) - DAY


def mark(month: date) -> str:
    """2026-Q3."""
    return f"{month:%Y}-Q{month.month // 3}"


def publishable(
    month: date, *, now: datetime, finest: str = "county", already: Collection[Withheld] = (), by: Teller = withholding
) -> Numbers:
    """What may be published of the quarter that ends with this month. Some six statements, the rest in memory."""
    places = {region.pk: region for region in Region.objects.all()}
    enterprises = set(Enterprise.objects.exclude(enrolled_by=None).values_list("pk", flat=True))
    counted = steadily(lambda _counters: read(*span(month), places, finest), now=now, calendar=current_calendar())
    return numbers_from(counted, places, enterprises, already=already, by=by)


def numbers_from(
    counted: Counted,
    places: Mapping[int, Region],
    enterprises: Collection[int],
    *,
    already: Collection[Withheld] = (),
    by: Teller = withholding,
) -> Numbers:
    """What of these numbers may be told; ``enterprises`` are the enterprises that are named."""
    result = Numbers()
    named = {pk: of for pk, of in counted.enterprises.items() if pk in enterprises}
    tree = tree_of(counted.regions, places)
    for figure in FIGURES:
        if by is withholding:
            # A part of a part that is nearly always small would take others with it.
            figure = Figure(figure.name, {part: whole for part, whole in figure.parts.items() if whole != "failed"})
        tell(result, figure, tree, counted.regions, enterprises=named, already=already, by=by)
    for rows, of in ((result.regions, counted.regions), (result.enterprises, named)):
        for pk, numbers in rows.items():
            if by is withholding:
                if numbers.get("failed", 0) != 0:
                    numbers["let_rest"] = None
                numbers["marks"] = None if numbers.get("rated", 0) is None else of[pk].get("marks", 0)
            else:
                numbers["marks"] = _marks_told(numbers.get("rated") or 0, of.get(pk, {}))
    return result


def _marks_told(rated: int, counts: Counts) -> int | None:
    """The mean mark, to a tenth, times the rounded number of marks: it tells the mean and nothing of how many there
    were. None under thirty."""
    if rated < ENOUGH or not counts.get("rated"):
        return None
    return BASE * round(round(counts["marks"] / counts["rated"], 1) * rated / BASE)


def sectors(first: date, last: date) -> dict[int, str]:
    """What most complaints of these days against each enterprise are about."""
    start, end = (datetime(d.year, d.month, d.day, tzinfo=SHANGHAI) for d in (first, last + DAY))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = %s", [_PATIENCE])
        cursor.execute(_SQL["sectors"], [start, end])
        return dict(cursor.fetchall())


def read(first: date, last: date, places: Mapping[int, Region], finest: str = "county") -> Counted:
    """Regions down to the ``finest``, and enterprises with all their branches."""
    told = levels_to(finest)
    levels = {pk for pk, place in places.items() if place.level in told}
    regions = {
        pk: of
        for pk, of in _summed(MonthFacet._meta.db_table, "region", "facet = ''", first, last).items()
        if pk in levels
    }
    enterprises = _summed(MonthEnterprise._meta.db_table, "enterprise", "branch = 0", first, last)
    with connection.cursor() as cursor:
        for statement in ("details", "mended"):
            cursor.execute(_SQL[statement], [first, last])
            for region, enterprise, name, n in cursor.fetchall():
                for pk in _above(region, places):
                    if pk in regions:
                        regions[pk][name] += n
                if enterprise in enterprises:
                    enterprises[enterprise][name] += n
    for counts in (*regions.values(), *enterprises.values()):
        counts["_failed_otherwise"] = counts["failed"] - counts["let_rest"]
        counts["_otherwise"] = counts["in_time"] - counts["answered"]
        counts["_earlier"] = counts["answered"] - counts["last_day"]
        counts["_first_time"] = counts["delivered"] - counts["again"]
        counts["_rightly"] = counts["routed"] - counts["misrouted"]
        counts["promises_not_kept"] = counts["promise_due"] - counts["promises_kept"]
    return Counted(regions, enterprises)


def _summed(table: str, key: str, which: str, first: date, last: date) -> dict[int, dict[str, int]]:
    sums = ", ".join(f"coalesce(sum({column}), 0)::bigint" for column in _SUMS.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {key}, {sums} from {table} where {which} and month between %s and %s group by 1",  # noqa: S608
            [first, last],
        )
        return {pk: defaultdict(int, zip(_SUMS, numbers, strict=True)) for pk, *numbers in cursor.fetchall()}


def _above(region: int, places: Mapping[int, Region]) -> list[int]:
    results: list[int] = []
    pk: int | None = region
    while pk is not None and pk in places:
        results.append(pk)
        pk = places[pk].parent_id
    return results
