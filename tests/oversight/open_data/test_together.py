"""Nobody can work out a small number from all that is published together: months, quarters, and the sums that pages
show of them.

A reader knows every sum, every number that any file or page shows, and that what a file withholds is not zero; tries
every world that fits, and is left with at least four possible values of each number from 1 to 4.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oversight.figures.suppression import SMALL, SPREAD, TOTAL, Axis
from oversight.open_data import cells, quarters
from oversight.published import indicator_making, league_making
from tests.oversight.open_data.test_suppression import Cell, Reader, added_up, relations


@dataclass
class Place:
    """A region as the rules read it."""

    parent_id: int | None


#: A city with two counties.
PLACES: Any = {1: Place(None), 2: Place(1), 3: Place(1)}
FIRMS = (8, 9)
OBJECTS = ("o:goods.food", "o:service.telecom")
numbers = st.one_of(st.just(0), st.integers(0, 4), st.integers(0, 12))


def leaves_to_regions(of: Mapping[int, Mapping[str, int]]) -> dict[int, dict[str, int]]:
    """Numbers of a region itself → with those below it."""
    result: dict[int, dict[str, int]] = {}
    for pk in PLACES:
        own = [one for one in PLACES if one == pk or PLACES[one].parent_id == pk]
        result[pk] = {name: sum(of[one].get(name, 0) for one in own) for name in {n for one in own for n in of[one]}}
    return result


def take_in(
    reader: Reader,
    period: int,
    axes: list[Axis],
    shown: Mapping[Cell, int | None],
    truth: Mapping[Cell, int],
    *,
    never_told: Collection[str] = (),
) -> list[Cell]:
    """What one table shows goes to the reader. The cells that a file withholds. ``never_told``: parts that are withheld
    wherever what they are part of is not zero, so that they may be zero themselves."""
    withheld = []
    for cell in {cell for total, parts in relations(axes) for cell in (total, *parts)}:
        at, name = (period, *cell), cell[0]
        is_told = name not in (TOTAL, f"e:{cells.NONE}") and not name.startswith(cells.OWN)
        if not is_told or cell[1].startswith("_"):
            reader.bounds[at] = (0, reader.most)
        elif shown.get(cell, 0) is None:
            reader.bounds[at] = (int(cell[1] not in never_told), reader.most)
            withheld.append(cell)
        else:
            reader.known[at] = shown.get(cell) or 0
            assert reader.known[at] == truth.get(cell, 0)
    for total, parts in relations(axes):
        reader.adds_up((period, *total), [(period, *part) for part in parts])
    return withheld


def small_ones_stay_open(reader: Reader, withheld: Iterable[tuple[int, Cell]], truth: list[Mapping[Cell, int]]) -> None:
    for period, cell in withheld:
        number = truth[period].get(cell, 0)
        if number in SMALL:
            reader.is_in_doubt((period, *cell), number)


#: The city and its counties; "own:" is what lies in the place itself.
TREE = {"1": TOTAL, "2": "1", "3": "1", "own:1": "1", "own:2": "2", "own:3": "3"}
a_month = st.fixed_dictionaries({pk: st.tuples(numbers, numbers) for pk in PLACES})


@settings(max_examples=25, deadline=None)
@given(st.lists(a_month, min_size=2, max_size=2))
def test_months_and_the_sums_of_the_first_page(months: list[dict[int, tuple[int, int]]]) -> None:
    reader, truths, told, lines = Reader(), [], [], []
    reader.most = sum(sum(pair) for month in months for pair in month.values()) + SPREAD + 1
    for period, month in enumerate(months):
        leaves = {pk: dict(zip(OBJECTS, pair, strict=True)) | {"received": sum(pair)} for pk, pair in month.items()}
        of = leaves_to_regions(leaves)
        whole = {pk: {"received": n["received"]} for pk, n in of.items()}
        parts = {pk: {name: n[name] for name in OBJECTS if n[name]} for pk, n in of.items()}
        result = cells.cells_from(cells.Counted(whole, parts), PLACES)
        lines.append(result)
        objects: dict[str, Any] = {"o:goods": TOTAL, "o:service": TOTAL, "o:goods.food": "o:goods"}
        objects |= {"o:service.telecom": "o:service", "o:none": TOTAL}
        axes = [Axis((TREE,)), Axis(({"c:none": TOTAL}, objects, {"p:none": TOTAL}))]
        counts = {
            (f"own:{pk}", facet): n
            for pk, pair in month.items()
            for facet, n in (*zip(OBJECTS, pair, strict=True), ("c:none", sum(pair)), ("p:none", sum(pair)))
        }
        truth = added_up(counts, axes)
        letters = {way: letter for letter, way in cells.FACETS.items()}
        shown: dict[Cell, int | None] = {(str(pk), TOTAL): row.get("received", 0) for pk, row in result.regions.items()}
        shown |= {(str(pk), f"{letters[way]}:{code}"): n for (pk, way, code), n in result.categories.items()}
        truths.append(truth)
        told += [(period, cell) for cell in take_in(reader, period, axes, shown, truth)]
    # What /open/ says of both together: a sum, or at least so many.
    for pk in PLACES:
        for facet, of_period in (
            (TOTAL, [one.regions.get(pk, {}).get("received", 0) for one in lines]),
            *((name, [one.categories.get((pk, "object", name[2:]), 0) for one in lines]) for name in OBJECTS),
        ):
            page = indicator_making.shown(of_period)
            at = ("page", str(pk), facet)
            reader.adds_up(at, [(period, str(pk), facet) for period in range(len(months))])
            if isinstance(page, int):
                reader.known[at] = page
            else:
                reader.bounds[at] = (page[0] if page else 0, 2 * reader.most)
    small_ones_stay_open(reader, told, truths)


def with_failed(of: Mapping[int, Mapping[str, int]]) -> dict[int, dict[str, int]]:
    """As the counters say it: what failed as a whole too."""
    parts = ("let_rest", "_failed_otherwise")
    return {pk: dict(n) | {"failed": sum(n[part] for part in parts)} for pk, n in of.items()}


ENDED = quarters.FIGURES[0]
a_quarter = st.fixed_dictionaries({pk: st.fixed_dictionaries(dict.fromkeys(ENDED.counted, numbers)) for pk in PLACES})


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(a_quarter, st.integers(0, 3)), min_size=2, max_size=2))
def test_quarters_and_the_sums_of_the_first_page_and_the_league(worlds: list[tuple[Any, int]]) -> None:
    reader, truths, told, result = Reader(), [], [], []
    reader.most = sum(n for world, _how in worlds for of in world.values() for n in of.values()) + SPREAD + 1
    enterprises = dict.fromkeys([*(f"e:{pk}" for pk in FIRMS), f"e:{cells.NONE}"], TOTAL)
    axes = [Axis((TREE, enterprises)), Axis((ENDED.parts,))]
    for period, (world, how) in enumerate(worlds):
        whole = {part: sum(of[part] for of in world.values()) for part in ENDED.counted}
        # One enterprise has all of it; a half; all but what cannot be halved; none.
        first = {part: (n, n // 2, n - n % 2, 0)[how] for part, n in whole.items()}
        second = {part: (whole[part] - first[part]) * (how != 1) for part in whole}
        counted = quarters.Counted(
            with_failed(leaves_to_regions(world)), with_failed(dict(zip(FIRMS, (first, second), strict=True)))
        )
        numbers_of = quarters.numbers_from(counted, PLACES, FIRMS)
        result.append(numbers_of)
        counts = {(f"own:{pk}", part): n for pk, of in world.items() for part, n in of.items()}
        for pk, of in zip(FIRMS, (first, second), strict=True):
            counts |= {(f"e:{pk}", part): n for part, n in of.items()}
        counts |= {(f"e:{cells.NONE}", part): whole[part] - first[part] - second[part] for part in whole}
        names = {part: part for part in ENDED.parts} | {ENDED.name: TOTAL}
        shown = {
            (who, names[column]): n
            for rows, prefix in ((numbers_of.regions, ""), (numbers_of.enterprises, "e:"))
            for pk, line in rows.items()
            for who in [f"{prefix}{pk}"]
            for column, n in line.items()
            if column in names
        }
        truth = added_up({key: n for key, n in counts.items() if n}, axes)
        truths.append(truth)
        told += [(period, cell) for cell in take_in(reader, period, axes, shown, truth, never_told=("let_rest",))]
    columns = (*(part for part in ENDED.parts if not part.startswith("_")), ENDED.name)
    for pk in FIRMS:
        rows = [{name: one.enterprises.get(pk, {}).get(name, 0) for name in columns} for one in result]
        line = league_making.outcome_counts(rows)
        for column, (least, highest) in (
            (ENDED.name, (line.n, line.n)),
            ("settled", line.settled),
            ("unconfirmed", line.unconfirmed),
        ):
            at, part = ("league", f"e:{pk}", column), TOTAL if column == ENDED.name else column
            reader.adds_up(at, [(period, f"e:{pk}", part) for period in range(len(worlds))])
            reader.bounds[at] = (least or 0, highest if highest is not None else 2 * reader.most)
    small_ones_stay_open(reader, told, truths)


def test_a_month_beside_its_quarter_would_be_told_by_it() -> None:
    """Why enterprises have no months: this is what a reader would do, and that this reader can."""
    reader = Reader()
    reader.adds_up(("quarter",), [(1,), (2,), (3,)])
    reader.known |= {("quarter",): 21, (2,): 9, (3,): 10}
    reader.bounds[(1,)] = (1, 30)
    assert reader.possible((1,), range(1, 9)) == [2]
