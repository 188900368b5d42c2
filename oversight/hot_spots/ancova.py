"""How much fewer complaints, or how much better a share, the called enterprises have than they would have without it.

Pure numbers. Who rose most is called, and what rose by chance falls by itself: that is predicted and taken off. Each
enterprise has a change after a date, beyond all others, and the same of the eight weeks before the date, which chose.
The one is regressed on the other over the enterprises that were not called and over all of them at earlier dates, at
which nobody was (analysis of covariance with placebos). The effect is the mean residual of the called, its error the
scatter of these predictions. tests/oversight/hot_spots/test_ancova.py measures by simulation how often an
effect is seen where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

from oversight.figures.chance import student_quantile

#: Counted or judged differently from before gets the next number.
METHOD = 1
#: Weeks that choose, and the usual ones before them; it is looked at after so many weeks.
CHOSE, BASE = 8, 26
LOOKS = (8, 13)
#: Nothing is said beside fewer enterprises, or of fewer weeks before the call.
FEWEST_CONTROLS, SHORTEST = 8, 52
#: Earlier dates: each so many weeks before the next, as far back as this.
STEP, FURTHEST = 4, 44
#: Levels wander by so much beyond chance (variance of a logarithm); earlier dates overlap, and tell less than they are.
WANDER, OVERLAP, WORTH = 0.02, 1.15, 3.0
#: The degrees of freedom that an earlier date is worth, and of all together at most.
DF_A_DATE, MOST_DF = 2.5, 20.0
LEVEL = 0.975

#: (part, the rest) of a week; of what is no share the rest is nothing.
Week = tuple[int, int]
#: The weeks of an enterprise, the oldest first.
Weeks = Sequence[Week]


@dataclass(frozen=True, slots=True)
class Found:
    """After over what it would have been (of shares the odds), with its 95 % interval."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _At:
    """One enterprise at one date: change after it and before it, beyond the others, and how surely that is known."""

    after: float
    before: float
    weight: float


def effect(
    called: Sequence[Weeks], controls: Sequence[Weeks], *, call: int, after: int, is_share: bool
) -> Found | None:
    """``call``: the number of weeks before the call in each; ``after``: how many of those behind it are counted. None
    where nothing can be compared.
    """
    firms = [*called, *controls]
    backs = [back for back in range(after, FURTHEST, STEP) if call - back >= CHOSE + BASE]
    if not called or not controls or not backs:
        return None
    placebos = [at for back in backs for at in _at(firms, call - back, after, len(firms), is_share)]
    now = _at([*controls, *called], call, after, len(controls), is_share)
    known, treated = placebos + now[: len(controls)], now[len(controls) :]
    whole = sum(at.weight for at in known)
    mean_x = sum(at.weight * at.before for at in known) / whole
    mean_y = sum(at.weight * at.after for at in known) / whole
    spread = sum(at.weight * (at.before - mean_x) ** 2 for at in known)
    slope = sum(at.weight * (at.before - mean_x) * (at.after - mean_y) for at in known) / spread if spread else 0.0

    def rest(at: _At) -> float:
        return at.after - mean_y - slope * (at.before - mean_x)

    variance = sum(at.weight * rest(at) ** 2 for at in known) / len(known) * OVERLAP
    own = sum(at.weight for at in treated)
    estimate = sum(at.weight * rest(at) for at in treated) / own
    away = sum(at.weight * at.before for at in treated) / own - mean_x
    error = sqrt(variance * (1 / own + 2 * WORTH / whole + (WORTH * away**2 / spread if spread else 0.0)))
    half = student_quantile(LEVEL, min(MOST_DF, DF_A_DATE * len(backs))) * error
    return Found(exp(estimate), exp(estimate - half), exp(estimate + half))


def _at(firms: Sequence[Weeks], date: int, after: int, others: int, is_share: bool) -> list[_At]:
    """All of them at a date; the first ``others`` are those beside which each is counted."""
    first = date - CHOSE - BASE
    spans = ((date, date + after), (date - CHOSE, date), (first, date - CHOSE))
    sums = [[_sum(weeks[start:end]) for start, end in spans] for weeks in firms]
    pools = [_sum([own[span] for own in sums[:others]]) for span in range(3)]
    result = []
    for nth, own in enumerate(sums):
        beside = [
            (pool[0] - part[0], pool[1] - part[1]) if nth < others else pool
            for pool, part in zip(pools, own, strict=True)
        ]
        changes = [
            _level(own[span], is_share)
            - _level(own[2], is_share)
            - _level(beside[span], is_share)
            + _level(beside[2], is_share)
            for span in (0, 1)
        ]
        chance = _chance(own[0], is_share) + _chance(own[2], is_share)
        result.append(_At(changes[0], changes[1], 1 / (chance + WANDER)))
    return result


def _sum(weeks: Sequence[Week]) -> Week:
    return sum(week[0] for week in weeks), sum(week[1] for week in weeks)


def _level(pair: Week, is_share: bool) -> float:
    part, rest = pair[0] + 0.5, pair[1] + 0.5
    return log(part / rest) if is_share else log(part)


def _chance(pair: Week, is_share: bool) -> float:
    part, rest = pair[0] + 0.5, pair[1] + 0.5
    return 1 / part + 1 / rest if is_share else 1 / part
