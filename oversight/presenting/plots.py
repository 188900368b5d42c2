"""The trend as an SVG takes it: a line of days over the band of what is usual, dates below, holidays and marks.

Drawn by the server in two sizes, for a desk and for a phone. What a colour says stands there as a mark, a name or a
number as well, and the table beside the picture has the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from oversight.presenting.charts import Tick, top_of
from oversight.presenting.trend import TrendDay

#: Days of a week; marks that are nearer to each other than this stand in two rows.
WEEK, NEAR = 7, 16
#: Half the width of a mark of what lies above the usual, and the least width that a finger finds.
HALF, FINGER = 5.5, 24.0


@dataclass(frozen=True, slots=True)
class Run:
    """Days one after the other that all lie above the usual: how many, with how many cases; a mark at each."""

    first: date
    last: date
    days: int
    n: int
    x: float
    width: float
    at: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mark (its number in the list beside) or a name, at ``x`` and so high; or a holiday, so wide."""

    x: float
    y: float
    text: str
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class TrendPlot:
    """``bands``: polygons; there are several where the weeks before are not known of all."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    line: str
    bands: Sequence[str]
    ticks: Sequence[Tick]
    dates: Sequence[Drawn]
    holidays: Sequence[Drawn]
    runs: Sequence[Run]
    marks: Sequence[Drawn]
    last_y: float
    #: Where each week begins, the newest first, and how wide it is.
    weeks: Sequence[float]
    week_width: float

    @property
    def plain_height(self) -> float:
        """Of the part where days stand."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture; ``weeks`` of days are in it."""

    width: int
    height: int
    left: int
    right: int
    weeks: int

    @property
    def top(self) -> int:
        return 40

    @property
    def bottom(self) -> int:
        return self.height - 26


DESK, PHONE = Size(800, 260, 40, 706, 12), Size(340, 220, 40, 332, 4)


def trend(
    days: Sequence[TrendDay],
    size: Size,
    *,
    marks: Sequence[tuple[int, date]] = (),
    names: Mapping[date, str] | None = None,
) -> TrendPlot:
    """``days`` of whole weeks, the oldest first; ``marks``: (number, day); ``names`` of holidays."""
    shown = days[-size.weeks * WEEK :]
    first = shown[0].day
    top = top_of(max(max(one.n, one.high) for one in shown))
    step = (size.right - size.left) / (len(shown) - 1)

    def x(day: date) -> float:
        return size.left + (day - first).days * step

    def y(value: float) -> float:
        return size.bottom - (size.bottom - size.top) * value / top

    return TrendPlot(
        width=size.width,
        height=size.height,
        left=size.left,
        right=size.right,
        top=size.top,
        bottom=size.bottom,
        line=_points((x(one.day), y(one.n)) for one in shown),
        bands=[
            _points(
                [(x(one.day), y(one.high)) for one in group] + [(x(one.day), y(one.low)) for one in reversed(group)]
            )
            for group in _grouped(shown, lambda one: one.usual is not None)
        ],
        ticks=[Tick(y(value), value) for value in (0, top // 2, top)],
        dates=[Drawn(x(one.day), size.bottom, f"{one.day:%m-%d}") for one in shown[::WEEK]],
        holidays=[
            Drawn(
                max(size.left, x(group[0].day) - step / 2),
                size.top,
                (names or {}).get(group[0].day, ""),
                min(size.right, x(group[-1].day) + step / 2) - max(size.left, x(group[0].day) - step / 2),
            )
            for group in _grouped(shown, lambda one: one.is_free)
        ],
        runs=[
            Run(
                group[0].day,
                group[-1].day,
                len(group),
                sum(one.n for one in group),
                (x(group[0].day) + x(group[-1].day)) / 2 - max(FINGER, x(group[-1].day) - x(group[0].day) + FINGER) / 2,
                max(FINGER, x(group[-1].day) - x(group[0].day) + FINGER),
                [(x(one.day), y(one.n)) for one in group],
            )
            for group in _grouped(shown, lambda one: one.is_above)
        ],
        marks=_apart([(x(day), str(number)) for number, day in marks if day >= first]),
        last_y=y(shown[-1].n),
        weeks=[x(one.day) - step / 2 for one in shown[::WEEK]][::-1],
        week_width=WEEK * step,
    )


def _points(at: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in at)


def _grouped(days: Sequence[TrendDay], has: Callable[[TrendDay], bool]) -> list[list[TrendDay]]:
    """The runs of days of which this is so."""
    result: list[list[TrendDay]] = []
    was = False
    for one in days:
        is_so = has(one)
        if is_so and not was:
            result.append([])
        if is_so:
            result[-1].append(one)
        was = is_so
    return result


def _apart(marks: Sequence[tuple[float, str]]) -> list[Drawn]:
    """Numbers that would lie on each other, in the second row."""
    result: list[Drawn] = []
    for x, text in sorted(marks):
        near = result and x - result[-1].x < NEAR
        result.append(Drawn(x, 28.0 if near and result[-1].y < 20 else 14.0, text))
    return result


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line between its own least and most; it says the direction only."""

    points: str
    x: float
    y: float
    width: int = 84
    height: int = 26


def spark(values: Sequence[float | None]) -> Spark | None:
    """None where fewer than two are known."""
    known = [(nth, value) for nth, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return None
    low, high = min(value for _nth, value in known), max(value for _nth, value in known)
    step = 76 / (len(values) - 1)
    at = [(4 + nth * step, 22 - 18 * (value - low) / (high - low) if high > low else 13.0) for nth, value in known]
    return Spark(_points(at), *at[-1])


#: What a letter draws with, from the least to the most.
BLOCKS = "▁▂▃▄▅▆▇█"


def blocks(values: Sequence[float | None]) -> str:
    """The same line in plain text, a block for each value; empty where fewer than two are known."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join("·" if value is None else BLOCKS[round((value - low) * scale)] for value in values)
