"""Cases of the last week by problem and object, and of each problem the weeks before: read, and kept for a while."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core.cache import cache

from oversight.counters import crossing
from oversight.counters.reads import Counters
from oversight.figures.definitions import Scope
from oversight.models import WIDE
from oversight.presenting.trend import Trend

#: So many weeks tell how restless a problem is: forecasts of 26 from eight before each.
HISTORY = 35
#: Seconds for which something is kept: for a day, and of a province or the country, which have very many cases.
A_DAY, KEPT = 24 * 3600, 600


@dataclass(frozen=True, slots=True)
class Crossed:
    """Cases of the last week by (problem, object), as of ``at`` where that is not now; of each problem the cases of
    each week, the newest first.
    """

    cells: Mapping[tuple[str, str], int]
    weeks: Mapping[str, Sequence[int]]
    at: datetime | None


def read(counters: Counters, scope: Scope, trend: Trend) -> Crossed:
    """Two statements, none where somebody asked before. The weeks before the last are read once a day: they are drawn
    and tell how restless a problem is. Of a province or the country the last week is read every ten minutes.
    """
    places = sorted(region.pk for region in scope.regions)
    given = repr((places, trend.week)).encode()
    weeks: dict[str, list[int]] | None = cache.get(key := "problem-weeks:" + sha256(given).hexdigest())
    if weeks is None:
        weeks = crossing.weeks_of(counters, scope, trend.week.last, HISTORY)
        cache.set(key, weeks, A_DAY)
    is_wide = any(region.level in WIDE for region in scope.regions)
    name = "" if is_wide else counters.name_of_folded
    key = "problems:" + sha256(given + name.encode()).hexdigest()
    kept: tuple[Counter[tuple[str, str]], datetime] | None = cache.get(key)
    if kept is None:
        kept = crossing.crossed(scope, trend.week), counters.now
        cache.set(key, kept, KEPT if is_wide else A_DAY)
    cells = kept[0] if is_wide else _added(kept[0], crossing.unfolded(counters, scope, trend.week))
    of_problem = Counter[str]()
    for (problem, _thing), n in cells.items():
        of_problem[problem] += n
    every = {
        problem: [of_problem[problem], *weeks.get(problem, [0] * HISTORY)[1:]] for problem in {*weeks, *of_problem}
    }
    return Crossed(cells, every, kept[1] if is_wide and kept[1] < counters.now else None)


def _added(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Also what is less than nothing: a case that goes to another place."""
    result = Counter(one)
    result.update(other)
    return result
