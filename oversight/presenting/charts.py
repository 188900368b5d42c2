"""Lines over time, drawn by the server: points for an SVG, and the numbers that stand at its edges.

Each line has a dash of its own and its name beside its end, so no colour has to be told from another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 96, 12, 24


@dataclass(frozen=True, slots=True)
class Line:
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
    lines: Sequence[Line]
    ticks: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    label_x: int = WIDTH - RIGHT + 8


def _top(most: int) -> int:
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
    top = _top(most)
    found: list[Line] = []
    for number, (name, values) in enumerate(series, 1):
        step = (WIDTH - LEFT - RIGHT) / max(1, len(values) - 1)
        points = " ".join(f"{LEFT + nth * step:.1f},{_y(value, top):.1f}" for nth, value in enumerate(values))
        found.append(Line(name, points, values[-1], _y(values[-1], top) + 5, number))
    return Chart(_apart(found), [Tick(_y(value, top), value) for value in (0, top // 2, top)])


def _y(value: float, top: int) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _apart(found: list[Line]) -> list[Line]:
    """Names that would lie on each other, eighteen apart."""
    ordered = sorted(found, key=lambda line: line.label_y)
    placed: list[Line] = []
    for line in ordered:
        y = max(line.label_y, placed[-1].label_y + 18) if placed else line.label_y
        placed.append(Line(line.name, line.points, line.last, y, line.number))
    return sorted(placed, key=lambda line: line.number)
