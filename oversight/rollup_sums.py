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
_MONTH = "date_trunc('month', day)::date"
_FACETS = "cross join lateral (values ('p:' || d.problem), ('o:' || d.object), ('c:' || d.channel){all}) f (facet)"
_ALL = ", ('')"
_NAMED = "where f.facet not in ('p:', 'o:', 'c:')"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of counters: its key, where that comes from, and the rows ``d`` that it adds up."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    rows: str

    @property
    def sums(self) -> str:
        """A select with the key and all measures; groups that come to nothing are left out."""
        numbers = [f"nullif(sum(d.{name}), 0)" for name in MEASURES]
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
    Table(DayFacet._meta.db_table, ("day", "facet"), ("d.day", "f.facet"), f"days d {_FACETS.format(all='')} {_NAMED}"),
    Table(MonthFacet._meta.db_table, ("region", "facet", "month"), ("l.at", "f.facet", "d.month"),
          f"months d join levels l on l.of = d.region {_FACETS.format(all=_ALL)} {_NAMED}"),
    Table(MonthEnterprise._meta.db_table, ("enterprise", "branch", "month"), ("d.enterprise", "b.branch", _MONTH),
          "diff d cross join lateral (values (0::bigint), (d.branch)) b (branch)"
          " where d.enterprise is not null and b.branch is not null"),
)


class Spreads(Table):
    """The table of buckets; it has one measure of its own."""

    @property
    def sums(self) -> str:
        return ("select whose, of, what, month, bucket, sum(n)::int as n from ("
                "select 'r' as whose, l.at::bigint as of, s.* from spans s join levels l on l.of = s.region"
                " union all select 'e', s.enterprise, s.* from spans s where s.enterprise is not null) s"
                " group by 1, 2, 3, 4, 5 having sum(n) <> 0")

    @property
    def add(self) -> str:
        return (f"insert into {self.name} as t ({', '.join(self.key)}, n) {self.sums}"
                f" on conflict ({', '.join(self.key)}) do update set n = t.n + excluded.n")


ALL: tuple[Table, ...] = (*TABLES, Spreads(MonthSpread._meta.db_table, ("whose", "of", "what", "month", "bucket"), (), ""))
def _grouped(*key: str) -> str:
    """The differences added up by what they share: most of what happens to a case lies in one month and place."""
    numbers = ", ".join(f"sum({name})::bigint as {name}" for name in MEASURES)
    return f"select {', '.join(key)}, {numbers} from diff group by {', '.join(str(n + 1) for n in range(len(key)))}"


_LENGTHS = ", ".join(f"('{name}', abs(d.{name}), {EXACT[name]})" for name in SPREAD)
_SPANS = f"""
select d.region, d.enterprise, s.what, {_MONTH} as month,
       case when s.v <= s.exact then s.v else s.exact + ceil(ln(s.v / s.exact::float8) / ln({RATIO}::float8)) end::smallint as bucket,
       sum(d.sign) as n
from diff d cross join lateral (values {_LENGTHS}) s (what, v, exact)
where num_nonnulls({', '.join(f'd.{name}' for name in SPREAD)}) > 0 and s.v is not null group by 1, 2, 3, 4, 5
"""
#: Made of ``diff``, the rows to be added up (what is taken back has a ``sign`` of -1 and its measures below zero).
SHARED = f"""levels as materialized (
    with recursive up (of, at) as (
        select distinct region, region from diff
        union select up.of, r.parent_id from up join authorities_region r on r.id = up.at where r.parent_id is not null)
    select * from up),
days as materialized ({_grouped("day", "problem", "object", "channel")}),
months as materialized ({_grouped(f"{_MONTH} as month", "region", "problem", "object", "channel")}),
spans as materialized ({_SPANS})"""


def adding(before: str, tables: Iterable[Table] = ALL) -> str:
    """The statement that adds ``diff``, which ``before`` makes, to these tables; a main query is still to follow."""
    parts = ", ".join(f"into_{number} as ({table.add})" for number, table in enumerate(tables))
    return f"with {before}, {SHARED}, {parts}"
