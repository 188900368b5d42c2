"""Makes the indicators of the public page from the counters: the country, each province and each city, of twelve closed months.

The one rule: all regions are one table for what is withheld, as the numbers of cities add up to those of their province.
``data`` of a row: ``received`` of all; ``months`` and ``categories`` as [name, received]; ``settled``, ``on_time`` and
``kept`` as [part by part, in all]; a number that is withheld is null. ``response``: [working minutes until half had a
first response, how many had one], null under thirty; ``recovered``: yuan, of the whole country only, as smaller places
could be worked out from it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from authorities.models import Region
from complaints.models import Heartbeat
from complaints.working_calendar import SHANGHAI
from oversight.league_making import periods
from oversight.leagues import RANKED_FROM
from oversight.models import MonthFacet, MonthSpread
from oversight.open_models import OpenIndicators
from oversight.rollup_buckets import quantile
from oversight.suppression import TOTAL, Axis, published

#: Counted or shown differently from before gets the next number.
FORMULA = 1
#: So many categories are named; the rest is one.
CATEGORIES, OTHER = 11, "other"
MARK = "published indicators"
_LOCK = 0x0F1654
#: What is left of a region when those below it are taken away.
_REST = "~"
#: Parts that make a whole, by the columns of the counters.
WHOLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "settled": (("settled", "ended_settled"), ("unconfirmed", "ended_unconfirmed"), ("other", "ended_settled_elsewhere + ended_failed")),
    "on_time": (("in_time", "in_time"), ("late", "ended_late")),
    "kept": (("kept", "promise_kept"), ("not_kept", "promise_due - promise_kept")),
}
Table = dict[tuple[int, str], int]


def publish(*, now: datetime) -> int:
    """Make today's set unless it stands; of how many regions."""
    day = now.astimezone(SHANGHAI).date()
    if Heartbeat.objects.filter(name=MARK, at__gte=datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)).exists():
        return 0
    first, last = periods(day)[0]
    # Counted and withheld before a transaction begins: for a whole country that takes a while.
    rows = made(first, last, now=now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        OpenIndicators.objects.all().delete()
        OpenIndicators.objects.bulk_create(rows)
        Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return len(rows)


def made(first: date, last: date, *, now: datetime) -> list[OpenIndicators]:
    """A row for the country and for each province and city in which something was counted."""
    levels = [Region.Level.COUNTRY, Region.Level.PROVINCE, Region.Level.CITY]
    regions = {row.pk: row for row in Region.objects.filter(country="CN", level__in=levels)}
    country = next((pk for pk, row in regions.items() if row.level == Region.Level.COUNTRY), None)
    if country is None:
        return []
    months = _by_month(first, last, regions)
    categories = _by_category(first, last, regions, country)
    wholes = {name: _parts(first, last, regions, parts) for name, parts in WHOLES.items()}
    there = sorted({pk for pk, _ in months} | {country} | {pk for table in wholes.values() for pk, _ in table})
    place = _Places(there, {pk: regions[pk].parent_id for pk in there}, country)
    names = sorted({month for _, month in months}), sorted({code for _, code in categories})
    received = place.withheld({**months, **categories}, Axis.divided(*names))
    shares = {name: place.withheld(wholes[name], Axis.of(part for part, _ in WHOLES[name])) for name in WHOLES}
    responses, recovered = _responses(first, last, there), _recovered(first, last, country)
    return [OpenIndicators(
        region=pk, level=regions[pk].level, parent=regions[pk].parent_id, name=regions[pk].name, name_en=regions[pk].name_en,
        first=first, last=last, formula=FORMULA, made_at=now, data={
            "received": received(pk, TOTAL), "months": [[name, received(pk, name)] for name in names[0]],
            "categories": [[name, received(pk, name)] for name in names[1]],
            **{name: [*(shares[name](pk, part) for part, _ in WHOLES[name]), shares[name](pk, TOTAL)] for name in WHOLES},
            "response": responses.get(pk), "recovered": recovered if pk == country else None,
        }) for pk in there]


class _Places:
    """The regions as one axis of a table; what lies in a region but in none below it is a name of its own."""

    def __init__(self, there: Sequence[int], parents: Mapping[int, int | None], country: int) -> None:
        self.there, self.country = there, country
        self.parent = {pk: parents[pk] for pk in there}
        self.below: dict[int, list[int]] = defaultdict(list)
        for pk in there:
            if pk != country:
                self.below[self.parent[pk] or country].append(pk)

    def name(self, pk: int) -> str:
        return TOTAL if pk == self.country else str(pk)

    def withheld(self, table: Mapping[tuple[int, str], int], axis: Axis) -> Any:
        """A function that says what may be shown: (region, name) → number or None."""
        leaves: dict[tuple[str, ...], int] = {}
        tree: dict[str, str] = {str(pk): self.name(self.parent[pk] or self.country) for pk in self.there if pk != self.country}
        columns = {name for _, name in table}
        for pk in self.there:
            below = self.below.get(pk, [])
            if below:
                tree[self.name(pk) + _REST] = self.name(pk)
            for column in columns:
                number = table.get((pk, column), 0) - sum(table.get((one, column), 0) for one in below)
                leaves[self.name(pk) + (_REST if below else ""), column] = number
        if not self.below:
            # A country with nothing below it.
            tree = {_REST: TOTAL}
            leaves = {(_REST, column): number for (_, column), number in leaves.items()}
        shown = published(leaves, [Axis((tree,)), axis])
        return lambda pk, column: shown.get((self.name(pk), column), 0)


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _by_month(first: date, last: date, regions: Mapping[int, Region]) -> Table:
    found = _rows(f"select region, month, received from {MonthFacet._meta.db_table} where region = any(%s) and facet = '' and month between %s and %s"  # noqa: S608
                  " and received is not null", list(regions), first, last)
    return {(pk, f"{month:%Y-%m}"): n for pk, month, n in found if pk in regions and n}


def _by_category(first: date, last: date, regions: Mapping[int, Region], country: int) -> Table:
    """By what the complaints are about: the commonest of the country by name, all else together with what is not known."""
    found = _rows(f"select region, substr(facet, 3), sum(received) from {MonthFacet._meta.db_table}"  # noqa: S608
                  " where region = any(%s) and facet >= 'o:' and facet < 'o;' and month between %s and %s and received is not null"
                  " group by 1, 2", list(regions), first, last)
    sums: Counter[str] = Counter({code: int(n) for pk, code, n in found if pk == country})
    named = {code for code, _ in sorted(sums.items(), key=lambda one: (-one[1], one[0]))[:CATEGORIES]}
    table: Counter[tuple[int, str]] = Counter()
    for pk, code, n in found:
        table[pk, code if code in named else OTHER] += int(n)
    whole: Counter[int] = Counter()
    for (pk, _), n in _by_month(first, last, regions).items():
        whole[pk] += n
    known: Counter[int] = Counter()
    for (pk, _), n in table.items():
        known[pk] += n
    for pk, n in whole.items():
        table[pk, OTHER] += n - known[pk]
    return {key: n for key, n in table.items() if n and key[0] in regions}


def _parts(first: date, last: date, regions: Mapping[int, Region], parts: Sequence[tuple[str, str]]) -> Table:
    def added(said: str) -> str:
        plus, _, minus = said.partition(" - ")
        total = " + ".join(f"coalesce(sum({column}), 0)" for column in plus.split(" + "))
        return total + (f" - coalesce(sum({minus}), 0)" if minus else "")

    columns = ", ".join(added(said) for _, said in parts)
    found = _rows(f"select region, {columns} from {MonthFacet._meta.db_table}"  # noqa: S608
                  " where region = any(%s) and facet = '' and month between %s and %s group by region", list(regions), first, last)
    return {(row[0], name): int(n) for row in found if row[0] in regions for (name, _), n in zip(parts, row[1:], strict=True) if n}


def _responses(first: date, last: date, there: Iterable[int]) -> dict[int, list[int]]:
    """首次响应 by region, from the buckets, where thirty or more had one."""
    buckets: dict[int, dict[int, int]] = defaultdict(dict)
    for pk, bucket, n in _rows(f"select of, bucket, sum(n) from {MonthSpread._meta.db_table} where whose = 'r' and what = 'response_minutes'"  # noqa: S608
                               " and month between %s and %s and of = any(%s) group by 1, 2", first, last, list(there)):
        buckets[pk][bucket] = int(n)
    return {pk: [round(quantile("response_minutes", of, 0.5) or 0), sum(of.values())] for pk, of in buckets.items()
            if sum(of.values()) >= RANKED_FROM}


def _recovered(first: date, last: date, country: int) -> int | None:
    rows = _rows(f"select coalesce(sum(recovered), 0), coalesce(sum(recovered_n), 0) from {MonthFacet._meta.db_table}"  # noqa: S608
                 " where facet = '' and region = %s and month between %s and %s", country, first, last)
    cents, n = rows[0]
    return int(cents) // 100 if n >= RANKED_FROM else None
