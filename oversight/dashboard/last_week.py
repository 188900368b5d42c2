"""The last week in words: how many came in beside a usual week, where more came from, and the days of twelve weeks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from operator import itemgetter
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from complaints.procedure.working_calendar import Calendar
from oversight.dashboard import matrix, rise
from oversight.dashboard.rise import Waterfall
from oversight.figures.definitions import Period, Scope
from oversight.hot_spots.reduction_forms import cell_of
from oversight.models import HotSpot
from oversight.presenting import backlog, cards, letter_pictures, plots, shifts
from oversight.presenting.cards import Card, Lists
from oversight.presenting.choosing import DashboardPage
from oversight.presenting.overview import Overview
from oversight.presenting.past import HISTORY
from oversight.presenting.shifts import FEW, Change
from oversight.presenting.trend import Trend, TrendDay, Week
from web.dates import day_text
from web.languages import reads_chinese

WEEK = 7
#: So many hot spots are marked in the picture.
MARKED = 5


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


def shown(
    page: DashboardPage,
    seen: Overview,
    spots: Sequence[HotSpot],
    *,
    others: Callable[[date], Iterable[Mark]] = lambda first: (),
    is_whole: bool = False,
) -> dict[str, Any]:
    """What the first page says of the last week; nothing of what has no days of its own. ``spots``: hot spots of these
    weeks in the place (hotspots.believed_since), the surest first; ``others``: what else is marked since a day;
    ``is_whole``: all kinds of problem, not the first.
    """
    trend = seen.trend
    if trend is None or not seen.at:
        return {}
    change, lists = change_of(trend), page.lists
    waterfall = _waterfall(trend, change, page.scope, spots, seen)
    known = {spot.pk: spot for spot in spots}
    return {
        "headline": [
            *headline(trend, change, lists),
            *_explained(waterfall, known),
            Phrase(pgettext("end of a sentence", "。")),
        ],
        "since": since(trend),
        "trend_title": title(trend, change),
        "trend": picture(trend, marks_of(trend, spots, others(trend.days[0].day)), page.measure.calendar, lists),
        "rise_title": _rise_title(change),
        "rise_rows": _rise_rows(waterfall, known, replace(lists, period=trend.week)) if waterfall else [],
        "rise_looked": waterfall.looked if waterfall else 0,
        "is_judged": change.verdict is not None,
        "matrix": matrix.table(seen.crossed, trend, lists, whole=is_whole) if seen.crossed is not None else None,
    }


#: The figures at the head, and what the line beside each is drawn from; nothing where no counter has its weeks.
FIGURES = {
    "overdue": ("late", gettext_lazy("每周末届满仍未结束的阶段")),
    "open": ("open", gettext_lazy("每周末在办")),
    "received": ("received", gettext_lazy("每周收到")),
    "closed": ("closed", gettext_lazy("每周办结")),
    "on_time": ("on_time", gettext_lazy("每周按时办结率")),
    "settled": ("settled", gettext_lazy("每周确认和解的比率")),
    "first_response": None,
    "recovered": None,
}
SHARES = ("on_time", "settled")


@dataclass(frozen=True, slots=True)
class Line:
    """What a figure was in each of the twelve weeks; ``texts``: the same in words, None where it is of too few; ``of``:
    how many cases a share is of in each of them."""

    code: str
    label: Any
    values: Sequence[float | None]
    texts: Sequence[str | None]
    of: Sequence[int] = ()

    @property
    def words(self) -> list[Any]:
        """Of each week by itself."""
        few = gettext_lazy("件数不足，不列")
        if not self.of:
            return [few if text is None else text for text in self.texts]
        told = zip(self.texts, self.of, strict=True)
        return [few if text is None else _share_of(text, n) for text, n in told]

    @property
    def range(self) -> str:
        """Its least and its most; empty where nothing is known."""
        known = [(value, text) for value, text in zip(self.values, self.texts, strict=True) if value is not None]
        ends = (min(known, key=itemgetter(0)), max(known, key=itemgetter(0))) if known else ()
        return "–".join(dict.fromkeys(str(text) for _value, text in ends))


def _share_of(text: str, n: int) -> str:
    return _("%(n)s件的%(share)s") % {"n": f"{n:,}", "share": text}


def lines_of(weeks: Sequence[Week]) -> list[Line]:
    result = []
    for code, drawn in FIGURES.items():
        if drawn is None:
            continue
        name, label = drawn
        values = [getattr(week, name) for week in weeks]
        text = cards.percent if code in SHARES else lambda value: f"{value:,}"
        of = [getattr(week, f"{name}_of") for week in weeks] if code in SHARES else ()
        result.append(Line(code, label, values, [None if value is None else text(value) for value in values], of))
    return result


def strip(shown_cards: Mapping[str, Card], weeks: Sequence[Week]) -> list[dict[str, Any]]:
    """The figures of the head. ``lines``: what stands under the number; ``spark``: of twelve weeks, between its own
    least and most, and ``weeks`` the same in words; ``shift``: what changed against the period before, where that is
    beyond the usual swings.
    """
    drawn = {line.code: line for line in lines_of(weeks)} if weeks else {}
    result = []
    for code in FIGURES:
        if code not in shown_cards:
            continue
        card, line = shown_cards[code], drawn.get(code)
        spark = plots.spark(line.values) if line else None
        is_share = code in SHARES
        lines = list(card.foot)
        if line and spark:
            lines = list(card.foot[:1]) if is_share else []
            # Beside a number of too few no share stands, of whichever week.
            if not is_share or "%" in card.value:
                lines.insert(0, _("%(label)s：%(range)s") % {"label": line.label, "range": line.range})
        result.append(
            {
                "card": card,
                "url": card.url or next((part.url for part in card.parts if card.value != cards.NOTHING), ""),
                "lines": lines,
                "spark": spark,
                "weeks": list(zip((week.last for week in weeks), line.words if line else (), strict=False)),
                "shift": next((shift for shift in card.shifts[:1] if shift.direction), None),
            }
        )
    return result


def in_letter(seen: Overview, spots: Sequence[HotSpot], scope: Scope) -> list[str]:
    """The sentence and the lines of twelve weeks as plain text; nothing of what has no days of its own."""
    trend = seen.trend
    if trend is None or not seen.at:
        return []
    change = change_of(trend)
    waterfall = _waterfall(trend, change, scope, spots, seen)
    known = {spot.pk: spot for spot in spots}
    said = [*headline(trend, change, Lists(trend.week)), *_explained(waterfall, known)]
    every = sorted(lines_of(seen.weeks), key=lambda line: line.code != "received")
    rows = [f"{plots.blocks(line.values)} {line.label} {line.range}" for line in every if plots.blocks(line.values)]
    sentence = "".join(one.text for one in said) + pgettext("end of a sentence", "。")
    return [sentence, "", _("近12周，一格一周，最后一格是近7天："), *rows]


def pictures_of(seen: Overview, calendar: Calendar, today: date) -> list[tuple[str, str]]:
    """For a letter: what each picture of the first page says, and its SVG. Without marks, whose list has no room."""
    trend = seen.trend
    if trend is None or not seen.at:
        return []
    drawn = letter_pictures.trend(picture(trend, (), calendar, Lists(trend.week)))
    result = [(title(trend, change_of(trend)), drawn)]
    panel = backlog.panel(seen.open_before, seen.flows, today=today)
    return [*result, (panel["title"], letter_pictures.backlog(panel))] if panel else result


def _waterfall(
    trend: Trend, change: Change, scope: Scope, spots: Sequence[HotSpot], seen: Overview
) -> Waterfall | None:
    """What is behind a rise; None where there is none."""
    return rise.read(trend, scope, spots, name=seen.name_of_past) if change.is_real and change.is_rise else None


def headline(trend: Trend, change: Change, lists: Lists) -> list[Phrase]:
    """How many came in, against usual; whether that is beyond chance."""
    url = replace(lists, period=trend.week).received() if trend.n else ""
    return [Phrase(_("近7天收到%(n)s件") % {"n": f"{trend.n:,}"}, url), Phrase(_against_usual(trend, change))]


def _explained(waterfall: Waterfall | None, known: Mapping[int, HotSpot]) -> list[Phrase]:
    """The largest event behind a rise, where one is."""
    if waterfall is None:
        return []
    if not waterfall.parts:
        return [Phrase(_("；没有热点能解释"))]
    first = waterfall.parts[0]
    return [
        Phrase(_("；其中%(n)s件来自") % {"n": f"{first.excess:,}"}),
        Phrase(_name(known[first.spot]), reverse("oversight:hot-spot", args=[first.spot])),
    ]


def _name(spot: HotSpot) -> str:
    return " · ".join(cell_of(spot))


def marks_of(trend: Trend, spots: Iterable[HotSpot], others: Iterable[Mark] = ()) -> list[Mark]:
    """What happened in these weeks, the oldest first: the surest hot spots, what guidance was sent about them, and
    ``others``, from whoever has more to mark (campaigns, notes).
    """
    result, first = list(others), trend.days[0].day
    for spot in [spot for spot in spots if spot.last >= first][:MARKED]:
        url, name = reverse("oversight:hot-spot", args=[spot.pk]), _name(spot)
        span = {"name": name, "first": f"{spot.first:%m-%d}", "last": f"{spot.last:%m-%d}"}
        result.append(Mark(max(spot.first, first), _("热点：%(name)s（%(first)s–%(last)s）") % span, url))
        for day in {timezone.localtime(sent).date() for sent in getattr(spot, "sent", ())}:
            if first <= day <= trend.week.last:
                result.append(
                    Mark(day, _("发出行政指导：%(name)s（%(day)s）") % {"name": name, "day": f"{day:%m-%d}"}, url)
                )
    return sorted(result, key=lambda one: one.day)


def _rise_title(change: Change) -> str:
    if change.verdict is None:
        return _("还不能说比往常多还是少")
    if not change.is_real:
        return _("没有超出平常波动的增加")
    if not change.is_rise:
        return _("比往常少，没有多出的要解释")
    return _("多出的%(n)s件，从哪来") % {"n": f"{round(change.by):,}"}


def _rise_rows(waterfall: Waterfall, known: Mapping[int, HotSpot], lists: Lists) -> list[dict[str, Any]]:
    """A usual week, what was added to it step by step, and the week; each as a bar from ``x``, ``width`` wide (in
    hundredths of the longest).
    """
    steps: list[tuple[str, int, str, str, str]] = []
    for part in waterfall.parts:
        spot = known[part.spot]
        own = replace(lists, category=spot.category)
        where = spot.region.code if spot.region is not None else ""
        url = own.received(enterprise_id=spot.enterprise_id, region=where)
        page = reverse("oversight:hot-spot", args=[spot.pk])
        steps.append((_name(spot), part.excess, page, _("近7天共%(n)s件") % {"n": f"{part.n:,}"}, url))
    if waterfall.common:
        name = _("普遍增加") if waterfall.common > 0 else _("普遍减少")
        steps.append((name, waterfall.common, "", "", ""))
    steps.append((_("其余"), waterfall.rest, "", "", ""))
    at, ends = waterfall.usual, [waterfall.usual]
    for _name_of, n, *_links in steps:
        at += n
        ends.append(at)
    scale = 100 / max(*ends, waterfall.n, 1)

    def row(name: str, text: str, low: int, high: int, kind: str, **more: str) -> dict[str, Any]:
        bar = {"x": f"{low * scale:.2f}", "width": f"{(high - low) * scale:.2f}"}
        return {"name": name, "text": text, "kind": kind, "bar": bar, **more}

    rows = [row(_("往常一周"), f"{waterfall.usual:,}", 0, waterfall.usual, "whole")]
    for (name, n, page, cases, url), start in zip(steps, ends, strict=False):
        kind = "event" if page else "other"
        rows.append(
            row(name, f"{n:+,}", min(start, start + n), max(start, start + n), kind, page=page, cases=cases, url=url)
        )
    return [*rows, row(_("近7天"), f"{waterfall.n:,}", 0, waterfall.n, "whole", url=lists.received())]


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
    return _("近7天有%(n)s天低于往常") % {"n": below} if below else _("近7天没有一天超出往常的范围")


def picture(trend: Trend, marks: Sequence[Mark], calendar: Calendar, lists: Lists) -> dict[str, Any]:
    """The picture in two sizes, what stands beside it, and the same numbers as a table of weeks."""
    names = {one.day: calendar.names_of(one.day)[not reads_chinese()] for one in trend.days if one.is_free}
    numbered = [(number, one.day) for number, one in enumerate(marks, 1)]
    drawn = [plots.trend(trend.days, size, marks=numbered, names=names) for size in (plots.DESK, plots.PHONE)]
    runs = {(run.first, run.last): _received(run.first, run.last, lists) for plot in drawn for run in plot.runs}
    weeks = [_week(trend.days[at : at + WEEK], names, lists) for at in reversed(range(0, len(trend.days), WEEK))]
    return {
        "plots": [
            (plot, list(zip(plot.weeks, weeks, strict=False)), [(run, runs[run.first, run.last]) for run in plot.runs])
            for plot in drawn
        ],
        "marks": marks,
        "has_band": any(one.usual is not None for one in trend.days),
        "has_holidays": bool(names),
        "unknown_years": trend.unknown_years,
        "last": trend.days[-1],
        "last_url": _received(trend.days[-1].day, trend.days[-1].day, lists) if trend.days[-1].n else "",
        "weeks": weeks,
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
