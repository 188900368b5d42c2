"""Which places have more late cases than the others have, and which have too few cases to say so.

A funnel (Spiegelhalter 2005): the count of each place is compared with the rate of all other places. How far places lie
apart anyway is estimated from themselves. Pure numbers (statistics.md, section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from oversight.figures.dispersion import beta_binomial
from web.small_numbers import ENOUGH

#: So high a count, or a higher one, comes by chance in so many of places that are like the others.
SHADED_BELOW, DARK_BELOW = 0.025, 0.001
#: Of maps on which all places are alike, at most so many have a dark one, however many places there are.
DARK_MAPS = 0.01
#: Between these lies the strength of what all places together say of one: so many cases it counts for.
LEAST_STRENGTH, MOST_STRENGTH = 20.0, 1000.0


class Look(StrEnum):
    """``UNSAID``: too few cases here, or elsewhere, to compare."""

    UNSAID = "unsaid"
    PLAIN = "plain"
    SHADED = "shaded"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Place:
    """``rate`` is the empirical Bayes estimate (x + m·p) / (n + m), a share; None where nothing can be said."""

    look: Look
    rate: float | None


def compared(counts: Sequence[tuple[int, int]]) -> list[Place]:
    """Each (late, all) beside the others, in the given order."""
    late, held = (sum(pair[at] for pair in counts) for at in (0, 1))
    said = [min(whole, held - whole) >= ENOUGH for _, whole in counts]
    dark_below = min(DARK_BELOW, DARK_MAPS / max(1, sum(said)))
    share, strength = (late / held, strength_of(counts)) if held else (0.0, 0.0)
    result = []
    for at, (part, whole) in enumerate(counts):
        if not said[at]:
            result.append(Place(Look.UNSAID, None))
            continue
        others = strength_of([*counts[:at], *counts[at + 1 :]])
        # Half a case more, as a rate of nothing would make any case a wonder.
        elsewhere = (late - part + 0.5) / (held - whole + 1)
        chance = beta_binomial(part, whole, elsewhere * others, (1 - elsewhere) * others)
        look = Look.DARK if chance < dark_below else Look.SHADED if chance < SHADED_BELOW else Look.PLAIN
        result.append(Place(look, (part + strength * share) / (whole + strength)))
    return result


def strength_of(counts: Sequence[tuple[int, int]]) -> float:
    """How many cases the rate of all counts for beside that of one place, by moments: high where places are alike."""
    late, held = (sum(pair[at] for pair in counts) for at in (0, 1))
    share = late / held
    apart = sum(whole * (part / whole - share) ** 2 for part, whole in counts if whole) / held
    by_chance = share * (1 - share) * (sum(1 for _, whole in counts if whole) - 1) / held
    alike = 1 - sum(whole * whole for _, whole in counts) / held**2
    between = (apart - by_chance) / alike if alike else 0.0
    if between <= 0:
        return MOST_STRENGTH
    return min(MOST_STRENGTH, max(LEAST_STRENGTH, share * (1 - share) / between - 1))
