"""The backlog of a place: week by week up to yesterday, and in two weeks; drawn by the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from django.utils.translation import gettext as _

from oversight.figures.definitions import Period
from oversight.figures.forecast import BASE, MOST_PAST, Forecast, forecast, weeks_needed
from oversight.presenting.past import WEEK, Past
from web.dates import day_text

DAY = timedelta(days=1)
#: So many weeks back are drawn, and so many ahead.
BACK, AHEAD = 8, 2
#: So many weeks are read: the line, or all earlier forecasts with the weeks before and after them.
READ = BASE + MOST_PAST + AHEAD
HEIGHT, TOP, BOTTOM, LEFT = 210, 14, 34, 48
#: Beside the last point there is room for its number and interval.
RIGHT = 100
#: Widths of the picture on a screen and on a phone.
WIDTHS = (("not-phone", 560), ("only-phone", 360))


@dataclass(frozen=True, slots=True)
class Flows:
    """What came in and what was closed in each week that ends with yesterday or seven days before, the newest last;
    ``begun``: the first day on which anything came in.
    """

    begun: date
    received: Sequence[int]
    closed: Sequence[int]

    @property
    def nets(self) -> list[int]:
        return [one - other for one, other in zip(self.received, self.closed, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """``weeks``: (last day, open at its end), the oldest first, the last is yesterday."""

    weeks: Sequence[tuple[date, int]]
    ahead: Sequence[Forecast]
    flows: Flows
    from_when: date

    @property
    def now(self) -> int:
        return self.weeks[-1][1]

    @property
    def last_day(self) -> date:
        return self.weeks[-1][0]

    def day(self, weeks: int) -> date:
        return self.last_day + weeks * WEEK


def first_day(today: date) -> date:
    """Of all that is read."""
    return today - READ * WEEK


def flows_of(days: Past, today: date) -> Flows | None:
    """None where days have no counts of their own, or nothing ever came in."""
    begun = days.begun
    if days.is_monthly or begun is None or begun >= today:
        return None
    yesterday = today - DAY
    known = min(READ, ((yesterday - begun).days + 1) // 7)
    weeks = [Period(first=yesterday - (n + 1) * WEEK + DAY, last=yesterday - n * WEEK) for n in reversed(range(known))]
    received, closed = ([days.of(name, week) for week in weeks] for name in ("received", "closed"))
    return Flows(begun, received, closed)


def backlog(open_then: int, flows: Flows, yesterday: date) -> Backlog:
    """``open_then``: open cases at the end of yesterday."""
    nets = flows.nets
    back = [0, *accumulate(reversed(nets[-BACK:]))]
    weeks = [(yesterday - n * WEEK, open_then - more) for n, more in enumerate(back)]
    found = [forecast(open_then, nets, n) for n in range(1, AHEAD + 1)]
    return Backlog(
        weeks=weeks[::-1],
        ahead=[one for one in found if one is not None] if None not in found else [],
        flows=flows,
        from_when=flows.begun + weeks_needed(AHEAD) * WEEK,
    )


def panel(open_then: int, flows: Flows | None, *, today: date) -> dict[str, Any] | None:
    """What is said and drawn; ``open_then``: open cases at the end of yesterday. None without ``flows``."""
    if flows is None:
        return None
    one = backlog(open_then, flows, today - DAY)
    return {
        "title": _title(one, today),
        "words": _words(one, today),
        "now": _("昨天%(n)s") % {"n": f"{one.now:,}"},
        "flow": _flow(one),
        "backlog": one,
        "weeks": [{"day": day, "n": f"{n:,}"} for day, n in one.weeks],
        "ahead": [
            {
                "day": one.day(ahead.weeks),
                "n": f"{ahead.expected:,}",
                "low": f"{ahead.low:,}",
                "high": f"{ahead.high:,}",
            }
            for ahead in one.ahead
        ],
        "why_not": ""
        if one.ahead
        else _("历史不足%(weeks)s周，%(day)s起才有预测。")
        % {"weeks": weeks_needed(AHEAD), "day": day_text(one.from_when, today=today, weekday=False)},
        "pictures": [{"seen": seen, **drawn(one, width, today=today)} for seen, width in WIDTHS],
        "base": BASE,
        "past": MOST_PAST,
    }


def _title(one: Backlog, today: date) -> str:
    """A rise or a fall is said only where the whole interval lies beyond what is open now."""
    if not one.ahead:
        return _("昨天末在办%(n)s件") % {"n": f"{one.now:,}"}
    last = one.ahead[-1]
    about = {"day": day_text(one.day(last.weeks), today=today, weekday=False), "n": f"{last.expected:,}"}
    if last.low > one.now:
        return _("积压还会涨：%(day)s约%(n)s件") % about
    if last.high < one.now:
        return _("积压会降：%(day)s约%(n)s件") % about
    return _("积压涨跌说不准：%(day)s约%(n)s件") % about


def _words(one: Backlog, today: date) -> str:
    """The picture in words."""
    (first, before), last = one.weeks[0], one.last_day
    about = {"first": day_text(first, today=today, weekday=False), "before": f"{before:,}"}
    about |= {"day": day_text(last, today=today, weekday=False), "n": f"{one.now:,}"}
    words = _("在办件数：%(first)s %(before)s，%(day)s %(n)s") % about
    if not one.ahead:
        return words
    end = one.ahead[-1]
    about = {"words": words, "day": day_text(one.day(end.weeks), today=today, weekday=False)}
    about |= {"n": f"{end.expected:,}", "low": f"{end.low:,}", "high": f"{end.high:,}"}
    return _("%(words)s；%(day)s预计%(n)s，在%(low)s到%(high)s之间") % about


def _flow(one: Backlog) -> str:
    """What eight weeks brought and took, and what more had to be closed a week."""
    weeks = min(BASE, len(one.flows.received))
    if not weeks:
        return ""
    received, closed = (sum(some[-weeks:]) for some in (one.flows.received, one.flows.closed))
    about = {"weeks": weeks, "received": f"{received:,}", "closed": f"{closed:,}", "n": f"{received - closed:,}"}
    if received > closed:
        return _("近%(weeks)s周收到%(received)s件，办结%(closed)s件，多出%(n)s件。") % about
    return _("近%(weeks)s周收到%(received)s件，办结%(closed)s件。") % about


def drawn(one: Backlog, width: int, *, today: date) -> dict[str, Any]:
    """Points for an SVG of this width."""
    most = max([n for _day, n in one.weeks] + [ahead.high for ahead in one.ahead])
    least = min([n for _day, n in one.weeks] + [ahead.low for ahead in one.ahead])
    ticks, steps = _ticks(least, most), len(one.weeks) - 1 + (AHEAD if one.ahead else 0)
    bottom, top = ticks[0], ticks[-1]
    step = (width - LEFT - RIGHT) / max(1, steps)

    def at(nth: int, n: int) -> tuple[float, float]:
        return round(LEFT + nth * step, 1), round(TOP + (HEIGHT - TOP - BOTTOM) * (top - n) / (top - bottom), 1)

    here = len(one.weeks) - 1
    now = at(here, one.now)
    low = [at(here + ahead.weeks, ahead.low) for ahead in one.ahead]
    high = [at(here + ahead.weeks, ahead.high) for ahead in one.ahead]
    middle = [at(here + ahead.weeks, ahead.expected) for ahead in one.ahead]
    # Day, where it is written, and whether it stands before or after that: the last two lie near each other.
    labels = [(one.weeks[0][0], LEFT, "start"), (one.last_day, now[0] + 10, "end")]
    if one.ahead:
        labels.append((one.day(AHEAD), middle[-1][0] - 10, "start"))
    return {
        "width": width,
        "height": HEIGHT,
        "line": _points([at(nth, n) for nth, (_day, n) in enumerate(one.weeks)]),
        "band": _points([now, *high, *reversed(low)]) if one.ahead else "",
        "dotted": _points([now, *middle]) if one.ahead else "",
        "now": {"x": now[0], "y": now[1]},
        "end": {"x": middle[-1][0] + 6, "y": middle[-1][1]} if one.ahead else None,
        "ticks": [{"y": at(0, n)[1], "n": f"{n:,}"} for n in ticks],
        "days": [{"x": x, "day": day, "anchor": anchor} for day, x, anchor in labels],
        "left": LEFT,
        "right": width - RIGHT,
        "foot": HEIGHT - 10,
    }


def _ticks(least: int, most: int) -> list[int]:
    """Round numbers from at most ``least`` to at least ``most``, one more than two or three."""
    span = max(most - least, most // 10, 4)
    power = 10 ** (len(str(span // 2)) - 1)
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= span / 2)
    first = max(0, least) // step * step
    return [first + n * step for n in range(-(-(most - first) // step) + 1)] if most > first else [first, first + step]


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
