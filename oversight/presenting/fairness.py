"""Who is treated otherwise: each channel, the elder display, elderly people and those for whom somebody else wrote,
beside all others of the same enterprise and problem.

Of all comparisons on the page together those are named of which at most one in twenty is expected to be wrong
(Benjamini and Hochberg at 5 %); of every other the page says how large a difference could not have been seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints import wording
from complaints.desks.case_query import CAME_BY
from oversight.counters.treated import Came, Kind, Stages
from oversight.figures import strata
from oversight.figures.dispersion import q_values
from oversight.figures.strata import Compared
from web.small_numbers import ENOUGH, share_text

#: At most this part of what is named is no difference.
BELIEVED = 0.05
#: What is compared, and whether more of it is better.
FIGURES: tuple[tuple[str, Any, bool], ...] = (
    ("on_time", gettext_lazy("按时办结"), True),
    ("settled", gettext_lazy("确认和解"), True),
    ("returned", pgettext_lazy("share of stages", "退回"), False),
)


@dataclass(frozen=True, slots=True)
class Group:
    """``of``: whether a complaint is of the group (True), of the others (False), or of neither as nobody noted it."""

    code: str
    name: Any
    of: Callable[[Came], bool | None]


def _by(channel: str) -> Callable[[Came], bool | None]:
    return lambda came: came.channel == channel if came.channel else None


GROUPS: tuple[Group, ...] = (
    *(Group(code, "", _by(code)) for code in CAME_BY),
    Group(
        "elder_display", gettext_lazy("用长辈版填写"), lambda came: came.display == "elder" if came.display else None
    ),
    Group("elder", gettext_lazy("填写时说明是老年人"), lambda came: came.is_elder),
    Group("assisted", gettext_lazy("他人代为填写"), lambda came: came.is_assisted),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one group; ``q``: the part of false ones among all as sure, None where it was not compared."""

    compared: Compared
    q: float | None
    is_better_up: bool

    @property
    def is_named(self) -> bool:
        """Surely one, and zero lies outside of its interval."""
        difference = self.compared.difference
        if self.q is None or difference is None:
            return False
        return self.q <= BELIEVED and abs(difference.by) > self.compared.half

    @property
    def is_worse(self) -> bool:
        difference = self.compared.difference
        return self.is_named and difference is not None and (difference.by > 0) != self.is_better_up

    @property
    def shares(self) -> tuple[str, str]:
        """Of the group and of the others; counts of both where one of them is too few for a share."""
        sides = self.compared.group, self.compared.others
        if self.q is None:
            own, others = (f"{part:,}/{whole:,}" for part, whole in sides)
            return own, others
        return share_text(*sides[0]), share_text(*sides[1])

    @property
    def text(self) -> str:
        """Of what could not be compared why."""
        difference = self.compared.difference
        if self.q is None or difference is None:
            return _("可比的不足%(n)s件，不比") % {"n": ENOUGH}
        if not self.is_named:
            return _("未见差别；小于%(points)s个百分点看不出来") % {"points": max(1, ceil(100 * self.compared.half))}
        ends = sorted(abs(difference.by + sign * self.compared.half) for sign in (-1, 1))
        values = {
            "by": f"{100 * abs(difference.by):.1f}",
            "low": f"{100 * ends[0]:.1f}",
            "high": f"{100 * ends[1]:.1f}",
        }
        if difference.by > 0:
            return _("高%(by)s个百分点（%(low)s–%(high)s）") % values
        return _("低%(by)s个百分点（%(low)s–%(high)s）") % values


@dataclass(frozen=True, slots=True)
class Line:
    """A group with one cell of each figure, in the order of ``FIGURES``; ``n``: its stages, comparable or not."""

    group: Group
    n: int
    cells: Sequence[Cell]

    @property
    def name(self) -> str:
        return str(self.group.name) or str(wording.label(self.group.code, kind="channel"))


def lines(stages: Sequence[Stages]) -> list[Line]:
    """The groups that have stages; within one enterprise and problem each beside the others."""
    results: list[tuple[Group, int, list[Compared]]] = []
    for group in GROUPS:
        sides = [(group.of(one.came), one) for one in stages]
        n = sum(sum(one.pairs["on_time"]) for is_in, one in sides if is_in)
        if n:
            results.append((group, n, [_compared(sides, code) for code, _title, _up in FIGURES]))
    looked = [one for _group, _n, every in results for one in every if _is_enough(one)]
    qs = dict(zip(map(id, looked), q_values([one.p for one in looked]), strict=True))
    return [
        Line(
            group,
            n,
            [Cell(one, qs.get(id(one)), is_up) for one, (_code, _title, is_up) in zip(every, FIGURES, strict=True)],
        )
        for group, n, every in results
    ]


def looked_at(results: Sequence[Line]) -> int:
    """How many comparisons the page made."""
    return sum(cell.q is not None for line in results for cell in line.cells)


def headline(results: Sequence[Line]) -> str:
    """未见谁受到不同对待；比较了15项, or how many of these are worse."""
    n = looked_at(results)
    worse = sum(cell.is_worse for line in results for cell in line.cells)
    if not results:
        return _("这段时间没有结束的案件，没有可比的")
    if not n:
        return _("可比的件数太少，说不清；两边各满%(n)s件才比") % {"n": ENOUGH}
    if not worse:
        return _("比较了%(n)s项，没有看到哪一类人受到更差的对待") % {"n": n}
    return _("比较了%(n)s项，%(worse)s项更差") % {"n": n, "worse": worse}


def _is_enough(one: Compared) -> bool:
    return one.difference is not None and min(one.group[1], one.others[1]) >= ENOUGH


def _compared(sides: Sequence[tuple[bool | None, Stages]], code: str) -> Compared:
    return strata.compared(((a, b), (c, d)) for a, b, c, d in _strata(sides, code).values())


def _strata(sides: Sequence[tuple[bool | None, Stages]], code: str) -> dict[Kind, list[int]]:
    """Of each enterprise and problem: part and whole of the group, part and whole of the others."""
    sums: defaultdict[Kind, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for is_in, one in sides:
        if is_in is None:
            continue
        part, rest = one.pairs[code]
        own, at = sums[one.enterprise, one.problem], 0 if is_in else 2
        own[at] += part
        own[at + 1] += part + rest
    return sums


@dataclass(frozen=True, slots=True)
class Asked:
    """The list behind a number: all stages of a group, or (with ``figure``) those of the group or of the others that
    are compared.
    """

    group: Group
    figure: str
    is_others: bool

    @property
    def title(self) -> str:
        name = str(self.group.name) or str(wording.label(self.group.code, kind="channel"))
        if not self.figure:
            return _("%(group)s的阶段") % {"group": name}
        figure = next(title for code, title, _up in FIGURES if code == self.figure)
        values = {"group": name, "figure": figure}
        if self.is_others:
            return _("和“%(group)s”相比的其他阶段：%(figure)s") % values
        return _("%(group)s，有得比的阶段：%(figure)s") % values


def asked_for(group: str, figure: str, side: str) -> Asked | None:
    """None of what is not compared."""
    found = next((one for one in GROUPS if one.code == group), None)
    if found is None or figure not in ("", *(code for code, _title, _up in FIGURES)):
        return None
    return Asked(found, figure, side == "others" and bool(figure))


def behind(stages: Sequence[Stages], asked: Asked) -> tuple[set[Kind], set[Came]]:
    """The enterprises with problems, and the ways, whose stages such a list has."""
    sides = [(asked.group.of(one.came), one) for one in stages]
    came = {one.came for is_in, one in sides if is_in is not None and is_in != asked.is_others}
    if not asked.figure:
        return {(one.enterprise, one.problem) for _is_in, one in sides}, came
    return {kind for kind, (_a, own, _b, others) in _strata(sides, asked.figure).items() if own and others}, came
