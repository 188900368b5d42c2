"""What people complain of: problems by objects of the last week, each problem with its twelve weeks and its usual one.

Cases are counted by problem and object from the tally, as no counter has both. A problem is compared with its own eight
weeks before by the days that the whole place has in both, and named only at a false discovery rate of 5 % among all
problems that were looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from complaints.desks.case_query import ALL_BUT
from complaints.reading.case_people import label_of
from oversight.figures import chance
from oversight.figures.dispersion import Dispersion
from oversight.presenting import plots, shifts
from oversight.presenting.cards import Lists
from oversight.presenting.crossed import HISTORY, Crossed
from oversight.presenting.shifts import Change
from oversight.presenting.trend import USUAL_WEEKS, WEEKS, Trend
from web.small_numbers import ENOUGH

#: So many problems and objects stand alone; the others are together.
PROBLEMS, OBJECTS = 5, 4


@dataclass(frozen=True, slots=True)
class Row:
    """A problem: ``n`` cases in the week, of these so many of each object and of all others (``cells``); its
    ``weeks`` by their last days.
    """

    name: Any
    url: str
    n: int
    spark: plots.Spark | None
    weeks: Sequence[tuple[date, int]]
    cells: Sequence[dict[str, Any]]
    change: dict[str, Any]


def changes_of(weeks: Mapping[str, Sequence[int]], trend: Trend) -> dict[str, Change]:
    """Of each problem, from a usual week to the last; nothing where the whole is not compared."""
    if trend.known is None:
        return {}
    result = {}
    for problem, counts in weeks.items():
        before = sum(counts[1 : 1 + USUAL_WEEKS])
        change = shifts.of_counts(counts[0], before, _known(tuple(counts[1 + USUAL_WEEKS :])), trend.share)
        result[problem] = replace(change, before=before * trend.share / (1 - trend.share))
    return shifts.many(result)


@lru_cache(maxsize=4096)
def _known(counts: tuple[int, ...]) -> Dispersion:
    """How far a week lies from a usual one, by the weeks before the usual ones; they stay the same all day."""
    squares = [
        chance.square_of_counts(counts[at], sum(counts[at + 1 : at + 1 + USUAL_WEEKS]), 1 / (1 + USUAL_WEEKS))
        for at in range(HISTORY - 2 * USUAL_WEEKS - 1)
    ]
    return chance.dispersion([square for square in squares if square is not None], 7)


def table(crossed: Crossed, trend: Trend, lists: Lists, *, whole: bool = False) -> dict[str, Any] | None:
    """The rows of the page; None where nothing came in. ``whole``: all problems and objects, none together."""
    by_problem, by_object = Counter[str](), Counter[str]()
    for (problem, thing), n in crossed.cells.items():
        by_problem[problem] += n
        by_object[thing] += n
    if not sum(by_problem.values()):
        return None
    week = replace(lists, period=trend.week)
    problems, objects = (
        [code for code, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if n and code]
        for counts in (by_problem, by_object)
    )
    problems, things = (problems, objects) if whole else (problems[:PROBLEMS], objects[:OBJECTS])
    changes = changes_of(crossed.weeks, trend)
    most = max(crossed.cells.values())
    ends = [trend.week.last - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    other_things = ALL_BUT + ",".join(things)

    def cell(n: int, url: str) -> dict[str, Any]:
        return {"n": n, "url": url if n else "", "level": _level(n, most)}

    def row(name: Any, numbers: list[int], urls: list[str], url: str, weeks: Sequence[int], change: Any) -> Row:
        n, weeks = numbers[-1], weeks[:WEEKS][::-1]
        cells = [cell(*one) for one in zip([*numbers[:-1], n - sum(numbers[:-1])], urls, strict=True)]
        return Row(name, url, n, plots.spark(weeks), list(zip(ends, weeks, strict=True)), cells, change)

    rows = []
    for problem in problems:
        numbers = [crossed.cells.get((problem, thing), 0) for thing in things]
        rows.append(
            row(
                label_of(problem),
                [*numbers, by_problem[problem]],
                [week.received_of(problem, thing) for thing in (*things, other_things)],
                replace(week, category=problem).received(),
                crossed.weeks[problem],
                _change(changes.get(problem), by_problem[problem]),
            )
        )
    others = [code for code in crossed.weeks if code not in problems]
    rest = sum(by_problem[one] for one in others)
    if rest:
        numbers = [sum(crossed.cells.get((one, thing), 0) for one in others) for thing in things]
        series = [sum(crossed.weeks[one][at] for one in others) for at in range(WEEKS)]
        name = _("其余%(n)s类") % {"n": sum(by_problem[one] > 0 for one in others)}
        other_problems = ALL_BUT + ",".join(problems)
        urls = [week.received_of(other_problems, thing) for thing in (*things, other_things)]
        url = replace(week, category=other_problems).received()
        rows.append(row(name, [*numbers, rest], urls, url, series, {"text": "", "is_up": False}))
    first = rows[0]
    return {
        "title": _("说得最多的是%(name)s：%(n)s件") % {"name": first.name, "n": f"{first.n:,}"}
        if first.n >= ENOUGH
        else _("各类问题都不足%(n)s件") % {"n": ENOUGH},
        "columns": [
            {"name": label_of(thing), "n": by_object[thing], "url": replace(week, category=thing).received()}
            for thing in things
        ],
        "others": {
            "n": sum(by_object.values()) - sum(by_object[thing] for thing in things),
            "url": replace(week, category="").received_of("", other_things),
        },
        "url": week.received(),
        "rows": rows,
        "n": sum(by_problem.values()),
        "at": crossed.at,
        "is_whole": whole or not rest,
        "is_compared": bool(changes),
    }


def _level(n: int, most: int) -> int:
    """How dark a cell is, in four steps beside the largest; of few cases none."""
    return 0 if n < ENOUGH else min(4, 1 + int(4 * n / (most + 1)))


def _change(change: Change | None, n: int) -> dict[str, Any]:
    """▲ 多44; of less than thirty cases in both weeks nothing is said."""
    if change is None:
        return {"text": "–", "is_up": False}
    if max(n, change.before) < ENOUGH:
        return {"text": _("不足%(n)s件，不比") % {"n": ENOUGH}, "is_up": False}
    if not change.is_real:
        return {"text": _("往常上下"), "is_up": False}
    by = f"{abs(round(change.by)):,}"
    return {"text": (_("▲ 多%(n)s") if change.is_rise else _("▼ 少%(n)s")) % {"n": by}, "is_up": change.is_rise}
