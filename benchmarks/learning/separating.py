"""Learns the weights of marks (complaints/listening/weights.py) from texts that say what they are: a linear classifier
with squared hinge loss, by dual coordinate descent (Hsieh et al., ICML 2008). The same texts give the same weights."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from math import log, sqrt

from complaints.listening.weights import Weights

#: Rarer marks are no use to others.
LEAST_TEXTS = 3
ROUNDS = 40


def rarity_of(texts: Sequence[Set[str]]) -> dict[str, float]:
    """How rare each mark is among the marks of these texts; without those that hardly any text has."""
    counted = Counter(mark for found in texts for mark in sorted(found))
    return {mark: log((1 + len(texts)) / (1 + n)) + 1 for mark, n in sorted(counted.items()) if n >= LEAST_TEXTS}


def separated(
    examples: Sequence[tuple[Set[str], bool]], rarity: Mapping[str, float], *, most: float
) -> Mapping[str, float]:
    """The weight of each mark, and of ``""`` for all texts: texts of the two sides weigh the same together. ``most``:
    how much a text may weigh; the less, the less is made of what only few texts say."""
    rows = []
    for found, is_so in examples:
        kept = [(mark, rarity[mark]) for mark in sorted(found) if mark in rarity]
        length = sqrt(sum(rare**2 for _mark, rare in kept)) or 1.0
        rows.append(([*((mark, rare / length) for mark, rare in kept), ("", 1.0)], 1.0 if is_so else -1.0))
    sides = Counter(side for _row, side in rows)
    cost = {side: most * len(rows) / (2 * n) for side, n in sides.items()}
    weight, alpha = defaultdict[str, float](float), [0.0] * len(rows)
    order, chance = list(range(len(rows))), random.Random(1)
    for _round in range(ROUNDS):
        chance.shuffle(order)
        for i in order:
            row, side = rows[i]
            slack = 1 / (2 * cost[side])
            off = side * sum(weight[mark] * value for mark, value in row) - 1 + slack * alpha[i]
            moved = max(alpha[i] - off / (2.0 + slack), 0.0)
            step = (moved - alpha[i]) * side
            alpha[i] = moved
            if step:
                for mark, value in row:
                    weight[mark] += step * value
    return weight


def together(
    learnt: Mapping[str, Mapping[str, float]], rarity: Mapping[str, float], taken_off: Mapping[str, float]
) -> Weights:
    """One table of what was learnt for each score; ``taken_off``: how much of each, so that fewer are above 0."""
    base = tuple(one[""] - taken_off.get(name, 0.0) for name, one in learnt.items())
    of = {mark: (rare, *(one.get(mark, 0.0) * rare for one in learnt.values())) for mark, rare in rarity.items()}
    return Weights(tuple(learnt), base, of)
