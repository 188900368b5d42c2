"""Did a guidance help: the verdict from counts before and after, beside a control group. Method 2.

What chose a guidance may not judge it: the days in which the hot spot was found, and those until the sending, are in
neither count, else whatever rose by chance falls by itself and looks like a success. Pure numbers; the counts are
collected in `effects`, docs/hot-spots.md tells people, and tests/oversight/hot_spots/test_before_after.py measures by
simulation how often a guidance without any effect is called a success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, median, variance

from oversight.figures.chance import MEDIAN, student_quantile
from oversight.figures.dispersion import CAP, Dispersion, tail_t

#: Counted or judged differently from before gets the next number.
METHOD = 2
#: So many days before the hot spot began are the usual ones; φ and the trend are read from their weeks.
BEFORE, WEEKS = 182, 26
#: It is looked at after so many whole days, and success may then be said at this chance of so few: together 2.5 %.
LOOKS = ((28, 0.005), (56, 0.020))
#: A control group has this many units at least, and so many times the own count before.
FEWEST_UNITS, TIMES_OWN = 5, 3
#: Of the control group nobody measured φ: taken to be this. The own one is drawn towards it, with four degrees of
#: freedom.
ASSUMED, ASSUMED_DF = 1.5, 4.0
#: Sums of four weeks, wider where a level wanders: so many of them tell as many degrees of freedom less one, and above
#: this many times φ (97.5 % of χ² with 5, over 5) they alone tell it.
FOUR, FOURS_DF, FOURS_ODD = 4, 5, 12.8325 / 5
#: So little above the usual still counts as usual, with 95 % certainty on one side.
AS_USUAL, ONE_SIDED = 1.25, 1.645
#: One-sided, for what is still above the usual; and the trend before, in standard errors, that forbids a verdict.
ABOVE, STEEP = 0.025, 2.0

BELOW, USUAL, STILL, UNCLEAR = "below", "usual", "above", "unclear"
#: Why there is no verdict: not yet; no control group of enough units and cases; a trend before.
EARLY, NO_CONTROL, TREND = "early", "no_control", "trend"


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases ``before`` and ``after`` of the cell and of its control group (``units`` enterprises or places), over the
    same days.
    """

    before: int
    after: int
    control_before: int
    control_after: int
    units: int

    @property
    def is_controlled(self) -> bool:
        return self.units >= FEWEST_UNITS and self.control_before >= TIMES_OWN * max(1, self.before)

    @property
    def share(self) -> float:
        """Of all own cases the part to be expected after, as in the control group."""
        return (self.control_after + 0.5) / (self.control_before + self.control_after + 1)

    @property
    def expected(self) -> float:
        return self.before * self.share / (1 - self.share)


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times what was to be expected, with its 95 % interval."""

    value: float
    low: float
    high: float


def dispersion_of(weeks: Sequence[int]) -> Dispersion:
    """φ of a cell from its weeks before the hot spot, and from their sums of four, as slow wandering of a level makes
    long sums more restless than short ones.
    """
    mean = fmean(weeks) if weeks else 0.0
    if len(weeks) < WEEKS or not mean:
        return Dispersion(ASSUMED, ASSUMED_DF)
    least = max(mean, 0.05)
    squares = [(week - mean) ** 2 / least * WEEKS / (WEEKS - 1) for week in weeks]
    cap = CAP * max(1.25, median(squares) / MEDIAN)
    own, df = fmean(min(square, cap) for square in squares), 2 * (WEEKS - 1) / (2 + 1 / least)
    recent = weeks[-(WEEKS // FOUR) * FOUR :]
    fours = [sum(recent[at : at + FOUR]) for at in range(0, len(recent), FOUR)]
    wide = variance(fours) / max(fmean(fours), 0.05)
    phi = max(1.0, (ASSUMED_DF * ASSUMED + df * own + FOURS_DF * wide) / (ASSUMED_DF + FOURS_DF + df))
    return Dispersion(max(phi, wide) if wide > FOURS_ODD * phi else phi, df + ASSUMED_DF)


def trend_of(weeks: Sequence[int]) -> float:
    """The slope of the weeks in its standard errors (least squares); 0 of too few."""
    n = len(weeks)
    if n < WEEKS:
        return 0.0
    middle, mean = (n - 1) / 2, fmean(weeks)
    squares = sum((at - middle) ** 2 for at in range(n))
    slope = sum((at - middle) * week for at, week in enumerate(weeks)) / squares
    rest = sum((week - mean - slope * (at - middle)) ** 2 for at, week in enumerate(weeks)) / (n - 2)
    return slope / sqrt(rest / squares) if rest else 0.0


def so_few(counts: Counts, known: Dispersion) -> float:
    """How probable so few cases after are, if nothing changed beyond the control group: beta-binomial, an equal count
    counted half. The control group is itself a sample, and widens φ.
    """
    wide = _widened(counts, known)
    both = counts.before + counts.after
    if counts.after > both * counts.share:
        return 1 - tail_t(counts.after, counts.before, counts.share, wide)
    return tail_t(counts.before, counts.after, 1 - counts.share, wide)


def _widened(counts: Counts, known: Dispersion) -> Dispersion:
    return Dispersion(known.phi + ASSUMED * max(counts.after, 1) / max(counts.control_after, 1), known.df)


def ratio_of(counts: Counts, known: Dispersion) -> Ratio | None:
    """After over before, beyond the control group. A zero adds half a case; None without a control."""
    if not counts.control_before or not counts.control_after or not counts.before + counts.after:
        return None
    extra = 0.0 if counts.before and counts.after else 0.5
    after, before = counts.after + extra, counts.before + extra
    change = log(after / before) - log(counts.control_after / counts.control_before)
    error = sqrt(
        known.phi * (1 / after + 1 / before) + ASSUMED * (1 / counts.control_after + 1 / counts.control_before)
    )
    half = student_quantile(0.975, known.df) * error
    return Ratio(exp(change), exp(change - half), exp(change + half))


def success_at(counts: Counts, known: Dispersion, level: float) -> bool:
    """Whether so few cases come by chance in less than ``level`` of guidances without effect."""
    return so_few(counts, known) < level


def verdict(looks: Sequence[Counts], known: Dispersion, trend: float) -> str:
    """The verdict after the ``looks`` that were due (the counts up to each): one of the four words, or why there is
    none. Success that was shown at the first look stays.
    """
    if not looks:
        return EARLY
    if not all(counts.is_controlled for counts in looks):
        return NO_CONTROL
    if abs(trend) > STEEP:
        return TREND
    if any(success_at(counts, known, level) for counts, (_days, level) in zip(looks, LOOKS, strict=False)):
        return BELOW
    if len(looks) < len(LOOKS):
        return EARLY
    last = looks[-1]
    wide = _widened(last, known).phi
    after, before = max(last.after, 0.5), max(last.before, 0.5)
    upper = log(after / max(last.expected, 0.5)) + ONE_SIDED * sqrt(wide * (1 / after + 1 / before))
    if upper < log(AS_USUAL):
        return USUAL
    return STILL if 1 - so_few(last, known) < ABOVE else UNCLEAR
