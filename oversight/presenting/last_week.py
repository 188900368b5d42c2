"""The last week in words: how many came in beside a usual week, and how its days stand in the last twelve weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from typing import Any

from django.utils.translation import gettext as _

from complaints.procedure.working_calendar import Calendar
from oversight.figures.definitions import Period
from oversight.presenting import plots, shifts
from oversight.presenting.cards import Lists
from oversight.presenting.past import HISTORY
from oversight.presenting.shifts import FEW, Change
from oversight.presenting.trend import Trend, TrendDay
from web.dates import day_text
from web.languages import reads_chinese

WEEK = 7


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence; ``url`` opens the cases or the hot spot that it is about."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What happened around a day, and its page."""

    day: date
    text: str
    url: str


def change_of(trend: Trend) -> Change:
    """From a usual week to the last one."""
    if trend.known is None or trend.usual is None:
        return Change(trend.n, 0, None, trend.why, trend.needed)
    change = shifts.of_counts(trend.n, trend.before, trend.known, trend.share)
    is_few = not change.is_real and max(trend.n, trend.usual) < change.needed
    return replace(change, before=trend.usual, why=FEW if is_few else "")


def headline(trend: Trend, change: Change, lists: Lists) -> list[Phrase]:
    """How many came in, against usual; whether that is beyond chance."""
    url = replace(lists, period=trend.week).received() if trend.n else ""
    return [Phrase(_("近7天收到%(n)s件") % {"n": f"{trend.n:,}"}, url), Phrase(_against_usual(trend, change))]


def _against_usual(trend: Trend, change: Change) -> str:
    values = {"by": f"{abs(round(change.by)):,}", "usual": f"{round(change.before):,}", "needed": change.needed}
    if change.is_real:
        return (_("，比往常多%(by)s件") if change.is_rise else _("，比往常少%(by)s件")) % values
    if change.verdict is None:
        return "" if trend.why != HISTORY else _("；历史不足%(needed)s周，不作比较") % values
    if change.why == FEW:
        return _("，往常约%(usual)s件；件数太少，说不清") % values
    return _("，往常约%(usual)s件；这样的波动常见，不能说有变化") % values


def since(trend: Trend) -> str:
    """From when on it can be compared, where it cannot yet."""
    if trend.why != HISTORY:
        return ""
    if trend.since is None:
        return _("这里还没有收到过投诉，有了%(n)s周的数据以后才能和往常比。") % {"n": trend.needed}
    return _("从%(day)s起可以和往常比。") % {"day": day_text(trend.since, weekday=False)}


def title(trend: Trend, change: Change) -> str:
    """What the picture of the days says."""
    days = trend.days[-WEEK:]
    if change.verdict is None:
        return _("12周收到%(n)s件") % {"n": f"{sum(one.n for one in trend.days):,}"}
    streak = len(list(takewhile(lambda one: one.is_above, reversed(trend.days))))
    if streak > 1:
        first = day_text(trend.days[-streak].day, weekday=False)
        return _("从%(day)s起，连续%(n)s天高于往常") % {"day": first, "n": streak}
    above, below = sum(one.is_above for one in days), sum(one.is_below for one in days)
    if above:
        return _("近7天有%(n)s天高于往常") % {"n": above}
    return _("近7天有%(n)s天低于往常") % {"n": below} if below else _("近7天每天都和往常差不多")


def picture(trend: Trend, marks: Sequence[Mark], calendar: Calendar, lists: Lists) -> dict[str, Any]:
    """The picture in two sizes, what stands beside it, and the same numbers as a table of weeks."""
    names = {one.day: calendar.names_of(one.day)[not reads_chinese()] for one in trend.days if one.is_free}
    numbered = [(number, one.day) for number, one in enumerate(marks, 1)]
    drawn = [plots.trend(trend.days, size, marks=numbered, names=names) for size in (plots.DESK, plots.PHONE)]
    runs = {(run.first, run.last): _received(run.first, run.last, lists) for plot in drawn for run in plot.runs}
    return {
        "plots": [(plot, [(run, runs[run.first, run.last]) for run in plot.runs]) for plot in drawn],
        "marks": marks,
        "has_band": any(one.usual is not None for one in trend.days),
        "has_holidays": bool(names),
        "unknown_years": trend.unknown_years,
        "last": trend.days[-1],
        "weeks": [_week(trend.days[at : at + WEEK], names, lists) for at in reversed(range(0, len(trend.days), WEEK))],
    }


def _week(days: Sequence[TrendDay], names: Mapping[date, str], lists: Lists) -> dict[str, Any]:
    return {
        "first": days[0].day,
        "last": days[-1].day,
        "n": sum(one.n for one in days),
        "url": _received(days[0].day, days[-1].day, lists),
        "days": [
            {"of": one, "url": _received(one.day, one.day, lists), "name": names.get(one.day, "")} for one in days
        ],
    }


def _received(first: date, last: date, lists: Lists) -> str:
    return replace(lists, period=Period(first=first, last=last)).received()
