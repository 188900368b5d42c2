"""How many values of a number a reader must leave open, by the linear programme: an upper bound of what is found.

Unknowns are the changes of the counted cells; each cell of each version, sums too, stays within four of what it told
(or as far as the truth itself lies), none falls below zero, and all divisions of a row change by the same. Solved by
HiGHS (highspy), which the portal itself does without (docs/decisions/0010-rounded-to-five.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor

import highspy

from oversight.figures.rounding import FAR
from oversight.figures.suppression import TOTAL, Axis, Key

_LEAST = 1e-6


class Programme:
    """Of one table; ``versions``: (true, told) by cell, ``axes`` as the rounding takes them.

    ``within``: a row; what does not lie in it stays as it is, so less may be left than the whole programme leaves,
    never more.
    """

    def __init__(
        self,
        versions: Sequence[Mapping[Key, tuple[int, int]]],
        axes: Sequence[Axis],
        *,
        known: Iterable[Key] = (),
        within: str = "",
    ) -> None:
        first, second = axes
        self.is_turned = len(first.divisions) > 1
        self.tree, self.divided = (second, first) if self.is_turned else (first, second)
        self.versions = [{self._at(key): pair for key, pair in version.items()} for version in versions]
        self.known = {self._at(key) for key in known}
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        # From "nothing changed", which is always possible, a few steps lead to the ends of one number.
        self.solver.setOptionValue("presolve", "off")
        self.solver.setOptionValue("solver", "simplex")
        self.solver.setOptionValue("simplex_strategy", 4)
        self.of_cell: dict[Key, list[int]] = {}
        rows = [row for leaves in self.tree.leaves for row in leaves]
        self._build([row for row in rows if within in self.tree.above(row)] if within else rows)

    def _at(self, key: Key) -> Key:
        return key[::-1] if self.is_turned else key

    def _build(self, rows: Sequence[str]) -> None:
        """``rows``: the counted ones that may change."""
        infinite = highspy.kHighsInf
        variable = 0
        for row in rows:
            of_divisions: list[list[int]] = []
            for leaves in self.divided.leaves:
                own = []
                for code in leaves:
                    self.solver.addVar(-infinite, infinite)
                    for name in (*self.tree.above(row), TOTAL):
                        for other in self.divided.above(code):
                            self.of_cell.setdefault((name, other), []).append(variable)
                    own.append(variable)
                    variable += 1
                of_divisions.append(own)
            for name in (*self.tree.above(row), TOTAL):
                self.of_cell.setdefault((name, TOTAL), []).extend(of_divisions[0])
            for own in of_divisions[1:]:
                terms = [*of_divisions[0], *own]
                self.solver.addRow(0.0, 0.0, len(terms), terms, [1.0] * len(of_divisions[0]) + [-1.0] * len(own))
        for key, terms in self.of_cell.items():
            least, most = self._within(key)
            if len(terms) == 1:
                self.solver.changeColBounds(terms[0], least, most)
            else:
                self.solver.addRow(least, most, len(terms), terms, [1.0] * len(terms))

    def _within(self, key: Key) -> tuple[float, float]:
        """So far the cell may change, in all versions."""
        if key in self.known:
            return 0.0, 0.0
        pairs = [version.get(key, (0, 0)) for version in self.versions]
        far = [max(FAR, abs(n - told)) for n, told in pairs]
        least = max(max(0, told - by) - n for (n, told), by in zip(pairs, far, strict=True))
        most = min(told + by - n for (n, told), by in zip(pairs, far, strict=True))
        return float(least), float(most)

    def possible(self, cell: Key) -> int:
        """The whole numbers between the least and the most that this cell can be."""
        terms = self.of_cell[self._at(cell)]
        ends = []
        for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize):
            for term in terms:
                self.solver.changeColCost(term, 1.0)
            self.solver.changeObjectiveSense(sense)
            self.solver.run()
            assert self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal, cell
            ends.append(self.solver.getObjectiveValue())
            for term in terms:
                self.solver.changeColCost(term, 0.0)
        least, most = ends
        return floor(most + _LEAST) - ceil(least - _LEAST) + 1
