"""How rows of the tally are added up into the tables of counters: the same statements for a fold and for a rebuild.

The one rule: every table is a sum over the tally and nothing else, so folding differences and adding up anew give the
same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from oversight.models import (
    MEASURES,
    SPREAD,
    DayFacet,
    DayRegion,
    MonthEnterprise,
    MonthFacet,
    MonthSpread,
    Tally,
)

TALLY = Tally._meta.db_table
#: Buckets of what took how long: one each for whole numbers up to here, then each a tenth wider than the one before.
EXACT = {name: 20 if name.endswith("minutes") else 120 for name in SPREAD}
RATIO = 1.1
_MONTH = "date_trunc('month', d.day)::date"
_FACETS = "cross join lateral (values ('p:' || d.problem), ('o:' || d.object), ('c:' || d.channel){all}) f (facet)"
_ALL = ", ('')"
_NAMED = "where f.facet not in ('p:', 'o:', 'c:')"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of counters: its key, where that comes from, and the rows ``d`` (with a ``sign``) that it adds up."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    rows: str

    @property
    def sums(self) -> str:
        """A select with the key and all measures; groups that come to nothing are left out."""
        numbers = [f"nullif(sum(d.sign * d.{name}), 0)" for name in MEASURES]
        named = (f"{value} as {name}" for name, value in zip((*self.key, *MEASURES), (*self.values, *numbers), strict=True))
        return (f"select {', '.join(named)} from {self.rows} group by {', '.join(self.values)}"
                f" having num_nonnulls({', '.join(numbers)}) > 0")

    @property
    def add(self) -> str:
        """An insert of the sums, added to what stands."""
        columns = ", ".join((*self.key, *MEASURES))
        changes = ", ".join(f"{name} = nullif(coalesce(t.{name}, 0) + coalesce(excluded.{name}, 0), 0)" for name in MEASURES)
        return (f"insert into {self.name} as t ({columns}) {self.sums}"
                f" on conflict ({', '.join(self.key)}) do update set {changes}")


TABLES = (
    Table(DayRegion._meta.db_table, ("region", "day"), ("l.at", "d.day"), "diff d join levels l on l.of = d.region"),
    Table(DayFacet._meta.db_table, ("day", "facet"), ("d.day", "f.facet"), f"diff d {_FACETS.format(all='')} {_NAMED}"),
    Table(MonthFacet._meta.db_table, ("region", "facet", "month"), ("l.at", "f.facet", _MONTH),
          f"diff d join levels l on l.of = d.region {_FACETS.format(all=_ALL)} {_NAMED}"),
    Table(MonthEnterprise._meta.db_table, ("enterprise", "branch", "month"), ("d.enterprise", "b.branch", _MONTH),
          "diff d cross join lateral (values (0::bigint), (d.branch)) b (branch)"
          " where d.enterprise is not null and b.branch is not null"),
)


class Spreads(Table):
    """The table of buckets; it has one measure of its own."""

    @property
    def sums(self) -> str:
        lengths = ", ".join(f"('{name}', d.{name}, {EXACT[name]})" for name in SPREAD)
        return (
            "select w.whose, w.of, s.what, date_trunc('month', w.day)::date as month,"
            f" case when s.v <= s.exact then s.v else s.exact + ceil(ln(s.v / s.exact::float8) / ln({RATIO}::float8)) end::smallint"
            " as bucket, sum(w.sign) as n from ("
            "select 'r' as whose, l.at::bigint as of, d.* from diff d join levels l on l.of = d.region"
            " union all select 'e', d.enterprise, d.* from diff d where d.enterprise is not null) w"
            f" cross join lateral (values {lengths.replace('d.', 'w.')}) s (what, v, exact)"
            " where s.v is not null group by 1, 2, 3, 4, 5 having sum(w.sign) <> 0")

    @property
    def add(self) -> str:
        return (f"insert into {self.name} as t ({', '.join(self.key)}, n) {self.sums}"
                f" on conflict ({', '.join(self.key)}) do update set n = t.n + excluded.n")


ALL = (*TABLES, Spreads(MonthSpread._meta.db_table, ("whose", "of", "what", "month", "bucket"), (), ""))
LEVELS = """levels as materialized (
    with recursive up (of, at) as (
        select distinct region, region from diff
        union select up.of, r.parent_id from up join authorities_region r on r.id = up.at where r.parent_id is not null)
    select * from up)"""


def adding(before: str, tables: Iterable[Table] = ALL) -> str:
    """The tail of a statement in which ``diff`` is a query with sign and measures; ``before`` makes it."""
    parts = ", ".join(f"into_{number} as ({table.add})" for number, table in enumerate(tables))
    return f"with {before}, {LEVELS}, {parts}"
