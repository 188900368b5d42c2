"""Drawn by the server: lines over time as points for an SVG, and the short names of places.

No line says by colour alone what it does not say as a dash, a mark, a name or a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from authorities.models import Region
from web.languages import named, reads_chinese

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 96, 12, 24


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One series. ``points`` as an SVG takes them; ``label_y`` is where its name stands."""

    name: str
    points: str
    last: int
    label_y: float
    number: int


@dataclass(frozen=True, slots=True)
class Tick:
    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    lines: Sequence[ChartLine]
    ticks: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    label_x: int = WIDTH - RIGHT + 8


def top_of(most: int) -> int:
    """The next round number: 1, 2, 5, 10, 20 …, in four equal parts where that leaves whole numbers."""
    if most <= 4:
        return 4
    step = 10 ** int(log10(most))
    return next(n * step for n in (1, 2, 4, 6, 8, 10) if n * step >= most) if step > 1 else 4 * ceil(most / 4)


def lines(series: Sequence[tuple[str, Sequence[int]]]) -> Chart | None:
    """None where there is nothing to draw."""
    most = max((value for _, values in series for value in values), default=0)
    if not most:
        return None
    top = top_of(most)
    results: list[ChartLine] = []
    for number, (name, values) in enumerate(series, 1):
        step = (WIDTH - LEFT - RIGHT) / max(1, len(values) - 1)
        points = " ".join(f"{LEFT + nth * step:.1f},{_y(value, top):.1f}" for nth, value in enumerate(values))
        results.append(ChartLine(name, points, values[-1], _y(values[-1], top) + 5, number))
    return Chart(_apart(results), [Tick(_y(value, top), value) for value in (0, top // 2, top)])


def _y(value: float, top: int) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _apart(results: list[ChartLine]) -> list[ChartLine]:
    """Names that would lie on each other, eighteen apart."""
    ordered = sorted(results, key=lambda line: line.label_y)
    placed: list[ChartLine] = []
    for line in ordered:
        y = max(line.label_y, placed[-1].label_y + 18) if placed else line.label_y
        placed.append(ChartLine(line.name, line.points, line.last, y, line.number))
    return sorted(placed, key=lambda line: line.number)


#: What the name of a place ends with, where it says no more than its level.
ENDINGS = (
    *("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "自治州", "省", "市", "区", "县"),
    *(" District", " County", " City", " Province", " Autonomous Region"),
)


def short_name(region: Region) -> str:
    """As much of a name as a tile of a map holds."""
    name = named(region)
    bare = next((name.removesuffix(end) for end in ENDINGS if name.endswith(end) and len(name) - len(end) >= 2), name)
    longest = 5 if reads_chinese() else 12
    return bare if len(bare) <= longest else bare[: longest - 1] + "…"
