"""The numbers of official documents: given one after the other, and looked through for gaps.

The row of a series is locked by whoever takes a number until that transaction ends, so two at once get
consecutive numbers and a transaction that is rolled back gives its number back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from authorities.models import Authority
from complaints.documents.kinds import reference


class Series(NamedTuple):
    """What is counted apart: the sort of a document, a year, an authority."""

    authority_id: int
    year: int
    form: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A number that was given and has no document, or a series that counts otherwise than its documents."""

    reference: str
    what: str


# Series are locked in one order, whatever stands first in the batch.
_TAKE = """
insert into complaints_documentseries as s (authority_id, year, form, last)
select * from unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::int[]) as v(authority_id, year, form, n)
order by 1, 2, 3
on conflict (authority_id, year, form) do update set last = s.last + excluded.last
returning authority_id, year, form, last"""
_GAPS = """
select s.authority_id, s.year, s.form, n.number, 'missing'
from complaints_documentseries s cross join lateral generate_series(1, s.last) as n(number)
where not exists (select from complaints_officialdocument d where d.authority_id = s.authority_id and d.year = s.year
                  and d.form = s.form and d.number = n.number)
union all
select d.authority_id, d.year, d.form, d.number, 'not counted'
from complaints_officialdocument d
left join complaints_documentseries s on s.authority_id = d.authority_id and s.year = d.year and s.form = d.form
where s.last is null or d.number > s.last
order by 1, 2, 3, 4"""


def take_numbers(wanted: Sequence[Series]) -> list[int]:
    """The next number for each, in this order. Within the transaction of the step."""
    counts = Counter(wanted)
    columns = list(zip(*counts, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [*map(list, columns), list(counts.values())])
        following = {Series(*row[:3]): row[3] - counts[Series(*row[:3])] for row in cursor.fetchall()}
    found = []
    for series in wanted:
        following[series] += 1
        found.append(following[series])
    return found


def gaps() -> Iterator[Gap]:
    """Every number that is missing, by what would be printed; nothing where all is well."""
    codes = dict(Authority.objects.values_list("pk", "document_code"))
    with connection.cursor() as cursor:
        cursor.execute(_GAPS)
        for authority_id, year, form, number, what in cursor.fetchall():
            yield Gap(reference(codes.get(authority_id, ""), form, year=year, number=number), what)
