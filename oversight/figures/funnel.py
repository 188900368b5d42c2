"""Which places received more per head than the other places, beyond chance. Pure numbers (statistics.md, sections 2, 5
and 6).

Each place is compared with all others together: the logarithm of the ratio of both rates, its variance from what the
others let expect here and from their own count, times φ as the own earlier comparisons of each measured it; Student's
t, one-sided. With the variance from what came in here, small places are marked too often: few have 30 unless by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from oversight.figures import chance
from oversight.figures.dispersion import Dispersion, q_values
from web.small_numbers import ENOUGH

#: Of maps on which all places are alike, at most so many have a marked one, however many places there are.
MARKED_MAPS = 0.01
#: Counts have longer tails than normal ones, however well φ is known.
MOST_DF = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """What came in of so many people; ``dispersion`` of such counts of this place."""

    count: int
    people: int
    dispersion: Dispersion


def marked(places: Sequence[Place]) -> list[bool]:
    """Whether each received more per head than all others together, in the given order; never where it or the others
    received too few to say so. Of the many that are looked at by Benjamini and Hochberg.
    """
    count, people = sum(place.count for place in places), sum(place.people for place in places)
    looked = [at for at, place in enumerate(places) if min(place.count, count - place.count) >= ENOUGH]
    spread = [_spread(place) for place in places]
    whole = sum(one[0] for one in spread), sum(one[1] for one in spread)
    chances = []
    for at in looked:
        place, (variance, weight) = places[at], spread[at]
        rest, rest_weight = whole[0] - variance, whole[1] - weight
        # Of the sum of all others; degrees of freedom by Satterthwaite, as in `chance.together`.
        known = Dispersion(rest / (count - place.count), rest * rest / rest_weight)
        chances.append(_chance(place, (count - place.count, known), place.people / people))
    qs = dict(zip(looked, q_values(chances), strict=True))
    return [qs.get(at, 1.0) <= MARKED_MAPS for at in range(len(places))]


def _spread(place: Place) -> tuple[float, float]:
    """The variance of the count, and its square for each degree of freedom."""
    variance = place.dispersion.phi * place.count
    return variance, variance * variance / place.dispersion.df


def _chance(place: Place, others: tuple[int, Dispersion], share: float) -> float:
    """How often so high a rate, or a higher one, would come where it is the same as that of the others."""
    count, known = others
    expected = count * share / (1 - share)
    both = chance.together(place.dispersion, 1 / expected, known, 1 / count)
    difference = replace(chance.of_counts(place.count, count, share), variance=1 / expected + 1 / count)
    return chance.one_sided(difference, replace(both, df=min(both.df, MOST_DF)), up=True)
