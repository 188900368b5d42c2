"""Working days and working minutes between two moments, counted by the database.

The one rule: the same calendar as the clocks of the cases. Monday to Friday are counted by
division; the days of a decree are two short sorted lists that the database searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Aggregate, FloatField, Func, IntegerField
from django.db.models.expressions import Combinable, CombinedExpression

from complaints.working_calendar import Calendar

#: A working day of the figures: eight hours. A message at night counts as one of the next morning.
OPENS, CLOSES = 9 * 60, 17 * 60
DAY_MINUTES = CLOSES - OPENS

_DAY = "((%(m)s) at time zone '%(zone)s')::date - date '0001-01-01' + 1"
_WORKED = ("(({o}) / 7 * 5 + least(mod({o}, 7), 5) + width_bucket({o}, %s::int[])"
           " - width_bucket({o}, %s::int[]))")
_MINUTE = ("(extract(hour from (%(m)s) at time zone '%(zone)s') * 60"
           " + extract(minute from (%(m)s) at time zone '%(zone)s'))::int")


@dataclass(frozen=True, slots=True)
class Decrees:
    """The days on which a decree differs from Monday to Friday, as day numbers, sorted."""

    worked: tuple[int, ...]
    free: tuple[int, ...]
    zone: str

    @classmethod
    def of(cls, calendar: Calendar) -> Decrees:
        worked: list[int] = []
        free: list[int] = []
        for year in sorted(calendar.known_years):
            for number in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1):
                day = date.fromordinal(number)
                works = calendar.is_working(day)
                if works != (day.weekday() < 5):
                    (worked if works else free).append(number)
        return cls(tuple(worked), tuple(free), str(calendar.zone))


class _OfMoment(Func):
    """An expression over one moment that may name it several times."""

    output_field = IntegerField()
    decrees: Decrees

    def __init__(self, moment: Any, *, decrees: Decrees) -> None:
        super().__init__(moment)
        self.decrees = decrees

    def pieces(self) -> list[tuple[str, bool]]:
        raise NotImplementedError

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        moment, inner = compiler.compile(self.source_expressions[0])
        if inner:
            raise ValueError("a moment is a column, not a value")
        sql, params = [], []
        for text, takes_decrees in self.pieces():
            sql.append(text.replace("%(m)s", moment).replace("%(zone)s", self.decrees.zone))
            if takes_decrees:
                params += [list(self.decrees.worked), list(self.decrees.free)]
        return f"({' '.join(sql)})", params


class LocalDay(_OfMoment):
    """The number of the local day."""

    def pieces(self) -> list[tuple[str, bool]]:
        return [(_DAY, False)]


class WorkingDaysUntil(_OfMoment):
    """Working days up to and including the local day of a moment."""

    def pieces(self) -> list[tuple[str, bool]]:
        return [(_WORKED.format(o=_DAY), True)]


class WorkingMinutesUntil(_OfMoment):
    """Working minutes up to a moment; seconds are cut off."""

    def pieces(self) -> list[tuple[str, bool]]:
        before, with_day = _WORKED.format(o=f"{_DAY} - 1"), _WORKED.format(o=_DAY)
        return [
            (f"{DAY_MINUTES} * {before}", True),
            (f"+ ({with_day}", True), (f"- {before})", True),
            (f"* least(greatest({_MINUTE} - {OPENS}, 0), {DAY_MINUTES})", False),
        ]


def between(kind: type[_OfMoment], first: Any, last: Any, *, decrees: Decrees) -> CombinedExpression:
    """``kind`` at the last moment less ``kind`` at the first one."""
    return CombinedExpression(kind(last, decrees=decrees), Combinable.SUB, kind(first, decrees=decrees),
                              output_field=IntegerField())


class Quantile(Aggregate):
    """The value below which this share of the rows lies, between two rows by proportion."""

    template = "percentile_cont(%(share)s) within group (order by %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, *, share: float, **extra: Any) -> None:
        super().__init__(expression, share=repr(float(share)), **extra)
