"""How rows of the tally are added up into the tables of counters: the same statements for a fold and for a rebuild.

Every table is a sum over the tally and nothing else, so folding differences and adding up anew give the same rows. How
long things took is kept in buckets: a median is wrong by one in a hundred at the most.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log
from typing import Any

from database.sql_files import read_sql
from oversight.models import (
    AMOUNTS,
    MEASURES,
    SPREAD,
    WIDE,
    DayFacet,
    DayRegion,
    DaySpread,
    MonthEnterprise,
    MonthFacet,
    MonthSpread,
    Tally,
)

TALLY = Tally._meta.db_table
#: Buckets of what took how long: one each for whole numbers up to here, then each a fiftieth wider than the one before.
EXACT = {name: 50 if name.endswith("minutes") else 120 for name in SPREAD}
RATIO = 1.02
_SQL = read_sql(
    __file__,
    # By way of a timestamp, as a date would become a moment in the zone of the session first.
    month="date_trunc('month', d.day::timestamp)::date",
    numbers=", ".join(f"sum(d.{name})::{'bigint' if name in AMOUNTS else 'int'} as {name}" for name in MEASURES),
    wide=", ".join(map(repr, WIDE)),
    ratio=RATIO,
    # Which length, and up to where it is exact.
    whats=", ".join(f"({nth}, '{name}', {EXACT[name]})" for nth, name in enumerate(SPREAD)),
    length="abs(case s.nth " + " ".join(f"when {nth} then d.{name}" for nth, name in enumerate(SPREAD)) + " end)",
    lengths=", ".join(f"d.{name}" for name in SPREAD),
)
SHARED = _SQL["shared"]


@dataclass(frozen=True, slots=True)
class CounterTable:
    """Key, values and rows ``d`` of one table of counters; ``alone``: rows beside them that are cells already."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    rows: str
    alone: str = ""

    @property
    def sums(self) -> str:
        """A select with the key and all measures; groups that come to nothing are left out."""
        added = [f"nullif(sum(d.{name}), 0)" for name in MEASURES]
        cells = f"""
            select {self._named(added)}
            from {self.rows}
            group by {", ".join(self.values)}
            having num_nonnulls({", ".join(added)}) > 0"""
        if not self.alone:
            return cells
        plain = [f"nullif(d.{name}, 0)" for name in MEASURES]
        return f"""
            select {self._named(plain)}
            from {self.alone}
            where num_nonnulls({", ".join(plain)}) > 0
            union all {cells}"""

    def _named(self, numbers: Sequence[str]) -> str:
        return ", ".join(
            f"{value} as {name}" for name, value in zip((*self.key, *MEASURES), (*self.values, *numbers), strict=True)
        )

    def fill(self, beside: str = "") -> str:
        """An insert of the sums, of which nothing stands yet; ``beside`` follows the name of the table."""
        return f"insert into {self.name}{beside} as t ({', '.join((*self.key, *MEASURES))}) {self.sums}"

    @property
    def add(self) -> str:
        """An insert of the sums, added to what stands."""
        changes = ", ".join(
            f"{name} = nullif(coalesce(t.{name}, 0) + coalesce(excluded.{name}, 0), 0)" for name in MEASURES
        )
        return f"{self.fill()} on conflict ({', '.join(self.key)}) do update set {changes}"


def _of_region(name: str) -> tuple[str, str]:
    return f"{name}_above d join above l on l.of = d.region", f"{name} d join alone l on l.of = d.region"


TABLES = (
    CounterTable(DayRegion._meta.db_table, ("region", "day"), ("l.at", "d.day"), *_of_region("places")),
    CounterTable(
        DayFacet._meta.db_table,
        ("day", "facet"),
        ("d.day", "f.facet"),
        """
        days d cross join lateral (values ('p:' || d.problem), ('o:' || d.object), ('c:' || d.channel)) f (facet)
        where f.facet not in ('p:', 'o:', 'c:')""",
    ),
    CounterTable(
        MonthFacet._meta.db_table, ("region", "facet", "month"), ("l.at", "d.facet", "d.month"), *_of_region("facets")
    ),
    CounterTable(
        MonthEnterprise._meta.db_table,
        ("enterprise", "branch", "month"),
        ("d.enterprise", "b.branch", "d.month"),
        """
        firms d cross join lateral (values (0::bigint), (d.branch)) b (branch)
        where d.enterprise is not null and b.branch is not null""",
    ),
)


class Spreads(CounterTable):
    """A table of buckets: it has one measure of its own, and ``rows`` is the whole select."""

    @property
    def sums(self) -> str:
        return self.rows

    def fill(self, beside: str = "") -> str:
        return f"insert into {self.name}{beside} as t ({', '.join(self.key)}, n) {self.sums}"

    @property
    def add(self) -> str:
        return f"{self.fill()} on conflict ({', '.join(self.key)}) do update set n = t.n + excluded.n"


ALL: tuple[CounterTable, ...] = (
    *TABLES,
    Spreads(MonthSpread._meta.db_table, ("whose", "of", "what", "month", "bucket"), (), _SQL["by_month"]),
    Spreads(DaySpread._meta.db_table, ("region", "what", "day", "bucket"), (), _SQL["by_day"]),
)


def adding(before: str, tables: Iterable[CounterTable] = ALL) -> str:
    """The statement that adds ``diff``, which ``before`` makes, to these tables; a main query is still to follow."""
    return _with(before, [table.add for table in tables])


def filling(before: str, tables: Iterable[CounterTable] = ALL, *, beside: str = "") -> str:
    """The same where nothing stands yet of the days in ``diff``, or in the tables whose names end in ``beside``."""
    return _with(before, [table.fill(beside) for table in tables])


def _with(before: str, inserts: Sequence[str]) -> str:
    return f"with {before}, {SHARED}, " + ", ".join(f"into_{nth} as ({insert})" for nth, insert in enumerate(inserts))


def bucket_of(what: str, value: int) -> int:
    exact = EXACT[what]
    return value if value <= exact else exact + ceil(log(value / exact) / log(RATIO))


def middle(what: str, bucket: int) -> float:
    """What a bucket stands for: itself, or the geometric middle between its edges."""
    exact = EXACT[what]
    return float(bucket) if bucket <= exact else exact * RATIO ** (bucket - exact - 0.5)


def quantile(what: str, buckets: Mapping[int, int], share: float) -> float | None:
    """Of buckets, each for what it stands; None where nothing was counted."""
    values = {middle(what, bucket): n for bucket, n in buckets.items() if n > 0}
    return quantile_of(values, share) if values else None


def within(what: str, buckets: Mapping[int, int], share: float) -> float | None:
    """The upper edge of the bucket in which this share of all is reached: that many took no longer, for certain."""
    values = {_edge(what, bucket): n for bucket, n in buckets.items() if n > 0}
    return within_of(values, share) if values else None


def _edge(what: str, bucket: int) -> int:
    """The longest whole number in a bucket."""
    exact = EXACT[what]
    return bucket if bucket <= exact else floor(exact * RATIO ** (bucket - exact) + 1e-6)


def is_about(what: str, *values: float | None) -> bool:
    """Whether one of these is read from a bucket of several numbers."""
    return any(value is not None and value > EXACT[what] for value in values)


def within_of(values: Mapping[Any, int], share: float) -> float:
    """The least of the values that so great a share of them does not exceed."""
    ordered = sorted(values.items())
    return _nth(ordered, ceil(sum(values.values()) * share - 1e-9) - 1)


def quantile_of(values: Mapping[Any, int], share: float) -> float:
    """A quantile of values that were counted; between its two neighbours, by proportion."""
    ordered = sorted(values.items())
    place = (sum(values.values()) - 1) * share
    low = int(place)
    first, second = (_nth(ordered, nth) for nth in (low, low + 1))
    return first + (second - first) * (place - low)


def _nth(ordered: Sequence[tuple[Any, int]], nth: int) -> float:
    seen = 0
    for value, n in ordered:
        seen += n
        if nth < seen:
            return float(value)
    return float(ordered[-1][0])
