"""How rows of the tally are added up into the tables of counters: the same statements for a fold and for a rebuild.

Every table is a sum over the tally and nothing else, so folding differences and adding up anew give the same rows. How
long things took is kept in buckets: quantiles are wrong by less than a twentieth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log

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
#: Buckets of what took how long: one each for whole numbers up to here, then each a tenth wider than the one before.
EXACT = {name: 20 if name.endswith("minutes") else 120 for name in SPREAD}
RATIO = 1.1
#: By way of a timestamp, as a date would become a moment in the zone of the session first.
_MONTH = "date_trunc('month', d.day::timestamp)::date"
_FACETS = "cross join lateral (values ('p:' || d.problem), ('o:' || d.object), ('c:' || d.channel){all}) f (facet)"
_ALL = ", ('')"
_NAMED = "where f.facet not in ('p:', 'o:', 'c:')"


@dataclass(frozen=True, slots=True)
class Table:
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
    Table(DayRegion._meta.db_table, ("region", "day"), ("l.at", "d.day"), *_of_region("places")),
    Table(DayFacet._meta.db_table, ("day", "facet"), ("d.day", "f.facet"), f"days d {_FACETS.format(all='')} {_NAMED}"),
    Table(
        MonthFacet._meta.db_table, ("region", "facet", "month"), ("l.at", "d.facet", "d.month"), *_of_region("facets")
    ),
    Table(
        MonthEnterprise._meta.db_table,
        ("enterprise", "branch", "month"),
        ("d.enterprise", "b.branch", "d.month"),
        """
        firms d cross join lateral (values (0::bigint), (d.branch)) b (branch)
        where d.enterprise is not null and b.branch is not null""",
    ),
)


class Spreads(Table):
    """A table of buckets: it has one measure of its own, and ``rows`` is the whole select."""

    @property
    def sums(self) -> str:
        return self.rows

    def fill(self, beside: str = "") -> str:
        return f"insert into {self.name}{beside} as t ({', '.join(self.key)}, n) {self.sums}"

    @property
    def add(self) -> str:
        return f"{self.fill()} on conflict ({', '.join(self.key)}) do update set n = t.n + excluded.n"


_BY_MONTH = """
select 'r' as whose, l.at::bigint as of, d.what, d.month, d.bucket, d.n
from spread d
join alone l on l.of = d.region
where d.n <> 0
union all
select 'r', l.at, d.what, d.month, d.bucket, sum(d.n)::int
from spread_above d
join above l on l.of = d.region
group by 2, 3, 4, 5
having sum(d.n) <> 0
union all
select 'e', enterprise, what, month, bucket, sum(sign)::int
from spans
where enterprise is not null
group by 2, 3, 4, 5
having sum(sign) <> 0
"""
_BY_DAY = """
select l.at as region, d.what, d.day, d.bucket, sum(d.sign)::int as n
from spans d
join wide l on l.of = d.region
group by 1, 2, 3, 4
having sum(d.sign) <> 0
"""
ALL: tuple[Table, ...] = (
    *TABLES,
    Spreads(MonthSpread._meta.db_table, ("whose", "of", "what", "month", "bucket"), (), _BY_MONTH),
    Spreads(DaySpread._meta.db_table, ("region", "what", "day", "bucket"), (), _BY_DAY),
)


def _grouped(*key: str, of: str = "diff d") -> str:
    """Added up by what they share, so that fewer rows go on; counts stay small numbers, as these are fast."""
    numbers = ", ".join(f"sum(d.{name})::{'bigint' if name in AMOUNTS else 'int'} as {name}" for name in MEASURES)
    return f"""
        select {", ".join(key)}, {numbers}
        from {of}
        group by {", ".join(str(n + 1) for n in range(len(key)))}"""


#: Which length, and up to where it is exact; each row of ``diff`` stands beside each of them, which costs less than
#: five rows made of it.
_WHATS = ", ".join(f"({nth}, '{name}', {EXACT[name]})" for nth, name in enumerate(SPREAD))
_LENGTH = "abs(case s.nth " + " ".join(f"when {nth} then d.{name}" for nth, name in enumerate(SPREAD)) + " end)"
_SPANS = f"""
select
    sign, region, enterprise, what, day, month,
    case
        when v <= exact then v
        else exact + ceil(ln(v / exact::float8) / ln({RATIO}::float8))
    end::smallint as bucket
from (
    select d.sign, d.region, d.enterprise, s.what, s.exact, d.day, {_MONTH} as month, {_LENGTH} as v
    from diff d
    cross join (values {_WHATS}) s (nth, what, exact)
    where num_nonnulls({", ".join(f"d.{name}" for name in SPREAD)}) > 0
) d
where v is not null
"""
#: Which regions lie in which (``of`` in ``at``), as far as there are rows. A region is alone where nothing but one of
#: them lies in it; the others are added up in two steps: to the lowest that is not alone, and from there to those above
#: it.
_LEVELS = f"""
levels as materialized (
    with recursive up (of, at, height) as (
        select distinct region, region, 0
        from places
        union
        select up.of, r.parent_id, up.height + 1
        from up
        join authorities_region r on r.id = up.at
        where r.parent_id is not null
    )
    select *, count(*) over (partition by at) = 1 as is_alone
    from up
),
alone as materialized (
    select of, at
    from levels
    where is_alone
),
wide as materialized (
    select l.of, l.at
    from levels l
    join authorities_region r on r.id = l.at
    where r.level in ({", ".join(map(repr, WIDE))})
),
trunk as materialized (
    select distinct on (of) of, at
    from levels
    where not is_alone
    order by of, height
),
above as materialized (
    select distinct t.at as of, l.at
    from trunk t
    join levels l on l.of = t.of and not l.is_alone
)"""
_TRUNK = "{} d join trunk l on l.of = d.region"
_SPREAD = """
    select region, what, month, bucket, sum(sign)::int as n
    from spans
    group by 1, 2, 3, 4"""
_SPREAD_ABOVE = f"""
    select l.at as region, d.what, d.month, d.bucket, sum(d.n)::int as n
    from {_TRUNK.format("spread")}
    group by 1, 2, 3, 4"""
_MONTH_FACETS = f"months d {_FACETS.format(all=_ALL)} {_NAMED}"
#: Made of ``diff``, the rows to be added up (what is taken back has a ``sign`` of -1 and its measures below zero).
SHARED = f"""
places as materialized ({_grouped("d.region", "d.day")}),
{_LEVELS},
places_above as materialized ({_grouped("l.at as region", "d.day", of=_TRUNK.format("places"))}),
days as materialized ({_grouped("d.day", "d.problem", "d.object", "d.channel")}),
months as materialized ({_grouped(f"{_MONTH} as month", "d.region", "d.problem", "d.object", "d.channel")}),
facets as materialized ({_grouped("d.month", "d.region", "f.facet", of=_MONTH_FACETS)}),
facets_above as materialized ({_grouped("d.month", "l.at as region", "d.facet", of=_TRUNK.format("facets"))}),
firms as materialized (
    {_grouped(f"{_MONTH} as month", "d.enterprise", "d.branch", of="diff d where d.enterprise is not null")}
),
spans as materialized ({_SPANS}),
spread as materialized ({_SPREAD}),
spread_above as materialized ({_SPREAD_ABOVE})"""


def adding(before: str, tables: Iterable[Table] = ALL) -> str:
    """The statement that adds ``diff``, which ``before`` makes, to these tables; a main query is still to follow."""
    return _with(before, [table.add for table in tables])


def filling(before: str, tables: Iterable[Table] = ALL, *, beside: str = "") -> str:
    """The same where nothing stands yet of the days in ``diff``, or in the tables whose names end in ``beside``."""
    return _with(before, [table.fill(beside) for table in tables])


def _with(before: str, inserts: Sequence[str]) -> str:
    return f"with {before}, {SHARED}, " + ", ".join(
        f"into_{number} as ({insert})" for number, insert in enumerate(inserts)
    )


def bucket_of(what: str, value: int) -> int:
    exact = EXACT[what]
    return value if value <= exact else exact + ceil(log(value / exact) / log(RATIO))


def middle(what: str, bucket: int) -> float:
    """What a bucket stands for: itself, or the geometric middle between its edges."""
    exact = EXACT[what]
    return float(bucket) if bucket <= exact else exact * RATIO ** (bucket - exact - 0.5)


def quantile(what: str, buckets: Mapping[int, int], share: float) -> float | None:
    """Between its two neighbours, by proportion, as the exact one is. None where nothing was counted."""
    ordered = sorted((bucket, n) for bucket, n in buckets.items() if n > 0)
    whole = sum(n for _, n in ordered)
    if not whole:
        return None
    place = (whole - 1) * share
    low = int(place)
    first, second = (_nth(what, ordered, min(nth, whole - 1)) for nth in (low, low + 1))
    return first + (second - first) * (place - low)


def _nth(what: str, ordered: list[tuple[int, int]], nth: int) -> float:
    seen = 0
    for bucket, n in ordered:
        seen += n
        if nth < seen:
            return middle(what, bucket)
    raise IndexError(nth)
