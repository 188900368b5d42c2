"""One event that stands out in many cells is one row: the largest rise is taken, its cases are set to what was
expected, and what still stands out then is looked at again ("explaining away").

The largest has the largest log-likelihood ratio over what was expected of it, which goes with what all its like
received. Pure numbers; nothing here knows what a cell is or where its counts stand. No case is in two events, so their
excesses, what all rose by and a rest are the whole rise of any cell around them.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import log

from oversight.figures.dispersion import Dispersion, tail_t
from oversight.hot_spots.unusual import DAYS, FEWEST

#: What an event left of a rise is an event of its own if its chance, times all cells that were looked at, is at most
#: this (Bonferroni).
RARE = 0.01
#: An event explains a rise of which it has at least this part.
PART = 0.5
#: A cell of one thing (an enterprise) is taken before one of two (an enterprise and a problem) if its log-likelihood
#: ratio is larger by more than this.
WIDER = 2.0
#: Where less than this was expected, it counts as this.
LEAST_EXPECTED = 0.05
#: So many smaller rises are held against a large one.
MOST_PARTS = 10
#: What has this part of a rise is as large as it.
NEARLY_ALL = 0.9
WEEK = timedelta(days=DAYS)
#: How much a rise says, and its rank among those that say the same.
Merit = tuple[float, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Rise:
    """A cell that stands out in the days from ``first`` to ``last``.

    ``expected`` goes with what all like it received; ``usual`` cases in ``periods`` weeks before led to it. ``names``:
    how many things the cell is of. Of two that say the same the one with the lower ``rank`` is taken.
    """

    cell: int
    first: date
    last: date
    observed: int
    expected: float
    usual: int
    periods: int
    share: float
    dispersion: Dispersion
    names: int
    rank: tuple[int, ...]

    @property
    def weeks(self) -> int:
        """Its length in weeks; a day is part of one."""
        return (self.last - self.first).days // DAYS + 1

    def expected_of(self, part: Mapping[date, int], day: date) -> float:
        """How many cases of ``part`` (by day) of the cell were expected on one day of the rise."""
        if not self.usual:
            return 0.0
        before = day - WEEK * ((day - self.first).days // DAYS + 1)
        usual = sum(part.get(before - WEEK * back, 0) for back in range(self.periods))
        return usual * self.expected / self.usual / self.weeks


@dataclass(frozen=True, slots=True)
class Part:
    """Cases that the same rises have in common; of each of these rises how many were expected."""

    observed: int
    expected: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Event:
    """A rise that was taken, by its number. ``observed``, ``expected``: of its cases those that no event before it has.
    ``also``: the rises that it explains, alone or with others.
    """

    rise: int
    observed: int
    expected: float
    also: list[int] = field(default_factory=list)


def parts_of(rises: Sequence[Rise], counts: Iterable[tuple[Sequence[int], date, int]]) -> list[Part]:
    """``counts``: (the cells that a case is in, day, how many such cases), of the days of the rises and of those
    before.
    """
    by_cell: defaultdict[int, list[int]] = defaultdict(list)
    for nth, rise in enumerate(rises):
        by_cell[rise.cell].append(nth)
    series: defaultdict[tuple[int, ...], defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    for cells, day, n in counts:
        series[tuple(cells)][day] += n
    observed: defaultdict[tuple[int, ...], int] = defaultdict(int)
    expected: dict[tuple[int, ...], defaultdict[int, float]] = {}
    for cells, days in series.items():
        here: defaultdict[date, list[int]] = defaultdict(list)
        for nth in (nth for cell in cells for nth in by_cell[cell]):
            for back in range((rises[nth].last - rises[nth].first).days + 1):
                here[rises[nth].last - timedelta(days=back)].append(nth)
        for day, both in here.items():
            if len(both) > 1:
                key = tuple(both)
                observed[key] += days.get(day, 0)
                sums = expected.setdefault(key, defaultdict(float))
                for nth in both:
                    sums[nth] += rises[nth].expected_of(days, day)
    return [Part(observed[key], dict(sums)) for key, sums in expected.items()]


def explain(
    rises: Sequence[Rise], parts: Sequence[Part], looked: int, *, among: Iterable[int] | None = None
) -> list[Event]:
    """The events, the largest first. ``looked``: how many cells were looked at; ``among``: these rises only."""
    left = _Left(rises, parts, looked, range(len(rises)) if among is None else among)
    took: defaultdict[int, list[Event]] = defaultdict(list)
    result: list[Event] = []
    while left.merits:
        nth = left.largest()
        del left.merits[nth]
        if left.is_explained(nth):
            for event in took[nth]:
                event.also.append(nth)
            continue
        event = Event(nth, left.observed[nth], left.expected[nth])
        result.append(event)
        for one in left.take(nth):
            took[one].append(event)
    return result


class _Left:
    """What events have left of each rise, and how much each says then (``merits``), until it is taken or explained."""

    def __init__(self, rises: Sequence[Rise], parts: Sequence[Part], looked: int, among: Iterable[int]) -> None:
        self.rises, self.parts, self.looked = rises, parts, looked
        self.observed, self.expected = [rise.observed for rise in rises], [rise.expected for rise in rises]
        self.of: defaultdict[int, list[int]] = defaultdict(list)
        for at, part in enumerate(parts):
            for nth in part.expected:
                self.of[nth].append(at)
        self.gone: set[int] = set()
        self.merits = {nth: self._merit(nth) for nth in among}

    def _copy(self, merits: dict[int, Merit]) -> _Left:
        result = copy(self)
        result.observed, result.expected, result.gone = self.observed[:], self.expected[:], set(self.gone)
        result.merits = merits
        return result

    def _merit(self, nth: int) -> Merit:
        rise, expected = self.rises[nth], max(self.expected[nth], LEAST_EXPECTED)
        observed = max(self.observed[nth], expected)
        ratio = (observed * log(observed / expected) - (observed - expected)) / rise.dispersion.phi
        return round(ratio - (WIDER if rise.names < 2 else 0.0), 6), tuple(-one for one in rise.rank)

    def largest(self) -> int:
        """The rise that says most; or the first of several smaller ones that have most of it and say more together."""
        nth = max(self.merits, key=self.merits.__getitem__)
        while (smaller := self._several(nth)) is not None:
            nth = smaller
        return nth

    def take(self, nth: int) -> set[int]:
        """Set the cases of this rise to what was expected; of which others it took a rise."""
        changed, result = set(), set()
        for at in self.of[nth]:
            if at not in self.gone:
                self.gone.add(at)
                for one, usual in self.parts[at].expected.items():
                    self.observed[one] -= self.parts[at].observed
                    self.expected[one] -= usual
                    changed.add(one)
                    if self.parts[at].observed > usual:
                        result.add(one)
        for one in changed & self.merits.keys():
            self.merits[one] = self._merit(one)
        return result

    def is_explained(self, nth: int) -> bool:
        """Whether events have the larger part of the rise, and what they left is not rare."""
        rise, observed, expected = self.rises[nth], self.observed[nth], self.expected[nth]
        if observed - expected > (1 - PART) * (rise.observed - rise.expected):
            return False
        if observed < FEWEST or observed <= expected:
            return True
        usual = round(expected * (1 - rise.share) / rise.share)
        return tail_t(observed, usual, rise.share, rise.dispersion) * self.looked > RARE

    def _several(self, nth: int) -> int | None:
        """A rise is worth what it says less what it costs to name one of all cells that were looked at."""
        cost = log(self.looked) if self.looked else 0.0
        most, worth = self.merits[nth], self.merits[nth][0] - cost
        shared: defaultdict[int, float] = defaultdict(float)
        for part in (self.parts[at] for at in self.of[nth] if at not in self.gone):
            for one in part.expected.keys() & self.merits.keys():
                shared[one] += part.observed - part.expected[nth]
        whole = NEARLY_ALL * (self.observed[nth] - self.expected[nth])
        merits = {
            one: self.merits[one]
            for one, rise in shared.items()
            if 0 < rise < whole
            and cost < self.merits[one][0]
            and self.merits[one] < most
            and not self.is_explained(one)
        }
        if sum(heapq.nlargest(MOST_PARTS, (merit[0] - cost for merit in merits.values()))) <= worth:
            return None
        rest, first = self._copy(merits), None
        for _part in range(MOST_PARTS):
            if not rest.merits:
                return None
            one = max(rest.merits, key=rest.merits.__getitem__)
            if (gain := rest.merits.pop(one)[0] - cost) <= 0:
                return None
            worth -= gain
            first = one if first is None else first
            rest.take(one)
            if worth < 0 and rest.is_explained(nth):
                return first
        return None
