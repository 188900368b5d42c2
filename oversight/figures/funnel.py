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
    qs = q_values([_chance(places[at], _others(places, at), places[at].people / people) for at in looked])
    return [at in looked and qs[looked.index(at)] <= MARKED_MAPS for at in range(len(places))]


def _others(places: Sequence[Place], at: int) -> tuple[int, Dispersion]:
    """What all others received, and the dispersion of that sum."""
    first, *rest = (place for place in (*places[:at], *places[at + 1 :]) if place.count)
    count, known = first.count, first.dispersion
    for place in rest:
        known = chance.together(known, count, place.dispersion, place.count)
        count += place.count
    return count, known


def _chance(place: Place, others: tuple[int, Dispersion], share: float) -> float:
    """How often so high a rate, or a higher one, would come where it is the same as that of the others."""
    count, known = others
    expected = count * share / (1 - share)
    both = chance.together(place.dispersion, 1 / expected, known, 1 / count)
    difference = replace(chance.of_counts(place.count, count, share), variance=1 / expected + 1 / count)
    return chance.one_sided(difference, replace(both, df=min(both.df, MOST_DF)), up=True)
