"""What may be published of a month: what came in and what was closed, by region and kind of complaint.

A month tells nothing that a quarter tells as well (oversight/open_data/quarters.py), so nobody can compare the two; and
all numbers that add up to each other go through one ``Teller`` in one table: what a month is told by, withholding or
rounding, is said by ``issuing``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from django.db import connection

from authorities.models import Region
from complaints.parties.conditions import current_calendar
from oversight.counters.reads import steadily
from oversight.figures.suppression import TOTAL, Axis, Key, published
from oversight.models import MEASURES, DataSet, MonthFacet, Tally
from web.small_numbers import sum_may_be_shown

#: What lies in a region and in none below it; what is said of no enterprise that is named.
OWN, NONE = "own:", "none"
Counts = Mapping[str, int]
#: A number that an earlier version withheld: "regions", "enterprises" or "categories", who, column.
Withheld = tuple[str, str, str]
NumbersById = dict[int, dict[str, int | None]]


#: Of a table: its name, its counts, its axes, and what an earlier version withheld → what may be told; zeros left out.
Teller = Callable[[str, Mapping[Key, int], Sequence[Axis], Collection[Key]], dict[Key, int | None]]


def withholding(
    _name: str, counts: Mapping[Key, int], axes: Sequence[Axis], already: Collection[Key]
) -> dict[Key, int | None]:
    """How months of before rounding are told."""
    return published(counts, axes, already=already)


@dataclass(frozen=True)
class Figure:
    """``parts``: what each part is part of (``TOTAL`` for the uppermost). A part that begins with _ is told nowhere."""

    name: str
    parts: Mapping[str, str]

    @classmethod
    def of(cls, name: str, *parts: str) -> Figure:
        return cls(name, dict.fromkeys(parts, TOTAL))

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """The parts that are counted; the others are sums."""
        return tuple(part for part in self.parts if part not in self.parts.values())


@dataclass(slots=True)
class Numbers:
    """None is withheld, what is missing is zero; by id and column."""

    regions: NumbersById = field(default_factory=dict)
    enterprises: NumbersById = field(default_factory=dict)


def tree_of(regions: Iterable[int], places: Mapping[int, Region]) -> dict[str, str]:
    """Parent of each region where something was counted, and of what lies in none of those below it."""
    tree: dict[str, str] = {}
    for pk in regions:
        parent = places[pk].parent_id
        tree[str(pk)] = str(parent) if parent else TOTAL
    return tree | {f"{OWN}{pk}": str(pk) for pk in regions}


def leaves_of(tree: Mapping[str, str], numbers: Mapping[int, int]) -> dict[str, int]:
    """What lies in a region itself: its number less those below it."""
    below: dict[str, int] = defaultdict(int)
    for pk, number in numbers.items():
        below[tree[str(pk)]] += number
    return {f"{OWN}{pk}": number - below[str(pk)] for pk, number in numbers.items()}


def tell(
    result: Numbers,
    figure: Figure,
    tree: Mapping[str, str],
    regions: Mapping[int, Counts],
    *,
    enterprises: Mapping[int, Counts] | None = None,
    already: Collection[Withheld] = (),
    by: Teller = withholding,
) -> None:
    """Put into ``result`` what may be told of a figure; ``enterprises``: those that are named."""
    counts: dict[Key, int] = {}
    divisions: list[Mapping[str, str]] = [dict(tree)]
    if enterprises is not None:
        divisions.append(dict.fromkeys([*(f"e:{pk}" for pk in sorted(enterprises)), f"e:{NONE}"], TOTAL))
    for part in figure.counted:
        numbers = {pk: of.get(part, 0) for pk, of in regions.items()}
        counts |= {(leaf, part): n for leaf, n in leaves_of(tree, numbers).items() if n}
        if enterprises is not None:
            own = {f"e:{pk}": of[part] for pk, of in enterprises.items() if of.get(part)}
            rest = sum(n for pk, n in numbers.items() if tree[str(pk)] == TOTAL) - sum(own.values())
            counts |= {(name, part): n for name, n in {**own, f"e:{NONE}": rest}.items() if n}
    names = {TOTAL: figure.name} | {part: part for part in figure.parts}
    of_column = {column: part for part, column in names.items()}
    known = {name for division in divisions for name in division}
    kept = {
        (name, of_column[column])
        for table, who, column in already
        if column in of_column
        if (name := f"e:{who}" if table == "enterprises" else who) in known
    }
    shown = by(figure.name, counts, [Axis(tuple(divisions)), Axis((figure.parts,))], kept)
    for (name, part), number in shown.items():
        if name == TOTAL or name.startswith(OWN) or name == f"e:{NONE}" or part.startswith("_"):
            continue
        rows, who = (result.enterprises, name[2:]) if name.startswith("e:") else (result.regions, name)
        rows.setdefault(int(who), {})[names[part]] = number


#: Figures with their parts; each part is a column of the counters, and excludes the others.
FIGURES = (
    Figure.of("closed", *(name for name in MEASURES if name.startswith("closed_"))),
    Figure.of("reviewed", "review_met", "review_late"),
    Figure.of("recovered_n", "recovered_n"),
)
#: Ways to divide what was received, by the first letter of a facet.
FACETS: Mapping[str, str] = {"c": "channel", "o": "object", "p": "problem"}
GOODS, SERVICE = "goods", "service"
#: Sums of money of a rounded month are told in these steps: a thousand yuan, in cents.
_STEP = 100_000
_COLUMNS = ("received", "recovered", *(part for figure in FIGURES for part in figure.counted))


@dataclass(slots=True)
class Cells:
    """Numbers of a month (None: withheld, missing: zero): by id and column; by region id, division and code."""

    regions: NumbersById = field(default_factory=dict)
    categories: dict[tuple[int, str, str], int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the counters say of a month, all of one moment: by region, and received by region and facet."""

    regions: Mapping[int, Counts]
    facets: Mapping[int, Mapping[str, int]]


def levels_to(finest: str) -> list[str]:
    """The levels of places that have rows where these (``DataSet.finest``) are the narrowest."""
    return [Region.Level.COUNTRY, *DataSet.FINEST[DataSet.FINEST.index(finest) :]]


def cells_of(
    month: date, *, now: datetime, finest: str = "county", already: Collection[Withheld] = (), by: Teller = withholding
) -> Cells:
    """What may be published of the month from this day, withheld ``already`` included. Some five statements."""
    places = {region.pk: region for region in Region.objects.filter(level__in=levels_to(finest))}
    counted = steadily(lambda _counters: _read(month, places), now=now, calendar=current_calendar())
    return cells_from(counted, places, already=already, by=by)


def cells_from(
    counted: Counted, places: Mapping[int, Region], *, already: Collection[Withheld] = (), by: Teller = withholding
) -> Cells:
    """What of these numbers may be told."""
    result = Numbers()
    tree = tree_of(counted.regions, places)
    for figure in FIGURES:
        tell(result, figure, tree, counted.regions, already=already, by=by)
    for pk, numbers in result.regions.items():
        # Of a rounded month money is told by a rule of its own, and otherwise held back by it (``sums_told``).
        is_told = by is withholding and numbers.get("recovered_n", 0) is not None
        numbers["recovered"] = counted.regions[pk]["recovered"] if is_told else None
    cells = Cells(regions=result.regions)
    _received(cells, tree, counted.regions, counted.facets, already=already, by=by)
    return cells


@dataclass(frozen=True, slots=True)
class Payments:
    """So many payments, their sum and the two largest, in cents."""

    n: int = 0
    total: int = 0
    largest: tuple[int, ...] = ()

    def __add__(self, other: Payments) -> Payments:
        largest = tuple(sorted((*self.largest, *other.largest), reverse=True)[:2])
        return Payments(self.n + other.n, self.total + other.total, largest)

    @property
    def may_be_told(self) -> bool:
        first, second = (*self.largest, 0, 0)[:2]
        return sum_may_be_shown(self.n, *map(Decimal, (self.total, first, second)))


def payments_of(month: date, places: Mapping[int, Region]) -> dict[int, Payments]:
    """Confirmed payments by the region in which they lie themselves. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select region, count(*), sum(recovered)::bigint,
                (array_agg(recovered order by recovered desc))[1:2]
            from {Tally._meta.db_table}
            where kind = 'money' and recovered is not null and day >= %s and day < %s
            group by 1""",  # noqa: S608
            [month, (month + timedelta(days=31)).replace(day=1)],
        )
        result: dict[int, Payments] = defaultdict(Payments)
        for pk, n, total, largest in cursor.fetchall():
            at: int | None = pk
            while at is not None and at in places and places[at].level == Region.Level.TOWNSHIP:
                at = places[at].parent_id
            if at is not None:
                result[at] += Payments(n, total, tuple(largest))
    return result


def sums_of(own: Mapping[int, Payments], places: Mapping[int, Region]) -> dict[int, Payments]:
    """Of each region with all that lie in it, where anything was paid."""
    sums: dict[int, Payments] = defaultdict(Payments)
    for pk, payments in own.items():
        at: int | None = pk
        while at is not None and at in places:
            sums[at] += payments
            at = places[at].parent_id
    return dict(sums)


def sums_told(own: Mapping[int, Payments], places: Mapping[int, Region]) -> dict[int, int]:
    """Yuan by region, in steps of a thousand, where neither the sum nor what is left of the sum above tells a payment.

    A region's sum is told where it keeps the rule (``sum_may_be_shown``) and so does what the told ones leave of the
    sum above it; else the smallest of them is not told either. Below one that is not told none is.
    """
    sums = sums_of(own, places)
    below: dict[int | None, set[int]] = defaultdict(set)
    for pk in sums:
        below[places[pk].parent_id].add(pk)
    told: dict[int, int] = {}
    waiting = [pk for pk in below[None] if sums[pk].may_be_told]
    while waiting:
        pk = waiting.pop()
        told[pk] = round(sums[pk].total / _STEP) * _STEP // 100
        shown = sorted((one for one in below[pk] if sums[one].may_be_told), key=lambda one: (-sums[one].total, one))
        while shown:
            rest = own.get(pk, Payments())
            for one in below[pk] - set(shown):
                rest += sums[one]
            if rest.may_be_told:
                break
            shown.pop()
        waiting += shown
    return told


def _read(month: date, places: Mapping[int, Region]) -> Counted:
    names = ", ".join(f"coalesce({name}, 0)" for name in _COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select region, {names} from {MonthFacet._meta.db_table} where facet = '' and month = %s",  # noqa: S608
            [month],
        )
        regions = {pk: dict(zip(_COLUMNS, map(int, numbers), strict=True)) for pk, *numbers in cursor if pk in places}
    return Counted(regions, _facets(month, regions))


def _facets(month: date, regions: Iterable[int]) -> dict[int, dict[str, int]]:
    """Received by region and facet ("o:goods.food")."""
    result: dict[int, dict[str, int]] = defaultdict(dict)
    known = set(regions)
    rows = MonthFacet.objects.filter(month=month, received__gt=0).exclude(facet="")
    for region, facet, received in rows.values_list("region", "facet", "received"):
        if region in known:
            result[region][facet] = received or 0
    return result


def _received(
    result: Cells,
    tree: Mapping[str, str],
    regions: Mapping[int, Counts],
    facets: Mapping[int, Mapping[str, int]],
    *,
    already: Collection[Withheld],
    by: Teller,
) -> None:
    letters = {way: letter for letter, way in FACETS.items()}
    kept = {(who, TOTAL) for table, who, column in already if (table, column) == ("regions", "received")}
    kept |= {
        (who, f"{letters[way]}:{code}")
        for table, who, column in already
        if table == "categories"
        for way, _space, code in [column.partition(" ")]
    }
    asked = {int(who) for who, _facet in kept}
    numbers = {pk: counts["received"] for pk, counts in regions.items() if counts["received"] or pk in asked}
    kept = {key for key in kept if int(key[0]) in numbers}
    here = {name: parent for name, parent in tree.items() if int(name.removeprefix(OWN)) in numbers}
    divisions: list[dict[str, str]] = []
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    for letter in FACETS:
        names = {one for of in facets.values() for one in of if one.startswith(f"{letter}:")} | {f"{letter}:{NONE}"}
        names |= {
            facet
            for _who, facet in kept
            if facet.startswith(f"{letter}:") and facet.removeprefix("o:") not in (GOODS, SERVICE)
        }
        division = {name: _kind_of(name) if letter == "o" else TOTAL for name in names}
        divisions.append(division | {kind: TOTAL for kind in division.values() if kind != TOTAL})
        rest = dict(leaves_of(here, numbers))
        for name in names - {f"{letter}:{NONE}"}:
            of_name = {pk: facets.get(pk, {}).get(name, 0) for pk in numbers}
            for leaf, n in leaves_of(here, of_name).items():
                counts[leaf, name] = n
                rest[leaf] -= n
        for leaf, n in rest.items():
            counts[leaf, f"{letter}:{NONE}"] = n
    of = {key: n for key, n in counts.items() if n}
    shown = by("received", of, [Axis((here,)), Axis(tuple(divisions))], kept)
    for (name, facet), number in shown.items():
        if name == TOTAL or name.startswith(OWN):
            continue
        if facet == TOTAL:
            result.regions.setdefault(int(name), {})["received"] = number
        else:
            letter, _colon, code = facet.partition(":")
            result.categories[int(name), FACETS[letter], code] = number


def _kind_of(facet: str) -> str:
    """o:goods.food lies under o:goods; a code of neither kind stands by itself."""
    kind = facet.removeprefix("o:").partition(".")[0]
    return f"o:{kind}" if kind in (GOODS, SERVICE) and facet != f"o:{kind}" else TOTAL
