"""What may be published of a month: how often what happened, by region, enterprise and kind of complaint.

The one rule: whatever numbers add up to each other go through ``suppression.published`` in one table, so that no file
withholds what another one shows. Everything that is published of a month is read from here, once a version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection

from authorities.models import Region
from complaints.conditions import current_calendar
from enterprises.models import Enterprise
from oversight.models import MonthEnterprise, MonthFacet
from oversight.rollup_reads import steadily
from oversight.suppression import TOTAL, Axis, published

#: Figure → its parts; each part is a condition that the counters count, and excludes the others.
PARTS: Mapping[str, Mapping[str, str]] = {
    "closed": {
        "closed_settled": "closed_settled", "closed_unconfirmed": "closed_unconfirmed",
        "closed_settled_elsewhere": "closed_settled_elsewhere", "closed_negotiation_failed": "closed_negotiation_failed",
        "closed_mediated": "closed_mediated", "closed_not_kept": "closed_not_kept",
        "closed_mediation_terminated": "closed_mediation_terminated", "closed_refused": "closed_refused",
        "closed_redirected": "closed_redirected", "closed_withdrawn": "closed_withdrawn"},
    "ended": {
        "settled": "ended_settled", "unconfirmed": "ended_unconfirmed", "settled_elsewhere": "ended_settled_elsewhere",
        "failed": "ended_failed"},
    "due": {"in_time": "in_time", "late": "late"},
    "reviewed": {"review_met": "review_met", "review_late": "review_late"},
    "promised": {"promises_kept": "promise_kept", "promises_not_kept": "promise_not_kept"},
    "rated": {"rated": "rated"},
    "recovered": {"recovered_n": "recovered_n"},
}
#: Figures that are told of each enterprise as well. How its stages ended is told by the league, in the league's own numbers.
OF_ENTERPRISES = ("due", "promised")
#: What is no count: it is withheld wherever the count beside it is.
AMOUNTS: Mapping[str, str] = {"marks": "rated", "recovered": "recovered_n"}
#: Ways to divide what was received, by the first letter of a facet.
FACETS: Mapping[str, str] = {"c": "channel", "o": "object", "p": "problem"}
#: What no category was said for; what lies in a region and in none below it.
NONE, OWN = "-", "own:"
GOODS, SERVICE = "goods", "service"
#: Measures that a month needs, each as it stands in the tables of counters.
_OF_THE_MONTH = ("received", "marks", "recovered", "promise_due", "ended_late", *(
    column for parts in PARTS.values() for column in parts.values() if column not in ("late", "promise_not_kept")))
#: Overdue at the end of the month: counted since ever.
_SINCE_EVER = ("ran_out", "ran_out_taken", "ran_out_ended")
Counts = dict[str, int]


@dataclass(slots=True)
class Cells:
    """The published numbers of a month: None is withheld, what is missing is zero.

    ``regions`` and ``enterprises`` by id and column; ``categories`` by region id, division and code.
    """

    regions: dict[int, dict[str, int | None]] = field(default_factory=dict)
    enterprises: dict[int, dict[str, int | None]] = field(default_factory=dict)
    categories: dict[tuple[int, str, str], int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the counters say of a month, all of one moment: by region, by enterprise, received by region and facet."""

    regions: dict[int, Counts]
    enterprises: dict[int, Counts]
    facets: dict[int, dict[str, int]]


def cells_of(month: date, *, now: datetime) -> Cells:
    """What may be published of the month that begins on this day. Some ten statements, the rest in memory."""
    places = {region.pk: region for region in Region.objects.exclude(level=Region.Level.TOWNSHIP)}
    firms = set(Enterprise.objects.exclude(enrolled_by=None).values_list("pk", flat=True))
    counted = steadily(lambda _counters: _read(month, places), now=now, calendar=current_calendar())
    return told_of(counted, places, firms)


def told_of(counted: Counted, places: Mapping[int, Region], firms: set[int]) -> Cells:
    """What of these numbers may be told; ``firms`` are the enterprises that are named."""
    regions, enterprises, found = counted.regions, counted.enterprises, Cells()
    tree = _tree(regions, places)
    for figure, parts in PARTS.items():
        _tell(found, figure, parts, tree, regions, enterprises if figure in OF_ENTERPRISES else {}, firms)
    _received(found, tree, regions, counted.facets)
    for column, count in AMOUNTS.items():
        for pk, numbers in found.regions.items():
            numbers[column] = None if numbers.get(count, 0) is None else regions[pk][column]
    return found


# --- what the counters say --------------------------------------------------------------------------------------------


def _read(month: date, places: Mapping[int, Region]) -> Counted:
    regions = _counted(MonthFacet._meta.db_table, "region", "facet = ''", month)
    here = {pk: counts for pk, counts in regions.items() if pk in places}
    return Counted(here, _counted(MonthEnterprise._meta.db_table, "enterprise", "branch = 0", month), _facets(month, here))


def _counted(table: str, key: str, which: str, month: date) -> dict[int, Counts]:
    """Measures by region or enterprise; a promise not kept and a stage that is late are put together here."""
    names = list(dict.fromkeys(_OF_THE_MONTH))
    sums = [f"coalesce(sum({name}) filter (where month = %(month)s), 0)::bigint" for name in names]
    sums += [f"coalesce(sum({name}), 0)::bigint" for name in _SINCE_EVER]
    found: dict[int, Counts] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {key}, {', '.join(sums)} from {table} where {which} and month <= %(month)s group by 1",  # noqa: S608 - names of our own
            {"month": month})
        for pk, *numbers in cursor.fetchall():
            counts = dict(zip((*names, *_SINCE_EVER), numbers, strict=True))
            overdue = counts.pop("ran_out") + counts.pop("ran_out_taken") - counts.pop("ran_out_ended")
            counts["late"] = counts["ended_late"] + max(0, overdue)
            counts["promise_not_kept"] = counts["promise_due"] - counts["promise_kept"]
            found[pk] = counts
    return found


def _facets(month: date, regions: Iterable[int]) -> dict[int, dict[str, int]]:
    """Received by region and facet ("o:goods.food")."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    known = set(regions)
    rows = MonthFacet.objects.filter(month=month, received__gt=0).exclude(facet="").values_list("region", "facet", "received")
    for region, facet, received in rows:
        if region in known:
            found[region][facet] = received or 0
    return found


# --- what of it may be told -------------------------------------------------------------------------------------------


def _tree(regions: Iterable[int], places: Mapping[int, Region]) -> dict[str, str]:
    """Parent of each region where something was counted, and of what lies in none of those below it."""
    tree: dict[str, str] = {}
    for pk in regions:
        parent = places[pk].parent_id
        tree[str(pk)] = str(parent) if parent else TOTAL
    return tree | {f"{OWN}{pk}": str(pk) for pk in regions}


def _leaves(tree: Mapping[str, str], numbers: Mapping[int, int]) -> dict[str, int]:
    """What lies in a region itself: its number less those below it."""
    below: dict[str, int] = defaultdict(int)
    for pk, number in numbers.items():
        below[tree[str(pk)]] += number
    return {f"{OWN}{pk}": number - below[str(pk)] for pk, number in numbers.items()}


def _tell(found: Cells, figure: str, parts: Mapping[str, str], tree: Mapping[str, str], regions: Mapping[int, Counts],
          enterprises: Mapping[int, Counts], firms: set[int]) -> None:
    """One figure of regions and enterprises: the same things divided in two ways."""
    counts: dict[tuple[str, ...], int] = {}
    divisions: list[Mapping[str, str]] = [dict(tree)]
    shown = {pk for pk in enterprises if pk in firms}
    if enterprises:
        divisions.append(dict.fromkeys([*(f"e:{pk}" for pk in sorted(shown)), f"e:{NONE}"], TOTAL))
    for part, column in parts.items():
        numbers = {pk: of[column] for pk, of in regions.items()}
        counts |= {(leaf, part): n for leaf, n in _leaves(tree, numbers).items() if n}
        if enterprises:
            whole = sum(n for pk, n in numbers.items() if tree[str(pk)] == TOTAL)
            own = {f"e:{pk}": enterprises[pk][column] for pk in shown if enterprises[pk][column]}
            rest = whole - sum(own.values())
            counts |= {(name, part): n for name, n in {**own, f"e:{NONE}": rest}.items() if n}
    told = published(counts, [Axis(tuple(divisions)), Axis.of(parts)])
    for (name, part), number in told.items():
        column = part or figure
        if name.startswith("e:"):
            if name != f"e:{NONE}":
                found.enterprises.setdefault(int(name[2:]), {})[column] = number
        elif name != TOTAL and not name.startswith(OWN):
            found.regions.setdefault(int(name), {})[column] = number


def _received(found: Cells, tree: Mapping[str, str], regions: Mapping[int, Counts], facets: Mapping[int, Mapping[str, int]]) -> None:
    """What was received, by channel, by object (goods and services above them) and by problem."""
    numbers = {pk: counts["received"] for pk, counts in regions.items() if counts["received"]}
    if not numbers:
        return
    here = {name: parent for name, parent in tree.items() if int(name.removeprefix(OWN)) in numbers}
    divisions: list[dict[str, str]] = []
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    for letter in FACETS:
        names = {facet for of in facets.values() for facet in of if facet.startswith(f"{letter}:")} | {f"{letter}:{NONE}"}
        division = {name: _kind_of(name) if letter == "o" else TOTAL for name in names}
        divisions.append(division | {kind: TOTAL for kind in division.values() if kind != TOTAL})
        rest = dict(_leaves(here, numbers))
        for name in names - {f"{letter}:{NONE}"}:
            of_name = {pk: facets.get(pk, {}).get(name, 0) for pk in numbers}
            for leaf, n in _leaves(here, of_name).items():
                counts[leaf, name] = n
                rest[leaf] -= n
        for leaf, n in rest.items():
            counts[leaf, f"{letter}:{NONE}"] = n
    told = published({key: n for key, n in counts.items() if n}, [Axis((here,)), Axis(tuple(divisions))])
    for (name, facet), number in told.items():
        if name == TOTAL or name.startswith(OWN):
            continue
        if facet == TOTAL:
            found.regions.setdefault(int(name), {})["received"] = number
        else:
            letter, _colon, code = facet.partition(":")
            found.categories[int(name), FACETS[letter], code] = number


def _kind_of(facet: str) -> str:
    """o:goods.food lies under o:goods; a code of neither kind stands by itself."""
    kind = facet.removeprefix("o:").partition(".")[0]
    return f"o:{kind}" if kind in (GOODS, SERVICE) and facet != f"o:{kind}" else TOTAL
