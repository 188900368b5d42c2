"""Slow rises: a run of 2 to 13 weeks beside the 26 weeks before it, by the same test as weeks and days, once a week.

The dispersion is that of weeks which are older than any run, and sums of weeks vary by so many times more as they did
in the past: weeks that follow each other are alike.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import sqrt
from statistics import median

from oversight.figures.dispersion import Dispersion, error, expected, moderated, q_values, tail, tail_t
from oversight.hot_spots.cells import FAR, OLDER, RUN, WIDER_AT, Cell, CellWeeks, Exposure, UnusualCell, sample, up_to
from oversight.hot_spots.unusual import FEWEST, RUN_LEVEL, RUN_USUAL, RUNS

#: Before the portal is so old there is no run.
FEWEST_WEEKS = min(RUNS) + RUN_USUAL
#: The lengths of one look overlap: the least of their chances is worth about so many looks (measured by simulation).
LENGTHS = 4
#: The median of a squared error whose mean is 1.
_MEDIAN = 0.455


def unusual_runs(
    cells: Mapping[Cell, CellWeeks], exposure: Exposure, looked: int, told: Mapping[Cell, Collection[int]] | None = None
) -> Iterator[UnusualCell]:
    """The cells whose newest weeks are less probable than the promised rate: of each the least probable length.

    ``looked``: of so many cells in all. ``told``: of each cell the weeks, counted back, of which people were told; with
    what is usual in their place it must stand out as well.
    """
    candidates: defaultdict[str, dict[Cell, list[int]]] = defaultdict(dict)
    for cell, own in cells.items():
        runs = _runs_of(cell, own.counts, exposure)
        lengths = [long for long, count, usual, share in runs if _may(count, usual, share)]
        if lengths:
            candidates[cell.kind][cell] = lengths
    beside: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in sample(cells, candidates):
        beside[cell.kind].append(cell)
    found: list[tuple[float, Cell, int, float, Dispersion]] = []
    for kind, group in candidates.items():
        alike = list(dict.fromkeys([*group, *beside[kind]]))
        restless = moderated([exposure.past_before_runs(cell, cells[cell].counts) for cell in alike])
        wider = _wider(
            {cell: (cells[cell].counts, one.phi) for cell, one in zip(alike, restless, strict=True)}, exposure
        )
        for (cell, lengths), known in zip(group.items(), restless, strict=False):
            dispersions = {long: Dispersion(known.phi * wider[long], known.df) for long in lengths}
            counts = cells[cell].counts
            if not (result := _least(cell, counts, exposure, dispersions)):
                continue
            hidden = {week for week in (told or {}).get(cell, ()) if 0 <= week < OLDER}
            if hidden and not _least(cell, _without(counts, hidden), exposure, dispersions):
                continue
            chance, long, share = result
            found.append((chance, cell, long, share, dispersions[long]))
    qs = q_values([min(1.0, one[0] * LENGTHS) for one in found], looked)
    for (chance, cell, long, share, dispersion), q in zip(found, qs, strict=True):
        weeks = tuple(cells[cell].counts[: long + RUN_USUAL])
        yield UnusualCell(cell, RUN, weeks, share, dispersion, chance, q, long)


def _runs_of(cell: Cell, weeks: Sequence[int], exposure: Exposure) -> Iterator[tuple[int, int, int, float]]:
    """(length, count, count of the weeks before, share) of each run that the portal is old enough for."""
    sums = up_to(weeks)
    for long in RUNS:
        count, usual = sums[long], sums[long + RUN_USUAL] - sums[long]
        if count >= FEWEST and long + RUN_USUAL <= exposure.weeks:
            yield long, count, usual, exposure.share_of_run(cell, count, usual, long)


def _may(count: int, usual: int, share: float) -> bool:
    """However restless the cell is, its chance is no smaller than where it is not."""
    mean = expected(usual, share)
    return count - mean > FAR * sqrt(mean) and tail(count, usual, share, 1.0) < RUN_LEVEL


def _least(
    cell: Cell, weeks: Sequence[int], exposure: Exposure, dispersions: Mapping[int, Dispersion]
) -> tuple[float, int, float] | None:
    """(chance, length, share) of the least probable run; None where each is probable enough."""
    chances = [
        (tail_t(count, usual, share, dispersions[long]), long, share)
        for long, count, usual, share in _runs_of(cell, weeks, exposure)
        if long in dispersions
    ]
    result = min(chances, default=(1.0, 0, 0.0))
    return result if result[0] < RUN_LEVEL else None


def _without(weeks: Sequence[int], told: Iterable[int]) -> list[int]:
    """With what was usual before any run instead of these weeks, where they were above it."""
    usual = sum(weeks[OLDER : OLDER + RUN_USUAL]) / RUN_USUAL
    result = list(weeks)
    for week in told:
        result[week] = min(result[week], round(usual))
    return result


def _wider(cells: Mapping[Cell, tuple[Sequence[int], float]], exposure: Exposure) -> dict[int, float]:
    """How many times as wide as weeks sums of weeks were, by length: the median over these cells, of counts and φ of
    weeks, and over the past; at least 1.
    """
    squares: defaultdict[int, list[float]] = defaultdict(list)
    for cell, (weeks, phi) in cells.items():
        sums = up_to(weeks)
        for long in RUNS:
            for at in WIDER_AT:
                if at + long + RUN_USUAL > exposure.weeks:
                    break
                count, usual = sums[at + long] - sums[at], sums[at + long + RUN_USUAL] - sums[at + long]
                square, mean = error(count, usual, exposure.share_of_run(cell, count, usual, long, at))
                if mean > 1:
                    squares[long].append(square / phi)
    return {long: max(1.0, median(squares[long]) / _MEDIAN) if squares[long] else 1.0 for long in RUNS}


def around(cells: Mapping[Cell, CellWeeks]) -> dict[tuple[str, int], list[float]]:
    """By kind and length: all complaints of the same weeks beside what is usual, of the widest region."""
    regions = [up_to(own.counts) for cell, own in cells.items() if cell.whose == "r" and not cell.facet]
    whole = max(regions, key=lambda sums: sums[-1], default=None)
    if whole is None:
        return {}
    return {(RUN, long): [whole[long], (whole[long + RUN_USUAL] - whole[long]) * long / RUN_USUAL] for long in RUNS}
