"""Who got worse: of all enterprises (or problems) with enough cases, those whose change for the worse is surely one.

Looked at are the settled share, the on-time share and what came in, each one-sided against the period before. What came
in is compared with that of all others in the same days, so that what all rise together is nobody's. How restless each
one is (φ) comes from the same comparison in earlier weeks, and of the many that are looked at those are named of which
one in ten is expected to be wrong (Benjamini and Hochberg). docs/figures.md has what is measured of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import exp

from django.utils.translation import gettext as _

from oversight.counters import figures as rollup_figures
from oversight.counters.reads import Counters, Sums, steadily
from oversight.figures import chance
from oversight.figures.chance import Difference, Verdict
from oversight.figures.definitions import Period
from oversight.figures.dispersion import Past, moderated, q_values
from oversight.figures.figures import Measure
from oversight.presenting.past import length
from web.small_numbers import ENOUGH

#: At most this part of those that are named got no worse.
BELIEVED = 0.10
#: So many weeks of the past are read at the most.
MOST_WEEKS = 130
#: Sums of clusters have longer tails than normal ones, however well φ is known (measured by simulation).
MOST_DF = 30.0
#: Of each figure whether more of it is worse.
WORSE_IS_MORE: Mapping[str, bool] = {"settled": False, "on_time": False, "received": True}
_ENDED = tuple(f"ended_{result}" for result in ("settled", "unconfirmed", "settled_elsewhere", "failed"))
#: Part and parts of the whole, as weeks before tell them.
_NAMES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "settled": ("ended_settled", _ENDED),
    "on_time": ("in_time", ("in_time", "ended_late")),
    "received": ("received", ("received",)),
}
WEEKLY = ("received", *_ENDED, "in_time", "ended_late")
#: (part, whole) of a share; (own, of all others) of what came in.
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody whose change is surely one; ``verdict.p`` is the part of false ones among all as sure. ``phi``: how
    restless the figure is.
    """

    key: str
    after: Pair
    before: Pair
    verdict: Verdict
    phi: float


@dataclass(frozen=True, slots=True)
class Looked:
    """One figure: how many were looked at, how many had enough cases twice, and who got worse or better, the surest
    first.
    """

    code: str
    looked: int
    enough: int
    lines: Sequence[Line]
    better: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Weeks:
    """The two periods as runs of whole weeks, counted back from the end of the later one (0: the newest)."""

    after: int
    gap: int
    before: int

    @classmethod
    def of(cls, after: Period, before: Period) -> Weeks:
        return cls(
            max(1, round(length(after) / 7)),
            round((after.last - before.last).days / 7),
            max(1, round(length(before) / 7)),
        )

    @property
    def read(self) -> int:
        return min(MOST_WEEKS, self.gap + self.before + chance.MOST_SHIFTS + self.after + self.gap)

    def earlier(self, known: int) -> Iterator[tuple[slice, slice]]:
        """The same comparison at earlier dates, without a week of this one, in as many weeks as are ``known``."""
        own = [*range(self.after), *range(self.gap, self.gap + self.before)]
        for back in range(1, MOST_WEEKS):
            later = slice(back, back + self.after)
            earlier = slice(back + self.gap, back + self.gap + self.before)
            if earlier.stop > known or later.stop > known:
                return
            if not any(span.start <= week < span.stop for span in (later, earlier) for week in own):
                yield later, earlier


def read(
    measure: Measure, before: Period, *, by: str, known: int, codes: Sequence[str] = tuple(WORSE_IS_MORE)
) -> list[Looked] | None:
    """What is said of each ``by`` (enterprise, problem, region) in the scope of ``measure``, of the figures ``codes``;
    four statements.

    None where only single cases could answer. ``known``: so many weeks were counted up to the end of the period.
    """

    def load(counters: Counters) -> list[Looked] | None:
        sums = counters.sums_of(measure.scope, [measure.period, before], by=by, names=rollup_figures.HEADLINES)
        if sums is None:
            return None
        now, then = sums
        keys = [key for key in now if key and any(enough(code, now[key], then.get(key)) for code in codes)]
        weeks = Weeks.of(measure.period, before)
        past = counters.by_week(measure.scope, measure.period.last, weeks.read, by=by, keys=keys, names=WEEKLY)
        return [of_figure(code, now, then, past, weeks, known) for code in codes]

    return steadily(load, now=measure.now, calendar=measure.calendar)


def enough(code: str, now: Sums, then: Sums | None) -> bool:
    return then is not None and min(pair_of(code, now)[1], pair_of(code, then)[1]) >= ENOUGH


def pair_of(code: str, sums: Sums) -> Pair:
    """(part, whole) of one period; of what came in the number twice."""
    if code == "received":
        return sums["received"], sums["received"]
    figure = rollup_figures.headlines(sums)[code]
    return figure.numerator or 0, figure.denominator or 0


def of_figure(
    code: str,
    now: Mapping[str, Sums],
    then: Mapping[str, Sums],
    past: Mapping[str, Mapping[str, Sequence[int]]],
    weeks: Weeks,
    known: int,
) -> Looked:
    """``past``: of each of those with enough cases the counts of each week, the newest first."""
    keys = [key for key in now if key and key in past and enough(code, now[key], then.get(key))]
    pairs = {key: (pair_of(code, now[key]), pair_of(code, then[key])) for key in keys}
    added = {key: _added(code, past[key], weeks.read) for key in keys}
    if code == "received":
        pairs, added = _beside_all_others(pairs, added)
    looked = sum(1 for key, sums in now.items() if key and pair_of(code, sums)[1])
    spans = list(weeks.earlier(min(known, weeks.read)))[: chance.MOST_SHIFTS : weeks.after]
    known_of = dict(zip(pairs, moderated([_past(code, added[key], spans) for key in pairs]), strict=True))
    lines, chances = list[Line](), list[float]()
    for key, (after, before) in pairs.items():
        difference = _difference(code, after, before)
        if difference is None:
            continue
        dispersion = replace(known_of[key], df=min(known_of[key].df, MOST_DF))
        chances.append(chance.one_sided(difference, dispersion, up=WORSE_IS_MORE[code]))
        lines.append(Line(key, after, before, chance.judged(difference, dispersion), dispersion.phi))
    return Looked(code, looked, len(lines), _named(lines, chances), _named(lines, [1 - one for one in chances]))


def _named(lines: Sequence[Line], chances: Sequence[float]) -> list[Line]:
    """Those whose change is surely one; ``chances``: how often so much would come without any."""
    # Where few are looked at, the 95 % interval of who is named lies beyond no change as well.
    named = [
        replace(line, verdict=replace(line.verdict, p=q))
        for line, p, q in zip(lines, chances, q_values(chances), strict=True)
        if q <= BELIEVED and p <= chance.LEVEL / 2
    ]
    return sorted(named, key=lambda line: (line.verdict.p, -abs(line.verdict.by), line.key))


def _past(code: str, added: tuple[list[int], list[int]], spans: Sequence[tuple[slice, slice]]) -> Past:
    """Its errors at earlier dates; ``size`` is its mean count in a period."""
    errors, size = [], 0
    for later, earlier in spans:
        after, before = _within(added, later), _within(added, earlier)
        n = after[0] if code == "received" else after[1]
        size += n
        if (difference := _difference(code, after, before)) is not None:
            errors.append((difference.square, float(n)))
    return Past(size / max(len(spans), 1), errors)


def _difference(code: str, after: Pair, before: Pair) -> Difference | None:
    return (chance.of_ratios if code == "received" else chance.of_shares)(after, before)


def _added(code: str, sums: Mapping[str, Sequence[int]], n_weeks: int) -> tuple[list[int], list[int]]:
    """Sums of part and whole from the newest week on."""
    part, wholes = _NAMES[code]
    whole = [sum(sums[name][week] for name in wholes) for week in range(n_weeks)]
    return [0, *accumulate(sums[part])], [0, *accumulate(whole)]


def _within(added: tuple[list[int], list[int]], span: slice) -> Pair:
    part, whole = added
    return part[span.stop] - part[span.start], whole[span.stop] - whole[span.start]


def _beside_all_others(
    pairs: Mapping[str, tuple[Pair, Pair]], added: Mapping[str, tuple[list[int], list[int]]]
) -> tuple[dict[str, tuple[Pair, Pair]], dict[str, tuple[list[int], list[int]]]]:
    """Own counts beside those of all others; without whom the others are too few to say anything."""
    after, before = (sum(pair[nth][0] for pair in pairs.values()) for nth in (0, 1))
    weeks = [sum(column) for column in zip(*(part for part, _whole in added.values()), strict=True)]
    beside = {
        key: ((one[0], after - one[0]), (other[0], before - other[0]))
        for key, (one, other) in pairs.items()
        if min(after - one[0], before - other[0]) >= ENOUGH
    }
    return beside, {
        key: (added[key][0], [every - own for every, own in zip(weeks, added[key][0], strict=True)]) for key in beside
    }


def how_much_worse(code: str, verdict: Verdict) -> str:
    """低15.0个百分点（低3.1–27.0个百分点）; of what came in against what all others let expect."""
    low, high = sorted((abs(verdict.low), abs(verdict.high)))
    if code == "received":
        values = {
            name: f"{exp(end) - 1:.0%}"
            for name, end in (("by", verdict.by), ("low", verdict.low), ("high", verdict.high))
        }
        return _("比同列其他的变化多%(by)s（多%(low)s–%(high)s）") % values
    values = {"by": f"{abs(verdict.by) * 100:.1f}", "low": f"{low * 100:.1f}", "high": f"{high * 100:.1f}"}
    return _("低%(by)s个百分点（低%(low)s–%(high)s个百分点）") % values
